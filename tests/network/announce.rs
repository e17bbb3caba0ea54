//! An announce, from the first connect to the answer or the cancellation.

use std::time::Duration;

use crate::support::{
    End, ModelTracker, Simulation, TIMEOUT_MS, announce_of, event_of, hash, milliseconds, request_to, said_of_announce,
    seconds, v4, v6, wire,
};
use bittorrent_udp_tracker::proto::{Event, Failure, Family, Phase};

const ROUND_TRIP: Duration = milliseconds(20);

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
    simulation.run_for(milliseconds(100));
    assert!(simulation.is_answered(first));
    assert_eq!(simulation.end(second), None);
    simulation.deliver(v4(1), &answers[1]);
    assert!(matches!(simulation.end(second), Some(End::Announced { numbers: [1800, 2, 0], .. })));
    simulation.deliver(v4(1), &answers[1]);
    simulation.finish();
}

#[test]
fn a_cancelled_announce_is_never_heard_of_again() {
    // At each moment of its history: connecting, connected and asking, after retransmissions of either.
    for (connects, announces) in [(usize::MAX, 0), (0, usize::MAX), (2, usize::MAX)] {
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
    use bittorrent_udp_tracker::proto::{Client, Config, Instant, RequestId};
    let mut client = Client::new(Config { receive_buffer: 1 << 20 }, [1; 32]);
    let now = Instant::START;
    client.handle_request(now, RequestId(1), request_to(&[v4(1)], TIMEOUT_MS, announce_of(1)));
    client.handle_cancel(now, RequestId(1));
    assert_eq!(client.poll_transmit(now, &mut Vec::new()), None);
    assert_eq!(client.poll_outcome(), None);
    client.handle_timeout(now + seconds(600));
    assert!(client.is_idle());
}

#[test]
#[cfg_attr(miri, ignore = "too many requests for an interpreter")]
fn no_two_requests_in_flight_to_an_address_have_one_transaction_id() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
    simulation.burst(v4(1), 5000);
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
    for event in [Event::None, Event::Completed, Event::Started, Event::Stopped, Event::Paused] {
        let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
        simulation.begin(request_to(&[v4(1)], TIMEOUT_MS, event_of(1, event)));
        simulation.run();
        let wire::Packet::Announce { fields, .. } = &simulation.last().packet else { panic!("an announce") };
        assert_eq!(fields.event, event as u32);
    }
    assert_eq!((Event::Paused as u32, Event::from_number(4)), (4, Some(Event::Paused)));
    assert_eq!(Event::from_number(5), None);
}

#[test]
fn a_refused_announce_ends_with_the_trackers_words() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker { refuses: 1, ..ModelTracker::default() });
    let id = simulation.announce(v4(1), 3);
    simulation.run();
    let failure = Failure::Tracker("unregistered torrent".to_owned());
    let end = End::Failed { failure, address: Some(v4(1)), phase: Phase::Announce };
    assert_eq!(simulation.ended(id), (2 * ROUND_TRIP, &end));
    simulation.finish();
}
