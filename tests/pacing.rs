//! Bursts: how many requests are in flight at once, in which order, and what becomes of those a tracker drops.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::time::Duration;

use bittorrent_udp_tracker::proto::Event;
use support::{
    ModelTracker, Simulation, TIMEOUT_MS, announce_of, check_rules, event_of, hash, milliseconds, request_to, seconds,
    v4,
};

/// A burst of announces in one turn, each with the default timeout.
fn burst(simulation: &mut Simulation, count: u64) -> Vec<u64> {
    simulation.begin_all((0..count).map(|n| request_to(&[v4(1)], TIMEOUT_MS, announce_of(n))))
}

/// The part of what the tracker can do that was done while there was work: until nine tenths were answered. The rest may
/// have been lost twice, and then waits as the contract says.
fn throughput(simulation: &Simulation, ids: &[u64], best: Duration) -> f64 {
    assert!(ids.iter().all(|&id| simulation.is_answered(id)), "each is answered in the end");
    let mut ends: Vec<_> = ids.iter().map(|&id| simulation.ended(id).0).collect();
    ends.sort_unstable();
    best.as_secs_f64() * 0.9 / ends[ids.len() * 9 / 10].as_secs_f64()
}

/// A burst that takes the tracker `trips` round trips if it always has `capacity` requests to answer.
fn kept_busy(capacity: u64, round_trip: Duration, trips: u32) {
    let tracker = ModelTracker { round_trip, capacity: Some(capacity as usize), ..ModelTracker::default() };
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    let ids = burst(&mut simulation, u64::from(trips) * capacity);
    simulation.run();
    let throughput = throughput(&simulation, &ids, round_trip * trips);
    check_rules(&simulation);
    simulation.finish();
    assert!(throughput >= 0.8, "{capacity} in {round_trip:?}: {:.0} % of what it can do", throughput * 100.0);
}

