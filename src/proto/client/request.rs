//! One request between its start and its outcome: its body, its deadline, and where it waits.

use std::{net::SocketAddr, sync::Arc};

use super::{
    super::{
        Event, InfoHash, Schedule, TransactionId, packet::SCRAPE_ROW_LENGTH, queue::Lane, time::Instant,
        tracker::canonical,
    },
    Body, Request, RequestId,
    ping::Ping,
};

/// Where a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// At the address in this slot of the client's table.
    Tracker(usize),
    /// In the race in this slot, for an address that answers.
    Race(usize),
    /// Nowhere yet.
    Nowhere,
}

#[derive(Debug)]
pub(super) struct Pending {
    pub(super) id: RequestId,
    pub(super) session: u32,
    pub(super) host: Arc<str>,
    pub(super) addresses: Arc<[SocketAddr]>,
    pub(super) schedule: Schedule,
    pub(super) body: Body,
    /// The order in which requests came.
    pub(super) sequence: u64,
    /// The rows a scrape has been answered with so far.
    pub(super) rows: Vec<u8>,
    /// How many info-hashes its latest datagram asked for.
    pub(super) asked: usize,
    pub(super) place: Place,
    /// Its ticket in the queue of its address, if it waits there.
    pub(super) ticket: Option<u64>,
    /// The latest of its sends at its address.
    pub(super) latest: Option<TransactionId>,
    /// The latest of its sends at addresses that it has left: a slow answer still counts.
    pub(super) elsewhere: Vec<(usize, TransactionId)>,
    /// Whether its deadline is that of a connect.
    pub(super) connecting: bool,
    /// When its own phase ends, once that has begun.
    pub(super) answer_by: Option<Instant>,
    /// Whether it has had its repetition with a fresh connection ID after an error.
    pub(super) reconnected: bool,
    /// Of a connect by itself.
    pub(super) ping: Option<Box<Ping>>,
}

impl Pending {
    pub(super) fn new(id: RequestId, request: Request, sequence: u64) -> Self {
        let Request { session, host, addresses, schedule, body } = request;
        Self {
            id,
            session,
            host,
            addresses,
            schedule,
            body,
            sequence,
            rows: Vec::new(),
            asked: 0,
            place: Place::Nowhere,
            ticket: None,
            latest: None,
            elsewhere: Vec::new(),
            connecting: false,
            answer_by: None,
            reconnected: false,
            ping: None,
        }
    }

    /// The slot of the address it is at.
    pub(super) fn tracker(&self) -> Option<usize> {
        match self.place {
            Place::Tracker(tracker_key) => Some(tracker_key),
            Place::Race(_) | Place::Nowhere => None,
        }
    }

    /// Whether its host has another address than this one.
    pub(super) fn has_other(&self, address: SocketAddr) -> bool {
        self.addresses.iter().any(|other| canonical(*other) != address)
    }

    /// Whether the address in this slot is another one than it was at.
    pub(super) fn is_next(&self, tracker_key: usize) -> bool {
        self.tracker().is_some_and(|at| at != tracker_key)
    }

    /// When its timer is to go off if nothing else happens before `due`: then, or when its phase ends.
    pub(super) fn deadline(&self, due: Instant) -> Instant {
        self.answer_by.map_or(due, |ends| ends.min(due))
    }

    /// Which lane of a queue it waits in.
    pub(super) fn lane(&self) -> Lane {
        match &self.body {
            _ if self.latest.is_some() && self.schedule.is_own_clock() => Lane::Scheduled,
            Body::Announce(announce) if announce.event == Event::Stopped => Lane::Stopped,
            _ if self.latest.is_some() => Lane::Repeated,
            _ => Lane::New,
        }
    }

    /// The info-hashes of a scrape that have no row yet.
    pub(super) fn unanswered(&self) -> &[InfoHash] {
        match &self.body {
            Body::Announce(_) | Body::Connect(_) => &[],
            Body::Scrape(scrape) => scrape.info_hashes.get(self.rows.len() / SCRAPE_ROW_LENGTH..).unwrap_or_default(),
        }
    }
}
