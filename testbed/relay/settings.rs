//! What the network and the tracker are like: each setting has a name and a text as its value, and can change at any time.

use std::{collections::HashSet, net::IpAddr, str::FromStr, time::Duration};

/// What the built-in tracker does with a connection ID that it has not given out, or not since it was restarted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stale {
    /// Nothing, as aquatic does.
    #[default]
    Silent,
    /// It says "Connection cookie error", as torrust does.
    Error,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// Of a datagram and its answer, half of it each way.
    pub(crate) round_trip: Duration,
    /// A round trip takes up to this much more or less. All of it is on the way down.
    pub(crate) jitter: Duration,
    /// The odds that an answer takes the slow round trip, 0 to 1.
    pub(crate) slow_share: f64,
    pub(crate) slow_round_trip: Duration,
    /// Answers arrive together, every so often: a link that sends many frames at once, as Wi-Fi does.
    pub(crate) aggregation: Duration,
    /// The odds that a datagram is lost on its way up, 0 to 1, and on its way down.
    pub(crate) loss: [f64; 2],
    /// Datagrams a second that the bottleneck on the way up lets through; 0 means no bottleneck.
    pub(crate) rate: f64,
    /// How many wait before the bottleneck. What comes when they are as many is dropped.
    pub(crate) queue: usize,
    /// How many may be on their way, both ways together, when one more comes up; 0 is any number.
    pub(crate) in_flight: usize,
    /// How many connects are still to be dropped.
    pub(crate) drop_connects: u64,
    /// Addresses from which nothing ever comes.
    pub(crate) dead: HashSet<IpAddr>,
    pub(crate) stale: Stale,
    /// Info-hashes whose announces the tracker ignores.
    pub(crate) ignore: HashSet<[u8; 20]>,
    /// Peers in an answer.
    pub(crate) peers: u16,
}

impl Settings {
    /// Times are in milliseconds, losses and shares in percent, lists separated by commas.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let wrong = |_| format!("{name} cannot be {value}");
        match name {
            "round-trip" => self.round_trip = milliseconds(value)?,
            "jitter" => self.jitter = milliseconds(value)?,
            "slow-share" => self.slow_share = share(value)?,
            "slow-round-trip" => self.slow_round_trip = milliseconds(value)?,
            "aggregation" => self.aggregation = milliseconds(value)?,
            "loss" => self.loss = [share(value)?; 2],
            "loss-up" => self.loss[0] = share(value)?,
            "loss-down" => self.loss[1] = share(value)?,
            "rate" => self.rate = at_least_zero(value)?,
            "queue" => self.queue = value.parse().map_err(wrong)?,
            "in-flight" => self.in_flight = value.parse().map_err(wrong)?,
            "drop-connects" => self.drop_connects = value.parse().map_err(wrong)?,
            "dead" => self.dead = list(value, |address| address.parse().map_err(|_| value.into()))?,
            "stale" => self.stale = stale(value)?,
            "ignore" => self.ignore = list(value, info_hash)?,
            "peers" => self.peers = value.parse().map_err(wrong)?,
            _ => return Err(format!("there is no setting {name}")),
        }
        Ok(())
    }
}

fn at_least_zero(text: &str) -> Result<f64, String> {
    match f64::from_str(text) {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
        _ => Err(format!("{text} is not a number from 0 on")),
    }
}

pub(crate) fn milliseconds(text: &str) -> Result<Duration, String> {
    let number = at_least_zero(text)?;
    Duration::try_from_secs_f64(number / 1000.0).map_err(|_| format!("{text} ms are too long"))
}

fn share(percent: &str) -> Result<f64, String> {
    match at_least_zero(percent)? {
        number if number <= 100.0 => Ok(number / 100.0),
        _ => Err(format!("{percent} % is more than all")),
    }
}

fn stale(text: &str) -> Result<Stale, String> {
    match text {
        "silent" => Ok(Stale::Silent),
        "error" => Ok(Stale::Error),
        _ => Err(format!("stale is silent or error, not {text}")),
    }
}

fn list<T: Eq + std::hash::Hash>(text: &str, one: impl Fn(&str) -> Result<T, String>) -> Result<HashSet<T>, String> {
    text.split(',').filter(|item| !item.is_empty()).map(one).collect()
}

fn info_hash(hex: &str) -> Result<[u8; 20], String> {
    let byte = |at: usize| hex.get(2 * at..2 * at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
    let bytes: Option<Vec<u8>> = (0..20).map(byte).collect();
    match bytes.and_then(|bytes| bytes.try_into().ok()) {
        Some(bytes) if hex.len() == 40 => Ok(bytes),
        _ => Err(format!("{hex} is not an info-hash of 40 hexadecimal digits")),
    }
}
