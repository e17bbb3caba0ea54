//! What holds requests back lets go by itself: no gate waits for an answer that nobody can give any more. An address that
//! answers by now is asked by now, whatever came before.

use std::time::Duration;

use crate::support::{
    Link, ModelTracker, Simulation, TIMEOUT_MS, announce_of, check_rules, milliseconds, request_to, seconds, v4,
};

const ROUND_TRIP: Duration = milliseconds(50);
/// How long a new request may take at an address that answers by now, beside its round trips.
const AT_ONCE: Duration = seconds(2);

fn at(link: Link) -> Simulation {
    Simulation::with_tracker(v4(1), ModelTracker::behind(link))
}

fn tracker(simulation: &mut Simulation) -> &mut ModelTracker {
    simulation.trackers.get_mut(&v4(1)).unwrap()
}

/// Some are answered, and then of many bursts of ten half is lost: the window closes as far as it does.
fn close_window(simulation: &mut Simulation) {
    for round in 0..300 {
        tracker(simulation).deaf_to_requests = if round < 40 { 0 } else { 4 };
        simulation.begin_all((0..10).map(|n| request_to(&[v4(1)], TIMEOUT_MS, announce_of(n))));
        simulation.run();
    }
    tracker(simulation).deaf_to_requests = 0;
}

#[test]
fn a_few_losses_at_a_small_window_hold_nobody_back_for_longer_than_an_rto() {
    for lost in 2..=5 {
        let mut simulation = at(Link::of(ROUND_TRIP));
        close_window(&mut simulation);
        tracker(&mut simulation).deaf_to_requests = lost;
        let ids = simulation.burst(v4(1), 2);
        simulation.run_for(milliseconds(300));
        let later = simulation.burst(v4(1), 30);
        simulation.run_for(seconds(60));
        assert!(simulation.time_to_answer(&[ids, later].concat()) <= AT_ONCE, "{lost} lost");
        check_rules(&simulation);
        simulation.finish();
    }
}

