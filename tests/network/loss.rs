//! Links that lose datagrams at random: how long ten thousand answers take, and how many datagrams they cost.

use std::time::Duration;

use crate::support::{
    Bottleneck, Link, ModelTracker, Simulation, TIMEOUT_MS, announce_of, check_rules, milliseconds, request_to,
    scrape_of, seconds, v4,
};

const ROUND_TRIP: Duration = milliseconds(50);

/// Ten thousand announces and a scrape of 100,000 info-hashes, each at a tracker of its own, through links that lose this
/// part of the datagrams each way.
fn everything_within(round_trip: Duration, loss: f64, within: Duration) {
    let scrapes = (0..100_000u64).step_by(60).map(|n| scrape_of(n, 60.min(100_000 - n)));
    let announces = (0..10_000).map(announce_of);
    for (seed, bodies) in [(1, announces.collect::<Vec<_>>()), (2, scrapes.collect())] {
        let mut simulation = Simulation::new(seed);
        simulation.trackers.insert(v4(1), ModelTracker::behind(Link::lossy(round_trip, loss)));
        let ids = simulation.begin_all(bodies.into_iter().map(|body| request_to(&[v4(1)], TIMEOUT_MS, body)));
        simulation.run();
        let took = simulation.time_to_answer(&ids);
        let cost = simulation.asked_for_each(ids.len()) * (1.0 - loss).powi(2);
        check_rules(&simulation);
        assert!(took <= within, "{} requests take {took:?}", ids.len());
        assert!(cost <= 1.1, "{cost:.3} times the datagrams that the loss makes necessary");
        simulation.finish();
    }
}

#[test]
fn without_loss_ten_thousand_are_answered_within_1200_ms_and_none_is_repeated() {
    everything_within(ROUND_TRIP, 0.0, milliseconds(1200));
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::behind(Link::of(ROUND_TRIP)));
    simulation.burst(v4(1), 10_000);
    simulation.run();
    assert_eq!(simulation.sent().count(), 10_001);
}

#[test]
fn at_1_percent_loss_ten_thousand_are_answered_within_1800_ms() {
    everything_within(ROUND_TRIP, 0.01, milliseconds(1800));
}

#[test]
fn at_5_percent_loss_ten_thousand_are_answered_within_2500_ms() {
    everything_within(ROUND_TRIP, 0.05, milliseconds(2500));
}

#[test]
fn at_10_percent_loss_ten_thousand_are_answered_within_3500_ms() {
    everything_within(ROUND_TRIP, 0.1, milliseconds(3500));
}

#[test]
fn at_20_percent_loss_ten_thousand_are_answered_within_some_seconds() {
    everything_within(ROUND_TRIP, 0.2, seconds(20));
}

#[test]
fn at_2_percent_loss_and_200_ms_ten_thousand_are_answered_within_3500_ms() {
    everything_within(milliseconds(200), 0.02, milliseconds(3500));
}

#[test]
fn of_200_announces_one_after_the_other_99_percent_take_half_a_second_at_most() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::behind(Link::lossy(milliseconds(20), 0.05)));
    let mut took: Vec<_> = (0..200)
        .map(|n| {
            let id = simulation.announce(v4(1), n);
            simulation.run();
            simulation.time_to_answer(&[id])
        })
        .collect();
    took.sort_unstable();
    assert!(took[197] <= milliseconds(500), "{:?}", &took[190..]);
    assert!(took[100] <= milliseconds(20), "half of them take a round trip: {:?}", took[100]);
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_large_timeout_makes_nothing_slower() {
    let took = [1000, TIMEOUT_MS, 100_000].map(|timeout_ms| {
        let mut simulation = Simulation::new(3);
        simulation.trackers.insert(v4(1), ModelTracker::behind(Link::lossy(ROUND_TRIP, 0.05)));
        let requests = (0..2000).map(|n| request_to(&[v4(1)], timeout_ms, announce_of(n)));
        let ids = simulation.begin_all(requests);
        simulation.run();
        simulation.time_to_answer(&ids)
    });
    assert!(took.iter().all(|&each| each <= milliseconds(2500)), "{took:?}");
}

