//! Connection IDs that are dead before their minute is over, because the tracker restarted or our address changed: it
//! is silent to them, or says so in words that not everybody knows.

use std::time::Duration;

use crate::support::{
    Link, ModelTracker, Simulation, ToStrangers, announce_of, check_rules, hash, milliseconds, request_to, seconds, v4,
    wire,
};

const ROUND_TRIP: Duration = milliseconds(50);
/// What trackers say: opentracker and others, torrust, aquatic's and libtorrent's relatives, and one nobody has met.
const WORDS: [&str; 4] =
    ["Connection ID missmatch.\0", "Connection cookie error", "bad connection id", "Access denied"];

/// A network with a tracker that restarts at ten seconds, and an announce answered before.
fn restarted(to_strangers: ToStrangers, restarts: &[u64]) -> Simulation {
    let restarts = restarts.iter().copied().map(seconds).collect();
    let tracker = ModelTracker { to_strangers, restarts, ..ModelTracker::behind(Link::of(ROUND_TRIP)) };
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    simulation.announce(v4(1), 0);
    simulation.run_until(seconds(10) + milliseconds(1));
    simulation
}

/// Answers the datagram sent last with this connection ID.
fn connect(simulation: &mut Simulation, connection_id: u64) {
    assert!(simulation.last().packet.is_connect());
    let answer = wire::connect_response(simulation.last_transaction_id(), connection_id);
    simulation.deliver(v4(1), &answer);
}

/// Answers the announce sent last with an error.
fn refuse(simulation: &mut Simulation, message: &str) {
    assert!(!simulation.last().packet.is_connect());
    let answer = wire::error_response(simulation.last_transaction_id(), message);
    simulation.deliver(v4(1), &answer);
}

/// Answers the announce sent last.
fn answer(simulation: &mut Simulation) {
    assert!(!simulation.last().packet.is_connect());
    let answer = wire::announce_response(simulation.last_transaction_id(), [1800, 0, 0], &[]);
    simulation.deliver(v4(1), &answer);
}

