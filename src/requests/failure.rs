//! How a request can fail once names and sockets are involved: these texts, those of [`proto::Failure`] and those of
//! [`TransportError`] are what applications get.

use std::net::IpAddr;

use thiserror::Error;

use crate::proto::{self, Code, ExtensionError, Family, UrlError};

use super::{LookUpError, ProxyError, TransportError};

/// Why a request ended without an answer.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum Failure {
    /// The protocol's own reasons.
    #[error(transparent)]
    Protocol(#[from] proto::Failure),
    /// The announce URL cannot be used.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// The announce URL cannot be sent to a tracker with authentication.
    #[error(transparent)]
    Extension(#[from] ExtensionError),
    /// What asks for it does not add up.
    #[error("request cannot be read")]
    Unreadable,
    /// The host name could not be resolved.
    #[error("cannot resolve tracker host {host}: {error}")]
    Resolve {
        /// The name that was looked up.
        host: String,
        /// Why the last look-up of it found nothing.
        error: LookUpError,
    },
    /// The host name was not resolved within the caller's time.
    #[error(transparent)]
    LookUpTimeout(proto::Failure),
    /// The host has addresses, but none of the family asked for.
    #[error("tracker host {host} has no {} address", if *.family == Family::V4 { "IPv4" } else { "IPv6" })]
    NoAddress {
        /// The name that was looked up.
        host: String,
        /// The family asked for.
        family: Family,
    },
    /// The address is none that a tracker can have.
    #[error("cannot send to tracker {address}: {reason}")]
    Refused {
        /// The address.
        address: IpAddr,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The transport that was asked for is not there.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The proxy cannot be used.
    #[error("cannot use proxy {proxy}: {reason}")]
    Proxy {
        /// Its host and port.
        proxy: String,
        /// What became of trying.
        reason: ProxyError,
    },
    /// Each of many requests wanted a transport of its own.
    #[error("more than {0} transports in use")]
    TooManyTransports(usize),
}

impl Failure {
    /// The failure's [`Code`].
    pub fn code(&self) -> Code {
        match self {
            Self::Protocol(failure) | Self::LookUpTimeout(failure) => failure.code(),
            Self::Url(_) | Self::Extension(_) => Code::BadUrl,
            Self::Unreadable
            | Self::Refused { .. }
            | Self::Transport(_)
            | Self::Proxy { .. }
            | Self::TooManyTransports(_) => Code::Network,
            Self::Resolve { .. } | Self::NoAddress { .. } => Code::Dns,
        }
    }
}
