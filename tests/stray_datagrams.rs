//! Datagrams that answer nothing: late, forged, doubled, malformed, from elsewhere. The true answer wins over all.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::{net::SocketAddr, time::Duration};

use support::{
    End, ModelTracker, Simulation, TIMEOUT_MS, announce_of, check_rules, milliseconds, request_to, scrape_of, seconds,
    v4, v6, wire,
};

const CONNECT_TEXT: &str = "transactionId is not same as in connect request";
const ANNOUNCE_TEXT: &str = "transactionId is not same as in announce request";
const SCRAPE_TEXT: &str = "transactionId is not same as in scrape request";

/// A simulation with one announce at 192.0.2.1 whose connect is on its way.
fn connecting() -> (Simulation, u64) {
    let mut simulation = Simulation::new(1);
    let id = simulation.announce(v4(1), 1);
    (simulation, id)
}

/// A simulation with one announce at 192.0.2.1 that is itself on its way.
fn announcing() -> (Simulation, u64) {
    let (mut simulation, id) = connecting();
    simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), 77));
    (simulation, id)
}

/// A simulation with one scrape of three info-hashes on its way.
fn scraping() -> (Simulation, u64) {
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
fn a_forged_datagram_and_nothing_else_ends_a_connect_after_three_seconds() {
    let (mut simulation, id) = connecting();
    simulation.run_for(seconds(1));
    simulation.deliver(v4(1), &wire::connect_response(!simulation.last_transaction_id(), 77));
    simulation.run();
    assert_eq!(simulation.failed(id), (seconds(4), CONNECT_TEXT.to_owned()));
    assert_eq!(simulation.sent().count(), 1);
    simulation.finish();
}

#[test]
fn a_forged_datagram_and_nothing_else_ends_an_announce_after_three_seconds() {
    let (mut simulation, id) = announcing();
    simulation.run_for(seconds(1));
    simulation.deliver(v4(1), &wire::announce_response(!simulation.last_transaction_id(), [0; 3], &[]));
    simulation.run();
    assert_eq!(simulation.failed(id), (seconds(4), ANNOUNCE_TEXT.to_owned()));
    simulation.finish();
}

#[test]
fn a_forged_datagram_and_nothing_else_ends_a_scrape_after_three_seconds() {
    let (mut simulation, id) = scraping();
    simulation.run_for(seconds(1));
    simulation.deliver(v4(1), &wire::scrape_response(!simulation.last_transaction_id(), &[[0; 3]; 3]));
    simulation.run();
    assert_eq!(simulation.failed(id), (seconds(4), SCRAPE_TEXT.to_owned()));
    simulation.finish();
}

#[test]
fn more_forged_datagrams_do_not_put_the_verdict_off() {
    let (mut simulation, id) = announcing();
    for _ in 0..10 {
        simulation.deliver(v4(1), &wire::announce_response(!simulation.last_transaction_id(), [0; 3], &[]));
        simulation.run_for(seconds(1));
    }
    assert_eq!(simulation.failed(id), (seconds(3), ANNOUNCE_TEXT.to_owned()));
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
        simulation.run_for(seconds(1));
        flood(&mut simulation);
        simulation.run_for(milliseconds(28_999));
        assert_eq!((simulation.end(id), simulation.sent().count()), (None, sent));
        simulation.run_for(milliseconds(1));
        assert_eq!((simulation.end(id), simulation.sent().count()), (None, sent + 1));
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
    let ids = simulation.begin_all((0..40).map(|n| request_to(&[v4(1)], TIMEOUT_MS, announce_of(n))));
    simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), 77));
    for _ in 0..3 {
        flood(&mut simulation);
    }
    simulation.run_for(milliseconds(10));
    // The answer to the burst's last request arrives, those to the others were lost.
    let sent = simulation.sent().count();
    simulation.deliver(v4(1), &wire::announce_response(simulation.last_transaction_id(), [1800, 1, 2], &[]));
    simulation.run_for(seconds(1));
    assert!(simulation.sent().count() > sent);
    assert_eq!(ids.iter().filter(|&&id| simulation.end(id).is_some()).count(), 1);
}

