//! Our own receive buffer: what is in flight over all addresses is what it has room for, so that answers that come all at
//! once do not push each other out.

use std::{collections::HashSet, time::Duration};

use crate::support::{
    Entry, Link, ModelTracker, Simulation, TIMEOUT_MS, announce_of, check_rules, many, milliseconds, request_to,
    scrape_of, seconds,
};
use bittorrent_udp_tracker::proto::Origin;

/// `net.core.rmem_default` of Linux.
const RMEM_DEFAULT: usize = 212_992;
/// What Linux counts for a datagram of some 160 bytes at most, of some 670, and of up to a link's whole frame.
const COUNTED: [usize; 3] = [768, 1280, 2304];

/// Ten thousand trackers whose answers arrive in bursts, each 50 ms away, and those that are dead.
fn ten_thousand(peers: usize, dead: impl Fn(u16) -> bool) -> Simulation {
    let mut simulation = Simulation::with_receive_buffer(1, RMEM_DEFAULT);
    let link = Link { bursts: milliseconds(20), ..Link::of(milliseconds(50)) };
    for n in (0..10_000).filter(|&n| !dead(n)) {
        let tracker = ModelTracker { peers: Some(peers), ..ModelTracker::behind(link.clone()) };
        simulation.trackers.insert(many(n), tracker);
    }
    simulation.begin_all((0..10_000).map(|n| request_to(&[many(n)], TIMEOUT_MS, announce_of(n.into()))));
    simulation
}

/// The most exchanges that were in flight at once: sent, not answered, and sent less than this ago.
fn most_in_flight(simulation: &Simulation, at_most_ms: u64) -> usize {
    let (mut in_flight, mut most) = (HashSet::new(), 0);
    let mut sent_at = std::collections::VecDeque::new();
    for (at, entry) in &simulation.log {
        match entry {
            Entry::Sent(sent) => {
                let key = (sent.to, sent.packet.transaction_id());
                in_flight.insert(key);
                sent_at.push_back((*at, key));
            }
            Entry::Received { from, bytes } => {
                in_flight.remove(&(*from, u32::from_be_bytes(bytes[4..8].try_into().unwrap())));
            }
            _ => {}
        }
        while sent_at.front().is_some_and(|&(sent, _)| *at >= sent + milliseconds(at_most_ms)) {
            in_flight.remove(&sent_at.pop_front().unwrap().1);
        }
        most = most.max(in_flight.len());
    }
    most
}

