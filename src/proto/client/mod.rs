//! The state machine: requests, datagrams and time go in; datagrams, outcomes and the next deadline come out.
//!
//! A request goes to an address ([`route`]), or into the race of a host's addresses ([`race`]). There it waits until there
//! is a connection ID and room, is sent ([`send`]) as often as it takes, and ends exactly once: by a datagram
//! ([`receive`]) or by time ([`time`]). Where it is, and its timer, is its state ([`request`]). A connect by itself has ways of
//! its own ([`ping`]). What is known of an address, and when anything is sent to it again, is that of its [`Tracker`]; the
//! client routes.

#[cfg(debug_assertions)]
mod check;
mod hosts;
mod ping;
mod ports;
mod race;
mod receive;
mod request;
mod route;
mod send;
mod time;
mod trace;
mod unreachable;

use std::{collections::VecDeque, net::SocketAddr, ops::Range, sync::Arc, time::Duration};

use rand::{SeedableRng, rngs::StdRng};
use slab::Slab;

use super::{
    Announce, AnnounceResponse, Failure, Schedule, Scrape,
    budget::Budget,
    deadlines::Deadlines,
    hash::{Map, NumberMap},
    host::{Memory, Race},
    port::Ports,
    time::Instant,
    tracker::Tracker,
};
use request::{Pending, State};
pub use send::{Origin, SendFailure, Transmit};
pub use trace::{Decision, Kind, Trace};

/// Tables with room for more entries than this give their memory back when they are empty.
const LARGE: usize = 1024;
/// A process that comes this late to a deadline has been held up.
const FREEZE: Duration = Duration::from_secs(1);
/// When so many requests, or a fifth as many addresses, are gone, their memory is worth giving back to the system.
const MANY: usize = 50_000;
/// How many requests' memory an address takes.
const ADDRESS: usize = 5;

/// The caller's number for a request, unique among those that have not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// A request to one of a host's addresses.
#[derive(Clone, Debug)]
pub struct Request {
    /// Whose it is: the sessions' requests to an address take turns.
    pub session: u32,
    /// The host and port, as a text: what is remembered of a host's addresses is kept by it.
    pub host: Arc<str>,
    /// The host's addresses in order of preference, at least one.
    pub addresses: Arc<[SocketAddr]>,
    /// When it is given up, and the longest waits between its sends.
    pub schedule: Schedule,
    /// What is asked.
    pub body: Body,
}

/// What a request asks.
#[derive(Clone, Debug)]
pub enum Body {
    /// An announce.
    Announce(Announce),
    /// A scrape of any number of info-hashes; [`MAX_SCRAPE_HASHES`](super::MAX_SCRAPE_HASHES) of them go in a datagram.
    Scrape(Scrape),
    /// A connect by itself.
    Connect(Connect),
}

/// A connect that always goes out, to see whether a tracker answers and how soon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connect {
    /// Whether it is sent again until it is answered. Otherwise what is lost is lost.
    pub retransmit: bool,
    /// How long the look-up of its host took, `None` if there was none. It comes back with the answer.
    pub looked_up: Option<Duration>,
}

/// What a request was waiting for when it failed. JavaScript knows them by these numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// The addresses of its host. It comes to a [`Client`] when it has them.
    LookUp = 1,
    /// A connection ID.
    Connect = 2,
    /// The answer to an announce.
    Announce = 3,
    /// The answer to a scrape.
    Scrape = 4,
}

/// How a request ended. `B` is how the bytes are kept that came with an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<B> {
    /// The tracker answered the announce.
    Announced(AnnounceResponse<B>),
    /// The tracker answered for every info-hash of the scrape.
    Scraped {
        /// Rows of 12 bytes (seeds, completed, leechers), in the order of the info-hashes.
        rows: B,
    },
    /// The tracker answered the connect.
    Connected {
        /// The address that did.
        address: SocketAddr,
        /// From the datagram that was answered to the arrival of its answer.
        round_trip: Duration,
        /// See [`Connect::looked_up`].
        looked_up: Option<Duration>,
    },
    /// There will be no answer.
    Failed {
        /// Why.
        failure: Failure,
        /// The address it was at last, `None` if it was at none.
        address: Option<SocketAddr>,
        /// What it was waiting for.
        phase: Phase,
    },
}