#[test]
fn after_a_flood_a_wrong_answer_is_told_again() {
    let (mut simulation, id) = announcing();
    flood(&mut simulation);
    simulation.run_for(seconds(30));
    simulation.deliver(v4(1), &forged_announce(&simulation));
    simulation.run();
    assert_eq!(simulation.failed(id), (seconds(33), ANNOUNCE_TEXT.to_owned()));
}

#[test]
fn the_verdict_comes_earlier_when_the_next_send_is_due_earlier_and_never_before() {
    for is_connect in [true, false] {
        let mut simulation = Simulation::new(1);
        // The first wait is over after two seconds.
        let id = simulation.begin(request_to(&[v4(1)], 1000, announce_of(1)));
        if !is_connect {
            simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), 77));
        }
        simulation.run_for(milliseconds(500));
        let forged = wire::response(u32::from(!is_connect), !simulation.last_transaction_id(), &[0; 12]);
        simulation.deliver(v4(1), &forged);
        let sent = simulation.sent().count();
        simulation.run();
        let text = if is_connect { CONNECT_TEXT } else { ANNOUNCE_TEXT };
        assert_eq!(simulation.failed(id), (seconds(2), text.to_owned()));
        assert_eq!(simulation.sent().count(), sent);
        simulation.finish();
    }
}

#[test]
fn what_is_shorter_than_8_bytes_is_no_answer_but_does_not_go_unmentioned() {
    for length in 0..8 {
        for (make, text) in [
            (connecting as fn() -> (Simulation, u64), "connect response is not 16 bytes long"),
            (announcing, "announce response should be 20 bytes"),
            (scraping, "scrape response should be 8 bytes and 12 for each info-hash"),
        ] {
            let (mut simulation, id) = make();
            // The action that is asked for, where there is one, and whatever of the transaction ID fits.
            let action = match simulation.last().packet {
                wire::Packet::Connect { .. } => 0,
                wire::Packet::Announce { .. } => 1,
                wire::Packet::Scrape { .. } => 2,
            };
            let whole = wire::response(action, simulation.last_transaction_id(), &[]);
            simulation.deliver(v4(1), &whole[..length]);
            assert_eq!(simulation.end(id), None);
            simulation.run();
            assert_eq!(simulation.failed(id), (seconds(3), text.to_owned()), "{length} bytes");
            simulation.finish();
        }
    }
}

#[test]
fn a_datagram_from_another_address_or_port_ends_nothing() {
    let mut other_port = v4(1);
    other_port.set_port(6970);
    for from in [other_port, v4(2), v6(1)] {
        let (mut simulation, id) = connecting();
        let connect = simulation.last_transaction_id();
        simulation.deliver(from, &wire::connect_response(connect, 66));
        simulation.deliver(from, &wire::error_response(connect, "no"));
        simulation.run_for(seconds(10));
        assert_eq!(simulation.end(id), None);
        assert_eq!(simulation.sent().count(), 1);
        assert_eq!(simulation.client.counters().dropped_unknown, 2);
        simulation.deliver(v4(1), &wire::connect_response(connect, 77));
        assert_eq!(simulation.last().packet.connection_id(), Some(77));
        let announce = simulation.last_transaction_id();
        simulation.deliver(from, &wire::announce_response(announce, [1, 2, 3], &[]));
        simulation.deliver(from, &[]);
        assert_eq!(simulation.end(id), None);
        simulation.deliver(v4(1), &wire::announce_response(announce, [1800, 1, 2], &[]));
        assert!(simulation.is_answered(id));
    }
}

#[test]
fn another_trackers_datagram_does_not_answer_even_with_the_right_transaction_id() {
    let mut simulation = Simulation::new(1);
    let first = simulation.announce(v4(1), 1);
    let transaction_id = simulation.last_transaction_id();
    let second = simulation.announce(v4(2), 2);
    simulation.deliver(v4(2), &wire::connect_response(transaction_id, 66));
    assert_eq!(simulation.asked(), []);
    simulation.run_for(seconds(3));
    assert_eq!(simulation.end(first), None);
    assert_eq!(simulation.failed(second).1, CONNECT_TEXT);
}

