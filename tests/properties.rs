//! Properties that hold for any input: nothing panics, nothing ends twice, and every packet means the same to an
//! independent reader.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use bittorrent_udp_tracker::proto::{
    Announce, AnnounceUrl, Body, Client, Config, Event, Extension, Family, InfoHash, Origin, PeerId, Request,
    RequestId, Scrape, SendFailure, Transmit,
};
use proptest::{collection::vec, prelude::*};
use support::{End, Simulation, TIMEOUT_MS, announce_of, event_of, request_to, scrape_of, seconds, v4, v6, wire};

proptest! {
    #[test]
    fn no_text_makes_the_url_parser_panic(text in "\\PC*", tail in any::<String>()) {
        for text in [text.clone(), tail.clone(), format!("udp://{text}"), format!("udp://{tail}"), format!("udp://h{text}/{tail}")] {
            match AnnounceUrl::parse(&text) {
                Ok(url) => {
                    prop_assert!(url.port > 0);
                    prop_assert!(text.contains(&*url.request_string));
                }
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
        }
    }

    #[test]
    fn a_url_is_read_part_by_part(
        host in "[a-z]{1,20}(\\.[a-z]{2,10}){1,2}",
        port in 1u16..,
        path in "(/[a-zA-Z0-9._%-]{0,40}){0,3}",
        query in "(\\?[a-zA-Z0-9=&%]{0,40})?",
    ) {
        let url = AnnounceUrl::parse(&format!("udp://{host}:{port}{path}{query}")).unwrap();
        prop_assert_eq!((url.host.to_string(), url.port), (host, port));
        prop_assert_eq!(&*url.request_string, format!("{path}{query}"));
    }

    #[test]
    fn an_announce_means_the_same_to_an_independent_reader(announce in announces(), connection_id: u64) {
        let sent = sent_with(Body::Announce(announce.clone()), connection_id);
        let wire::Packet::Announce { connection_id: read, fields, .. } = sent else { panic!("an announce") };
        prop_assert_eq!(read, connection_id);
        let expected = wire::AnnounceFields {
            info_hash: announce.info_hash.0,
            peer_id: announce.peer_id.0,
            downloaded: announce.downloaded,
            left: announce.left,
            uploaded: announce.uploaded,
            event: announce.event as u32,
            ip: announce.ip.octets(),
            key: announce.key,
            num_want: announce.num_want,
            port: announce.port,
            rest: fields.rest.clone(),
        };
        prop_assert_eq!(&fields, &expected);
        let request_string = match &announce.extension {
            Extension::UrlData(request_string) => request_string,
            _ => "",
        };
        prop_assert_eq!(url_data(&fields.rest), request_string.as_bytes());
    }

    #[test]
    fn a_scrape_means_the_same_to_an_independent_reader(hashes in vec(any::<[u8; 20]>(), 1..=70), connection_id: u64) {
        let scrape = Scrape { info_hashes: hashes.iter().copied().map(InfoHash).collect() };
        let sent = sent_with(Body::Scrape(scrape), connection_id);
        let wire::Packet::Scrape { connection_id: read, info_hashes, .. } = sent else { panic!("a scrape") };
        prop_assert_eq!((read, info_hashes), (connection_id, hashes));
    }

    #[test]
    fn an_announce_answer_is_read_as_it_was_written(numbers: [u32; 3], peers in vec(any::<u8>(), 0..200), over_v6: bool) {
        let (address, row) = if over_v6 { (v6(1), 18) } else { (v4(1), 6) };
        let mut simulation = Simulation::new(1);
        let id = simulation.announce(address, 1);
        simulation.deliver(address, &wire::connect_response(simulation.last_transaction_id(), 1));
        simulation.deliver(address, &wire::announce_response(simulation.last_transaction_id(), numbers, &peers));
        let whole = peers[..peers.len() / row * row].to_vec();
        let family = if over_v6 { Family::V6 } else { Family::V4 };
        prop_assert_eq!(simulation.end(id), Some(&End::Announced { numbers, family, peers: whole }));
    }

    #[test]
    fn no_sequence_of_calls_panics_or_ends_a_request_twice(calls in vec(calls(), 0..120)) {
        let mut driven = Driven::new();
        for call in calls {
            driven.call(call);
        }
        driven.end();
    }
}

/// The announce or scrape that goes out when the connect has been answered with this connection ID.
fn sent_with(body: Body, connection_id: u64) -> wire::Packet {
    let mut simulation = Simulation::new(1);
    simulation.begin(request_to(&[v4(1)], TIMEOUT_MS, body));
    simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), connection_id));
    simulation.last().packet.clone()
}

