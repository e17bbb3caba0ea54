//! Connection IDs: one for an address, shared by its requests, for sixty seconds.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::time::Duration;

use support::{
    ModelTracker, Simulation, TIMEOUT_MS, announce_of, check_rules, milliseconds, request_to, scrape_of, seconds, v4,
    v6, wire,
};

/// Answers the connect sent last with this connection ID.
fn connect(simulation: &mut Simulation, connection_id: u64) {
    assert!(simulation.last().packet.is_connect());
    let answer = wire::connect_response(simulation.last_transaction_id(), connection_id);
    simulation.deliver(simulation.last().to, &answer);
}

/// Answers the announce sent last with an error.
fn refuse(simulation: &mut Simulation, message: &str) {
    assert!(!simulation.last().packet.is_connect());
    let answer = wire::error_response(simulation.last_transaction_id(), message);
    simulation.deliver(simulation.last().to, &answer);
}

#[test]
#[cfg_attr(miri, ignore = "too many requests for an interpreter")]
fn a_thousand_requests_to_a_cold_address_make_one_connect() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
    let ids = simulation.begin_all((0..1000).map(|n| request_to(&[v4(1)], TIMEOUT_MS, announce_of(n))));
    simulation.run();
    assert!(ids.iter().all(|&id| simulation.is_answered(id)));
    assert_eq!(simulation.connects(), [Duration::ZERO]);
    assert_eq!(simulation.client.counters().connects, 1);
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn announces_and_scrapes_share_a_connection_id() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
    let announce = simulation.announce(v4(1), 1);
    let scrape = simulation.begin(request_to(&[v4(1)], TIMEOUT_MS, scrape_of(0, 3)));
    simulation.run();
    assert!(simulation.is_answered(announce) && simulation.is_answered(scrape));
    assert_eq!(simulation.connects().len(), 1);
    simulation.finish();
}

