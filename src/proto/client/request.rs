//! One request between its start and its outcome.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use super::{
    super::{
        ConnectionId, Event, Failure, InfoHash, Schedule, TransactionId,
        tracker::{Place, Tracker},
    },
    Body, Request, RequestId,
};

/// Requests in flight at the moment of sending from which on a send belongs to a burst, where losses are ours to mend.
const BURST: u32 = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// For a connection ID, or for room in the window.
    Waiting,
    /// For an answer.
    InFlight,
}

#[derive(Debug)]
pub(super) struct Pending {
    pub(super) id: RequestId,
    addresses: Arc<[SocketAddr]>,
    /// Which of the addresses it is at.
    address: usize,
    /// Addresses left because nothing could be sent to them.
    pub(super) unreachable: usize,
    pub(super) schedule: Schedule,
    pub(super) body: Body,
    /// The rows a scrape has been answered with so far.
    pub(super) rows: Vec<u8>,
    /// How many info-hashes its latest datagram asked for.
    pub(super) asked: usize,
    pub(super) tracker: usize,
    place: Place,
    pub(super) state: State,
    /// Given at the first send and kept over retransmissions, so that an answer to any of them counts.
    pub(super) transaction_id: Option<TransactionId>,
    /// How often the request itself has been sent.
    pub(super) sends: u32,
    /// How many sends of a connect it has waited through, the running wait included; 0 while there is a connection.
    pub(super) connects: u32,
    /// How often the connect it waits for had been sent when the running wait began, the send that began it included.
    pub(super) connect_sends: u32,
    pub(super) sent_at: Instant,
    pub(super) sent_with: ConnectionId,
    pub(super) in_burst: bool,
    /// Until when it waits for room, should it not be sent before; kept over connects in between.
    give_up: Option<Instant>,
    pub(super) resent_early: bool,
    /// Whether the window counts it.
    counted: bool,
    /// What it ends with when its wait is over unless a valid answer comes first.
    pub(super) verdict: Option<Failure>,
    /// Whether the one new connect after an error about the connection ID has been used.
    pub(super) reconnected: bool,
}

impl Pending {
    pub(super) fn new(id: RequestId, request: Request, sequence: u64, now: Instant) -> Self {
        let stopped = matches!(&request.body, Body::Announce(announce) if announce.event == Event::Stopped);
        Self {
            id,
            addresses: request.addresses,
            address: 0,
            unreachable: 0,
            schedule: request.schedule,
            body: request.body,
            rows: Vec::new(),
            asked: 0,
            tracker: usize::MAX,
            place: Place { class: u8::from(!stopped), sequence },
            state: State::Waiting,
            transaction_id: None,
            sends: 0,
            connects: 0,
            connect_sends: 0,
            sent_at: now,
            sent_with: ConnectionId(0),
            in_burst: false,
            give_up: None,
            resent_early: false,
            counted: false,
            verdict: None,
            reconnected: false,
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.addresses[self.address % self.addresses.len()]
    }

    pub(super) fn has_other_address(&self) -> bool {
        self.addresses.len() > 1
    }

    pub(super) fn all_addresses(&self) -> &Arc<[SocketAddr]> {
        &self.addresses
    }

    pub(super) fn next_address(&mut self) {
        self.address = (self.address + 1) % self.addresses.len();
    }

    /// Whether nothing has been sent for it, nor waited for.
    pub(super) fn is_new(&self) -> bool {
        self.tracker == usize::MAX
    }

    /// Until when it waits for room: as long as its sends would have taken.
    pub(super) fn give_up(&mut self, now: Instant) -> Instant {
        let remaining = self.schedule.remaining_after(self.sends);
        *self.give_up.get_or_insert(now + remaining)
    }

    pub(super) fn place(&self) -> Place {
        self.place
    }

    pub(super) fn is_in_flight_since(&self, at: Instant) -> bool {
        self.state == State::InFlight && self.sent_at == at
    }

    /// The info-hashes of a scrape that have no row yet.
    pub(super) fn unanswered(&self) -> &[InfoHash] {
        match &self.body {
            Body::Announce(_) => &[],
            Body::Scrape(scrape) => {
                scrape.info_hashes.get(self.rows.len() / super::super::packet::SCRAPE_ROW_LENGTH..).unwrap_or_default()
            }
        }
    }

    /// The window counts it from here on.
    pub(super) fn enter_flight(&mut self, now: Instant, tracker: &mut Tracker, connection_id: ConnectionId) {
        self.state = State::InFlight;
        self.sends += 1;
        self.connects = 0;
        self.give_up = None;
        self.sent_at = now;
        self.sent_with = connection_id;
        tracker.window.on_send(now);
        self.counted = true;
        self.in_burst = tracker.window.in_flight() >= BURST;
    }

    /// It waits again, and the window does not count it any more. It may still be answered.
    pub(super) fn leave_flight(&mut self, tracker: &mut Tracker) {
        self.stop_counting(tracker);
        self.state = State::Waiting;
    }

    /// It is taken for lost: the window does not count it, though its wait goes on.
    pub(super) fn stop_counting(&mut self, tracker: &mut Tracker) {
        if std::mem::take(&mut self.counted) {
            tracker.window.on_release();
        }
    }
}
