//! What lives as long as the process and is believed is renewed: limits, round trips, windows. And over whole histories
//! from a seed: when the network becomes honest, every address that answers is served, whatever came before.
//!
//! `SIMULATION_SEEDS` and `SIMULATION_SEED` are those of `simulation.rs`.

use std::{net::SocketAddr, time::Duration};

use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::{
    simulation::{Named, act, seeds},
    support::{
        Link, ModelTracker, Simulation, TIMEOUT_MS, announce_of, check_rules, milliseconds, request_to,
        scenario::{SHARED, script, shared, tracker},
        scrape_of, seconds, v4, wire,
    },
};

/// How long a new request may take at an address that answers by now, beside its round trips.
const AT_ONCE: Duration = seconds(2);
/// How long what waited may take, if it has not waited longer.
const WAITED: Duration = seconds(10);

#[test]
fn a_tracker_that_answered_one_scrape_with_one_row_is_asked_for_sixty_again() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker { scrape_rows: 1, ..ModelTracker::default() });
    simulation.begin(request_to(&[v4(1)], TIMEOUT_MS, scrape_of(0, 2)));
    simulation.run();
    simulation.trackers.get_mut(&v4(1)).unwrap().scrape_rows = 74;
    let before = simulation.asked().len();
    simulation.begin(request_to(&[v4(1)], TIMEOUT_MS, scrape_of(0, 6000)));
    simulation.run();
    let datagrams = simulation.asked().len() - before;
    assert!(datagrams <= 111, "{datagrams} datagrams");
    simulation.finish();
}

#[test]
fn a_frozen_process_takes_its_freeze_for_no_round_trip() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::behind(Link::of(milliseconds(50))));
    for n in 0..10 {
        simulation.announce(v4(1), n);
        simulation.run_for(seconds(1));
    }
    let ids = simulation.burst(v4(1), 10);
    simulation.freeze(seconds(10));
    simulation.run();
    assert!(ids.iter().all(|&id| simulation.is_answered(id)));
    simulation.trackers.get_mut(&v4(1)).unwrap().deaf_to_requests = 1;
    let next = simulation.announce(v4(1), 100);
    simulation.run();
    assert!(simulation.time_to_answer(&[next]) <= milliseconds(400), "{:?}", simulation.time_to_answer(&[next]));
    simulation.finish();
}

#[test]
fn a_window_that_was_closed_is_open_again_after_two_minutes_without_use() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::behind(Link::of(milliseconds(50))));
    for round in 0..300 {
        simulation.trackers.get_mut(&v4(1)).unwrap().deaf_to_requests = if round < 40 { 0 } else { 4 };
        simulation.burst(v4(1), 10);
        simulation.run();
    }
    simulation.trackers.get_mut(&v4(1)).unwrap().ignores = [crate::support::hash(7)].into();
    // One that is ignored keeps the address known.
    simulation.announce(v4(1), 7);
    simulation.run_for(seconds(3 * 3600) + seconds(1));
    let before = simulation.asked().len();
    simulation.begin_all((1000..1200).map(|n| request_to(&[v4(1)], TIMEOUT_MS, announce_of(n))));
    simulation.run_for(milliseconds(50));
    let sent = simulation.asked().len() - before;
    assert!(sent >= 160, "{sent} sent at once");
}

#[test]
fn a_late_answer_within_the_longest_round_trip_is_nobodys_failure() {
    // Each is asked several times before the first answer comes, 54 seconds later; those to the others come when a
    // thousand other requests have ended.
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::behind(Link::of(seconds(54))));
    let ids = simulation.burst(v4(1), 1500);
    simulation.run_for(seconds(110));
    let more = simulation.burst(v4(1), 1500);
    simulation.run();
    for id in ids.into_iter().chain(more) {
        assert!(simulation.is_answered(id), "{}", simulation.tell(id));
    }
    assert_eq!(simulation.client.counters().dropped_stray, 0);
}

#[test]
fn an_answer_to_what_was_sent_more_than_a_minute_ago_is_none() {
    let mut simulation = Simulation::new(1);
    let id = simulation.announce(v4(1), 1);
    simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), 77));
    let sent = simulation.last_transaction_id();
    let answer = wire::announce_response(sent, [1800, 1, 2], &[]);
    simulation.run_for(seconds(60));
    simulation.deliver(v4(1), &answer);
    assert_eq!(simulation.end(id), None);
    assert_eq!(simulation.client.counters().dropped_late, 1);
    let sent = simulation.last_transaction_id();
    simulation.run_for(milliseconds(10));
    simulation.deliver(v4(1), &wire::announce_response(sent, [1800, 1, 2], &[]));
    assert!(simulation.is_answered(id) || simulation.last().packet.is_connect());
}