#[test]
fn announces_that_are_aborted_before_their_rto_hold_back_nobody_who_comes_later() {
    let mut simulation = at(Link::of(ROUND_TRIP));
    simulation.announce(v4(1), 0);
    simulation.run();
    tracker(&mut simulation).link.outage = simulation.now..simulation.now + milliseconds(100);
    let ids = simulation.burst(v4(1), 100);
    // They count as lost by then, and have not missed their RTO.
    simulation.run_for(milliseconds(180));
    ids.iter().for_each(|&id| simulation.cancel(id));
    let next = simulation.announce(v4(1), 200);
    simulation.run_for(seconds(60));
    assert!(simulation.time_to_answer(&[next]) <= AT_ONCE);
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn announces_that_were_aborted_long_ago_hold_back_nobody() {
    let mut simulation = at(Link::of(ROUND_TRIP));
    simulation.announce(v4(1), 0);
    simulation.run();
    tracker(&mut simulation).link.outage = simulation.now..simulation.now + milliseconds(100);
    // When the RTO of the first is over, that of the last is not, and nobody waits for any of them.
    let mut ids = simulation.burst(v4(1), 50);
    simulation.run_for(milliseconds(10));
    ids.extend(simulation.burst(v4(1), 50));
    simulation.run_for(milliseconds(180));
    ids.iter().for_each(|&id| simulation.cancel(id));
    simulation.run_for(seconds(10));
    let later = simulation.burst(v4(1), 4);
    simulation.run_for(seconds(60));
    assert!(simulation.time_to_answer(&later) <= 2 * ROUND_TRIP);
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn an_application_that_aborts_all_it_asks_before_its_rto_is_braked() {
    let mut simulation = at(Link::of(ROUND_TRIP));
    simulation.announce(v4(1), 0);
    simulation.run();
    simulation.trackers.clear();
    let before = simulation.asked().len();
    for _ in 0..30 {
        let ids = simulation.burst(v4(1), 200);
        simulation.run_for(milliseconds(240));
        ids.iter().for_each(|&id| simulation.cancel(id));
    }
    let sent = simulation.asked().len() - before;
    // In 7.2 s: a window, and then a few each RTO of 250 ms; without a brake there would be 4,800.
    assert!(sent <= 2 * 160 + 8 * 29, "{sent} sends");
}

#[test]
fn a_request_that_comes_when_a_silence_is_over_is_answered_at_once() {
    for newcomer_after in [milliseconds(0), milliseconds(700), seconds(3)] {
        let mut simulation = at(Link { outage: milliseconds(500)..seconds(40), ..Link::of(ROUND_TRIP) });
        simulation.announce(v4(1), 0);
        simulation.run();
        simulation.run_until(seconds(1));
        let waiting = simulation.burst(v4(1), 10);
        simulation.run_until(seconds(40) + newcomer_after);
        let newcomer = simulation.announce(v4(1), 100);
        simulation.run_for(seconds(60));
        assert!(simulation.time_to_answer(&[newcomer]) <= 2 * ROUND_TRIP);
        // Its answer is the others' as well.
        assert!(simulation.answered_at(&waiting, 10) <= simulation.ended(newcomer).0 + milliseconds(200));
        check_rules(&simulation);
        simulation.finish();
    }
}

#[test]
fn of_those_that_come_in_a_silence_one_an_rto_is_sent() {
    let mut simulation = at(Link::of(ROUND_TRIP));
    simulation.announce(v4(1), 0);
    simulation.run();
    simulation.trackers.clear();
    simulation.burst(v4(1), 4);
    simulation.run_for(seconds(5));
    let before = simulation.asked().len();
    for n in 0..1000 {
        simulation.announce(v4(1), 10 + n);
        simulation.run_for(milliseconds(10));
    }
    let sent = simulation.asked().len() - before;
    // An RTO is 250 ms; beside it there are the probes.
    assert!((38..=40 + 12).contains(&sent), "{sent} sends in ten seconds");
    // With nobody coming, there are the probes alone.
    let before = simulation.asked().len();
    simulation.run_for(seconds(10));
    let sent = simulation.asked().len() - before;
    assert!(sent <= 5, "{sent} sends in ten seconds");
}

#[test]
fn one_that_comes_right_behind_another_in_a_silence_has_its_turn_an_rto_later() {
    let mut simulation = at(Link { outage: milliseconds(500)..seconds(40), ..Link::of(ROUND_TRIP) });
    simulation.announce(v4(1), 0);
    simulation.run();
    simulation.run_until(seconds(1));
    simulation.burst(v4(1), 10);
    // The first is sent before the tracker is back, the second comes behind it.
    simulation.run_until(milliseconds(39_990));
    let first = simulation.announce(v4(1), 100);
    simulation.run_until(seconds(40));
    let second = simulation.announce(v4(1), 101);
    simulation.run_for(seconds(60));
    assert!(simulation.time_to_answer(&[first, second]) <= AT_ONCE);
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_tracker_that_has_answered_junk_is_asked_again() {
    for outstanding in [1, 10, 100] {
        let mut simulation = at(Link::of(ROUND_TRIP));
        simulation.announce(v4(1), 0);
        simulation.run();
        let honest_from = simulation.now + seconds(20);
        tracker(&mut simulation).junk = simulation.now..honest_from;
        let mut n = 0;
        while simulation.now < honest_from {
            simulation.begin_all((0..outstanding).map(|m| request_to(&[v4(1)], TIMEOUT_MS, announce_of(n + m))));
            n += outstanding;
            simulation.run_for(milliseconds(500));
        }
        let next = simulation.announce(v4(1), n);
        simulation.run_for(seconds(60));
        assert!(simulation.time_to_answer(&[next]) <= AT_ONCE, "{outstanding} at a time");
        check_rules(&simulation);
        simulation.finish();
    }
}

#[test]
fn a_tracker_that_has_answered_connects_with_junk_is_asked_again() {
    let mut simulation = at(Link::of(ROUND_TRIP));
    tracker(&mut simulation).junk = Duration::ZERO..seconds(20);
    let mut n = 0;
    while simulation.now < seconds(20) {
        simulation.announce(v4(1), n);
        n += 1;
        simulation.run_for(milliseconds(1100));
    }
    let next = simulation.announce(v4(1), n);
    simulation.run_for(seconds(60));
    assert!(simulation.time_to_answer(&[next]) <= AT_ONCE + 2 * ROUND_TRIP);
    check_rules(&simulation);
    simulation.finish();
}

/// Objects that announce every few seconds, through a link that loses much.
#[test]
fn at_15_percent_lost_each_way_no_torrent_waits_for_minutes() {
    for (count, round_trip, seed) in
        [(160, Duration::ZERO, 1), (160, ROUND_TRIP, 2), (40, Duration::ZERO, 3), (40, ROUND_TRIP, 4)]
    {
        let mut simulation = Simulation::new(seed);
        simulation.trackers.insert(v4(1), ModelTracker::behind(Link::lossy(round_trip, 0.15)));
        let mut current = Vec::new();
        let mut longest = Duration::ZERO;
        for _ in 0..60 {
            // Whoever is answered asks again.
            current.retain(|&id| !simulation.is_answered(id));
            current.extend(simulation.burst(v4(1), count - current.len() as u64));
            simulation.run_for(seconds(4));
            let waited = current.iter().filter(|id| simulation.end(**id).is_none());
            let waited = waited.map(|id| simulation.now - simulation.histories[id].begun).max();
            longest = longest.max(waited.unwrap_or_default());
        }
        assert!(longest <= seconds(16), "{count} objects, {round_trip:?}: {longest:?}");
    }
}
