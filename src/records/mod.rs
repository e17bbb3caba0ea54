//! Packed commands in, packed outcomes out, many a call. Nothing here knows the protocol's rules.

mod commands;
mod details;
mod outcomes;
mod reader;
mod transports;

pub(crate) use commands::Decoder;
pub(crate) use outcomes::{Batches, Outcomes};
