//! One path out and all that belongs to it: its client, sockets, names and datagrams. Paths share nothing, so that a
//! connection ID never serves on another path than it came by, and a transport that fails takes nothing along.

mod error_queue;
pub(crate) mod outbox;
pub(crate) mod socket;
pub(crate) mod sockets;
pub(crate) mod transport;

use std::{
    cell::RefCell,
    io,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
    time::Duration,
};

use crate::{
    memory,
    proto::{
        self, AnnounceUrl, Client, Config, Counters, Family, Instant, Outcome, Port, Request, RequestId, Trace,
        Transmit,
    },
};

use self::{
    outbox::Outbox,
    socket::{DEFAULT_BUFFER, ReceiveBuffers},
    sockets::Sockets,
    transport::{Transport, TransportError},
};
use super::{
    Failure, clock,
    messages::{SessionId, Start, session_of},
    names::{
        Names, Shared,
        preferences::PreferenceLookUps,
        resolver::{Event, Resolver},
    },
    network,
    proxy::{Change, ProxyConnection},
    sessions::Sessions,
    stats::Stats,
};

/// How many batches of datagrams are received in a turn before commands and sends get theirs.
const RECEIVES_A_TURN: usize = 8;
/// How long a path is kept after its last request: past its connection IDs' life and any late answer.
const KEPT: Duration = Duration::from_secs(120);
/// How often it is looked for hosts whose addresses are silent while requests are under way, and how often at most.
const LOOKS: Duration = Duration::from_secs(2);
const SHORTEST_LOOK: Duration = Duration::from_millis(100);

pub(crate) struct Path {
    transport: Arc<Transport>,
    pub(crate) client: Client,
    resolver: Resolver,
    preferences: PreferenceLookUps,
    /// When it is next looked for hosts whose addresses are silent, and when it was last.
    silence_at: Option<Instant>,
    silence_seen: Option<Instant>,
    sockets: Sockets,
    outbox: Outbox,
    /// What its socket did not take when last asked.
    blocked: Option<Transmit>,
    /// Changes of the proxy that waiting has brought up.
    changes: Vec<Change>,
    /// Requests that have failed on this side of the client.
    failed: Vec<(RequestId, Failure)>,
    last_used: Instant,
    checked: Option<(Instant, Option<Family>, Result<(), TransportError>)>,
}

impl Path {
    pub(crate) fn new(transport: Arc<Transport>, shared: Shared, seed: [u8; 32]) -> Self {
        let names = Arc::new(Names::new(transport.clone(), shared));
        let relay = transport.proxy.clone().map(|proxy| ProxyConnection::new(transport.clone(), names.clone(), proxy));
        let mut client = Client::new(Config { receive_buffer: DEFAULT_BUFFER }, seed);
        if relay.is_some() {
            client.share_ports();
        }
        Self {
            client,
            resolver: Resolver::new(transport.clone(), names.clone()),
            preferences: PreferenceLookUps::new(names),
            silence_at: None,
            silence_seen: None,
            sockets: Sockets::new(transport.clone(), relay),
            outbox: Outbox::default(),
            blocked: None,
            changes: Vec::new(),
            failed: Vec::new(),
            last_used: clock::now(),
            checked: None,
            transport,
        }
    }

    pub(crate) fn start(&mut self, now: Instant, start: Start) {
        self.last_used = now;
        // Before anything is looked up: who waits for an interface does not want to be seen asking.
        if let Err(error) = self.check(now, start.family) {
            return self.failed.push((start.id, error.into()));
        }
        let stand_ins = match &mut self.sockets.relay {
            Some(relay) if relay.resolves(&start.url.host) => {
                Some(relay.stand_ins(now, &start.url.host, start.url.port, start.family))
            }
            _ => None,
        };
        if let Some(stand_ins) = stand_ins {
            return self.ask(now, start, stand_ins);
        }
        self.resolver.handle_request(now, start);
        self.follow_look_ups(now);
    }

