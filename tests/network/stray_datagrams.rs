//! Datagrams that answer nothing: forged, doubled, of requests that have ended. The true answer wins over all of them.

use std::{net::SocketAddr, time::Duration};

use crate::support::{
    ModelTracker, Simulation, TIMEOUT_MS, announce_of, check_rules, milliseconds, request_to, scrape_of, seconds, v4,
    wire,
};

const CONNECT_TEXT: &str = "transactionId is not same as in connect request";
const ANNOUNCE_TEXT: &str = "transactionId is not same as in announce request";
const SCRAPE_TEXT: &str = "transactionId is not same as in scrape request";
/// How long a request goes on after a datagram that answers nothing.
const GRACE: Duration = seconds(3);

/// A simulation with one announce at 192.0.2.1 whose connect is on its way.
pub(crate) fn connecting() -> (Simulation, u64) {
    let mut simulation = Simulation::new(1);
    let id = simulation.announce(v4(1), 1);
    (simulation, id)
}

/// A simulation with one announce at 192.0.2.1 that is itself on its way.
pub(crate) fn announcing() -> (Simulation, u64) {
    let (mut simulation, id) = connecting();
    simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), 77));
    (simulation, id)
}

/// A simulation with one scrape of three info-hashes on its way.
pub(crate) fn scraping() -> (Simulation, u64) {
    let mut simulation = Simulation::new(1);
    let id = simulation.begin(request_to(&[v4(1)], TIMEOUT_MS, scrape_of(0, 3)));
    simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), 77));
    (simulation, id)
}

/// What a forger sends: every action there is and some that are none, from short to long.
fn forgeries(transaction_id: u32) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = (0..8).map(|length| vec![0; length]).collect();
    for action in [0, 1, 2, 3, 4, u32::MAX] {
        all.extend(
            [0, 1, 4, 8, 11, 12, 13, 40, 1400].map(|length| wire::response(action, transaction_id, &vec![1; length])),
        );
    }
    all
}

#[test]
fn the_true_answer_wins_over_any_number_of_forged_ones() {
    let (mut simulation, id) = connecting();
    let connect = simulation.last_transaction_id();
    for forgery in forgeries(!connect) {
        simulation.deliver(v4(1), &forgery);
    }
    simulation.run_for(milliseconds(2999));
    assert_eq!(simulation.end(id), None);
    simulation.deliver(v4(1), &wire::connect_response(connect, 77));
    let announce = simulation.last_transaction_id();
    for forgery in forgeries(!announce) {
        simulation.deliver(v4(1), &forgery);
    }
    simulation.run_for(milliseconds(2999));
    assert_eq!(simulation.end(id), None);
    simulation.deliver(v4(1), &wire::announce_response(announce, [1800, 1, 2], &[]));
    assert!(simulation.is_answered(id));
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_forged_datagram_and_nothing_else_ends_a_request_after_three_seconds_and_no_sooner() {
    type Make = fn() -> (Simulation, u64);
    for (make, action, text) in
        [(connecting as Make, 0, CONNECT_TEXT), (announcing, 1, ANNOUNCE_TEXT), (scraping, 2, SCRAPE_TEXT)]
    {
        let (mut simulation, id) = make();
        simulation.run_for(milliseconds(100));
        simulation.deliver(v4(1), &wire::response(action, !simulation.last_transaction_id(), &[0; 12]));
        simulation.run_for(GRACE - Duration::from_nanos(1));
        assert_eq!(simulation.end(id), None);
        simulation.run();
        assert_eq!(simulation.failed(id), (milliseconds(100) + GRACE, text.to_owned()));
        check_rules(&simulation);
        simulation.finish();
    }
}

#[test]
fn with_the_schedule_as_the_clock_it_is_three_seconds_as_well() {
    for timeout_ms in [50, 400] {
        let mut simulation = Simulation::new(1);
        let id = simulation.begin(request_to(&[v4(1)], timeout_ms, announce_of(1)));
        simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), 77));
        simulation.deliver(v4(1), &forged_announce(&simulation));
        simulation.run();
        assert_eq!(simulation.failed(id), (GRACE, ANNOUNCE_TEXT.to_owned()));
        check_rules(&simulation);
        simulation.finish();
    }
}

