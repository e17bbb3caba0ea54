//! The only sockets, look-ups, thread and clock: one engine thread that drives the [`Client`](crate::proto::Client).

#![forbid(unsafe_code)]

mod clock;
mod engine;
mod names;
mod network;
mod path;
mod proxy;
mod system_error;
mod turns;

pub use engine::Engine;
