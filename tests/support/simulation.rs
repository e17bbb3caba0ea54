//! One client and its network, in simulated time.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::SocketAddr,
    time::Duration,
};

use bittorrent_udp_tracker::proto::{
    Client, Config, Instant, Outcome, Port, Request, RequestId, SendFailure, SystemError, Transmit, Unreachable,
};
use rand::{SeedableRng, rngs::StdRng};

use super::{
    End, ModelTracker, TIMEOUT_MS, announce_of,
    log::{Entry, History, Sent},
    nat::Nat,
    request_to,
    socket::Socket,
    wire::Packet,
};

/// Datagrams read in one go: between two such goes whatever can be sent is sent.
const BATCH: usize = 32;
/// No test has the client send so many datagrams at one moment.
const MOST_AT_ONCE: u32 = 150_000;
/// How often something may be due at one moment.
const ROUNDS: u32 = 50;
/// A receive buffer in which nothing is ever short of room.
const LARGE: usize = 8 << 20;

enum Flight {
    /// To a tracker, with the time its answer will take.
    ToTracker(SocketAddr, Packet, Duration),
    ToClient(SocketAddr, Vec<u8>),
}

pub(crate) struct Simulation {
    pub(crate) client: Client,
    /// Whoever is asked at another address does not answer.
    pub(crate) trackers: HashMap<SocketAddr, ModelTracker>,
    /// The system refuses to send to these.
    pub(crate) unreachable: HashSet<SocketAddr>,
    /// In the system's words, if it says that it never will.
    pub(crate) lasting: Option<&'static str>,
    pub(crate) socket: Socket,
    /// What stands between the client and all trackers.
    pub(crate) nat: Nat,
    /// The port that a transaction left by.
    left_by: HashMap<(SocketAddr, u32), Port>,
    pub(crate) now: Duration,
    pub(crate) log: Vec<(Duration, Entry)>,
    pub(crate) histories: BTreeMap<u64, History>,
    /// How long the machine slept: the trackers' clocks went on by that much more.
    slept: Duration,
    random: StdRng,
    under_way: BTreeMap<(Duration, u64), Flight>,
    flights: u64,
    unended: usize,
}

impl Simulation {
    pub(crate) fn new(seed: u64) -> Self {
        Self::with_receive_buffer(seed, LARGE)
    }

