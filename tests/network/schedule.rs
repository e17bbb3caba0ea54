//! When a request ends and, with a small `_timeout`, when each datagram is sent: as in version 1.2.0, to the millisecond.

use std::time::Duration;

use crate::support::{
    End, ModelTracker, Simulation, TIMEOUT_MS, announce_of, check_rules, check_single, event_of, hash, milliseconds,
    request_to, scrape_of, seconds, v4, wire,
};
use bittorrent_udp_tracker::proto::{Event, Failure, Phase};

const ROUND_TRIP: Duration = milliseconds(20);
/// When the sends of one phase are due with a `_timeout` of 100 ms: 200 ms after the first, then twice as long each time.
const DUE: [Duration; 7] = [
    milliseconds(0),
    milliseconds(200),
    milliseconds(600),
    milliseconds(1400),
    milliseconds(3000),
    milliseconds(6200),
    milliseconds(12_600),
];
/// When the last of their waits is over.
const OVER: Duration = milliseconds(25_400);

fn deaf(connects: usize, requests: usize) -> Simulation {
    let tracker = ModelTracker { deaf_to_connects: connects, deaf_to_requests: requests, ..ModelTracker::default() };
    Simulation::with_tracker(v4(1), tracker)
}

#[test]
#[allow(clippy::needless_range_loop)] // Seven lost are one more than there are sends.
fn connect_and_announce_lost_n_times_each_have_seven_sends_of_their_own() {
    for connects in 0..=7 {
        for announces in 0..=7 {
            let mut simulation = deaf(connects, announces);
            let id = simulation.begin(request_to(&[v4(1)], 100, announce_of(3)));
            simulation.run();
            let expected: Vec<_> = DUE.iter().take(connects + 1).copied().collect();
            assert_eq!(simulation.connects(), expected, "{connects} connects lost");
            let text = "tracker is not responding after:25600".to_owned();
            if connects == 7 {
                assert_eq!(simulation.asked(), []);
                assert_eq!(simulation.failed(id), (OVER, text));
            } else {
                let connected = DUE[connects] + ROUND_TRIP;
                let expected: Vec<_> = DUE.iter().take(announces + 1).map(|&at| connected + at).collect();
                assert_eq!(simulation.asked(), expected, "{connects} connects lost and {announces} announces");
                match announces {
                    7 => assert_eq!(simulation.failed(id), (connected + OVER, text)),
                    _ => assert_eq!(simulation.ended(id).0, connected + DUE[announces] + ROUND_TRIP),
                }
            }
            check_rules(&simulation);
            check_single(&simulation, id);
            simulation.finish();
        }
    }
}

#[test]
fn below_half_a_second_the_schedule_alone_is_the_clock_and_from_there_on_the_rto() {
    for (timeout_ms, second) in [(1, 2), (50, 100), (499, 998), (500, 220), (2000, 220)] {
        let mut simulation = deaf(0, 1);
        let id = simulation.begin(request_to(&[v4(1)], timeout_ms, announce_of(3)));
        simulation.run();
        let sends = simulation.sends_of(id);
        let wait = if timeout_ms < 20 { sends[1] - sends[0] } else { sends[1] - ROUND_TRIP };
        let more = if timeout_ms < 500 { 0 } else { 30 };
        assert!(wait >= milliseconds(second) && wait <= milliseconds(second + more), "{timeout_ms}: {wait:?}");
    }
}

#[test]
fn from_half_a_second_on_a_connect_is_repeated_after_a_second() {
    for timeout_ms in [500, 1000, TIMEOUT_MS] {
        let mut simulation = Simulation::new(1);
        simulation.begin(request_to(&[v4(1)], timeout_ms, announce_of(1)));
        simulation.run_for(milliseconds(1500));
        assert_eq!(simulation.connects(), [seconds(0), seconds(1)]);
    }
}

#[test]
fn a_wait_is_never_longer_than_the_schedule_has_it() {
    // A silent tracker whose RTO would have doubled beyond them: two seconds, four, eight and so on.
    let mut simulation = Simulation::new(1);
    let id = simulation.begin(request_to(&[v4(1)], 1000, announce_of(1)));
    simulation.run();
    let connects = simulation.connects();
    for (n, pair) in (1..).zip(connects.windows(2)) {
        assert!(pair[1] - pair[0] <= seconds(1 << n.min(7)), "after send {n}: {:?}", pair[1] - pair[0]);
    }
    assert_eq!(simulation.failed(id), (seconds(254), "tracker is not responding after:256000".to_owned()));
    check_single(&simulation, id);
}