/// The URLData that BEP 41's options carry.
fn url_data(mut options: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    while let Some((&option, rest)) = options.split_first() {
        options = match option {
            0 => break,
            1 => rest,
            2 => {
                let (piece, rest) = rest[1..].split_at(rest[0].into());
                data.extend_from_slice(piece);
                rest
            }
            _ => panic!("option {option}"),
        };
    }
    data
}

fn announces() -> impl Strategy<Value = Announce> {
    let extension = prop_oneof![
        Just(Extension::None),
        "/[a-z0-9/]{0,600}(\\?[a-z=&]{0,300})?".prop_map(|string| Extension::UrlData(string.into())),
    ];
    let identity = (any::<[u8; 20]>(), any::<[u8; 20]>(), any::<u32>(), any::<u32>(), any::<i32>(), any::<u16>());
    let progress = (any::<[u64; 3]>(), 0u32..4);
    (identity, progress, extension).prop_map(|(identity, ([downloaded, left, uploaded], event), extension)| {
        let (info_hash, peer_id, ip, key, num_want, port) = identity;
        Announce {
            info_hash: InfoHash(info_hash),
            peer_id: PeerId(peer_id),
            downloaded,
            left,
            uploaded,
            event: Event::from_number(event).unwrap(),
            ip: Ipv4Addr::from(ip),
            key,
            num_want,
            port,
            extension,
        }
    })
}

/// One call into the client.
#[derive(Clone, Debug)]
enum Call {
    Request {
        id: u64,
        addresses: Vec<u8>,
        timeout_ms: f64,
        body: u8,
    },
    Cancel(u64),
    /// Bytes from one of the addresses.
    Noise(u8, Vec<u8>),
    /// An answer of some action to something that was sent, cut at some length.
    Answer {
        which: usize,
        action: u32,
        length: usize,
    },
    Wait(Duration),
    Timeout,
    Transmit,
    SendFailure {
        which: usize,
        lasting: bool,
    },
    Outcome,
}

fn calls() -> impl Strategy<Value = Call> {
    let timeout_ms = prop_oneof![Just(15_000.0), Just(0.0), Just(-1.0), Just(f64::NAN), Just(f64::MAX), 1.0..100_000.0];
    prop_oneof![
        3 => (0u64..30, vec(0u8..4, 0..4), timeout_ms, 0u8..4)
            .prop_map(|(id, addresses, timeout_ms, body)| Call::Request { id, addresses, timeout_ms, body }),
        1 => (0u64..30).prop_map(Call::Cancel),
        1 => (0u8..5, vec(any::<u8>(), 0..60)).prop_map(|(from, bytes)| Call::Noise(from, bytes)),
        4 => (any::<usize>(), prop_oneof![0u32..5, any::<u32>()], 0usize..1500)
            .prop_map(|(which, action, length)| Call::Answer { which, action, length }),
        1 => (0u64..100_000_000).prop_map(|micros| Call::Wait(Duration::from_micros(micros))),
        2 => Just(Call::Timeout),
        4 => Just(Call::Transmit),
        1 => (any::<usize>(), any::<bool>()).prop_map(|(which, lasting)| Call::SendFailure { which, lasting }),
        2 => Just(Call::Outcome),
    ]
}

