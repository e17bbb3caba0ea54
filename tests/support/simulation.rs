//! One client and its network, in simulated time.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::SocketAddr,
    time::{Duration, Instant},
};

use bittorrent_udp_tracker::proto::{
    AnnounceResponse, Body, Client, Config, Failure, Family, Origin, Outcome, Request, RequestId, SendFailure, Transmit,
};
use rand::{SeedableRng, rngs::StdRng};

use super::{Link, ModelTracker, TIMEOUT_MS, announce_of, request_to, wire::Packet};

/// Datagrams read in one go: between two such goes whatever can be sent is sent.
const BATCH: usize = 32;

/// How a request ended, with bytes of its own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum End {
    Announced { numbers: [u32; 3], family: Family, peers: Vec<u8> },
    Scraped { rows: Vec<u8> },
    Failed(Failure),
}

/// What happened, in order.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    Begun(u64),
    Sent(Sent),
    Received { from: SocketAddr, bytes: Vec<u8> },
    Cancelled(u64),
    Ended(u64),
}

impl Happening {
    /// The datagram that came in, and where from.
    pub(crate) fn arrival(&self) -> Option<(SocketAddr, Vec<u8>)> {
        match self {
            Self::Received { from, bytes } => Some((*from, bytes.clone())),
            _ => None,
        }
    }
}

/// A datagram the client sent, or would have if it had been possible.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) at: Duration,
    pub(crate) to: SocketAddr,
    pub(crate) origin: Origin,
    pub(crate) packet: Packet,
    pub(crate) bytes: Vec<u8>,
    pub(crate) failed: bool,
}

/// A request from its beginning to its end.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) timeout_ms: u64,
    pub(crate) body: Body,
    pub(crate) begun: Duration,
    pub(crate) cancelled: Option<Duration>,
    pub(crate) ended: Option<(Duration, End)>,
}

impl Life {
    pub(crate) fn is_over(&self) -> bool {
        self.cancelled.is_some() || self.ended.is_some()
    }
}

enum Flight {
    ToTracker(SocketAddr, Packet),
    ToClient(SocketAddr, Vec<u8>),
}

pub(crate) struct Simulation {
    pub(crate) client: Client,
    pub(crate) link: Link,
    /// Whoever is asked at another address does not answer.
    pub(crate) trackers: HashMap<SocketAddr, ModelTracker>,
    /// The system refuses to send to these.
    pub(crate) unreachable: HashSet<SocketAddr>,
    /// In the system's words, if it says that it never will.
    pub(crate) lasting: Option<&'static str>,
    pub(crate) now: Duration,
    pub(crate) log: Vec<(Duration, Happening)>,
    pub(crate) lives: BTreeMap<u64, Life>,
    start: Instant,
    random: StdRng,
    under_way: BTreeMap<(Duration, u64), Flight>,
    flights: u64,
    unended: usize,
}

impl Simulation {
    pub(crate) fn new(seed: u64) -> Self {
        let mut client_seed = [7; 32];
        client_seed[..8].copy_from_slice(&seed.to_le_bytes());
        Self {
            client: Client::new(Config { receive_buffer: 8 << 20 }, client_seed),
            link: Link::default(),
            trackers: HashMap::new(),
            unreachable: HashSet::new(),
            lasting: None,
            now: Duration::ZERO,
            log: Vec::new(),
            lives: BTreeMap::new(),
            start: Instant::now(),
            random: StdRng::seed_from_u64(seed),
            under_way: BTreeMap::new(),
            flights: 0,
            unended: 0,
        }
    }

    /// A network with one tracker.
    pub(crate) fn with_tracker(address: SocketAddr, tracker: ModelTracker) -> Self {
        let mut simulation = Self::new(1);
        simulation.trackers.insert(address, tracker);
        simulation
    }

    /// Begins a request and returns its number.
    pub(crate) fn begin(&mut self, request: Request) -> u64 {
        let id = self.take(request);
        self.drain();
        id
    }

    /// Begins requests in one go, as an application does in one turn of its event loop.
    pub(crate) fn begin_all(&mut self, requests: impl IntoIterator<Item = Request>) -> Vec<u64> {
        let ids = requests.into_iter().map(|request| self.take(request)).collect();
        self.drain();
        ids
    }

