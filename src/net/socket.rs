//! One UDP socket a family: many datagrams in a system call where the platform can, one where it cannot.

use std::{
    io::{self, IoSliceMut},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use socket2::{Domain, Protocol, Type};
use tokio::{io::Interest, net::UdpSocket};

use crate::proto::{Client, Family};

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
}

impl Socket {
    /// Binds a socket of `family` to an ephemeral port of every local address.
    pub(super) fn bind(family: Family) -> io::Result<Self> {
        let (domain, address) = match family {
            Family::V4 => (Domain::IPV4, SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))),
            Family::V6 => (Domain::IPV6, SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0))),
        };
        let socket = socket2::Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
        if family == Family::V6 {
            socket.set_only_v6(true)?;
        }
        // Refused where it is more than the system allows at all, instead of cut down: the default has to do then.
        let _ = socket.set_recv_buffer_size(WANTED_BUFFER);
        let _ = socket.set_send_buffer_size(WANTED_BUFFER);
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        let receive_buffer = socket.recv_buffer_size().unwrap_or(DEFAULT_BUFFER);
        let socket = UdpSocket::from_std(socket.into())?;
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        Ok(Self { socket, state, receive_buffer })
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

    pub(super) async fn readable(&self) {
        // An error here shows again at the next receive.
        let _ = self.socket.readable().await;
    }

    pub(super) async fn writable(&self) {
        let _ = self.socket.writable().await;
    }
}

/// The sockets that have been needed so far.
#[derive(Default)]
pub(super) struct Sockets {
    pub(super) v4: Option<Socket>,
    pub(super) v6: Option<Socket>,
}

impl Sockets {
    /// The socket for an address, bound when it is first needed.
    pub(super) fn get(&mut self, client: &mut Client, to: SocketAddr) -> io::Result<&Socket> {
        let family = Family::of(&to);
        let slot = match family {
            Family::V4 => &mut self.v4,
            Family::V6 => &mut self.v6,
        };
        if slot.is_none() {
            let socket = Socket::bind(family)?;
            client.set_receive_buffer(socket.receive_buffer());
            *slot = Some(socket);
        }
        slot.as_ref().ok_or_else(|| io::Error::other("no socket"))
    }

    pub(super) fn of(&self, family: Family) -> Option<&Socket> {
        match family {
            Family::V4 => self.v4.as_ref(),
            Family::V6 => self.v6.as_ref(),
        }
    }
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
