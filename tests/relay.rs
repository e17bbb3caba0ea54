//! The network of testbed/relay in simulated time: it loses what it is told to lose, and nothing else.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../testbed/relay/counts.rs"]
mod counts;
#[path = "../testbed/relay/network.rs"]
mod network;
#[path = "../testbed/relay/settings.rs"]
mod settings;
#[path = "../testbed/relay/tracker.rs"]
mod tracker;

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use counts::{Direction, Fate};
use network::{Datagram, Network};

const OWN: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
const INFO_HASH: [u8; 20] = *b"abcdefghijklmnopqrst";

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn relay(settings: &[(&str, &str)]) -> Network {
    let mut network = Network::new(1, true);
    for (name, value) in settings {
        network.tell(Duration::ZERO, name, value).unwrap();
    }
    network
}

fn datagram(own: IpAddr, bytes: Vec<u8>) -> Datagram {
    Datagram { client: ([127, 0, 0, 1], 5000).into(), own, bytes }
}

fn request(connection_id: &[u8], action: u32, transaction_id: u32, body: &[u8]) -> Vec<u8> {
    [connection_id, &action.to_be_bytes(), &transaction_id.to_be_bytes(), body].concat()
}

fn connect(transaction_id: u32) -> Vec<u8> {
    request(&0x0417_2710_1980_u64.to_be_bytes(), 0, transaction_id, &[])
}

fn announce(connection_id: &[u8], transaction_id: u32) -> Vec<u8> {
    request(connection_id, 1, transaction_id, &[&INFO_HASH[..], &[0; 62]].concat())
}

fn send(network: &mut Network, now: Duration, bytes: Vec<u8>) {
    network.send(now, Direction::Up, datagram(OWN, bytes));
}

/// What arrives at the client until `end`, each with its time.
fn received(network: &mut Network, end: Duration) -> Vec<(Duration, Vec<u8>)> {
    let mut received = Vec::new();
    while let Some(next) = network.next().filter(|next| *next <= end) {
        while let Some((direction, datagram)) = network.receive(next) {
            assert_eq!(direction, Direction::Down);
            received.push((next, datagram.bytes));
        }
    }
    received
}

/// The answers to a request sent to one of the tracker's addresses, all of which have come a second later.
fn ask(network: &mut Network, now: Duration, own: IpAddr, bytes: Vec<u8>) -> Option<Vec<u8>> {
    network.send(now, Direction::Up, datagram(own, bytes));
    received(network, now + ms(1000)).pop().map(|(_, answer)| answer)
}

fn connection_id(network: &mut Network, now: Duration, own: IpAddr) -> Vec<u8> {
    ask(network, now, own, connect(1)).unwrap()[8..16].to_vec()
}

fn transaction_ids(received: &[(Duration, Vec<u8>)]) -> Vec<u32> {
    received.iter().map(|(_, answer)| u32::from_be_bytes(answer[4..8].try_into().unwrap())).collect()
}

fn lost(settings: &[(&str, &str)], seed: u64) -> (Network, Vec<u32>) {
    let mut network = Network::new(seed, true);
    for (name, value) in settings {
        network.tell(Duration::ZERO, name, value).unwrap();
    }
    for id in 0..100_000 {
        send(&mut network, Duration::ZERO, connect(id));
    }
    let answered = received(&mut network, ms(1000));
    let ids = transaction_ids(&answered);
    (network, ids)
}

#[test]
fn the_share_that_is_to_be_lost_is_lost_each_way() {
    let (network, answered) = lost(&[("loss-up", "5"), ("loss-down", "10")], 1);
    let counts = network.counts();
    let up = counts.of(Direction::Up, Fate::Lost);
    let down = counts.of(Direction::Down, Fate::Lost);
    assert!((4_700..=5_300).contains(&up), "{up}");
    assert!((9_200..=9_800).contains(&down), "a tenth of the 95,000 that come down: {down}");
    assert_eq!(answered.len() as u64, 100_000 - up - down);
    assert_eq!(counts.of(Direction::Down, Fate::Forwarded), answered.len() as u64);
}

#[test]
fn one_loss_is_that_of_both_ways() {
    let (network, _) = lost(&[("loss", "20")], 1);
    assert!((19_500..=20_500).contains(&network.counts().of(Direction::Up, Fate::Lost)));
    assert!((15_500..=16_500).contains(&network.counts().of(Direction::Down, Fate::Lost)));
}

#[test]
fn a_seed_loses_the_same_and_another_seed_something_else() {
    let settings = [("loss", "3")];
    assert_eq!(lost(&settings, 7).1, lost(&settings, 7).1);
    assert_ne!(lost(&settings, 7).1, lost(&settings, 8).1);
}