    /// Asks what a host says of its trackers.
    pub(crate) fn ask_preferences(&mut self, now: Instant, id: RequestId, url: &AnnounceUrl) {
        self.last_used = now;
        match self.check(now, None) {
            Ok(()) => self.preferences.start(id, &url.host),
            Err(error) => self.failed.push((id, error.into())),
        }
    }

    /// Whether anything can go out, asked once for all requests that come at once.
    fn check(&mut self, now: Instant, family: Option<Family>) -> Result<(), TransportError> {
        if self.checked.as_ref().is_none_or(|(at, of, _)| (*at, *of) != (now, family)) {
            self.checked = Some((now, family, self.transport.check_any(family)));
        }
        self.checked.as_ref().map_or(Ok(()), |(.., result)| result.clone())
    }

    fn ask(&mut self, now: Instant, start: Start, addresses: Arc<[SocketAddr]>) {
        let Start { id, url, schedule, body, .. } = start;
        let (session, host) = (session_of(id), url.authority.clone());
        self.client.handle_request(now, id, Request { session, host, addresses, schedule, body });
    }

    pub(crate) fn cancel(&mut self, now: Instant, id: RequestId) {
        if !self.preferences.end(id, None) && self.resolver.handle_cancel(now, id).is_none() {
            self.client.handle_cancel(now, id);
        }
    }

    /// Ends a request that has taken so many milliseconds.
    pub(crate) fn give_up(&mut self, now: Instant, id: RequestId, after: f64) {
        let too_long = Failure::LookUpTimeout(proto::Failure::NotResponding(after));
        if self.preferences.end(id, Some(too_long.clone())) {
            return;
        }
        match self.resolver.handle_cancel(now, id) {
            Some((_, None)) => self.failed.push((id, too_long)),
            Some((host, Some(error))) => self.failed.push((id, Failure::Resolve { host, error })),
            None => {
                // Its host may have moved: the next request is to find it.
                self.look_for_silence(now, SHORTEST_LOOK);
                self.client.handle_give_up(now, id, after);
            }
        }
    }

    pub(crate) fn cancel_session(&mut self, now: Instant, session: SessionId) {
        for id in self.resolver.waiting_of(session) {
            self.cancel(now, id);
        }
        self.preferences.cancel_session(session);
        self.client.handle_cancel_all(now, |id| session_of(id) == session);
        self.failed.retain(|(id, _)| session_of(*id) != session);
    }

    /// Takes what has come in: look-ups that have ended, news of the proxy, datagrams. Returns how many datagrams.
    pub(crate) fn receive(&mut self, now: Instant, buffers: &mut ReceiveBuffers, stats: &Stats) -> usize {
        self.resolver.handle_timeout(now);
        self.follow_look_ups(now);
        for change in std::mem::take(&mut self.changes) {
            self.follow(now, change);
        }
        self.receive_datagrams(buffers, stats)
    }

    /// Passes on what has come of look-ups.
    fn follow_look_ups(&mut self, now: Instant) {
        while let Some(event) = self.resolver.poll_event() {
            match event {
                Event::Resolved(start, addresses) => self.ask(now, start, addresses),
                Event::Failed(id, failure) => self.failed.push((id, failure)),
                Event::Moved { host, known, addresses } => {
                    self.client.handle_addresses(now, &host, &known, &addresses);
                }
            }
        }
    }

    /// Has hosts looked up again of which no address answers, unless it has been seen to within `pause`.
    fn look_for_silence(&mut self, now: Instant, pause: Duration) {
        if !self.resolver.has_names() || self.silence_seen.is_some_and(|seen| now < seen + pause) {
            return;
        }
        self.silence_seen = Some(now);
        for (host, addresses) in self.client.silent_hosts(now) {
            self.resolver.handle_silence(now, &host, &addresses);
        }
    }

    /// The machine's addresses or routes are others, or it has slept, or something may have become reachable.
    pub(crate) fn handle_network_change(&mut self, now: Instant, change: network::Change) {
        self.resolver.handle_change(now);
        match change {
            network::Change::Moved => self.client.handle_network_change(now),
            network::Change::Up => self.client.handle_network_up(now),
        }
        self.silence_seen = None;
        self.look_for_silence(now, SHORTEST_LOOK);
    }