#[test]
fn another_port_or_address_has_a_connection_id_of_its_own() {
    let mut other_port = v4(1);
    other_port.set_port(80);
    let mut simulation = Simulation::new(1);
    for address in [v4(1), other_port, v4(2), v6(1)] {
        simulation.trackers.insert(address, ModelTracker::default());
        simulation.announce(address, 1);
    }
    simulation.run();
    assert_eq!(simulation.connects().len(), 4);
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_connection_id_is_used_for_sixty_seconds_after_its_arrival_and_not_at_sixty() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
    simulation.announce(v4(1), 1);
    simulation.run();
    let arrival = milliseconds(20);
    simulation.run_until(arrival + milliseconds(59_999));
    simulation.announce(v4(1), 2);
    assert!(!simulation.last().packet.is_connect());
    simulation.run_until(arrival + seconds(60));
    simulation.announce(v4(1), 3);
    assert!(simulation.last().packet.is_connect());
    simulation.run();
    assert_eq!(simulation.connects().len(), 2);
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_retransmission_that_finds_it_expired_connects_first() {
    // The default waits: the announce goes out at 0, 30 and 90 seconds, and the connection ID is good until 60.
    let tracker = ModelTracker { deaf_to_requests: 3, ..ModelTracker::default() };
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    let id = simulation.announce(v4(1), 1);
    simulation.run();
    assert!(simulation.is_answered(id));
    let (trip, again) = (milliseconds(20), milliseconds(40));
    assert_eq!(simulation.connects(), [Duration::ZERO, seconds(90) + trip, seconds(210) + again]);
    assert_eq!(simulation.asked(), [trip, seconds(30) + trip, seconds(90) + again, seconds(210) + again + trip]);
    let used: Vec<_> = simulation.sent().filter_map(|sent| sent.packet.connection_id()).collect();
    assert_eq!(used[0], used[1]);
    assert!(used[1] != used[2] && used[2] != used[3]);
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_connect_between_retransmissions_has_seven_sends_of_its_own() {
    let tracker = ModelTracker { deaf_to_requests: usize::MAX, ..ModelTracker::default() };
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    let id = simulation.announce(v4(1), 1);
    simulation.run_for(seconds(31));
    simulation.trackers.clear();
    simulation.run();
    let expired = seconds(90) + milliseconds(20);
    let waits = [0, 30, 90, 210, 450, 930, 1890].map(|at| expired + seconds(at));
    assert_eq!(simulation.connects()[1..], waits);
    let text = "tracker is not responding after:3840000".to_owned();
    assert_eq!(simulation.failed(id), (expired + seconds(3810), text));
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn requests_with_different_timeouts_share_a_connect_and_end_on_their_own_schedules() {
    let mut simulation = Simulation::new(1);
    let timeouts = [100, 1000, 15_000];
    let ids = simulation.begin_all(timeouts.map(|timeout| request_to(&[v4(1)], timeout, announce_of(timeout))));
    simulation.run();
    for (id, timeout) in ids.into_iter().zip(timeouts) {
        let text = format!("tracker is not responding after:{}", timeout * 256);
        assert_eq!(simulation.failed(id), (milliseconds(timeout * 254), text));
    }
    let mut transaction_ids: Vec<_> = simulation.sent().map(|sent| sent.packet.transaction_id()).collect();
    transaction_ids.dedup();
    assert_eq!(transaction_ids.len(), 1);
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn an_answer_to_the_shared_connect_serves_all_that_wait() {
    let mut simulation = Simulation::new(1);
    let ids = simulation.begin_all([100, 1000, 15_000].map(|timeout| request_to(&[v4(1)], timeout, announce_of(1))));
    simulation.run_for(milliseconds(150));
    connect(&mut simulation, 77);
    assert_eq!(simulation.asked().len(), 3);
    assert_eq!(ids.len(), 3);
}

#[test]
fn one_that_joins_a_recent_connect_waits_for_it() {
    let mut simulation = Simulation::new(1);
    simulation.announce(v4(1), 1);
    simulation.run_for(seconds(29));
    simulation.announce(v4(1), 2);
    assert_eq!(simulation.connects().len(), 1);
}

#[test]
fn one_that_joins_a_connect_sent_long_ago_has_it_sent_again() {
    let mut simulation = Simulation::new(1);
    simulation.announce(v4(1), 1);
    simulation.run_for(seconds(75));
    simulation.announce(v4(1), 2);
    assert_eq!(simulation.connects(), [0, 30, 75].map(seconds));
    // What the second one had sent counts for the first one's wait, which was to be over at 90 seconds.
    simulation.run_for(seconds(29));
    assert_eq!(simulation.connects(), [0, 30, 75].map(seconds));
    simulation.run_for(seconds(1));
    assert_eq!(simulation.connects(), [0, 30, 75, 105].map(seconds));
}

#[test]
fn a_connect_nobody_waits_for_is_not_sent_again_but_its_answer_is_welcome() {
    let mut simulation = Simulation::new(1);
    let id = simulation.announce(v4(1), 1);
    simulation.cancel(id);
    simulation.run_for(seconds(40));
    assert_eq!(simulation.connects().len(), 1);
    connect(&mut simulation, 77);
    simulation.announce(v4(1), 2);
    assert_eq!(simulation.last().packet.connection_id(), Some(77));
}

#[test]
#[cfg_attr(miri, ignore = "too many requests for an interpreter")]
fn a_refused_connect_ends_all_that_wait() {
    let mut simulation = Simulation::new(1);
    let ids = simulation.begin_all((0..100).map(|n| request_to(&[v4(1)], TIMEOUT_MS, announce_of(n))));
    simulation.run_for(seconds(1));
    refuse_connect(&mut simulation, "too many connections");
    for id in ids {
        assert_eq!(simulation.failed(id), (seconds(1), "too many connections".to_owned()));
    }
    // The next one tries again.
    simulation.announce(v4(1), 100);
    assert_eq!(simulation.connects(), [seconds(0), seconds(1)]);
}

fn refuse_connect(simulation: &mut Simulation, message: &str) {
    let answer = wire::error_response(simulation.last_transaction_id(), message);
    simulation.deliver(simulation.last().to, &answer);
}

#[test]
fn an_error_about_the_connection_id_gets_one_new_connect() {
    let mut simulation = Simulation::new(1);
    let id = simulation.announce(v4(1), 1);
    connect(&mut simulation, 77);
    simulation.run_for(seconds(1));
    refuse(&mut simulation, "Connection ID missmatch.\0");
    assert_eq!(simulation.end(id), None);
    assert_eq!(simulation.connects(), [seconds(0), seconds(1)]);
    connect(&mut simulation, 78);
    assert_eq!(simulation.last().packet.connection_id(), Some(78));
    let answer = wire::announce_response(simulation.last_transaction_id(), [1800, 0, 0], &[]);
    simulation.deliver(v4(1), &answer);
    assert!(simulation.is_answered(id));
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_second_error_about_the_connection_id_is_passed_on() {
    let mut simulation = Simulation::new(1);
    let id = simulation.announce(v4(1), 1);
    connect(&mut simulation, 77);
    refuse(&mut simulation, "Connection ID missmatch.\0");
    connect(&mut simulation, 78);
    refuse(&mut simulation, "Connection ID missmatch.\0");
    assert_eq!(simulation.failed(id).1, "Connection ID missmatch.");
    assert_eq!(simulation.connects().len(), 2);
    simulation.finish();
}

#[test]
fn a_tracker_that_forgets_a_connection_id_gets_one_connect_for_all_its_requests() {
    let tracker = ModelTracker { restarts: vec![milliseconds(15)], ..ModelTracker::default() };
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    let ids = simulation.begin_all((0..50).map(|n| request_to(&[v4(1)], TIMEOUT_MS, announce_of(n))));
    simulation.run();
    assert!(ids.iter().all(|&id| simulation.is_answered(id)));
    assert_eq!(simulation.connects(), [milliseconds(0), milliseconds(40)]);
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn an_old_error_does_not_take_a_new_connection_id_away() {
    let mut simulation = Simulation::new(1);
    simulation.announce(v4(1), 1);
    connect(&mut simulation, 77);
    let first = simulation.last_transaction_id();
    let second = simulation.announce(v4(1), 2);
    refuse(&mut simulation, "bad connection id");
    connect(&mut simulation, 78);
    assert_eq!(simulation.end(second), None);
    simulation.deliver(v4(1), &wire::error_response(first, "bad connection id"));
    assert_eq!(simulation.last().packet.connection_id(), Some(78));
    assert_eq!(simulation.connects().len(), 2);
}

#[test]
#[cfg_attr(miri, ignore = "too many requests for an interpreter")]
fn a_connect_that_is_lost_while_requests_wait_for_room_is_sent_again_for_them() {
    // The tracker falls silent, and requests with long waits have all the room. When the connection ID has expired, a
    // short-lived request connects, gives up, and leaves the connect to those that wait for room.
    let mut simulation = Simulation::new(1);
    let timeout = |n| if n < 64 { 100_000 } else { 20_000 };
    let ids = simulation.begin_all((0..200).map(|n| request_to(&[v4(1)], timeout(n), announce_of(n))));
    connect(&mut simulation, 77);
    assert_eq!(simulation.asked().len(), 64);
    simulation.run_for(seconds(61));
    let short = simulation.begin(request_to(&[v4(1)], 100, announce_of(200)));
    simulation.run_for(seconds(30));
    assert_eq!(simulation.failed(short).1, "tracker is not responding after:25600");
    for &id in &ids[..64] {
        simulation.cancel(id);
    }
    simulation.trackers.insert(v4(1), ModelTracker::default());
    // Their first wait of 40 seconds may lean on what the short-lived one sent, their second of 80 does not.
    simulation.run_for(seconds(120));
    assert!(ids[64..].iter().all(|&id| simulation.is_answered(id)), "within two of their waits");
    simulation.finish();
}