#[test]
fn what_is_lost_up_does_not_depend_on_what_comes_down() {
    let up = |settings: &[(&str, &str)]| lost(settings, 1).0.counts().of(Direction::Up, Fate::Lost);
    assert_eq!(up(&[("loss-up", "5")]), up(&[("loss-up", "5"), ("loss-down", "50"), ("jitter", "20")]));
}

#[test]
fn without_loss_everything_arrives_after_the_round_trip_and_in_order() {
    let mut network = relay(&[("round-trip", "50")]);
    for id in 0..1000 {
        send(&mut network, ms(id.into()), connect(id));
    }
    let answers = received(&mut network, ms(2000));
    assert_eq!(transaction_ids(&answers), (0..1000).collect::<Vec<_>>());
    for (sent, (arrived, _)) in answers.iter().enumerate() {
        assert_eq!(*arrived, ms(sent as u64 + 50));
    }
}

#[test]
fn what_is_sent_at_once_keeps_its_order() {
    let (_, answered) = lost(&[("round-trip", "20")], 1);
    assert_eq!(answered, (0..100_000).collect::<Vec<_>>());
}

#[test]
fn with_jitter_round_trips_are_spread_and_datagrams_overtake() {
    let mut network = relay(&[("round-trip", "200"), ("jitter", "150")]);
    for id in 0..10_000 {
        send(&mut network, Duration::ZERO, connect(id));
    }
    let answers = received(&mut network, ms(1000));
    assert_eq!(answers.len(), 10_000);
    assert!(answers.iter().all(|(arrived, _)| (ms(50)..=ms(350)).contains(arrived)));
    let mean: Duration = answers.iter().map(|(arrived, _)| *arrived).sum::<Duration>() / 10_000;
    assert!((ms(195)..=ms(205)).contains(&mean), "{mean:?}");
    assert!(answers[0].0 < ms(52) && answers[9_999].0 > ms(348));
    assert!(!transaction_ids(&answers).is_sorted());
}

#[test]
fn a_share_of_the_answers_takes_the_slow_round_trip() {
    let mut network = relay(&[("round-trip", "20"), ("slow-share", "50"), ("slow-round-trip", "400")]);
    for id in 0..10_000 {
        send(&mut network, Duration::ZERO, connect(id));
    }
    let answers = received(&mut network, ms(1000));
    let slow = answers.iter().filter(|(arrived, _)| *arrived == ms(400)).count();
    let fast = answers.iter().filter(|(arrived, _)| *arrived == ms(20)).count();
    assert_eq!(slow + fast, 10_000);
    assert!((4_700..=5_300).contains(&slow), "{slow}");
}

#[test]
fn aggregated_answers_arrive_together() {
    let mut network = relay(&[("round-trip", "20"), ("aggregation", "50")]);
    for now in 0..100 {
        send(&mut network, ms(now.into()), connect(now));
    }
    let answers = received(&mut network, ms(1000));
    assert_eq!(transaction_ids(&answers), (0..100).collect::<Vec<_>>());
    let arrived: Vec<_> = answers.iter().map(|(at, _)| *at).collect();
    assert!(arrived[..31].iter().all(|at| *at == ms(50)));
    assert!(arrived[31..81].iter().all(|at| *at == ms(100)));
    assert!(arrived[81..].iter().all(|at| *at == ms(150)));
}

#[test]
fn the_round_trip_jumps_at_a_moment_after_the_first_datagram() {
    let mut network = relay(&[("round-trip", "20"), ("after", "500 round-trip 400")]);
    let first = ms(3000);
    for later in [0, 499, 500, 600] {
        send(&mut network, first + ms(later), connect(later as u32));
    }
    let arrived: Vec<_> = received(&mut network, ms(10_000)).iter().map(|(at, _)| *at - first).collect();
    // The second one's answer is on its way when the jump comes, half of it at the old speed.
    assert_eq!(arrived, [ms(20), ms(499 + 10 + 200), ms(500 + 400), ms(600 + 400)]);
}

#[test]
fn a_bottleneck_lets_through_its_rate_and_drops_what_its_queue_does_not_hold() {
    let mut network = relay(&[("round-trip", "20"), ("rate", "500"), ("queue", "50")]);
    for id in 0..100 {
        send(&mut network, Duration::ZERO, connect(id));
    }
    // Five have left the queue by then, and the sixth leaves.
    for id in 100..110 {
        send(&mut network, ms(12), connect(id));
    }
    let answers = received(&mut network, ms(1000));
    assert_eq!(transaction_ids(&answers), (0..50).chain(100..106).collect::<Vec<_>>());
    for (place, (arrived, _)) in answers.iter().enumerate() {
        assert_eq!(*arrived, ms(2 * (place as u64 + 1) + 20));
    }
    assert_eq!(network.counts().of(Direction::Up, Fate::Full), 54);
}

