//! The UDP tracker protocol without IO: BEP 15, BEP 41 and the older authentication extension.
//!
//! [`Client`] is the state machine. Requests, datagrams and the time go in through `handle_*`; datagrams, outcomes and
//! the next deadline come out of `poll_*`. Everything else in this folder serves it.

#![forbid(unsafe_code)]

mod budget;
mod client;
mod congestion;
mod connection;
mod deadlines;
mod delivery;
mod extension;
mod failure;
mod flight;
mod hash;
mod host;
mod newcomers;
mod packet;
mod port;
mod queue;
mod rtt;
mod schedule;
mod scrape_limit;
mod silence;
mod stray;
mod time;
mod tracker;
mod url;

pub use client::{
    Body, Client, Config, Connect, Counters, Decision, Kind, Origin, Outcome, Phase, Request, RequestId, SendFailure,
    Trace, Transmit,
};
pub use extension::{Authentication, Extension, ExtensionError};
pub use failure::{Code, Failure, SystemError, Unreachable};
pub use hash::{Map, Set};
#[cfg(target_arch = "wasm32")]
pub use hash::{Seeded, seed};
pub use packet::{
    Announce, AnnounceResponse, ConnectionId, Event, Family, InfoHash, MAX_SCRAPE_HASHES, PeerId, Scrape, TransactionId,
};
pub use port::Port;
pub use schedule::{MAX_SENDS, Schedule};
pub use time::Instant;
pub use url::{AnnounceUrl, UrlError};
/// The host of an [`AnnounceUrl`].
pub type Host = ::url::Host<String>;
