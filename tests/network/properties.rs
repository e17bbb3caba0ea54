//! Properties that hold for any input: every packet means the same to an independent reader, and every answer is read as
//! an independent writer wrote it. What holds for any bytes and any sequence of calls is in `fuzz/src/`.

use std::net::Ipv4Addr;

use crate::support::{End, Simulation, TIMEOUT_MS, announce_of, request_to, scrape_of, v4, v6, wire};
use bittorrent_udp_tracker::proto::{
    Announce, AnnounceUrl, Authentication, Body, Event, Extension, Failure, Family, InfoHash, PeerId, Scrape,
};
use proptest::{collection::vec, prelude::*};
use sha1::{Digest, Sha1};

proptest! {
    // Miri takes a thousand times as long.
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { 256 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

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
    fn a_scrape_means_the_same_to_an_independent_reader(hashes in vec(any::<[u8; 20]>(), 1..=60), connection_id: u64) {
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
    fn a_connection_id_comes_back_as_it_was_given(connection_id: u64, rest in vec(any::<u8>(), 0..20)) {
        let mut simulation = Simulation::new(1);
        simulation.announce(v4(1), 1);
        let wire::Packet::Connect { transaction_id } = simulation.last().packet else { panic!("a connect") };
        // Longer than needed is fine.
        let response = [wire::connect_response(transaction_id, connection_id), rest].concat();
        simulation.deliver(v4(1), &response);
        prop_assert_eq!(simulation.last().packet.connection_id(), Some(connection_id));
    }

    #[test]
    fn a_scrape_answer_is_read_as_it_was_written(rows in vec(any::<[u32; 3]>(), 1..=60), rest in vec(any::<u8>(), 0..12)) {
        let (mut simulation, id) = asked(scrape_of(1, rows.len() as u64));
        let response = [wire::scrape_response(simulation.last_transaction_id(), &rows), rest].concat();
        simulation.deliver(v4(1), &response);
        prop_assert_eq!(simulation.end(id), Some(&End::Scraped { rows: wire::rows_as_bytes(&rows) }));
    }

    #[test]
    fn a_scrape_cut_anywhere_is_put_together_again(rows in vec(any::<[u32; 3]>(), 1..=60), cuts in vec(1usize..30, 60)) {
        let (mut simulation, id) = asked(scrape_of(1, rows.len() as u64));
        let mut answered = 0;
        for cut in cuts {
            let wire::Packet::Scrape { transaction_id, info_hashes, .. } = simulation.last().packet.clone() else {
                panic!("a scrape")
            };
            let said = &rows[answered..rows.len().min(answered + cut).min(answered + info_hashes.len())];
            answered += said.len();
            simulation.deliver(v4(1), &wire::scrape_response(transaction_id, said));
            if answered == rows.len() {
                break;
            }
        }
        prop_assert_eq!(simulation.end(id), Some(&End::Scraped { rows: wire::rows_as_bytes(&rows) }));
    }

    #[test]
    fn a_trackers_error_is_read_as_it_was_written(text in "\\PC{1,200}", nuls in 0usize..3, scrapes: bool) {
        let (mut simulation, id) = asked(if scrapes { scrape_of(1, 2) } else { announce_of(1) });
        let message = format!("{text}{}", "\0".repeat(nuls));
        simulation.deliver(v4(1), &wire::error_response(simulation.last_transaction_id(), &message));
        let text_of_id = ["connection", "cookie"].iter().any(|word| text.to_lowercase().contains(word));
        prop_assume!(!text_of_id);
        let Some(End::Failed { failure, .. }) = simulation.end(id) else { panic!("a failure") };
        prop_assert_eq!(failure, &Failure::Tracker(text));
    }

    #[test]
    fn an_authentication_is_the_one_the_tracker_computes(
        announce in announces(),
        username in "\\PC{0,60}",
        password in vec(any::<u8>(), 0..40),
        request_string in "(/[a-z0-9/]{0,200})?",
        connection_id: u64,
    ) {
        let authentication = Authentication::new(&username, &password, &request_string).unwrap();
        let announce = Announce { extension: Extension::Authentication(Box::new(authentication)), ..announce };
        let (simulation, bytes) = sent_bytes(Body::Announce(announce), connection_id);
        let wire::Packet::Announce { fields, .. } = &simulation.last().packet else { panic!("an announce") };
        let mask = if request_string.is_empty() { 1 } else { 3 };
        let head = [&[0, mask, username.len() as u8], username.as_bytes()].concat();
        prop_assert!(fields.rest.starts_with(&head));
        // What is signed is everything before the signature.
        let (signed, behind) = bytes.split_at(98 + head.len());
        let signature = Sha1::digest([signed, &Sha1::digest(&password)].concat());
        prop_assert_eq!(&behind[..8], &signature[..8]);
        let mut string = Vec::new();
        if !request_string.is_empty() {
            string.push(request_string.len() as u8);
            string.extend(request_string.as_bytes());
        }
        prop_assert_eq!(&behind[8..], string);
    }
}

/// A network in which this request has been sent to its silent tracker, and the request's number.
fn asked(body: Body) -> (Simulation, u64) {
    let mut simulation = Simulation::new(1);
    let id = simulation.begin(request_to(&[v4(1)], TIMEOUT_MS, body));
    simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), 1));
    (simulation, id)
}

/// The bytes of what goes out when the connect has been answered with this connection ID.
fn sent_bytes(body: Body, connection_id: u64) -> (Simulation, Vec<u8>) {
    let mut simulation = Simulation::new(1);
    simulation.begin(request_to(&[v4(1)], TIMEOUT_MS, body));
    simulation.deliver(v4(1), &wire::connect_response(simulation.last_transaction_id(), connection_id));
    let bytes = simulation.last().bytes.clone();
    (simulation, bytes)
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
    let progress = (any::<[u64; 3]>(), 0u32..5);
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
