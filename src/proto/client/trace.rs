//! What goes over the wire, for those who want to watch. Nothing is noted down unless somebody does.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use super::{Body, Client, Origin};

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
    /// For an answer, the time since the latest send; `None` for a send.
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

impl From<&Body> for Kind {
    fn from(body: &Body) -> Self {
        match body {
            Body::Announce(_) => Self::Announce,
            Body::Scrape(_) => Self::Scrape,
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

    /// Notes that a request's datagram was sent, or with `answered_at` that it was answered.
    pub(super) fn trace_request(&mut self, key: usize, tracker_key: usize, answered_at: Option<Instant>) {
        if self.tracing
            && let (Some(request), Some(tracker)) = (self.requests.get(key), self.trackers.get(tracker_key))
        {
            self.traces.push_back(Trace {
                origin: Origin::Request(request.id),
                kind: Kind::from(&request.body),
                address: tracker.address,
                attempt: request.sends,
                round_trip: answered_at.map(|now| now.saturating_duration_since(request.sent_at)),
            });
        }
    }

    /// The same for a tracker's connect.
    pub(super) fn trace_connect(&mut self, tracker_key: usize, answered_at: Option<Instant>) {
        if self.tracing
            && let Some(tracker) = self.trackers.get(tracker_key)
            && let Some(connect) = &tracker.connect
            && let Some(sent_at) = connect.sent_at
        {
            self.traces.push_back(Trace {
                origin: Origin::Connect,
                kind: Kind::Connect,
                address: tracker.address,
                attempt: connect.attempts(),
                round_trip: answered_at.map(|now| now.saturating_duration_since(sent_at)),
            });
        }
    }
}
