//! The network between a client and a tracker, and the tracker if it is the built-in one. It has no socket and no clock:
//! datagrams and time go in, datagrams that have arrived and the time of the next one come out.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque},
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::{
    counts::{Counts, Direction, Fate, is_connect},
    settings::{Settings, milliseconds},
    tracker::Tracker,
};

/// A datagram of a client, or one for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Datagram {
    pub(crate) client: SocketAddr,
    /// The relay's address that the client sent to, and is answered from.
    pub(crate) own: IpAddr,
    pub(crate) bytes: Vec<u8>,
}

/// What a network is to be told at a moment.
struct Change {
    at: Duration,
    name: String,
    value: String,
}

/// How long a translator keeps an entry for datagrams that are answered: as Linux' conntrack does.
const ENTRY_KEPT: Duration = Duration::from_secs(120);

/// On its way: when it arrives, and its number, which keeps the order of those that arrive together.
type UnderWay = Reverse<(Duration, u64, Datagram)>;

/// All times are since some moment before the first call.
pub(crate) struct Network {
    settings: Settings,
    tracker: Option<Tracker>,
    counts: Counts,
    /// One a direction, so that what is lost on the way up does not depend on what comes down.
    random: [StdRng; 2],
    first_datagram: Option<Duration>,
    outage_ends: Duration,
    /// The entries of the translator (NAT) before the tracker, by client: when each was made, and when anything last came for it.
    entries: HashMap<SocketAddr, (Duration, Duration)>,
    /// When all that it knew was last made to lead nowhere.
    cut: Option<Duration>,
    /// When each datagram in the bottleneck's queue leaves it.
    leaves: VecDeque<Duration>,
    /// One a direction.
    under_way: [BinaryHeap<UnderWay>; 2],
    number: u64,
    changes: Vec<Change>,
}

impl Network {
    pub(crate) fn new(seed: u64, has_tracker: bool) -> Self {
        Self {
            settings: Settings { peers: 1, ..Settings::default() },
            tracker: has_tracker.then(|| Tracker::new(seed)),
            counts: Counts::default(),
            random: [StdRng::seed_from_u64(seed), StdRng::seed_from_u64(!seed)],
            first_datagram: None,
            outage_ends: Duration::ZERO,
            entries: HashMap::new(),
            cut: None,
            leaves: VecDeque::new(),
            under_way: [BinaryHeap::new(), BinaryHeap::new()],
            number: 0,
            changes: Vec::new(),
        }
    }

    /// Changes a setting; or `outage MS`, from now on; or `cut`: the ports that clients have sent from so far lead nowhere for as
    /// long as anything comes from them; or `restart`, or `restart ADDRESS`; or `after MS NAME VALUE`: that
    /// long after the first datagram of a client.
    pub(crate) fn tell(&mut self, now: Duration, name: &str, value: &str) -> Result<(), String> {
        match name {
            "outage" => self.outage_ends = now + milliseconds(value)?,
            "cut" => self.cut = Some(now),
            "restart" => {
                let address = restarted(value)?;
                self.tracker.as_mut().ok_or("there is no tracker to restart")?.restart(address);
            }
            "after" => self.schedule(value)?,
            _ => self.settings.set(name, value)?,
        }
        Ok(())
    }

    fn schedule(&mut self, change: &str) -> Result<(), String> {
        let (at, rest) = change.split_once(' ').ok_or_else(|| format!("after {change}: what?"))?;
        let (name, value) = rest.split_once(' ').unwrap_or((rest, ""));
        match name {
            "outage" => drop(milliseconds(value)?),
            "cut" => {}
            "restart" => drop(restarted(value)?),
            _ => self.settings.clone().set(name, value)?,
        }
        self.changes.push(Change { at: milliseconds(at)?, name: name.into(), value: value.into() });
        self.changes.sort_by_key(|change| change.at);
        Ok(())
    }

    /// A datagram enters on either side.
    pub(crate) fn send(&mut self, now: Duration, direction: Direction, datagram: Datagram) {
        if direction == Direction::Up {
            self.first_datagram.get_or_insert(now);
        }
        self.answer(now);
        self.enter(now, direction, datagram);
    }

    /// A datagram that has arrived: up when there is no built-in tracker, or down.
    pub(crate) fn receive(&mut self, now: Duration) -> Option<(Direction, Datagram)> {
        self.answer(now);
        let arrives = |direction: Direction| self.arrives(direction).unwrap_or(Duration::MAX);
        let first = if arrives(Direction::Up) < arrives(Direction::Down) { Direction::Up } else { Direction::Down };
        if arrives(first) > now {
            return None;
        }
        self.under_way[first as usize].pop().map(|Reverse((_, _, datagram))| (first, datagram))
    }

