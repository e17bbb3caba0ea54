//! A network that goes away for a moment, a first datagram that is lost, addresses that never answer: what is sent until
//! they do, and how soon everybody is served again.

use std::time::Duration;

use crate::support::{
    Link, ModelTracker, Simulation, TIMEOUT_MS, announce_of, check_rules, hash, many, milliseconds, request_to,
    scrape_of, seconds, v4,
};

const ROUND_TRIP: Duration = milliseconds(50);

fn behind(link: Link) -> ModelTracker {
    ModelTracker::behind(link)
}

#[test]
fn a_lost_first_connect_costs_a_second() {
    for joins_after in [milliseconds(0), milliseconds(500)] {
        let tracker = ModelTracker { deaf_to_connects: 1, ..behind(Link::of(ROUND_TRIP)) };
        let mut simulation = Simulation::with_tracker(v4(1), tracker);
        let first = simulation.announce(v4(1), 1);
        simulation.run_for(joins_after);
        let second = simulation.announce(v4(1), 2);
        simulation.run();
        assert!(simulation.time_to_answer(&[first, second]) <= milliseconds(1200));
        assert_eq!(simulation.connects(), [seconds(0), seconds(1)]);
        check_rules(&simulation);
        simulation.finish();
    }
}

#[test]
fn a_connect_is_repeated_four_times_at_its_rto_or_doubles_when_the_address_is_silent() {
    let mut simulation = Simulation::new(1);
    simulation.announce(v4(1), 1);
    simulation.run_for(seconds(60));
    let waits: Vec<_> = simulation.connects().windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits[..2], [seconds(1), seconds(1)]);
    for (wait, next) in waits.iter().zip(&waits[1..]) {
        assert!(next == wait || *next == 2 * *wait, "{waits:?}");
    }
    let times = simulation.connects().len();
    assert!((6..=9).contains(&times), "{waits:?}");
}

#[test]
fn a_request_that_comes_later_brings_the_connect_forward_but_once_a_second_only() {
    let mut simulation = Simulation::new(1);
    simulation.announce(v4(1), 1);
    simulation.run_for(seconds(100));
    let last = *simulation.connects().last().unwrap();
    let (at, before) = (simulation.now, simulation.connects().len());
    assert!(at > last + seconds(1));
    simulation.announce(v4(1), 2);
    simulation.run_for(milliseconds(999));
    for n in 3..100 {
        simulation.announce(v4(1), n);
    }
    assert_eq!(simulation.connects()[before..], [at]);
    simulation.run_for(milliseconds(1));
    simulation.announce(v4(1), 100);
    assert_eq!(simulation.connects()[before..], [at, at + seconds(1)]);
}

#[test]
fn a_network_that_is_gone_for_300_ms_in_a_burst_of_5000_costs_two_seconds() {
    for gone_at in [20, 60, 120, 200].map(milliseconds) {
        let link = Link { outage: gone_at..gone_at + milliseconds(300), ..Link::of(ROUND_TRIP) };
        let mut simulation = Simulation::with_tracker(v4(1), behind(link));
        let ids = simulation.burst(v4(1), 5000);
        simulation.run();
        let took = simulation.time_to_answer(&ids);
        assert!(took <= seconds(2), "gone at {gone_at:?}: {took:?}");
        check_rules(&simulation);
        simulation.finish();
    }
}

#[test]
fn a_network_that_is_gone_for_ten_seconds_is_found_again_within_as_much() {
    let link = Link { outage: milliseconds(100)..seconds(10), ..Link::of(ROUND_TRIP) };
    let mut simulation = Simulation::with_tracker(v4(1), behind(link));
    let ids = simulation.burst(v4(1), 5000);
    simulation.run_until(seconds(10));
    let asked = simulation.asked().len();
    simulation.run();
    assert!(simulation.time_to_answer(&ids) <= seconds(21), "{:?}", simulation.now);
    // While it was gone, it was not flooded: the window that was in flight, and a few probes.
    let answered = ids.iter().filter(|&&id| simulation.ended(id).0 < seconds(10)).count();
    assert!(asked - answered <= 1500, "{asked} sent and {answered} answered");
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_silent_tracker_with_a_thousand_torrents_gets_one_connect_an_rto() {
    let mut simulation = Simulation::new(1);
    for n in 0..1000 {
        simulation.announce(v4(1), n);
        simulation.run_for(milliseconds(37));
    }
    let gaps: Vec<_> = simulation.connects().windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|&gap| gap >= seconds(1)), "{gaps:?}");
    assert!(gaps.len() >= 18, "those that come later have it sent again: {}", gaps.len());
    assert_eq!(simulation.asked(), []);
    check_rules(&simulation);
}

