//! An announce and its retransmissions, from the first connect to the answer or to giving up.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::time::Duration;

use bittorrent_udp_tracker::proto::{Event, Failure, Family};
use support::{
    End, ModelTracker, Simulation, TIMEOUT_MS, announce_of, check_rules, event_of, hash, milliseconds, request_to,
    said_of_announce, seconds, v4, v6, wire,
};

const ROUND_TRIP: Duration = milliseconds(20);

/// When the sends of one phase are due, reckoned by hand for the default timeout: 30 seconds after the first, then
/// twice as long each time.
const DUE: [u64; 7] = [0, 30, 90, 210, 450, 930, 1890];
/// When the last of their waits is over.
const OVER: u64 = 3810;

fn deaf(connects: usize, requests: usize) -> Simulation {
    let tracker = ModelTracker { deaf_to_connects: connects, deaf_to_requests: requests, ..ModelTracker::default() };
    Simulation::with_tracker(v4(1), tracker)
}

#[test]
fn an_announce_connects_first_and_ends_with_what_the_tracker_says() {
    for (address, family) in [(v4(1), Family::V4), (v6(1), Family::V6)] {
        let mut simulation = Simulation::with_tracker(address, ModelTracker::default());
        let id = simulation.announce(address, 3);
        simulation.run();
        let (numbers, peers) = said_of_announce(address, &hash(3));
        assert!(!peers.is_empty());
        assert_eq!(simulation.ended(id), (2 * ROUND_TRIP, &End::Announced { numbers, family, peers }));
        assert_eq!(simulation.connects(), [Duration::ZERO]);
        assert_eq!(simulation.asked(), [ROUND_TRIP]);
        simulation.finish();
    }
}

#[test]
fn a_connect_lost_n_times_is_sent_n_times_more() {
    for (lost, due) in DUE.into_iter().enumerate() {
        let mut simulation = deaf(lost, 0);
        let id = simulation.announce(v4(1), 3);
        simulation.run();
        assert!(simulation.is_answered(id));
        assert_eq!(simulation.connects(), DUE.map(seconds)[..=lost]);
        assert_eq!(simulation.asked(), [seconds(due) + ROUND_TRIP]);
        assert_eq!(simulation.client.counters().retransmissions, lost as u64);
        check_rules(&simulation);
        simulation.finish();
    }
}

#[test]
fn a_connect_lost_seven_times_is_given_up_after_the_seventh_wait() {
    let mut simulation = deaf(7, 0);
    let id = simulation.announce(v4(1), 3);
    simulation.run();
    assert_eq!(simulation.connects(), DUE.map(seconds));
    assert_eq!(simulation.asked(), []);
    assert_eq!(simulation.failed(id), (seconds(OVER), "tracker is not responding after:3840000".to_owned()));
    simulation.finish();
}

#[test]
fn an_announce_lost_n_times_is_sent_n_times_more() {
    // The waits are short, so that the connection ID outlives them.
    let due = [0, 200, 600, 1400, 3000, 6200, 12_600].map(milliseconds);
    for lost in 0..=7 {
        let mut simulation = deaf(0, lost);
        let id = simulation.begin(request_to(&[v4(1)], 100, announce_of(3)));
        simulation.run();
        assert_eq!(simulation.connects(), [Duration::ZERO]);
        let expected: Vec<_> = due.iter().take(lost + 1).map(|&at| at + ROUND_TRIP).collect();
        assert_eq!(simulation.asked(), expected, "lost {lost} times");
        if lost < 7 {
            assert!(simulation.is_answered(id));
        } else {
            let text = "tracker is not responding after:25600".to_owned();
            assert_eq!(simulation.failed(id), (milliseconds(25_400) + ROUND_TRIP, text));
        }
        check_rules(&simulation);
        simulation.finish();
    }
}

#[test]
fn connect_and_announce_lost_n_times_each_have_seven_sends_of_their_own() {
    let due = [0, 200, 600, 1400, 3000, 6200, 12_600].map(milliseconds);
    for connects in 0..7 {
        for announces in 0..=7 {
            let mut simulation = deaf(connects, announces);
            let id = simulation.begin(request_to(&[v4(1)], 100, announce_of(3)));
            simulation.run();
            assert_eq!(simulation.connects(), due[..=connects]);
            let connected = due[connects] + ROUND_TRIP;
            let expected: Vec<_> = due.iter().take(announces + 1).map(|&at| connected + at).collect();
            assert_eq!(simulation.asked(), expected);
            assert_eq!(simulation.is_answered(id), announces < 7);
            check_rules(&simulation);
            simulation.finish();
        }
    }
}

#[test]
fn every_send_of_an_announce_is_the_same_request() {
    let mut simulation = deaf(0, 6);
    simulation.begin(request_to(&[v4(1)], 100, announce_of(3)));
    simulation.run();
    let asked: Vec<_> = simulation.sent().filter(|sent| !sent.packet.is_connect()).map(|sent| &sent.packet).collect();
    assert_eq!(asked.len(), 7);
    assert!(asked.iter().all(|packet| *packet == asked[0]));
}

