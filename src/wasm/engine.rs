//! Carries commands, datagrams and look-ups from JavaScript into the client, and what the client says out again.
//!
//! What comes in only changes what is known. JavaScript then takes the datagrams that there are to send, and at last has
//! what has become of requests told.

use std::{
    cell::Cell,
    collections::VecDeque,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::Duration,
};

use slab::Slab;

use crate::{
    proto::{Client, Family, Instant, Map, Port, SendFailure, SystemError, Transmit, Unreachable},
    records::{Batches, Decoder, Outcomes, network_code},
    requests::{Change, Command, Found, LookUp, LookUpError, Paths, SessionId, Sessions, Stats, Way},
};

use super::path::{Path, check};

/// The only session.
const SESSION: SessionId = 1;

/// The codes of errors of sending that are told.
const CODES: [&str; 13] = [
    "EACCES",
    "EADDRNOTAVAIL",
    "EAFNOSUPPORT",
    "EDESTADDRREQ",
    "EHOSTUNREACH",
    "EINVAL",
    "EMFILE",
    "EMSGSIZE",
    "ENETDOWN",
    "ENETUNREACH",
    "ENFILE",
    "ENOBUFS",
    "EPERM",
];

/// Batches of outcomes that JavaScript has not taken.
#[derive(Clone, Default)]
struct Queue(Arc<Mutex<VecDeque<Vec<u8>>>>);

impl Batches for Queue {
    fn pass_on(&mut self, batch: Vec<u8>) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(batch);
        Vec::new()
    }
}

/// A datagram to send.
pub(super) struct Datagram {
    /// By this JavaScript says what became of it.
    pub(super) ticket: u32,
    pub(super) path: u32,
    pub(super) port: u32,
    pub(super) to: SocketAddr,
    /// Whether somebody wants to know exactly when it was sent.
    pub(super) is_timed: bool,
    /// Whether it wants a socket that is connected.
    pub(super) is_ping: bool,
}

pub(super) struct Engine {
    decoder: Decoder,
    sessions: Sessions,
    paths: Paths<Path>,
    /// Datagrams that JavaScript has and has said nothing of, and their paths.
    taken: Slab<(u32, Transmit)>,
    /// The paths of look-ups that are under way.
    look_ups: Map<u32, u32>,
    /// JavaScript's function that looks names up for who has none of his own.
    system: u32,
    batches: Queue,
    stats: Stats,
}

impl Engine {
    /// An engine of one session. `system` is the number of JavaScript's look-up.
    pub(super) fn new(seed: [u8; 32], system: u32) -> Self {
        let (batches, last) = (Queue::default(), Cell::new(0));
        let open = move |transport, seed| Path::new(last.replace(last.get() + 1), transport, seed);
        let mut sessions = Sessions::default();
        sessions.open(SESSION, Box::new(Outcomes::new(batches.clone())));
        Self {
            decoder: Decoder::new(SESSION),
            sessions,
            paths: Paths::new(open, seed),
            taken: Slab::new(),
            look_ups: Map::default(),
            system,
            batches,
            stats: Stats::default(),
        }
    }

    /// Takes commands.
    pub(super) fn submit(&mut self, now: Instant, records: &[u8]) {
        for command in self.decoder.decode(records) {
            match command {
                Command::Start(mut start) => {
                    self.sessions.begin(start.id);
                    let transport = start.transport.take();
                    let path = match transport.as_deref().map_or(Ok(()), check) {
                        Ok(()) => self.paths.of(transport),
                        Err(error) => Err(error.into()),
                    };
                    match path {
                        Ok(path) => path.requests_mut().start(now, start),
                        Err(failure) => self.sessions.failure(start.id, &failure),
                    }
                }
                Command::Preferences(id, ..) => {
                    // Asking for it is the addon's: there is nothing that a host says.
                    self.sessions.begin(id);
                    self.sessions.preferences(id, &None);
                }
                Command::Reject(id, failure) => self.sessions.failure(id, &failure),
                Command::Cancel(id) => {
                    self.sessions.end(id);
                    self.paths.cancel(now, id);
                }
                Command::GiveUp(id, after) => self.paths.give_up(now, id, after),
                Command::Found(_, number, found) => self.found(now, number, found),
                Command::Trace(session, wanted) => {
                    self.sessions.set_tracing(session, wanted);
                    self.paths.set_tracing(wanted);
                }
                // It begins and ends with the engine.
                Command::Open(..) | Command::Close(..) => {}
            }
        }
    }

