//! Datagrams by what they match: malformed answers, the tracker's own words, longer answers than needed, and those from
//! another address or port.

use std::time::Duration;

use crate::stray_datagrams::{announcing, connecting, scraping};
use crate::support::{End, Simulation, milliseconds, seconds, v4, v6, wire};

const CONNECT_TEXT: &str = "transactionId is not same as in connect request";

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
        simulation.run_for(milliseconds(900));
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
            simulation.run_for(milliseconds(100));
            let answer = wire::response(action, simulation.last_transaction_id(), &vec![0; length]);
            simulation.deliver(v4(1), &answer);
            let failed = (milliseconds(100), text.to_owned());
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
