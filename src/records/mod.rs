//! Packed commands in, packed outcomes out, many a call. Nothing here knows the protocol's rules.

mod commands;
mod details;
mod outcomes;
mod reader;
mod transports;

pub(crate) use commands::Decoder;
#[cfg(any(target_arch = "wasm32", test))]
pub(crate) use details::network_code;
pub(crate) use outcomes::{Batches, Outcomes};