    fn follow(&mut self, now: Instant, change: Change) {
        let Some(relay) = &mut self.sockets.relay else { return };
        match change {
            Change::Joined => {
                if let Some((socket, _)) = relay.socket() {
                    self.client.set_receive_buffer(socket.receive_buffer());
                }
                self.client.handle_network_up(now);
            }
            Change::Lost if self.client.pending() > 0 => relay.join(self.client.port(), true),
            Change::Lost => {}
            Change::Failed(reason) => {
                let failure = Failure::Proxy { proxy: relay.name(), reason };
                self.fail_all(now, &failure);
            }
        }
        self.blocked = None;
    }

    /// Ends every request that has its addresses.
    fn fail_all(&mut self, now: Instant, failure: &Failure) {
        let ids = RefCell::new(Vec::new());
        self.client.handle_cancel_all(now, |id| {
            ids.borrow_mut().push(id);
            true
        });
        self.failed.extend(ids.into_inner().into_iter().map(|id| (id, failure.clone())));
    }

    fn receive_datagrams(&mut self, buffers: &mut ReceiveBuffers, stats: &Stats) -> usize {
        let Self { sockets, client, .. } = self;
        if let Some(relay) = &mut sockets.relay {
            return receive_batches(stats, || {
                let now = clock::now();
                relay.receive(buffers, |(from, arrived), datagram| {
                    client.handle_datagram(now, arrived, from, Port::default(), datagram);
                })
            });
        }
        let (mut datagrams, mut heard) = (0, None);
        for open in sockets.iter_mut() {
            let received = receive_batches(stats, || {
                let now = clock::now();
                open.socket.receive(buffers, |(from, arrived), datagram| {
                    client.handle_datagram(now, arrived, from, open.port, datagram);
                })
            });
            if received > 0 {
                heard = Some(open.family);
            }
            datagrams += received;
            let now = clock::now();
            open.socket.errors.drain(|to, quoted, reason| client.handle_unreachable(now, to, quoted, reason));
        }
        if heard.is_some() {
            sockets.heard = heard;
        }
        if heard.is_some() && sockets.unrouted.take_if(|family| heard != Some(*family)).is_some() {
            // The network is there, and not over that family: what waits is to hear it.
            client.handle_network_up(clock::now());
        }
        datagrams
    }

    /// Does what is due and sends what there is to send.
    pub(crate) fn send(&mut self, now: Instant, stats: &Stats) {
        self.client.handle_timeout(now);
        self.sockets.tidy(&self.client);
        if self.client.poll_freed() {
            memory::give_back();
        }
        if self.client.pending() > 0 {
            self.last_used = now;
        }
        if self.silence_at.is_some_and(|at| at <= now) {
            self.look_for_silence(now, SHORTEST_LOOK);
            self.silence_at = None;
        }
        if self.client.pending() == 0 || !self.resolver.has_names() {
            self.silence_at = None;
        } else if self.silence_at.is_none() {
            self.silence_at = Some(now + LOOKS);
        }
        if self.sockets.relay.is_some() {
            if let Err(error) = self.sockets.check_relay() {
                return self.fail_all(now, &error.into());
            }
            let Some(relay) = &mut self.sockets.relay else { return };
            if relay.is_older_than(self.client.port()) {
                // Nobody is heard through it.
                relay.leave();
                relay.join(self.client.port(), true);
            }
            if relay.socket().is_none() {
                // The client keeps what it has to say until there is somebody to take it.
                if self.client.pending() > 0 {
                    relay.join(self.client.port(), false);
                }
                return;
            }
        }
        let Self { sockets, outbox, client, .. } = self;
        self.blocked = outbox.send(client, sockets, &stats.send_errors).err();
    }

