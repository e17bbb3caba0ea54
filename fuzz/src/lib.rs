//! What the fuzz targets do with their bytes. Each module has one `run`, which panics when something that must hold
//! does not.
//!
//! `fuzz_targets/` calls it under libFuzzer; `tests/corpus.rs` takes this file in as a module and plays the corpus and
//! random bytes on the stable compiler and under Miri.

// As a module of a test nothing here is public; a panic is how a target reports.
#![allow(unreachable_pub, missing_docs, clippy::unwrap_used, clippy::expect_used)]

pub mod calls;
pub mod commands;
pub mod datagrams;
mod drawn;
pub mod url;
mod watched;
#[path = "../../tests/support/wire.rs"]
#[allow(dead_code)]
mod wire;

// `src/records/commands.rs`, which `commands` takes in by its path, finds the crate's modules where it looks for them.
#[allow(unused_imports)]
pub use bittorrent_udp_tracker::{proto, requests};
