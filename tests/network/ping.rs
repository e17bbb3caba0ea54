//! A connect by itself: what is sent, what is timed, and what it does for others.

use std::time::Duration;

use crate::support::{
    End, Link, ModelTracker, Simulation, TIMEOUT_MS, connect, milliseconds, request_to, seconds, send_error, v4, v6,
    wire,
};
use bittorrent_udp_tracker::proto::{
    Body, Failure, Origin, Phase, Port, RequestId, SendFailure, Transmit, Unreachable,
};

const ROUND_TRIP: Duration = milliseconds(20);

fn ping(simulation: &mut Simulation, addresses: &[std::net::SocketAddr], retransmit: bool) -> u64 {
    simulation.begin(request_to(addresses, TIMEOUT_MS, connect(retransmit)))
}

fn answered(simulation: &Simulation, id: u64) -> (std::net::SocketAddr, Duration) {
    match simulation.ended(id).1 {
        End::Connected { address, round_trip } => (*address, *round_trip),
        end => panic!("{end:?}"),
    }
}

#[test]
fn a_connect_goes_out_each_time_and_its_round_trip_is_the_answer() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
    let announced = simulation.announce(v4(1), 1);
    simulation.run();
    assert!(simulation.is_answered(announced));
    for count in 2..5 {
        let id = ping(&mut simulation, &[v4(1)], false);
        simulation.run();
        assert_eq!(answered(&simulation, id), (v4(1), ROUND_TRIP));
        assert_eq!(simulation.connects().len(), count);
        assert_eq!(simulation.last().origin, Origin::Request(RequestId(id)));
    }
    simulation.finish();
}

#[test]
fn each_of_many_at_once_has_a_datagram_of_its_own_and_its_turn() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
    let ids = simulation.begin_all((0..40).map(|_| request_to(&[v4(1)], TIMEOUT_MS, connect(false))));
    simulation.run();
    // A burst would measure how long a tracker takes for the others.
    let turns: Vec<_> = (0..40).map(|n| n * Duration::from_micros(500)).collect();
    assert_eq!(simulation.connects(), turns);
    assert!(ids.iter().all(|id| answered(&simulation, *id).1 == ROUND_TRIP));
    simulation.finish();
}

#[test]
fn what_is_lost_is_lost_unless_it_is_to_be_retransmitted() {
    let deaf = || ModelTracker { deaf_to_connects: 2, ..ModelTracker::default() };
    let mut simulation = Simulation::with_tracker(v4(1), deaf());
    let id = ping(&mut simulation, &[v4(1)], false);
    simulation.run_for(seconds(100));
    assert_eq!((simulation.connects().len(), simulation.end(id)), (1, None));
    simulation.give_up(id, 5000.0);
    let failure = Failure::NotResponding(5000.0);
    let end = End::Failed { failure, address: Some(v4(1)), phase: Phase::Connect };
    assert_eq!(simulation.end(id), Some(&end));
    simulation.finish();

    let mut simulation = Simulation::with_tracker(v4(1), deaf());
    let id = ping(&mut simulation, &[v4(1)], true);
    simulation.run();
    assert_eq!(simulation.connects(), [seconds(0), seconds(1), seconds(2)]);
    assert_eq!(answered(&simulation, id).1, ROUND_TRIP);
    assert_eq!(simulation.client.counters().retransmissions, 2);
    simulation.finish();
}

#[test]
fn a_late_answer_to_an_earlier_send_is_timed_from_that_send() {
    let slow = Link::of(milliseconds(1500));
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::behind(slow));
    let id = ping(&mut simulation, &[v4(1)], true);
    simulation.run();
    assert_eq!(simulation.connects().len(), 2);
    assert_eq!(answered(&simulation, id).1, milliseconds(1500));
    simulation.finish();
}

#[test]
fn the_other_addresses_are_asked_in_their_turn_if_it_is_to_be_retransmitted() {
    let mut simulation = Simulation::with_tracker(v4(3), ModelTracker::default());
    let id = ping(&mut simulation, &[v4(1), v4(2), v4(3)], true);
    simulation.run();
    assert_eq!(simulation.connects(), [milliseconds(0), milliseconds(300), milliseconds(600)]);
    assert_eq!(answered(&simulation, id), (v4(3), ROUND_TRIP));
    // The next one knows, and one of a single datagram as well.
    let next = ping(&mut simulation, &[v4(1), v4(2), v4(3)], false);
    simulation.run();
    assert_eq!(answered(&simulation, next), (v4(3), ROUND_TRIP));
    simulation.finish();
}

#[test]
fn an_address_that_never_answered_is_not_the_next_ones_first() {
    let mut simulation = Simulation::with_tracker(v4(2), ModelTracker::default());
    let id = ping(&mut simulation, &[v4(1), v4(2)], false);
    simulation.give_up(id, 100.0);
    let next = ping(&mut simulation, &[v4(1), v4(2)], false);
    simulation.run();
    assert_eq!(answered(&simulation, next).0, v4(2));
    // One that has answered shows its losses.
    simulation.trackers.get_mut(&v4(2)).unwrap().deaf_to_connects = 1;
    let lost = ping(&mut simulation, &[v4(1), v4(2)], false);
    simulation.run_for(seconds(5));
    simulation.give_up(lost, 5000.0);
    let next = ping(&mut simulation, &[v4(1), v4(2)], false);
    simulation.run();
    assert_eq!(answered(&simulation, next).0, v4(2));
    simulation.finish();
}