    /// Waits until there is something to do, together with others.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut something = false;
        for open in self.sockets.iter_mut() {
            something |= open.socket.errors.poll(context).is_ready();
        }
        let relay = self.sockets.relay.as_ref().and_then(|relay| relay.socket()).map(|(socket, _)| socket);
        for socket in self.sockets.iter().map(|open| &open.socket).chain(relay) {
            something |= socket.poll_readable(context).is_ready();
        }
        if let Some(Transmit { to, port, .. }) = self.blocked
            && self.sockets.of(port, to).is_none_or(|socket| socket.poll_writable(context).is_ready())
        {
            self.blocked = None;
            something = true;
        }
        something |= self.resolver.poll(context).is_ready();
        something |= self.preferences.poll(context).is_ready();
        if let Some(relay) = &mut self.sockets.relay
            && let Poll::Ready(change) = relay.poll(context)
        {
            self.changes.push(change);
            something = true;
        }
        if something { Poll::Ready(()) } else { Poll::Pending }
    }

    /// When it wants to be looked after: when something is due, or when nobody needs it any more.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let unused = (!self.is_default() && self.pending() == 0).then(|| self.last_used + KEPT);
        [self.client.poll_timeout(), self.resolver.poll_timeout(), self.silence_at, unused].into_iter().flatten().min()
    }

    /// Whether it has had nothing to do for so long that all it knows is out of date.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        !self.is_default() && self.pending() == 0 && self.failed.is_empty() && now >= self.last_used + KEPT
    }

    fn is_default(&self) -> bool {
        *self.transport == Transport::default()
    }

    pub(crate) fn transport(&self) -> &Arc<Transport> {
        &self.transport
    }

    /// How many requests have not ended.
    pub(crate) fn pending(&self) -> usize {
        self.client.pending() + self.resolver.pending() + self.preferences.pending()
    }

    pub(crate) fn counters(&self) -> Counters {
        self.client.counters()
    }

    /// Passes on every outcome.
    pub(crate) fn deliver(&mut self, sessions: &mut Sessions) {
        while let Some((id, mut outcome)) = self.client.poll_outcome() {
            // An address that stands for a name behind a proxy means nothing outside.
            if let Some(relay) = &self.sockets.relay {
                match &mut outcome {
                    Outcome::Failed { address, .. } => *address = address.and_then(|address| relay.real(address)),
                    Outcome::Connected { address, .. } => *address = relay.real(*address).unwrap_or(*address),
                    Outcome::Announced(_) | Outcome::Scraped { .. } => {}
                }
            }
            sessions.outcome(id, &outcome);
        }
        for (id, answer) in self.preferences.take_ended() {
            match answer {
                Ok(preferences) => sessions.preferences(id, &preferences),
                Err(failure) => sessions.failure(id, &failure),
            }
        }
        for (id, failure) in std::mem::take(&mut self.failed) {
            sessions.failure(id, &failure);
        }
    }

    /// The next thing that the client has decided.
    pub(crate) fn poll_decision(&mut self) -> Option<(proto::Decision, SocketAddr)> {
        let (decision, address) = self.client.poll_decision()?;
        Some((decision, self.told_as(address)))
    }

    /// An address as it is told. That of a name which the proxy has not shown yet is the relay's, as far as anybody here
    /// knows.
    fn told_as(&self, address: SocketAddr) -> SocketAddr {
        let known = |relay: &ProxyConnection| relay.real(address).or_else(|| relay.socket().map(|(_, relay)| relay));
        self.sockets.relay.as_ref().and_then(known).unwrap_or(address)
    }

    /// The next thing worth telling of a datagram.
    pub(crate) fn poll_trace(&mut self) -> Option<Trace> {
        let trace = self.client.poll_trace()?;
        Some(Trace { address: self.told_as(trace.address), ..trace })
    }
}

/// Receives until there is nothing more, or long enough for one turn. Returns how many datagrams there were.
fn receive_batches(stats: &Stats, mut receive: impl FnMut() -> io::Result<usize>) -> usize {
    let mut datagrams = 0;
    for _ in 0..RECEIVES_A_TURN {
        match receive() {
            Ok(0) => break,
            Ok(count) => datagrams += count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            // What an ICMP message made of an earlier send; retransmission is the answer to that.
            Err(_) => drop(stats.receive_errors.fetch_add(1, Ordering::Relaxed)),
        }
    }
    datagrams
}
