//! One address of a tracker: everything about time and loss on the wire is the address's, and stands here together.

use std::{
    net::{SocketAddr, SocketAddrV6},
    time::Duration,
};

use super::{
    Family, TransactionId,
    budget::{Budget, held_by},
    congestion::Congestion,
    connection::Connection,
    flight::{Flight, Purpose, Transaction},
    port::OwnPort,
    queue::Queue,
    rtt::RttEstimator,
    silence::{Missed, Silence},
    stray::StrayGuard,
    time::Instant,
};

/// How long an address is remembered after its last request: past its connection ID's life and any late answer.
const IDLE: Duration = Duration::from_secs(120);

/// All that is known of one address.
#[derive(Debug)]
pub(crate) struct Tracker {
    pub(crate) address: SocketAddr,
    pub(crate) rtt: RttEstimator,
    pub(crate) congestion: Congestion,
    pub(crate) connection: Connection,
    pub(crate) port: OwnPort,
    pub(crate) flight: Flight,
    pub(crate) stray: StrayGuard,
    pub(crate) silence: Silence,
    /// Requests that wait for a connection ID or for room.
    pub(crate) queue: Queue,
    /// Connects that are requests of their own and wait for their turn.
    pub(crate) pings: Queue,
    /// How many of those have been lost since one was answered.
    pub(crate) lost_pings: u32,
    /// The races its connect runs in.
    pub(crate) races: Vec<usize>,
    /// How many requests there are: waiting, sent, and those that have moved to another address and may still be answered.
    pub(crate) requests: usize,
    pub(crate) last_used: Instant,
    /// Until when it is not tried first, because the system would not send to it.
    pub(crate) unsendable_until: Option<Instant>,
    /// Whether it stands in the client's list of addresses with something to send.
    pub(crate) is_ready: bool,
    /// The fewest rows it has answered a longer scrape with.
    pub(crate) scrape_limit: usize,
    /// The most that an announce's answer has taken of our receive buffer, 0 before the first.
    largest_answer: usize,
}

impl Tracker {
    pub(crate) fn new(address: SocketAddr, port: OwnPort, now: Instant) -> Self {
        Self {
            address,
            rtt: RttEstimator::default(),
            congestion: Congestion::new(now),
            connection: Connection::default(),
            port,
            flight: Flight::new(now),
            stray: StrayGuard::new(now),
            silence: Silence::default(),
            queue: Queue::default(),
            pings: Queue::default(),
            lost_pings: 0,
            races: Vec::new(),
            requests: 0,
            last_used: now,
            unsendable_until: None,
            is_ready: false,
            scrape_limit: usize::MAX,
            largest_answer: 0,
        }
    }

    pub(crate) fn family(&self) -> Family {
        Family::of(&self.address)
    }

    /// Whether it has given out a connection ID, is not silent, and can be sent to.
    pub(crate) fn answers(&self, now: Instant, awake: Instant) -> bool {
        let is_sendable = self.unsendable_until.is_none_or(|until| now >= until);
        is_sendable && !self.silence.is_silent() && self.connection.id(awake).is_some()
    }

    /// Whether whoever waits for it has reason to look elsewhere: it is silent, cannot be sent to, or has left a connect
    /// unanswered for its RTO.
    pub(crate) fn is_unheard(&self, now: Instant, awake: Instant) -> bool {
        let is_unsendable = self.unsendable_until.is_some_and(|until| now < until);
        let is_unconnected = self.connection.id(awake).is_none() && self.connection.sends() > 1;
        self.silence.is_silent() || is_unsendable || is_unconnected
    }

    /// Whether a request may be sent as far as the address is concerned.
    pub(crate) fn has_room(&self, now: Instant) -> bool {
        self.congestion.has_room() && self.silence.has_room(now, &self.rtt, self.congestion.window())
    }

    /// Whether what is new goes before what is repeated.
    pub(crate) fn sends_new_first(&self) -> bool {
        if self.silence.is_silent() { self.silence.probes_new() } else { !self.congestion.follows_answer() }
    }

    /// Whether the connect is to be sent now. Not while a stray datagram is held against it.
    pub(crate) fn connect_is_due(&self, now: Instant) -> bool {
        self.connection.is_due(now) && !self.stray.suspects_connect()
    }

    /// What the answer to an announce that wants `peers` peers takes of our receive buffer, as far as can be told.
    pub(crate) fn announce_answer(&self, peers: i32) -> usize {
        match self.largest_answer {
            // It may be as long as a datagram that is not fragmented, unless it is asked to be shorter.
            0 => held_by(20 + self.family().peer_length() * usize::try_from(peers).unwrap_or(usize::MAX).min(74)),
            largest => largest,
        }
    }