impl<B> Outcome<B> {
    /// The same with other bytes.
    fn map<C>(self, bytes: impl FnOnce(B) -> C) -> Outcome<C> {
        match self {
            Self::Announced(AnnounceResponse { interval, leechers, seeds, family, peers }) => {
                Outcome::Announced(AnnounceResponse { interval, leechers, seeds, family, peers: bytes(peers) })
            }
            Self::Scraped { rows } => Outcome::Scraped { rows: bytes(rows) },
            Self::Connected { address, round_trip, looked_up } => Outcome::Connected { address, round_trip, looked_up },
            Self::Failed { failure, address, phase } => Outcome::Failed { failure, address, phase },
        }
    }
}

/// What the client needs to know of the sockets.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// The receive buffer of a socket, in bytes as the kernel counts.
    pub receive_buffer: usize,
}

/// What happened since the client was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests taken.
    pub requests: u64,
    /// Datagrams handed out to be sent.
    pub sent: u64,
    /// Connects among them.
    pub connects: u64,
    /// Datagrams among them that repeat one without an answer.
    pub retransmissions: u64,
    /// Local ports taken because an address that had answered did not any more, or because the network changed.
    pub fresh_ports: u64,
    /// Datagrams that came in.
    pub received: u64,
    /// Requests that ended with an answer.
    pub answered: u64,
    /// Requests that ended with a failure.
    pub failed: u64,
    /// Datagrams dropped: from an address no request waits on.
    pub dropped_unknown: u64,
    /// Datagrams dropped: the request they answer has ended.
    pub dropped_late: u64,
    /// Datagrams that match no request of their sender's address.
    pub dropped_stray: u64,
}

/// The client. See the [module](self) for what goes in and comes out.
pub struct Client {
    random: StdRng,
    requests: Slab<Pending>,
    keys: NumberMap<u64, usize>,
    /// Boxed, so that the table stays small when an indexer has asked many addresses once.
    trackers: Slab<Box<Tracker>>,
    tracker_keys: Map<SocketAddr, usize>,
    /// The tracker that was looked for last: most often it is the next one as well.
    last_tracker: usize,
    races: Slab<Race>,
    race_keys: Map<(Arc<str>, Arc<[SocketAddr]>), usize>,
    memory: Memory,
    ports: Ports,
    budget: Budget,
    deadlines: Deadlines,
    /// Trackers that may have something to send.
    ready: VecDeque<usize>,
    /// How many datagrams the first of them has sent in its turn.
    turn: u32,
    /// When more of them are gone over, after some for whose answers there was no room.
    room_at: Option<Instant>,
    outcomes: VecDeque<(RequestId, Outcome<Range<usize>>)>,
    /// Where the bytes of those outcomes are.
    outcome_bytes: Vec<u8>,
    tracing: bool,
    traces: VecDeque<Trace>,
    decisions: VecDeque<(Decision, SocketAddr)>,
    /// When the next connect by itself may begin.
    next_ping: Option<Instant>,
    /// Numbers requests, and tickets of queues.
    sequence: u64,
    /// How long the machine was suspended while `Instant` stood still.
    suspended: Duration,
    /// Until when this process was last held up: what was sent before says nothing of the network.
    frozen_until: Option<Instant>,
    /// Addresses and requests whose memory was freed since that was last told.
    freed: usize,
    counters: Counters,
}

