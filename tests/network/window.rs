//! The window of an address: how many requests are in flight at once, how it grows, and what makes it smaller.

use std::time::Duration;

use crate::support::{
    Bottleneck, Link, ModelTracker, Simulation, TIMEOUT_MS, announce_of, check_rules, milliseconds, request_to,
    seconds, v4, wire,
};

const FIRST_WINDOW: usize = 160;

fn behind(link: Link) -> Simulation {
    Simulation::with_tracker(v4(1), ModelTracker::behind(link))
}

/// How many requests are sent in each of the first round trips of a long burst.
fn sent_each_round(simulation: &mut Simulation, round_trip: Duration, rounds: u32) -> Vec<usize> {
    simulation.burst(v4(1), 20_000);
    simulation.run_for(round_trip * (rounds + 1));
    let asked = simulation.asked();
    let in_round = |n| asked.iter().filter(|&&at| at >= round_trip * n && at < round_trip * (n + 1)).count();
    (1..=rounds).map(in_round).collect()
}

#[test]
fn a_first_burst_of_160_to_a_cold_address_goes_at_once() {
    let mut simulation = behind(Link::of(milliseconds(50)));
    let ids = simulation.burst(v4(1), 1000);
    simulation.run_for(milliseconds(50));
    assert_eq!(simulation.asked().len(), FIRST_WINDOW);
    simulation.run();
    // 160, 320 and 520 in three round trips behind the connect's, and none is repeated.
    assert_eq!(simulation.time_to_answer(&ids), milliseconds(200));
    assert_eq!(simulation.asked().len(), 1000);
    simulation.finish();
}

#[test]
fn in_slow_start_the_window_grows_by_one_an_answer() {
    let round_trip = milliseconds(50);
    let sent = sent_each_round(&mut behind(Link::of(round_trip)), round_trip, 4);
    assert_eq!(sent, [160, 320, 640, 1280]);
}

#[test]
fn a_window_that_is_not_full_does_not_grow() {
    let mut simulation = behind(Link::of(milliseconds(50)));
    for n in 0..200 {
        simulation.begin_all((0..10).map(|m| request_to(&[v4(1)], TIMEOUT_MS, announce_of(10 * n + m))));
        simulation.run();
    }
    let before = simulation.asked().len();
    simulation.burst(v4(1), 5000);
    assert_eq!(simulation.asked().len() - before, FIRST_WINDOW);
}

#[test]
fn cancelled_requests_make_room() {
    let tracker = ModelTracker { deaf_to_requests: FIRST_WINDOW, ..ModelTracker::default() };
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    let ids = simulation.burst(v4(1), 300);
    simulation.run_for(milliseconds(30));
    assert_eq!(simulation.asked().len(), FIRST_WINDOW);
    for &id in &ids[..FIRST_WINDOW] {
        simulation.cancel(id);
    }
    simulation.run_for(milliseconds(30));
    assert!(ids[FIRST_WINDOW..].iter().all(|&id| simulation.is_answered(id)));
    simulation.finish();
}

#[test]
fn a_lost_request_gives_its_place_back_before_it_is_repeated() {
    // Steady at 100 ms: a place is given back after 125 ms or a little more, the repetition comes after 300.
    let mut simulation = behind(Link::of(milliseconds(100)));
    for n in 0..100 {
        simulation.announce(v4(1), n);
        simulation.run();
    }
    // A fifth of the window is lost, the others are answered; behind it more wait.
    const LOST: usize = 32;
    simulation.trackers.clear();
    let begun = simulation.now;
    let ids = simulation.burst(v4(1), 1000);
    let sent: Vec<_> = simulation.sent().skip(simulation.sent().count() - FIRST_WINDOW).cloned().collect();
    simulation.run_for(milliseconds(100));
    let before = simulation.asked().len();
    for sent in sent.iter().skip(LOST) {
        simulation.deliver(v4(1), &wire::announce_response(sent.packet.transaction_id(), [1800, 0, 0], &[]));
    }
    let with_answers = simulation.asked().len();
    assert_eq!(with_answers - before, 2 * (FIRST_WINDOW - LOST), "each answer makes room for two");
    simulation.run_until(begun + milliseconds(120));
    assert_eq!(simulation.asked().len(), with_answers);
    simulation.run_until(begun + milliseconds(160));
    let given_back = simulation.asked().len() - with_answers;
    assert_eq!(given_back, LOST, "lost places are used by others");
    assert!(ids.iter().all(|&id| simulation.sends_of(id).len() <= 1), "nothing is repeated yet");
    simulation.run_until(begun + milliseconds(450));
    assert!(ids[..LOST].iter().any(|&id| simulation.sends_of(id).len() == 2), "what was lost is repeated");
}

#[test]
fn losses_of_a_tenth_each_way_do_not_close_the_window() {
    // 19 % of the exchanges: a round trip of two seconds, so that repetitions do not hide it.
    let link = Link::lossy(seconds(2), 0.1);
    let mut simulation = behind(link);
    let ids = simulation.burst(v4(1), 20_000);
    simulation.run();
    let most = simulation.answered_at(&ids, 15_000);
    assert!(most <= seconds(24), "{most:?}");
    simulation.finish();
}