/// Every malformed answer and the text it ends a request with: what the request was doing, action, bytes behind the
/// header, text.
#[test]
fn a_malformed_answer_ends_the_request_at_once() {
    type Case = (fn() -> (Simulation, u64), u32, std::ops::Range<usize>, &'static str);
    let cases: [Case; 14] = [
        (connecting, 0, 0..8, "connect response is not 16 bytes long"),
        (connecting, 1, 0..12, "announce response should be 20 bytes"),
        (connecting, 1, 12..15, "unsupported event:1"),
        (connecting, 2, 0..15, "unsupported event:2"),
        (connecting, 3, 0..1, "error action response is not 9 bytes long"),
        (connecting, 4, 0..15, "unsupported event:4"),
        (announcing, 0, 0..8, "connect response is not 16 bytes long"),
        (announcing, 0, 8..15, "unsupported event:0"),
        (announcing, 1, 0..12, "announce response should be 20 bytes"),
        (announcing, 2, 0..40, "unsupported event:2"),
        (announcing, 3, 0..1, "error action response is not 9 bytes long"),
        (announcing, u32::MAX, 0..15, "unsupported event:4294967295"),
        (scraping, 1, 12..15, "unsupported event:1"),
        (scraping, 2, 0..12, "scrape response should be 8 bytes and 12 for each info-hash"),
    ];
    for (make, action, lengths, text) in cases {
        for length in lengths {
            let (mut simulation, id) = make();
            simulation.run_for(seconds(1));
            let answer = wire::response(action, simulation.last_transaction_id(), &vec![0; length]);
            simulation.deliver(v4(1), &answer);
            let failed = (seconds(1), text.to_owned());
            assert_eq!(simulation.failed(id), failed, "action {action} and {length} bytes");
            simulation.finish();
        }
    }
}

#[test]
fn the_trackers_own_words_end_the_request_at_once() {
    for make in [connecting, announcing, scraping] {
        for (message, text) in [("no", "no"), ("x", "x"), ("Full.\0\0", "Full."), ("bücher", "bücher")] {
            let (mut simulation, id) = make();
            let answer = wire::error_response(simulation.last_transaction_id(), message);
            simulation.deliver(v4(1), &answer);
            assert_eq!(simulation.failed(id), (Duration::ZERO, text.to_owned()));
            simulation.finish();
        }
    }
}

#[test]
fn an_answer_may_be_longer_than_needed() {
    let mut simulation = Simulation::new(1);
    let id = simulation.announce(v4(1), 1);
    let mut connect = wire::connect_response(simulation.last_transaction_id(), 77);
    connect.extend([0; 100]);
    simulation.deliver(v4(1), &connect);
    let answer = wire::announce_response(simulation.last_transaction_id(), [1800, 1, 2], &[7; 6 * 3 + 5]);
    simulation.deliver(v4(1), &answer);
    let Some(End::Announced { peers, .. }) = simulation.end(id) else { panic!("an answer") };
    assert_eq!(*peers, [7; 18]);
}

#[test]
#[cfg_attr(miri, ignore = "too many requests for an interpreter")]
fn replays_of_answered_requests_are_held_against_nobody() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
    simulation.begin_all((0..1000).map(|n| request_to(&[v4(1)], TIMEOUT_MS, announce_of(n))));
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
    let ids = simulation.begin_all((0..10).map(|n| request_to(&[v4(1)], TIMEOUT_MS, announce_of(n))));
    simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), 77));
    for _ in 0..3 {
        simulation.deliver(v4(1), &forged_announce(&simulation));
    }
    simulation.run_for(seconds(5));
    assert_eq!(ids.iter().filter(|&&id| simulation.end(id).is_some()).count(), 3);
}

fn forged_announce(simulation: &Simulation) -> Vec<u8> {
    wire::announce_response(!simulation.last_transaction_id(), [0; 3], &[])
}

#[test]
fn a_wrong_answer_to_a_request_that_others_overtook_is_still_told() {
    // The second request is answered, the first by a datagram with a wrong transaction ID some time later.
    let (mut simulation, first) = announcing();
    simulation.run_for(seconds(1));
    let second = simulation.announce(v4(1), 2);
    simulation.run_for(milliseconds(20));
    simulation.deliver(v4(1), &wire::announce_response(simulation.last_transaction_id(), [1800, 1, 2], &[]));
    assert!(simulation.is_answered(second));
    simulation.run_for(seconds(1));
    simulation.deliver(v4(1), &forged_announce(&simulation));
    simulation.run_for(seconds(3));
    assert_eq!(simulation.failed(first), (milliseconds(5020), ANNOUNCE_TEXT.to_owned()));
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