    /// Begins an announce of the n-th info-hash with the default timeout.
    pub(crate) fn announce(&mut self, to: SocketAddr, n: u64) -> u64 {
        self.begin(request_to(&[to], TIMEOUT_MS, announce_of(n)))
    }

    fn take(&mut self, request: Request) -> u64 {
        let id = self.lives.len() as u64;
        let life = Life {
            addresses: request.addresses.to_vec(),
            // The last number is the timeout times 2^8.
            timeout_ms: (request.schedule.given_up_ms() / 256.0) as u64,
            body: request.body.clone(),
            begun: self.now,
            cancelled: None,
            ended: None,
        };
        self.lives.insert(id, life);
        self.unended += 1;
        self.note(Happening::Begun(id));
        self.client.handle_request(self.instant(), RequestId(id), request);
        id
    }

    pub(crate) fn cancel(&mut self, id: u64) {
        self.note(Happening::Cancelled(id));
        let now = self.now;
        let life = self.lives.get_mut(&id).unwrap();
        if !life.is_over() {
            life.cancelled = Some(now);
            self.unended -= 1;
        }
        self.client.handle_cancel(self.instant(), RequestId(id));
        self.drain();
    }

    /// Hands the client a datagram now.
    pub(crate) fn deliver(&mut self, from: SocketAddr, bytes: &[u8]) {
        self.receive(from, bytes.to_vec());
        self.drain();
    }

    /// The system says now that it did not send what it was given some time ago.
    pub(crate) fn refuse(&mut self, transmit: Transmit, failure: SendFailure<'_>) {
        self.client.handle_send_failure(self.instant(), transmit, failure);
        self.drain();
    }

    pub(crate) fn run_for(&mut self, time: Duration) {
        self.run_until(self.now + time);
    }

    pub(crate) fn run_until(&mut self, end: Duration) {
        while self.next().is_some_and(|at| at <= end) {
            self.step();
        }
        self.now = self.now.max(end);
    }

    /// Lets time pass until each request has ended. None takes longer than two days with the timeouts of the tests.
    pub(crate) fn run(&mut self) {
        let limit = self.now + Duration::from_secs(48 * 3600);
        while self.unended > 0 {
            self.step();
            assert!(self.now < limit, "{} requests have not ended after two days", self.unended);
        }
    }

    /// Lets each request end and some minutes pass; then the client must have forgotten everything.
    pub(crate) fn finish(&mut self) {
        self.run();
        self.run_for(Duration::from_secs(600));
        assert!(self.client.is_idle(), "something is left: {:?}", self.client.counters());
        assert_eq!(self.client.pending(), 0);
        assert_eq!(self.client.poll_timeout(), None);
    }

    /// When the next thing happens by itself.
    fn next(&self) -> Option<Duration> {
        let deadline = self.client.poll_timeout().map(|at| at.saturating_duration_since(self.start));
        let arrival = self.under_way.keys().next().map(|&(at, _)| at);
        [deadline, arrival].into_iter().flatten().min().map(|at| at.max(self.now))
    }

    fn step(&mut self) {
        self.now = self.next().expect("requests have not ended and nothing will happen");
        let mut received = 0;
        while let Some(entry) = self.under_way.first_entry().filter(|entry| entry.key().0 <= self.now) {
            match entry.remove() {
                Flight::ToClient(from, bytes) => {
                    self.receive(from, bytes);
                    received += 1;
                    if received % BATCH == 0 {
                        self.drain();
                    }
                }
                Flight::ToTracker(to, packet) => self.ask(to, &packet),
            }
        }
        self.client.handle_timeout(self.instant());
        self.drain();
    }

    fn ask(&mut self, address: SocketAddr, packet: &Packet) {
        let Some(tracker) = self.trackers.get_mut(&address) else { return };
        if let Some(bytes) = tracker.answer(self.now, address, packet) {
            let trip = tracker.round_trip / 2;
            for later in self.link.copies(&mut self.random) {
                self.launch(trip + later, Flight::ToClient(address, bytes.clone()));
            }
        }
    }

