//! A tracker as the protocol has it, and the ways in which trackers fail.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    ops::Range,
    time::Duration,
};

use super::{
    Link,
    wire::{self, Packet},
};

/// How long a tracker honours a connection ID: "two minutes after it has been sent" (BEP 15, "UDP connections").
const CONNECTION_LIFETIME: Duration = Duration::from_secs(120);

/// A tracker at one address. The default is a perfect one next door.
#[derive(Clone, Debug)]
pub(crate) struct ModelTracker {
    /// The way to it and back.
    pub(crate) link: Link,
    /// The first connects it does not hear.
    pub(crate) deaf_to_connects: usize,
    /// The first announces and scrapes it does not hear.
    pub(crate) deaf_to_requests: usize,
    /// It falls silent after this many answers to announces and scrapes.
    pub(crate) silent_after: Option<usize>,
    /// The most rows of a scrape it answers at once.
    pub(crate) scrape_rows: usize,
    /// It refuses each info-hash whose 8th byte this divides; 0 refuses none.
    pub(crate) refuses: u8,
    /// Announces of these info-hashes it never answers.
    pub(crate) ignores: HashSet<[u8; 20]>,
    /// It forgets every connection ID at these times.
    pub(crate) restarts: Vec<Duration>,
    /// What it does with a request whose connection ID it does not know.
    pub(crate) to_strangers: ToStrangers,
    /// In this time it answers everything with a transaction ID that nobody has.
    pub(crate) junk: Range<Duration>,
    /// Bytes of peers in each answer to an announce, whatever the info-hash.
    pub(crate) peers: Option<usize>,
    /// How many announces and scrapes it answered.
    pub(crate) answered: usize,
    /// What its clients told it with connection IDs it does not know.
    pub(crate) strangers: usize,
    pub(crate) memory: Memory,
}

/// What a tracker does with a request whose connection ID it does not know.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ToStrangers {
    Silence,
    Says(&'static str),
}

/// What a tracker remembers of its clients.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    /// When each connection ID was given out.
    issued: HashMap<u64, Duration>,
    connection_id: u64,
}

impl Default for ModelTracker {
    fn default() -> Self {
        Self {
            link: Link::default(),
            deaf_to_connects: 0,
            deaf_to_requests: 0,
            silent_after: None,
            scrape_rows: 74,
            refuses: 0,
            ignores: HashSet::new(),
            restarts: Vec::new(),
            junk: Duration::ZERO..Duration::ZERO,
            to_strangers: ToStrangers::Says("Connection ID missmatch.\0"),
            peers: None,
            answered: 0,
            strangers: 0,
            memory: Memory::default(),
        }
    }
}

impl ModelTracker {
    /// A perfect one behind this link.
    pub(crate) fn behind(link: Link) -> Self {
        Self { link, ..Self::default() }
    }

    /// The answer to a request that arrives at `address` at `now`, if there is one.
    pub(crate) fn answer(&mut self, now: Duration, address: SocketAddr, packet: &Packet) -> Option<Vec<u8>> {
        let before = self.restarts.len();
        self.restarts.retain(|&at| at > now);
        if self.restarts.len() < before {
            self.memory.issued.clear();
        }
        if self.junk.contains(&now) {
            let action = u32::from(!packet.is_connect());
            return Some(wire::response(action, !packet.transaction_id(), &[1; 12]));
        }
        let silent = self.silent_after.is_some_and(|answers| self.answered >= answers);
        let Some(connection_id) = packet.connection_id() else {
            if silent || spend(&mut self.deaf_to_connects) {
                return None;
            }
            self.memory.connection_id = self.memory.connection_id.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1);
            self.memory.issued.insert(self.memory.connection_id, now);
            return Some(wire::connect_response(packet.transaction_id(), self.memory.connection_id));
        };
        if silent || spend(&mut self.deaf_to_requests) {
            return None;
        }
        let transaction_id = packet.transaction_id();
        if self.memory.issued.get(&connection_id).is_none_or(|&at| now > at + CONNECTION_LIFETIME) {
            self.strangers += 1;
            return match self.to_strangers {
                ToStrangers::Silence => None,
                ToStrangers::Says(text) => Some(wire::error_response(transaction_id, text)),
            };
        }
        if matches!(packet, Packet::Announce { fields, .. } if self.ignores.contains(&fields.info_hash)) {
            return None;
        }
        self.answered += 1;
        Some(match packet {
            Packet::Announce { fields, .. } if self.is_refused(&fields.info_hash) => {
                wire::error_response(transaction_id, "unregistered torrent")
            }
            Packet::Scrape { info_hashes, .. } => {
                let rows: Vec<_> =
                    info_hashes.iter().take(self.scrape_rows).map(|hash| said_of_scrape(address, hash)).collect();
                wire::scrape_response(transaction_id, &rows)
            }
            _ => {
                let (numbers, peers) = said_of_announce(address, &packet.info_hashes()[0]);
                let peers = self.peers.map_or(peers, |length| vec![1; length]);
                wire::announce_response(transaction_id, numbers, &peers)
            }
        })
    }

    pub(crate) fn is_refused(&self, info_hash: &[u8; 20]) -> bool {
        self.refuses > 0 && info_hash[7].is_multiple_of(self.refuses)
    }
}

fn spend(count: &mut usize) -> bool {
    let some_left = *count > 0;
    *count = count.saturating_sub(1);
    some_left
}

/// Interval, leechers and seeds, and the packed peers that the tracker at an address tells of an info-hash.
pub(crate) fn said_of_announce(address: SocketAddr, info_hash: &[u8; 20]) -> ([u32; 3], Vec<u8>) {
    let row = if address.is_ipv4() { 6 } else { 18 };
    let (number, salt) = (number(info_hash), salt(address));
    let peers = (0..row * (info_hash[7] as usize % 4)).map(|n| (n as u8) ^ (number as u8) ^ (salt as u8)).collect();
    ([1800 + salt, number, number ^ salt], peers)
}

/// Seeds, completed and leechers that the tracker at an address tells of an info-hash.
pub(crate) fn said_of_scrape(address: SocketAddr, info_hash: &[u8; 20]) -> [u32; 3] {
    let (number, salt) = (number(info_hash), salt(address));
    [number, salt, number + salt]
}

fn number(info_hash: &[u8; 20]) -> u32 {
    info_hash[..8].iter().fold(7, |sum: u32, &byte| sum.wrapping_mul(31).wrapping_add(byte.into())) >> 4
}

fn salt(address: SocketAddr) -> u32 {
    match address {
        SocketAddr::V4(v4) => v4.ip().octets()[3].into(),
        SocketAddr::V6(v6) => v6.ip().segments()[7].into(),
    }
}
