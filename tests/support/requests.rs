//! Requests and addresses with short names.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use bittorrent_udp_tracker::proto::{
    Announce, Body, Connect, Event, Extension, InfoHash, PeerId, Request, Schedule, Scrape,
};

/// The `_timeout` option's default: waits of 30, 60, 120, 240, 480, 960 and 1920 seconds.
pub(crate) const TIMEOUT_MS: u64 = 15_000;

pub(crate) fn v4(n: u8) -> SocketAddr {
    (Ipv4Addr::new(192, 0, 2, n), 6969).into()
}

/// The n-th of many.
pub(crate) fn many(n: u16) -> SocketAddr {
    let [high, low] = n.to_be_bytes();
    (Ipv4Addr::new(198, 18, high, low), 6969).into()
}

pub(crate) fn v6(n: u16) -> SocketAddr {
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, n), 6969).into()
}

/// The n-th info-hash.
pub(crate) fn hash(n: u64) -> [u8; 20] {
    let mut hash = [0xab; 20];
    hash[..8].copy_from_slice(&n.to_be_bytes());
    hash
}

/// A regular announce of the n-th info-hash.
pub(crate) fn announce_of(n: u64) -> Body {
    event_of(n, Event::None)
}

pub(crate) fn event_of(n: u64, event: Event) -> Body {
    Body::Announce(Announce {
        info_hash: InfoHash(hash(n)),
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

/// A scrape of `count` info-hashes from number `first` on.
pub(crate) fn scrape_of(first: u64, count: u64) -> Body {
    Body::Scrape(Scrape { info_hashes: (first..first + count).map(|n| InfoHash(hash(n))).collect() })
}

/// A connect by itself.
pub(crate) fn connect(retransmit: bool) -> Body {
    Body::Connect(Connect { retransmit, looked_up: None })
}

/// A request of the first session to a host with these addresses, whose name is made of them.
pub(crate) fn request_to(addresses: &[SocketAddr], timeout_ms: u64, body: Body) -> Request {
    Request {
        session: 0,
        host: host_of(addresses),
        addresses: addresses.into(),
        schedule: Schedule::new(timeout_ms as f64),
        body,
    }
}

fn host_of(addresses: &[SocketAddr]) -> Arc<str> {
    let mut names: Vec<_> = addresses.iter().map(SocketAddr::to_string).collect();
    names.sort();
    names.join("-").into()
}
