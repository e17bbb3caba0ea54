//! A client and what is known of it from outside: which requests are open, what it sent, what came. Every call is held
//! against that, so that nothing ends twice, without cause, or with what no tracker said, and nothing is sent for nobody.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    time::Duration,
};

use bittorrent_udp_tracker::proto::{
    AnnounceResponse, Body, Client, Config, Failure, Family, InfoHash, Instant, Origin, Outcome, Port, Request,
    RequestId, Schedule, SendFailure, SystemError, Transmit, Unreachable,
};

use super::{
    drawn::{host, one_spelling},
    wire::Packet,
};

const CONNECTION_LIFETIME: Duration = Duration::from_secs(60);
/// The most sends of one phase: the original's, and where the RTO decides, doubling from 200 ms for ten years.
const SENDS: [usize; 2] = [7, 40];
/// The same of a connect by itself, to each address: its waits double up to the longest of an RTO, which fits into ten years
/// a hundred times.
const CONNECT_SENDS: usize = 160;
/// With a `_timeout` below this, in milliseconds, the request's own schedule is its clock.
const OWN_CLOCK_BELOW: f64 = 500.0;

/// A datagram that the client handed out.
#[derive(Clone, Debug)]
pub struct Sent {
    pub transmit: Transmit,
    pub packet: Packet,
    pub bytes: Vec<u8>,
}

/// A request that has not ended.
#[derive(Debug)]
struct OpenRequest {
    addresses: Vec<SocketAddr>,
    body: Body,
    timeout_ms: f64,
    begun: Instant,
    /// How many datagrams had been sent before it began.
    first: usize,
    sends: usize,
    /// Sends that were taken back.
    unsent: usize,
    /// Answers with one of its transaction IDs: from where, and what.
    answers: Vec<(SocketAddr, Vec<u8>)>,
    refused_by_system: bool,
    /// Whether an ICMP message said of one of its addresses that nothing arrives there.
    is_unreachable: bool,
}

#[derive(Debug, Default)]
struct AddressState {
    /// Whom the transaction IDs sent here stand for; nobody: a connect.
    transactions: HashMap<u32, Option<u64>>,
    /// The port that each of them left by.
    ports: HashMap<u32, Port>,
    /// Connection IDs, when they came and how long the machine had slept by then.
    connection_ids: HashMap<u64, (Instant, Duration)>,
    /// Error messages with which connects were answered.
    refusals: Vec<String>,
    datagrams: usize,
    refused_by_system: bool,
}

pub struct Watched {
    pub now: Instant,
    pub sent: Vec<Sent>,
    slept: Duration,
    client: Client,
    open: BTreeMap<u64, OpenRequest>,
    addresses_known: HashMap<SocketAddr, AddressState>,
    taken: u64,
    cancelled: u64,
    ended: u64,
    received: u64,
}

impl Watched {
    pub fn new() -> Self {
        Self {
            now: Instant::START,
            sent: Vec::new(),
            slept: Duration::ZERO,
            client: Client::new(Config { receive_buffer: 1 << 20 }, [3; 32]),
            open: BTreeMap::new(),
            addresses_known: HashMap::new(),
            taken: 0,
            cancelled: 0,
            ended: 0,
            received: 0,
        }
    }

    pub fn request(&mut self, id: u64, addresses: &[SocketAddr], timeout_ms: f64, body: Body) {
        // A number is free again when its outcome has been taken, as the engine does.
        while self.outcome() {}
        let request = Request {
            session: (id % 3) as u32,
            host: host(addresses),
            addresses: addresses.into(),
            schedule: Schedule::new(timeout_ms),
            body: body.clone(),
        };
        self.client.handle_request(self.now, RequestId(id), request);
        if addresses.is_empty() || self.open.contains_key(&id) {
            return;
        }
        self.taken += 1;
        let request = OpenRequest {
            addresses: addresses.iter().copied().map(one_spelling).collect(),
            body,
            timeout_ms,
            begun: self.now,
            first: self.sent.len(),
            sends: 0,
            unsent: 0,
            answers: Vec::new(),
            refused_by_system: false,
            is_unreachable: false,
        };
        self.open.insert(id, request);
    }