#[test]
fn more_forged_datagrams_do_not_put_the_end_off() {
    let (mut simulation, id) = announcing();
    for _ in 0..10 {
        simulation.deliver(v4(1), &forged_announce(&simulation));
        simulation.run_for(seconds(1));
    }
    assert_eq!(simulation.failed(id), (GRACE, ANNOUNCE_TEXT.to_owned()));
}

#[test]
fn the_answer_to_a_repetition_wins_too() {
    for is_connect in [true, false] {
        let (mut simulation, id) = if is_connect { connecting() } else { announcing() };
        simulation.deliver(v4(1), &forged_announce(&simulation));
        simulation.run_for(milliseconds(2500));
        if is_connect {
            simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), 77));
            simulation.run_for(seconds(1));
            assert_eq!(simulation.end(id), None);
        }
        simulation.deliver(v4(1), &wire::announce_response(simulation.last_transaction_id(), [1800, 1, 2], &[]));
        assert!(simulation.is_answered(id));
        check_rules(&simulation);
        simulation.finish();
    }
}

#[test]
fn a_stray_ends_nobody_who_came_after_it() {
    for is_connect in [true, false] {
        let (mut simulation, first) = if is_connect { connecting() } else { announcing() };
        simulation.deliver(v4(1), &forged_announce(&simulation));
        let others: Vec<u64> = (2..5)
            .map(|n| {
                simulation.run_for(milliseconds(900));
                simulation.announce(v4(1), n)
            })
            .collect();
        simulation.run_for(seconds(5));
        assert_eq!(simulation.ended(first).0, GRACE);
        assert!(others.iter().all(|&id| simulation.end(id).is_none()));
        check_rules(&simulation);
    }
}

#[test]
fn a_stray_whose_request_is_answered_does_not_end_the_next() {
    let (mut simulation, first) = announcing();
    simulation.deliver(v4(1), &forged_announce(&simulation));
    simulation.run_for(milliseconds(100));
    simulation.deliver(v4(1), &wire::announce_response(simulation.last_transaction_id(), [1800, 1, 2], &[]));
    assert!(simulation.is_answered(first));
    let second = simulation.announce(v4(1), 2);
    simulation.run_for(seconds(10));
    assert_eq!(simulation.end(second), None);
}

#[test]
fn a_stray_is_of_the_longest_waiting_request() {
    let (mut simulation, first) = announcing();
    simulation.run_for(milliseconds(50));
    let second = simulation.announce(v4(1), 2);
    simulation.deliver(v4(1), &forged_announce(&simulation));
    simulation.run_for(seconds(4));
    let ended = [first, second].map(|id| simulation.end(id).is_some());
    assert_eq!(ended.iter().filter(|&&ended| ended).count(), 1, "{ended:?}");
}

/// A hundred forged datagrams: more than a faulty tracker could make of what it was asked.
fn flood(simulation: &mut Simulation) {
    for _ in 0..100 {
        simulation.deliver(v4(1), &forged_announce(simulation));
        simulation.deliver(v4(1), &wire::connect_response(!simulation.last_transaction_id(), 66));
    }
}

#[test]
fn in_a_flood_of_forged_datagrams_a_lost_answer_is_asked_for_again() {
    for is_connect in [true, false] {
        let (mut simulation, id) = if is_connect { connecting() } else { announcing() };
        let sent = simulation.sent().count();
        simulation.run_for(milliseconds(100));
        flood(&mut simulation);
        simulation.run_for(seconds(20));
        assert_eq!(simulation.end(id), None);
        assert!(simulation.sent().count() > sent);
        if is_connect {
            simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), 77));
        }
        simulation.deliver(v4(1), &wire::announce_response(simulation.last_transaction_id(), [1800, 1, 2], &[]));
        assert!(simulation.is_answered(id));
        check_rules(&simulation);
        simulation.finish();
    }
}

#[test]
fn in_a_flood_that_does_not_end_a_silent_tracker_is_not_responding() {
    for is_connect in [true, false] {
        let mut simulation = Simulation::new(1);
        let id = simulation.begin(request_to(&[v4(1)], 100, announce_of(1)));
        if !is_connect {
            simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), 77));
        }
        while simulation.end(id).is_none() {
            flood(&mut simulation);
            simulation.run_for(seconds(2));
        }
        assert_eq!(simulation.failed(id).1, "tracker is not responding after:25600");
    }
}

