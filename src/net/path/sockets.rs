//! The sockets of one path, and what errors in sending say of it.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use crate::{
    proto::{Client, Family, Instant, Port, SystemError, Transmit},
    requests::{Transport, TransportError},
};

use super::{
    super::{clock, network, proxy::ProxyConnection},
    error_queue,
    socket::{STALE, Socket},
    transport,
};

/// How long the broadcast addresses of the machine's networks are taken to be the same.
const BROADCASTS_KEPT: Duration = Duration::from_secs(1);
/// As many sockets are connected at a time. Connects by themselves beyond that are not told of closed ports.
const MOST_CONNECTED: usize = 64;

/// A socket, and what it is for.
pub(crate) struct Open {
    pub(crate) family: Family,
    pub(crate) port: Port,
    /// The only address that it is connected to, for the connects by themselves that go there.
    peer: Option<SocketAddr>,
    pub(crate) socket: Socket,
}

impl Open {
    /// Whether it is the one that all that is for a family leaves by.
    fn is_for(&self, family: Family, port: Port) -> bool {
        self.family == family && self.port == port && self.peer.is_none()
    }
}

/// The sockets of a path that have been needed so far, or its way through a proxy.
pub(crate) struct Sockets {
    transport: Arc<Transport>,
    open: Vec<Open>,
    /// Whether the system tells only of a connected socket what the network says of its datagrams.
    pub(super) connects: bool,
    /// The family that something came over last.
    pub(crate) heard: Option<Family>,
    /// The family that there was no route over, and no other way out either.
    pub(crate) unrouted: Option<Family>,
    /// The broadcast addresses of the machine's networks, and when they were asked for.
    broadcasts: Option<(Instant, Vec<IpAddr>)>,
    pub(crate) relay: Option<ProxyConnection>,
}

impl Sockets {
    pub(crate) fn new(transport: Arc<Transport>, relay: Option<ProxyConnection>) -> Self {
        let connects = !error_queue::TELLS_ALL;
        Self { transport, open: Vec::new(), connects, heard: None, unrouted: None, broadcasts: None, relay }
    }

    /// The socket that a datagram leaves by, bound when it is first needed, and where it sends it.
    ///
    /// # Errors
    /// There can be none: each time it is asked for, the system is.
    pub(crate) fn get(
        &mut self,
        client: &mut Client,
        transmit: Transmit,
    ) -> Result<(&Socket, SocketAddr), TransportError> {
        if self.relay.is_none() {
            self.open_for(client, transmit)?;
        }
        let by = match &self.relay {
            Some(relay) => relay.socket(),
            None => self.of(transmit).map(|socket| (socket, transmit.to)),
        };
        by.ok_or_else(|| TransportError::NoSocket(io::Error::other("proxy is not connected").into()))
    }

    fn open_for(&mut self, client: &mut Client, transmit: Transmit) -> Result<(), TransportError> {
        let Transmit { to, port, is_ping, .. } = transmit;
        let family = Family::of(&to);
        if !self.open.iter().any(|open| open.is_for(family, port)) {
            let socket = Socket::open(&self.transport, family)?;
            client.set_receive_buffer(socket.receive_buffer());
            self.open.push(Open { family, port, peer: None, socket });
        }
        if self.connects && is_ping {
            self.connect(to, port);
        }
        Ok(())
    }

    /// Opens a socket for one address, if there is none. Where there can be none, that of the port does.
    fn connect(&mut self, to: SocketAddr, port: Port) {
        let connected = self.open.iter().filter(|open| open.peer.is_some());
        if connected.clone().count() < MOST_CONNECTED
            && !connected.into_iter().any(|open| open.port == port && open.peer == Some(to))
            && let Ok(socket) = Socket::open(&self.transport, Family::of(&to))
            && let Ok(socket) = socket.connected_to(to)
        {
            self.open.push(Open { family: Family::of(&to), port, peer: Some(to), socket });
        }
    }

    /// Whether there is another socket than that of `port` for a family.
    pub(crate) fn has_other(&self, family: Family, port: Port) -> bool {
        self.open.iter().any(|open| open.family == family && open.port != port)
    }

    /// Closes the socket of a port for an address, which the transport does not stand behind any more.
    pub(crate) fn close(&mut self, port: Port, to: SocketAddr) {
        match &mut self.relay {
            Some(relay) => relay.leave(),
            None => self.open.retain(|open| open.port != port || open.family != Family::of(&to)),
        }
    }

    /// Whether an error of sending to `to` may mean that the socket is not what the transport names any more, and a new one
    /// tells.
    pub(crate) fn is_stale(&self, to: SocketAddr, error: &io::Error) -> bool {
        // What is wrong with the transport, only a new one says in its words.
        let is_ours = error.kind() != io::ErrorKind::WouldBlock && to.port() > 0 && !is_passing(error);
        error.kind() == STALE || (self.transport.is_bound() && is_ours)
    }