#[test]
fn much_loss_closes_the_window_to_what_is_delivered() {
    // 100 in flight are answered, the others dropped: two seconds later no more than that are sent in a round trip.
    let round_trip = milliseconds(100);
    let link = Link { bottleneck: Some(Bottleneck::in_flight(100)), ..Link::of(round_trip) };
    let mut simulation = behind(link);
    simulation.burst(v4(1), 20_000);
    simulation.run_for(seconds(4));
    let asked = simulation.asked();
    let late = asked.iter().filter(|&&at| at >= seconds(3) && at < seconds(4)).count();
    assert!((800..=1300).contains(&late), "{late} in ten round trips");
    check_rules(&simulation);
}

#[test]
fn a_burst_to_a_tracker_next_door_is_answered_without_a_repetition() {
    // 212,992 bytes of socket buffer, the default of Linux, hold 277 small datagrams.
    let bottleneck = Some(Bottleneck::rate(50_000, 277));
    let mut simulation = behind(Link { bottleneck, ..Link::of(milliseconds(1)) });
    let ids = simulation.burst(v4(1), 20_000);
    simulation.run();
    assert!(simulation.time_to_answer(&ids) <= milliseconds(1000), "{:?}", simulation.now);
    let cost = simulation.asked_for_each(ids.len());
    assert!(cost <= 1.05, "{cost}");
    check_rules(&simulation);
    simulation.finish();
}

/// A burst that takes the tracker `trips` round trips if it always has `capacity` requests to answer.
fn kept_busy(capacity: usize, round_trip: Duration, trips: u32) {
    let link = Link { bottleneck: Some(Bottleneck::in_flight(capacity)), ..Link::of(round_trip) };
    let mut simulation = behind(link);
    let count = trips as usize * capacity;
    let ids = simulation.burst(v4(1), count as u64);
    simulation.run();
    assert!(ids.iter().all(|&id| simulation.is_answered(id)));
    let used = (round_trip * trips).as_secs_f64() * 0.9 / simulation.answered_at(&ids, count * 9 / 10).as_secs_f64();
    check_rules(&simulation);
    simulation.finish();
    assert!(used >= 0.8, "{capacity} in {round_trip:?}: {:.0} % of what it can do", used * 100.0);
}

#[test]
fn a_tracker_that_drops_above_8_in_flight_is_kept_busy() {
    kept_busy(8, milliseconds(100), 400);
}

#[test]
fn a_tracker_that_drops_above_150_in_flight_is_kept_busy() {
    kept_busy(150, milliseconds(300), 200);
}

#[test]
fn a_tracker_with_round_trips_of_two_seconds_is_kept_busy() {
    kept_busy(64, seconds(2), 100);
}

#[test]
fn a_large_tracker_with_round_trips_of_two_seconds_is_kept_busy() {
    kept_busy(1000, seconds(2), 50);
}

#[test]
fn a_tracker_far_away_that_drops_nothing_gets_as_much_as_it_answers() {
    let mut simulation = behind(Link::of(seconds(2)));
    let ids = simulation.burst(v4(1), 20_000);
    simulation.run();
    // The first connect's answer takes longer than an unmeasured RTO; nothing else is repeated.
    assert_eq!(simulation.asked().len(), 20_000);
    // A connect, and windows of 160, 320, … 10,240.
    assert!(simulation.time_to_answer(&ids) <= seconds(18), "{:?}", simulation.now);
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_tracker_that_goes_silent_half_way_answers_half_and_the_others_are_given_up_once() {
    let tracker = ModelTracker { silent_after: Some(1000), ..ModelTracker::default() };
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    let ids = simulation.burst(v4(1), 2000);
    simulation.run();
    let answered = ids.iter().filter(|&&id| simulation.is_answered(id)).count();
    assert_eq!(answered, 1000);
    for &id in ids.iter().filter(|&&id| !simulation.is_answered(id)) {
        let (at, text) = simulation.failed(id);
        assert_eq!(text, "tracker is not responding after:3840000");
        assert!(at >= seconds(3810), "{at:?}");
    }
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_hundred_thousand_announces_in_one_turn_take_a_second_and_a_half_on_loopback() {
    let mut simulation = behind(Link::of(Duration::from_micros(200)));
    let ids = simulation.burst(v4(1), 100_000);
    simulation.run();
    assert!(simulation.time_to_answer(&ids) <= milliseconds(1500));
    assert_eq!(simulation.asked().len(), 100_000);
    simulation.finish();
}

#[test]
fn a_window_that_was_cut_for_late_answers_is_given_back() {
    // For a second everything takes 400 ms more, as if a queue stood still; then answers come late but all of them.
    let mut simulation =
        behind(Link { slow: None, jump: Some((seconds(2), milliseconds(900))), ..Link::of(milliseconds(50)) });
    let first = simulation.burst(v4(1), 10_000);
    simulation.run_until(seconds(2));
    assert!(first.iter().all(|&id| simulation.is_answered(id)));
    let ids = simulation.burst(v4(1), 20_000);
    simulation.run();
    assert!(simulation.time_to_answer(&ids) <= seconds(10), "{:?}", simulation.time_to_answer(&ids));
    let cost = simulation.asked_for_each(30_000);
    assert!(cost <= 1.15, "{cost}");
    check_rules(&simulation);
    simulation.finish();
}
