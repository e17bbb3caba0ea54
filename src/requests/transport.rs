//! The way out that an application chose: local addresses, an interface, a proxy, look-ups of its own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use thiserror::Error;

use crate::proto::{Family, Host, SystemError};

use super::SessionId;

/// What an application asked for as `transport`. Requests with equal transports share sockets, connection IDs and look-ups;
/// requests with different ones share nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Transport {
    /// The IPv4 address to send from.
    pub local_v4: Option<Ipv4Addr>,
    /// The IPv6 address to send from, with its zone if it is link-local.
    pub local_v6: Option<(Ipv6Addr, Option<Box<str>>)>,
    /// The network interface to send through.
    pub interface: Option<Box<str>>,
    /// The proxy that carries every datagram.
    pub proxy: Option<Proxy>,
    /// The application's own look-up.
    pub lookup: Option<CallerLookup>,
}

/// A SOCKS5 proxy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Proxy {
    /// Where it is.
    pub host: Host,
    /// Its TCP port.
    pub port: u16,
    /// User name and password (RFC 1929), each 1 to 255 bytes.
    pub credentials: Option<(Box<str>, Box<str>)>,
    /// Whether the proxy resolves the trackers' names.
    pub remote_names: bool,
}

/// A look-up function of a session, by the number the session knows it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CallerLookup {
    /// Whose it is.
    pub session: SessionId,
    /// Which of the session's.
    pub function: u32,
}

/// Why nothing can go out through a transport.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum TransportError {
    /// The interface is not there, or not now.
    #[error("there is no network interface {0}")]
    NoInterface(Box<str>),
    /// The interface is there and cannot be used.
    #[error("network interface {name} cannot be used: {reason}")]
    Interface {
        /// Its name.
        name: Box<str>,
        /// Why.
        reason: SystemError,
    },
    /// The local address is not, or no longer, this machine's.
    #[error("local address {address} cannot be used: {reason}")]
    NoAddress {
        /// The address.
        address: IpAddr,
        /// Why.
        reason: SystemError,
    },
    /// Local addresses are given, none of them of the family that is needed.
    #[error("transport has no local {} address", if *.0 == Family::V4 { "IPv4" } else { "IPv6" })]
    NoFamily(Family),
    /// Only the addon knows how to do it, and this process runs without.
    #[error("{0} needs the addon, which this process runs without")]
    NeedsAddon(&'static str),
    /// No socket can be made at all.
    #[error("cannot open a socket: {0}")]
    NoSocket(SystemError),
}

impl TransportError {
    /// The system's name for what is missing.
    pub fn cause_code(&self) -> Option<&'static str> {
        match self {
            Self::NoInterface(_) => Some("ENODEV"),
            Self::Interface { reason, .. } | Self::NoAddress { reason, .. } | Self::NoSocket(reason) => reason.code,
            Self::NoFamily(_) | Self::NeedsAddon(_) => None,
        }
    }
}

impl Transport {
    /// Whether it says where datagrams and look-ups go out.
    pub(crate) fn is_bound(&self) -> bool {
        self.interface.is_some() || self.local_v4.is_some() || self.local_v6.is_some()
    }

    /// Whether addresses of a family may be asked: with local addresses, only those of their families.
    pub(crate) fn has_family(&self, family: Family) -> bool {
        match family {
            Family::V4 => self.local_v4.is_some() || self.local_v6.is_none(),
            Family::V6 => self.local_v6.is_some() || self.local_v4.is_none(),
        }
    }

    /// Whether a look-up gives the same answer for both families, so that one question serves all: that of the system does.
    pub(crate) fn answers_both(&self) -> bool {
        self.lookup.is_none() && !self.is_bound()
    }
}