/// So many announces to a tracker that restarted and is silent to its old connection IDs are answered within a second.
fn found_again_by(count: u64) {
    let mut simulation = restarted(ToStrangers::Silence, &[10]);
    let ids = simulation.burst(v4(1), count);
    simulation.run();
    let took = simulation.time_to_answer(&ids);
    assert!(took <= seconds(1), "{took:?}");
    assert_eq!(simulation.connects().len(), 2);
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_tracker_that_restarted_and_is_silent_to_old_ids_answers_one_announce_within_a_second() {
    found_again_by(1);
}

#[test]
fn what_was_repeated_with_the_dead_id_is_sent_with_the_new_one_at_once() {
    let mut simulation = restarted(ToStrangers::Silence, &[10]);
    let begun = simulation.now;
    let id = simulation.announce(v4(1), 1);
    simulation.run();
    // At the RTO, and at the next one with a connect beside it; then not an RTO later, but with the connect's answer.
    let sends: Vec<_> = simulation.sends_of(id).into_iter().map(|at| at - begun).collect();
    assert_eq!(sends, [0, 250, 500, 550].map(milliseconds));
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_tracker_that_restarted_and_is_silent_to_old_ids_answers_two_within_a_second() {
    found_again_by(2);
}

#[test]
fn a_tracker_that_restarted_and_is_silent_to_old_ids_answers_twenty_within_a_second() {
    found_again_by(20);
}

#[test]
fn a_tracker_that_restarted_and_is_silent_to_old_ids_answers_a_hundred_within_a_second() {
    found_again_by(100);
}

#[test]
fn a_tracker_that_restarted_and_is_silent_to_old_ids_answers_five_hundred_within_a_second() {
    found_again_by(500);
}

#[test]
fn a_tracker_that_restarted_and_is_silent_to_old_ids_answers_three_thousand_soon() {
    let mut simulation = restarted(ToStrangers::Silence, &[10]);
    let ids = simulation.burst(v4(1), 3000);
    simulation.run();
    assert!(simulation.time_to_answer(&ids) <= milliseconds(1500), "{:?}", simulation.time_to_answer(&ids));
}

#[test]
fn a_tracker_that_restarted_and_says_so_answers_at_once_in_whatever_words() {
    for words in WORDS {
        for count in [1, 20, 500] {
            let mut simulation = restarted(ToStrangers::Says(words), &[10]);
            let ids = simulation.burst(v4(1), count);
            simulation.run();
            assert!(simulation.time_to_answer(&ids) <= milliseconds(400), "{count} after {words:?}");
            assert_eq!(simulation.connects().len(), 2, "{count} after {words:?}");
            // torrust bans who comes with a wrong one too often.
            let strangers = simulation.trackers[&v4(1)].strangers;
            assert!(strangers <= 160, "{strangers} datagrams with the dead connection ID");
            check_rules(&simulation);
            simulation.finish();
        }
    }
}

#[test]
fn a_tracker_that_restarts_in_the_middle_of_a_burst_answers_everybody() {
    let all = WORDS.map(ToStrangers::Says).into_iter().chain([ToStrangers::Silence]);
    for to_strangers in all {
        for at in [60, 130, 300].map(milliseconds) {
            if matches!(to_strangers, ToStrangers::Says(words) if words == WORDS[3]) && at == milliseconds(60) {
                // Those that brought the connection ID in are told in words that may be meant.
                continue;
            }
            let link = Link::of(ROUND_TRIP);
            let tracker = ModelTracker { to_strangers, restarts: vec![at], ..ModelTracker::behind(link) };
            let mut simulation = Simulation::with_tracker(v4(1), tracker);
            let ids = simulation.burst(v4(1), 5000);
            simulation.run();
            let took = simulation.time_to_answer(&ids);
            assert!(took <= seconds(2), "{to_strangers:?} at {at:?}: {took:?}");
            check_rules(&simulation);
            simulation.finish();
        }
    }
}

#[test]
fn a_tracker_that_restarts_twice_within_a_minute_is_found_twice() {
    for to_strangers in [ToStrangers::Silence, ToStrangers::Says(WORDS[0])] {
        let mut simulation = restarted(to_strangers, &[10, 20]);
        for at in [10, 20] {
            simulation.run_until(seconds(at) + milliseconds(1));
            let ids = simulation.burst(v4(1), 50);
            simulation.run();
            assert!(simulation.time_to_answer(&ids) <= seconds(1), "at {at} s");
        }
        assert_eq!(simulation.connects().len(), 3);
        check_rules(&simulation);
        simulation.finish();
    }
}

#[test]
fn a_tracker_that_restarted_is_found_beside_losses() {
    for to_strangers in [ToStrangers::Silence, ToStrangers::Says(WORDS[1])] {
        let restarts = vec![seconds(10)];
        let tracker = ModelTracker { to_strangers, restarts, ..ModelTracker::behind(Link::lossy(ROUND_TRIP, 0.05)) };
        let mut simulation = Simulation::with_tracker(v4(1), tracker);
        simulation.announce(v4(1), 0);
        simulation.run_until(seconds(10));
        let ids = simulation.burst(v4(1), 2000);
        simulation.run();
        assert!(simulation.time_to_answer(&ids) <= seconds(4), "{:?}", simulation.time_to_answer(&ids));
        check_rules(&simulation);
        simulation.finish();
    }
}

#[test]
fn a_connect_goes_out_beside_the_third_send_and_not_before() {
    let mut simulation = restarted(ToStrangers::Silence, &[10]);
    let id = simulation.announce(v4(1), 1);
    simulation.run();
    let sends = simulation.sends_of(id);
    let second = *simulation.connects().last().unwrap();
    let within = sends[1]..=sends[1] + (sends[1] - sends[0]);
    assert!(second > sends[1] && within.contains(&second), "{sends:?} and {second:?}");
    // What was sent beside it is in flight when its answer comes, and is given its RTO.
    assert!(*sends.last().unwrap() <= second + (sends[1] - sends[0]), "{sends:?} and {second:?}");
}

#[test]
fn an_id_that_came_for_this_very_request_is_not_doubted() {
    let mut simulation = Simulation::new(1);
    simulation.announce(v4(1), 1);
    simulation.run_for(ROUND_TRIP);
    connect(&mut simulation, 77);
    simulation.run_for(seconds(20));
    assert!(simulation.asked().len() >= 4);
    assert_eq!(simulation.connects().len(), 1);
}

#[test]
fn an_id_with_which_something_later_was_answered_is_not_doubted() {
    let ignores = [hash(1)].into();
    let tracker = ModelTracker { ignores, ..ModelTracker::behind(Link::of(ROUND_TRIP)) };
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    simulation.announce(v4(1), 0);
    simulation.run();
    let ignored = simulation.announce(v4(1), 1);
    for n in 2..200 {
        simulation.run_for(milliseconds(100));
        simulation.announce(v4(1), n);
    }
    assert!(simulation.sends_of(ignored).len() >= 4);
    assert_eq!(simulation.connects().len(), 1);
}

#[test]
fn what_is_merely_in_flight_is_not_sent_with_the_new_id() {
    let mut simulation = Simulation::new(1);
    simulation.announce(v4(1), 0);
    simulation.run_for(ROUND_TRIP);
    connect(&mut simulation, 77);
    simulation.run_for(ROUND_TRIP);
    answer(&mut simulation);
    let old = simulation.announce(v4(1), 1);
    simulation.run_until(seconds(2));
    assert!(simulation.connects().len() >= 2, "the connection ID is in doubt");
    let young = simulation.announce(v4(1), 2);
    let connect = simulation.sent().rfind(|sent| sent.packet.is_connect()).unwrap().packet.transaction_id();
    simulation.deliver(v4(1), &wire::connect_response(connect, 78));
    assert_eq!(simulation.sends_of(young), [seconds(2)]);
    let before = simulation.sends_of(old).len();
    simulation.run_for(milliseconds(2200));
    assert!(simulation.sends_of(old).len() > before);
    assert_eq!(simulation.last().packet.connection_id(), Some(78));
}

#[test]
fn an_error_with_a_fresh_id_is_passed_on_at_once() {
    let mut simulation = Simulation::new(1);
    let id = simulation.announce(v4(1), 1);
    connect(&mut simulation, 77);
    refuse(&mut simulation, "unregistered torrent");
    assert_eq!(simulation.failed(id), (seconds(0), "unregistered torrent".to_owned()));
    assert_eq!(simulation.connects().len(), 1);
}

#[test]
fn the_first_error_with_an_id_in_use_causes_one_connect_and_one_repetition() {
    let mut simulation = Simulation::new(1);
    simulation.announce(v4(1), 0);
    connect(&mut simulation, 77);
    answer(&mut simulation);
    simulation.run_for(seconds(1));
    let id = simulation.announce(v4(1), 1);
    refuse(&mut simulation, "unregistered torrent");
    assert_eq!(simulation.end(id), None);
    simulation.run_for(ROUND_TRIP);
    connect(&mut simulation, 78);
    assert_eq!(simulation.last().packet.connection_id(), Some(78));
    simulation.run_for(ROUND_TRIP);
    refuse(&mut simulation, "unregistered torrent");
    assert_eq!(simulation.failed(id).1, "unregistered torrent");
    // These are the tracker's real words as long as this connection ID lives.
    for n in 2..5 {
        simulation.run_for(seconds(1));
        let id = simulation.announce(v4(1), n);
        refuse(&mut simulation, "unregistered torrent");
        assert_eq!(simulation.failed(id).1, "unregistered torrent");
    }
    assert_eq!(simulation.connects().len(), 2);
    check_rules(&simulation);
}

#[test]
fn an_error_about_the_connection_id_gets_one_new_connect_even_with_a_fresh_one() {
    for words in &WORDS[..3] {
        let mut simulation = Simulation::new(1);
        let id = simulation.announce(v4(1), 1);
        connect(&mut simulation, 77);
        simulation.run_for(milliseconds(100));
        refuse(&mut simulation, words);
        assert_eq!(simulation.end(id), None);
        simulation.run_for(ROUND_TRIP);
        connect(&mut simulation, 78);
        assert_eq!(simulation.last().packet.connection_id(), Some(78));
        simulation.run_for(ROUND_TRIP);
        refuse(&mut simulation, words);
        assert_eq!(simulation.failed(id).1, words.trim_end_matches('\0'));
        assert_eq!(simulation.connects().len(), 2);
        check_rules(&simulation);
        simulation.finish();
    }
}

#[test]
fn an_old_error_does_not_take_a_new_connection_id_away() {
    let mut simulation = Simulation::new(1);
    simulation.announce(v4(1), 1);
    connect(&mut simulation, 77);
    let first = simulation.last_transaction_id();
    let second = simulation.announce(v4(1), 2);
    refuse(&mut simulation, "bad connection id");
    connect(&mut simulation, 78);
    assert_eq!(simulation.end(second), None);
    simulation.deliver(v4(1), &wire::error_response(first, "bad connection id"));
    assert_eq!(simulation.last().packet.connection_id(), Some(78));
    assert_eq!(simulation.connects().len(), 2);
}

#[test]
fn an_error_about_the_connection_id_at_the_last_send_is_not_the_end() {
    let mut simulation = Simulation::new(1);
    let id = simulation.begin(request_to(&[v4(1)], 100, announce_of(1)));
    connect(&mut simulation, 77);
    simulation.run_for(seconds(13));
    assert_eq!(simulation.asked().len(), 7);
    refuse(&mut simulation, "bad connection id");
    simulation.run_for(milliseconds(50));
    connect(&mut simulation, 78);
    answer(&mut simulation);
    assert!(simulation.is_answered(id));
    simulation.finish();
}

#[test]
fn the_connect_beside_what_is_in_flight_goes_on_when_another_request_ends() {
    let connects = |cancelled_after: u64| {
        let mut simulation = restarted(ToStrangers::Silence, &[10]);
        simulation.trackers.clear();
        let ids = simulation.burst(v4(1), 2);
        simulation.run_for(milliseconds(cancelled_after));
        simulation.cancel(ids[1]);
        simulation.run_until(seconds(30));
        simulation.connects()
    };
    let alone = connects(10);
    assert!(alone.len() > 8, "{alone:?}");
    for cancelled_after in (20..2000).step_by(100) {
        assert_eq!(connects(cancelled_after), alone, "cancelled after {cancelled_after} ms");
    }
}
