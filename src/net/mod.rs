//! The only sockets, look-ups, thread and clock: one engine thread that drives the [`Client`](crate::proto::Client).

#![forbid(unsafe_code)]

mod dns;
mod engine;
mod failure;
mod names;
mod outbox;
mod proxy;
mod resolver;
mod session;
mod sessions;
mod socket;
mod sockets;
mod socks;
mod stats;
mod system_names;
mod transport;
mod way;
mod ways;

pub use engine::Engine;
pub use failure::Failure;
pub use session::{Command, Found, SessionId, Sink, Start};
pub use stats::Stats;
pub use transport::{CallerLookup, Proxy, Transport, TransportError};
