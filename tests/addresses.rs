//! A host with several addresses: one that does not answer or cannot be reached does not hold a request up.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV6};

use bittorrent_udp_tracker::proto::{Origin, RequestId, SendFailure, Transmit};
use support::{
    End, ModelTracker, Simulation, TIMEOUT_MS, announce_of, check_rules, milliseconds, request_to, seconds, v4, v6,
    wire,
};

fn request(n: u64) -> bittorrent_udp_tracker::proto::Request {
    request_to(&[v6(1), v4(2)], TIMEOUT_MS, announce_of(n))
}

fn to(simulation: &Simulation) -> Vec<SocketAddr> {
    simulation.sent().map(|sent| sent.to).collect()
}

#[test]
fn the_second_send_of_a_connect_goes_to_the_next_address() {
    let mut simulation = Simulation::with_tracker(v4(2), ModelTracker::default());
    let id = simulation.begin(request(1));
    simulation.run();
    assert!(simulation.is_answered(id));
    assert_eq!(to(&simulation), [v6(1), v4(2), v4(2)]);
    assert_eq!(simulation.connects(), [seconds(0), seconds(30)]);
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn addresses_take_turns_within_the_seven_sends() {
    let mut simulation = Simulation::new(1);
    let id = simulation.begin(request(1));
    simulation.run();
    assert_eq!(to(&simulation), [v6(1), v4(2), v6(1), v4(2), v6(1), v4(2), v6(1)]);
    assert_eq!(simulation.connects(), [0, 30, 90, 210, 450, 930, 1890].map(seconds));
    assert_eq!(simulation.failed(id), (seconds(3810), "tracker is not responding after:3840000".to_owned()));
    simulation.finish();
}

#[test]
fn an_announce_that_its_address_does_not_answer_goes_to_the_next() {
    let deaf = ModelTracker { deaf_to_requests: usize::MAX, ..ModelTracker::default() };
    let mut simulation = Simulation::with_tracker(v6(1), deaf);
    simulation.trackers.insert(v4(2), ModelTracker::default());
    let id = simulation.begin(request(1));
    simulation.run();
    assert!(simulation.is_answered(id));
    assert_eq!(to(&simulation), [v6(1), v6(1), v4(2), v4(2)]);
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_request_stays_at_an_address_that_answers_others() {
    let mut simulation = Simulation::with_tracker(v6(1), ModelTracker { deaf_to_requests: 1, ..Default::default() });
    simulation.trackers.insert(v4(2), ModelTracker::default());
    let id = simulation.begin(request(1));
    simulation.run_for(seconds(10));
    simulation.announce(v6(1), 2);
    simulation.run();
    assert!(simulation.is_answered(id));
    assert!(to(&simulation).iter().all(|&to| to == v6(1)));
    simulation.finish();
}

#[test]
#[cfg_attr(miri, ignore = "too many requests for an interpreter")]
fn an_unreachable_address_is_left_at_once() {
    let mut simulation = Simulation::with_tracker(v4(2), ModelTracker::default());
    simulation.unreachable.insert(v6(1));
    let ids = simulation.begin_all((0..50).map(request));
    simulation.run();
    for id in ids {
        assert_eq!(simulation.ended(id).0, milliseconds(40));
        assert!(simulation.is_answered(id));
    }
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn an_unreachable_address_is_left_at_once_by_later_requests_too() {
    let mut simulation = Simulation::with_tracker(v4(2), ModelTracker::default());
    simulation.unreachable.insert(v6(1));
    simulation.begin(request(1));
    for n in 2..20 {
        simulation.run_for(seconds(1));
        let (id, begun) = (simulation.begin(request(n)), simulation.now);
        simulation.run();
        assert!(simulation.ended(id).0 <= begun + milliseconds(100), "request {n}");
    }
    simulation.finish();
}

#[test]
fn a_refusal_that_comes_late_is_of_the_address_that_was_left() {
    let deaf = ModelTracker { deaf_to_requests: usize::MAX, ..ModelTracker::default() };
    let mut simulation = Simulation::with_tracker(v6(1), deaf);
    simulation.trackers.insert(v4(2), ModelTracker::default());
    let id = simulation.begin(request(1));
    // The announce lay in front of a full socket all the time; meanwhile its request has gone on.
    simulation.run_until(seconds(30) + milliseconds(25));
    assert_eq!(to(&simulation), [v6(1), v6(1), v4(2)]);
    let late = Transmit { to: v6(1), origin: Origin::Request(RequestId(id)) };
    simulation.refuse(late, SendFailure::Lasting("no"));
    simulation.run();
    assert!(simulation.is_answered(id));
    assert_eq!(to(&simulation), [v6(1), v6(1), v4(2), v4(2)]);
    simulation.finish();
}

#[test]
fn an_address_that_becomes_unreachable_is_left_with_the_announce() {
    let mut simulation = Simulation::with_tracker(v6(1), ModelTracker::default());
    simulation.trackers.insert(v4(2), ModelTracker::default());
    simulation.begin(request(1));
    simulation.run();
    simulation.unreachable.insert(v6(1));
    let begun = simulation.now;
    let id = simulation.begin(request(2));
    simulation.run();
    assert!(simulation.is_answered(id));
    assert_eq!(simulation.ended(id).0, begun + milliseconds(40));
    assert_eq!(to(&simulation)[2..], [v6(1), v4(2), v4(2)]);
    simulation.finish();
}

#[test]
fn a_send_that_fails_in_passing_is_retransmitted_when_it_is_due() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
    simulation.unreachable.insert(v4(1));
    let id = simulation.announce(v4(1), 1);
    simulation.run_for(seconds(29));
    simulation.unreachable.clear();
    simulation.run();
    assert_eq!(simulation.ended(id).0, seconds(30) + milliseconds(40));
    assert!(simulation.is_answered(id));
    simulation.finish();
}

#[test]
fn when_no_address_can_ever_be_sent_to_the_request_ends_with_the_reason() {
    let mut simulation = Simulation::new(1);
    simulation.unreachable.extend([v6(1), v4(2)]);
    simulation.lasting = Some("address family not supported");
    for n in 0..3 {
        let (id, begun) = (simulation.begin(request(n)), simulation.now);
        let text = "cannot send to tracker 192.0.2.2:6969: address family not supported";
        assert_eq!(simulation.failed(id), (begun, text.to_owned()), "request {n}");
        simulation.run_for(seconds(1));
    }
    simulation.finish();
}

#[test]
fn an_error_about_the_connection_id_at_the_last_send_is_not_the_end() {
    let mut simulation = Simulation::new(1);
    let id = simulation.begin(request_to(&[v4(1), v4(2)], 100, announce_of(1)));
    simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), 77));
    simulation.run_for(milliseconds(200));
    simulation.deliver(v4(2), &wire::connect_response(simulation.last_transaction_id(), 78));
    simulation.run_for(seconds(13));
    assert_eq!(simulation.asked().len(), 7);
    let answer = wire::error_response(simulation.last_transaction_id(), "bad connection id");
    simulation.deliver(simulation.last().to, &answer);
    // The new connect is not answered, the other address is connected.
    simulation.run_for(milliseconds(200));
    assert_eq!(simulation.end(id), None);
    simulation.deliver(v4(2), &wire::announce_response(simulation.last_transaction_id(), [1800, 0, 0], &[]));
    assert!(simulation.is_answered(id));
    simulation.finish();
}

