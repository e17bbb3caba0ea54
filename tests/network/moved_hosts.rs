//! A host gets other addresses while requests to it are in flight: they go on there, unless they are answered where they
//! are.

use std::{net::SocketAddr, sync::Arc};

use crate::support::{
    Link, ModelTracker, Simulation, TIMEOUT_MS, announce_of, check_rules, connect, milliseconds, request_to, scrape_of,
    seconds, v4, v6, wire,
};
use bittorrent_udp_tracker::proto::Request;

const HOST: &str = "t.example:80";

fn announce(addresses: &[SocketAddr], n: u64) -> Request {
    Request { host: Arc::from(HOST), ..request_to(addresses, TIMEOUT_MS, announce_of(n)) }
}

/// A network where only this address answers, 50 ms away.
fn only(address: SocketAddr) -> Simulation {
    Simulation::with_tracker(address, ModelTracker::behind(Link::of(milliseconds(50))))
}

/// Lets time pass until the client has told that nobody answers.
fn until_silent(simulation: &mut Simulation) {
    let begun = simulation.now;
    while simulation.silent_hosts() != [HOST] {
        simulation.run_for(milliseconds(50));
        assert!(simulation.now < begun + seconds(5), "it does not tell that nobody answers");
    }
}

#[test]
fn what_nobody_answers_goes_on_to_an_address_that_the_host_gets() {
    for old in [&[v4(1)][..], &[v4(1), v4(2)], &[v6(1), v4(1), v4(2)]] {
        for new in [&[v4(9)][..], &[v4(1), v4(9)], &[v4(9), v4(1), v6(1)], &[v6(9), v4(9)]] {
            let mut simulation = only(v4(9));
            let ids = simulation.begin_all((0..20).map(|n| announce(old, n)));
            until_silent(&mut simulation);
            let found = simulation.now;
            simulation.find(HOST, old, new);
            simulation.run();
            let latest = ids.iter().map(|id| simulation.ended(*id).0).max().unwrap();
            // Those that are known to be silent start behind it.
            let before = new.iter().take_while(|address| **address != v4(9)).filter(|address| !old.contains(address));
            let longest = milliseconds(300) * before.count() as u32 + milliseconds(100);
            assert!(latest <= found + longest, "{old:?} to {new:?}: {:?} after {found:?}", latest - found);
            check_rules(&simulation);
            simulation.finish();
        }
    }
}

#[test]
fn a_connect_by_itself_that_nobody_answers_goes_on_to_an_address_that_the_host_gets() {
    for old in [&[v4(1)][..], &[v4(1), v4(2)]] {
        for new in [&[v4(9)][..], &[v4(1), v4(9)], &[v6(9), v4(9)]] {
            let mut simulation = only(v4(9));
            let id = simulation.begin(Request { body: connect(true), ..announce(old, 1) });
            until_silent(&mut simulation);
            let found = simulation.now;
            simulation.find(HOST, old, new);
            simulation.run();
            let (ended, _) = simulation.ended(id);
            assert!(ended <= found + seconds(3), "{old:?} to {new:?}: {:?}", ended - found);
            assert!(simulation.is_answered(id));
            simulation.finish();
        }
    }
}

#[test]
fn a_connect_by_itself_that_is_sent_once_is_sent_once_wherever_its_host_goes() {
    let mut simulation = only(v4(9));
    simulation.begin(Request { body: connect(false), ..announce(&[v4(1)], 1) });
    simulation.run_for(seconds(1));
    assert_eq!(simulation.silent_hosts(), [""; 0]);
    simulation.find(HOST, &[v4(1)], &[v4(9)]);
    simulation.run();
    assert_eq!(simulation.sent().count(), 1);
    simulation.finish();
}