    /// A datagram of `length` bytes answers one of its sends, `id`. Returns that send.
    pub(crate) fn on_response(
        &mut self,
        now: Instant,
        id: TransactionId,
        transaction: &Transaction,
        length: usize,
        budget: &mut Budget,
    ) {
        let Transaction { purpose, time_sent, block, sent_with, .. } = *transaction;
        let is_request = !purpose.is_connect();
        self.rtt.update(now, now.saturating_duration_since(time_sent));
        let in_time = self.flight.release(id).is_some();
        if in_time {
            budget.release(transaction.held as usize);
        }
        if is_request {
            self.largest_answer = self.largest_answer.max(held_by(length));
            self.connection.on_answered(sent_with, time_sent);
            if in_time {
                self.congestion.on_response(now, time_sent, block, &self.rtt);
            } else {
                self.congestion.on_late_response(now, time_sent, block, &self.rtt);
            }
        }
        // One that answers late what was sent before its silence was slow, and its window is as good as it was.
        if self.silence.on_heard(now, is_request) && in_time {
            self.congestion.reopen();
        }
    }

    /// A send counts as lost, and gives back the room that it held.
    pub(crate) fn on_lost(&mut self, now: Instant, transaction: &Transaction, budget: &mut Budget) {
        budget.release(transaction.held as usize);
        if let Purpose::Ping(_) = transaction.purpose {
            self.lost_pings = self.lost_pings.saturating_add(1);
        }
        if !transaction.purpose.is_connect() {
            self.congestion.on_lost(now, transaction.block, &self.rtt);
            if transaction.by_rto {
                self.silence.on_lost(transaction.time_sent);
            }
        }
    }

    /// A send that was in flight ends without an outcome of its own.
    pub(crate) fn on_discarded(&mut self, transaction: &Transaction, budget: &mut Budget) {
        budget.release(transaction.held as usize);
        if !transaction.purpose.is_connect() {
            self.congestion.on_discarded();
        }
    }

    /// A send has missed its RTO, and so had the one before it of the same request, or others in a silence that lasts: then
    /// a connection ID that others had used before may be dead. The tracker has restarted, or our address is another one.
    pub(crate) fn replace_dead_id(&mut self, now: Instant, sent: &Transaction, missed: Missed) {
        let previous = sent.previous.and_then(|id| self.flight.get(id));
        let is_second = previous.is_some_and(|previous| previous.sent_with == sent.sent_with);
        let in_silence = missed == Missed::Lasts && self.connection.is_shared();
        let was_used = in_silence || (is_second && sent.id_was_used);
        if was_used && self.connection.is_suspect(sent.sent_with, sent.time_sent) {
            self.connection.replace(now, &self.rtt);
        }
    }

    /// Ends a request's sends, from the latest on back.
    pub(crate) fn end_transactions(&mut self, now: Instant, latest: Option<TransactionId>, budget: &mut Budget) {
        let mut next = latest;
        while let Some(transaction) = next.and_then(|id| self.flight.end(now, id)) {
            if transaction.in_flight {
                self.on_discarded(&transaction, budget);
            }
            next = transaction.previous;
        }
    }

    /// Ends the sends of a connect.
    pub(crate) fn end_connects(&mut self, now: Instant, ids: Vec<TransactionId>, budget: &mut Budget) {
        for id in ids {
            self.end_transactions(now, Some(id), budget);
        }
    }

    /// When it may be forgotten, `None` while it has requests.
    pub(crate) fn idle_at(&self) -> Option<Instant> {
        (self.requests == 0 && self.races.is_empty()).then(|| self.last_used + IDLE)
    }

    /// When something is to be done that is not done as soon as there is room.
    pub(crate) fn poll_timeout(&self, now: Instant) -> Option<Instant> {
        let later = |at: &Instant| *at > now;
        [
            self.connection.poll_timeout().filter(later),
            self.flight.poll_timeout(&self.rtt, self.silence.backoff()),
            self.stray.poll_timeout(),
            self.silence.poll_timeout(&self.rtt).filter(|_| !self.queue.is_empty()).filter(later),
            self.idle_at(),
        ]
        .into_iter()
        .flatten()
        .min()
    }
}

/// An address as it is compared: an IPv6 address without flow label and, unless it is link-local, without scope; an
/// IPv4-mapped one as IPv4.
pub(crate) fn canonical(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(_) => address,
        SocketAddr::V6(v6) => match v6.ip().to_ipv4_mapped() {
            Some(v4) => SocketAddr::new(v4.into(), v6.port()),
            None => {
                let scope = if v6.ip().is_unicast_link_local() { v6.scope_id() } else { 0 };
                SocketAddrV6::new(*v6.ip(), v6.port(), 0, scope).into()
            }
        },
    }
}
