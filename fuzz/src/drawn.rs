//! Requests and addresses that a few bits choose from.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6},
    sync::Arc,
};

use bittorrent_udp_tracker::proto::{Announce, Body, Connect, Event, Extension, InfoHash, PeerId, Scrape};

/// Addresses that a few bits choose from; some are one address in two spellings.
pub fn address(n: u8) -> SocketAddr {
    let v6 =
        |last, flow, scope| SocketAddrV6::new(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last), 6969, flow, scope);
    match n % 8 {
        0 => (Ipv4Addr::new(192, 0, 2, 1), 6969).into(),
        1 => (Ipv4Addr::new(192, 0, 2, 2), 6969).into(),
        2 => (Ipv4Addr::new(192, 0, 2, 1), 6970).into(),
        3 => v6(1, 0, 0).into(),
        4 => v6(1, 7, 3).into(),
        5 => v6(2, 0, 0).into(),
        6 => (Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped(), 6969).into(),
        _ => SocketAddrV6::new(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1), 6969, 0, 2).into(),
    }
}

/// The address as datagrams to and from it are told apart: what `address` spells in two ways is one.
pub fn one_spelling(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(v6) if v6.ip().to_ipv4_mapped().is_some() => {
            (v6.ip().to_ipv4_mapped().expect("just asked"), v6.port()).into()
        }
        SocketAddr::V6(v6) if v6.ip().segments()[0] != 0xfe80 => (*v6.ip(), v6.port()).into(),
        address => address,
    }
}

/// The name of a host whose look-up gives these addresses, whatever their order.
pub fn host(addresses: &[SocketAddr]) -> Arc<str> {
    let mut ports: Vec<_> = addresses.iter().map(|address| address.port().to_string()).collect();
    ports.sort();
    ports.join("-").into()
}

pub fn announce(n: u64, event: Event) -> Body {
    Body::Announce(Announce {
        info_hash: info_hash(n),
        peer_id: PeerId(*b"-XX0001-abcdefghijkl"),
        downloaded: 1,
        left: 2,
        uploaded: 3,
        event,
        ip: Ipv4Addr::UNSPECIFIED,
        key: 0,
        num_want: 50,
        port: 6881,
        extension: Extension::None,
    })
}

pub fn scrape(n: u64, count: u64) -> Body {
    Body::Scrape(Scrape { info_hashes: (n..n + count).map(info_hash).collect() })
}

pub fn connect(retransmit: bool) -> Body {
    Body::Connect(Connect { retransmit, looked_up: None })
}

fn info_hash(n: u64) -> InfoHash {
    let mut hash = [0xab; 20];
    hash[..8].copy_from_slice(&n.to_be_bytes());
    InfoHash(hash)
}
