//! A BitTorrent UDP tracker client (BEP 15) in three parts with one direction of dependence: `binding → net → proto`.
//!
//! - [`proto`]: the protocol without IO. No socket, clock or thread: time comes in as an argument.
//! - [`net`]: the only sockets, DNS look-ups, thread and clock: one engine thread that drives `proto`.
//! - `binding`: Node-API. Packed commands come in from JavaScript, packed outcomes go back, many a call.

mod memory;
pub mod net;
pub mod proto;

#[cfg(feature = "node")]
mod binding;
