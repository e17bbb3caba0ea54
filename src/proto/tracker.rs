//! One address of a tracker: everything about time and loss on the wire is the address's, and stands here together.

use std::{
    net::{SocketAddr, SocketAddrV6},
    time::Duration,
};

use super::{
    ConnectionId, Family, TransactionId,
    budget::{Budget, held_by},
    congestion::Congestion,
    connection::Connection,
    flight::{Flight, Purpose, Transaction},
    newcomers::Newcomers,
    port::OwnPort,
    queue::{LANES, Lane, NEW_FIRST, Queue, Ticket},
    rtt::RttEstimator,
    scrape_limit::ScrapeLimit,
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
    pub(crate) newcomers: Newcomers,
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
    pub(crate) scrape_limit: ScrapeLimit,
    /// What its answers hold of our receive buffer, in bytes.
    held: usize,
    /// The most that an announce's answer has taken of it, 0 before the first.
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
            newcomers: Newcomers::default(),
            queue: Queue::default(),
            pings: Queue::default(),
            lost_pings: 0,
            races: Vec::new(),
            requests: 0,
            last_used: now,
            unsendable_until: None,
            is_ready: false,
            scrape_limit: ScrapeLimit::default(),
            held: 0,
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

    /// The next request to be sent, with `id`. It leaves the queue.
    pub(crate) fn next_request(
        &mut self,
        now: Instant,
        id: ConnectionId,
        is_valid: impl Fn(&Ticket) -> bool,
    ) -> Option<Ticket> {
        let has_room = self.has_room(now);
        let lanes: &[Lane] = match has_room {
            true if self.sends_new_first() => &NEW_FIRST,
            true => &LANES,
            false => &[Lane::Scheduled],
        };
        let mut next = self.queue.pop(lanes, &is_valid);
        if next.is_none() && self.newcomers.is_due(now, &self.rtt) {
            // The one that was to be first may have gone.
            next = self.queue.pop(&[Lane::First], &is_valid).or_else(|| self.queue.pop(&[Lane::New], &is_valid));
            self.newcomers.on_gone();
        }
        let (lane, ticket) = next?;
        if lane == Lane::First || (lane == Lane::New && !has_room) {
            self.newcomers.on_sent(now);
            if self.silence.is_silent() && self.connection.is_suspect(id, now) {
                // The tracker may be back, and have forgotten the ID.
                self.connection.replace(now, &self.rtt);
            }
        }
        Some(ticket)
    }

    /// Whether what is new goes before what is repeated.
    fn sends_new_first(&self) -> bool {
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

    /// A datagram of `length` bytes answers one of its sends, `id`. `is_sample` says that it took no longer than the network.
    pub(crate) fn on_response(
        &mut self,
        now: Instant,
        id: TransactionId,
        transaction: &Transaction,
        length: usize,
        is_sample: bool,
        budget: &mut Budget,
    ) {
        let Transaction { purpose, time_sent, block, sent_with, .. } = *transaction;
        let is_request = !purpose.is_connect();
        if is_sample {
            self.rtt.update(now, now.saturating_duration_since(time_sent));
        }
        let in_time = self.flight.release(id).is_some();
        if in_time {
            self.release(transaction.held, budget);
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

    /// Whether our receive buffer has room for an answer that takes `bytes`; `is_alone` says that no other address waits.
    pub(crate) fn has_budget(&self, bytes: usize, is_alone: bool, budget: &Budget) -> bool {
        budget.has_room(bytes, self.held, is_alone)
    }

    /// An answer will take so much of our receive buffer.
    pub(crate) fn hold(&mut self, bytes: usize, budget: &mut Budget) {
        self.held += bytes;
        budget.hold(bytes);
    }

    fn release(&mut self, bytes: u32, budget: &mut Budget) {
        let bytes = (bytes as usize).min(self.held);
        self.held -= bytes;
        budget.release(bytes);
    }

    /// Gives back what has been held for as long as an answer may.
    pub(crate) fn end_holds(&mut self, now: Instant, budget: &mut Budget) {
        let bytes = self.flight.end_holds(now);
        self.release(bytes, budget);
    }

    /// It is forgotten: a connect that was slower than all of this may still be out.
    pub(crate) fn release_all(&mut self, budget: &mut Budget) {
        budget.release(std::mem::take(&mut self.held));
    }

    /// A send counts as lost, and gives back the room that it held.
    pub(crate) fn on_lost(&mut self, now: Instant, transaction: &Transaction, budget: &mut Budget) {
        self.release(transaction.held, budget);
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
        self.release(transaction.held, budget);
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
        while let Some(transaction) = next.and_then(|id| self.flight.end(now, id, &self.rtt)) {
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

    /// When what holds back its queue lets go at the latest, `None` if nothing does. For the check of debug builds.
    #[cfg(debug_assertions)]
    pub(crate) fn lets_go(&self, now: Instant, awake: Instant) -> Option<Instant> {
        if self.connection.id(awake).is_none()
            && let Some(due) = self.connection.poll_timeout()
        {
            return if due <= now { self.stray.poll_timeout() } else { Some(due) };
        }
        match self.congestion.has_room() {
            false => self.flight.poll_timeout(&self.rtt, self.silence.backoff()),
            true => self.silence.poll_timeout(&self.rtt, self.congestion.window()),
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
            self.silence
                .poll_timeout(&self.rtt, self.congestion.window())
                .filter(|_| !self.queue.is_empty())
                .filter(later),
            self.newcomers.poll_timeout(&self.rtt, now).filter(|_| !self.queue.is_empty()).filter(later),
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
