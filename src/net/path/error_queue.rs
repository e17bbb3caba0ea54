//! What ICMP messages say of datagrams that a socket has sent: which did not arrive, and why.
//!
//! Linux keeps them in a queue at the socket, with the datagram's address and its beginning. Elsewhere a socket is only told
//! what is about the one address that it is connected to, as an error of the next call: connects by themselves have such
//! sockets there, and for all else a closed port is like one that does not answer.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::net::UdpSocket;

use crate::proto::{Family, Unreachable};

#[cfg(any(target_os = "linux", target_os = "android"))]
mod system {
    use std::{
        io::IoSliceMut,
        net::{SocketAddrV4, SocketAddrV6},
        os::fd::AsRawFd,
        pin::Pin,
    };

    use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt};
    use tokio::io::Interest;

    use super::*;

    /// Whether the system tells a socket that sends to many addresses.
    pub(crate) const TELLS_ALL: bool = true;
    /// As much of a datagram as is read: a request has its transaction ID in its first 16 bytes.
    const QUOTED: usize = 64;
    /// Room for what comes with a message: the error, who sent it, and when.
    const CONTROL: usize = 512;
    /// The most messages that are read at a time.
    const MOST: usize = 256;

    pub(crate) struct Queue {
        socket: Arc<UdpSocket>,
        /// `None` where the system refuses to keep them.
        next: Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>>,
        /// Whether there are messages to read.
        is_filled: bool,
    }

    impl Queue {
        pub(crate) fn new(socket: &Arc<UdpSocket>, family: Family) -> Self {
            let kept = match family {
                Family::V4 => setsockopt(socket, sockopt::Ipv4RecvErr, &true),
                Family::V6 => setsockopt(socket, sockopt::Ipv6RecvErr, &true),
            };
            Self { socket: socket.clone(), next: kept.ok().map(|()| next_error(socket)), is_filled: false }
        }

        pub(crate) fn stop(&mut self, family: Family) {
            let _ = match family {
                Family::V4 => setsockopt(&self.socket, sockopt::Ipv4RecvErr, &false),
                Family::V6 => setsockopt(&self.socket, sockopt::Ipv6RecvErr, &false),
            };
        }

        pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
            let polled = self.next.as_mut().map_or(Poll::Pending, |next| next.as_mut().poll(context));
            self.is_filled |= polled.is_ready();
            polled
        }

        pub(crate) fn drain(&mut self, mut on_error: impl FnMut(SocketAddr, &[u8], Unreachable)) {
            if !std::mem::take(&mut self.is_filled) {
                return;
            }
            let mut control = vec![0; CONTROL];
            for _ in 0..MOST {
                let mut quoted = [0; QUOTED];
                let mut slices = [IoSliceMut::new(&mut quoted)];
                let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
                let message =
                    recvmsg::<SockaddrStorage>(self.socket.as_raw_fd(), &mut slices, Some(&mut control), flags);
                let Ok(message) = message else { break };
                let (to, length) = (message.address.as_ref().and_then(address), message.bytes);
                let error = message.cmsgs().ok().and_then(|mut all| all.find_map(|one| told_by_icmp(&one)));
                if let (Some(to), Some(reason)) = (to, error) {
                    on_error(to, quoted.get(..length).unwrap_or_default(), reason);
                }
            }
            // What comes from here on wakes us again.
            let _ = self.socket.try_io(Interest::ERROR, || io::Result::<()>::Err(io::ErrorKind::WouldBlock.into()));
            self.next = Some(next_error(&self.socket));
        }
    }

    fn next_error(socket: &Arc<UdpSocket>) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        let socket = socket.clone();
        Box::pin(async move { drop(socket.ready(Interest::ERROR).await) })
    }

    fn address(storage: &SockaddrStorage) -> Option<SocketAddr> {
        let v4 = storage.as_sockaddr_in().map(|&v4| SocketAddrV4::from(v4).into());
        v4.or_else(|| storage.as_sockaddr_in6().map(|&v6| SocketAddrV6::from(v6).into()))
    }

    /// What a message means, if it is of ICMP and not of our own system, which tells whoever sends.
    fn told_by_icmp(message: &ControlMessageOwned) -> Option<Unreachable> {
        let error = match message {
            ControlMessageOwned::Ipv4RecvErr(error, _) | ControlMessageOwned::Ipv6RecvErr(error, _) => error,
            _ => return None,
        };
        if error.ee_origin != libc::SO_EE_ORIGIN_ICMP && error.ee_origin != libc::SO_EE_ORIGIN_ICMP6 {
            return None;
        }
        unreachable(&io::Error::from_raw_os_error(error.ee_errno as i32))
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod system {
    use super::*;

    pub(crate) const TELLS_ALL: bool = false;

    pub(crate) struct Queue;

    impl Queue {
        pub(crate) fn new(_: &Arc<UdpSocket>, _: Family) -> Self {
            Self
        }

        pub(crate) fn stop(&mut self, _: Family) {}

        pub(crate) fn poll(&mut self, _: &mut Context<'_>) -> Poll<()> {
            Poll::Pending
        }

        pub(crate) fn drain(&mut self, _: impl FnMut(SocketAddr, &[u8], Unreachable)) {}
    }
}

pub(crate) use system::TELLS_ALL;

/// What there is to be told to one socket.
pub(crate) struct ErrorQueue {
    socket: Arc<UdpSocket>,
    /// The only address that errors can be about, of a socket that is connected.
    pub(super) peer: Option<SocketAddr>,
    /// What an error has said of it.
    told: Option<Unreachable>,
    system: system::Queue,
}

impl ErrorQueue {
    pub(crate) fn new(socket: &Arc<UdpSocket>, family: Family) -> Self {
        let (socket, system) = (socket.clone(), system::Queue::new(socket, family));
        Self { socket, peer: None, told: None, system }
    }

    /// The socket is connected: the system is to tell errors in sending and receiving alone.
    pub(crate) fn connected(&mut self, family: Family, peer: SocketAddr) {
        self.system.stop(family);
        self.peer = Some(peer);
    }

    /// Receiving has failed.
    pub(crate) fn note(&mut self, error: &io::Error) {
        self.told = unreachable(error).or(self.told);
    }

    /// Ready when there are messages, of a system that tells by itself.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.system.poll(context)
    }

    /// Hands on each message: where the datagram went, how it began as far as the system says, and what became of it.
    pub(crate) fn drain(&mut self, mut on_error: impl FnMut(SocketAddr, &[u8], Unreachable)) {
        if let Some(peer) = self.peer {
            if let Ok(Some(error)) = self.socket.take_error() {
                self.note(&error);
            }
            if let Some(reason) = self.told.take() {
                on_error(peer, &[], reason);
            }
        }
        self.system.drain(on_error);
    }
}

/// What an error that an ICMP message was made into says.
fn unreachable(error: &io::Error) -> Option<Unreachable> {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, HostUnreachable, NetworkUnreachable, PermissionDenied};
    match error.kind() {
        // The second is what Windows says of a closed port.
        ConnectionRefused | ConnectionReset => Some(Unreachable::Port),
        HostUnreachable => Some(Unreachable::Host),
        NetworkUnreachable => Some(Unreachable::Network),
        PermissionDenied => Some(Unreachable::Prohibited),
        #[cfg(unix)]
        _ if error.raw_os_error() == Some(libc::EHOSTDOWN) => Some(Unreachable::Host),
        _ => None,
    }
}