    pub fn cancel(&mut self, chosen: impl Fn(u64) -> bool) {
        while self.outcome() {}
        self.client.handle_cancel_all(self.now, |RequestId(id)| chosen(id));
        let before = self.open.len();
        self.open.retain(|&id, _| !chosen(id));
        self.cancelled += (before - self.open.len()) as u64;
        assert_eq!(self.client.pending(), self.open.len());
    }

    /// The machine sleeps, which its own clock does not know.
    pub fn suspend(&mut self, slept: Duration) {
        self.slept += slept;
        self.client.handle_suspend(slept);
    }

    pub fn set_receive_buffer(&mut self, bytes: usize) {
        self.client.set_receive_buffer(bytes);
    }

    /// A datagram comes in. One that carries nobody's transaction ID makes the client send nothing.
    pub fn datagram(&mut self, from: SocketAddr, bytes: &[u8]) {
        self.transmit_all();
        let state = self.addresses_known.entry(one_spelling(from)).or_default();
        state.datagrams += 1;
        let header = bytes.first_chunk::<8>().map(|header| {
            let [action, transaction_id] = [0, 4].map(|at| u32::from_be_bytes(header[at..][..4].try_into().unwrap()));
            (action, transaction_id)
        });
        let known = header.and_then(|(action, id)| Some((action, *state.transactions.get(&id)?)));
        match known {
            Some((0, None)) => {
                if let Some(id) = bytes.get(8..16) {
                    let id = u64::from_be_bytes(id.try_into().unwrap());
                    state.connection_ids.insert(id, (self.now, self.slept));
                }
            }
            Some((3, None)) => state.refusals.push(message(bytes)),
            Some((action, Some(id))) => {
                if let Some(request) = self.open.get_mut(&id) {
                    if let (0, Body::Connect(_), Some(id)) = (action, &request.body, bytes.get(8..16)) {
                        let id = u64::from_be_bytes(id.try_into().unwrap());
                        state.connection_ids.insert(id, (self.now, self.slept));
                    }
                    request.answers.push((one_spelling(from), bytes.to_vec()));
                }
            }
            _ => {}
        }
        self.received += 1;
        let port = header.and_then(|(_, id)| state.ports.get(&id)).copied().unwrap_or_default();
        self.client.handle_datagram(self.now, self.now, from, port, bytes);
        if known.is_none() {
            assert!(!self.transmit(), "a datagram that is nobody's answer makes the client send");
        }
    }

    pub fn send_failure(&mut self, which: usize, lasting: bool) {
        let Some(Sent { transmit, .. }) = which.checked_rem(self.sent.len()).map(|which| self.sent[which].clone())
        else {
            return;
        };
        match transmit.origin {
            Origin::Connect => self.addresses_known.entry(transmit.to).or_default().refused_by_system |= lasting,
            Origin::Request(RequestId(id)) => {
                if let Some(request) = self.open.get_mut(&id) {
                    if which < request.first {
                        // It was of another request that had this number.
                        return;
                    }
                    request.unsent += 1;
                    // A connect by itself that is not to be sent again ends with any of them.
                    request.refused_by_system |= lasting || matches!(request.body, Body::Connect(_));
                }
            }
        }
        let error = SystemError { code: None, words: "no".into() };
        let failure = if lasting { SendFailure::Lasting(&error) } else { SendFailure::Passing(&error) };
        self.client.handle_send_failure(self.now, transmit, failure);
    }

    /// An ICMP message about a datagram that was sent, which quotes some of it.
    pub fn unreachable(&mut self, which: usize, quoted: usize) {
        let Some(Sent { transmit, bytes, .. }) = which.checked_rem(self.sent.len()).map(|which| &self.sent[which])
        else {
            return;
        };
        let quoted = bytes.get(..quoted).unwrap_or(bytes);
        for request in self.open.values_mut().filter(|request| request.addresses.contains(&transmit.to)) {
            request.is_unreachable = true;
        }
        self.client.handle_unreachable(self.now, transmit.to, quoted, Unreachable::Port);
    }

    /// Everything that is due is done; what is left is due later.
    pub fn timeout(&mut self) {
        self.client.handle_timeout(self.now);
        let next = self.client.poll_timeout();
        assert!(next.is_none_or(|at| at > self.now), "a deadline that has come is still there");
    }

