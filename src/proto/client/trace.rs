//! What goes over the wire, for those who want to watch. Nothing is noted down unless somebody does.

use std::{net::SocketAddr, time::Duration};

use super::{
    super::flight::{Purpose, Transaction},
    super::time::Instant,
    Body, Client, Origin,
};

/// A datagram that was sent, or one that was answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trace {
    /// What the datagram was sent for.
    pub origin: Origin,
    /// What it asks.
    pub kind: Kind,
    /// The tracker.
    pub address: SocketAddr,
    /// How often it has been sent, this time included.
    pub attempt: u32,
    /// For an answer, the time since the send that it answers; `None` for a send.
    pub round_trip: Option<Duration>,
}

/// What a datagram asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A connection ID.
    Connect,
    /// Peers.
    Announce,
    /// Numbers of info-hashes.
    Scrape,
}

/// What the client has decided about an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Decision {
    /// It is silent: it is sent a few probes, and whoever has other addresses goes on to them.
    Silent,
    /// Its connection ID may be dead: it is asked for another one.
    IdSuspected,
    /// It is asked because the one before it does not answer, or cannot be reached.
    NextAddress,
    /// It is asked from a fresh local port.
    FreshPort,
    /// It loses so much that less is sent to it at a time.
    WindowClosed,
}

impl From<&Body> for Kind {
    fn from(body: &Body) -> Self {
        match body {
            Body::Announce(_) => Self::Announce,
            Body::Scrape(_) => Self::Scrape,
            Body::Connect(_) => Self::Connect,
        }
    }
}

impl Client {
    /// Whether [`poll_trace`](Self::poll_trace) has anything to tell from now on.
    pub fn set_tracing(&mut self, tracing: bool) {
        self.tracing = tracing;
    }

    /// The next datagram sent or answered, in the order in which it happened. Poll until there is none.
    pub fn poll_trace(&mut self) -> Option<Trace> {
        self.traces.pop_front()
    }

    /// The next decision, and the address that it is about, in the order in which they were made. There are none unless
    /// somebody wants to know of datagrams. Poll until there is none.
    pub fn poll_decision(&mut self) -> Option<(Decision, SocketAddr)> {
        self.decisions.pop_front()
    }

    /// Notes a decision about an address.
    pub(super) fn decide(&mut self, decision: Decision, tracker_key: usize) {
        if self.tracing
            && let Some(tracker) = self.trackers.get(tracker_key)
        {
            self.decisions.push_back((decision, tracker.address));
        }
    }

    /// Notes that a datagram was sent, or with `answered_at` that it was answered.
    pub(super) fn trace(&mut self, tracker_key: usize, sent: &Transaction, answered_at: Option<Instant>) {
        if !self.tracing {
            return;
        }
        let Some(tracker) = self.trackers.get(tracker_key) else { return };
        let (origin, kind) = match sent.purpose {
            Purpose::Connect => (Origin::Connect, Kind::Connect),
            Purpose::Ping(key) | Purpose::Request(key) => match self.requests.get(key) {
                Some(request) => (Origin::Request(request.id), Kind::from(&request.body)),
                None => return,
            },
        };
        self.traces.push_back(Trace {
            origin,
            kind,
            address: tracker.address,
            attempt: sent.attempt,
            round_trip: answered_at.map(|now| now.saturating_duration_since(sent.time_sent)),
        });
    }
}