#[test]
fn cancelled_after_a_move_it_is_forgotten_at_both_addresses() {
    let mut simulation = Simulation::new(1);
    let id = simulation.begin(request(1));
    simulation.run_for(seconds(31));
    let connects: Vec<_> = simulation.sent().map(|sent| (sent.to, sent.packet.transaction_id())).collect();
    simulation.cancel(id);
    for (from, transaction_id) in connects {
        simulation.deliver(from, &wire::connect_response(transaction_id, 77));
    }
    simulation.finish();
    assert_eq!(simulation.sent().count(), 2);
}

#[test]
fn an_ipv4_address_in_ipv6_clothes_is_the_ipv4_address() {
    let mapped = SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped(), 6969));
    let mut simulation = Simulation::new(1);
    let id = simulation.begin(request_to(&[mapped], TIMEOUT_MS, announce_of(1)));
    assert_eq!(simulation.last().to, v4(1));
    simulation.deliver(mapped, &wire::connect_response(simulation.last_transaction_id(), 77));
    simulation.deliver(v4(1), &wire::announce_response(simulation.last_transaction_id(), [1, 2, 3], &[9; 18]));
    let Some(End::Announced { peers, .. }) = simulation.end(id) else { panic!("an answer") };
    assert_eq!(peers.len(), 18);
    simulation.finish();
}

#[test]
fn the_scope_that_the_system_reports_with_a_global_address_does_not_matter() {
    let SocketAddr::V6(plain) = v6(1) else { panic!("IPv6") };
    let scoped = SocketAddr::from(SocketAddrV6::new(*plain.ip(), plain.port(), 5, 3));
    let mut simulation = Simulation::new(1);
    simulation.announce(v6(1), 1);
    simulation.deliver(scoped, &wire::connect_response(simulation.last_transaction_id(), 77));
    assert_eq!(simulation.asked().len(), 1);
}