#[test]
fn a_request_that_nobody_answers_ends_by_its_own_schedule() {
    for timeout_ms in [10, 499, 500, 1000, TIMEOUT_MS] {
        let text = format!("tracker is not responding after:{}", timeout_ms * 256);
        let over = milliseconds(timeout_ms * 254);

        let mut simulation = deaf(usize::MAX, 0);
        let id = simulation.begin(request_to(&[v4(1)], timeout_ms, announce_of(1)));
        simulation.run();
        assert_eq!(simulation.failed(id), (over, text.clone()));
        assert!(matches!(simulation.end(id), Some(End::Failed { phase: Phase::Connect, .. })));
        check_rules(&simulation);
        check_single(&simulation, id);
        simulation.finish();

        for (body, phase) in [(announce_of(1), Phase::Announce), (scrape_of(1, 2), Phase::Scrape)] {
            let mut simulation = deaf(0, usize::MAX);
            let id = simulation.begin(request_to(&[v4(1)], timeout_ms, body));
            simulation.run();
            let (at, said) = simulation.failed(id);
            assert_eq!(said, text);
            // The connect may come once more when its minute is over.
            assert!(at >= over + ROUND_TRIP && at <= over + seconds(70), "{timeout_ms}: {at:?}");
            let Some(End::Failed { phase: told, address, .. }) = simulation.end(id) else { panic!("a failure") };
            assert_eq!((*told, *address), (phase, Some(v4(1))));
            check_rules(&simulation);
            simulation.finish();
        }
    }
}

#[test]
fn every_send_of_an_announce_is_the_same_request_with_a_transaction_id_of_its_own() {
    let mut simulation = deaf(0, 6);
    simulation.begin(request_to(&[v4(1)], 100, announce_of(3)));
    simulation.run();
    let sent: Vec<_> = simulation.sent().filter(|sent| !sent.packet.is_connect()).collect();
    assert_eq!(sent.len(), 7);
    let but_transaction_id = |bytes: &[u8]| [&bytes[..12], &bytes[16..]].concat();
    assert!(sent.iter().all(|each| but_transaction_id(&each.bytes) == but_transaction_id(&sent[0].bytes)));
    let mut transaction_ids: Vec<_> = sent.iter().map(|sent| sent.packet.transaction_id()).collect();
    transaction_ids.sort_unstable();
    transaction_ids.dedup();
    assert_eq!(transaction_ids.len(), 7);
}

#[test]
fn an_answer_to_any_send_counts_and_the_others_come_late() {
    for which in 0..7 {
        let mut simulation = Simulation::new(1);
        let id = simulation.begin(request_to(&[v4(1)], 100, announce_of(3)));
        simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), 77));
        simulation.run_for(seconds(15));
        let sent: Vec<_> = simulation.sent().skip(1).map(|sent| sent.packet.transaction_id()).collect();
        assert_eq!(sent.len(), 7);
        simulation.deliver(v4(1), &wire::announce_response(sent[which], [1800, 1, 2], &[]));
        assert!(simulation.is_answered(id), "send {which}");
        for transaction_id in sent {
            simulation.deliver(v4(1), &wire::announce_response(transaction_id, [1800, 1, 2], &[]));
        }
        let counters = simulation.client.counters();
        assert_eq!(counters.dropped_late + counters.dropped_unknown, 7);
        simulation.finish();
    }
}

#[test]
fn a_request_that_is_given_up_tells_where_it_was_and_is_not_sent_again() {
    for (body, phase) in [(announce_of(1), Phase::Announce), (scrape_of(1, 2), Phase::Scrape)] {
        for to_connects in [0, usize::MAX] {
            let mut simulation = deaf(to_connects, usize::MAX);
            let id = simulation.begin(request_to(&[v4(1)], TIMEOUT_MS, body.clone()));
            simulation.run_for(milliseconds(500));
            simulation.give_up(id, 500.0);
            let phase = if to_connects > 0 { Phase::Connect } else { phase };
            let failure = Failure::NotResponding(500.0);
            assert_eq!(simulation.end(id), Some(&End::Failed { failure, address: Some(v4(1)), phase }));
            let sent = simulation.sent().count();
            simulation.run();
            assert_eq!(simulation.sent().count(), sent);
            // It has ended: there is nothing left to give up.
            simulation.give_up(id, 600.0);
            simulation.finish();
        }
    }
}