#[test]
fn a_tracker_that_falls_silent_is_asked_a_few_times_an_rto() {
    let tracker = ModelTracker { silent_after: Some(1), ..behind(Link::of(ROUND_TRIP)) };
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    simulation.announce(v4(1), 0);
    simulation.run();
    let first = simulation.asked().len();
    simulation.burst(v4(1), 1000);
    simulation.run_for(seconds(50));
    // The first window, once more with a fresh connection ID, and four at a time at doubling distances.
    let asked = simulation.asked();
    assert!(asked.len() - first <= 160 + 160 + 60, "{} sends", asked.len() - first);
    let late = asked.iter().filter(|&&at| at > seconds(5)).count();
    assert!(late <= 4 * 8, "{late} sends after five seconds");
    check_rules(&simulation);
}

#[test]
fn the_first_answer_of_a_silent_tracker_opens_the_window_to_its_first_size() {
    let tracker = ModelTracker { deaf_to_requests: 200, ..behind(Link::of(ROUND_TRIP)) };
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    let ids = simulation.burst(v4(1), 2000);
    simulation.run();
    let first = ids.iter().map(|&id| simulation.ended(id).0).min().unwrap();
    let sent = simulation.asked().iter().filter(|&&at| at == first).count();
    assert!((100..=330).contains(&sent), "{sent} sent with the first answer");
    assert!(simulation.time_to_answer(&ids) <= first + seconds(2));
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_torrent_that_its_tracker_ignores_costs_18_requests_and_8_connects_an_hour() {
    let ignores = [hash(1)].into();
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker { ignores, ..behind(Link::of(ROUND_TRIP)) });
    let id = simulation.announce(v4(1), 1);
    simulation.run_for(seconds(3600));
    assert_eq!(simulation.end(id), None);
    let (asked, connects) = (simulation.asked().len(), simulation.connects().len());
    assert!((10..=20).contains(&asked), "{asked} requests");
    assert!((3..=10).contains(&connects), "{connects} connects");
    simulation.run();
    assert_eq!(simulation.failed(id).1, "tracker is not responding after:3840000");
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_torrent_that_is_ignored_costs_no_more_beside_others_that_are_answered() {
    let ignores = [hash(1)].into();
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker { ignores, ..behind(Link::of(ROUND_TRIP)) });
    let id = simulation.announce(v4(1), 1);
    for n in 2..362 {
        let other = simulation.announce(v4(1), n);
        simulation.run_for(seconds(10));
        assert!(simulation.is_answered(other) && simulation.sends_of(other).len() == 1, "request {n}");
    }
    let asked = simulation.sends_of(id).len();
    assert!((10..=22).contains(&asked), "{asked} requests");
    // One a minute is what the others need.
    assert!(simulation.connects().len() <= 61 + 10, "{} connects", simulation.connects().len());
    check_rules(&simulation);
}

#[test]
fn a_thousand_dead_trackers_of_ten_thousand_do_not_hold_up_the_others() {
    let mut simulation = Simulation::new(1);
    for n in (0..10_000).filter(|n| n % 10 != 0) {
        simulation.trackers.insert(many(n), behind(Link::of(ROUND_TRIP)));
    }
    let ids = simulation.begin_all((0..10_000).map(|n| request_to(&[many(n)], TIMEOUT_MS, announce_of(n.into()))));
    simulation.run_for(seconds(2));
    let (dead, alive): (Vec<u64>, Vec<u64>) = ids.into_iter().partition(|id| id % 10 == 0);
    assert!(simulation.time_to_answer(&alive) <= seconds(1));
    assert!(dead.iter().all(|&id| simulation.end(id).is_none()));
}

#[test]
fn a_tracker_that_answers_connects_only_is_not_flooded_and_not_asked_for_ever() {
    let tracker = ModelTracker { deaf_to_requests: usize::MAX, ..behind(Link::of(ROUND_TRIP)) };
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    let ids = simulation.burst(v4(1), 10_000);
    simulation.run_for(seconds(29));
    assert!(simulation.asked().len() <= 160 + 160 + 4 * 10, "{}", simulation.asked().len());
    assert!(simulation.connects().len() <= 8, "{:?}", simulation.connects());
    simulation.run();
    assert!(ids.iter().all(|&id| simulation.failed(id).1 == "tracker is not responding after:3840000"));
    simulation.finish();
}

#[test]
fn a_scrape_of_a_tracker_that_falls_silent_for_a_second_goes_on_where_it_was() {
    let link = Link { outage: milliseconds(120)..milliseconds(1120), ..Link::of(ROUND_TRIP) };
    let mut simulation = Simulation::with_tracker(v4(1), behind(link));
    let requests = (0..1667).map(|n| request_to(&[v4(1)], TIMEOUT_MS, scrape_of(60 * n, 60)));
    let ids = simulation.begin_all(requests);
    simulation.run();
    assert!(simulation.time_to_answer(&ids) <= seconds(3), "{:?}", simulation.now);
    check_rules(&simulation);
    simulation.finish();
}
