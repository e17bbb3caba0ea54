//! A scrape: how many info-hashes a datagram asks for, and what a tracker's limit does.

use crate::support::{
    End, ModelTracker, Simulation, TIMEOUT_MS, check_rules, hash, milliseconds, request_to, said_of_scrape, scrape_of,
    v4, v6, wire,
};
use bittorrent_udp_tracker::proto::MAX_SCRAPE_HASHES;

/// How many info-hashes each scrape so far asked for.
fn asked(simulation: &Simulation) -> Vec<usize> {
    simulation.sent().filter(|sent| !sent.packet.is_connect()).map(|sent| sent.packet.info_hashes().len()).collect()
}

/// The rows that the model tracker at 192.0.2.1 has for `count` info-hashes from number `first` on.
fn rows(first: u64, count: u64) -> Vec<u8> {
    let rows: Vec<_> = (first..first + count).map(|n| said_of_scrape(v4(1), &hash(n))).collect();
    wire::rows_as_bytes(&rows)
}

fn tracker_with_rows(scrape_rows: usize) -> Simulation {
    Simulation::with_tracker(v4(1), ModelTracker { scrape_rows, ..ModelTracker::default() })
}

#[test]
fn a_scrape_ends_with_a_row_for_each_info_hash_in_order() {
    for count in [1, 2, 59, 60] {
        let mut simulation = tracker_with_rows(74);
        let id = simulation.begin(request_to(&[v4(1)], TIMEOUT_MS, scrape_of(5, count)));
        simulation.run();
        assert_eq!(simulation.ended(id), (milliseconds(40), &End::Scraped { rows: rows(5, count) }));
        assert_eq!(asked(&simulation), [count as usize]);
        check_rules(&simulation);
        simulation.finish();
    }
}

#[test]
fn no_datagram_asks_for_more_than_sixty() {
    assert_eq!(MAX_SCRAPE_HASHES, 60);
    let mut simulation = tracker_with_rows(74);
    let id = simulation.begin(request_to(&[v4(1)], TIMEOUT_MS, scrape_of(0, 150)));
    simulation.run();
    assert_eq!(simulation.end(id), Some(&End::Scraped { rows: rows(0, 150) }));
    assert_eq!(asked(&simulation), [60, 60, 30]);
    // With IPv6's 40 bytes and UDP's 8 it passes every link that carries IPv6.
    let longest = simulation.sent().map(|sent| sent.bytes.len()).max();
    assert_eq!(longest, Some(1264 - 48));
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn what_a_tracker_leaves_out_is_asked_again_and_nothing_is_lost() {
    for limit in [1, 3, 33, 50, 59] {
        let mut simulation = tracker_with_rows(limit);
        let id = simulation.begin(request_to(&[v4(1)], TIMEOUT_MS, scrape_of(0, 60)));
        simulation.run();
        assert_eq!(simulation.end(id), Some(&End::Scraped { rows: rows(0, 60) }), "limit {limit}");
        let each = asked(&simulation);
        assert_eq!(each[0], 60);
        let in_vain = each[1..].iter().filter(|&&asked| asked > limit).count();
        assert!(in_vain <= 4, "from then on it is hardly asked for more: {each:?}");
        assert_eq!(each[1..].iter().map(|&asked| asked.min(limit)).sum::<usize>(), 60 - limit);
        check_rules(&simulation);
        simulation.finish();
    }
}

#[test]
fn a_trackers_limit_is_remembered_for_later_scrapes() {
    let mut simulation = tracker_with_rows(50);
    simulation.begin(request_to(&[v4(1)], TIMEOUT_MS, scrape_of(0, 60)));
    simulation.run();
    let id = simulation.begin(request_to(&[v4(1)], TIMEOUT_MS, scrape_of(100, 60)));
    simulation.run();
    assert_eq!(simulation.end(id), Some(&End::Scraped { rows: rows(100, 60) }));
    assert_eq!(asked(&simulation), [60, 10, 50, 10]);
    simulation.finish();
}

#[test]
fn the_rest_is_asked_with_a_transaction_id_of_its_own_so_that_a_duplicate_does_no_harm() {
    let mut simulation = Simulation::new(1);
    let id = simulation.begin(request_to(&[v4(1)], TIMEOUT_MS, scrape_of(0, 3)));
    simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), 77));
    let first = wire::scrape_response(simulation.last_transaction_id(), &[[1, 1, 1]]);
    simulation.deliver(v4(1), &first);
    simulation.deliver(v4(1), &first);
    assert_eq!(asked(&simulation), [3, 1]);
    assert_eq!(simulation.client.counters().dropped_late, 1);
    simulation.deliver(v4(1), &wire::scrape_response(simulation.last_transaction_id(), &[[2, 2, 2]]));
    simulation.deliver(v4(1), &wire::scrape_response(simulation.last_transaction_id(), &[[3, 3, 3]]));
    let rows = wire::rows_as_bytes(&[[1, 1, 1], [2, 2, 2], [3, 3, 3]]);
    assert_eq!(simulation.end(id), Some(&End::Scraped { rows }));
    simulation.finish();
}

