//! The client in simulated networks. One program, so that it is built once: `cargo test --test network race` runs a part.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;

mod addresses;
mod announce;
mod connection_ids;
mod datagrams;
mod dead_connection_ids;
mod loss;
mod outages;
mod properties;
mod race;
mod receive_buffer;
mod round_trips;
mod schedule;
mod scrape;
mod sessions;
mod simulation;
mod stray_datagrams;
mod suspend;
mod traces;
mod window;