    /// When the next datagram arrives.
    pub(crate) fn next(&self) -> Option<Duration> {
        [Direction::Up, Direction::Down].into_iter().filter_map(|direction| self.arrives(direction)).min()
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    fn arrives(&self, direction: Direction) -> Option<Duration> {
        self.under_way[direction as usize].peek().map(|Reverse((arrives, ..))| *arrives)
    }

    /// Lets the built-in tracker answer what has reached it, as of when it did: a relay that is woken late is no slower
    /// network.
    fn answer(&mut self, now: Duration) {
        while self.tracker.is_some() && self.arrives(Direction::Up).is_some_and(|arrives| arrives <= now) {
            let Some(Reverse((arrived, _, datagram))) = self.under_way[0].pop() else { return };
            self.change(arrived);
            let Datagram { client, own, bytes } = &datagram;
            let tracker = self.tracker.as_ref();
            if let Some(bytes) = tracker.and_then(|tracker| tracker.answer(&self.settings, *own, client.ip(), bytes)) {
                self.enter(arrived, Direction::Down, Datagram { bytes, ..datagram });
            }
        }
    }

    fn enter(&mut self, now: Duration, direction: Direction, datagram: Datagram) {
        self.change(now);
        let fate = self.fate(now, direction, &datagram);
        self.counts.add(direction, &datagram.bytes, fate);
        if fate == Fate::Forwarded {
            let arrives = self.arrival(now, direction);
            self.under_way[direction as usize].push(Reverse((arrives, self.number, datagram)));
            self.number += 1;
        }
    }

    /// Makes the changes that are due.
    fn change(&mut self, now: Duration) {
        let Some(first) = self.first_datagram else { return };
        while self.changes.first().is_some_and(|change| first + change.at <= now) {
            let Change { at, name, value } = self.changes.remove(0);
            // It was tried when it was scheduled; a restart without a tracker changes nothing.
            let _ = self.tell(first + at, &name, &value);
        }
    }

    fn fate(&mut self, now: Duration, direction: Direction, datagram: &Datagram) -> Fate {
        let leads_nowhere = direction == Direction::Up && self.leads_nowhere(now, datagram.client);
        let settings = &mut self.settings;
        let loss = settings.loss[direction as usize];
        // Drawn for each, whatever becomes of it: what a seed loses does not depend on the rest.
        let is_lost = loss > 0.0 && self.random[direction as usize].random_bool(loss);
        if now < self.outage_ends {
            return Fate::Outage;
        }
        if leads_nowhere || settings.dead.contains(&datagram.own) {
            return Fate::Dropped;
        }
        if is_lost {
            return Fate::Lost;
        }
        if direction == Direction::Down {
            return Fate::Forwarded;
        }
        if settings.drop_connects > 0 && is_connect(&datagram.bytes) {
            settings.drop_connects -= 1;
            return Fate::Dropped;
        }
        let too_many_in_flight =
            settings.in_flight > 0 && self.under_way.iter().map(BinaryHeap::len).sum::<usize>() >= settings.in_flight;
        if too_many_in_flight || !self.queue(now) { Fate::Full } else { Fate::Forwarded }
    }

    /// Whether what a client sends goes to a place that is gone. An entry that nothing comes for is forgotten, and then made anew.
    fn leads_nowhere(&mut self, now: Duration, client: SocketAddr) -> bool {
        let (made, last) = self.entries.entry(client).or_insert((now, now));
        if now >= *last + ENTRY_KEPT {
            *made = now;
        }
        *last = now;
        self.cut.is_some_and(|cut| *made <= cut)
    }

    /// Joins the bottleneck's queue, unless it is full.
    fn queue(&mut self, now: Duration) -> bool {
        let Settings { rate, queue, .. } = self.settings;
        if rate == 0.0 {
            return true;
        }
        while self.leaves.front().is_some_and(|leaves| *leaves <= now) {
            self.leaves.pop_front();
        }
        if self.leaves.len() >= queue {
            return false;
        }
        let begins = self.leaves.back().map_or(now, |leaves| now.max(*leaves));
        self.leaves.push_back(begins + Duration::from_secs_f64(1.0 / rate));
        true
    }

    /// Of a datagram that was let in just now.
    fn arrival(&mut self, now: Duration, direction: Direction) -> Duration {
        let Settings { round_trip, jitter, slow_share, slow_round_trip, aggregation, rate, .. } = self.settings;
        let way = round_trip.saturating_sub(jitter) / 2;
        match direction {
            Direction::Up if rate > 0.0 => self.leaves.back().map_or(now, |leaves| *leaves) + way,
            Direction::Up => now + way,
            Direction::Down => {
                let random = &mut self.random[1];
                let way = if slow_share > 0.0 && random.random_bool(slow_share) {
                    slow_round_trip.saturating_sub(way)
                } else if jitter.is_zero() {
                    way
                } else {
                    way + jitter.mul_f64(2.0 * random.random_range(0.0..=1.0))
                };
                next_multiple(now + way, aggregation)
            }
        }
    }
}

/// The first moment from `time` on that is a multiple of `step`, or `time` if that is none.
fn next_multiple(time: Duration, step: Duration) -> Duration {
    match step.as_nanos() {
        0 => time,
        step => Duration::from_nanos((time.as_nanos().div_ceil(step) * step) as u64),
    }
}

/// The address of a tracker that is restarted; none is all of them.
fn restarted(value: &str) -> Result<Option<IpAddr>, String> {
    if value.is_empty() {
        return Ok(None);
    }
    value.parse().map(Some).map_err(|_| format!("{value} is not an address"))
}