#[test]
fn extra_rows_and_stray_bytes_are_ignored() {
    for (answered, stray) in [(2, 0), (2, 1), (2, 11), (3, 0), (74, 5)] {
        let mut simulation = Simulation::new(1);
        let id = simulation.begin(request_to(&[v4(1)], TIMEOUT_MS, scrape_of(0, 2)));
        simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), 77));
        let rows: Vec<_> = (0..answered).map(|n| [n, 0, 1]).collect();
        let mut answer = wire::scrape_response(simulation.last_transaction_id(), &rows);
        answer.extend(vec![0xff; stray]);
        simulation.deliver(v4(1), &answer);
        let expected = wire::rows_as_bytes(&[[0, 0, 1], [1, 0, 1]]);
        assert_eq!(simulation.end(id), Some(&End::Scraped { rows: expected }));
        simulation.finish();
    }
}

#[test]
fn a_partial_row_counts_as_missing() {
    let mut simulation = Simulation::new(1);
    simulation.begin(request_to(&[v4(1)], TIMEOUT_MS, scrape_of(0, 2)));
    simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), 77));
    let mut answer = wire::scrape_response(simulation.last_transaction_id(), &[[1, 2, 3], [4, 5, 6]]);
    answer.pop();
    simulation.deliver(v4(1), &answer);
    assert_eq!(simulation.last().packet.info_hashes(), [hash(1)]);
}

#[test]
fn scrapes_lost_on_the_way_are_sent_again() {
    let tracker = ModelTracker { deaf_to_requests: 2, scrape_rows: 1, ..ModelTracker::default() };
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    let id = simulation.begin(request_to(&[v4(1)], 100, scrape_of(0, 2)));
    simulation.run();
    assert_eq!(simulation.end(id), Some(&End::Scraped { rows: rows(0, 2) }));
    assert_eq!(simulation.ended(id).0, milliseconds(660));
    check_rules(&simulation);
    simulation.finish();
}

#[test]
#[cfg_attr(miri, ignore = "too many requests for an interpreter")]
fn many_scrapes_at_once_are_each_answered_with_their_own_rows() {
    let mut simulation = tracker_with_rows(37);
    let ids = simulation.begin_all((0..300).map(|n| request_to(&[v4(1)], TIMEOUT_MS, scrape_of(60 * n, 60))));
    simulation.run();
    for (n, id) in ids.into_iter().enumerate() {
        assert_eq!(simulation.end(id), Some(&End::Scraped { rows: rows(60 * n as u64, 60) }));
    }
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_scrape_over_ipv6_has_the_same_rows() {
    let mut simulation = Simulation::with_tracker(v6(1), ModelTracker::default());
    let id = simulation.begin(request_to(&[v6(1)], TIMEOUT_MS, scrape_of(0, 1)));
    simulation.run();
    let rows = wire::rows_as_bytes(&[said_of_scrape(v6(1), &hash(0))]);
    assert_eq!(simulation.end(id), Some(&End::Scraped { rows }));
}
