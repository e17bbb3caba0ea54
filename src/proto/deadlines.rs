//! Every deadline of the client in order, so that the engine needs a single timer.

use std::collections::BTreeSet;

use super::time::Instant;

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

/// Deadlines, one for each timer at most.
#[derive(Default)]
pub(crate) struct Deadlines {
    order: BTreeSet<(Instant, Timer)>,
    requests: Vec<Option<Instant>>,
    trackers: Vec<Option<Instant>>,
    races: Vec<Option<Instant>>,
}

impl Deadlines {
    /// Sets or moves a timer's deadline.
    pub(crate) fn set(&mut self, timer: Timer, at: Instant) {
        self.clear(timer);
        self.order.insert((at, timer));
        let (table, key) = self.table(timer);
        if table.len() <= key {
            table.resize(key + 1, None);
        }
        if let Some(deadline) = table.get_mut(key) {
            *deadline = Some(at);
        }
    }

    /// Takes a timer's deadline back.
    pub(crate) fn clear(&mut self, timer: Timer) {
        let (table, key) = self.table(timer);
        if let Some(at) = table.get_mut(key).and_then(Option::take) {
            self.order.remove(&(at, timer));
        }
    }

    /// A timer's deadline, if it has one.
    pub(crate) fn get(&self, timer: Timer) -> Option<Instant> {
        let (table, key) = match timer {
            Timer::Request(key) => (&self.requests, key),
            Timer::Tracker(key) => (&self.trackers, key),
            Timer::Race(key) => (&self.races, key),
        };
        *table.get(key)?
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Takes out one deadline that has come.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        let (_, timer) = *self.order.first().filter(|(at, _)| *at <= now)?;
        self.clear(timer);
        Some(timer)
    }

    /// How many deadlines are set.
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// Gives back the memory of requests' deadlines. Call it when no request has one.
    pub(crate) fn forget_requests(&mut self) {
        self.requests = Vec::new();
    }

    /// The same of trackers' deadlines.
    pub(crate) fn forget_trackers(&mut self) {
        self.trackers = Vec::new();
    }

    fn table(&mut self, timer: Timer) -> (&mut Vec<Option<Instant>>, usize) {
        match timer {
            Timer::Request(key) => (&mut self.requests, key),
            Timer::Tracker(key) => (&mut self.trackers, key),
            Timer::Race(key) => (&mut self.races, key),
        }
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
}
