//! Scenarios at random: trackers with faults, requests, cancellations, forgeries, and what happens to the network.

use std::{net::SocketAddr, time::Duration};

use bittorrent_udp_tracker::proto::{Body, Event};
use rand::{Rng, RngExt, rngs::StdRng};

use super::{
    Bottleneck, Link, ModelTracker, ToStrangers, announce_of, event_of, hash, milliseconds, scrape_of, v4, v6,
};

/// What is done to the client or to its network.
pub(crate) enum Act {
    Begin(Vec<SocketAddr>, u64, Body),
    Cancel(u64),
    Forge(SocketAddr),
    Replay,
    Break(SocketAddr),
    Sleep(Duration),
    Mend,
}

/// Addresses that requests share; those of a single request follow.
pub(crate) const SHARED: u8 = 5;
pub(crate) const SINGLE: u8 = 4;

pub(crate) fn shared(n: u8) -> SocketAddr {
    if n.is_multiple_of(2) { v4(n) } else { v6(n.into()) }
}

pub(crate) fn single(n: u8) -> SocketAddr {
    v4(100 + n)
}

/// A tracker with faults at random, behind a link that loses and doubles like all others.
pub(crate) fn tracker(random: &mut StdRng, link: &Link) -> ModelTracker {
    let now_and_then = |random: &mut StdRng| random.random_bool(0.2);
    let round_trip = milliseconds([1, 20, 200, 2000][random.random_range(0..4)]);
    let jitter = milliseconds([0, 1, 50, 3000][random.random_range(0..4)]);
    let jump = (seconds_up_to(random, 200), milliseconds(random.random_range(1..3000)));
    let gone = seconds_up_to(random, 200);
    let bottleneck = match random.random_range(0..10) {
        0 => Some(Bottleneck::in_flight(random.random_range(1..100))),
        1 => Some(Bottleneck::rate(random.random_range(10..5000), random.random_range(1..100))),
        _ => None,
    };
    let words = ["Connection ID missmatch.\0", "Connection cookie error", "who are you"];
    let link = Link {
        round_trip,
        jitter,
        slow: now_and_then(random).then_some((0.5, milliseconds(400))),
        jump: now_and_then(random).then_some(jump),
        outage: if now_and_then(random) { gone..gone + seconds_up_to(random, 20) } else { gone..gone },
        bottleneck,
        ..link.clone()
    };
    ModelTracker {
        link,
        silent_after: now_and_then(random).then(|| random.random_range(0..60)),
        scrape_rows: if now_and_then(random) { random.random_range(1..60) } else { 74 },
        refuses: if now_and_then(random) { 3 } else { 0 },
        ignores: if now_and_then(random) { (0..1000).step_by(7).map(hash).collect() } else { Default::default() },
        restarts: if now_and_then(random) { vec![seconds_up_to(random, 100)] } else { Vec::new() },
        to_strangers: match random.random_range(0..4) {
            3 => ToStrangers::Silence,
            n => ToStrangers::Says(words[n]),
        },
        ..ModelTracker::default()
    }
}

/// What happens and when, and the numbers of the requests that have their address to themselves.
pub(crate) fn script(random: &mut StdRng) -> (Vec<(Duration, Act)>, Vec<u64>) {
    let mut begins: Vec<(Duration, Act)> = Vec::new();
    let singles = random.random_range(0..40);
    for _ in 0..singles {
        begins.push((seconds_up_to(random, 200), begin(random)));
    }
    if random.random_bool(0.3) {
        let (at, to) = (seconds_up_to(random, 100), shared(random.random_range(0..SHARED)));
        let timeout = timeout(random);
        begins.extend((0..random.random_range(20..300)).map(|n| (at, Act::Begin(vec![to], timeout, announce_of(n)))));
    }
    for n in 0..SINGLE {
        begins.push((seconds_up_to(random, 200), Act::Begin(vec![single(n)], timeout(random), body(random))));
    }
    begins.sort_by_key(|(at, _)| *at);
    let is_single = |act: &Act| matches!(act, Act::Begin(to, ..) if (0..SINGLE).any(|n| to[..] == [single(n)]));
    let single_ids = (0..).zip(&begins).filter(|(_, (_, act))| is_single(act)).map(|(id, _)| id).collect();

    let mut acts = Vec::new();
    for (id, (at, _)) in (0..).zip(&begins) {
        if random.random_bool(0.1) {
            acts.push((*at + seconds_up_to(random, 60), Act::Cancel(id)));
        }
    }
    if random.random_bool(0.3) {
        for _ in 0..random.random_range(1..30) {
            let any_of_all = random.random_range(0..SHARED + SINGLE);
            let from = if any_of_all < SHARED { shared(any_of_all) } else { single(any_of_all - SHARED) };
            acts.push((seconds_up_to(random, 260), Act::Forge(from)));
        }
    }
    for _ in 0..random.random_range(0..20) {
        acts.push((seconds_up_to(random, 260), Act::Replay));
    }
    if random.random_bool(0.2) {
        let at = seconds_up_to(random, 100);
        acts.push((at, Act::Break(shared(random.random_range(0..SHARED)))));
        acts.push((at + seconds_up_to(random, 100), Act::Mend));
    }
    if random.random_bool(0.1) {
        acts.push((seconds_up_to(random, 200), Act::Sleep(seconds_up_to(random, 100))));
    }
    acts.extend(begins);
    // Stable, and requests come last, so that they keep their numbers; nothing is cancelled before it began.
    acts.sort_by_key(|(at, act)| (*at, !matches!(act, Act::Begin(..))));
    (acts, single_ids)
}

fn begin(random: &mut StdRng) -> Act {
    let mut addresses: Vec<_> = (0..SHARED).map(shared).collect();
    for last in (1..addresses.len()).rev() {
        addresses.swap(last, random.random_range(0..=last));
    }
    addresses.truncate([1, 1, 2, 3][random.random_range(0..4)]);
    Act::Begin(addresses, timeout(random), body(random))
}

fn timeout(random: &mut StdRng) -> u64 {
    match random.random_range(0..4) {
        0 => 15_000,
        1 => 1_000,
        2 => 100,
        _ => random.random_range(10..15_000),
    }
}

fn body(random: &mut StdRng) -> Body {
    let n = random.random_range(0..1000);
    match random.random_range(0..6) {
        0 => scrape_of(n, random.random_range(1..150)),
        1 => event_of(n, Event::Stopped),
        _ => announce_of(n),
    }
}

/// Noise, or what looks like an answer to somebody.
pub(crate) fn forgery(random: &mut StdRng) -> Vec<u8> {
    let mut bytes = vec![0; random.random_range(0..40)];
    random.fill_bytes(&mut bytes);
    if random.random_bool(0.8) {
        for (byte, action) in bytes.iter_mut().zip([0, 0, 0, random.random_range(0..5)]) {
            *byte = action;
        }
    }
    bytes
}

fn seconds_up_to(random: &mut StdRng, most: u64) -> Duration {
    Duration::from_micros(random.random_range(0..most * 1_000_000))
}