#[test]
fn its_connection_id_serves_whoever_waits_for_one() {
    // Of the connects, the announce's own is lost.
    let tracker = ModelTracker { deaf_to_connects: 1, ..ModelTracker::default() };
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    let announced = simulation.announce(v4(1), 1);
    ping(&mut simulation, &[v4(1)], false);
    simulation.run();
    assert_eq!(simulation.ended(announced).0, 2 * ROUND_TRIP);
    simulation.announce(v4(1), 2);
    simulation.run();
    assert_eq!(simulation.connects().len(), 2);
    simulation.finish();
}

#[test]
fn an_error_or_half_an_answer_ends_it_with_the_trackers_words() {
    let mut simulation = Simulation::new(1);
    for (rest, text) in [
        (wire::error_response(0, "go away\0"), "go away"),
        (vec![0; 12], "connect response is not 16 bytes long"),
        (wire::announce_response(0, [1, 2, 3], &[]), "unsupported event:1"),
    ] {
        let id = ping(&mut simulation, &[v4(1)], true);
        let mut answer = rest;
        answer[4..8].copy_from_slice(&simulation.last_transaction_id().to_be_bytes());
        simulation.deliver(v4(1), &answer);
        assert_eq!(simulation.failed(id).1, text);
        simulation.run_for(milliseconds(1));
    }
    simulation.finish();
}

#[test]
fn what_the_system_does_not_send_is_told_at_once_if_it_is_the_only_datagram() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
    simulation.unreachable.insert(v6(1));
    let id = ping(&mut simulation, &[v6(1)], false);
    assert_eq!(simulation.failed(id), (Duration::ZERO, format!("cannot send to tracker {}: no route", v6(1))));
    let id = ping(&mut simulation, &[v6(1), v4(1)], false);
    simulation.run();
    assert_eq!(answered(&simulation, id).0, v4(1));
    let id = ping(&mut simulation, &[v6(1)], true);
    simulation.run_for(seconds(3));
    simulation.unreachable.clear();
    simulation.trackers.insert(v6(1), ModelTracker::default());
    simulation.run();
    assert_eq!(answered(&simulation, id), (v6(1), ROUND_TRIP));
    simulation.finish();
}

/// What the datagram sent last began with.
fn quoted(simulation: &Simulation) -> Vec<u8> {
    simulation.last().bytes[..16].to_vec()
}

#[test]
fn a_closed_port_is_told_at_once() {
    // A router quotes the datagram's beginning, or only the ports before it.
    for retransmit in [false, true] {
        for length in [0, 16] {
            let mut simulation = Simulation::new(1);
            let id = ping(&mut simulation, &[v4(1)], retransmit);
            let quoted = quoted(&simulation);
            simulation.unreachable(v4(1), &quoted[..length], Unreachable::Port);
            assert_eq!(simulation.failed(id).1, format!("cannot reach tracker {}: port closed", v4(1)));
            simulation.finish();
        }
    }
}

#[test]
fn a_message_about_a_datagram_that_nobody_sent_changes_nothing() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
    let id = ping(&mut simulation, &[v4(1)], false);
    let mut forged = quoted(&simulation);
    forged[15] ^= 1;
    simulation.unreachable(v4(1), &forged, Unreachable::Host);
    simulation.unreachable(v4(2), &[], Unreachable::Port);
    simulation.run();
    assert_eq!(answered(&simulation, id).1, ROUND_TRIP);
    simulation.finish();
}

#[test]
fn a_closed_port_sends_a_connect_and_a_race_to_the_next_address_at_once() {
    for body in [connect(false), connect(true), crate::support::announce_of(1)] {
        let mut simulation = Simulation::with_tracker(v4(2), ModelTracker::default());
        let is_connect = matches!(body, Body::Connect(_));
        let id = simulation.begin(request_to(&[v4(1), v4(2)], TIMEOUT_MS, body));
        simulation.run_for(milliseconds(10));
        let quoted = quoted(&simulation);
        simulation.unreachable(v4(1), &quoted, Unreachable::Port);
        assert_eq!(simulation.connects_to(v4(2)), [milliseconds(10)]);
        simulation.run();
        let took = if is_connect { ROUND_TRIP } else { 2 * ROUND_TRIP };
        assert_eq!(simulation.ended(id).0, milliseconds(10) + took);
        simulation.finish();
    }
}

