//! The socket that clients send to: many datagrams in a system call where the platform can, one where it cannot.

use std::{
    fs,
    io::{self, IoSliceMut},
    net::{IpAddr, SocketAddr},
};

use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use socket2::{Domain, Protocol, Type};
use tokio::{io::Interest, net::UdpSocket};

use crate::network::Datagram;

/// Systems cut it down to what they allow.
static BUFFER: i32 = 64 << 20;
/// No datagram, and no run of datagrams received as one, is longer.
const LONGEST: usize = 1 << 16;
/// How often a send is tried that finds no room.
const TRIES: usize = 1000;

pub(crate) struct Socket {
    socket: UdpSocket,
    state: UdpSocketState,
    bound: SocketAddr,
    memory: Vec<u8>,
    /// Datagrams that the system did not take.
    refused: u64,
}

/// A socket with a large buffer, bound to `address`.
pub(crate) fn bind(address: SocketAddr) -> io::Result<std::net::UdpSocket> {
    let socket = socket2::Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    enlarge(&socket);
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

fn enlarge(socket: &socket2::Socket) {
    if force(socket) {
        return;
    }
    // Refused where it is more than the system allows at all, instead of cut down.
    for size in [BUFFER, BUFFER >> 3, BUFFER >> 5] {
        if socket.set_recv_buffer_size(size as usize).is_ok() {
            return;
        }
    }
}

/// Linux gives root more than `net.core.rmem_max`.
#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "no crate at hand has this option")]
fn force(socket: &socket2::Socket) -> bool {
    use std::os::fd::AsRawFd;
    // SAFETY: the descriptor is open, and the value is an int that outlives the call.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_RCVBUFFORCE,
            (&raw const BUFFER).cast(),
            size_of_val(&BUFFER) as libc::socklen_t,
        )
    };
    result == 0
}

#[cfg(not(target_os = "linux"))]
fn force(_: &socket2::Socket) -> bool {
    false
}

impl Socket {
    pub(crate) fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::from_std(bind(address)?)?;
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        let bound = socket.local_addr()?;
        Ok(Self { socket, state, bound, memory: vec![0; BATCH_SIZE * LONGEST], refused: 0 })
    }

    pub(crate) fn bound(&self) -> SocketAddr {
        self.bound
    }

    pub(crate) async fn readable(&self) {
        // An error here shows again at the next receive.
        let _ = self.socket.readable().await;
    }

    /// Receives what is there, up to a batch; false when there is nothing. What does not come from loopback is ignored.
    pub(crate) fn receive(&mut self, mut on_datagram: impl FnMut(Datagram)) -> bool {
        let mut metas = [RecvMeta::default(); BATCH_SIZE];
        let mut chunks = self.memory.chunks_mut(LONGEST);
        let mut slices: [_; BATCH_SIZE] = std::array::from_fn(|_| IoSliceMut::new(chunks.next().unwrap_or_default()));
        let count = match self.state.recv(UdpSockRef::from(&self.socket), &mut slices, &mut metas) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                // Tokio has to hear of it, or `readable` goes on saying yes.
                let _ = self.socket.try_io(Interest::READABLE, || Err::<(), _>(error));
                return false;
            }
            // What an ICMP message made of an earlier send does not stop it.
            Err(_) => return true,
        };
        for (slice, meta) in slices.iter().zip(&metas).take(count) {
            if !meta.addr.ip().is_loopback() {
                continue;
            }
            let own = meta.dst_ip.unwrap_or(self.bound.ip());
            for bytes in slice.get(..meta.len).unwrap_or_default().chunks(meta.stride.max(1)) {
                on_datagram(Datagram { client: meta.addr, own, bytes: bytes.into() });
            }
        }
        true
    }

    pub(crate) fn send(&mut self, Datagram { client, own, bytes }: &Datagram) {
        let transmit =
            Transmit { destination: *client, ecn: None, contents: bytes, segment_size: None, src_ip: source(*own) };
        for _ in 0..TRIES {
            // Past tokio's notion of what is ready: a system takes what goes to loopback at once.
            match self.state.try_send(UdpSockRef::from(&self.socket), &transmit) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::yield_now(),
                _ => return,
            }
        }
        self.refused += 1;
    }

    /// Datagrams that the relay lost by itself: those that found no room in its receive buffer, which only Linux tells,
    /// or none on their way out.
    pub(crate) fn overflowed(&self) -> u64 {
        let table = if self.bound.is_ipv4() { "/proc/self/net/udp" } else { "/proc/self/net/udp6" };
        let port = format!(":{:04X}", self.bound.port());
        let overflowed = |line: &str| {
            let mut columns = line.split_whitespace();
            columns.nth(1).filter(|local| local.ends_with(&port))?;
            columns.next_back()?.parse::<u64>().ok()
        };
        self.refused + fs::read_to_string(table).unwrap_or_default().lines().filter_map(overflowed).sum::<u64>()
    }
}

fn source(own: IpAddr) -> Option<IpAddr> {
    (!own.is_unspecified()).then_some(own)
}
