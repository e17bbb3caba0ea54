//! The only sockets, look-ups, thread and clock: one engine thread that drives the [`Client`](crate::proto::Client).

#![forbid(unsafe_code)]

mod engine;
mod failure;
mod outbox;
mod resolver;
mod session;
mod socket;
mod stats;

pub use engine::Engine;
pub use failure::Failure;
pub use session::{Command, SessionId, Sink, Start};
pub use stats::Stats;