#[test]
fn what_was_sent_to_one_of_several_addresses_goes_on_to_the_next_when_its_port_is_closed() {
    let mut simulation = Simulation::with_tracker(v4(2), ModelTracker::default());
    simulation.trackers.insert(v4(1), ModelTracker { deaf_to_requests: usize::MAX, ..ModelTracker::default() });
    let id = simulation.begin(request_to(&[v4(1), v4(2)], TIMEOUT_MS, crate::support::announce_of(1)));
    simulation.run_for(milliseconds(30));
    simulation.trackers.remove(&v4(1));
    let quoted = quoted(&simulation);
    simulation.unreachable(v4(1), &quoted, Unreachable::Port);
    simulation.run();
    assert_eq!(simulation.ended(id).0, milliseconds(30) + 2 * ROUND_TRIP);
    simulation.finish();
}

#[test]
fn a_message_alone_ends_no_announce() {
    // While it connects, and while it asks.
    for (connects, after) in [(1, milliseconds(10)), (0, milliseconds(30))] {
        let tracker = ModelTracker { deaf_to_connects: connects, deaf_to_requests: 1, ..ModelTracker::default() };
        let mut simulation = Simulation::with_tracker(v4(1), tracker);
        let id = simulation.announce(v4(1), 1);
        simulation.run_for(after);
        let quoted = quoted(&simulation);
        simulation.unreachable(v4(1), &quoted, Unreachable::Port);
        simulation.unreachable(v4(1), &[], Unreachable::Port);
        simulation.run();
        assert!(simulation.is_answered(id), "{:?}", simulation.end(id));
        simulation.finish();
    }
}

#[test]
fn one_that_is_cancelled_is_never_heard_of_again() {
    for after in [milliseconds(1), milliseconds(500), seconds(3), seconds(100)] {
        let mut simulation = Simulation::new(1);
        let id = ping(&mut simulation, &[v4(1), v4(2)], true);
        simulation.run_for(after);
        let sent = simulation.connects().len();
        let transmit = Transmit {
            to: v4(1),
            port: Port(0),
            origin: Origin::Request(RequestId(id)),
            is_timed: true,
            is_ping: true,
        };
        let quoted = quoted(&simulation);
        simulation.cancel(id);
        simulation.refuse(transmit, SendFailure::Lasting(&send_error("no")));
        simulation.unreachable(v4(1), &quoted, Unreachable::Port);
        simulation.run_for(seconds(100));
        assert_eq!((simulation.connects().len(), simulation.end(id)), (sent, None));
        simulation.finish();
    }
}

#[test]
fn one_that_nobody_gives_up_ends_with_its_schedule() {
    let mut simulation = Simulation::new(1);
    for retransmit in [false, true] {
        let begun = simulation.now;
        let id = simulation.begin(request_to(&[v4(1), v4(2)], 100, connect(retransmit)));
        simulation.run();
        assert_eq!(
            simulation.failed(id),
            (begun + milliseconds(25_400), "tracker is not responding after:25600".into())
        );
    }
    simulation.finish();
}

#[test]
fn pings_leave_a_port_whose_way_is_gone_and_many_at_once_do_not() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
    let ids = simulation.begin_all((0..40).map(|_| request_to(&[v4(1)], TIMEOUT_MS, connect(false))));
    simulation.run();
    assert!(ids.iter().all(|id| simulation.is_answered(*id)));
    assert_eq!(simulation.client.counters().fresh_ports, 0);
    simulation.nat.cuts = vec![simulation.now + milliseconds(1)];
    for _ in 0..8 {
        ping(&mut simulation, &[v4(1)], false);
        simulation.run_for(seconds(1));
    }
    let id = ping(&mut simulation, &[v4(1)], false);
    simulation.run_for(seconds(1));
    assert_eq!(answered(&simulation, id).1, ROUND_TRIP);
}

#[test]
fn messages_about_every_address_end_no_race() {
    let mut simulation = Simulation::new(1);
    let id = simulation.begin(request_to(&[v4(1), v4(2)], TIMEOUT_MS, crate::support::announce_of(1)));
    for address in [v4(1), v4(2)] {
        simulation.run_for(milliseconds(10));
        assert_eq!(simulation.last().to, address);
        let quoted = quoted(&simulation);
        simulation.unreachable(address, &quoted, Unreachable::Port);
    }
    simulation.run_for(seconds(2));
    assert_eq!(simulation.end(id), None);
    simulation.trackers.insert(v4(1), ModelTracker::default());
    simulation.run();
    assert!(simulation.is_answered(id));
    simulation.finish();
}

#[test]
fn a_closed_port_asks_nobody_again_who_is_being_asked() {
    let mut simulation = Simulation::with_tracker(v4(2), ModelTracker::behind(Link::of(milliseconds(500))));
    let id = ping(&mut simulation, &[v4(1), v4(2)], true);
    let quoted = quoted(&simulation);
    simulation.run_for(milliseconds(400));
    assert_eq!(simulation.last().to, v4(2));
    simulation.unreachable(v4(1), &quoted, Unreachable::Port);
    simulation.run();
    assert_eq!(answered(&simulation, id), (v4(2), milliseconds(500)));
    assert_eq!(simulation.connects_to(v4(2)), [milliseconds(300)]);
    simulation.finish();
}
