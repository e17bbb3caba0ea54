//! Every deadline of the client in order, so that the engine needs a single timer.
//!
//! Nearly all deadlines are set in order of time, since requests mostly have the same waits, and nearly all are taken
//! back, since most requests are answered. So they stand in a few queues, each in order of itself; what fits none of
//! them goes to a tree.

use std::collections::{BTreeSet, VecDeque};

use super::time::Instant;

/// How many queues there are: for the waits for room and for an answer, and for those of one more `_timeout`.
const QUEUES: usize = 4;
/// Entries that were taken back are cleared out of a queue when they are more than those that were not, and this many.
const SLACK: usize = 64;

/// Whose deadline it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// The request in this slot of the client's table.
    Request(usize),
    /// The tracker in this slot of the client's table.
    Tracker(usize),
    /// The race in this slot of the client's table.
    Race(usize),
}

/// Where a timer's deadline is.
#[derive(Clone, Copy, Debug)]
enum Position {
    /// It has none.
    Unset,
    /// In this queue, with this number.
    Queue(u8, u64),
    /// Among those that fit no queue.
    Tree(Instant),
}

/// Deadlines, one for each timer at most.
#[derive(Default)]
pub(crate) struct Deadlines {
    queues: [Queue; QUEUES],
    tree: BTreeSet<(Instant, Timer)>,
    requests: Vec<Position>,
    trackers: Vec<Position>,
    races: Vec<Position>,
}

impl Deadlines {
    /// Sets or moves a timer's deadline.
    pub(crate) fn set(&mut self, timer: Timer, at: Instant) {
        self.clear(timer);
        let fitting = self.queues.iter_mut().enumerate().find(|(_, queue)| queue.takes(at));
        let position = match fitting {
            Some((index, queue)) => Position::Queue(index as u8, queue.push(at, timer)),
            None => {
                self.tree.insert((at, timer));
                Position::Tree(at)
            }
        };
        *self.position(timer) = position;
    }

    /// Takes a timer's deadline back.
    pub(crate) fn clear(&mut self, timer: Timer) {
        match std::mem::replace(self.position(timer), Position::Unset) {
            Position::Unset => {}
            Position::Tree(at) => drop(self.tree.remove(&(at, timer))),
            Position::Queue(index, number) => {
                let Self { queues, requests, trackers, races, .. } = self;
                let Some(queue) = queues.get_mut(usize::from(index)) else { return };
                queue.take_back(number);
                if queue.entries.len() > SLACK + 2 * queue.live {
                    queue.clear_out(|timer, number| {
                        *position([requests, trackers, races], timer) = Position::Queue(index, number);
                    });
                }
            }
        }
    }

    /// A timer's deadline, if it has one.
    pub(crate) fn get(&self, timer: Timer) -> Option<Instant> {
        let position = match timer {
            Timer::Request(key) => self.requests.get(key),
            Timer::Tracker(key) => self.trackers.get(key),
            Timer::Race(key) => self.races.get(key),
        };
        match *position? {
            Position::Unset => None,
            Position::Tree(at) => Some(at),
            Position::Queue(index, number) => self.queues.get(usize::from(index))?.get(number),
        }
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.first().map(|(at, _)| at)
    }

    /// Takes out one deadline that has come.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        let (at, timer) = self.first()?;
        if at > now {
            return None;
        }
        self.clear(timer);
        Some(timer)
    }

    /// How many deadlines are set.
    pub(crate) fn len(&self) -> usize {
        self.tree.len() + self.queues.iter().map(|queue| queue.live).sum::<usize>()
    }

    /// Gives back the memory of requests' positions. Call it when no request has a deadline.
    pub(crate) fn forget_requests(&mut self) {
        self.requests = Vec::new();
    }

    /// The same of trackers' positions.
    pub(crate) fn forget_trackers(&mut self) {
        self.trackers = Vec::new();
    }

    fn first(&self) -> Option<(Instant, Timer)> {
        let fronts = self.queues.iter().filter_map(|queue| *queue.entries.front()?);
        fronts.chain(self.tree.first().copied()).min()
    }

    fn position(&mut self, timer: Timer) -> &mut Position {
        position([&mut self.requests, &mut self.trackers, &mut self.races], timer)
    }
}

fn position([requests, trackers, races]: [&mut Vec<Position>; 3], timer: Timer) -> &mut Position {
    let (positions, key) = match timer {
        Timer::Request(key) => (requests, key),
        Timer::Tracker(key) => (trackers, key),
        Timer::Race(key) => (races, key),
    };
    if positions.len() <= key {
        positions.resize(key + 1, Position::Unset);
    }
    &mut positions[key]
}