/// How near a burst of ten thousand comes to what a narrow way with this capacity can carry, and how many datagrams it
/// costs beside those that the loss makes necessary.
fn through(bottleneck: Bottleneck, per_second: f64, loss: f64) {
    let link = Link { bottleneck: Some(bottleneck), ..Link::lossy(ROUND_TRIP, loss) };
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::behind(link));
    let ids = simulation.burst(v4(1), 10_000);
    simulation.run();
    assert!(ids.iter().all(|&id| simulation.is_answered(id)));
    check_rules(&simulation);
    // The last tenth is what was lost several times, and what is left then is not enough to fill the way.
    let took = simulation.answered_at(&ids, 9000).as_secs_f64();
    // Of what gets through the narrow part, some is lost behind it.
    let best = 9000.0 / (per_second * (1.0 - loss));
    let (used, cost) = (best / took, simulation.asked_for_each(ids.len()) * (1.0 - loss).powi(2));
    println!("{:.1} % of its capacity, {cost:.3} times the datagrams, last {:?}", used * 100.0, simulation.now);
    assert!(used >= 0.9, "at {loss}: {:.1} % of its capacity", used * 100.0);
    assert!(cost <= 1.3, "at {loss}: {cost:.3} times the datagrams that the loss makes necessary");
    simulation.finish();
}

const LOSSES: [f64; 4] = [0.0, 0.01, 0.05, 0.1];

/// A tracker that answers 100 requests in a round trip.
fn hundred_in_flight(loss: f64) {
    through(Bottleneck::in_flight(100), 100.0 / ROUND_TRIP.as_secs_f64(), loss);
}

#[test]
fn a_tracker_that_drops_above_100_in_flight_is_kept_busy() {
    hundred_in_flight(0.0);
}

#[test]
fn a_tracker_that_drops_above_100_in_flight_is_kept_busy_at_1_percent_loss() {
    hundred_in_flight(0.01);
}

#[test]
fn a_tracker_that_drops_above_100_in_flight_is_kept_busy_at_5_percent_loss() {
    hundred_in_flight(0.05);
}

#[test]
fn a_tracker_that_drops_above_100_in_flight_is_kept_busy_at_10_percent_loss() {
    hundred_in_flight(0.1);
}

#[test]
fn a_way_of_500_a_second_is_kept_busy_at_any_loss() {
    for loss in LOSSES {
        through(Bottleneck::rate(500, 50), 500.0, loss);
    }
}

#[test]
fn a_way_of_5000_a_second_is_kept_busy_at_any_loss() {
    for loss in LOSSES {
        through(Bottleneck::rate(5000, 250), 5000.0, loss);
    }
}

/// What was dropped together is due again together. If it took the room that losses leave, it would be dropped again and
/// again, and the last of ten thousand would wait for seconds.
#[test]
fn what_a_full_tracker_has_dropped_it_does_not_drop_again_and_again() {
    let link = Link { jitter: milliseconds(2), bottleneck: Some(Bottleneck::in_flight(100)), ..Link::of(ROUND_TRIP) };
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::behind(link));
    let ids = simulation.burst(v4(1), 10_000);
    simulation.run();
    let most = ids.iter().map(|&id| simulation.sends_of(id).len()).max().unwrap();
    assert!(most <= 3, "one was sent {most} times");
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn at_20_percent_loss_a_narrow_way_is_still_used() {
    for bottleneck in [Bottleneck::in_flight(100), Bottleneck::rate(500, 50), Bottleneck::rate(5000, 250)] {
        let link = Link { bottleneck: Some(bottleneck), ..Link::lossy(ROUND_TRIP, 0.2) };
        let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::behind(link));
        let ids = simulation.burst(v4(1), 5000);
        simulation.run();
        assert!(simulation.time_to_answer(&ids) <= seconds(60));
        check_rules(&simulation);
        simulation.finish();
    }
}
