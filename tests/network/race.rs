//! A host with several addresses: their connects race, the first that answers has the announce, and that is remembered.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use crate::support::{
    Link, ModelTracker, Simulation, TIMEOUT_MS, announce_of, check_rules, milliseconds, request_to, seconds, v4, v6,
    wire,
};
use bittorrent_udp_tracker::proto::Request;

/// The distance between the connects of a race.
const APART: Duration = milliseconds(300);

/// An announce to a host by this name, whose look-up gave these addresses.
fn to_host(host: &str, addresses: &[SocketAddr], n: u64) -> Request {
    Request { host: Arc::from(host), ..request_to(addresses, TIMEOUT_MS, announce_of(n)) }
}

fn ten() -> Vec<SocketAddr> {
    (1..=10).map(v4).collect()
}

/// A network where the last of ten addresses answers, 50 ms away.
fn nine_dead() -> Simulation {
    Simulation::with_tracker(v4(10), ModelTracker::behind(Link::of(milliseconds(50))))
}

/// Where announces went.
fn announced_to(simulation: &Simulation) -> Vec<SocketAddr> {
    simulation.sent().filter(|sent| !sent.packet.is_connect()).map(|sent| sent.to).collect()
}

#[test]
fn of_ten_addresses_with_nine_dead_the_tenth_answers_within_three_seconds() {
    let mut simulation = nine_dead();
    let id = simulation.begin(to_host("t.example:80", &ten(), 1));
    simulation.run();
    assert_eq!(simulation.time_to_answer(&[id]), 9 * APART + milliseconds(100));
    let firsts: Vec<_> = ten().into_iter().map(|address| simulation.connects_to(address)[0]).collect();
    assert_eq!(firsts, (0..10).map(|n| n * APART).collect::<Vec<_>>(), "in order of preference");
    assert_eq!(announced_to(&simulation), [v4(10)]);
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn the_address_that_answered_is_asked_first_from_then_on() {
    let mut simulation = nine_dead();
    simulation.begin(to_host("t.example:80", &ten(), 1));
    simulation.run();
    for n in 2..5 {
        let sent = simulation.sent().count();
        let id = simulation.begin(to_host("t.example:80", &ten(), n));
        simulation.run();
        assert_eq!(simulation.time_to_answer(&[id]), milliseconds(50));
        assert_eq!(simulation.sent().count(), sent + 1);
    }
    // When the connection ID has expired, it is still known who answers.
    simulation.run_for(seconds(70));
    let id = simulation.begin(to_host("t.example:80", &ten(), 5));
    simulation.run();
    assert_eq!(simulation.time_to_answer(&[id]), milliseconds(100));
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn it_is_remembered_across_look_ups_that_give_another_order() {
    let mut simulation = nine_dead();
    simulation.begin(to_host("t.example:80", &ten(), 1));
    simulation.run();
    let mut others = ten();
    others.rotate_left(3);
    others.push(v6(1));
    let id = simulation.begin(to_host("t.example:80", &others, 2));
    simulation.run();
    assert_eq!(simulation.time_to_answer(&[id]), milliseconds(50));
    assert_eq!(announced_to(&simulation), [v4(10), v4(10)]);
    simulation.finish();
}

#[test]
fn the_silent_ones_are_tried_last() {
    let mut simulation = nine_dead();
    simulation.begin(to_host("t.example:80", &ten(), 1));
    simulation.run();
    // The one that answered has gone, and the look-up gives one that nobody has met.
    let tracker = simulation.trackers.remove(&v4(10)).unwrap();
    simulation.trackers.insert(v4(11), ModelTracker { memory: Default::default(), ..tracker });
    simulation.run_for(seconds(70));
    let addresses: Vec<_> = (1..=9).chain([11]).map(v4).collect();
    let (id, begun) = (simulation.begin(to_host("t.example:80", &addresses, 2)), simulation.now);
    simulation.run();
    assert_eq!(simulation.connects_to(v4(11))[0], begun, "it is tried before those that were silent");
    assert_eq!(simulation.time_to_answer(&[id]), milliseconds(100));
}

#[test]
fn what_answered_goes_before_what_nobody_knows() {
    let mut simulation = nine_dead();
    simulation.begin(to_host("t.example:80", &[v4(9), v4(10)], 1));
    simulation.run();
    simulation.run_for(seconds(70));
    let id = simulation.begin(to_host("t.example:80", &[v4(8), v4(10)], 2));
    simulation.run();
    assert_eq!(simulation.time_to_answer(&[id]), milliseconds(100));
    assert_eq!(simulation.connects_to(v4(8)), []);
    simulation.finish();
}

#[test]
fn another_host_with_the_same_addresses_has_a_memory_of_its_own_and_shares_the_connection_id() {
    let mut simulation = nine_dead();
    simulation.begin(to_host("t.example:80", &[v4(9), v4(10)], 1));
    simulation.run();
    let connects = simulation.connects_to(v4(10)).len();
    let id = simulation.begin(to_host("u.example:80", &[v4(10), v4(9)], 2));
    simulation.run();
    assert_eq!(simulation.time_to_answer(&[id]), milliseconds(50));
    assert_eq!(simulation.connects_to(v4(10)).len(), connects);
    simulation.finish();
}

#[test]
fn a_race_ends_with_the_first_answer_and_announces_go_nowhere_else() {
    let mut simulation = Simulation::new(1);
    for (n, round_trip) in [(1, 700), (2, 500), (3, 20)] {
        simulation.trackers.insert(v4(n), ModelTracker::behind(Link::of(milliseconds(round_trip))));
    }
    let addresses = [v4(1), v4(2), v4(3), v4(4)];
    let ids = simulation.begin_all((0..50).map(|n| to_host("t.example:80", &addresses, n)));
    simulation.run();
    // The third is connected at 620 ms, before the first at 700 and the second at 800.
    assert_eq!(simulation.time_to_answer(&ids), milliseconds(640));
    assert_eq!(announced_to(&simulation), vec![v4(3); 50]);
    assert_eq!(simulation.connects_to(v4(4)), []);
    assert!([v4(1), v4(2)].iter().all(|&address| simulation.connects_to(address).len() == 1));
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn the_first_address_is_given_300_ms() {
    for (round_trip, tried) in [(299, 1), (301, 2)] {
        let mut simulation = Simulation::new(1);
        simulation.trackers.insert(v6(1), ModelTracker::behind(Link::of(milliseconds(round_trip))));
        simulation.trackers.insert(v4(2), ModelTracker::behind(Link::of(seconds(1))));
        simulation.begin(to_host("t.example:80", &[v6(1), v4(2)], 1));
        simulation.run();
        assert_eq!(simulation.connects().len(), tried);
        assert_eq!(announced_to(&simulation), [v6(1)]);
        simulation.finish();
    }
}

#[test]
fn a_host_whose_address_falls_silent_is_served_by_another() {
    let mut simulation = nine_dead();
    let spare = ModelTracker::behind(Link::of(milliseconds(80)));
    simulation.begin(to_host("t.example:80", &[v4(10), v4(9)], 1));
    simulation.run();
    simulation.trackers.remove(&v4(10));
    simulation.trackers.insert(v4(9), spare);
    let id = simulation.begin(to_host("t.example:80", &[v4(10), v4(9)], 2));
    simulation.run();
    assert!(simulation.time_to_answer(&[id]) <= seconds(5), "{:?}", simulation.time_to_answer(&[id]));
    assert_eq!(announced_to(&simulation).last(), Some(&v4(9)));
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_slow_answer_from_the_address_that_was_left_still_counts() {
    let mut simulation = nine_dead();
    simulation.begin(to_host("t.example:80", &[v4(10), v4(9)], 1));
    simulation.run();
    simulation.trackers.clear();
    let id = simulation.begin(to_host("t.example:80", &[v4(10), v4(9)], 2));
    let at_the_old = simulation.last_transaction_id();
    simulation.trackers.insert(v4(9), ModelTracker { deaf_to_requests: 1000, ..ModelTracker::default() });
    while announced_to(&simulation).last() != Some(&v4(9)) {
        simulation.run_for(milliseconds(50));
        assert!(simulation.now < seconds(60), "it stays where nobody answers");
    }
    simulation.deliver(v4(10), &wire::announce_response(at_the_old, [1800, 1, 2], &[]));
    assert!(simulation.is_answered(id));
    simulation.finish();
}

#[test]
fn a_request_stays_at_an_address_that_answers_others() {
    let mut simulation = Simulation::with_tracker(v6(1), ModelTracker { deaf_to_requests: 2, ..Default::default() });
    simulation.trackers.insert(v4(2), ModelTracker::default());
    let ids = simulation.begin_all((0..20).map(|n| to_host("t.example:80", &[v6(1), v4(2)], n)));
    simulation.run();
    assert!(simulation.time_to_answer(&ids) <= seconds(1));
    assert!(announced_to(&simulation).iter().all(|&to| to == v6(1)));
    simulation.finish();
}

#[test]
fn when_nobody_answers_the_request_ends_by_its_schedule() {
    let mut simulation = Simulation::new(1);
    let id = simulation.begin(to_host("t.example:80", &ten(), 1));
    simulation.run();
    assert_eq!(simulation.failed(id), (seconds(3810), "tracker is not responding after:3840000".to_owned()));
    assert!(simulation.sent().count() <= 10 * 20, "{}", simulation.sent().count());
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_connect_of_a_race_that_is_over_is_not_repeated() {
    let mut simulation = nine_dead();
    let id = simulation.begin(to_host("t.example:80", &ten(), 1));
    simulation.run();
    assert!(simulation.is_answered(id));
    let sent = simulation.sent().count();
    simulation.finish();
    assert_eq!(simulation.sent().count(), sent);
}

#[test]
fn a_race_is_remembered_for_many_requests_at_once() {
    let mut simulation = nine_dead();
    let ids = simulation.begin_all((0..500).map(|n| to_host("t.example:80", &ten(), n)));
    simulation.run();
    assert!(simulation.time_to_answer(&ids) <= seconds(3));
    let connects = simulation.connects().len();
    assert!(connects <= 10 + 9 * 4, "{connects} connects");
    assert!(announced_to(&simulation).iter().all(|&to| to == v4(10)));
    simulation.finish();
}

#[test]
fn who_has_started_later_than_the_winner_is_not_called_silent() {
    // The first answers 20 ms after the second was asked.
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::behind(Link::of(APART + milliseconds(20))));
    let id = simulation.begin(to_host("t.example:80", &[v4(1), v4(2)], 1));
    simulation.run();
    assert!(simulation.is_answered(id));
    // The winner has gone, and the look-up gives one that nobody has met.
    simulation.run_for(seconds(70));
    simulation.begin(to_host("t.example:80", &[v4(2), v4(3)], 2));
    assert_eq!(simulation.last().to, v4(2));
}

/// A connect's answer whose transaction ID is another one.
fn wrong_answer(simulation: &Simulation) -> Vec<u8> {
    wire::connect_response(!simulation.last_transaction_id(), 66)
}

#[test]
fn a_wrong_answer_of_one_address_ends_nobody_who_has_others() {
    let mut simulation = Simulation::new(1);
    let id = simulation.begin(to_host("t.example:80", &[v4(1), v4(2)], 1));
    simulation.run_for(milliseconds(100));
    simulation.deliver(v4(1), &wrong_answer(&simulation));
    simulation.run_for(seconds(4));
    assert_eq!(simulation.end(id), None);
    simulation.trackers.insert(v4(2), ModelTracker::default());
    simulation.run();
    assert!(simulation.is_answered(id));
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_wrong_answer_of_the_only_address_left_ends_who_waited_for_it_and_nobody_else() {
    let mut simulation = Simulation::new(1);
    // The system will never send to the other one.
    simulation.unreachable.insert(v4(2));
    simulation.lasting = Some("not supported");
    let addresses = [v4(1), v4(2)];
    let first = simulation.begin(to_host("t.example:80", &addresses, 1));
    simulation.run_for(seconds(1));
    simulation.deliver(v4(1), &wrong_answer(&simulation));
    simulation.run_for(seconds(1));
    let second = simulation.begin(to_host("t.example:80", &addresses, 2));
    simulation.run_for(seconds(3));
    assert_eq!(simulation.failed(first).1, "transactionId is not same as in connect request");
    assert_eq!(simulation.end(second), None);
}
