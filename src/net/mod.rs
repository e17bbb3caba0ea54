//! The only sockets, look-ups, thread and clock: one engine thread that drives the [`Client`](crate::proto::Client).

#![forbid(unsafe_code)]

mod clock;
mod engine;
mod failure;
mod messages;
mod names;
mod network;
mod path;
mod paths;
mod proxy;
mod sessions;
mod stats;

pub use engine::Engine;
pub use failure::Failure;
pub use messages::{Command, Decision, Found, SessionId, Sink, Start};
pub use names::{
    error::{LookUpError, ServerProblem},
    preferences::{Place, Preferences},
};
pub use path::transport::{CallerLookup, Proxy, Transport, TransportError};
pub use stats::Stats;
