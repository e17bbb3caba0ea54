//! How a request can fail by what a tracker sends or does not send, in the words applications already match on.

use std::{borrow::Cow, net::SocketAddr};

use thiserror::Error;

/// The machine-readable side of a [`Failure`]: the `code` of a `TrackerError` in JavaScript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// The tracker itself said so (action 3).
    TrackerError = 0,
    /// No answer after all retransmissions.
    Timeout = 1,
    /// An answer that does not follow the protocol.
    BadResponse = 2,
    /// The host name could not be resolved.
    Dns = 3,
    /// The announce URL cannot be used.
    BadUrl = 4,
    /// The system would not send the datagram.
    Network = 5,
}

/// Why a request ended without an answer. The texts are those of `bittorrent-udp-tracker` 1.x where it has one.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum Failure {
    /// A connect response shorter than BEP 15's 16 bytes.
    #[error("connect response is not 16 bytes long")]
    ConnectLength,
    /// An announce response shorter than BEP 15's 20 bytes.
    #[error("announce response should be 20 bytes")]
    AnnounceLength,
    /// A scrape response that is not 8 bytes and at least one whole row of 12.
    #[error("scrape response should be 8 bytes and 12 for each info-hash")]
    ScrapeLength,
    /// An error response without a message.
    #[error("error action response is not 9 bytes long")]
    ErrorLength,
    /// A connect or error response with a transaction ID nobody asked with.
    #[error("transactionId is not same as in connect request")]
    ConnectTransactionId,
    /// An announce response with a transaction ID nobody asked with.
    #[error("transactionId is not same as in announce request")]
    AnnounceTransactionId,
    /// A scrape response with a transaction ID nobody asked with.
    #[error("transactionId is not same as in scrape request")]
    ScrapeTransactionId,
    /// An action that does not exist, or that does not answer what was asked.
    #[error("unsupported event:{0}")]
    UnsupportedAction(u32),
    /// Every retransmission went unanswered; the number is in milliseconds.
    #[error("tracker is not responding after:{0}")]
    NotResponding(f64),
    /// The tracker's own message, without the NUL some trackers end it with.
    #[error("{0}")]
    Tracker(String),
    /// The datagram can never be sent to this address, so that waiting would not help.
    #[error("cannot send to tracker {address}: {reason}")]
    Unsendable {
        /// Where it was to go.
        address: SocketAddr,
        /// Why.
        reason: SystemError,
    },
    /// The network says that nothing arrives there (ICMP).
    #[error("cannot reach tracker {address}: {reason}")]
    Unreachable {
        /// Where it was sent.
        address: SocketAddr,
        /// Why not.
        reason: Unreachable,
    },
}

/// Why the system does not do what it is asked for.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{words}")]
pub struct SystemError {
    /// The system's name for it in Node.js' spelling, such as `EACCES`, if it has one.
    pub code: Option<&'static str>,
    /// What a person is told.
    pub words: Cow<'static, str>,
}

/// Why a datagram does not arrive (ICMP "destination unreachable", RFC 1122, 3.2.2.1).
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Unreachable {
    /// Nobody listens on the port.
    #[error("port closed")]
    Port,
    /// There is no such host, or none that can be reached.
    #[error("host unreachable")]
    Host,
    /// There is no route.
    #[error("network unreachable")]
    Network,
    /// A firewall on the way refuses it.
    #[error("not permitted")]
    Prohibited,
}

impl Failure {
    /// The failure's [`Code`].
    pub fn code(&self) -> Code {
        match self {
            Self::Tracker(_) => Code::TrackerError,
            Self::NotResponding(_) => Code::Timeout,
            Self::Unsendable { .. } | Self::Unreachable { .. } => Code::Network,
            _ => Code::BadResponse,
        }
    }
}