/// SECURITY.md has the odds of a forged answer: as many in 2^32 as there are open transaction IDs.
#[test]
fn five_thousand_torrents_that_their_tracker_ignores_have_few_open_transaction_ids() {
    let mut simulation =
        Simulation::with_tracker(v4(1), ModelTracker { silent_after: Some(1), ..ModelTracker::default() });
    simulation.announce(v4(1), 0);
    simulation.run();
    simulation.begin_all((1..5001).map(|n| request_to(&[v4(1)], TIMEOUT_MS, announce_of(n))));
    let mut most = 0;
    for _ in 0..60 {
        simulation.run_for(seconds(60));
        let since = simulation.now - seconds(60);
        most = most.max(simulation.sent().rev().take_while(|sent| sent.at >= since).count());
    }
    assert!(most <= 500, "{most} in a minute");
}

/// From now on a tracker does what it should, and so does the way to it.
fn mend(tracker: &mut ModelTracker) {
    let round_trip = tracker.link.round_trip;
    let memory = std::mem::take(&mut tracker.memory);
    let (answered, to_strangers, scrape_rows) = (tracker.answered, tracker.to_strangers, tracker.scrape_rows);
    *tracker =
        ModelTracker { memory, answered, to_strangers, scrape_rows, ..ModelTracker::behind(Link::of(round_trip)) };
}

/// The longest that a round trip to it took.
fn longest_round_trip(tracker: &ModelTracker) -> Duration {
    let Link { round_trip, jitter, slow, jump, .. } = &tracker.link;
    let others = [slow.map(|(_, trip)| trip), jump.map(|(_, trip)| trip)];
    others.into_iter().flatten().fold(*round_trip, Duration::max) + *jitter
}

/// A history over a bad network that becomes honest at some moment.
fn play(seed: u64) {
    let mut random = StdRng::seed_from_u64(seed ^ 0x40_0e57);
    let mut simulation = Simulation::new(seed);
    let link = Link { loss: random.random_range(0.0..0.3), ..Link::default() };
    for n in 0..SHARED {
        if random.random_bool(0.8) {
            let junk_from = milliseconds(random.random_range(0..200_000));
            let junk = if random.random_bool(0.3) { junk_from..junk_from + seconds(20) } else { junk_from..junk_from };
            let restarts =
                (0..random.random_range(0..3)).map(|_| milliseconds(random.random_range(0..200_000))).collect();
            let mut tracker = ModelTracker { junk, restarts, ..tracker(&mut random, &link) };
            tracker.link.bottleneck = None;
            simulation.trackers.insert(shared(n), tracker);
        }
    }
    let (acts, _) = script(&mut random);
    let honest_at = milliseconds(random.random_range(1_000..260_000));
    for (at, what) in acts.into_iter().take_while(|(at, _)| *at < honest_at) {
        simulation.run_until(at);
        act(&mut simulation, what, &mut random);
    }
    simulation.run_until(honest_at);
    simulation.unreachable.clear();
    let mut longest = Duration::ZERO;
    let shared: Vec<SocketAddr> = (0..SHARED).map(shared).collect();
    for address in &shared {
        let tracker = simulation.trackers.entry(*address).or_default();
        longest = longest.max(longest_round_trip(tracker));
        mend(tracker);
    }
    let is_waiting = |id: &u64| {
        let history = &simulation.histories[id];
        !history.is_over() && history.timeout_ms >= 500 && history.addresses.iter().all(|to| shared.contains(to))
    };
    let waiting: Vec<u64> = simulation.histories.keys().copied().filter(is_waiting).collect();
    let new: Vec<u64> =
        shared.iter().map(|to| simulation.begin(request_to(&[*to], TIMEOUT_MS, announce_of(5000)))).collect();
    simulation.run_for(seconds(1200));
    let trips = 6 * longest;
    for id in new {
        let took = simulation.time_to_answer(&[id]);
        assert!(took <= AT_ONCE + trips, "{took:?} with round trips of {longest:?}: {}", simulation.tell(id));
    }
    for id in waiting {
        let history = &simulation.histories[&id];
        let limit = honest_at + WAITED.max(honest_at - history.begun) + trips;
        let ended = history.ended.as_ref().map(|(at, _)| *at);
        assert!(ended.is_some_and(|at| at <= limit), "by {limit:?} of {honest_at:?}: {}", simulation.tell(id));
    }
    check_rules(&simulation);
}

#[test]
fn when_the_network_is_honest_a_new_request_is_answered_at_once_and_what_waited_soon() {
    for seed in seeds(400) {
        let named = Named(seed);
        play(seed);
        drop(named);
    }
}
