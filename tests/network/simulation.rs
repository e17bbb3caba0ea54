//! Whole histories over bad networks, from a seed: requests, trackers, losses, forgeries and cancellations at random.
//!
//! `SIMULATION_SEEDS=10000` says how many scenarios to play, `SIMULATION_SEED=123` plays one again, and
//! `SIMULATION_REQUEST=7` tells what happened to one of its requests.

use std::ops::Range;

use bittorrent_udp_tracker::proto::{Body, Failure, Family};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::support::{
    End, Link, ModelTracker, Simulation, announce_of, check_rules, check_single, hash, request_to, said_of_announce,
    said_of_scrape,
    scenario::{Act, SHARED, SINGLE, forgery, script, shared, single, tracker},
    v4,
};

/// Miri takes a thousand times as long.
const DEFAULT_SEEDS: u64 = if cfg!(miri) { 2 } else { 10_000 };

#[test]
fn every_request_ends_once_with_what_its_tracker_said_whatever_the_network_does() {
    let seeds = seeds(DEFAULT_SEEDS);
    let mut tally = Tally::default();
    for seed in seeds.clone() {
        let named = Named(seed);
        play(seed, &mut tally);
        drop(named);
    }
    println!("{tally:?}");
    if seeds.end - seeds.start >= DEFAULT_SEEDS && !cfg!(miri) {
        // The scenarios are worth something only if they reach all of this.
        assert!(
            tally.answered > 0 && tally.given_up > 0 && tally.refused > 0 && tally.forged > 0 && tally.cancelled > 0
        );
    }
}

/// The seeds to play: so many unless the environment says otherwise.
pub(crate) fn seeds(count: u64) -> Range<u64> {
    let number = |name| std::env::var(name).ok().map(|value| value.parse::<u64>().expect("a number"));
    match number("SIMULATION_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SIMULATION_SEEDS").unwrap_or(count),
    }
}

/// Says which seed it was when a check fails.
pub(crate) struct Named(pub(crate) u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the scenario of seed {0}: SIMULATION_SEED={0} plays it again", self.0);
        }
    }
}

/// How requests ended.
#[derive(Debug, Default)]
struct Tally {
    answered: u64,
    refused: u64,
    given_up: u64,
    forged: u64,
    cancelled: u64,
    sent: u64,
}

fn play(seed: u64, tally: &mut Tally) {
    let mut random = StdRng::seed_from_u64(seed ^ 0x5eed_0000_0000);
    let mut simulation = Simulation::new(seed);
    let (loss, duplicates) = (random.random_range(0.0..0.3), if random.random_bool(0.5) { 0.2 } else { 0.0 });
    let link = Link { loss, duplicates, ..Link::default() };
    for n in 0..SHARED {
        if random.random_bool(0.8) {
            simulation.trackers.insert(shared(n), tracker(&mut random, &link));
        }
    }
    for n in 0..SINGLE {
        let mut tracker = ModelTracker { restarts: Vec::new(), ..tracker(&mut random, &link) };
        tracker.link.bottleneck = None;
        simulation.trackers.insert(single(n), tracker);
    }
    let (acts, single_ids) = script(&mut random);
    for (at, act) in acts {
        simulation.run_until(at);
        self::act(&mut simulation, act, &mut random);
    }
    simulation.finish();
    if let Ok(id) = std::env::var("SIMULATION_REQUEST") {
        println!("{}", simulation.tell(id.parse().expect("the number of a request")));
    }
    check_rules(&simulation);
    check_answers(&simulation);
    for id in single_ids {
        check_single(&simulation, id);
    }
    count(&simulation, tally);
}

/// Does one thing of a scenario.
pub(crate) fn act(simulation: &mut Simulation, act: Act, random: &mut StdRng) {
    match act {
        Act::Begin(addresses, timeout_ms, body) => drop(simulation.begin(request_to(&addresses, timeout_ms, body))),
        Act::Cancel(id) => simulation.cancel(id),
        Act::Forge(from) => simulation.deliver(from, &forgery(random)),
        Act::Replay => {
            let log = &simulation.log;
            let old = log.iter().rev().skip(random.random_range(0..50)).find_map(|(_, entry)| entry.arrival());
            if let Some((from, bytes)) = old {
                simulation.deliver(from, &bytes);
            }
        }
        Act::Break(address) => drop(simulation.unreachable.insert(address)),
        Act::Sleep(slept) => simulation.suspend(slept),
        Act::Mend => simulation.unreachable.clear(),
    }
}

