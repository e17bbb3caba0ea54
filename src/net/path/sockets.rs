//! The sockets of one path, and what errors in sending say of it.

use std::{io, net::SocketAddr, sync::Arc};

use crate::proto::{Client, Family};

use super::{
    super::proxy::ProxyConnection,
    socket::{ReceiveBuffers, Socket},
    transport::{self, Transport, TransportError},
};

/// The sockets of a path that have been needed so far, or its way through a proxy.
pub(crate) struct Sockets {
    transport: Arc<Transport>,
    v4: Option<Socket>,
    v6: Option<Socket>,
    pub(crate) relay: Option<ProxyConnection>,
}

impl Sockets {
    pub(crate) fn new(transport: Arc<Transport>, relay: Option<ProxyConnection>) -> Self {
        Self { transport, v4: None, v6: None, relay }
    }

    /// The socket for an address, bound when it is first needed, and where it sends what is for that address.
    ///
    /// # Errors
    /// There can be none: each time it is asked for, the system is.
    pub(crate) fn get(&mut self, client: &mut Client, to: SocketAddr) -> Result<(&Socket, SocketAddr), TransportError> {
        if let Some(relay) = &self.relay {
            return relay.socket().ok_or_else(|| TransportError::NoSocket("proxy is not connected".into()));
        }
        let family = Family::of(&to);
        let slot = match family {
            Family::V4 => &mut self.v4,
            Family::V6 => &mut self.v6,
        };
        let socket = match slot {
            Some(socket) => socket,
            None => {
                let socket = Socket::open(&self.transport, family)?;
                client.set_receive_buffer(socket.receive_buffer());
                slot.insert(socket)
            }
        };
        Ok((socket, to))
    }

    /// Closes what the transport no longer stands behind: before each send, since the system would go on sending.
    pub(crate) fn check(&mut self) {
        if !self.transport.is_bound() {
            return;
        }
        for (family, slot) in [(Family::V4, &mut self.v4), (Family::V6, &mut self.v6)] {
            slot.take_if(|socket| !socket.is_current(&self.transport) || self.transport.check(family).is_err());
        }
    }

    /// Why the relay may not be used any more, if so.
    pub(crate) fn check_relay(&mut self) -> Result<(), TransportError> {
        let Some(relay) = &mut self.relay else { return Ok(()) };
        let Some((socket, address)) = relay.socket() else { return Ok(()) };
        let checked = self.transport.check(Family::of(&address));
        if checked.is_err() || !socket.is_current(&self.transport) {
            relay.leave();
        }
        checked
    }

    /// Whether an error of sending to `to` is told at once, and in which words; the others are retransmitted over.
    pub(crate) fn judge(&self, to: SocketAddr, error: &io::Error) -> (bool, String) {
        if error.kind() == io::ErrorKind::PermissionDenied && transport::is_broadcast(to.ip()) {
            return (true, "it is a broadcast address".to_owned());
        }
        // Whoever says where to send from wants to know when that does not work.
        let chosen = self.transport.is_bound() && !is_passing(error);
        (chosen || is_lasting(error), error.to_string())
    }

    /// Receives what is there for a family, up to a batch, and hands on each datagram with its sender. Returns how many
    /// there were.
    pub(crate) fn receive(
        &mut self,
        family: Family,
        buffers: &mut ReceiveBuffers,
        on_datagram: impl FnMut(SocketAddr, &[u8]),
    ) -> io::Result<usize> {
        let Self { v4, v6, relay, .. } = self;
        if let Some(relay) = relay {
            return if family == Family::V4 { relay.receive(buffers, on_datagram) } else { Ok(0) };
        }
        let socket = if family == Family::V4 { v4 } else { v6 };
        socket.as_ref().map_or(Ok(0), |socket| socket.receive(buffers, on_datagram))
    }

    /// Under which family [`of`](Self::of) has the socket for an address.
    pub(crate) fn family_for(&self, to: SocketAddr) -> Family {
        if self.relay.is_some() { Family::V4 } else { Family::of(&to) }
    }

    /// The socket of a family, if there is one. The one to a relay is there as the IPv4 one.
    pub(crate) fn of(&self, family: Family) -> Option<&Socket> {
        if let Some(relay) = &self.relay {
            return relay.socket().map(|(socket, _)| socket).filter(|_| family == Family::V4);
        }
        match family {
            Family::V4 => self.v4.as_ref(),
            Family::V6 => self.v6.as_ref(),
        }
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
    use io::ErrorKind::{InvalidInput, Unsupported};
    matches!(error.kind(), InvalidInput | Unsupported) || is_one_of(error, numbers::LASTING)
}

/// Whether an error says nothing of the way out: what an ICMP message made of an earlier send, or no memory for now.
fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, Interrupted, OutOfMemory};
    matches!(error.kind(), ConnectionRefused | ConnectionReset | Interrupted | OutOfMemory)
        || is_one_of(error, numbers::NO_BUFFER)
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn kinds_of_errors_do_where_a_system_has_no_numbers() {
        assert!(is_lasting(&io::ErrorKind::InvalidInput.into()));
        assert!(is_lasting(&io::ErrorKind::Unsupported.into()));
        assert!(is_passing(&io::ErrorKind::ConnectionReset.into()));
    }
}