#[test]
fn a_burst_to_a_tracker_next_door_is_answered_without_a_retransmission() {
    // 212,992 bytes of socket buffer, the default of Linux, hold 277 small datagrams.
    let tracker = ModelTracker { round_trip: milliseconds(1), capacity: Some(277), ..ModelTracker::default() };
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    let ids = burst(&mut simulation, 20_000);
    simulation.run();
    assert!(ids.iter().all(|&id| simulation.is_answered(id)));
    assert_eq!(simulation.client.counters().retransmissions, 0);
    assert!(simulation.now < milliseconds(20_000 / 100), "{:?}", simulation.now);
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_tracker_that_drops_above_8_in_flight_is_kept_busy() {
    kept_busy(8, milliseconds(100), 400);
}

#[test]
fn a_tracker_that_drops_above_50_in_flight_is_kept_busy() {
    kept_busy(50, milliseconds(100), 400);
}

#[test]
fn a_tracker_that_drops_above_150_in_flight_is_kept_busy() {
    kept_busy(150, milliseconds(300), 400);
}

#[test]
fn a_tracker_next_door_that_drops_above_50_in_flight_is_kept_busy() {
    kept_busy(50, milliseconds(1), 2000);
}

#[test]
fn a_tracker_with_round_trips_of_two_seconds_is_kept_busy() {
    kept_busy(64, seconds(2), 100);
}

#[test]
fn a_large_tracker_with_round_trips_of_two_seconds_is_kept_busy() {
    kept_busy(1000, seconds(2), 100);
}

#[test]
fn a_tracker_far_away_that_drops_nothing_gets_as_much_as_it_answers() {
    let tracker = ModelTracker { round_trip: seconds(2), ..ModelTracker::default() };
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    burst(&mut simulation, 20_000);
    simulation.run();
    assert_eq!(simulation.client.counters().retransmissions, 0);
    assert!(simulation.now <= seconds(24), "{:?}", simulation.now);
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_tracker_that_goes_silent_half_way_answers_half_and_the_others_are_given_up_once() {
    let tracker = ModelTracker { silent_after: Some(1000), ..ModelTracker::default() };
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    let ids = burst(&mut simulation, 2000);
    simulation.run();
    let answered = ids.iter().filter(|&&id| simulation.is_answered(id)).count();
    assert_eq!(answered, 1000);
    for &id in ids.iter().filter(|&&id| !simulation.is_answered(id)) {
        let (at, text) = simulation.failed(id);
        assert_eq!(text, "tracker is not responding after:3840000");
        assert!(at >= seconds(3810) - seconds(30), "{at:?}");
    }
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_tracker_that_answers_connects_only_is_not_flooded_and_not_asked_for_ever() {
    let tracker = ModelTracker { deaf_to_requests: usize::MAX, ..ModelTracker::default() };
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    burst(&mut simulation, 10_000);
    simulation.run_for(seconds(29));
    assert!(simulation.asked().len() <= 64);
    simulation.run();
    simulation.finish();
}

#[test]
fn requests_are_sent_in_the_order_in_which_they_came() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
    burst(&mut simulation, 3000);
    simulation.run();
    let sent: Vec<_> = simulation.sent().flat_map(|sent| sent.packet.info_hashes().to_vec()).collect();
    let expected: Vec<_> = (0..3000).map(hash).collect();
    assert_eq!(sent, expected);
}

#[test]
fn stopped_goes_first() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
    let of = |n| if n % 100 == 99 { event_of(n, Event::Stopped) } else { announce_of(n) };
    simulation.begin_all((0..1000).map(|n| request_to(&[v4(1)], TIMEOUT_MS, of(n))));
    simulation.run();
    let sent: Vec<_> = simulation.sent().flat_map(|sent| sent.packet.info_hashes().to_vec()).collect();
    let (stopped, others): (Vec<u64>, Vec<u64>) = (0..1000).partition(|n| n % 100 == 99);
    let expected: Vec<_> = stopped.into_iter().chain(others).map(hash).collect();
    assert_eq!(sent, expected);
}

#[test]
fn what_a_long_burst_loses_is_sent_again_without_waiting_out_its_schedule() {
    // The first 16 in flight are no burst yet; of the 40 that are lost, they wait as the contract says.
    let tracker = ModelTracker { deaf_to_requests: 40, round_trip: milliseconds(50), ..ModelTracker::default() };
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    let ids = burst(&mut simulation, 10_000);
    simulation.run();
    let late = ids.iter().filter(|&&id| simulation.ended(id).0 > seconds(20)).count();
    assert!(late <= 15, "{late} waited");
    assert_eq!(simulation.client.counters().retransmissions, 40);
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn what_a_short_burst_loses_is_sent_again_without_waiting_out_its_schedule() {
    // All else is answered before a round trip's patience is over.
    let tracker = ModelTracker { deaf_to_requests: 40, ..ModelTracker::default() };
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    let ids = burst(&mut simulation, 200);
    simulation.run();
    let late = ids.iter().filter(|&&id| simulation.ended(id).0 > seconds(20)).count();
    assert!(late <= 15, "{late} waited");
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_burst_of_fewer_than_sixteen_is_retransmitted_as_the_contract_says() {
    let tracker = ModelTracker { deaf_to_requests: 1, ..ModelTracker::default() };
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    let first = burst(&mut simulation, 1)[0];
    for _ in 0..50 {
        simulation.run_for(milliseconds(100));
        burst(&mut simulation, 10);
    }
    simulation.run();
    assert_eq!(simulation.ended(first).0, seconds(30) + milliseconds(40));
    assert_eq!(simulation.client.counters().retransmissions, 1);
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn cancelled_requests_make_room() {
    let tracker = ModelTracker { deaf_to_requests: 64, ..ModelTracker::default() };
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    let ids = burst(&mut simulation, 200);
    simulation.run_for(seconds(1));
    assert_eq!(simulation.asked().len(), 64);
    for &id in &ids[..64] {
        simulation.cancel(id);
    }
    simulation.run_for(seconds(1));
    assert!(ids[64..].iter().all(|&id| simulation.is_answered(id)));
    simulation.finish();
}

#[test]
fn other_trackers_do_not_wait_for_a_slow_one() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker { round_trip: seconds(2), ..Default::default() });
    simulation.trackers.insert(v4(2), ModelTracker::default());
    burst(&mut simulation, 5000);
    simulation.run_for(seconds(3));
    let id = simulation.announce(v4(2), 1);
    let begun = simulation.now;
    simulation.run_for(seconds(1));
    assert_eq!(simulation.ended(id).0, begun + milliseconds(40));
}