#[test]
fn above_so_many_in_flight_datagrams_are_dropped_until_answers_have_come() {
    let mut network = relay(&[("round-trip", "50"), ("in-flight", "100")]);
    for id in 0..150 {
        send(&mut network, Duration::ZERO, connect(id));
    }
    assert_eq!(received(&mut network, ms(50)).len(), 100);
    assert_eq!(network.counts().of(Direction::Up, Fate::Full), 50);
    send(&mut network, ms(50), connect(150));
    assert_eq!(received(&mut network, ms(100)).len(), 1);
}

#[test]
fn an_outage_lasts_as_long_as_it_is_told_and_concerns_both_ways() {
    let mut network = relay(&[("round-trip", "100"), ("after", "200 outage 300")]);
    for now in (0..1000).step_by(50) {
        send(&mut network, ms(now.into()), connect(now));
    }
    let answers = received(&mut network, ms(2000));
    // Sent at 150, the request arrives as the network goes, and its answer stays behind.
    let arrived: Vec<_> = [0, 50, 100].into_iter().chain((500..1000).step_by(50)).collect();
    assert_eq!(transaction_ids(&answers), arrived);
    assert_eq!(network.counts().of(Direction::Up, Fate::Outage), 6);
    assert_eq!(network.counts().of(Direction::Down, Fate::Outage), 1);
}

#[test]
fn an_outage_can_be_told_while_it_runs() {
    let mut network = relay(&[]);
    network.tell(ms(1000), "outage", "300").unwrap();
    for now in [999, 1299, 1300] {
        send(&mut network, ms(now.into()), connect(now));
    }
    // Told at 1000, it knows nothing of what came before.
    assert_eq!(transaction_ids(&received(&mut network, ms(2000))), [1300]);
}

#[test]
fn a_port_that_was_known_before_a_cut_leads_nowhere_for_as_long_as_anything_comes_from_it() {
    let mut network = relay(&[("after", "1000 cut")]);
    let from = |network: &mut Network, port: u16, now: u64, id: u32| {
        let client = ([127, 0, 0, 1], port).into();
        network.send(ms(now), Direction::Up, Datagram { client, own: OWN, bytes: connect(id) });
    };
    for (port, now, id) in [(1, 0, 1), (1, 1001, 2), (2, 1002, 3), (1, 100_000, 4), (1, 219_999, 5), (1, 339_999, 6)] {
        from(&mut network, port, now, id);
    }
    assert_eq!(transaction_ids(&received(&mut network, ms(400_000))), [1, 3, 6]);
    assert_eq!(network.counts().of(Direction::Up, Fate::Dropped), 3);
}

#[test]
fn the_first_connects_are_dropped_and_nothing_else() {
    let mut network = relay(&[("drop-connects", "2")]);
    send(&mut network, ms(0), announce(&[0; 8], 9));
    for id in 0..4 {
        send(&mut network, ms(1), connect(id));
    }
    assert_eq!(transaction_ids(&received(&mut network, ms(10))), [2, 3]);
    assert_eq!(network.counts().of(Direction::Up, Fate::Dropped), 2);
}

#[test]
fn nothing_comes_from_a_dead_address() {
    let mut network = relay(&[("dead", "127.0.0.2,::1")]);
    assert!(ask(&mut network, ms(0), OWN, connect(1)).is_some());
    assert!(ask(&mut network, ms(0), OTHER, connect(1)).is_none());
    assert_eq!(network.counts().of(Direction::Up, Fate::Dropped), 1);
}

#[test]
fn the_tracker_makes_its_answers_from_the_info_hash() {
    let mut network = relay(&[]);
    let id = connection_id(&mut network, ms(0), OWN);
    let announced = ask(&mut network, ms(0), OWN, announce(&id, 7)).unwrap();
    let expected = [&1_u32.to_be_bytes(), &7_u32.to_be_bytes(), &INFO_HASH[16..20], &INFO_HASH[0..14]].concat();
    assert_eq!(announced, expected);

    let scrape = request(&id, 2, 8, &[INFO_HASH, [b'z'; 20]].concat());
    let scraped = ask(&mut network, ms(0), OWN, scrape).unwrap();
    let expected = [&2_u32.to_be_bytes(), &8_u32.to_be_bytes(), &INFO_HASH[0..12], &[b'z'; 12]].concat();
    assert_eq!(scraped, expected);

    network.tell(ms(0), "peers", "50").unwrap();
    assert_eq!(ask(&mut network, ms(0), OWN, announce(&id, 7)).unwrap().len(), 20 + 50 * 6);
}