    /// Takes the next datagram, if there is one, and looks for its cause.
    pub fn transmit(&mut self) -> bool {
        let mut buffer = Vec::new();
        let Some(transmit) = self.client.poll_transmit(self.now, &mut buffer) else {
            assert!(buffer.is_empty());
            assert!(self.open.is_empty() || self.client.pending() == 0 || self.client.poll_timeout().is_some());
            return false;
        };
        let packet = Packet::read(&buffer);
        assert_eq!(transmit.to, one_spelling(transmit.to));
        let state = self.addresses_known.entry(transmit.to).or_default();
        let whose = match transmit.origin {
            Origin::Connect => {
                assert!(packet.is_connect());
                let wanted = self.open.values().any(|request| request.addresses.contains(&transmit.to));
                assert!(wanted, "a connect that nobody waits for");
                None
            }
            Origin::Request(RequestId(id)) => {
                let request = self.open.get_mut(&id).unwrap_or_else(|| panic!("request {id} is over and sent"));
                assert!(request.addresses.contains(&transmit.to), "request {id} has no address {}", transmit.to);
                request.sends += 1;
                let each = SENDS[usize::from(request.timeout_ms.is_nan() || request.timeout_ms >= OWN_CLOCK_BELOW)];
                if let Body::Connect(connect) = &request.body {
                    assert!(packet.is_connect());
                    let each = if connect.retransmit { CONNECT_SENDS } else { 1 };
                    let most = each * request.addresses.len();
                    assert!(request.sends <= most + request.unsent, "{} connects", request.sends);
                    return self.note(transmit, packet, buffer, Some(id));
                }
                // A fresh connection ID takes what has missed its RTO with it.
                let most = each * (1 + request.answers.len()) + request.unsent + state.connection_ids.len();
                assert!(request.sends <= most, "{} sends", request.sends);
                let connection_id = packet.connection_id().expect("a request carries a connection ID");
                let came = state.connection_ids.get(&connection_id).copied();
                let (came, slept) = came.unwrap_or_else(|| panic!("{} never gave {connection_id}", transmit.to));
                let age = self.now.saturating_duration_since(came) + (self.slept - slept);
                assert!(age < CONNECTION_LIFETIME, "a connection ID after {age:?}");
                assert!(asks(&request.body, &packet), "request {id} asks something else");
                Some(id)
            }
        };
        self.note(transmit, packet, buffer, whose)
    }

    fn note(&mut self, transmit: Transmit, packet: Packet, bytes: Vec<u8>, whose: Option<u64>) -> bool {
        let state = self.addresses_known.entry(transmit.to).or_default();
        state.ports.insert(packet.transaction_id(), transmit.port);
        let before = state.transactions.insert(packet.transaction_id(), whose);
        assert!(before.is_none(), "each send has a transaction ID of its own");
        self.sent.push(Sent { transmit, packet, bytes });
        true
    }

