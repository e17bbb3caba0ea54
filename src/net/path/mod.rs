//! One path out and all that belongs to it: its requests, look-ups, sockets and datagrams. Paths share nothing, so that a
//! connection ID never serves on another path than it came by, and a transport that fails takes nothing along.

mod error_queue;
pub(crate) mod outbox;
pub(crate) mod socket;
pub(crate) mod sockets;
pub(crate) mod transport;

use std::{
    io,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
};

use crate::{
    memory,
    proto::{self, AnnounceUrl, Config, Family, Instant, Port, RequestId, Transmit},
    requests::{Failure, Requests, SessionId, Sessions, Start, Stats, Transport, TransportError, Way},
};

use self::{
    outbox::Outbox,
    socket::{DEFAULT_BUFFER, ReceiveBuffers},
    sockets::Sockets,
};
use super::{
    clock,
    names::{Names, Shared, look_ups::LookUps, preferences::PreferenceLookUps},
    proxy::{Change, ProxyConnection},
};

/// How many batches of datagrams are received in a turn before commands and sends get theirs.
const RECEIVES_A_TURN: usize = 8;

pub(crate) struct Path {
    requests: Requests,
    look_ups: LookUps,
    preferences: PreferenceLookUps,
    sockets: Sockets,
    outbox: Outbox,
    /// What its socket did not take when last asked.
    blocked: Option<Transmit>,
    /// Changes of the proxy that waiting has brought up.
    changes: Vec<Change>,
    checked: Option<(Instant, Option<Family>, Result<(), TransportError>)>,
}

impl Path {
    pub(crate) fn new(transport: Arc<Transport>, shared: Shared, seed: [u8; 32]) -> Self {
        let names = Arc::new(Names::new(transport.clone(), shared));
        let relay = transport.proxy.clone().map(|proxy| ProxyConnection::new(transport.clone(), names.clone(), proxy));
        let config = Config { receive_buffer: DEFAULT_BUFFER };
        let mut requests = Requests::new(clock::now(), transport.clone(), transport::index_of, config, seed);
        if relay.is_some() {
            requests.client.share_ports();
        }
        Self {
            requests,
            look_ups: LookUps::new(names.clone()),
            preferences: PreferenceLookUps::new(names),
            sockets: Sockets::new(transport, relay),
            outbox: Outbox::default(),
            blocked: None,
            changes: Vec::new(),
            checked: None,
        }
    }

    pub(crate) fn start(&mut self, now: Instant, start: Start) {
        // Before anything is looked up: who waits for an interface does not want to be seen asking.
        if let Err(error) = self.check(now, start.family) {
            return self.requests.fail(now, start.id, error.into());
        }
        let stand_ins = match &mut self.sockets.relay {
            Some(relay) if relay.resolves(&start.url.host) => {
                Some(relay.stand_ins(now, &start.url.host, start.url.port, start.family))
            }
            _ => None,
        };
        match stand_ins {
            Some(stand_ins) => self.requests.ask(now, start, stand_ins),
            None => self.requests.start(now, start),
        }
    }

    /// Asks what a host says of its trackers.
    pub(crate) fn ask_preferences(&mut self, now: Instant, id: RequestId, url: &AnnounceUrl) {
        self.requests.keep(now);
        match self.check(now, None) {
            Ok(()) => self.preferences.start(id, &url.host),
            Err(error) => self.requests.fail(now, id, error.into()),
        }
    }

    /// Whether anything can go out, asked once for all requests that come at once.
    fn check(&mut self, now: Instant, family: Option<Family>) -> Result<(), TransportError> {
        if self.checked.as_ref().is_none_or(|(at, of, _)| (*at, *of) != (now, family)) {
            self.checked = Some((now, family, self.requests.transport().check_any(family)));
        }
        self.checked.as_ref().map_or(Ok(()), |(.., result)| result.clone())
    }

    /// Takes what has come in: look-ups that have ended, news of the proxy, datagrams. Returns how many datagrams.
    pub(crate) fn receive(&mut self, now: Instant, buffers: &mut ReceiveBuffers, stats: &Stats) -> usize {
        for (number, found) in self.look_ups.take_ended() {
            self.requests.handle_found(now, number, found);
        }
        self.requests.handle_look_ups(now);
        self.follow_look_ups();
        for change in std::mem::take(&mut self.changes) {
            self.follow(now, change);
        }
        self.receive_datagrams(buffers, stats)
    }

    /// Begins and ends look-ups.
    fn follow_look_ups(&mut self) {
        while let Some(wanted) = self.requests.poll_look_up() {
            self.look_ups.follow(wanted);
        }
    }

    fn follow(&mut self, now: Instant, change: Change) {
        let Some(relay) = &mut self.sockets.relay else { return };
        let client = &mut self.requests.client;
        match change {
            Change::Joined => {
                if let Some((socket, _)) = relay.socket() {
                    client.set_receive_buffer(socket.receive_buffer());
                }
                client.handle_network_up(now);
            }
            Change::Lost if client.pending() > 0 => relay.join(client.port(), true),
            Change::Lost => {}
            Change::Failed(reason) => {
                let failure = Failure::Proxy { proxy: relay.name(), reason };
                self.requests.fail_all(now, &failure);
            }
        }
        self.blocked = None;
    }

