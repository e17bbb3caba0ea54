//! The state machine: requests, datagrams and time go in; datagrams, outcomes and the next deadline come out.
//!
//! A request waits at its tracker until there is a connection ID and room in the window ([`stay`]), is sent ([`send`]), is
//! in flight until a datagram answers it ([`receive`]) or its wait is over ([`time`]), and ends exactly once.

mod receive;
mod request;
mod send;
mod stay;
mod time;
mod trace;

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    ops::Range,
    sync::Arc,
    time::Instant,
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use slab::Slab;

use super::{
    Announce, Failure, Family, Schedule, Scrape, TransactionId, deadlines::Deadlines, hash::NumberMap, tracker::Tracker,
};
use request::{Pending, State};
pub use send::{Origin, SendFailure, Transmit};
pub use trace::{Kind, Trace};

/// The caller's number for a request, unique among those that have not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// A request to one of a host's addresses.
#[derive(Clone, Debug)]
pub struct Request {
    /// The host's addresses in order of preference, at least one.
    pub addresses: Arc<[SocketAddr]>,
    /// The waits between retransmissions.
    pub schedule: Schedule,
    /// What is asked.
    pub body: Body,
}

/// What a request asks.
#[derive(Clone, Debug)]
pub enum Body {
    /// An announce.
    Announce(Announce),
    /// A scrape of up to [`MAX_SCRAPE_HASHES`](super::MAX_SCRAPE_HASHES) info-hashes.
    Scrape(Scrape),
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<'a> {
    /// The tracker answered the announce.
    Announced {
        /// Seconds until the tracker wants to hear again.
        interval: u32,
        /// Peers that are still downloading.
        leechers: u32,
        /// Peers that have everything.
        seeds: u32,
        /// Of which family `peers` are.
        family: Family,
        /// Rows of [`Family::peer_length`] bytes.
        peers: &'a [u8],
    },
    /// The tracker answered for every info-hash of the scrape.
    Scraped {
        /// Rows of 12 bytes (seeds, completed, leechers), in the order of the info-hashes.
        rows: &'a [u8],
    },
    /// There will be no answer.
    Failed(Failure),
}

/// An outcome that waits to be polled; bytes are kept together in one buffer.
enum Stored {
    Announced { interval: u32, leechers: u32, seeds: u32, family: Family, peers: Range<usize> },
    Scraped { rows: Range<usize> },
    Failed(Failure),
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
    config: Config,
    random: StdRng,
    requests: Slab<Pending>,
    keys: NumberMap<u64, usize>,
    trackers: Slab<Tracker>,
    tracker_keys: HashMap<SocketAddr, usize>,
    /// The tracker that was looked for last: most often it is the next one as well.
    last_tracker: usize,
    deadlines: Deadlines,
    /// Trackers that may have something to send.
    ready: VecDeque<usize>,
    outcomes: VecDeque<(RequestId, Stored)>,
    /// What the stored outcomes' ranges point into.
    outcome_bytes: Vec<u8>,
    preferences: VecDeque<Preference>,
    tracing: bool,
    traces: VecDeque<Trace>,
    sequence: u64,
    counters: Counters,
}

/// Of a host's addresses, one that answers while the first did not.
#[derive(Clone, Debug)]
pub struct Preference {
    /// The addresses of the request, as they were given.
    pub addresses: Arc<[SocketAddr]>,
    /// The one that answered.
    pub answering: SocketAddr,
}