#[test]
fn a_flood_does_not_slow_the_recovery_of_a_burst() {
    let mut simulation = Simulation::new(1);
    let ids = simulation.burst(v4(1), 40);
    simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), 77));
    for _ in 0..3 {
        flood(&mut simulation);
    }
    simulation.run_for(milliseconds(10));
    // The answer to the burst's last request arrives, those to the others were lost.
    let sent = simulation.sent().count();
    simulation.deliver(v4(1), &wire::announce_response(simulation.last_transaction_id(), [1800, 1, 2], &[]));
    simulation.run_for(seconds(1));
    assert!(simulation.sent().count() >= sent + 39);
    assert_eq!(ids.iter().filter(|&&id| simulation.end(id).is_some()).count(), 1);
}

#[test]
fn after_a_flood_a_wrong_answer_is_told_again() {
    let (mut simulation, id) = announcing();
    flood(&mut simulation);
    simulation.run_for(seconds(60));
    assert_eq!(simulation.end(id), None);
    simulation.deliver(v4(1), &forged_announce(&simulation));
    simulation.run();
    assert_eq!(simulation.failed(id), (seconds(63), ANNOUNCE_TEXT.to_owned()));
}

#[test]
#[cfg_attr(miri, ignore = "too many requests for an interpreter")]
fn replays_of_answered_requests_are_held_against_nobody() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
    simulation.burst(v4(1), 1000);
    simulation.run();
    let old: Vec<u32> = simulation.sent().map(|sent| sent.packet.transaction_id()).collect();
    simulation.trackers.clear();
    let id = simulation.announce(v4(1), 1000);
    for transaction_id in old {
        simulation.deliver(v4(1), &wire::announce_response(transaction_id, [0; 3], &[]));
    }
    simulation.run_for(seconds(10));
    assert_eq!(simulation.end(id), None);
    assert_eq!(simulation.client.counters().dropped_late, 1001);
    assert_eq!(simulation.client.counters().dropped_stray, 0);
}

#[test]
fn one_forged_datagram_is_held_against_one_request() {
    let mut simulation = Simulation::new(1);
    let ids = simulation.burst(v4(1), 10);
    simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), 77));
    for _ in 0..3 {
        simulation.deliver(v4(1), &forged_announce(&simulation));
    }
    simulation.run_for(seconds(5));
    assert_eq!(ids.iter().filter(|&&id| simulation.end(id).is_some()).count(), 3);
    check_rules(&simulation);
}

fn forged_announce(simulation: &Simulation) -> Vec<u8> {
    wire::announce_response(!simulation.last_transaction_id(), [0; 3], &[])
}

#[test]
fn with_nothing_on_its_way_a_datagram_changes_nothing() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
    simulation.announce(v4(1), 1);
    simulation.run();
    let nobody: SocketAddr = v4(9);
    for forgery in forgeries(1) {
        simulation.deliver(v4(1), &forgery);
        simulation.deliver(nobody, &forgery);
    }
    let id = simulation.announce(v4(1), 2);
    simulation.run();
    assert!(simulation.is_answered(id));
    assert_eq!(simulation.connects().len(), 1);
    simulation.finish();
}

#[test]
fn a_connect_that_was_answered_is_not_held_up_by_what_came_before() {
    let (mut simulation, _) = connecting();
    let connect = simulation.last_transaction_id();
    simulation.deliver(v4(1), &wire::connect_response(!connect, 66));
    simulation.run_for(milliseconds(20));
    // This connection ID is for those alone who wait for it.
    simulation.deliver(v4(1), &wire::connect_response(connect, 0x0417_2710_1980));
    simulation.run_for(milliseconds(20));
    simulation.announce(v4(1), 2);
    assert_eq!(simulation.connects(), [0, 40].map(milliseconds));
}

#[test]
fn a_few_wrong_datagrams_each_time_are_never_a_flood() {
    let (mut simulation, mut id) = announcing();
    for n in 2..100 {
        // The second one has nobody left whom it could have been meant for.
        for _ in 0..2 {
            simulation.deliver(v4(1), &forged_announce(&simulation));
        }
        let begun = simulation.now;
        simulation.run_for(seconds(4));
        assert_eq!(simulation.failed(id), (begun + GRACE, ANNOUNCE_TEXT.to_owned()));
        id = simulation.announce(v4(1), n);
        if simulation.last().packet.is_connect() {
            simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), 77));
        }
    }
}