    /// Takes the next outcome, if there is one, and looks for its cause.
    pub fn outcome(&mut self) -> bool {
        let Some((RequestId(id), outcome)) = self.client.poll_outcome() else { return false };
        let request = self.open.remove(&id).unwrap_or_else(|| panic!("request {id} is over and ends: {outcome:?}"));
        self.ended += 1;
        let addresses_known = request.addresses.iter().filter_map(|address| self.addresses_known.get(address));
        match &outcome {
            Outcome::Announced(AnnounceResponse { interval, leechers, seeds, family, peers }) => {
                let numbers: Vec<u8> = [interval, leechers, seeds].map(|number| number.to_be_bytes()).concat();
                let said = request.answers.iter().any(|(from, bytes)| {
                    let row = if from.is_ipv4() { 6 } else { 18 };
                    let whole = bytes.len().saturating_sub(20) / row * row;
                    bytes.starts_with(&[0, 0, 0, 1])
                        && bytes.get(8..20) == Some(&numbers)
                        && bytes.get(20..20 + whole) == Some(peers)
                        && *family == Family::of(from)
                });
                assert!(said && matches!(request.body, Body::Announce(_)), "nobody said {outcome:?}");
            }
            Outcome::Scraped { rows } => {
                let Body::Scrape(scrape) = &request.body else { panic!("an announce ends as a scrape") };
                assert_eq!(rows.len(), 12 * scrape.info_hashes.len());
                let answers = || request.answers.iter().filter(|(_, bytes)| bytes.starts_with(&[0, 0, 0, 2]));
                let said = |row: &[u8]| answers().any(|(_, bytes)| bytes[8..].chunks_exact(12).any(|one| one == row));
                assert!(rows.chunks_exact(12).all(said), "nobody said {outcome:?}");
                assert!(answers().count() > 0);
            }
            Outcome::Connected { address, .. } => {
                let is_it = |(from, bytes): &(SocketAddr, Vec<u8>)| {
                    from == address && bytes.starts_with(&[0, 0, 0, 0]) && bytes.len() >= 16
                };
                assert!(matches!(request.body, Body::Connect(_)) && request.answers.iter().any(is_it));
            }
            Outcome::Failed { failure: Failure::Unreachable { address, .. }, .. } => {
                assert!(matches!(request.body, Body::Connect(_)), "an ICMP message ends {:?}", request.body);
                assert!(request.addresses.contains(address) && request.is_unreachable);
            }
            Outcome::Failed { failure: Failure::Tracker(text), .. } => {
                let is_it = |(_, bytes): &(_, Vec<u8>)| bytes.starts_with(&[0, 0, 0, 3]) && message(bytes) == *text;
                let said = request.answers.iter().any(is_it)
                    || addresses_known.clone().any(|state| state.refusals.contains(text));
                assert!(said, "nobody said {text:?}");
            }
            Outcome::Failed { failure: Failure::NotResponding(ms), .. } => {
                let expected = request.timeout_ms * 256.0;
                assert!(*ms == expected || ms.is_nan() && expected.is_nan(), "{ms} ms, not {expected}");
                let ms = if request.timeout_ms.is_nan() { 0.0 } else { request.timeout_ms };
                let least = (ms * 254.0).clamp(0.0, 1e9);
                let waited = self.now.saturating_duration_since(request.begun);
                assert!(waited >= Duration::from_secs_f64(least / 1000.0), "given up after {waited:?}");
            }
            Outcome::Failed { failure: Failure::Unsendable { address, .. }, .. } => {
                assert!(request.addresses.contains(address));
                assert!(request.refused_by_system || addresses_known.clone().any(|state| state.refused_by_system));
            }
            Outcome::Failed { failure, .. } => {
                assert!(addresses_known.clone().any(|state| state.datagrams > 0), "{failure} out of nothing");
            }
        }
        true
    }

    /// Takes all there is to take.
    pub fn drain(&mut self) {
        self.transmit_all();
        while self.outcome() {}
    }

    /// Takes every datagram there is to send, which are so many at one moment.
    pub fn transmit_all(&mut self) {
        let most = 7 * self.taken + 1000;
        for _ in 0..most {
            if !self.transmit() {
                return;
            }
        }
        panic!("{most} datagrams at one moment, and there are more: {:?}", self.sent.last());
    }

    /// Lets time go on without another datagram: each request ends, and nothing of it stays.
    pub fn finish(mut self) {
        let mut steps = 2000 + 400 * self.taken;
        self.drain();
        while let Some(at) = self.client.poll_timeout() {
            self.now = self.now.max(at);
            self.timeout();
            self.drain();
            steps -= 1;
            assert!(steps > 0, "{} requests never end", self.open.len());
        }
        assert!(self.open.is_empty(), "nothing is due, and {:?} have not ended", self.open.keys());
        assert_eq!(self.ended + self.cancelled, self.taken);
        assert!(self.client.is_idle(), "something is left");
        let counters = self.client.counters();
        assert_eq!(counters.requests, self.taken);
        assert_eq!(counters.answered + counters.failed, self.ended);
        assert_eq!((counters.received, counters.sent), (self.received, self.sent.len() as u64));
    }
}

/// Whether a packet asks what a request is for.
fn asks(body: &Body, packet: &Packet) -> bool {
    match (body, packet) {
        (Body::Announce(announce), Packet::Announce { fields, .. }) => {
            fields.info_hash == announce.info_hash.0 && fields.event == announce.event as u32
        }
        (Body::Scrape(scrape), Packet::Scrape { info_hashes, .. }) => {
            info_hashes.len() <= 60
                && info_hashes.iter().all(|hash| scrape.info_hashes.contains(&InfoHash(*hash)))
                && info_hashes.is_empty() == scrape.info_hashes.is_empty()
        }
        _ => false,
    }
}

/// The text of an error response.
fn message(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(8..).unwrap_or_default()).trim_end_matches('\0').to_owned()
}
