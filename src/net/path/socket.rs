//! A UDP socket: many datagrams in a system call where the platform can, one where it cannot.

use std::{
    io::{self, IoSliceMut},
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use socket2::{SockRef, Type};
use tokio::{io::Interest, net::UdpSocket};

use crate::{
    proto::{Family, Instant},
    requests::{Transport, TransportError},
};

use super::{
    super::clock,
    error_queue::ErrorQueue,
    transport::{self, BoundTo},
};

/// What is asked for as buffers. Systems cut it down to what an ordinary user may have.
const WANTED_BUFFER: usize = 8 << 20;
/// What Linux gives a socket that asks for nothing; assumed where the size cannot be read.
pub(crate) const DEFAULT_BUFFER: usize = 212_992;
/// No UDP datagram, and no run of datagrams received as one, is longer.
const LONGEST: usize = 1 << 16;
/// No datagram lies in a socket for longer than this: it is the calendar that was set meanwhile.
const LONGEST_IN_SOCKET: Duration = Duration::from_secs(10);

/// Who sent a datagram, and when it arrived at this machine, as far as the system tells: otherwise, when it was read.
pub(crate) type Sender = (SocketAddr, Instant);

/// The kind of error of a socket that is to be made anew.
pub(crate) const STALE: io::ErrorKind = io::ErrorKind::StaleNetworkFileHandle;

fn index_of(name: &str) -> Option<NonZeroU32> {
    transport::index_of(name).ok()
}

pub(crate) struct Socket {
    socket: Arc<UdpSocket>,
    /// `None` where quinn-udp does not know its way about: then one datagram goes in a system call.
    state: Option<UdpSocketState>,
    receive_buffer: usize,
    family: Family,
    transport: Arc<Transport>,
    /// The numbers that the interface and the zone of the transport had when it was bound.
    bound_to: BoundTo,
    /// The address that it is bound to. Each datagram says that it comes from there, which Linux checks then: IPv6 would go on
    /// from one that has been taken away.
    source: Option<IpAddr>,
    /// What has not arrived.
    pub(crate) errors: ErrorQueue,
}

impl Socket {
    /// Binds a socket of `family` to an ephemeral port of the transport's address, or of every local address.
    pub(crate) fn open(transport: &Arc<Transport>, family: Family) -> Result<Self, TransportError> {
        Self::with(transport, family, state_of)
    }

    fn with(
        transport: &Arc<Transport>,
        family: Family,
        state_of: impl FnOnce(Family) -> io::Result<UdpSocketState>,
    ) -> Result<Self, TransportError> {
        let no_socket = |error: io::Error| TransportError::NoSocket(error.into());
        let bound_to = transport.bound_to(family, index_of);
        let socket = transport.open(family, Type::DGRAM)?;
        // Refused where it is more than the system allows at all, instead of cut down: the default has to do then.
        let _ = socket.set_recv_buffer_size(WANTED_BUFFER);
        let _ = socket.set_send_buffer_size(WANTED_BUFFER);
        let receive_buffer = socket.recv_buffer_size().unwrap_or(DEFAULT_BUFFER);
        allow_fragments(&socket, family);
        // It asks for options that a system may not have, which nothing here needs: Wine refuses to say whether an IPv4
        // socket takes IPv6.
        let state = state_of(family).ok();
        note_arrivals(&socket);
        let socket = Arc::new(UdpSocket::from_std(socket.into()).map_err(no_socket)?);
        let source = socket.local_addr().map(|local| local.ip()).ok();
        let source = source.filter(|ip| cfg!(any(target_os = "linux", target_os = "android")) && !ip.is_unspecified());
        let errors = ErrorQueue::new(&socket, family);
        let transport = transport.clone();
        Ok(Self { socket, state, receive_buffer, family, transport, bound_to, source, errors })
    }

    /// The same socket for one address: what comes from anywhere else is not even received, and a port there that is closed is
    /// an error.
    ///
    /// # Errors
    /// The system's, such as that there is no route.
    pub(crate) fn connected_to(mut self, address: SocketAddr) -> io::Result<Self> {
        SockRef::from(&*self.socket).connect(&address.into())?;
        self.errors.connected(self.family, address);
        Ok(self)
    }

    /// Whether what the transport names is still what this is bound to. It needs no descriptor where the system can be asked
    /// without one.
    ///
    /// Linux goes on sending through an interface's number after another has got its name. That it does not from an address
    /// that has been taken away is seen to in [`send`](Self::send).
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(crate) fn is_current(&self) -> bool {
        let index_of =
            |name: &str| rustix::net::netdevice::name_to_index(&self.socket, name).ok().and_then(NonZeroU32::new);
        !self.transport.is_bound() || self.bound_to == self.transport.bound_to(self.family, index_of)
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub(crate) fn is_current(&self) -> bool {
        !self.transport.is_bound()
            || (self.bound_to == self.transport.bound_to(self.family, index_of)
                && self.transport.check(self.family).is_ok())
    }

    /// The receive buffer in bytes, as the kernel counts.
    pub(crate) fn receive_buffer(&self) -> usize {
        self.receive_buffer
    }

    /// How many datagrams of one size to one address can go out in one [`send`](Self::send).
    pub(crate) fn longest_run(&self) -> usize {
        self.state.as_ref().map_or(1, UdpSocketState::max_gso_segments)
    }

    /// Sends `datagrams`, which lie one behind the other, each `length` bytes long, to one address. Nothing leaves that the
    /// transport does not stand behind at this moment.
    ///
    /// # Errors
    /// Those of the system, and [`STALE`] when the socket is not what the transport names any more.
    pub(crate) fn send(&self, to: SocketAddr, datagrams: &[u8], length: usize) -> io::Result<()> {
        if !self.is_current() {
            return Err(STALE.into());
        }
        match self.try_send(to, datagrams, length) {
            // It may be about an earlier datagram, to another address: told once, it is gone.
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => self.try_send(to, datagrams, length),
            result => result,
        }
    }

    /// Sends one datagram, as soon as the socket takes it.
    pub(crate) async fn send_one(&self, to: SocketAddr, datagram: &[u8]) -> io::Result<()> {
        loop {
            self.socket.writable().await?;
            match self.send(to, datagram, datagram.len()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return result,
            }
        }
    }

    /// Receives one datagram, of a socket that is connected.
    pub(crate) async fn receive_one(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.recv(buffer).await
    }

    fn try_send(&self, to: SocketAddr, datagrams: &[u8], length: usize) -> io::Result<()> {
        // Most systems do not want to be told where to, by whoever has a connected socket.
        if self.errors.peer.is_some() && self.source.is_none() {
            return self.socket.try_send(datagrams).map(drop);
        }
        let Some(state) = &self.state else {
            return self.socket.try_send_to(datagrams, to).map(drop);
        };
        let segment_size = (length < datagrams.len()).then_some(length);
        let transmit = Transmit { destination: to, ecn: None, contents: datagrams, segment_size, src_ip: self.source };
        self.socket.try_io(Interest::WRITABLE, || state.try_send(UdpSockRef::from(&self.socket), &transmit))
    }

    /// Receives what is there, up to a batch, and hands on each datagram with its sender. Returns how many there were.
    pub(crate) fn receive(
        &self,
        buffers: &mut ReceiveBuffers,
        mut on_datagram: impl FnMut(Sender, &[u8]),
    ) -> io::Result<usize> {
        let Some(state) = &self.state else {
            let buffer = buffers.first();
            let (length, from) = self.socket.try_recv_from(buffer)?;
            on_datagram((from, clock::now()), buffer.get(..length).unwrap_or_default());
            return Ok(1);
        };
        let mut meta = [RecvMeta::default(); BATCH_SIZE];
        let mut slices = buffers.slices();
        let count = self
            .socket
            .try_io(Interest::READABLE, || state.recv(UdpSockRef::from(&self.socket), &mut slices, &mut meta))?;
        let (now, calendar) = (clock::now(), SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
        let mut datagrams = 0;
        for (slice, meta) in slices.iter().zip(&meta).take(count) {
            let received = slice.get(..meta.len).unwrap_or_default();
            let waited = meta.timestamp.and_then(|arrived| calendar.checked_sub(arrived));
            let waited = waited.filter(|waited| *waited < LONGEST_IN_SOCKET).unwrap_or_default();
            let sender = (meta.addr, now - waited);
            if received.is_empty() {
                on_datagram(sender, received);
                datagrams += 1;
            }
            for datagram in received.chunks(meta.stride.max(1)) {
                on_datagram(sender, datagram);
                datagrams += 1;
            }
        }
        Ok(datagrams)
    }

    /// Whether there is something to receive. An error shows again at the next receive.
    pub(crate) fn poll_readable(&self, context: &mut Context<'_>) -> Poll<()> {
        self.socket.poll_recv_ready(context).map(drop)
    }

    /// Whether it takes datagrams.
    pub(crate) fn poll_writable(&self, context: &mut Context<'_>) -> Poll<()> {
        self.socket.poll_send_ready(context).map(drop)
    }
}

/// What quinn-udp knows of a kind of socket.
///
/// It is made of a socket that is thrown away, because making it forbids fragmentation, as QUIC wants it, and has the
/// system report more of each datagram than is read here.
fn state_of(family: Family) -> io::Result<UdpSocketState> {
    let other = Transport::default().open(family, Type::DGRAM).map_err(io::Error::other)?;
    UdpSocketState::new(UdpSockRef::from(&other))
}

/// Lets a request that is too long for a link on its way (a long URL over a VPN) arrive in pieces.
///
/// Linux forbids it by itself, to find out what fits: where no answer comes to that, nothing arrives. In IPv6 only the
/// sender may cut, which its own default does. A system that has no such option has nothing to be told.
fn allow_fragments(socket: &socket2::Socket, family: Family) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if family == Family::V4 {
        let _ = rustix::net::sockopt::set_ip_mtu_discover(socket, rustix::net::sockopt::Ipv4PathMtuDiscovery::DONT);
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (socket, family);
}

/// Has the system say of each datagram when it arrived: this process may have had other things to do.
fn note_arrivals(socket: &socket2::Socket) {
    // Where it does not, it is when the datagram is read.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = nix::sys::socket::setsockopt(socket, nix::sys::socket::sockopt::ReceiveTimestampns, &true);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = socket;
}

/// Memory that incoming datagrams are received into, reused for ever. The pages of what never comes are never touched.
pub(crate) struct ReceiveBuffers(Vec<u8>);

impl ReceiveBuffers {
    pub(crate) fn new() -> Self {
        Self(vec![0; BATCH_SIZE * LONGEST])
    }

    fn slices(&mut self) -> [IoSliceMut<'_>; BATCH_SIZE] {
        let mut chunks = self.0.chunks_mut(LONGEST);
        std::array::from_fn(|_| IoSliceMut::new(chunks.next().unwrap_or_default()))
    }

    fn first(&mut self) -> &mut [u8] {
        self.0.get_mut(..LONGEST).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;
    use crate::proto::Unreachable;

    #[test]
    fn a_socket_that_quinn_udp_does_not_know_sends_and_receives_all_the_same() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            let refused = |_: Family| Err(io::ErrorKind::Unsupported.into());
            let socket = Socket::with(&Arc::default(), Family::V4, refused).unwrap();
            assert_eq!(socket.longest_run(), 1);
            let peer = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
            let to = peer.local_addr().unwrap();
            let mut buffers = ReceiveBuffers::new();
            for sent in [&b"a question"[..], b"", b"another"] {
                poll_fn(|context| socket.poll_writable(context)).await;
                socket.send(to, sent, sent.len()).unwrap();
                let mut bytes = [0; 64];
                let (length, from) = peer.recv_from(&mut bytes).unwrap();
                assert_eq!(bytes.get(..length), Some(sent));
                peer.send_to(sent, from).unwrap();

                let mut received = Vec::new();
                loop {
                    poll_fn(|context| socket.poll_readable(context)).await;
                    let result =
                        socket.receive(&mut buffers, |(from, _), datagram| received.push((from, datagram.to_vec())));
                    match result {
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                        result => break assert_eq!(result.unwrap(), 1),
                    }
                }
                assert_eq!(received, [(to, sent.to_vec())]);
            }
        });
    }

    fn peer() -> (std::net::UdpSocket, SocketAddr) {
        let peer = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = peer.local_addr().unwrap();
        (peer, address)
    }

    async fn send(socket: &Socket, to: SocketAddr) -> io::Result<()> {
        poll_fn(|context| socket.poll_writable(context)).await;
        socket.send(to, b"datagram", 8)
    }

    #[tokio::test]
    async fn nothing_is_sent_by_a_socket_that_is_not_what_its_transport_names() {
        let (peer, to) = peer();
        let transport = Arc::new(Transport { local_v4: Some([127, 0, 0, 1].into()), ..Transport::default() });
        let mut socket = Socket::open(&transport, Family::V4).unwrap();
        send(&socket, to).await.unwrap();
        peer.recv_from(&mut [0; 8]).unwrap();
        let other = Transport { interface: Some("tun7".into()), ..Transport::default() };
        socket.bound_to = other.bound_to(Family::V4, |_| NonZeroU32::new(7));
        assert_eq!(send(&socket, to).await.unwrap_err().kind(), STALE);
        peer.set_nonblocking(true).unwrap();
        assert_eq!(peer.recv_from(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert_eq!(socket.send_one(to, b"one").await.unwrap_err().kind(), STALE);
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[tokio::test]
    async fn a_closed_port_is_told_with_the_datagram_and_costs_no_other_address() {
        let ((peer, to), closed) = (peer(), peer().1);
        let mut socket = Socket::open(&Arc::default(), Family::V4).unwrap();
        for _ in 0..3 {
            send(&socket, closed).await.unwrap();
            poll_fn(|context| socket.errors.poll(context)).await;
            // The error of the first waits to be told to whoever sends next.
            send(&socket, to).await.unwrap();
            peer.recv_from(&mut [0; 8]).unwrap();
            let mut told = Vec::new();
            socket.errors.drain(|to, quoted, reason| told.push((to, quoted.to_vec(), reason)));
            assert_eq!(told, [(closed, b"datagram".to_vec(), Unreachable::Port)]);
            socket.errors.drain(|_, _, _| panic!("it has been told"));
        }
    }

    #[tokio::test]
    async fn a_connected_socket_tells_of_its_closed_port() {
        let closed = peer().1;
        let mut socket = Socket::open(&Arc::default(), Family::V4).unwrap().connected_to(closed).unwrap();
        send(&socket, closed).await.unwrap();
        let mut told = Vec::new();
        let mut buffers = ReceiveBuffers::new();
        while told.is_empty() {
            poll_fn(|context| {
                let is_told = socket.errors.poll(context).is_ready() || socket.poll_readable(context).is_ready();
                if is_told { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            if let Err(error) = socket.receive(&mut buffers, |_, _| panic!("nobody has sent anything")) {
                socket.errors.note(&error);
            }
            socket.errors.drain(|to, quoted, reason| told.push((to, quoted.to_vec(), reason)));
        }
        assert_eq!(told, [(closed, Vec::new(), Unreachable::Port)]);
        socket.errors.drain(|_, _, _| panic!("it has been told"));
    }

    #[tokio::test]
    async fn a_connected_socket_hears_its_address_alone() {
        let ((peer, to), (other, _)) = (peer(), peer());
        for local_v4 in [None, Some([127, 0, 0, 1].into())] {
            let transport = Arc::new(Transport { local_v4, ..Transport::default() });
            let socket = Socket::open(&transport, Family::V4).unwrap().connected_to(to).unwrap();
            socket.send_one(to, b"question").await.unwrap();
            let (_, from) = peer.recv_from(&mut [0; 8]).unwrap();
            other.send_to(b"forged", from).unwrap();
            peer.send_to(b"answer", from).unwrap();
            let mut buffer = [0; 64];
            let length = socket.receive_one(&mut buffer).await.unwrap();
            assert_eq!(buffer.get(..length), Some(&b"answer"[..]));
        }
    }
}
