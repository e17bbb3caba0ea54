//! A BitTorrent UDP tracker client (BEP 15) in parts with one direction of dependence: `binding → net → requests → proto`,
//! and `wasm → requests → proto`.
//!
//! - [`proto`]: the protocol without IO. No socket, clock or thread: time comes in as an argument.
//! - [`requests`]: what is known of requests, hosts and paths, without IO as well.
//! - `net`: the only sockets, DNS look-ups, thread and clock: one engine thread that drives `requests` and `proto`.
//! - `records`: packed commands as they come in from JavaScript, packed outcomes as they go back, many a call.
//! - `binding`: Node-API.
//! - `wasm`: the engine where no addon loads, whose sockets, look-ups and clock are JavaScript's.

pub mod proto;
pub mod requests;

#[cfg(all(feature = "node", not(target_arch = "wasm32")))]
mod binding;
#[cfg(not(target_arch = "wasm32"))]
mod memory;
#[cfg(not(target_arch = "wasm32"))]
pub mod net;
#[cfg(any(feature = "node", target_arch = "wasm32", test))]
mod records;
#[cfg(any(target_arch = "wasm32", test))]
// Its tests run on this machine, without what JavaScript alone calls.
#[cfg_attr(not(target_arch = "wasm32"), allow(dead_code))]
mod wasm;
