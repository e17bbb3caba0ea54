//! Addresses that the system does not send to, and those that come in two spellings.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV6};

use crate::support::{
    End, ModelTracker, Simulation, TIMEOUT_MS, announce_of, check_rules, milliseconds, request_to, seconds, send_error,
    v4, v6, wire,
};
use bittorrent_udp_tracker::proto::{Origin, Port, Request, RequestId, SendFailure, Transmit};

fn request(n: u64) -> Request {
    request_to(&[v6(1), v4(2)], TIMEOUT_MS, announce_of(n))
}

fn to(simulation: &Simulation) -> Vec<SocketAddr> {
    simulation.sent().map(|sent| sent.to).collect()
}

#[test]
fn an_unreachable_address_is_left_at_once_and_by_later_requests_too() {
    let mut simulation = Simulation::with_tracker(v4(2), ModelTracker::default());
    simulation.unreachable.insert(v6(1));
    let ids = simulation.begin_all((0..50).map(request));
    simulation.run();
    assert_eq!(simulation.time_to_answer(&ids), milliseconds(40));
    for n in 50..70 {
        simulation.run_for(seconds(1));
        let id = simulation.begin(request(n));
        simulation.run();
        assert!(simulation.time_to_answer(&[id]) <= milliseconds(100), "request {n}");
    }
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn an_address_that_becomes_unreachable_is_left_with_the_announce() {
    let mut simulation = Simulation::with_tracker(v6(1), ModelTracker::default());
    simulation.trackers.insert(v4(2), ModelTracker::default());
    simulation.begin(request(1));
    simulation.run();
    simulation.unreachable.insert(v6(1));
    let id = simulation.begin(request(2));
    simulation.run();
    assert_eq!(simulation.time_to_answer(&[id]), milliseconds(40));
    assert_eq!(to(&simulation)[2..], [v6(1), v4(2), v4(2)]);
    simulation.finish();
}

#[test]
fn an_address_that_was_refused_is_tried_last_even_if_no_other_has_answered() {
    let mut simulation = Simulation::new(1);
    simulation.unreachable.insert(v6(1));
    let id = simulation.begin(request(1));
    assert_eq!(to(&simulation), [v6(1), v4(2)]);
    simulation.cancel(id);
    // The addresses themselves are forgotten meanwhile, what is known of their host is not.
    simulation.run_for(seconds(150));
    simulation.unreachable.clear();
    let before = simulation.sent().count();
    simulation.begin(request(2));
    simulation.run_for(milliseconds(300));
    assert_eq!(to(&simulation)[before..], [v4(2), v6(1)]);
}

#[test]
fn a_refusal_that_comes_late_is_of_the_address_that_was_left() {
    let mut simulation = Simulation::with_tracker(v4(2), ModelTracker::default());
    simulation.unreachable.insert(v6(1));
    let id = simulation.begin(request(1));
    simulation.run_for(milliseconds(25));
    assert_eq!(to(&simulation).last(), Some(&v4(2)));
    let late =
        Transmit { to: v6(1), port: Port(0), origin: Origin::Request(RequestId(id)), is_timed: false, is_ping: false };
    simulation.refuse(late, SendFailure::Lasting(&send_error("no")));
    simulation.run();
    assert!(simulation.is_answered(id));
    assert_eq!(simulation.asked().len(), 1);
    simulation.finish();
}

#[test]
fn a_send_that_fails_in_passing_is_repeated_when_it_is_due() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
    simulation.unreachable.insert(v4(1));
    let id = simulation.announce(v4(1), 1);
    simulation.run_for(milliseconds(900));
    simulation.unreachable.clear();
    simulation.run();
    assert_eq!(simulation.ended(id).0, seconds(1) + milliseconds(40));
    simulation.finish();
}

#[test]
fn when_no_address_can_ever_be_sent_to_the_request_ends_with_the_reason() {
    let mut simulation = Simulation::new(1);
    simulation.unreachable.extend([v6(1), v4(2)]);
    simulation.lasting = Some("address family not supported");
    for n in 0..3 {
        let (id, begun) = (simulation.begin(request(n)), simulation.now);
        let (at, text) = simulation.failed(id);
        let texts = [v6(1), v4(2)].map(|a| format!("cannot send to tracker {a}: address family not supported"));
        assert!(at == begun && texts.contains(&text), "request {n}: {text}");
        simulation.run_for(seconds(1));
    }
    simulation.finish();
}

#[test]
fn cancelled_after_a_second_address_was_tried_it_is_forgotten_at_both() {
    let mut simulation = Simulation::new(1);
    let id = simulation.begin(request(1));
    simulation.run_for(milliseconds(500));
    let connects: Vec<_> = simulation.sent().map(|sent| (sent.to, sent.packet.transaction_id())).collect();
    assert_eq!(connects.len(), 2);
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
