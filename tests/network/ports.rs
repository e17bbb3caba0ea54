//! Local ports: an address that answered and does not any more is asked from a fresh one, and everything else stays.

use std::{collections::BTreeSet, time::Duration};

use bittorrent_udp_tracker::proto::Port;

use crate::support::{
    Link, ModelTracker, Simulation, TIMEOUT_MS, announce_of, check_rules, many, milliseconds, request_to, seconds, v4,
};

/// The most ports that may be open at once, and that may be opened in the time.
const MOST: usize = 8;
fn most_opened(time: Duration) -> u64 {
    4 + time.as_secs() / 15
}

fn ports_to(simulation: &Simulation, to: std::net::SocketAddr, from: Duration) -> BTreeSet<Port> {
    simulation.sent().filter(|sent| sent.to == to && sent.at >= from).map(|sent| sent.port).collect()
}

/// Requests to one tracker, one a second for two minutes before the cut and as long after it.
fn cut_at(round_trip: Duration, loss: f64, cut: Duration) -> (Simulation, Vec<u64>) {
    let tracker = ModelTracker::behind(Link { round_trip, loss, ..Link::default() });
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    simulation.nat.cuts = vec![cut];
    let mut ids = Vec::new();
    for n in 0..240 {
        ids.push(simulation.announce(v4(1), n));
        simulation.run_for(seconds(1));
    }
    simulation.run();
    (simulation, ids)
}

#[test]
fn a_tracker_behind_a_dead_entry_answers_within_eight_seconds_from_a_fresh_port() {
    for (round_trip, loss) in [(20, 0.0), (200, 0.0), (50, 0.1)] {
        for cut in [119_000, 120_000, 121_500, 150_300].map(milliseconds) {
            let (mut simulation, ids) = cut_at(milliseconds(round_trip), loss, cut);
            let most = if loss > 0.0 { seconds(16) } else { seconds(8) };
            assert!(
                simulation.time_to_answer(&ids) <= most,
                "{round_trip} {cut:?} {:?}",
                simulation.time_to_answer(&ids)
            );
            if loss == 0.0 {
                assert_eq!(ports_to(&simulation, v4(1), Duration::ZERO).len(), 2);
                assert_eq!(ports_to(&simulation, v4(1), cut + seconds(8)).len(), 1, "it stays where it was answered");
            }
            check_rules(&simulation);
            simulation.finish();
        }
    }
}

