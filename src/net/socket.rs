//! A UDP socket: many datagrams in a system call where the platform can, one where it cannot.

use std::{
    io::{self, IoSliceMut},
    net::SocketAddr,
    num::NonZeroU32,
    task::{Context, Poll},
};

use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use socket2::Type;
use tokio::{io::Interest, net::UdpSocket};

use crate::proto::Family;

use super::route::{Route, RouteError};

/// What is asked for as buffers. Systems cut it down to what an ordinary user may have.
const WANTED_BUFFER: usize = 8 << 20;
/// What Linux gives a socket that asks for nothing; assumed where the size cannot be read.
pub(super) const DEFAULT_BUFFER: usize = 212_992;
/// No UDP datagram, and no run of datagrams received as one, is longer.
const LONGEST: usize = 1 << 16;

pub(super) struct Socket {
    socket: UdpSocket,
    state: UdpSocketState,
    receive_buffer: usize,
    /// The number of the interface that it is tied to.
    interface: Option<NonZeroU32>,
}

impl Socket {
    /// Binds a socket of `family` to an ephemeral port of the route's address, or of every local address.
    pub(super) fn open(route: &Route, family: Family) -> Result<Self, RouteError> {
        let no_socket = |error: io::Error| RouteError::NoSocket(error.to_string());
        let interface = route.interface_index();
        let socket = route.open(family, Type::DGRAM)?;
        // Refused where it is more than the system allows at all, instead of cut down: the default has to do then.
        let _ = socket.set_recv_buffer_size(WANTED_BUFFER);
        let _ = socket.set_send_buffer_size(WANTED_BUFFER);
        let receive_buffer = socket.recv_buffer_size().unwrap_or(DEFAULT_BUFFER);
        let state = state_of(&socket, family).map_err(no_socket)?;
        let socket = UdpSocket::from_std(socket.into()).map_err(no_socket)?;
        Ok(Self { socket, state, receive_buffer, interface })
    }

    /// Whether the interface that it is tied to is the one that has the route's name now.
    pub(super) fn is_current(&self, route: &Route) -> bool {
        self.interface == route.interface_index()
    }

    /// The receive buffer in bytes, as the kernel counts.
    pub(super) fn receive_buffer(&self) -> usize {
        self.receive_buffer
    }

    /// How many datagrams of one size to one address can go out in one [`send`](Self::send).
    pub(super) fn longest_run(&self) -> usize {
        self.state.max_gso_segments()
    }

    /// Sends `datagrams`, which lie one behind the other, each `length` bytes long, to one address.
    pub(super) fn send(&self, to: SocketAddr, datagrams: &[u8], length: usize) -> io::Result<()> {
        let segment_size = (length < datagrams.len()).then_some(length);
        let transmit = Transmit { destination: to, ecn: None, contents: datagrams, segment_size, src_ip: None };
        self.socket.try_io(Interest::WRITABLE, || self.state.try_send(UdpSockRef::from(&self.socket), &transmit))
    }

    /// Receives what is there, up to a batch, and hands on each datagram with its sender. Returns how many there were.
    pub(super) fn receive(
        &self,
        buffers: &mut ReceiveBuffers,
        mut on_datagram: impl FnMut(SocketAddr, &[u8]),
    ) -> io::Result<usize> {
        let mut meta = [RecvMeta::default(); BATCH_SIZE];
        let mut slices = buffers.slices();
        let count = self
            .socket
            .try_io(Interest::READABLE, || self.state.recv(UdpSockRef::from(&self.socket), &mut slices, &mut meta))?;
        let mut datagrams = 0;
        for (slice, meta) in slices.iter().zip(&meta).take(count) {
            let received = slice.get(..meta.len).unwrap_or_default();
            if received.is_empty() {
                on_datagram(meta.addr, received);
                datagrams += 1;
            }
            for datagram in received.chunks(meta.stride.max(1)) {
                on_datagram(meta.addr, datagram);
                datagrams += 1;
            }
        }
        Ok(datagrams)
    }

    /// Whether there is something to receive. An error shows again at the next receive.
    pub(super) fn poll_readable(&self, context: &mut Context<'_>) -> Poll<()> {
        self.socket.poll_recv_ready(context).map(drop)
    }

    /// Whether it takes datagrams.
    pub(super) fn poll_writable(&self, context: &mut Context<'_>) -> Poll<()> {
        self.socket.poll_send_ready(context).map(drop)
    }
}

/// What quinn-udp knows of a kind of socket.
///
/// It is made of a socket that is thrown away, because making it forbids fragmentation, as QUIC wants it, and has the
/// system report more of each datagram than is read here. A request that is too long for a link on its way (a long URL over
/// a VPN) has to arrive in pieces.
fn state_of(socket: &socket2::Socket, family: Family) -> io::Result<UdpSocketState> {
    let other = Route::default().open(family, Type::DGRAM)?;
    let state = UdpSocketState::new(UdpSockRef::from(&other))?;
    // Linux sets the bit by itself, to find out what fits: where no answer comes to that, nothing arrives. In IPv6 only the
    // sender may cut, which its own default does.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if family == Family::V4 {
        rustix::net::sockopt::set_ip_mtu_discover(socket, rustix::net::sockopt::Ipv4PathMtuDiscovery::DONT)?;
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = socket;
    Ok(state)
}

/// Memory that incoming datagrams are received into, reused for ever. The pages of what never comes are never touched.
pub(super) struct ReceiveBuffers(Vec<u8>);

impl ReceiveBuffers {
    pub(super) fn new() -> Self {
        Self(vec![0; BATCH_SIZE * LONGEST])
    }

    fn slices(&mut self) -> [IoSliceMut<'_>; BATCH_SIZE] {
        let mut chunks = self.0.chunks_mut(LONGEST);
        std::array::from_fn(|_| IoSliceMut::new(chunks.next().unwrap_or_default()))
    }
}