#[test]
fn each_part_of_a_scrape_has_a_phase_of_its_own() {
    let mut simulation = Simulation::new(1);
    let id = simulation.begin(request_to(&[v4(1)], 100, scrape_of(0, 2)));
    simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), 77));
    simulation.run_for(seconds(10));
    assert_eq!(simulation.asked().len(), 6);
    let answer = wire::scrape_response(simulation.last_transaction_id(), &[[1, 2, 3]]);
    simulation.deliver(v4(1), &answer);
    simulation.run();
    assert_eq!(simulation.asked()[6..], DUE.map(|at| seconds(10) + at));
    assert_eq!(simulation.failed(id).0, seconds(10) + OVER);
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_request_that_waits_for_room_has_its_whole_schedule_when_it_is_sent() {
    // The window's first 160 are never answered; those behind them are when they get their chance.
    let tracker = ModelTracker { deaf_to_requests: 160, ..ModelTracker::default() };
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    let ids = simulation.begin_all((0..400).map(|n| request_to(&[v4(1)], 1000, announce_of(n))));
    simulation.run();
    assert!(simulation.time_to_answer(&ids) <= seconds(20));
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_timeout_of_zero_is_soon_over() {
    for deaf_to_connects in [0, usize::MAX] {
        let mut simulation = deaf(deaf_to_connects, usize::MAX);
        let id = simulation.begin(request_to(&[v4(1)], 0, announce_of(1)));
        simulation.run();
        let (at, text) = simulation.failed(id);
        assert_eq!(text, "tracker is not responding after:0");
        assert!(at <= milliseconds(500), "{at:?}");
        assert!(simulation.sent().count() <= 7, "{} datagrams", simulation.sent().count());
        simulation.finish();
    }
}

#[test]
fn only_the_latest_send_of_a_request_is_repeated() {
    for event in [Event::None, Event::Stopped] {
        // At an address that is silent, so that its RTO has doubled to some seconds, the schedule has a request sent again
        // first. When the address is heard, what was sent before that has missed its RTO, but the latest send has not.
        let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
        simulation.announce(v4(1), 0);
        simulation.run();
        simulation.trackers.clear();
        simulation.announce(v4(1), 1);
        simulation.run_for(seconds(30));
        let id = simulation.begin(request_to(&[v4(1)], 1000, event_of(2, event)));
        simulation.run_for(milliseconds(6050));
        simulation.announce(v4(1), 3);
        simulation.run_for(ROUND_TRIP);
        let answer = wire::announce_response(simulation.last_transaction_id(), [1800, 0, 0], &[]);
        simulation.deliver(v4(1), &answer);
        simulation.run_for(milliseconds(80));
        let sends = simulation.sends_of(id);
        let is_apart = |pair: &[Duration]| pair[1] - pair[0] >= milliseconds(200);
        assert!(sends.windows(2).all(is_apart), "{event:?}: {sends:?}");
    }
}

#[test]
fn what_has_waited_for_a_new_connection_id_beyond_its_phase_is_sent_with_it_once_more() {
    // Its seventh wait ends when its connection ID has expired, and its phase is over before there is another one.
    let mut simulation = Simulation::new(1);
    simulation.announce(v4(1), 0);
    simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), 77));
    simulation.run_until(seconds(30));
    let id = simulation.begin(request_to(&[v4(1)], 400, announce_of(1)));
    simulation.run_until(seconds(140));
    assert_eq!(simulation.end(id), None);
    let sends = simulation.sends_of(id).len();
    let connect = simulation.sent().rfind(|sent| sent.packet.is_connect()).unwrap().packet.transaction_id();
    simulation.deliver(v4(1), &wire::connect_response(connect, 78));
    assert_eq!(simulation.sends_of(id).len(), sends + 1);
    simulation.run_for(ROUND_TRIP);
    let last = simulation.sent().rfind(|sent| sent.packet.info_hashes() == [hash(1)]).unwrap().packet.transaction_id();
    simulation.deliver(v4(1), &wire::announce_response(last, [1800, 1, 2], &[]));
    assert!(simulation.is_answered(id));
}

#[test]
fn who_waits_for_room_when_the_time_for_its_connect_is_over_has_that_of_its_phase() {
    // Of a thousand that a late connect answer lets out, few are sent before their connect's 127 s are over.
    for answers_connects in [false, true] {
        let mut simulation = Simulation::new(1);
        let ids = simulation.begin_all((0..1000).map(|n| request_to(&[v4(1)], 500, announce_of(n))));
        simulation.run_until(seconds(100));
        if answers_connects {
            simulation.trackers.insert(v4(1), ModelTracker { deaf_to_requests: usize::MAX, ..Default::default() });
        }
        simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), 77));
        simulation.run_until(seconds(140));
        assert!(ids.iter().all(|&id| simulation.end(id).is_none()));
        assert!(ids.iter().any(|&id| simulation.sends_of(id).is_empty()));
        simulation.run();
        assert!(ids.iter().all(|&id| simulation.failed(id).0 <= seconds(2 * 127 + 127)));
    }
}

#[test]
fn what_is_to_be_repeated_without_a_connection_id_waits_for_that() {
    for (given_up, phase) in [(59, Phase::Announce), (119, Phase::Connect)] {
        let mut simulation = Simulation::with_tracker(v4(1), ModelTracker::default());
        simulation.announce(v4(1), 1);
        simulation.run();
        simulation.trackers.clear();
        let id = simulation.announce(v4(1), 2);
        simulation.run_until(seconds(given_up));
        simulation.give_up(id, 0.0);
        let Some(End::Failed { phase: told, .. }) = simulation.end(id) else { panic!("it has not failed") };
        assert_eq!(*told, phase, "after {given_up} s");
    }
}
