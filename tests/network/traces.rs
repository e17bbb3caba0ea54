//! What the client tells of datagrams to those who watch.

use std::time::Duration;

use bittorrent_udp_tracker::proto::{
    Client, Config, Decision, Instant, Kind, Origin, Port, RequestId, Trace, Unreachable,
};

use crate::support::{
    Bottleneck, Link, ModelTracker, Simulation, TIMEOUT_MS, announce_of, connect, milliseconds, request_to, seconds, v4,
};

const STEP: Duration = Duration::from_millis(20);

fn client() -> Client {
    Client::new(Config { receive_buffer: 1 << 20 }, [1; 32])
}

fn traces(client: &mut Client) -> Vec<Trace> {
    std::iter::from_fn(|| client.poll_trace()).collect()
}

/// The next datagram's transaction ID.
fn sent(client: &mut Client, now: Instant) -> [u8; 4] {
    let mut datagram = Vec::new();
    client.poll_transmit(now, &mut datagram).unwrap();
    datagram[12..16].try_into().unwrap()
}

#[test]
fn each_send_and_each_answer_is_told_with_its_attempt_and_round_trip() {
    let mut client = client();
    client.set_tracing(true);
    let mut now = Instant::START;
    client.handle_request(now, RequestId(7), request_to(&[v4(1)], 100, announce_of(1)));
    sent(&mut client, now);
    now += Duration::from_millis(200);
    client.handle_timeout(now);
    let transaction_id = sent(&mut client, now);
    now += STEP;
    client.handle_datagram(now, now, v4(1), Port(0), &[&[0, 0, 0, 0], &transaction_id[..], &[9; 8]].concat());
    let transaction_id = sent(&mut client, now);
    now += 2 * STEP;
    client.handle_datagram(now, now, v4(1), Port(0), &[&[0, 0, 0, 1], &transaction_id[..], &[0; 12]].concat());

    let trace = |origin, kind, attempt, round_trip| Trace { origin, kind, address: v4(1), attempt, round_trip };
    let (connect, request) = (Origin::Connect, Origin::Request(RequestId(7)));
    assert_eq!(
        traces(&mut client),
        [
            trace(connect, Kind::Connect, 1, None),
            trace(connect, Kind::Connect, 2, None),
            trace(connect, Kind::Connect, 2, Some(STEP)),
            trace(request, Kind::Announce, 1, None),
            trace(request, Kind::Announce, 1, Some(2 * STEP)),
        ]
    );
}

#[test]
fn nothing_is_noted_down_while_nobody_watches() {
    let mut client = client();
    let now = Instant::START;
    client.handle_request(now, RequestId(7), request_to(&[v4(1)], 100, announce_of(1)));
    sent(&mut client, now);
    assert_eq!(traces(&mut client), []);
    client.set_tracing(true);
    client.set_tracing(false);
    client.handle_timeout(now + Duration::from_millis(200));
    sent(&mut client, now + Duration::from_millis(200));
    assert_eq!(traces(&mut client), []);
}

/// What was decided so far.
fn decided(simulation: &mut Simulation) -> Vec<(Decision, std::net::SocketAddr)> {
    std::iter::from_fn(|| simulation.client.poll_decision()).collect()
}

fn watched(tracker: ModelTracker) -> Simulation {
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    simulation.client.set_tracing(true);
    simulation
}

#[test]
fn a_silence_and_a_connection_id_that_may_be_dead_are_told_once() {
    let mut simulation = watched(ModelTracker::default());
    let id = simulation.announce(v4(1), 1);
    simulation.run();
    assert!(simulation.is_answered(id));
    assert_eq!(decided(&mut simulation), []);
    simulation.trackers.clear();
    simulation.announce(v4(1), 2);
    simulation.run_for(seconds(20));
    let told = decided(&mut simulation);
    for decision in [Decision::IdSuspected, Decision::Silent] {
        assert_eq!(told.iter().filter(|one| **one == (decision, v4(1))).count(), 1, "{told:?}");
    }
}

#[test]
fn a_refused_connection_id_is_told() {
    let mut simulation = watched(ModelTracker { restarts: vec![seconds(1)], ..ModelTracker::default() });
    simulation.announce(v4(1), 1);
    simulation.run_for(seconds(2));
    simulation.announce(v4(1), 2);
    simulation.run();
    assert_eq!(decided(&mut simulation), [(Decision::IdSuspected, v4(1))]);
}

#[test]
fn the_next_address_is_told_of_races_and_of_connects_by_themselves() {
    for (body, by_message) in [(announce_of(1), false), (connect(true), false), (connect(false), true)] {
        let mut simulation = watched(ModelTracker::default());
        simulation.begin(request_to(&[v4(2), v4(1)], TIMEOUT_MS, body));
        if by_message {
            let quoted = simulation.last().bytes.clone();
            simulation.unreachable(v4(2), &quoted, Unreachable::Port);
        }
        simulation.run();
        assert_eq!(decided(&mut simulation), [(Decision::NextAddress, v4(1))]);
    }
}

#[test]
fn a_fresh_port_is_told() {
    let mut simulation = watched(ModelTracker::default());
    simulation.announce(v4(1), 1);
    simulation.run();
    simulation.nat.cuts = vec![simulation.now + milliseconds(1)];
    simulation.run_for(seconds(1));
    simulation.announce(v4(1), 2);
    simulation.run();
    assert!(decided(&mut simulation).contains(&(Decision::FreshPort, v4(1))));
}

#[test]
fn a_fresh_port_in_another_network_is_told_of_each_address_that_is_asked() {
    let mut simulation = watched(ModelTracker { deaf_to_requests: 1, ..ModelTracker::default() });
    simulation.announce(v4(1), 1);
    simulation.run_for(milliseconds(100));
    simulation.change_network();
    assert_eq!(decided(&mut simulation), [(Decision::FreshPort, v4(1))]);
}

#[test]
fn a_window_that_closes_is_told() {
    let mut simulation = watched(ModelTracker::behind(Link {
        bottleneck: Some(Bottleneck::rate(100, 20)),
        ..Link::of(milliseconds(50))
    }));
    simulation.burst(v4(1), 2000);
    simulation.run_for(seconds(10));
    assert!(decided(&mut simulation).contains(&(Decision::WindowClosed, v4(1))));
}

#[test]
fn nothing_is_decided_out_loud_while_nobody_watches() {
    let mut simulation = Simulation::new(1);
    simulation.begin(request_to(&[v4(2), v4(1)], TIMEOUT_MS, announce_of(1)));
    simulation.run_for(seconds(20));
    assert_eq!(decided(&mut simulation), []);
}