    /// Closes the sockets of ports by which nobody waits for anything, and of addresses that nobody pings.
    pub(crate) fn tidy(&mut self, client: &Client) {
        if self.open.len() > 1 {
            self.open.retain(|open| client.has_port(open.port) && open.peer.is_none_or(|peer| client.is_pinging(peer)));
        }
    }

    /// Why the relay may not be used any more, if so.
    pub(crate) fn check_relay(&mut self) -> Result<(), TransportError> {
        let Some(relay) = &mut self.relay else { return Ok(()) };
        let Some((socket, address)) = relay.socket() else { return Ok(()) };
        let checked = self.transport.check(Family::of(&address));
        if checked.is_err() || !socket.is_current() {
            relay.leave();
        }
        checked
    }

    /// Whether an error of sending to `to` is told at once, and as what; the others are retransmitted over.
    pub(crate) fn judge(&mut self, to: SocketAddr, error: &io::Error) -> (bool, SystemError) {
        let told = SystemError::from(error);
        if error.kind() == io::ErrorKind::PermissionDenied && self.is_broadcast(to.ip()) {
            return (true, SystemError { words: "it is a broadcast address".into(), ..told });
        }
        // A black hole among the routes, or a port that nobody can have.
        if error.kind() == io::ErrorKind::InvalidInput {
            return (to.port() == 0, told);
        }
        let family = Family::of(&to);
        if is_without_route(error) && !self.transport.is_bound() {
            if self.lacks(family) {
                let name = if family == Family::V4 { "IPv4" } else { "IPv6" };
                return (true, SystemError { words: format!("this machine has no route over {name}").into(), ..told });
            }
            self.unrouted = Some(family);
        }
        // Whoever says where to send from wants to know when that does not work.
        let chosen = self.transport.is_bound() && !is_passing(error);
        (chosen || is_lasting(error), told)
    }

    /// A firewall refuses with the same error, for each datagram: the machine is not asked for each.
    fn is_broadcast(&mut self, ip: IpAddr) -> bool {
        let now = clock::now();
        if self.broadcasts.as_ref().is_none_or(|(since, _)| now >= *since + BROADCASTS_KEPT) {
            self.broadcasts = Some((now, transport::broadcasts()));
        }
        self.broadcasts.as_ref().is_some_and(|(_, known)| known.contains(&ip))
    }

    /// Whether the machine has no way out over a family and has one over the other. Without any it is the network that is
    /// down, and may come up.
    fn lacks(&self, family: Family) -> bool {
        let other = if family == Family::V4 { Family::V6 } else { Family::V4 };
        network::source(family).is_none() && (self.heard == Some(other) || network::source(other).is_some())
    }

    /// The sockets there are, without that to a relay.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Open> {
        self.open.iter()
    }

    /// The same.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Open> {
        self.open.iter_mut()
    }

    /// The socket that a datagram leaves by, if there is one.
    pub(crate) fn of(&self, Transmit { to, port, is_ping, .. }: Transmit) -> Option<&Socket> {
        if let Some(relay) = &self.relay {
            return relay.socket().map(|(socket, _)| socket);
        }
        let own = self.open.iter().find(|open| is_ping && open.port == port && open.peer == Some(to));
        let found = own.or_else(|| self.open.iter().find(|open| open.is_for(Family::of(&to), port)));
        found.map(|open| &open.socket)
    }
}

/// The system's error numbers that say more here than the standard library's kinds of errors.
#[cfg(unix)]
mod numbers {
    pub(crate) const LASTING: &[i32] = &[libc::EMSGSIZE, libc::EAFNOSUPPORT, libc::EDESTADDRREQ];
    pub(crate) const NO_BUFFER: &[i32] = &[libc::ENOBUFS];
}

#[cfg(windows)]
mod numbers {
    /// WSAEDESTADDRREQ, WSAEMSGSIZE, WSAEAFNOSUPPORT, WSAEADDRNOTAVAIL (the port is 0, among others).
    pub(crate) const LASTING: &[i32] = &[10039, 10040, 10047, 10049];
    /// WSAENOBUFS
    pub(crate) const NO_BUFFER: &[i32] = &[10055];
}

#[cfg(not(any(unix, windows)))]
mod numbers {
    pub(crate) const LASTING: &[i32] = &[];
    pub(crate) const NO_BUFFER: &[i32] = &[];
}

fn is_one_of(error: &io::Error, numbers: &[i32]) -> bool {
    error.raw_os_error().is_some_and(|number| numbers.contains(&number))
}

/// Whether the same datagram could never be sent: too long, an address no packet can go to, a family the system does
/// not have.
fn is_lasting(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported || is_one_of(error, numbers::LASTING)
}

