//! The sockets of one path, and what errors in sending say of it.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use crate::{
    proto::{Client, Family, Instant, Port, SendError},
    requests::{Transport, TransportError},
};

use super::{
    super::{clock, network, proxy::ProxyConnection},
    socket::{STALE, Socket},
    transport,
};

/// How long the broadcast addresses of the machine's networks are taken to be the same.
const BROADCASTS_KEPT: Duration = Duration::from_secs(1);

/// A socket, and what it is for.
pub(crate) struct Open {
    pub(crate) family: Family,
    pub(crate) port: Port,
    pub(crate) socket: Socket,
}

/// The sockets of a path that have been needed so far, or its way through a proxy.
pub(crate) struct Sockets {
    transport: Arc<Transport>,
    open: Vec<Open>,
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
        Self { transport, open: Vec::new(), heard: None, unrouted: None, broadcasts: None, relay }
    }

    /// The socket of a port for an address, bound when it is first needed, and where it sends what is for that address.
    ///
    /// # Errors
    /// There can be none: each time it is asked for, the system is.
    pub(crate) fn get(
        &mut self,
        client: &mut Client,
        port: Port,
        to: SocketAddr,
    ) -> Result<(&Socket, SocketAddr), TransportError> {
        if let Some(relay) = &self.relay {
            return relay.socket().ok_or_else(|| TransportError::NoSocket("proxy is not connected".into()));
        }
        let family = Family::of(&to);
        let known = self.open.iter().position(|open| open.family == family && open.port == port);
        let index = match known {
            Some(index) => index,
            None => {
                let socket = Socket::open(&self.transport, family)?;
                client.set_receive_buffer(socket.receive_buffer());
                self.open.push(Open { family, port, socket });
                self.open.len() - 1
            }
        };
        Ok((&self.open[index].socket, to))
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

    /// Closes the sockets of ports by which nobody waits for anything.
    pub(crate) fn tidy(&mut self, client: &Client) {
        if self.open.len() > 1 {
            self.open.retain(|open| client.has_port(open.port));
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
    pub(crate) fn judge(&mut self, to: SocketAddr, error: &io::Error) -> (bool, SendError) {
        let number = error.raw_os_error();
        let told = |words: &str| SendError { number, words: words.to_owned() };
        if error.kind() == io::ErrorKind::PermissionDenied && self.is_broadcast(to.ip()) {
            return (true, told("it is a broadcast address"));
        }
        // A black hole among the routes, or a port that nobody can have.
        if error.kind() == io::ErrorKind::InvalidInput {
            return (to.port() == 0, told(&error.to_string()));
        }
        let family = Family::of(&to);
        if is_without_route(error) && !self.transport.is_bound() {
            if self.lacks(family) {
                let name = if family == Family::V4 { "IPv4" } else { "IPv6" };
                return (true, told(&format!("this machine has no route over {name}")));
            }
            self.unrouted = Some(family);
        }
        // Whoever says where to send from wants to know when that does not work.
        let chosen = self.transport.is_bound() && !is_passing(error);
        (chosen || is_lasting(error), told(&error.to_string()))
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

    /// The socket that what is for an address leaves by, if there is one.
    pub(crate) fn of(&self, port: Port, to: SocketAddr) -> Option<&Socket> {
        if let Some(relay) = &self.relay {
            return relay.socket().map(|(socket, _)| socket);
        }
        let family = Family::of(&to);
        self.open.iter().find(|open| open.family == family && open.port == port).map(|open| &open.socket)
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
        assert!(is_lasting(&io::ErrorKind::Unsupported.into()));
        assert!(is_passing(&io::ErrorKind::ConnectionReset.into()));
    }
}
