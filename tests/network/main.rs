//! The client in simulated networks. One program, so that it is built once: `cargo test --test network race` runs a part.
//!
//! Miri takes a thousand times as long, and does without those that need thousands of requests.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;

mod addresses;
mod announce;
mod connection_ids;
mod datagrams;
#[cfg(not(miri))]
mod dead_connection_ids;
#[cfg(not(miri))]
mod letting_go;
#[cfg(not(miri))]
mod loss;
mod moved_hosts;
#[cfg(not(miri))]
mod outages;
mod ping;
#[cfg(not(miri))]
mod ports;
mod properties;
mod race;
#[cfg(not(miri))]
mod receive_buffer;
#[cfg(not(miri))]
mod renewal;
#[cfg(not(miri))]
mod round_trips;
mod schedule;
mod scrape;
#[cfg(not(miri))]
mod sessions;
mod simulation;
mod stray_datagrams;
mod suspend;
mod traces;
#[cfg(not(miri))]
mod window;
