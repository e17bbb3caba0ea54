//! A tracker that answers at once, and makes every number of an answer from the info-hash, so that a client can tell
//! whether it got its own.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    net::IpAddr,
};

use crate::settings::{Settings, Stale};

const PROTOCOL_ID: [u8; 8] = 0x0417_2710_1980_u64.to_be_bytes();
const CONNECT: u32 = 0;
const ANNOUNCE: u32 = 1;
const SCRAPE: u32 = 2;
const ERROR: u32 = 3;
const HASH: usize = 20;

#[derive(Default)]
pub(crate) struct Tracker {
    seed: u64,
    /// How often all of it was restarted, and how often each of its addresses was.
    restarts: u64,
    restarts_of: HashMap<IpAddr, u64>,
}

impl Tracker {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    /// From now on no connection ID is valid that was given out before: at one of its addresses, or at all.
    pub(crate) fn restart(&mut self, address: Option<IpAddr>) {
        match address {
            Some(address) => *self.restarts_of.entry(address).or_default() += 1,
            None => self.restarts += 1,
        }
    }

    /// What it sends back to `client`, who sent `request` to `own`, one of its addresses.
    pub(crate) fn answer(&self, settings: &Settings, own: IpAddr, client: IpAddr, request: &[u8]) -> Option<Vec<u8>> {
        let connection_id = self.connection_id(own, client);
        let transaction_id = word(request, 12)?;
        let respond =
            |action: u32, body: &[u8]| Some([&action.to_be_bytes(), &transaction_id.to_be_bytes(), body].concat());
        let (action, length) = (word(request, 8)?, request.len());
        match action {
            CONNECT if length == 16 && request.starts_with(&PROTOCOL_ID) => respond(CONNECT, &connection_id),
            ANNOUNCE | SCRAPE if !request.starts_with(&connection_id) => match settings.stale {
                Stale::Silent => None,
                Stale::Error => respond(ERROR, b"Connection cookie error"),
            },
            ANNOUNCE if length >= 98 => {
                let hash: [u8; HASH] = request.get(16..16 + HASH)?.try_into().ok()?;
                if settings.ignore.contains(&hash) {
                    return None;
                }
                respond(ANNOUNCE, &announced(&hash, settings.peers, client))
            }
            SCRAPE if length >= 16 + HASH => {
                let rows: Vec<u8> =
                    request.get(16..)?.chunks_exact(HASH).flat_map(|hash| &hash[0..12]).copied().collect();
                respond(SCRAPE, &rows)
            }
            _ => None,
        }
    }

    fn connection_id(&self, own: IpAddr, client: IpAddr) -> [u8; 8] {
        let mut hasher = DefaultHasher::new();
        (self.seed, self.restarts, self.restarts_of.get(&own), own, client).hash(&mut hasher);
        hasher.finish().to_be_bytes()
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes)
}

/// The hash's first 8 bytes are leechers and seeds, its last 4 the interval, those between them the first peer. Further
/// peers have the ports that follow.
fn announced(hash: &[u8; HASH], peers: u16, client: IpAddr) -> Vec<u8> {
    let mut body = [&hash[16..20], &hash[0..8]].concat();
    let port = u16::from_be_bytes([hash[12], hash[13]]);
    for peer in 0..peers {
        if client.is_ipv6() {
            body.extend_from_slice(&hash[0..12]);
        }
        body.extend_from_slice(&hash[8..12]);
        body.extend_from_slice(&port.wrapping_add(peer).to_be_bytes());
    }
    body
}