#[test]
fn many_that_wait_for_one_tracker_are_all_answered_within_eight_seconds() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
    let first = simulation.burst(v4(1), 96);
    simulation.run();
    simulation.nat.cuts = vec![simulation.now + milliseconds(1)];
    simulation.run_for(seconds(30));
    let ids = simulation.burst(v4(1), 96);
    simulation.run();
    assert!(simulation.time_to_answer(&first) < seconds(1));
    assert!(simulation.time_to_answer(&ids) <= seconds(8), "{:?}", simulation.time_to_answer(&ids));
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn promises_that_come_when_the_connection_id_has_expired_are_answered_too() {
    // Each comes when the tracker has been forgotten, and sooner than the entry would be.
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
    simulation.nat.cuts = vec![seconds(10)];
    for n in 0..4 {
        let id = simulation.announce(v4(1), n);
        simulation.run();
        assert!(simulation.time_to_answer(&[id]) <= seconds(8), "{:?}", simulation.time_to_answer(&[id]));
        let next = seconds(100 * (n + 1));
        simulation.run_until(next);
    }
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn the_entry_that_dies_again_and_again_is_left_each_time() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
    simulation.nat.cuts = (1..20).map(|n| seconds(30 * n)).collect();
    let mut ids = Vec::new();
    for n in 0..600 {
        ids.push(simulation.announce(v4(1), n));
        simulation.run_for(seconds(1));
    }
    simulation.run();
    assert!(simulation.time_to_answer(&ids) <= seconds(8), "{:?}", simulation.time_to_answer(&ids));
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn one_that_comes_back_at_another_place_after_an_absence_is_found() {
    // What is asked while it is away makes entries that lead nowhere as well.
    for away in [5, 20, 60] {
        let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
        let id = simulation.announce(v4(1), 0);
        simulation.run();
        assert!(simulation.is_answered(id));
        let (gone, back) = (simulation.now, simulation.now + seconds(away));
        simulation.trackers.get_mut(&v4(1)).unwrap().link.outage = gone..back;
        simulation.nat.cuts = vec![back];
        let ids = simulation.begin_all((1..49).map(|n| request_to(&[v4(1)], TIMEOUT_MS, announce_of(n))));
        simulation.run();
        let took = simulation.time_to_answer(&ids);
        assert!(took <= seconds(2 * away + 60), "{away} s away: {took:?}");
        check_rules(&simulation);
        simulation.finish();
    }
}

#[test]
fn one_silent_tracker_moves_only_itself() {
    let mut simulation = Simulation::new(1);
    for n in 1..=4 {
        simulation.trackers.insert(v4(n), ModelTracker::default());
    }
    simulation.nat.cuts = vec![seconds(10)];
    simulation.nat.only = vec![v4(1)];
    for n in 0..200 {
        for to in 1..=4 {
            simulation.announce(v4(to), n);
        }
        simulation.run_for(seconds(1));
    }
    simulation.run();
    assert_eq!(ports_to(&simulation, v4(1), seconds(20)), BTreeSet::from([Port(1)]));
    for other in 2..=4 {
        assert_eq!(ports_to(&simulation, v4(other), Duration::ZERO), BTreeSet::from([Port(0)]));
    }
    simulation.finish();
}

#[test]
fn when_most_have_fallen_silent_all_go_and_the_old_port_is_closed() {
    let mut simulation = Simulation::new(1);
    for n in 1..=10 {
        simulation.trackers.insert(v4(n), ModelTracker::default());
    }
    simulation.nat.cuts = vec![seconds(10)];
    // The last one is not behind the translator.
    simulation.nat.only = (1..=9).map(v4).collect();
    for n in 0..120 {
        for to in 1..=10 {
            simulation.announce(v4(to), n);
        }
        simulation.run_for(seconds(1));
    }
    simulation.run();
    for to in 1..=10 {
        assert_eq!(ports_to(&simulation, v4(to), seconds(90)), BTreeSet::from([Port(1)]));
    }
    assert!(!simulation.client.has_port(Port(0)));
    simulation.finish();
}

#[test]
fn nothing_changes_while_trackers_answer_or_never_did() {
    for loss in [0.0, 0.1] {
        let mut simulation = Simulation::new(1);
        simulation.trackers.insert(v4(1), ModelTracker::behind(Link::lossy(milliseconds(50), loss)));
        for n in 0..300 {
            simulation.announce(v4(1), n);
            if n % 10 == 0 {
                simulation.begin(request_to(&[v4(100)], 100, announce_of(n)));
            }
            simulation.run_for(seconds(1));
        }
        simulation.run();
        let most = if loss == 0.0 { 0 } else { 2 };
        assert!(simulation.client.counters().fresh_ports <= most, "{:?}", simulation.client.counters());
        simulation.finish();
    }
}

#[test]
fn ports_are_few_whoever_is_dead() {
    let mut simulation = Simulation::new(1);
    for n in 0..200 {
        simulation.trackers.insert(many(n), ModelTracker { silent_after: Some(1), ..ModelTracker::default() });
    }
    // Each answers once, and never again; new ones all the time.
    for second in 0..600u16 {
        if second % 3 == 0 {
            simulation.announce(many(second / 3), 1);
        }
        for n in (0..second / 3).step_by(7) {
            simulation.begin(request_to(&[many(n)], TIMEOUT_MS, announce_of(second.into())));
        }
        simulation.run_for(seconds(1));
        let open = (0..1000).filter(|&port| simulation.client.has_port(Port(port))).count();
        assert!(open <= MOST, "{open} ports");
        let opened = simulation.client.counters().fresh_ports;
        assert!(opened <= most_opened(simulation.now), "{opened} in {:?}", simulation.now);
    }
}

#[test]
fn the_network_that_has_changed_is_asked_from_a_fresh_port_at_once() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
    simulation.announce(v4(1), 0);
    simulation.run();
    simulation.change_network();
    let id = simulation.announce(v4(1), 1);
    simulation.run();
    assert_eq!(simulation.time_to_answer(&[id]), milliseconds(40), "a connect and an announce");
    assert_eq!(simulation.last().port, Port(1));
    simulation.finish();
}

#[test]
fn what_waits_when_the_network_comes_up_is_sent_at_once() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
    simulation.unreachable.insert(v4(1));
    let ids = simulation.burst(v4(1), 48);
    simulation.run_for(seconds(500));
    simulation.unreachable.clear();
    simulation.change_network();
    let up = simulation.now;
    simulation.run();
    assert!(simulation.answered_at(&ids, ids.len()) - up < seconds(1));
    simulation.finish();
}

#[test]
fn what_waits_in_a_silence_is_sent_at_once_when_the_network_has_changed() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
    simulation.burst(v4(1), 3);
    simulation.run();
    let down = simulation.now;
    simulation.trackers.get_mut(&v4(1)).unwrap().link.outage = down..down + seconds(500);
    let ids = simulation.burst(v4(1), 48);
    simulation.run_for(seconds(500));
    simulation.change_network();
    simulation.run();
    assert!(simulation.answered_at(&ids, ids.len()) - (down + seconds(500)) < seconds(1));
    simulation.finish();
}

#[test]
fn an_answer_to_another_port_than_was_asked_from_is_dropped() {
    let mut simulation = Simulation::new(1);
    let id = simulation.announce(v4(1), 1);
    let transaction_id = simulation.last_transaction_id();
    simulation.deliver_to(Port(3), v4(1), &crate::support::wire::connect_response(transaction_id, 7));
    assert_eq!(simulation.asked().len(), 0);
    simulation.deliver_to(Port(0), v4(1), &crate::support::wire::connect_response(transaction_id, 7));
    assert_eq!(simulation.asked().len(), 1);
    simulation.cancel(id);
    simulation.finish();
}