#[test]
fn ten_thousand_trackers_are_answered_without_an_overflow_or_a_repetition() {
    let mut simulation = ten_thousand(60, |_| false);
    simulation.run();
    let ids: Vec<_> = simulation.histories.keys().copied().collect();
    assert!(simulation.time_to_answer(&ids) <= seconds(8), "{:?}", simulation.now);
    assert_eq!(simulation.socket.dropped, 0);
    assert_eq!(simulation.sent().count(), 20_000);
    let most = most_in_flight(&simulation, 10_000);
    let room = RMEM_DEFAULT / COUNTED[0];
    assert!((room * 7 / 10..=room).contains(&most), "{most} in flight where {room} have room");
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_thousand_dead_of_ten_thousand_hold_their_share_for_one_rto() {
    let mut simulation = ten_thousand(60, |n| n % 10 == 0);
    simulation.run_for(seconds(60));
    let alive: Vec<_> = simulation.histories.keys().copied().filter(|id| id % 10 != 0).collect();
    // 277 have room: the living ones need 3.3 s of it, and each of the dead a second at first and at each repetition.
    assert!(simulation.time_to_answer(&alive) <= seconds(25), "{:?}", simulation.time_to_answer(&alive));
    assert_eq!(simulation.socket.dropped, 0);
    assert!(simulation.asked().len() <= 9000 * 101 / 100, "{}", simulation.asked().len());
    check_rules(&simulation);
}

#[test]
fn answers_with_many_peers_are_counted_as_what_they_need() {
    for (peers, counted) in [(60, COUNTED[0]), (300, COUNTED[1]), (1200, COUNTED[2])] {
        let mut simulation = Simulation::with_receive_buffer(1, RMEM_DEFAULT);
        let link = Link { bursts: milliseconds(50), ..Link::of(milliseconds(50)) };
        let tracker = ModelTracker { peers: Some(peers), ..ModelTracker::behind(link) };
        simulation.trackers.insert(many(1), tracker);
        let ids = simulation.burst(many(1), 5000);
        simulation.run();
        assert!(ids.iter().all(|&id| simulation.is_answered(id)));
        // Only the first burst could not know how large the answers are.
        let unknown = 160usize.saturating_sub(RMEM_DEFAULT / counted);
        assert!(simulation.socket.dropped <= unknown, "{} dropped with {peers} bytes", simulation.socket.dropped);
        let late = simulation.log.iter().position(|(at, _)| *at > milliseconds(400)).unwrap();
        simulation.log.drain(..late);
        let (most, room) = (most_in_flight(&simulation, 10_000), RMEM_DEFAULT / counted);
        assert!((room * 7 / 10..=room).contains(&most), "{most} in flight where {room} have room");
    }
}

#[test]
fn scrapes_of_sixty_are_counted_as_what_they_need() {
    let mut simulation = Simulation::with_receive_buffer(1, RMEM_DEFAULT);
    let link = Link { bursts: milliseconds(50), ..Link::of(milliseconds(50)) };
    simulation.trackers.insert(many(1), ModelTracker::behind(link));
    let requests = (0..1667).map(|n| request_to(&[many(1)], TIMEOUT_MS, scrape_of(60 * n, 60)));
    let ids = simulation.begin_all(requests);
    simulation.run();
    assert!(simulation.time_to_answer(&ids) <= seconds(2), "{:?}", simulation.now);
    assert_eq!(simulation.socket.dropped, 0);
    check_rules(&simulation);
}

#[test]
fn a_buffer_that_turns_out_smaller_is_heeded_from_then_on() {
    let mut simulation = Simulation::with_receive_buffer(1, RMEM_DEFAULT);
    simulation.client.set_receive_buffer(20 * COUNTED[0]);
    for n in 0..200 {
        simulation.trackers.insert(many(n), ModelTracker::default());
    }
    simulation.begin_all((0..200).map(|n| request_to(&[many(n)], TIMEOUT_MS, announce_of(n.into()))));
    assert!((14..=20).contains(&simulation.sent().count()));
    simulation.run();
    assert!(most_in_flight(&simulation, 10_000) <= 20);
    simulation.finish();
}

#[test]
fn what_is_cancelled_gives_its_room_back() {
    let mut simulation = Simulation::with_receive_buffer(1, 20 * COUNTED[0]);
    let silent = (0..20).map(|n| request_to(&[many(n)], TIMEOUT_MS, announce_of(n.into())));
    let ids = simulation.begin_all(silent);
    assert!((14..=20).contains(&simulation.sent().count()));
    simulation.trackers.insert(many(99), ModelTracker::default());
    let id = simulation.announce(many(99), 99);
    assert!(!simulation.sent().any(|sent| sent.to == many(99)));
    ids.into_iter().for_each(|id| simulation.cancel(id));
    simulation.run_for(milliseconds(1100));
    assert!(simulation.is_answered(id));
    simulation.finish();
}

#[test]
fn a_silent_address_holds_its_share_for_one_rto_without_backoff() {
    let mut simulation = Simulation::with_receive_buffer(1, COUNTED[0]);
    simulation.announce(many(1), 1);
    simulation.trackers.insert(many(2), ModelTracker::default());
    let id = simulation.announce(many(2), 2);
    simulation.run_for(milliseconds(999));
    assert_eq!(simulation.sent().map(|sent| sent.to).collect::<Vec<_>>(), [many(1)]);
    simulation.run_for(seconds(60));
    assert!(simulation.is_answered(id));
    // It keeps being asked, and each time holds the only place for a second at most.
    let id = simulation.announce(many(2), 3);
    simulation.run_for(seconds(5));
    assert!(simulation.time_to_answer(&[id]) <= milliseconds(1100));
    let is_connect = |origin| origin == Origin::Connect;
    assert!(simulation.sent().filter(|sent| sent.to == many(1)).all(|sent| is_connect(sent.origin)));
}

/// A tracker that answers an announce with so many bytes of peers after so long.
fn slow_tracker(round_trip: Duration, peers: usize) -> ModelTracker {
    ModelTracker { peers: Some(peers), ..ModelTracker::behind(Link::of(round_trip)) }
}

/// How long announces to a tracker 50 ms away take, one after the other, beside others that have been asked `count` each.
/// The longest of those after the first, which connects.
fn beside(others: &[ModelTracker], count: u64, receive_buffer: usize) -> Duration {
    let mut simulation = Simulation::with_receive_buffer(1, receive_buffer);
    for (other, n) in others.iter().zip(1..) {
        simulation.trackers.insert(many(n), other.clone());
        // As many of them as are asked for at once, and no fewer later.
        simulation.begin_all((0..count).map(|hash| request_to(&[many(n)], TIMEOUT_MS, announce_of(hash))));
    }
    simulation.trackers.insert(many(0), slow_tracker(milliseconds(50), 60));
    let mut took = Vec::new();
    for n in 0..100 {
        let id = simulation.begin(request_to(&[many(0)], TIMEOUT_MS, announce_of(n)));
        simulation.run_for(milliseconds(700));
        for _ in 0..200 {
            if simulation.is_answered(id) {
                break;
            }
            simulation.run_for(milliseconds(500));
        }
        took.push(simulation.time_to_answer(&[id]));
    }
    *took[1..].iter().max().unwrap()
}

#[test]
fn a_tracker_that_answers_late_and_at_length_costs_the_others_nothing() {
    for peers in [60, 1200, 65_500] {
        for count in [3, 60, 5000] {
            for receive_buffer in [RMEM_DEFAULT, 8 << 20] {
                let longest = beside(&[slow_tracker(seconds(25), peers)], count, receive_buffer);
                assert!(longest <= milliseconds(100), "{peers} bytes of peers, {count} at once: {longest:?}");
            }
        }
    }
}

#[test]
fn ten_of_them_together_cost_the_others_nothing_either() {
    for receive_buffer in [RMEM_DEFAULT, 8 << 20] {
        let longest = beside(&vec![slow_tracker(seconds(25), 65_500); 10], 500, receive_buffer);
        assert!(longest <= milliseconds(150), "{longest:?}");
    }
}

#[test]
fn two_trackers_three_seconds_away_with_5000_torrents_each_cost_the_others_nothing() {
    for receive_buffer in [RMEM_DEFAULT, 8 << 20] {
        let longest = beside(&vec![slow_tracker(seconds(3), 300); 2], 5000, receive_buffer);
        assert!(longest <= milliseconds(150), "{longest:?}");
    }
}

#[test]
fn an_address_whose_answers_have_no_room_is_passed_over() {
    // Ten that wait for room stand before one that has it.
    let mut simulation = Simulation::with_receive_buffer(1, 40 * COUNTED[2]);
    for n in 1..=10 {
        simulation.trackers.insert(many(n), slow_tracker(seconds(30), 1200));
    }
    simulation.trackers.insert(many(0), slow_tracker(milliseconds(50), 60));
    let requests =
        (1..=10).flat_map(|n| (0..20).map(move |hash| request_to(&[many(n)], TIMEOUT_MS, announce_of(hash))));
    simulation.begin_all(requests);
    simulation.run_for(seconds(40));
    let id = simulation.begin(request_to(&[many(0)], TIMEOUT_MS, announce_of(1)));
    simulation.run_for(seconds(10));
    assert!(simulation.time_to_answer(&[id]) <= milliseconds(300), "{:?}", simulation.time_to_answer(&[id]));
    check_rules(&simulation);
}

#[test]
fn probes_of_silent_addresses_hold_no_room() {
    // They have answered at length and are silent, and the applications go on with new announces of them: one an RTO is sent.
    let mut simulation = Simulation::with_receive_buffer(1, 40 * COUNTED[2]);
    for n in 1..=60 {
        simulation.trackers.insert(many(n), slow_tracker(milliseconds(50), 1200));
    }
    let to_all = |hash| (1..=60).map(move |n| request_to(&[many(n)], TIMEOUT_MS, announce_of(hash)));
    simulation.begin_all(to_all(0));
    simulation.run();
    simulation.trackers.clear();
    simulation.begin_all(to_all(1));
    simulation.run_for(seconds(10));
    simulation.trackers.insert(many(0), slow_tracker(milliseconds(50), 60));
    for hash in 2..40 {
        simulation.begin_all(to_all(hash));
        simulation.run_for(milliseconds(10));
        let id = simulation.announce(many(0), hash);
        simulation.run_for(milliseconds(500));
        assert!(simulation.time_to_answer(&[id]) <= milliseconds(100), "announce {hash}");
    }
}