/// Whether each request ended with what a tracker at one of its addresses says.
fn check_answers(simulation: &Simulation) {
    for (id, history) in &simulation.histories {
        let told = match (&history.body, &history.ended) {
            (Body::Announce(announce), Some((_, End::Announced { numbers, family, peers }))) => {
                history.addresses.iter().any(|&address| {
                    let said = said_of_announce(address, &announce.info_hash.0);
                    said == (*numbers, peers.clone()) && Family::of(&address) == *family
                })
            }
            (Body::Scrape(scrape), Some((_, End::Scraped { rows }))) => {
                let rows = rows.chunks_exact(12);
                rows.len() == scrape.info_hashes.len()
                    && rows.zip(&scrape.info_hashes).all(|(row, of)| {
                        history
                            .addresses
                            .iter()
                            .any(|&address| said_of_scrape(address, &of.0).map(u32::to_be_bytes).concat() == row)
                    })
            }
            (Body::Announce(announce), Some((_, End::Failed { failure: Failure::Tracker(message), .. }))) => {
                let refused = |address| {
                    simulation.trackers.get(address).is_some_and(|tracker| tracker.is_refused(&announce.info_hash.0))
                };
                match message.as_str() {
                    "unregistered torrent" => history.addresses.iter().any(refused),
                    message => is_of_stranger(message),
                }
            }
            (Body::Scrape(_), Some((_, End::Failed { failure: Failure::Tracker(message), .. }))) => {
                is_of_stranger(message)
            }
            (_, Some((_, End::Failed { .. }))) => true,
            (_, None) => history.cancelled.is_some(),
            (_, Some(_)) => false,
        };
        assert!(told, "request {id} ends otherwise than its tracker said: {history:?}");
    }
}

/// Whether a tracker says so to somebody whose connection ID it does not know.
fn is_of_stranger(message: &str) -> bool {
    ["Connection ID missmatch.", "Connection cookie error", "who are you"].contains(&message)
}

fn count(simulation: &Simulation, tally: &mut Tally) {
    let counters = simulation.client.counters();
    tally.sent += counters.sent;
    let (mut answered, mut failed) = (0, 0);
    for history in simulation.histories.values() {
        let kind = match &history.ended {
            None => &mut tally.cancelled,
            Some((_, End::Failed { failure, .. })) => {
                failed += 1;
                match failure {
                    Failure::NotResponding(_) => &mut tally.given_up,
                    Failure::Tracker(_) => &mut tally.refused,
                    _ => &mut tally.forged,
                }
            }
            Some(_) => {
                answered += 1;
                &mut tally.answered
            }
        };
        *kind += 1;
    }
    assert_eq!((counters.answered, counters.failed), (answered, failed));
    assert_eq!(counters.requests, simulation.histories.len() as u64);
    assert_eq!(counters.sent as usize, simulation.sent().count());
    assert_eq!(counters.connects as usize, simulation.connects().len());
}

#[test]
#[cfg_attr(miri, ignore = "too many requests for an interpreter")]
fn a_scenario_is_the_same_each_time() {
    let log = |seed| {
        let mut random = StdRng::seed_from_u64(seed);
        let link = Link { loss: 0.3, duplicates: 0.3, ..Link::default() };
        let mut simulation = Simulation::with_tracker(v4(1), tracker(&mut random, &link));
        simulation.begin_all((0..100).map(|n| request_to(&[v4(1)], 100, announce_of(n))));
        simulation.finish();
        format!("{:?}", simulation.log)
    };
    assert_eq!(log(9), log(9));
    assert_ne!(log(9), log(10));
    assert_eq!(hash(1), hash(1));
}