#[test]
fn a_tracker_that_moves_with_its_connection_id_is_left() {
    let mut simulation = only(v4(1));
    simulation.begin(announce(&[v4(1)], 1));
    simulation.run();
    let tracker = simulation.trackers.remove(&v4(1)).unwrap();
    simulation.trackers.insert(v4(2), ModelTracker { memory: Default::default(), ..tracker });
    let id = simulation.begin(announce(&[v4(1)], 2));
    until_silent(&mut simulation);
    simulation.find(HOST, &[v4(1)], &[v4(2)]);
    simulation.run();
    assert!(simulation.time_to_answer(&[id]) <= seconds(5), "{:?}", simulation.time_to_answer(&[id]));
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_host_is_silent_when_no_address_answers_and_not_before() {
    let mut simulation = only(v4(1));
    // One of two is enough, and what has only just been asked may still answer.
    simulation.begin(announce(&[v4(2), v4(1)], 1));
    assert_eq!(simulation.silent_hosts(), [""; 0]);
    simulation.run();
    assert_eq!(simulation.silent_hosts(), [""; 0]);
    simulation.begin(announce(&[v4(3), v4(4)], 2));
    simulation.run_for(milliseconds(900));
    assert_eq!(simulation.silent_hosts(), [""; 0]);
    until_silent(&mut simulation);
    // Nobody asks any more.
    simulation.cancel(1);
    assert_eq!(simulation.silent_hosts(), [""; 0]);
    simulation.finish();
}

#[test]
fn a_host_is_not_silent_before_its_last_address_is_asked() {
    let mut simulation = Simulation::new(1);
    simulation.begin(Request { host: Arc::from("u.example:80"), ..announce(&[v4(1)], 1) });
    simulation.run_for(seconds(3));
    simulation.begin(announce(&[v4(1), v4(2)], 2));
    assert_eq!(simulation.silent_hosts(), ["u.example:80"]);
    simulation.finish();
}

#[test]
fn a_host_is_silent_when_one_address_is_and_the_other_has_refused_the_connect() {
    let mut simulation = Simulation::new(1);
    simulation.begin(announce(&[v4(1), v4(2)], 1));
    simulation.deliver(v4(1), &wire::error_response(simulation.last_transaction_id(), "not here"));
    until_silent(&mut simulation);
    simulation.finish();
}

#[test]
fn a_host_is_silent_while_nothing_can_be_sent_to_it() {
    let mut simulation = Simulation::new(1);
    simulation.unreachable.extend([v4(1), v4(2)]);
    simulation.begin(announce(&[v4(1), v4(2)], 1));
    until_silent(&mut simulation);
    simulation.trackers.insert(v4(3), ModelTracker::default());
    simulation.find(HOST, &[v4(1), v4(2)], &[v4(3)]);
    simulation.run();
    assert!(simulation.is_answered(0));
    simulation.finish();
}

#[test]
fn requests_that_are_answered_stay_where_they_are() {
    let mut simulation = only(v4(1));
    simulation.trackers.insert(v4(2), ModelTracker::default());
    let ids = simulation.begin_all((0..5).map(|n| announce(&[v4(1)], n)));
    simulation.run_for(milliseconds(60));
    simulation.find(HOST, &[v4(1)], &[v4(2)]);
    simulation.run();
    assert_eq!(simulation.time_to_answer(&ids), milliseconds(100));
    assert!(simulation.sent().all(|sent| sent.to == v4(1)));
    simulation.finish();
}

#[test]
fn what_stayed_at_an_address_that_its_host_has_left_goes_on_when_that_falls_silent() {
    for new in [&[v4(2)][..], &[v4(1), v4(2)]] {
        let mut simulation = only(v4(1));
        simulation.begin(announce(&[v4(1)], 1));
        simulation.run();
        simulation.trackers.clear();
        simulation.trackers.insert(v4(2), ModelTracker::default());
        let id = simulation.begin(announce(&[v4(1)], 2));
        simulation.find(HOST, &[v4(1)], new);
        simulation.run();
        assert!(simulation.time_to_answer(&[id]) <= seconds(5), "{:?}", simulation.time_to_answer(&[id]));
        simulation.finish();
    }
}

#[test]
fn what_has_only_just_begun_is_asked_at_the_new_address_as_well() {
    for new in [&[v4(2)][..], &[v4(1), v4(2)], &[v4(2), v4(1)]] {
        let mut simulation = only(v4(2));
        let id = simulation.begin(announce(&[v4(1)], 1));
        simulation.find(HOST, &[v4(1)], new);
        simulation.run();
        assert!(simulation.time_to_answer(&[id]) <= milliseconds(400), "{new:?}");
        check_rules(&simulation);
        simulation.finish();
    }
}

#[test]
fn other_hosts_and_requests_with_other_addresses_are_not_concerned() {
    let mut simulation = only(v4(9));
    let moved = simulation.begin(announce(&[v4(1)], 1));
    let others = [
        simulation.begin(Request { host: Arc::from("u.example:80"), ..announce(&[v4(1)], 2) }),
        // Over IPv6 alone.
        simulation.begin(announce(&[v6(1)], 3)),
    ];
    simulation.run_for(seconds(3));
    assert_eq!(simulation.silent_hosts(), [HOST, HOST, "u.example:80"]);
    simulation.find(HOST, &[v4(1)], &[v4(9)]);
    simulation.run_for(seconds(60));
    assert!(simulation.is_answered(moved));
    assert!(others.iter().all(|id| simulation.end(*id).is_none()));
    simulation.finish();
}

#[test]
fn a_late_answer_from_the_old_address_still_counts() {
    let mut simulation = only(v4(1));
    simulation.begin(announce(&[v4(1)], 1));
    simulation.run();
    simulation.trackers.clear();
    let id = simulation.begin(announce(&[v4(1)], 2));
    let sent = simulation.last_transaction_id();
    until_silent(&mut simulation);
    simulation.find(HOST, &[v4(1)], &[v4(2)]);
    simulation.run_for(seconds(10));
    simulation.deliver(v4(1), &wire::announce_response(sent, [1800, 1, 2], &[]));
    assert!(simulation.is_answered(id));
    simulation.finish();
}

#[test]
fn addresses_that_change_again_and_again_give_no_request_more_time() {
    for first in [&[v4(1)][..], &[v4(1), v4(2)]] {
        let mut simulation = Simulation::new(1);
        let id = simulation.begin(announce(first, 1));
        let mut known = first.to_vec();
        for n in 3..200 {
            simulation.run_for(seconds(30));
            if simulation.end(id).is_none() {
                simulation.find(HOST, &known, &[v4(n)]);
                known = vec![v4(n)];
            }
        }
        let whole = seconds(15) * 254;
        assert_eq!(simulation.failed(id), (whole, format!("tracker is not responding after:{}", 15_000 * 256)));
        simulation.finish();
    }
}

#[test]
fn a_scrape_goes_on_with_what_is_missing() {
    let mut simulation = Simulation::with_tracker(v4(1), ModelTracker { silent_after: Some(1), ..Default::default() });
    let request = Request { host: Arc::from(HOST), ..request_to(&[v4(1)], TIMEOUT_MS, scrape_of(0, 90)) };
    let id = simulation.begin(request);
    until_silent(&mut simulation);
    simulation.trackers.insert(v4(2), ModelTracker::default());
    simulation.find(HOST, &[v4(1)], &[v4(2)]);
    simulation.run();
    assert!(simulation.is_answered(id));
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_look_up_without_addresses_or_with_the_same_ones_changes_nothing() {
    let mut simulation = Simulation::new(1);
    simulation.begin(announce(&[v4(1)], 1));
    until_silent(&mut simulation);
    let sent = simulation.sent().count();
    simulation.find(HOST, &[v4(1)], &[]);
    simulation.find(HOST, &[v4(1)], &[v4(1)]);
    assert_eq!((simulation.sent().count(), simulation.silent_hosts()), (sent, vec![HOST.to_owned()]));
    simulation.finish();
}