/// A client under test and what is known of its requests.
struct Driven {
    client: Client,
    now: Instant,
    sent: Vec<(Transmit, wire::Packet)>,
    /// How many outcomes are owed for each number in use.
    open: HashMap<u64, u32>,
}

impl Driven {
    fn new() -> Self {
        let client = Client::new(Config { receive_buffer: 1 << 20 }, [3; 32]);
        Self { client, now: Instant::now(), sent: Vec::new(), open: HashMap::new() }
    }

    fn call(&mut self, call: Call) {
        match call {
            Call::Request { id, addresses, timeout_ms, body } => self.request(id, &addresses, timeout_ms, body),
            Call::Cancel(id) => {
                // One that has ended keeps its outcome: take it first, as an engine does.
                while self.outcome() {}
                self.client.handle_cancel(self.now, RequestId(id));
                self.open.remove(&id);
            }
            Call::Noise(from, bytes) => self.client.handle_datagram(self.now, address(from), &bytes),
            Call::Answer { which, action, length } => {
                let Some((transmit, packet)) = pick(&self.sent, which) else { return };
                let bytes = wire::response(action, packet.transaction_id(), &vec![7; length]);
                self.client.handle_datagram(self.now, transmit.to, &bytes);
            }
            Call::Wait(time) => self.now += time,
            Call::Timeout => self.client.handle_timeout(self.now),
            Call::Transmit => {
                self.transmit();
            }
            Call::SendFailure { which, lasting } => {
                let Some((transmit, _)) = pick(&self.sent, which) else { return };
                let failure = if lasting { SendFailure::Lasting("no") } else { SendFailure::Passing };
                self.client.handle_send_failure(self.now, *transmit, failure);
            }
            Call::Outcome => {
                self.outcome();
            }
        }
    }

    fn request(&mut self, id: u64, addresses: &[u8], timeout_ms: f64, body: u8) {
        while self.outcome() {}
        let body = match body {
            0 => announce_of(id),
            1 => event_of(id, Event::Stopped),
            2 => scrape_of(id, 3),
            _ => scrape_of(id, 200),
        };
        let addresses: Vec<SocketAddr> = addresses.iter().map(|&n| address(n)).collect();
        let request = Request {
            schedule: bittorrent_udp_tracker::proto::Schedule::new(timeout_ms),
            ..request_to(&addresses, 0, body)
        };
        if !addresses.is_empty() {
            self.open.entry(id).or_insert(1);
        }
        self.client.handle_request(self.now, RequestId(id), request);
    }

    fn transmit(&mut self) -> bool {
        let mut buffer = Vec::new();
        let Some(transmit) = self.client.poll_transmit(self.now, &mut buffer) else { return false };
        let packet = wire::Packet::read(&buffer);
        assert_eq!(packet.is_connect(), transmit.origin == Origin::Connect);
        self.sent.push((transmit, packet));
        true
    }

    fn outcome(&mut self) -> bool {
        let Some((RequestId(id), _)) = self.client.poll_outcome() else { return false };
        let owed = self.open.remove(&id);
        assert_eq!(owed, Some(1), "an outcome nobody waits for");
        true
    }

    /// Cancels what is left and lets some minutes pass.
    fn end(&mut self) {
        while self.outcome() {}
        assert_eq!(self.client.pending(), self.open.len());
        for id in self.open.drain() {
            self.client.handle_cancel(self.now, RequestId(id.0));
        }
        while self.transmit() {}
        for _ in 0..10 {
            self.now += seconds(60);
            self.client.handle_timeout(self.now);
        }
        assert!(self.client.is_idle());
        assert_eq!(self.client.poll_outcome(), None);
    }
}

fn pick<T>(all: &[T], which: usize) -> Option<&T> {
    all.get(which.checked_rem(all.len())?)
}

fn address(n: u8) -> SocketAddr {
    [v4(1), v4(2), v6(1), v6(2), v4(99)][usize::from(n)]
}
