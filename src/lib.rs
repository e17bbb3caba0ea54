//! A BitTorrent UDP tracker client (BEP 15) in parts with one direction of dependence: `binding → net → requests → proto`.
//!
//! - [`proto`]: the protocol without IO. No socket, clock or thread: time comes in as an argument.
//! - [`requests`]: what is known of requests, hosts and paths, without IO as well.
//! - [`net`]: the only sockets, DNS look-ups, thread and clock: one engine thread that drives `requests` and `proto`.
//! - `records`: packed commands as they come in from JavaScript, packed outcomes as they go back, many a call.
//! - `binding`: Node-API.

mod memory;
pub mod net;
pub mod proto;
pub mod requests;

#[cfg(feature = "node")]
mod binding;
#[cfg(feature = "node")]
mod records;