    /// With a receive buffer of so many bytes as the kernel counts, which the client knows.
    pub(crate) fn with_receive_buffer(seed: u64, receive_buffer: usize) -> Self {
        let mut client_seed = [7; 32];
        client_seed[..8].copy_from_slice(&seed.to_le_bytes());
        Self {
            client: Client::new(Config { receive_buffer }, client_seed),
            trackers: HashMap::new(),
            unreachable: HashSet::new(),
            lasting: None,
            socket: Socket::new(receive_buffer),
            nat: Nat::default(),
            left_by: HashMap::new(),
            now: Duration::ZERO,
            log: Vec::new(),
            histories: BTreeMap::new(),
            slept: Duration::ZERO,
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

    /// Begins announces of the first info-hashes in one go, with the default timeout.
    pub(crate) fn burst(&mut self, to: SocketAddr, count: u64) -> Vec<u64> {
        self.begin_all((0..count).map(|n| request_to(&[to], TIMEOUT_MS, announce_of(n))))
    }

    fn take(&mut self, request: Request) -> u64 {
        let id = self.histories.len() as u64;
        let history = History {
            addresses: request.addresses.to_vec(),
            // The last number is the timeout times 2^8.
            timeout_ms: (request.schedule.given_up_ms() / 256.0) as u64,
            body: request.body.clone(),
            begun: self.now,
            cancelled: None,
            ended: None,
        };
        self.histories.insert(id, history);
        self.unended += 1;
        self.note(Entry::Begun(id));
        self.client.handle_request(self.instant(), RequestId(id), request);
        id
    }

    pub(crate) fn cancel(&mut self, id: u64) {
        self.note(Entry::Cancelled(id));
        let now = self.now;
        let history = self.histories.get_mut(&id).unwrap();
        if !history.is_over() {
            history.cancelled = Some(now);
            self.unended -= 1;
        }
        self.client.handle_cancel(self.instant(), RequestId(id));
        self.drain();
    }

    /// Whoever asked has waited for so many milliseconds, and long enough.
    pub(crate) fn give_up(&mut self, id: u64, after: f64) {
        self.client.handle_give_up(self.instant(), RequestId(id), after);
        self.drain();
    }

    /// A look-up finds that a host has other addresses than it had.
    pub(crate) fn find(&mut self, host: &str, known: &[SocketAddr], addresses: &[SocketAddr]) {
        for history in self.histories.values_mut().filter(|history| !history.is_over() && history.addresses == known) {
            history.addresses.extend(addresses.iter().filter(|address| !known.contains(address)));
        }
        self.client.handle_addresses(self.instant(), &host.into(), known, &addresses.into());
        self.drain();
    }

    /// The hosts of which no address answers.
    pub(crate) fn silent_hosts(&self) -> Vec<String> {
        let mut hosts: Vec<_> =
            self.client.silent_hosts(self.instant()).into_iter().map(|(host, _)| host.to_string()).collect();
        hosts.sort();
        hosts
    }

    /// Hands the client a datagram now.
    pub(crate) fn deliver(&mut self, from: SocketAddr, bytes: &[u8]) {
        self.receive(from, bytes.to_vec());
        self.drain();
    }

    /// Hands the client a datagram that came to one of its ports.
    pub(crate) fn deliver_to(&mut self, port: Port, from: SocketAddr, bytes: &[u8]) {
        self.client.handle_datagram(self.instant(), self.instant(), from, port, bytes);
        self.drain();
    }

    /// The system says now that it did not send what it was given some time ago.
    pub(crate) fn refuse(&mut self, transmit: Transmit, failure: SendFailure<'_>) {
        self.client.handle_send_failure(self.instant(), transmit, failure);
        self.drain();
    }

    /// The machine's addresses or routes have changed.
    pub(crate) fn change_network(&mut self) {
        self.client.handle_network_change(self.instant());
        self.drain();
    }

    /// An ICMP message says that what was sent to an address, and began with these bytes, did not arrive.
    pub(crate) fn unreachable(&mut self, to: SocketAddr, quoted: &[u8], reason: Unreachable) {
        self.client.handle_unreachable(self.instant(), to, quoted, reason);
        self.drain();
    }

    /// The machine sleeps: everybody's clock goes on, but not the client's.
    pub(crate) fn suspend(&mut self, slept: Duration) {
        self.slept += slept;
        self.note(Entry::Slept(slept));
        self.client.handle_suspend(slept);
        self.drain();
    }

    /// The client's process is frozen: its clock goes on, and it does nothing.
    pub(crate) fn freeze(&mut self, time: Duration) {
        self.now += time;
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
        self.run_for(Duration::from_secs(3600));
        assert!(self.client.is_idle(), "something is left: {:?}", self.client.counters());
        assert_eq!(self.client.pending(), 0);
        assert_eq!(self.client.poll_timeout(), None);
    }

    /// When the next thing happens by itself.
    fn next(&self) -> Option<Duration> {
        let deadline = self.client.poll_timeout().map(|at| at.saturating_duration_since(Instant::START));
        let arrival = self.under_way.keys().next().map(|&(at, _)| at);
        [deadline, arrival].into_iter().flatten().min().map(|at| at.max(self.now))
    }

    fn step(&mut self) {
        self.now = self.next().expect("requests have not ended and nothing will happen");
        while let Some(entry) = self.under_way.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let at = entry.key().0;
            match entry.remove() {
                Flight::ToClient(from, bytes) => self.socket.arrive(from, bytes),
                Flight::ToTracker(to, packet, trip) => self.ask(at, to, &packet, trip),
            }
        }
        let mut received = 0;
        while let Some((from, bytes)) = self.socket.read() {
            self.receive(from, bytes);
            received += 1;
            if received % BATCH == 0 {
                self.drain();
            }
        }
        // An engine comes back at once while something is due.
        for _ in 0..ROUNDS {
            self.client.handle_timeout(self.instant());
            self.drain();
            if self.client.poll_timeout().is_none_or(|at| at > self.instant()) {
                return;
            }
        }
        panic!("what was due at {:?} is due for ever", self.now);
    }

    fn ask(&mut self, at: Duration, address: SocketAddr, packet: &Packet, trip: Duration) {
        let Some(tracker) = self.trackers.get_mut(&address) else { return };
        if let Some(bytes) = tracker.answer(at + self.slept, address, packet) {
            for arrival in tracker.link.back(at, trip, &mut self.random) {
                launch(&mut self.under_way, &mut self.flights, arrival, Flight::ToClient(address, bytes.clone()));
            }
        }
    }

    fn receive(&mut self, from: SocketAddr, bytes: Vec<u8>) {
        let of = bytes.get(4..8).map(|of| u32::from_be_bytes(of.try_into().unwrap()));
        let port = of.and_then(|of| self.left_by.get(&(from, of))).copied().unwrap_or_default();
        self.client.handle_datagram(self.instant(), self.instant(), from, port, &bytes);
        self.note(Entry::Received { from, bytes });
    }

    /// Takes out of the client all it has to say.
    fn drain(&mut self) {
        let mut buffer = Vec::new();
        let now = self.instant();
        let mut sent = 0;
        while let Some(transmit) = self.client.poll_transmit(now, &mut buffer) {
            sent += 1;
            assert!(sent < MOST_AT_ONCE, "it sends for ever at {:?}", self.now);
            let packet = Packet::read(&buffer);
            let bytes = std::mem::take(&mut buffer);
            self.left_by.insert((transmit.to, packet.transaction_id()), transmit.port);
            let failed = self.unreachable.contains(&transmit.to);
            let Transmit { to, port, origin, .. } = transmit;
            let at = self.now;
            if failed {
                let failure = send_error(self.lasting.unwrap_or("no route"));
                let failure = if self.lasting.is_some() {
                    SendFailure::Lasting(&failure)
                } else {
                    SendFailure::Passing(&failure)
                };
                self.client.handle_send_failure(now, transmit, failure);
            } else if !self.nat.passes(at, to, port) {
                // It is gone.
            } else if let Some(tracker) = self.trackers.get_mut(&to) {
                for (out, back) in tracker.link.out(at, packet.is_connect(), &mut self.random) {
                    let flight = Flight::ToTracker(to, packet.clone(), back);
                    launch(&mut self.under_way, &mut self.flights, at + out, flight);
                }
            }
            self.note(Entry::Sent(Sent { at, to, port, origin, packet, bytes, failed }));
        }
        while let Some((RequestId(id), outcome)) = self.client.poll_outcome() {
            let end = match outcome {
                Outcome::Announced(response) => End::Announced {
                    numbers: [response.interval, response.leechers, response.seeds],
                    family: response.family,
                    peers: response.peers.to_vec(),
                },
                Outcome::Scraped { rows } => End::Scraped { rows: rows.to_vec() },
                Outcome::Connected { address, round_trip, .. } => End::Connected { address, round_trip },
                Outcome::Failed { failure, address, phase } => End::Failed { failure, address, phase },
            };
            let history = self.histories.get_mut(&id).expect("an outcome of a request that was made");
            assert!(!history.is_over(), "request {id} is over and then ends with {end:?}");
            history.ended = Some((self.now, end));
            self.unended -= 1;
            self.log.push((self.now, Entry::Ended(id)));
        }
    }

    fn note(&mut self, entry: Entry) {
        self.log.push((self.now, entry));
    }

    fn instant(&self) -> Instant {
        Instant::START + self.now
    }
}

/// What the system says that does not send.
pub(crate) fn send_error(words: &str) -> SystemError {
    SystemError { code: None, words: words.to_owned().into() }
}

fn launch(under_way: &mut BTreeMap<(Duration, u64), Flight>, flights: &mut u64, at: Duration, flight: Flight) {
    *flights += 1;
    under_way.insert((at, *flights), flight);
}