#[test]
fn peers_over_ipv6_have_18_bytes() {
    let mut network = relay(&[("peers", "2")]);
    let mut ask = |bytes| {
        let own = "::1".parse().unwrap();
        let client = "[::1]:5000".parse().unwrap();
        network.send(ms(0), Direction::Up, Datagram { client, own, bytes });
        received(&mut network, ms(0)).pop().unwrap().1
    };
    let id = ask(connect(1))[8..16].to_vec();
    assert_eq!(ask(announce(&id, 1)).len(), 20 + 2 * 18);
}

#[test]
fn a_restarted_tracker_is_silent_to_its_old_connection_ids() {
    let mut network = relay(&[]);
    let id = connection_id(&mut network, ms(0), OWN);
    network.tell(ms(0), "restart", "").unwrap();
    assert!(ask(&mut network, ms(0), OWN, announce(&id, 1)).is_none());
    let fresh = connection_id(&mut network, ms(0), OWN);
    assert!(ask(&mut network, ms(0), OWN, announce(&fresh, 1)).is_some());
}

#[test]
fn one_address_can_be_restarted_alone_and_say_an_error() {
    let mut network = relay(&[("stale", "error")]);
    let ids = [OWN, OTHER].map(|own| (own, connection_id(&mut network, ms(0), own)));
    network.tell(ms(0), "restart", "127.0.0.2").unwrap();
    let [first, second] = ids.map(|(own, id)| ask(&mut network, ms(0), own, announce(&id, 3)).unwrap());
    assert_eq!(first[0..4], 1_u32.to_be_bytes());
    assert_eq!(second, [&3_u32.to_be_bytes(), &3_u32.to_be_bytes(), &b"Connection cookie error"[..]].concat());
}

#[test]
fn an_ignored_info_hash_is_not_answered() {
    let mut network = relay(&[("ignore", "6162636465666768696a6b6c6d6e6f7071727374")]);
    let id = connection_id(&mut network, ms(0), OWN);
    assert!(ask(&mut network, ms(0), OWN, announce(&id, 1)).is_none());
    network.tell(ms(0), "ignore", "").unwrap();
    assert!(ask(&mut network, ms(0), OWN, announce(&id, 1)).is_some());
}

#[test]
fn without_the_built_in_tracker_requests_come_out_and_answers_go_in() {
    let mut network = Network::new(1, false);
    network.tell(ms(0), "round-trip", "50").unwrap();
    send(&mut network, ms(0), connect(1));
    assert_eq!(network.receive(ms(24)), None);
    assert_eq!(network.receive(ms(25)), Some((Direction::Up, datagram(OWN, connect(1)))));
    network.send(ms(30), Direction::Down, datagram(OWN, vec![0; 16]));
    assert_eq!(network.next(), Some(ms(55)));
    assert_eq!(network.receive(ms(55)), Some((Direction::Down, datagram(OWN, vec![0; 16]))));
}

#[test]
fn datagrams_are_counted_by_direction_kind_and_fate() {
    let mut network = relay(&[("stale", "error"), ("drop-connects", "1")]);
    let id = [connect(1), connect(2)].map(|bytes| ask(&mut network, ms(0), OWN, bytes))[1].clone().unwrap();
    ask(&mut network, ms(0), OWN, announce(&id[8..16], 1));
    ask(&mut network, ms(0), OWN, announce(&[0; 8], 1));
    ask(&mut network, ms(0), OWN, vec![0; 3]);
    let json = format!("{{{}}}", network.counts().json());
    let none = r#"{"forwarded":0,"lost":0,"outage":0,"full":0,"dropped":0}"#;
    let some =
        |forwarded, dropped| format!(r#"{{"forwarded":{forwarded},"lost":0,"outage":0,"full":0,"dropped":{dropped}}}"#);
    let kinds = |connect, announce, error, other| {
        format!(r#"{{"connect":{connect},"announce":{announce},"scrape":{none},"error":{error},"other":{other}}}"#)
    };
    let up = kinds(some(1, 1), some(2, 0), some(0, 0), some(1, 0));
    let down = kinds(some(1, 0), some(1, 0), some(1, 0), some(0, 0));
    assert_eq!(json, format!(r#"{{"up":{up},"down":{down}}}"#));
}

#[test]
fn what_it_does_not_understand_it_refuses_at_once() {
    let mut network = relay(&[]);
    for (name, value) in [
        ("los", "5"),
        ("loss", "101"),
        ("loss", "-1"),
        ("round-trip", "soon"),
        ("rate", "NaN"),
        ("dead", "nowhere"),
        ("ignore", "abc"),
        ("stale", "loud"),
        ("restart", "nowhere"),
        ("after", "500"),
        ("after", "soon loss 5"),
        ("after", "500 los 5"),
        ("after", "500 restart nowhere"),
    ] {
        assert!(network.tell(ms(0), name, value).is_err(), "{name} {value}");
    }
}
