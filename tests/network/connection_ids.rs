//! Connection IDs: one for an address, shared by its requests, for sixty seconds.

use std::time::Duration;

use crate::support::{
    Link, ModelTracker, Simulation, TIMEOUT_MS, announce_of, check_rules, milliseconds, request_to, scrape_of, seconds,
    v4, v6, wire,
};

/// Answers the connect sent last with this connection ID.
fn connect(simulation: &mut Simulation, connection_id: u64) {
    assert!(simulation.last().packet.is_connect());
    let answer = wire::connect_response(simulation.last_transaction_id(), connection_id);
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
    // The announce is ignored for two minutes; its connection ID is good for one.
    let link = Link { outage: seconds(1)..seconds(120), ..Link::default() };
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::behind(link));
    simulation.announce(v4(1), 0);
    simulation.run_until(seconds(2));
    let id = simulation.announce(v4(1), 1);
    simulation.run_until(seconds(60));
    assert!(simulation.sends_of(id).len() > 3);
    simulation.run();
    assert!(simulation.is_answered(id));
    let expired = milliseconds(20) + seconds(60);
    let first_after = simulation.sent().find(|sent| sent.at >= expired).unwrap();
    assert!(first_after.packet.is_connect());
    let used: Vec<_> = simulation.sent().filter_map(|sent| sent.packet.connection_id()).collect();
    assert_ne!(used.first(), used.last());
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_connect_that_finds_it_expired_is_in_time_for_the_schedule() {
    // The original's own clock: the announce goes out at 0, 0.8, 2.4, 5.6, 12, 24.8 and 50.4 seconds, and is over at 101.6.
    let mut simulation = Simulation::new(1);
    simulation.announce(v4(1), 0);
    connect(&mut simulation, 77);
    simulation.run_for(seconds(20));
    let id = simulation.begin(request_to(&[v4(1)], 400, announce_of(1)));
    simulation.run_until(seconds(60));
    let (sends, connects) = (simulation.sends_of(id), simulation.connects());
    simulation.run_until(seconds(71));
    assert_eq!(simulation.sends_of(id), sends);
    assert!(simulation.connects().len() > connects.len());
    assert!(simulation.connects().contains(&(seconds(20) + milliseconds(50_400))), "{:?}", simulation.connects());
}