impl Client {
    /// A client whose transaction IDs come from a cryptographic generator with this seed.
    pub fn new(config: Config, seed: [u8; 32]) -> Self {
        Self {
            config,
            random: StdRng::from_seed(seed),
            requests: Slab::new(),
            keys: NumberMap::default(),
            trackers: Slab::new(),
            tracker_keys: HashMap::new(),
            last_tracker: 0,
            deadlines: Deadlines::default(),
            ready: VecDeque::new(),
            outcomes: VecDeque::new(),
            outcome_bytes: Vec::new(),
            preferences: VecDeque::new(),
            tracing: false,
            traces: VecDeque::new(),
            sequence: 0,
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
        let key = self.requests.insert(Pending::new(id, request, self.sequence, now));
        self.keys.insert(id.0, key);
        self.attach(now, key, 1);
    }

    /// Forgets a request: nothing more is sent for it and it has no outcome.
    pub fn handle_cancel(&mut self, now: Instant, id: RequestId) {
        if let Some(&key) = self.keys.get(&id.0) {
            self.remove(now, key);
        }
    }

    /// Forgets every request whose number is chosen.
    pub fn handle_cancel_all(&mut self, now: Instant, chosen: impl Fn(RequestId) -> bool) {
        let ids: Vec<RequestId> = self.keys.keys().map(|&id| RequestId(id)).filter(|&id| chosen(id)).collect();
        for id in ids {
            self.handle_cancel(now, id);
        }
    }

    /// The next outcome. Poll until there is none.
    pub fn poll_outcome(&mut self) -> Option<(RequestId, Outcome<'_>)> {
        let Some((id, stored)) = self.outcomes.pop_front() else {
            self.outcome_bytes.clear();
            return None;
        };
        let bytes = |range| self.outcome_bytes.get::<Range<usize>>(range).unwrap_or_default();
        let outcome = match stored {
            Stored::Announced { interval, leechers, seeds, family, peers } => {
                Outcome::Announced { interval, leechers, seeds, family, peers: bytes(peers) }
            }
            Stored::Scraped { rows } => Outcome::Scraped { rows: bytes(rows) },
            Stored::Failed(failure) => Outcome::Failed(failure),
        };
        Some((id, outcome))
    }

    /// The next address worth remembering for its host. Poll until there is none.
    pub fn poll_preference(&mut self) -> Option<Preference> {
        self.preferences.pop_front()
    }

    /// The socket's receive buffer turned out to be this large.
    pub fn set_receive_buffer(&mut self, bytes: usize) {
        self.config.receive_buffer = bytes;
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.next()
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// How many requests have not ended.
    pub fn pending(&self) -> usize {
        self.requests.len()
    }

    /// Whether nothing at all is kept: no request, tracker or deadline. For tests that look for leaks.
    pub fn is_idle(&self) -> bool {
        self.requests.is_empty() && self.keys.is_empty() && self.trackers.is_empty() && self.deadlines.len() == 0
    }

    fn remove(&mut self, now: Instant, key: usize) -> Option<Pending> {
        self.detach(now, key);
        let request = self.requests.try_remove(key)?;
        self.keys.remove(&request.id.0);
        if self.requests.is_empty() && self.requests.capacity() > 1024 {
            // After a burst the tables would keep their largest size for ever.
            self.requests = Slab::new();
            self.keys = NumberMap::default();
            self.deadlines.forget_requests();
        }
        Some(request)
    }

    fn prefer_answering(&mut self, request: &Pending) {
        let addresses = request.all_addresses();
        let answering = request.address();
        let known = self.preferences.back().is_some_and(|last| Arc::ptr_eq(&last.addresses, addresses));
        if addresses.first() != Some(&answering) && !known {
            self.preferences.push_back(Preference { addresses: addresses.clone(), answering });
        }
    }

    fn fail(&mut self, now: Instant, key: usize, failure: Failure) {
        if let Some(request) = self.remove(now, key) {
            self.counters.failed += 1;
            self.outcomes.push_back((request.id, Stored::Failed(failure)));
        }
    }
}

/// A transaction ID that no transaction of the tracker has, ended ones that are still remembered included.
fn new_transaction_id(tracker: &Tracker, random: &mut StdRng) -> TransactionId {
    loop {
        let transaction_id = TransactionId(random.next_u32());
        if tracker.is_free(transaction_id) {
            return transaction_id;
        }
    }
}