    fn found(&mut self, now: Instant, number: u32, found: Found) {
        let Some(of) = self.look_ups.remove(&number) else { return };
        let Some(path) = self.paths.iter_mut().find(|path| path.number == of) else { return };
        let requests = path.requests_mut();
        let is_systems = requests.transport().lookup.is_none();
        requests.handle_found(now, number, if is_systems { found.map_err(told_by_system) } else { found });
    }

    /// A datagram has come by a port of a path. `late` is how much later than JavaScript took it the one left that this answers.
    pub(super) fn receive(
        &mut self,
        now: Instant,
        late: Duration,
        (path, port): (u32, u32),
        from: SocketAddr,
        datagram: &[u8],
    ) {
        if let Some(client) = self.client(path) {
            client.handle_datagram(now, now - late, from, Port(port), datagram);
        }
    }

    /// Does what is due.
    pub(super) fn handle_timeout(&mut self, now: Instant, calendar: Duration) {
        self.paths.notice_suspend(now, calendar);
        for path in self.paths.iter_mut() {
            let requests = path.requests_mut();
            requests.handle_look_ups(now);
            requests.handle_timeout(now);
            // Memory goes back to nobody.
            requests.client.poll_freed();
        }
        self.paths.tidy(now);
    }

    /// The machine's addresses are others.
    pub(super) fn handle_network_change(&mut self, now: Instant) {
        self.paths.handle_network_change(now, Change::Moved);
    }

    /// Something comes over another family than the one that there was no route over.
    pub(super) fn handle_network_up(&mut self, now: Instant, path: u32) {
        if let Some(client) = self.client(path) {
            client.handle_network_up(now);
        }
    }

    /// Appends the next datagram to `buffer`.
    pub(super) fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> Option<Datagram> {
        for path in self.paths.iter_mut() {
            if let Some(transmit) = path.requests_mut().client.poll_transmit(now, buffer) {
                let ticket = self.taken.insert((path.number, transmit)) as u32;
                let Transmit { to, port, is_timed, is_ping, .. } = transmit;
                return Some(Datagram { ticket, path: path.number, port: port.0, to, is_timed, is_ping });
            }
        }
        None
    }

    /// The datagram of this ticket has been sent.
    pub(super) fn sent(&mut self, ticket: u32) {
        self.taken.try_remove(ticket as usize);
        if self.taken.is_empty() {
            self.taken.shrink_to_fit();
        }
    }

    /// It has not been sent, and never will be if that is lasting.
    pub(super) fn unsent(&mut self, now: Instant, ticket: u32, is_lasting: bool, code: &str, words: &str) {
        let Some((path, transmit)) = self.taken.try_remove(ticket as usize) else { return };
        self.stats.send_errors.fetch_add(1, Ordering::Relaxed);
        let code = CODES.into_iter().find(|known| *known == code);
        let error = SystemError { code, words: words.to_owned().into() };
        let failure = if is_lasting { SendFailure::Lasting(&error) } else { SendFailure::Passing(&error) };
        if let Some(client) = self.client(path) {
            client.handle_send_failure(now, transmit, failure);
        }
    }

    /// A socket of a path that is connected has an error, which an ICMP message was made into.
    pub(super) fn handle_unreachable(&mut self, now: Instant, path: u32, to: SocketAddr, code: &str) {
        use Unreachable::{Host, Network, Port, Prohibited};
        // What Windows says of a closed port.
        let code = if code == "ECONNRESET" { network_code(Port) } else { code };
        let reason = [Port, Host, Network, Prohibited].into_iter().find(|reason| network_code(*reason) == code);
        if let (Some(client), Some(reason)) = (self.client(path), reason) {
            client.handle_unreachable(now, to, &[], reason);
        }
    }