/// Whether the system knows no way to send it. Where IPv6 is switched off, it is the address to send from that is missing.
fn is_without_route(error: &io::Error) -> bool {
    use io::ErrorKind::{AddrNotAvailable, NetworkUnreachable};
    matches!(error.kind(), NetworkUnreachable | AddrNotAvailable)
}

/// Whether an error says nothing of the way out: what an ICMP message made of an earlier send, or no memory for now.
fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, Interrupted, OutOfMemory};
    matches!(error.kind(), ConnectionRefused | ConnectionReset | Interrupted | OutOfMemory)
        || is_one_of(error, numbers::NO_BUFFER)
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::{super::socket::DEFAULT_BUFFER, *};
    use crate::proto::{Body, Config, InfoHash, Origin, Request, RequestId, Schedule, Scrape};

    #[test]
    fn what_could_never_be_sent_is_told_from_what_may_pass() {
        #[cfg(unix)]
        let (lasting, passing) = ([libc::EDESTADDRREQ, libc::EMSGSIZE, libc::EAFNOSUPPORT], libc::ENOBUFS);
        #[cfg(windows)]
        let (lasting, passing) = ([10039, 10040, 10047], 10055);
        for number in lasting {
            let error = io::Error::from_raw_os_error(number);
            assert!(is_lasting(&error) && !is_passing(&error), "{error}");
        }
        let error = io::Error::from_raw_os_error(passing);
        assert!(is_passing(&error) && !is_lasting(&error), "{error}");
    }

    fn to(port: u16) -> SocketAddr {
        ([127, 0, 0, 1], port).into()
    }

    fn transmit(port: u32) -> Transmit {
        let origin = Origin::Request(RequestId(1));
        Transmit { to: to(1), port: Port(port), origin, is_timed: false, is_ping: false }
    }

    fn sockets(transport: Transport) -> Sockets {
        Sockets::new(Arc::new(transport), None)
    }

    fn bound() -> Transport {
        Transport { local_v4: Some([127, 0, 0, 1].into()), ..Transport::default() }
    }

    fn client() -> Client {
        Client::new(Config { receive_buffer: DEFAULT_BUFFER }, [1; 32])
    }

    /// How many trackers it asks at once.
    fn asked_at_once(client: &mut Client) -> usize {
        for n in 0..20_000u32 {
            let addresses = [SocketAddr::from(((0x0a00_0000 + n).to_be_bytes(), 1))].into();
            let body = Body::Scrape(Scrape { info_hashes: vec![InfoHash([1; 20])] });
            let schedule = Schedule::new(15_000.0);
            let request = Request { session: 1, host: n.to_string().into(), addresses, schedule, body };
            client.handle_request(Instant::START, RequestId(n.into()), request);
        }
        std::iter::from_fn(|| client.poll_transmit(Instant::START, &mut Vec::new())).count()
    }

    #[tokio::test]
    async fn as_much_is_asked_at_once_as_the_sockets_own_buffer_has_room_for() {
        let (mut told, mut sockets) = (client(), sockets(Transport::default()));
        let (socket, _) = sockets.get(&mut told, transmit(0)).unwrap();
        let mut expected = Client::new(Config { receive_buffer: socket.receive_buffer() }, [1; 32]);
        assert_eq!(asked_at_once(&mut told), asked_at_once(&mut expected));
        #[cfg(any(target_os = "linux", target_os = "android"))]
        assert!(
            asked_at_once(&mut told) != asked_at_once(&mut client()),
            "it is not what one has that asks for nothing"
        );
    }

    #[tokio::test]
    async fn a_port_is_a_socket_of_each_family_until_nobody_needs_it() {
        let (mut client, mut sockets) = (client(), sockets(Transport::default()));
        for port in [Port(0), Port(1), Port(1)] {
            sockets.get(&mut client, transmit(port.0)).unwrap();
        }
        assert_eq!(sockets.iter().count(), 2);
        assert!(sockets.has_other(Family::V4, Port(1)) && !sockets.has_other(Family::V6, Port(1)));
        assert!(sockets.of(transmit(1)).is_some() && sockets.of(transmit(2)).is_none());
        sockets.tidy(&client);
        assert_eq!(sockets.iter().map(|open| open.port).collect::<Vec<_>>(), [Port(0)], "the client has no other");
        sockets.close(Port(0), to(1));
        assert_eq!(sockets.iter().count(), 0);
    }

    #[tokio::test]
    async fn a_ping_has_a_socket_of_its_own_where_only_that_is_told_of_a_closed_port() {
        let (mut client, mut sockets) = (client(), sockets(Transport::default()));
        let ping = |n: u16| Transmit { to: to(n), is_ping: true, ..transmit(0) };
        sockets.connects = true;
        for transmit in [ping(1), ping(1), transmit(0), ping(2)] {
            sockets.get(&mut client, transmit).unwrap();
        }
        let peers = |sockets: &Sockets| sockets.iter().map(|open| open.peer).collect::<Vec<_>>();
        assert_eq!(peers(&sockets), [None, Some(to(1)), Some(to(2))]);
        let own = |transmit| {
            sockets.iter().position(|open| sockets.of(transmit).is_some_and(|own| ptr::eq(own, &open.socket)))
        };
        assert_eq!([ping(1), ping(2), ping(3), transmit(0)].map(own), [Some(1), Some(2), Some(0), Some(0)]);
        for n in 3..200 {
            sockets.get(&mut client, ping(n)).unwrap();
        }
        assert_eq!(sockets.iter().count(), 1 + MOST_CONNECTED);
        sockets.tidy(&client);
        assert_eq!(peers(&sockets), [None], "nobody waits for any of them");
    }

    #[test]
    fn a_socket_is_made_anew_when_it_or_a_chosen_way_out_is_not_what_it_was() {
        let gone = io::Error::from(io::ErrorKind::NetworkUnreachable);
        assert!(sockets(Transport::default()).is_stale(to(1), &STALE.into()));
        assert!(!sockets(Transport::default()).is_stale(to(1), &gone));
        assert!(sockets(bound()).is_stale(to(1), &gone));
        assert!(!sockets(bound()).is_stale(to(0), &gone), "nobody can have this port");
        for passing in [io::ErrorKind::WouldBlock, io::ErrorKind::ConnectionRefused] {
            assert!(!sockets(bound()).is_stale(to(1), &passing.into()));
        }
    }

    #[test]
    fn what_is_told_at_once_is_what_waiting_does_not_change() {
        let told = |transport, port, kind: io::ErrorKind| sockets(transport).judge(to(port), &kind.into()).0;
        assert!(told(Transport::default(), 0, io::ErrorKind::InvalidInput), "a port that nobody can have");
        assert!(!told(Transport::default(), 1, io::ErrorKind::InvalidInput), "a black hole among the routes");
        assert!(told(bound(), 1, io::ErrorKind::NetworkUnreachable), "whoever says where from wants to know");
        assert!(!told(Transport::default(), 1, io::ErrorKind::HostUnreachable));
        assert!(!told(bound(), 1, io::ErrorKind::OutOfMemory));
        let mut sockets = sockets(Transport::default());
        sockets.broadcasts = Some((clock::now(), vec![to(1).ip()]));
        let (is_told, error) = sockets.judge(to(1), &io::ErrorKind::PermissionDenied.into());
        assert_eq!((is_told, error.to_string().as_str()), (true, "it is a broadcast address"));
        assert!(!sockets.judge(([127, 0, 0, 2], 1).into(), &io::ErrorKind::PermissionDenied.into()).0, "a firewall");
    }

    #[test]
    fn a_family_is_lacking_where_the_other_is_there() {
        let mut sockets = sockets(Transport::default());
        let no_route = io::Error::from(io::ErrorKind::NetworkUnreachable);
        let other = |family| if family == Family::V4 { Family::V6 } else { Family::V4 };
        // It depends on the machine which family it has.
        for (family, to) in [(Family::V4, to(1)), (Family::V6, "[::1]:1".parse().unwrap())] {
            let is_there = network::source(family).is_some();
            (sockets.heard, sockets.unrouted) = (Some(other(family)), None);
            assert_eq!(sockets.judge(to, &no_route).0, !is_there);
            assert_eq!(sockets.unrouted, is_there.then_some(family));
        }
    }

    #[tokio::test]
    async fn a_relay_is_left_when_the_way_to_it_is_not_there_any_more() {
        let (relay, _control) = crate::net::proxy::tests::joined(to(9)).await;
        let mut sockets = Sockets::new(Arc::new(bound()), Some(relay));
        assert_eq!(sockets.check_relay(), Ok(()));
        assert!(sockets.of(transmit(0)).is_some());
        // An address of documentation (RFC 5737), which no machine has.
        let gone = Transport { local_v4: Some([192, 0, 2, 1].into()), ..Transport::default() };
        sockets.transport = Arc::new(gone);
        assert!(matches!(sockets.check_relay(), Err(TransportError::NoAddress { .. })));
        assert!(sockets.of(transmit(0)).is_none());
        assert!(sockets.get(&mut client(), transmit(0)).is_err());
    }

    #[test]
    fn kinds_of_errors_do_where_a_system_has_no_numbers() {
        assert!(is_lasting(&io::ErrorKind::Unsupported.into()));
        assert!(is_passing(&io::ErrorKind::ConnectionReset.into()));
    }
}
