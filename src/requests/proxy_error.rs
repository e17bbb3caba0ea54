//! Why a proxy carries nothing. A type until a person reads it, as the reason of a failure.

use thiserror::Error;

use crate::proto::SystemError;

use super::{LookUpError, TransportError};

/// Why a proxy carries nothing.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ProxyError {
    /// It cannot be reached, or went away.
    #[error(transparent)]
    System(#[from] SystemError),
    /// The way to it is not there.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// Its name, or its relay's, was not found.
    #[error(transparent)]
    LookUp(#[from] LookUpError),
    /// It has no address that the transport may ask.
    #[error("it has no address")]
    NoAddress,
    /// It has not answered in time.
    #[error("it does not answer")]
    Silent,
    /// It hung up.
    #[error("it hung up")]
    HungUp,
    /// It is something else.
    #[error("it is not a SOCKS5 proxy")]
    NotSocks,
    /// It does not serve everybody.
    #[error("it requires a user name and a password")]
    WantsCredentials,
    /// It wants another way of authentication (RFC 1928, section 3).
    #[error("it supports no authentication method that this client has")]
    NoMethod,
    /// It does not know the user.
    #[error("it refused the user name and the password")]
    WrongCredentials,
    /// It relays no datagrams (RFC 1928, section 6).
    #[error("it refused UDP: {0}")]
    Refused(&'static str),
    /// The engine is ending.
    #[error("it was interrupted")]
    Interrupted,
}

impl ProxyError {
    /// Whether it may be about the moment: whoever has had a relay tries again for a while.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Self::System(_) | Self::Transport(_) | Self::LookUp(_) | Self::NoAddress | Self::HungUp)
    }

    /// The system's name for it.
    pub fn cause_code(&self) -> Option<&str> {
        match self {
            Self::System(error) => error.code,
            Self::Transport(error) => error.cause_code(),
            Self::LookUp(error) => error.code(),
            Self::Silent => Some("ETIMEDOUT"),
            Self::HungUp => Some("ECONNRESET"),
            Self::NoAddress
            | Self::NotSocks
            | Self::WantsCredentials
            | Self::NoMethod
            | Self::WrongCredentials
            | Self::Refused(_)
            | Self::Interrupted => None,
        }
    }
}
