//! What happened in a simulation, in order, and what became of each request.

use std::{net::SocketAddr, time::Duration};

use bittorrent_udp_tracker::proto::{Body, Failure, Family, Origin, Phase, Port};

use super::{Simulation, wire::Packet};

/// How a request ended, with bytes of its own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum End {
    Announced { numbers: [u32; 3], family: Family, peers: Vec<u8> },
    Scraped { rows: Vec<u8> },
    Connected { address: SocketAddr, round_trip: Duration },
    Failed { failure: Failure, address: Option<SocketAddr>, phase: Phase },
}

/// What happened, in order.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    Begun(u64),
    Sent(Sent),
    Received {
        from: SocketAddr,
        bytes: Vec<u8>,
    },
    /// The machine slept for so long, which the client's clock does not know.
    Slept(Duration),
    Cancelled(u64),
    Ended(u64),
}

impl Entry {
    /// The datagram that came in, and where from.
    pub(crate) fn arrival(&self) -> Option<(SocketAddr, Vec<u8>)> {
        match self {
            Self::Received { from, bytes } => Some((*from, bytes.clone())),
            _ => None,
        }
    }
}

/// A datagram the client sent, or would have if it had been possible.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) at: Duration,
    pub(crate) to: SocketAddr,
    pub(crate) port: Port,
    pub(crate) origin: Origin,
    pub(crate) packet: Packet,
    pub(crate) bytes: Vec<u8>,
    pub(crate) failed: bool,
}

/// A request from its beginning to its end.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) timeout_ms: u64,
    pub(crate) body: Body,
    pub(crate) begun: Duration,
    pub(crate) cancelled: Option<Duration>,
    pub(crate) ended: Option<(Duration, End)>,
}

impl History {
    pub(crate) fn is_over(&self) -> bool {
        self.cancelled.is_some() || self.ended.is_some()
    }
}

/// What tests ask of a simulation.
impl Simulation {
    /// Everything that happened to a request, to be read when a check fails.
    pub(crate) fn tell(&self, id: u64) -> String {
        let history = &self.histories[&id];
        let mut text = format!(
            "request {id} begun {:?} to {:?} _timeout {}\n",
            history.begun, history.addresses, history.timeout_ms
        );
        let mut own = std::collections::HashSet::new();
        for (at, entry) in &self.log {
            match entry {
                Entry::Sent(sent) if history.addresses.contains(&sent.to) => {
                    let of = sent.packet.transaction_id();
                    let is_own = sent.origin == Origin::Request(bittorrent_udp_tracker::proto::RequestId(id));
                    if is_own || sent.packet.is_connect() {
                        own.insert(of);
                        let with = sent.packet.connection_id();
                        text += &format!("{at:?} sent to {} {of:x} with {with:x?} failed {}\n", sent.to, sent.failed);
                    }
                }
                Entry::Received { from, bytes } if history.addresses.contains(from) => {
                    let of = bytes.get(4..8).map(|of| u32::from_be_bytes(of.try_into().unwrap()));
                    if of.is_none_or(|of| own.contains(&of)) {
                        text += &format!(
                            "{at:?} from {from} {of:x?}: {}\n",
                            String::from_utf8_lossy(&bytes[bytes.len().min(3)..])
                        );
                    }
                }
                Entry::Cancelled(which) if *which == id => text += &format!("{at:?} cancelled\n"),
                Entry::Ended(which) if *which == id => text += &format!("{at:?} ended {:?}\n", history.ended),
                Entry::Slept(slept) => text += &format!("{at:?} slept {slept:?}\n"),
                _ => {}
            }
        }
        text
    }

    /// Every datagram sent so far.
    pub(crate) fn sent(&self) -> impl DoubleEndedIterator<Item = &Sent> {
        self.log.iter().filter_map(|(_, entry)| match entry {
            Entry::Sent(sent) => Some(sent),
            _ => None,
        })
    }

    /// When each connect was sent.
    pub(crate) fn connects(&self) -> Vec<Duration> {
        self.sent().filter(|sent| sent.packet.is_connect()).map(|sent| sent.at).collect()
    }

    /// When each announce and scrape was sent.
    pub(crate) fn asked(&self) -> Vec<Duration> {
        self.sent().filter(|sent| !sent.packet.is_connect()).map(|sent| sent.at).collect()
    }

    /// When a request's datagrams were sent.
    pub(crate) fn sends_of(&self, id: u64) -> Vec<Duration> {
        let of = Origin::Request(bittorrent_udp_tracker::proto::RequestId(id));
        self.sent().filter(|sent| sent.origin == of).map(|sent| sent.at).collect()
    }

    /// When connects were sent to an address.
    pub(crate) fn connects_to(&self, address: SocketAddr) -> Vec<Duration> {
        self.sent().filter(|sent| sent.packet.is_connect() && sent.to == address).map(|sent| sent.at).collect()
    }

    /// The datagram sent last.
    pub(crate) fn last(&self) -> &Sent {
        self.sent().next_back().expect("something has been sent")
    }

    /// The transaction ID sent last.
    pub(crate) fn last_transaction_id(&self) -> u32 {
        self.last().packet.transaction_id()
    }

    pub(crate) fn end(&self, id: u64) -> Option<&End> {
        self.histories[&id].ended.as_ref().map(|(_, end)| end)
    }

    /// When a request ended and how.
    pub(crate) fn ended(&self, id: u64) -> (Duration, &End) {
        let (at, end) = self.histories[&id].ended.as_ref().expect("it has ended");
        (*at, end)
    }

    /// When a request failed and the text of it.
    pub(crate) fn failed(&self, id: u64) -> (Duration, String) {
        match self.ended(id) {
            (at, End::Failed { failure, .. }) => (at, failure.to_string()),
            (_, end) => panic!("it did not fail: {end:?}"),
        }
    }

    pub(crate) fn is_answered(&self, id: u64) -> bool {
        matches!(self.end(id), Some(End::Announced { .. } | End::Scraped { .. } | End::Connected { .. }))
    }

    /// How long after its beginning the last of these was answered. Each must have been.
    pub(crate) fn time_to_answer(&self, ids: &[u64]) -> Duration {
        let took = ids.iter().map(|id| {
            assert!(self.is_answered(*id), "request {id} is not answered: {:?}", self.histories[id]);
            self.ended(*id).0 - self.histories[id].begun
        });
        took.max().expect("some requests")
    }

    /// When so many of these had been answered.
    pub(crate) fn answered_at(&self, ids: &[u64], count: usize) -> Duration {
        let mut ends: Vec<_> = ids.iter().map(|&id| self.ended(id).0).collect();
        ends.sort_unstable();
        ends[count - 1]
    }

    /// Announces and scrapes sent for each of so many answers.
    pub(crate) fn asked_for_each(&self, answers: usize) -> f64 {
        self.asked().len() as f64 / answers as f64
    }
}