    fn launch(&mut self, trip: Duration, flight: Flight) {
        self.flights += 1;
        self.under_way.insert((self.now + trip, self.flights), flight);
    }

    fn receive(&mut self, from: SocketAddr, bytes: Vec<u8>) {
        self.client.handle_datagram(self.instant(), from, &bytes);
        self.note(Happening::Received { from, bytes });
    }

    /// Takes out of the client all it has to say.
    fn drain(&mut self) {
        let mut buffer = Vec::new();
        let now = self.instant();
        while let Some(transmit) = self.client.poll_transmit(now, &mut buffer) {
            let packet = Packet::read(&buffer);
            let bytes = std::mem::take(&mut buffer);
            let failed = self.unreachable.contains(&transmit.to);
            let (at, to, origin) = (self.now, transmit.to, transmit.origin);
            if failed {
                let failure = self.lasting.map_or(SendFailure::Passing, SendFailure::Lasting);
                self.client.handle_send_failure(now, transmit, failure);
            } else if let Some(tracker) = self.trackers.get(&to) {
                let trip = tracker.round_trip / 2;
                for later in self.link.copies(&mut self.random) {
                    self.launch(trip + later, Flight::ToTracker(to, packet.clone()));
                }
            }
            self.note(Happening::Sent(Sent { at, to, origin, packet, bytes, failed }));
        }
        while let Some((RequestId(id), outcome)) = self.client.poll_outcome() {
            let end = match outcome {
                Outcome::Announced(AnnounceResponse { interval, leechers, seeds, family, peers }) => {
                    End::Announced { numbers: [interval, leechers, seeds], family, peers: peers.to_vec() }
                }
                Outcome::Scraped { rows } => End::Scraped { rows: rows.to_vec() },
                Outcome::Failed { failure, .. } => End::Failed(failure),
            };
            let life = self.lives.get_mut(&id).expect("an outcome of a request that was made");
            assert!(!life.is_over(), "request {id} is over and then ends with {end:?}");
            life.ended = Some((self.now, end));
            self.unended -= 1;
            self.log.push((self.now, Happening::Ended(id)));
        }
    }

    fn note(&mut self, happening: Happening) {
        self.log.push((self.now, happening));
    }

    fn instant(&self) -> Instant {
        self.start + self.now
    }

    /// Every datagram sent so far.
    pub(crate) fn sent(&self) -> impl DoubleEndedIterator<Item = &Sent> {
        self.log.iter().filter_map(|(_, happening)| match happening {
            Happening::Sent(sent) => Some(sent),
            _ => None,
        })
    }

    /// When each connect was sent.
    pub(crate) fn connects(&self) -> Vec<Duration> {
        self.sent().filter(|sent| sent.packet.is_connect()).map(|sent| sent.at).collect()
    }

    /// When each announce and scrape was sent.
    pub(crate) fn asked(&self) -> Vec<Duration> {
        self.sent().filter(|sent| !sent.packet.is_connect()).map(|sent| sent.at).collect()
    }

    /// The datagram sent last.
    pub(crate) fn last(&self) -> &Sent {
        self.sent().next_back().expect("something has been sent")
    }

    /// The transaction ID sent last.
    pub(crate) fn last_transaction_id(&self) -> u32 {
        self.last().packet.transaction_id()
    }

    pub(crate) fn end(&self, id: u64) -> Option<&End> {
        self.lives[&id].ended.as_ref().map(|(_, end)| end)
    }

    /// When a request ended and how.
    pub(crate) fn ended(&self, id: u64) -> (Duration, &End) {
        let (at, end) = self.lives[&id].ended.as_ref().expect("it has ended");
        (*at, end)
    }

    /// When a request failed and the text of it.
    pub(crate) fn failed(&self, id: u64) -> (Duration, String) {
        match self.ended(id) {
            (at, End::Failed(failure)) => (at, failure.to_string()),
            (_, end) => panic!("it did not fail: {end:?}"),
        }
    }

    pub(crate) fn is_answered(&self, id: u64) -> bool {
        matches!(self.end(id), Some(End::Announced { .. } | End::Scraped { .. }))
    }
}
