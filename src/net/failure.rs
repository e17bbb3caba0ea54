//! How a request can fail once names and sockets are involved.

use thiserror::Error;

use crate::proto::{self, Code, ExtensionError, Family, UrlError};

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
    #[error("cannot resolve tracker host {host}: {reason}")]
    Resolve {
        /// The name that was looked up.
        host: String,
        /// The resolver's words.
        reason: String,
    },
    /// The host has addresses, but none of the family asked for.
    #[error("tracker host {host} has no {} address", if *.family == Family::V4 { "IPv4" } else { "IPv6" })]
    NoAddress {
        /// The name that was looked up.
        host: String,
        /// The family asked for.
        family: Family,
    },
}

impl Failure {
    /// The failure's [`Code`].
    pub fn code(&self) -> Code {
        match self {
            Self::Protocol(failure) => failure.code(),
            Self::Url(_) | Self::Extension(_) => Code::BadUrl,
            Self::Unreadable => Code::Network,
            Self::Resolve { .. } | Self::NoAddress { .. } => Code::Dns,
        }
    }
}