impl Client {
    /// A client whose transaction IDs come from a cryptographic generator with this seed.
    pub fn new(config: Config, seed: [u8; 32]) -> Self {
        Self {
            random: StdRng::from_seed(seed),
            requests: Slab::new(),
            keys: NumberMap::default(),
            trackers: Slab::new(),
            tracker_keys: Map::default(),
            last_tracker: 0,
            races: Slab::new(),
            race_keys: Map::default(),
            memory: Memory::default(),
            ports: Ports::default(),
            budget: Budget::new(config.receive_buffer),
            deadlines: Deadlines::default(),
            ready: VecDeque::new(),
            turn: 0,
            room_at: None,
            outcomes: VecDeque::new(),
            outcome_bytes: Vec::new(),
            tracing: false,
            traces: VecDeque::new(),
            decisions: VecDeque::new(),
            next_ping: None,
            sequence: 0,
            suspended: Duration::ZERO,
            frozen_until: None,
            freed: 0,
            counters: Counters::default(),
        }
    }

    /// Takes a request. It ends with exactly one outcome unless it is cancelled.
    ///
    /// A request without addresses, or with the number of one that has not ended, is not taken and has no outcome.
    pub fn handle_request(&mut self, now: Instant, id: RequestId, request: Request) {
        if request.addresses.is_empty() || self.keys.contains_key(&id.0) {
            return;
        }
        self.counters.requests += 1;
        self.sequence += 1;
        let key = self.requests.insert(Pending::new(id, request, self.sequence));
        self.keys.insert(id.0, key);
        match self.requests.get(key).map(|request| &request.body) {
            Some(Body::Connect(_)) => self.start_ping(now, key),
            _ => self.place(now, key),
        }
        #[cfg(debug_assertions)]
        self.check(now);
    }

    /// Forgets a request: nothing more is sent for it and it has no outcome.
    pub fn handle_cancel(&mut self, now: Instant, id: RequestId) {
        if let Some(&key) = self.keys.get(&id.0) {
            self.remove(now, key);
        }
        #[cfg(debug_assertions)]
        self.check(now);
    }

    /// Ends a request that has taken so many milliseconds, which is too long for the caller.
    pub fn handle_give_up(&mut self, now: Instant, id: RequestId, after: f64) {
        if let Some(&key) = self.keys.get(&id.0) {
            self.fail(now, key, Failure::NotResponding(after));
        }
    }

    /// Forgets every request whose number is chosen.
    pub fn handle_cancel_all(&mut self, now: Instant, chosen: impl Fn(RequestId) -> bool) {
        let ids: Vec<RequestId> = self.keys.keys().map(|&id| RequestId(id)).filter(|&id| chosen(id)).collect();
        for id in ids {
            self.handle_cancel(now, id);
        }
    }

    /// The machine was suspended for this long, and `Instant` may not have gone on meanwhile: trackers' clocks have, and
    /// connection IDs are that much older.
    pub fn handle_suspend(&mut self, suspended: Duration) {
        self.suspended += suspended;
    }

    /// The next outcome. Poll until there is none.
    pub fn poll_outcome(&mut self) -> Option<(RequestId, Outcome<&[u8]>)> {
        let Some((id, outcome)) = self.outcomes.pop_front() else {
            self.outcome_bytes.clear();
            self.outcome_bytes.shrink_to(LARGE * LARGE);
            self.outcomes.shrink_to(LARGE);
            return None;
        };
        Some((id, outcome.map(|range| self.outcome_bytes.get(range).unwrap_or_default())))
    }