/// Deadlines in order of time. One that is taken back leaves a gap; there is none at either end.
#[derive(Default)]
struct Queue {
    entries: VecDeque<Option<(Instant, Timer)>>,
    /// The number of the first entry; each has the next one of that before it.
    first: u64,
    live: usize,
}

impl Queue {
    fn takes(&self, at: Instant) -> bool {
        self.entries.back().is_none_or(|last| last.is_none_or(|(last, _)| last <= at))
    }

    fn push(&mut self, at: Instant, timer: Timer) -> u64 {
        self.live += 1;
        self.entries.push_back(Some((at, timer)));
        self.first + self.entries.len() as u64 - 1
    }

    fn get(&self, number: u64) -> Option<Instant> {
        let entry = *self.entries.get((number - self.first) as usize)?;
        entry.map(|(at, _)| at)
    }

    fn take_back(&mut self, number: u64) {
        let Some(entry) = self.entries.get_mut((number - self.first) as usize) else { return };
        *entry = None;
        self.live -= 1;
        while let Some(None) = self.entries.front() {
            self.entries.pop_front();
            self.first += 1;
        }
        while let Some(None) = self.entries.back() {
            self.entries.pop_back();
        }
    }

    /// Closes the gaps; tells whose number is another one now.
    fn clear_out(&mut self, mut moved: impl FnMut(Timer, u64)) {
        self.entries.retain(Option::is_some);
        for (number, (_, timer)) in (self.first..).zip(self.entries.iter().flatten()) {
            moved(*timer, number);
        }
        self.entries.shrink_to(2 * self.live + SLACK);
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, time::Duration};

    use rand::{RngExt, SeedableRng, rngs::StdRng};

    use super::*;

    /// Whatever is done to them, they are what a plain map would be.
    #[test]
    fn deadlines_come_in_order_of_time_whatever_was_moved_and_taken_back() {
        let start = Instant::START;
        for seed in 0..if cfg!(miri) { 2 } else { 200 } {
            let mut random = StdRng::seed_from_u64(seed);
            let mut deadlines = Deadlines::default();
            let mut plain = HashMap::new();
            let mut now = start;
            for _ in 0..if cfg!(miri) { 200 } else { 3000 } {
                let key = random.random_range(0..200);
                let timer = if key < 5 { Timer::Tracker(key) } else { Timer::Request(key) };
                match random.random_range(0..10) {
                    0..6 => {
                        let wait = [30_000, 3_810_000, 500, random.random_range(0..10_000)];
                        let at = now + Duration::from_millis(wait[random.random_range(0..wait.len())]);
                        deadlines.set(timer, at);
                        plain.insert(timer_key(timer), at);
                    }
                    6..9 => {
                        deadlines.clear(timer);
                        plain.remove(&timer_key(timer));
                    }
                    _ => {
                        now += Duration::from_millis(random.random_range(0..2000));
                        let mut before = None;
                        while let Some(at) = deadlines.next().filter(|at| *at <= now) {
                            assert!(before <= Some(at), "seed {seed}");
                            before = Some(at);
                            let timer = deadlines.pop_due(now).unwrap();
                            assert_eq!(plain.remove(&timer_key(timer)), Some(at), "seed {seed}");
                        }
                    }
                }
                assert_eq!(deadlines.next(), plain.values().copied().min(), "seed {seed}");
                assert_eq!(deadlines.len(), plain.len(), "seed {seed}");
                assert_eq!(deadlines.get(timer), plain.get(&timer_key(timer)).copied(), "seed {seed}");
            }
        }
    }

    fn timer_key(timer: Timer) -> (bool, usize) {
        match timer {
            Timer::Request(key) => (false, key),
            Timer::Tracker(key) | Timer::Race(key) => (true, key),
        }
    }

    #[test]
    fn what_was_taken_back_does_not_pile_up_behind_one_that_stays() {
        let now = Instant::START;
        let mut deadlines = Deadlines::default();
        deadlines.set(Timer::Request(0), now);
        for i in 1..if cfg!(miri) { 300 } else { 100_000 } {
            deadlines.set(Timer::Request(1), now + Duration::from_millis(i));
            deadlines.set(Timer::Request(2), now + Duration::from_millis(i));
            deadlines.clear(Timer::Request(1));
        }
        let kept: usize = deadlines.queues.iter().map(|queue| queue.entries.len()).sum();
        assert!(kept <= 4 + SLACK * QUEUES, "{kept} entries are kept");
        assert_eq!(deadlines.len(), 2);
        assert_eq!(deadlines.next(), Some(now));
    }
}
