//! A network in simulated time for the tests: one client, model trackers, links that lose, double and delay.
//!
//! Nothing sleeps and nothing is random but for a seed: an hour of retransmissions takes a millisecond, and a failure
//! can be had again.

mod address_state;
mod endings;
mod link;
mod log;
mod nat;
mod reading;
mod requests;
mod rules;
pub(crate) mod scenario;
mod simulation;
mod single_request;
mod socket;
mod tracker;
pub(crate) mod wire;

pub(crate) use link::{Bottleneck, Link};
pub(crate) use log::{End, Entry};
pub(crate) use requests::{TIMEOUT_MS, announce_of, connect, event_of, hash, many, request_to, scrape_of, v4, v6};
pub(crate) use rules::check_rules;
pub(crate) use simulation::{Simulation, send_error};
pub(crate) use single_request::check_single;
pub(crate) use tracker::{ModelTracker, ToStrangers, said_of_announce, said_of_scrape};

use std::time::Duration;

pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) const fn milliseconds(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