    /// The socket's receive buffer turned out to be this large.
    pub fn set_receive_buffer(&mut self, bytes: usize) {
        self.budget.resize(bytes);
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.deadlines.next(), self.room_at, self.ports.poll_timeout()].into_iter().flatten().min()
    }

    /// Whether so much memory was freed since the last call that the allocator should be asked to give it back.
    pub fn poll_freed(&mut self) -> bool {
        let many = self.freed >= MANY;
        if many {
            self.freed = 0;
        }
        many
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        Counters { fresh_ports: self.ports.fresh(), ..self.counters }
    }

    /// How many requests have not ended.
    pub fn pending(&self) -> usize {
        self.requests.len()
    }

    /// Whether nothing is kept but the memory of hosts: no request, tracker or deadline. For tests that look for leaks.
    pub fn is_idle(&self) -> bool {
        self.requests.is_empty()
            && self.keys.is_empty()
            && self.trackers.is_empty()
            && self.races.is_empty()
            && self.deadlines.len() == 0
            && self.budget.is_free()
            && self.room_at.is_none()
    }

    /// A deadline that is long over says that the process has been held up, frozen in a container, say.
    fn notice_freeze(&mut self, now: Instant) {
        if self.deadlines.next().is_some_and(|due| now >= due + FREEZE) {
            self.frozen_until = Some(now);
        }
    }

    /// The time by a clock that goes on while the machine is suspended.
    fn awake(&self, now: Instant) -> Instant {
        now + self.suspended
    }

    /// Takes a request out, off wherever it is.
    fn remove(&mut self, now: Instant, key: usize) -> Option<Pending> {
        self.leave(now, key);
        let mut request = self.requests.try_remove(key)?;
        for (tracker_key, latest) in std::mem::take(&mut request.elsewhere) {
            self.forget_at(now, tracker_key, Some(latest));
        }
        if let Some(tracker_key) = request.tracker() {
            self.forget_at(now, tracker_key, request.latest);
        }
        self.keys.remove(&request.id.0);
        if self.requests.is_empty() && self.requests.capacity() > LARGE {
            // After a burst the tables would keep their largest size for ever.
            self.freed += self.requests.capacity();
            self.requests = Slab::new();
            self.keys = NumberMap::default();
            self.deadlines.forget_requests();
        }
        Some(request)
    }

    fn fail(&mut self, now: Instant, key: usize, failure: Failure) {
        let tracker = self.requests.get(key).and_then(|request| self.trackers.get(request.tracker()?));
        let address = tracker.map(|tracker| tracker.address);
        if matches!(failure, Failure::NotResponding(_)) {
            self.forget_ping(key);
        }
        self.fail_at(now, key, failure, address);
    }

    fn fail_at(&mut self, now: Instant, key: usize, failure: Failure, address: Option<SocketAddr>) {
        let phase = self.phase(now, key);
        if let Some(request) = self.remove(now, key) {
            self.counters.failed += 1;
            let address = address.or_else(|| request.addresses.first().copied());
            self.ended(request.id, Outcome::Failed { failure, address, phase });
        }
    }

    /// Keeps an outcome until it is polled.
    fn ended(&mut self, id: RequestId, outcome: Outcome<&[u8]>) {
        let outcome = outcome.map(|bytes| {
            let start = self.outcome_bytes.len();
            self.outcome_bytes.extend_from_slice(bytes);
            start..self.outcome_bytes.len()
        });
        self.outcomes.push_back((id, outcome));
    }

    /// What a request waits for.
    fn phase(&self, now: Instant, key: usize) -> Phase {
        let Some(request) = self.requests.get(key) else { return Phase::Connect };
        let for_id = request.latest.is_none() || matches!(request.state(), State::Waiting { for_id: true, .. });
        match &request.body {
            Body::Connect(_) => Phase::Connect,
            _ if for_id && !self.is_connected(now, request) => Phase::Connect,
            Body::Announce(_) => Phase::Announce,
            Body::Scrape(_) => Phase::Scrape,
        }
    }

    /// Whether the address that a request is at has given out a connection ID that may still be used.
    fn is_connected(&self, now: Instant, request: &Pending) -> bool {
        let tracker = request.tracker().and_then(|tracker_key| self.trackers.get(tracker_key));
        tracker.is_some_and(|tracker| tracker.connection.id(self.awake(now)).is_some())
    }
}