#[test]
fn an_answer_to_an_earlier_send_counts() {
    let mut simulation = Simulation::new(1);
    let id = simulation.announce(v4(1), 3);
    simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), 77));
    let first = simulation.last_transaction_id();
    simulation.run_for(seconds(45));
    assert_eq!(simulation.asked().len(), 2);
    simulation.deliver(v4(1), &wire::announce_response(first, [1800, 1, 2], &[]));
    assert!(simulation.is_answered(id));
    simulation.finish();
}

#[test]
fn a_late_duplicate_of_an_answer_changes_nothing() {
    let mut simulation = Simulation::new(1);
    let (first, second) = (simulation.announce(v4(1), 1), simulation.announce(v4(1), 2));
    let connect = wire::connect_response(simulation.last_transaction_id(), 77);
    simulation.deliver(v4(1), &connect);
    let ids: Vec<_> = simulation.sent().skip(1).map(|sent| sent.packet.transaction_id()).collect();
    let answers = [1, 2].map(|n| wire::announce_response(ids[n - 1], [1800, n as u32, 0], &[]));
    simulation.deliver(v4(1), &answers[0]);
    simulation.deliver(v4(1), &answers[0]);
    simulation.deliver(v4(1), &connect);
    assert_eq!(simulation.client.counters().dropped_late, 2);
    simulation.run_for(seconds(10));
    assert!(simulation.is_answered(first));
    assert_eq!(simulation.end(second), None);
    simulation.deliver(v4(1), &answers[1]);
    assert!(matches!(simulation.end(second), Some(End::Announced { numbers: [1800, 2, 0], .. })));
    simulation.deliver(v4(1), &answers[1]);
    simulation.finish();
}

#[test]
fn a_cancelled_announce_is_never_heard_of_again() {
    // At each moment of its life: connecting, connected and asking, after retransmissions of either.
    for (connects, announces) in [(7, 0), (0, 7), (2, 7)] {
        for after in [milliseconds(1), milliseconds(30), seconds(3), seconds(100), seconds(1000)] {
            let mut simulation = deaf(connects, announces);
            let id = simulation.announce(v4(1), 3);
            simulation.run_for(after);
            let sent = simulation.sent().count();
            simulation.cancel(id);
            simulation.finish();
            assert_eq!(simulation.sent().count(), sent);
            assert_eq!(simulation.end(id), None);
        }
    }
}

#[test]
fn an_answer_after_the_cancellation_is_dropped() {
    let mut simulation = Simulation::new(1);
    let id = simulation.announce(v4(1), 3);
    simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), 77));
    simulation.cancel(id);
    simulation.deliver(v4(1), &wire::announce_response(simulation.last_transaction_id(), [1800, 1, 2], &[]));
    assert_eq!(simulation.end(id), None);
    assert_eq!(simulation.client.counters().answered, 0);
    simulation.finish();
}

#[test]
fn a_request_cancelled_before_anything_is_sent_sends_nothing() {
    use bittorrent_udp_tracker::proto::{Client, Config, RequestId};
    let mut client = Client::new(Config { receive_buffer: 1 << 20 }, [1; 32]);
    let now = std::time::Instant::now();
    client.handle_request(now, RequestId(1), request_to(&[v4(1)], TIMEOUT_MS, announce_of(1)));
    client.handle_cancel(now, RequestId(1));
    assert_eq!(client.poll_transmit(now, &mut Vec::new()), None);
    assert_eq!(client.poll_outcome(), None);
    client.handle_timeout(now + seconds(600));
    assert!(client.is_idle());
}

#[test]
fn a_connect_goes_on_for_the_others_when_one_that_waits_is_cancelled() {
    let mut simulation = deaf(2, 0);
    let (first, second) = (simulation.announce(v4(1), 1), simulation.announce(v4(1), 2));
    simulation.run_for(seconds(40));
    simulation.cancel(first);
    simulation.run();
    assert!(simulation.is_answered(second));
    assert_eq!(simulation.connects(), [0, 30, 90].map(seconds));
    simulation.finish();
}

#[test]
#[cfg_attr(miri, ignore = "too many requests for an interpreter")]
fn no_two_requests_in_flight_to_an_address_have_one_transaction_id() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
    simulation.begin_all((0..5000).map(|n| request_to(&[v4(1)], TIMEOUT_MS, announce_of(n))));
    simulation.run();
    let mut ids: Vec<_> = simulation.sent().map(|sent| sent.packet.transaction_id()).collect();
    let sent = ids.len();
    assert_eq!(sent, 5001);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), sent);
    simulation.finish();
}

#[test]
fn each_event_goes_out_as_its_number() {
    for event in [Event::None, Event::Completed, Event::Started, Event::Stopped] {
        let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
        simulation.begin(request_to(&[v4(1)], TIMEOUT_MS, event_of(1, event)));
        simulation.run();
        let wire::Packet::Announce { fields, .. } = &simulation.last().packet else { panic!("an announce") };
        assert_eq!(fields.event, event as u32);
    }
}

#[test]
fn a_refused_announce_ends_with_the_trackers_words() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker { refuses: 1, ..ModelTracker::default() });
    let id = simulation.announce(v4(1), 3);
    simulation.run();
    let end = End::Failed(Failure::Tracker("unregistered torrent".to_owned()));
    assert_eq!(simulation.ended(id), (2 * ROUND_TRIP, &end));
    simulation.finish();
}
