//! What the client tells of datagrams to those who watch.

use std::time::Duration;

use bittorrent_udp_tracker::proto::{Client, Config, Instant, Kind, Origin, Port, RequestId, Trace};

use crate::support::{announce_of, request_to, v4};

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
