//! Worker threads and trackers take turns; the requests of one session to one address go in their order.

use crate::support::{
    Bottleneck, Link, ModelTracker, Simulation, TIMEOUT_MS, announce_of, check_rules, event_of, hash, many,
    milliseconds, request_to, seconds, v4,
};
use bittorrent_udp_tracker::proto::{Event, Request};

/// An announce of another session.
fn of_session(session: u32, n: u64) -> Request {
    Request { session, ..request_to(&[v4(1)], TIMEOUT_MS, announce_of(n)) }
}

#[test]
fn a_session_with_20_000_announces_does_not_hold_up_another() {
    for after in [milliseconds(0), milliseconds(70), milliseconds(200)] {
        let link = Link { bottleneck: Some(Bottleneck::rate(5000, 250)), ..Link::of(milliseconds(50)) };
        let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::behind(link));
        simulation.begin_all((0..20_000).map(|n| of_session(1, n)));
        simulation.run_for(after);
        let id = simulation.begin(of_session(2, 20_000));
        simulation.run_for(seconds(1));
        assert!(simulation.is_answered(id), "begun after {after:?}");
        assert!(simulation.time_to_answer(&[id]) <= milliseconds(500), "begun after {after:?}");
        check_rules(&simulation);
    }
}

#[test]
fn sessions_are_served_by_turns() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
    let first = simulation.begin_all((0..3000).map(|n| of_session(1, n)));
    let second = simulation.begin_all((3000..3400).map(|n| of_session(2, n)));
    let third = simulation.begin_all((3400..3800).map(|n| of_session(3, n)));
    simulation.run();
    let last = |ids: &[u64]| simulation.time_to_answer(ids);
    assert!(last(&second) < last(&first) && last(&third) < last(&first));
    // Of what is sent while all three have something to send, each has a third.
    let sent: Vec<_> = simulation.sent().filter(|sent| !sent.packet.is_connect()).collect();
    let of = |ids: &[u64], most: usize| {
        let hashes: std::collections::HashSet<_> = ids.iter().map(|&id| hash(id)).collect();
        sent[..most].iter().filter(|sent| hashes.contains(&sent.packet.info_hashes()[0])).count()
    };
    for session in [&first, &second, &third] {
        let share = of(session, 900);
        assert!((200..=460).contains(&share), "{share} of 900");
    }
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn requests_of_a_session_are_sent_in_the_order_in_which_they_came() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
    simulation.burst(v4(1), 3000);
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
fn other_trackers_do_not_wait_for_a_slow_one() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::behind(Link::of(seconds(2))));
    simulation.trackers.insert(v4(2), ModelTracker::default());
    simulation.burst(v4(1), 5000);
    simulation.run_for(seconds(3));
    let id = simulation.announce(v4(2), 1);
    simulation.run_for(seconds(1));
    assert_eq!(simulation.time_to_answer(&[id]), milliseconds(40));
}

#[test]
fn addresses_that_have_much_to_send_take_turns() {
    let addresses = [v4(1), v4(2), v4(3)];
    let mut simulation = Simulation::new(1);
    for to in addresses {
        simulation.trackers.insert(to, ModelTracker::default());
        simulation.announce(to, 0);
    }
    simulation.run();
    // Less than a window each: all of it is sent at once.
    let before = simulation.sent().count();
    simulation.begin_all(
        addresses.iter().flat_map(|&to| (1..=100).map(move |n| request_to(&[to], TIMEOUT_MS, announce_of(n)))),
    );
    let sent: Vec<_> = simulation.sent().skip(before).map(|sent| sent.to).collect();
    assert_eq!(sent.len(), 300);
    // While all three have something to send, none is ahead of another by more than a turn.
    let counts = |most: usize| addresses.map(|to| sent[..most].iter().filter(|&&sent| sent == to).count());
    for most in 0..=240 {
        let counts = counts(most);
        let ahead = counts.iter().max().unwrap() - counts.iter().min().unwrap();
        assert!(ahead <= 32, "{counts:?} of the first {most}");
    }
    simulation.finish();
}

#[test]
fn a_tracker_gets_its_turn_beside_thousands_that_are_silent() {
    // The receive buffer of Linux holds 277 small answers.
    let mut simulation = Simulation::with_receive_buffer(1, 212_992);
    simulation.trackers.insert(v4(1), ModelTracker::default());
    simulation.begin_all((0..5000).map(|n| request_to(&[many(n)], TIMEOUT_MS, announce_of(n.into()))));
    simulation.run_for(seconds(30));
    let id = simulation.announce(v4(1), 1);
    simulation.run_for(seconds(60));
    assert!(simulation.time_to_answer(&[id]) <= seconds(20), "{:?}", simulation.time_to_answer(&[id]));
}
