//! One request between its start and its outcome: its body, its state, and the one timer that it has.

use std::{net::SocketAddr, sync::Arc};

use super::{
    super::{
        Event, InfoHash, Schedule, TransactionId, deadlines::Timer, packet::SCRAPE_ROW_LENGTH, queue::Lane,
        time::Instant, tracker::canonical,
    },
    Body, Client, Request, RequestId,
    ping::Ping,
};

/// Where a request is. Addresses and races are those in these slots of the client's tables.
#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    /// Within a call: it has only just come, or is on its way from the address that it has left to another place.
    Idle { left: Option<usize> },
    /// A connect by itself whose turn to begin has not come.
    Held { until: Instant },
    /// In a race, for an address that answers.
    Racing { race: usize, until: Instant },
    /// In the queue of its address, for a connection ID or for room.
    Waiting { tracker: usize, ticket: u64, for_id: bool, until: Instant },
    /// Sent to its address, and sent there again then.
    Sent { tracker: usize, again: Instant },
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
    /// [`Client::enter`] alone changes it.
    state: State,
    /// The latest of its sends at its address.
    pub(super) latest: Option<TransactionId>,
    /// The latest of its sends at addresses that it has left: a slow answer still counts.
    pub(super) elsewhere: Vec<(usize, TransactionId)>,
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
            state: State::Idle { left: None },
            latest: None,
            elsewhere: Vec::new(),
            answer_by: None,
            reconnected: false,
            ping: None,
        }
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    /// The slot of the address it is at.
    pub(super) fn tracker(&self) -> Option<usize> {
        match self.state {
            State::Waiting { tracker, .. } | State::Sent { tracker, .. } => Some(tracker),
            State::Idle { left } => left,
            State::Held { .. } | State::Racing { .. } => None,
        }
    }

    /// Whether it has been sent to the address in this slot, and waits for the answer.
    pub(super) fn is_sent_to(&self, tracker_key: usize) -> bool {
        matches!(self.state, State::Sent { tracker, .. } if tracker == tracker_key)
    }

    /// Whether its host has another address than this one.
    pub(super) fn has_other(&self, address: SocketAddr) -> bool {
        self.addresses.iter().any(|other| canonical(*other) != address)
    }

    /// Whether the address in this slot is another one than it was at.
    pub(super) fn is_next(&self, tracker_key: usize) -> bool {
        self.tracker().is_some_and(|at| at != tracker_key)
    }

    /// When its timer is to go off.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Idle { .. } => None,
            State::Racing { until, .. } | State::Waiting { until, .. } => Some(until),
            State::Held { until: due } | State::Sent { again: due, .. } => {
                Some(self.answer_by.map_or(due, |ends| ends.min(due)))
            }
        }
    }

    /// Which lane of a queue it waits in.
    pub(super) fn lane(&self) -> Lane {
        match &self.body {
            Body::Connect(_) => Lane::New,
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

impl Client {
    /// Brings a request into a state, and sets its timer as that state wants it.
    pub(super) fn enter(&mut self, key: usize, state: State) {
        let Some(request) = self.requests.get_mut(key) else { return };
        request.state = state;
        match request.deadline() {
            Some(at) => self.deadlines.set(Timer::Request(key), at),
            None => self.deadlines.clear(Timer::Request(key)),
        }
    }
}