    /// Whether a path's connect by itself waits for an answer of an address.
    pub(super) fn is_pinging(&mut self, path: u32, to: SocketAddr) -> bool {
        self.client(path).is_some_and(|client| client.is_pinging(to))
    }

    /// Receiving has failed.
    pub(super) fn unreceived(&self) {
        self.stats.receive_errors.fetch_add(1, Ordering::Relaxed);
    }

    /// Says how many bytes the receive buffer of a path's sockets has, as the kernel counts.
    pub(super) fn set_receive_buffer(&mut self, path: u32, bytes: usize) {
        if let Some(client) = self.client(path) {
            client.set_receive_buffer(bytes);
        }
    }

    /// Whether anything may come by a port of a path.
    pub(super) fn has_port(&mut self, path: u32, port: u32) -> bool {
        self.client(path).is_some_and(|client| client.has_port(Port(port)))
    }

    fn client(&mut self, number: u32) -> Option<&mut Client> {
        let path = self.paths.iter_mut().find(|path| path.number == number)?;
        Some(&mut path.requests_mut().client)
    }

    /// Tells what there is to tell. Returns whether JavaScript has anything to take.
    pub(super) fn deliver(&mut self) -> bool {
        let Self { paths, sessions, look_ups, system, .. } = self;
        for path in paths.iter_mut() {
            let number = path.number;
            let requests = path.requests_mut();
            let function = requests.transport().lookup.map_or(*system, |lookup| lookup.function);
            while let Some(wanted) = requests.poll_look_up() {
                follow(sessions, look_ups, (number, function), wanted);
            }
        }
        self.stats.publish(self.paths.counters(), self.paths.pending());
        self.paths.deliver(&mut self.sessions);
        self.sessions.check(self.paths.pending());
        self.sessions.flush();
        self.next_batch().is_some()
    }

    /// How many bytes the next batch of outcomes has.
    pub(super) fn next_batch(&self) -> Option<usize> {
        self.batches.0.lock().unwrap_or_else(PoisonError::into_inner).front().map(Vec::len)
    }

    /// The next batch of outcomes.
    pub(super) fn take_batch(&mut self) -> Option<Vec<u8>> {
        self.batches.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.paths.poll_timeout()
    }

    /// The counters by name.
    pub(super) fn counters(&self) -> Vec<(&'static str, u64)> {
        self.stats.read()
    }
}

/// Has JavaScript do what the resolver of a path wants.
fn follow(sessions: &mut Sessions, look_ups: &mut Map<u32, u32>, (path, function): (u32, u32), wanted: LookUp) {
    match wanted {
        LookUp::Begin(number, name, family) => {
            look_ups.insert(number, path);
            if let Some(sink) = sessions.sink(SESSION) {
                sink.look_up(number, function, &name, family);
            }
        }
        LookUp::Forget(number) => {
            look_ups.remove(&number);
            if let Some(sink) = sessions.sink(SESSION) {
                sink.forget_look_up(number);
            }
        }
        LookUp::Decided(decision) => sessions.decision(&decision),
    }
}

/// What JavaScript's error of the system's resolver means.
fn told_by_system(error: LookUpError) -> LookUpError {
    match error.code() {
        Some("ENOTFOUND") => LookUpError::NotFound,
        Some("EAI_AGAIN") => LookUpError::TryAgain,
        Some("EAI_FAIL") => LookUpError::Failed,
        Some("ETIMEOUT") => LookUpError::NoAnswer,
        _ => error,
    }
}

/// The address that a datagram came from.
pub(super) fn source(ip: &str, port: u16, scope: u32) -> Option<SocketAddr> {
    let mut address = SocketAddr::new(ip.parse::<IpAddr>().ok()?, port);
    if let SocketAddr::V6(v6) = &mut address {
        v6.set_scope_id(scope);
    }
    Some(address)
}

/// 4 or 6.
pub(super) fn family_of(address: &SocketAddr) -> u8 {
    if Family::of(address) == Family::V4 { 4 } else { 6 }
}