    fn receive_datagrams(&mut self, buffers: &mut ReceiveBuffers, stats: &Stats) -> usize {
        let Self { sockets, requests, .. } = self;
        let client = &mut requests.client;
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
                let result = open.socket.receive(buffers, |(from, arrived), datagram| {
                    client.handle_datagram(now, arrived, from, open.port, datagram);
                });
                result.inspect_err(|error| open.socket.errors.note(error))
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
        self.requests.handle_timeout(now);
        self.follow_look_ups();
        self.sockets.tidy(&self.requests.client);
        if self.requests.client.poll_freed() {
            memory::give_back();
        }
        if self.sockets.relay.is_some() {
            if let Err(error) = self.sockets.check_relay() {
                return self.requests.fail_all(now, &error.into());
            }
            let Some(relay) = &mut self.sockets.relay else { return };
            if relay.is_older_than(self.requests.client.port()) {
                // Nobody is heard through it.
                relay.leave();
                relay.join(self.requests.client.port(), true);
            }
            if relay.socket().is_none() {
                // The client keeps what it has to say until there is somebody to take it.
                if self.requests.client.pending() > 0 {
                    relay.join(self.requests.client.port(), false);
                }
                return;
            }
        }
        let Self { sockets, outbox, requests, .. } = self;
        self.blocked = outbox.send(&mut requests.client, sockets, &stats.send_errors).err();
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
        if let Some(transmit) = self.blocked
            && self.sockets.of(transmit).is_none_or(|socket| socket.poll_writable(context).is_ready())
        {
            self.blocked = None;
            something = true;
        }
        something |= self.look_ups.poll(context).is_ready();
        something |= self.preferences.poll(context).is_ready();
        if let Some(relay) = &mut self.sockets.relay
            && let Poll::Ready(change) = relay.poll(context)
        {
            self.changes.push(change);
            something = true;
        }
        if something { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Way for Path {
    fn requests(&self) -> &Requests {
        &self.requests
    }

    fn requests_mut(&mut self) -> &mut Requests {
        &mut self.requests
    }

    fn cancel(&mut self, now: Instant, id: RequestId) {
        if !self.preferences.end(id, None) {
            self.requests.cancel(now, id);
        }
    }

    fn give_up(&mut self, now: Instant, id: RequestId, after: f64) {
        let too_long = Failure::LookUpTimeout(proto::Failure::NotResponding(after));
        if !self.preferences.end(id, Some(too_long)) {
            self.requests.give_up(now, id, after);
        }
    }

    fn cancel_session(&mut self, now: Instant, session: SessionId) {
        self.preferences.cancel_session(session);
        self.requests.cancel_session(now, session);
    }

    fn pending(&self) -> usize {
        self.requests.pending() + self.preferences.pending()
    }

    /// An address that stands for a name behind a proxy means nothing outside. That of a name which the proxy has not shown
    /// yet is the relay's, as far as anybody here knows.
    fn deliver(&mut self, sessions: &mut Sessions) {
        for (id, answer) in self.preferences.take_ended() {
            match answer {
                Ok(preferences) => sessions.preferences(id, &preferences),
                Err(failure) => sessions.failure(id, &failure),
            }
        }
        let Self { requests, sockets, .. } = self;
        let Some(relay) = &sockets.relay else { return requests.deliver(sessions, Some, |address| address) };
        let relayed = relay.socket().map(|(_, relay)| relay);
        let told_as = |address| relay.real(address).or(relayed).unwrap_or(address);
        requests.deliver(sessions, |address| relay.real(address), told_as);
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

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::sync::mpsc::unbounded_channel;

    use super::*;
    use crate::proto::{Body, Connect, InfoHash, Outcome, Schedule, Scrape, Unreachable};

    #[tokio::test]
    async fn a_ping_is_told_of_a_closed_port_at_once() {
        let closed = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        // As the system at hand does it, and as all do.
        for connects in [!error_queue::TELLS_ALL, true] {
            let mut path = Path::new(Arc::default(), Shared::new(unbounded_channel().0), [5; 32]);
            path.sockets.connects = connects;
            let (id, schedule) = (RequestId(1), Schedule::new(60_000.0));
            let url = Arc::new(AnnounceUrl::parse(&format!("udp://{closed}")).unwrap());
            let body = Body::Connect(Connect { retransmit: false, looked_up: None });
            path.start(clock::now(), Start { id, url, family: None, transport: None, schedule, body });
            let (mut buffers, stats) = (ReceiveBuffers::new(), Stats::default());
            while path.requests.client.pending() > 0 {
                path.send(clock::now(), &stats);
                poll_fn(|context| path.poll(context)).await;
                path.receive(clock::now(), &mut buffers, &stats);
            }
            let Some((_, Outcome::Failed { failure, .. })) = path.requests.client.poll_outcome() else { panic!() };
            assert_eq!(failure, proto::Failure::Unreachable { address: closed, reason: Unreachable::Port });
            path.send(clock::now(), &stats);
            assert_eq!(path.sockets.iter().count(), 1);
        }
    }

    #[test]
    fn nobody_is_asked_for_a_name_while_the_way_out_is_not_there() {
        let gone = Transport { interface: Some("gone0".into()), ..Transport::default() };
        let mut path = Path::new(Arc::new(gone), Shared::new(unbounded_channel().0), [5; 32]);
        let url = Arc::new(AnnounceUrl::parse("udp://t.example:7").unwrap());
        let body = Body::Scrape(Scrape { info_hashes: vec![InfoHash([1; 20])] });
        let (id, schedule) = (RequestId(1), Schedule::new(15_000.0));
        path.start(clock::now(), Start { id, url: url.clone(), family: None, transport: None, schedule, body });
        path.ask_preferences(clock::now(), id, &url);
        let error = Failure::from(TransportError::NoInterface("gone0".into()));
        assert_eq!(path.requests.failed(), [(id, error.clone()), (id, error)]);
        assert!(path.requests.poll_look_up().is_none());
    }
}