#[test]
#[cfg_attr(miri, ignore = "too many requests for an interpreter")]
fn what_waits_for_room_when_it_expires_does_not_wait_for_a_connect_that_nobody_sends() {
    let answer = |simulation: &mut Simulation| {
        let asked = simulation.sent().rfind(|sent| !sent.packet.is_connect()).unwrap().packet.transaction_id();
        simulation.deliver(v4(1), &wire::announce_response(asked, [1800, 0, 0], &[]));
    };
    let round_trip = milliseconds(50);
    let mut simulation = Simulation::new(1);
    simulation.announce(v4(1), 0);
    simulation.run_for(round_trip);
    connect(&mut simulation, 77);
    let expires = simulation.now + seconds(60);
    simulation.run_for(round_trip);
    answer(&mut simulation);
    // One that is answered when a connect has been sent beside it: nobody waits for that one any more.
    let late = simulation.announce(v4(1), 1);
    while simulation.connects().len() == 1 && simulation.now < seconds(5) {
        simulation.run_for(milliseconds(1));
    }
    simulation.run_for(round_trip);
    answer(&mut simulation);
    assert!(simulation.is_answered(late));
    let connects = simulation.connects();
    assert_eq!(connects.len(), 2);
    // A window is lost and cancelled: nothing of it is repeated, and until its RTO shows that the address is silent there is
    // no room for the others. Their ID expires meanwhile.
    simulation.run_until(expires - milliseconds(150));
    let ids = simulation.burst(v4(1), 300);
    let (sent, waiting): (Vec<u64>, Vec<u64>) = ids.iter().partition(|&&id| !simulation.sends_of(id).is_empty());
    simulation.run_until(expires - milliseconds(1));
    sent.iter().for_each(|&id| simulation.cancel(id));
    assert!(!waiting.is_empty() && waiting.iter().all(|&id| simulation.sends_of(id).is_empty()));
    assert_eq!(simulation.connects(), connects);
    simulation.run_until(expires + seconds(2));
    assert!(simulation.connects().len() > connects.len(), "{connects:?}");
    connect(&mut simulation, 78);
    assert_eq!(simulation.last().packet.connection_id(), Some(78));
    check_rules(&simulation);
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
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_connect_has_the_schedule_of_the_smallest_timeout_that_waits() {
    let mut simulation = Simulation::new(1);
    simulation.begin_all([100, 15_000].map(|timeout| request_to(&[v4(1)], timeout, announce_of(timeout))));
    simulation.run_until(seconds(25));
    // Its first waits are 200, 400 and 800 ms; then the RTO of a second is less.
    let connects = simulation.connects();
    assert_eq!(connects[..5], [0, 200, 600, 1400, 2400].map(milliseconds));
    let waits = || connects.windows(2).map(|pair| pair[1] - pair[0]);
    assert!(waits().zip(1..).all(|(wait, n)| wait <= milliseconds(100 << n)), "{connects:?}");
}

#[test]
fn a_connect_counts_its_own_sends_whoever_joins_it() {
    let mut simulation = Simulation::new(1);
    simulation.begin(request_to(&[v4(1)], 400, announce_of(1)));
    simulation.run_for(milliseconds(700));
    simulation.begin(request_to(&[v4(1)], 400, announce_of(2)));
    simulation.run_until(seconds(20));
    assert_eq!(simulation.connects(), [0, 800, 2400, 5600, 12_000].map(milliseconds));
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
fn an_answer_to_an_earlier_send_of_the_connect_counts() {
    let mut simulation = Simulation::new(1);
    simulation.announce(v4(1), 1);
    let first = simulation.last_transaction_id();
    simulation.run_for(milliseconds(1500));
    assert_eq!(simulation.connects().len(), 2);
    simulation.deliver(v4(1), &wire::connect_response(first, 77));
    assert_eq!(simulation.last().packet.connection_id(), Some(77));
}

#[test]
fn a_request_that_joins_a_connect_waits_for_it() {
    let mut simulation = Simulation::new(1);
    simulation.announce(v4(1), 1);
    simulation.run_for(milliseconds(999));
    simulation.announce(v4(1), 2);
    assert_eq!(simulation.connects().len(), 1);
}

#[test]
fn a_connect_nobody_waits_for_is_not_sent_again_but_its_answer_is_welcome() {
    let mut simulation = Simulation::new(1);
    let id = simulation.announce(v4(1), 1);
    simulation.cancel(id);
    simulation.run_for(seconds(2));
    assert_eq!(simulation.connects().len(), 1);
    connect(&mut simulation, 77);
    simulation.announce(v4(1), 2);
    assert_eq!(simulation.last().packet.connection_id(), Some(77));
}

#[test]
fn a_connect_goes_on_for_the_others_when_one_that_waits_is_cancelled() {
    let mut simulation =
        Simulation::with_tracker(v4(1), ModelTracker { deaf_to_connects: 2, ..ModelTracker::default() });
    let (first, second) = (simulation.announce(v4(1), 1), simulation.announce(v4(1), 2));
    simulation.run_for(milliseconds(1500));
    simulation.cancel(first);
    simulation.run();
    assert!(simulation.is_answered(second));
    assert_eq!(simulation.connects(), [0, 1, 2].map(seconds));
    simulation.finish();
}

#[test]
#[cfg_attr(miri, ignore = "too many requests for an interpreter")]
fn a_refused_connect_ends_all_that_wait() {
    let mut simulation = Simulation::new(1);
    let ids = simulation.burst(v4(1), 100);
    simulation.run_for(milliseconds(500));
    let answer = wire::error_response(simulation.last_transaction_id(), "too many connections");
    simulation.deliver(v4(1), &answer);
    for id in ids {
        assert_eq!(simulation.failed(id), (milliseconds(500), "too many connections".to_owned()));
    }
    // The next one tries again.
    simulation.announce(v4(1), 100);
    assert_eq!(simulation.connects(), [seconds(0), milliseconds(500)]);
    check_rules(&simulation);
}

#[test]
fn a_connect_that_is_lost_when_the_first_has_expired_is_sent_again_for_those_that_wait() {
    let link = Link { outage: seconds(59)..seconds(62), ..Link::default() };
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::behind(link));
    simulation.announce(v4(1), 0);
    simulation.run_until(seconds(61));
    let ids = simulation.burst(v4(1), 200);
    simulation.run();
    assert!(simulation.time_to_answer(&ids) <= seconds(2));
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn an_id_that_is_the_protocols_own_constant_serves_those_who_waited_for_it_alone() {
    let mut simulation = Simulation::new(1);
    let waiting = simulation.burst(v4(1), 2);
    connect(&mut simulation, 0x0417_2710_1980);
    assert_eq!(simulation.asked().len(), waiting.len());
    simulation.run_for(milliseconds(100));
    simulation.announce(v4(1), 3);
    assert!(simulation.last().packet.is_connect());
    assert_eq!(simulation.connects().len(), 2);
}
