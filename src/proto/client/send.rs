//! What is to be sent, and what to do when it cannot be.

use std::{net::SocketAddr, time::Duration};

use super::{
    super::{
        ConnectionId, Failure, Port, Schedule, SystemError, TransactionId,
        budget::held_by,
        connection::Demand,
        flight::{Purpose, Transaction},
        packet::{self, HEADER_LENGTH, SCRAPE_ROW_LENGTH},
        time::Instant,
        tracker::Tracker,
    },
    Body, Client, Decision, RequestId,
    request::{Pending, State},
    route::is_valid,
};

/// How many datagrams an address may send before the next one has its turn. As many go out in one system call.
const TURN: u32 = 32;

/// An address that the system would not send to is tried first again after an RTO, and no later than this.
const UNSENDABLE: Duration = Duration::from_secs(1);

/// How many addresses a poll goes over that have something to send and no room for the answer, and when the next ones are
/// gone over if nothing happens before.
const MOST_PASSED: usize = 8;
const NEXT_PASS: Duration = Duration::from_millis(1);

/// A datagram to send; its bytes were appended to the caller's buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// Where to.
    pub to: SocketAddr,
    /// The local port to send it from.
    pub port: Port,
    /// What for.
    pub origin: Origin,
    /// Whether somebody wants to know exactly when it was sent: then nothing is to be taken behind it before it is.
    pub is_timed: bool,
    /// Whether it is a connect by itself, of which what the network says counts ([`Client::handle_unreachable`]): where the system
    /// tells that to a socket of one address alone, it is to have one.
    pub is_ping: bool,
}

/// What a datagram is sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The tracker's connection ID, which any number of requests may wait for.
    Connect,
    /// This request.
    Request(RequestId),
}

/// Why the system did not send a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendFailure<'a> {
    /// Something that may pass: no route, no buffer, a firewall. The retransmissions go on.
    Passing(&'a SystemError),
    /// It can never be sent; the words say why.
    Lasting(&'a SystemError),
}

/// What an address could do with its turn.
enum Turn {
    Sent(Transmit),
    /// It has nothing to send, or no room.
    Over,
    /// Our own receive buffer has no room for its answer.
    NoRoom,
}

impl Client {
    /// Appends the next datagram to `buffer`. Poll until there is none.
    pub fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> Option<Transmit> {
        let mut passed = 0;
        while let Some(&tracker_key) = self.ready.front() {
            match self.transmit_to(now, tracker_key, buffer) {
                Turn::Sent(transmit) => {
                    self.counters.sent += 1;
                    self.turn += 1;
                    if self.turn >= TURN {
                        self.turn = 0;
                        self.ready.rotate_left(1);
                        self.set_tracker_deadline(now, tracker_key);
                    }
                    return Some(transmit);
                }
                Turn::Over => {
                    self.turn = 0;
                    self.ready.pop_front();
                    if let Some(tracker) = self.trackers.get_mut(tracker_key) {
                        tracker.is_ready = false;
                    }
                    self.set_tracker_deadline(now, tracker_key);
                }
                Turn::NoRoom => {
                    self.turn = 0;
                    self.ready.rotate_left(1);
                    self.set_tracker_deadline(now, tracker_key);
                    passed += 1;
                    if passed >= self.ready.len().min(MOST_PASSED) || self.budget.is_full() {
                        let others = passed < self.ready.len() && !self.budget.is_full();
                        self.room_at = others.then_some(now + NEXT_PASS);
                        #[cfg(debug_assertions)]
                        self.check_budget();
                        return None;
                    }
                }
            }
        }
        #[cfg(debug_assertions)]
        self.check(now);
        None
    }

    fn transmit_to(&mut self, now: Instant, tracker_key: usize, buffer: &mut Vec<u8>) -> Turn {
        self.begin_silence_if_lost(now, tracker_key);
        let awake = self.awake(now);
        let Some(tracker) = self.trackers.get_mut(tracker_key) else { return Turn::Over };
        if !tracker.pings.is_empty() {
            if !tracker.has_budget(held_by(packet::CONNECT_LENGTH), self.ready.len() == 1, &self.budget) {
                return Turn::NoRoom;
            }
            if let Some(transmit) = self.transmit_next_ping(now, tracker_key, buffer) {
                return Turn::Sent(transmit);
            }
        }
        let Some(tracker) = self.trackers.get_mut(tracker_key) else { return Turn::Over };
        let id = tracker.connection.id(awake);
        if id.is_none() && !tracker.queue.is_empty() && tracker.connection.poll_timeout().is_none() {
            // It expired while requests were waiting for room. A connect may be out that nobody waited for any more.
            tracker.connection.join(now, &tracker.rtt, None);
        }
        if tracker.connect_is_due(now) {
            return self.transmit_connect(now, tracker_key, buffer);
        }
        let Some(connection_id) = id else { return Turn::Over };
        loop {
            let Self { requests, trackers, budget, ready, .. } = self;
            let Some(tracker) = trackers.get_mut(tracker_key) else { return Turn::Over };
            if tracker.queue.is_empty() {
                return Turn::Over;
            }
            let is_alone = ready.len() == 1;
            let size = if tracker.silence.is_silent() { 0 } else { tracker.announce_answer(0) };
            if !tracker.has_budget(size, is_alone, budget) {
                return Turn::NoRoom;
            }
            let Some(ticket) = tracker.next_request(now, connection_id, |ticket| is_valid(requests, ticket)) else {
                return Turn::Over;
            };
            if self.put_back(now, tracker_key, ticket.key, connection_id) {
                continue;
            }
            return self.transmit_request(now, tracker_key, ticket.key, connection_id, buffer);
        }
    }

    /// A repetition that was due by an RTO that has grown since, as when a tracker's answers jump from 20 to 400 ms, goes
    /// on waiting.
    fn put_back(&mut self, now: Instant, tracker_key: usize, key: usize, connection_id: ConnectionId) -> bool {
        let (Some(request), Some(tracker)) = (self.requests.get(key), self.trackers.get_mut(tracker_key)) else {
            return false;
        };
        let Some(id) = request.latest else { return false };
        let Some(sent) = tracker.flight.get(id).copied() else { return false };
        let is_early =
            sent.by_rto && sent.sent_with == connection_id && now < sent.sent_again_at(request.schedule, &tracker.rtt);
        if is_early {
            tracker.flight.push_lost(id, &sent);
            let again = sent.time_sent + request.schedule.wait_after(sent.attempt);
            self.enter(key, State::Sent { tracker: tracker_key, again });
        }
        is_early
    }

    fn transmit_request(
        &mut self,
        now: Instant,
        tracker_key: usize,
        key: usize,
        connection_id: ConnectionId,
        buffer: &mut Vec<u8>,
    ) -> Turn {
        let Self { requests, trackers, random, counters, budget, .. } = self;
        let (Some(request), Some(tracker)) = (requests.get_mut(key), trackers.get_mut(tracker_key)) else {
            return Turn::Over;
        };
        let asked = match &request.body {
            Body::Scrape(_) => request.unanswered().len().min(tracker.scrape_limit.next()),
            _ => 0,
        };
        let held = match &request.body {
            _ if tracker.silence.is_silent() => 0,
            Body::Announce(announce) => tracker.announce_answer(announce.num_want),
            Body::Scrape(_) => held_by(HEADER_LENGTH + SCRAPE_ROW_LENGTH * asked),
            Body::Connect(_) => return Turn::Over,
        };
        tracker.hold(held, budget);
        let transaction = next_send(now, key, request, tracker, connection_id, held as u32);
        let id = tracker.flight.on_sent(random, transaction);
        tracker.silence.on_sent(now, &tracker.rtt);
        counters.retransmissions += u64::from(transaction.attempt > 1);
        request.latest = Some(id);
        request.asked = asked;
        let again = now + request.schedule.wait_after(transaction.attempt);
        if transaction.attempt == 1 {
            request.answer_by = Some(now + request.schedule.total());
        }
        // What has waited for a connect longer than its phase had left gets one wait more.
        request.answer_by = request.answer_by.filter(|ends| *ends > now).or(Some(again));
        match &request.body {
            Body::Announce(announce) => announce.write(buffer, connection_id, id),
            Body::Scrape(_) => {
                let info_hashes = request.unanswered().get(..asked).unwrap_or_default();
                packet::write_scrape(buffer, connection_id, id, info_hashes);
            }
            Body::Connect(_) => {}
        }
        let (to, port) = (tracker.address, transaction.port);
        let transmit =
            Transmit { to, port, origin: Origin::Request(request.id), is_timed: self.tracing, is_ping: false };
        self.enter(key, State::Sent { tracker: tracker_key, again });
        self.trace(tracker_key, &transaction, None);
        Turn::Sent(transmit)
    }

    fn transmit_connect(&mut self, now: Instant, tracker_key: usize, buffer: &mut Vec<u8>) -> Turn {
        let demand = self.demand(tracker_key);
        let Some(tracker) = self.trackers.get_mut(tracker_key) else { return Turn::Over };
        if tracker.connection.put_off(now, &tracker.rtt, demand) {
            return self.transmit_to(now, tracker_key, buffer);
        }
        let attempt = tracker.connection.sends() + 1;
        // An address that has not answered has had its share of the buffer for an RTO. Where a thousand of them are dead,
        // no more of it is kept for them.
        let held = if attempt == 1 { held_by(packet::CONNECT_LENGTH) } else { 0 };
        if !tracker.has_budget(held, self.ready.len() == 1, &self.budget) {
            return Turn::NoRoom;
        }
        tracker.hold(held, &mut self.budget);
        let is_silent = tracker.silence.is_silent();
        let fresh = self.ports.fresh();
        let port = self.ports.for_connect(now, &mut tracker.port, attempt, is_silent);
        let is_fresh = self.ports.fresh() > fresh;
        let transaction = Transaction {
            purpose: Purpose::Connect,
            attempt,
            probe: attempt,
            since: now,
            time_sent: now,
            sent_with: ConnectionId(packet::PROTOCOL_ID),
            port,
            id_was_used: false,
            block: 0,
            held: held as u32,
            previous: None,
            by_rto: false,
            in_flight: true,
            suspected: false,
        };
        let id = tracker.flight.on_sent(&mut self.random, transaction);
        tracker.connection.on_sent(now, id, &tracker.rtt, demand);
        self.counters.connects += 1;
        self.counters.retransmissions += u64::from(attempt > 1);
        packet::write_connect(buffer, id);
        let transmit =
            Transmit { to: tracker.address, port, origin: Origin::Connect, is_timed: self.tracing, is_ping: false };
        if is_fresh {
            self.decide(Decision::FreshPort, tracker_key);
        }
        self.trace(tracker_key, &transaction, None);
        Turn::Sent(transmit)
    }

    /// Who waits for an address's connect, `None` if nobody does.
    fn demand(&self, tracker_key: usize) -> Option<Demand> {
        let tracker = self.trackers.get(tracker_key)?;
        let queued =
            tracker.queue.tickets(|ticket| is_valid(&self.requests, ticket)).into_iter().map(|ticket| ticket.key);
        let racing = tracker.races.iter().filter_map(|race_key| self.races.get(*race_key));
        let waiting = queued.chain(racing.flat_map(|race| race.waiting.values().copied()));
        let mut schedules = waiting.filter_map(|key| self.requests.get(key)).map(|request| request.schedule);
        let Some(first) = schedules.next() else {
            // It replaces an ID beside what is in flight, which has no wait for it.
            let demand = Demand { schedule: Schedule::new(f64::MAX), by_rto: true };
            return (tracker.requests > 0).then_some(demand);
        };
        let mut demand = Demand { schedule: first, by_rto: !first.is_own_clock() };
        for schedule in schedules {
            demand.by_rto |= !schedule.is_own_clock();
            demand.schedule = demand.schedule.min(schedule);
        }
        Some(demand)
    }

    /// The system did not send what [`poll_transmit`](Self::poll_transmit) handed out.
    pub fn handle_send_failure(&mut self, now: Instant, transmit: Transmit, failure: SendFailure<'_>) {
        let Some(tracker_key) = self.tracker_key(transmit.to) else { return };
        let is_lasting = matches!(failure, SendFailure::Lasting(_));
        let reason = match failure {
            SendFailure::Passing(reason) | SendFailure::Lasting(reason) => reason,
        };
        let failure = Failure::Unsendable { address: transmit.to, reason: reason.clone() };
        match transmit.origin {
            Origin::Connect => {
                if let Some(tracker) = self.trackers.get_mut(tracker_key) {
                    tracker.connection.on_unsent();
                }
                self.fail_races(now, tracker_key, &failure, is_lasting);
                for key in self.waiting_at(tracker_key) {
                    self.on_unsent(now, key, &failure, is_lasting);
                }
            }
            Origin::Request(id) => {
                let Some(&key) = self.keys.get(&id.0) else { return };
                // It lay in front of a full socket, and its request may have gone on to another address meanwhile.
                if self.requests.get(key).is_some_and(|request| request.tracker() == Some(tracker_key)) {
                    self.on_unsent(now, key, &failure, is_lasting);
                }
            }
        }
    }

    /// A request's datagram could not be sent to its address: another one may do.
    pub(super) fn on_unsent(&mut self, now: Instant, key: usize, failure: &Failure, is_lasting: bool) {
        let Some(request) = self.requests.get(key) else { return };
        if let Body::Connect(connect) = request.body {
            if (is_lasting || !connect.retransmit)
                && let Some(tracker) = request.tracker().and_then(|tracker_key| self.trackers.get(tracker_key))
            {
                let address = tracker.address;
                self.ping_elsewhere(now, key, address, failure.clone());
            }
            return;
        }
        let address =
            request.tracker().and_then(|tracker_key| self.trackers.get(tracker_key)).map(|tracker| tracker.address);
        if address.is_none_or(|address| request.has_other(address)) {
            let host = request.host.clone();
            if let Some(tracker) = request.tracker().and_then(|tracker_key| self.trackers.get_mut(tracker_key)) {
                tracker.unsendable_until = Some(now + tracker.rtt.rto(0).min(UNSENDABLE));
                self.memory.on_silent(&host, tracker.address);
            }
            self.move_on(now, key);
        } else if is_lasting {
            self.fail(now, key, failure.clone());
        }
    }
}

/// The next send of a request, counted in its address's window.
fn next_send(
    now: Instant,
    key: usize,
    request: &Pending,
    tracker: &mut Tracker,
    sent_with: ConnectionId,
    held: u32,
) -> Transaction {
    let previous: Option<(TransactionId, Transaction)> =
        request.latest.and_then(|id| tracker.flight.get(id).map(|sent| (id, *sent)));
    let id_was_used = tracker.connection.on_used(now, key);
    let (mut attempt, mut probe, mut since, mut used_before_us) = (1, 1, now, id_was_used);
    if let Some((_, sent)) = previous {
        attempt = sent.attempt + 1;
        (probe, since) = (sent.probe + 1, sent.since);
        if sent.sent_with == sent_with {
            used_before_us = sent.id_was_used;
        } else if tracker.connection.established().is_some_and(|established| established.is_replacement) {
            (probe, since) = (1, now);
        }
    }
    Transaction {
        purpose: Purpose::Request(key),
        attempt,
        probe,
        since,
        time_sent: now,
        sent_with,
        port: tracker.port.connected(),
        id_was_used: used_before_us,
        block: tracker.congestion.on_sent(now),
        held,
        previous: previous.map(|(id, _)| id),
        by_rto: !request.schedule.is_own_clock(),
        in_flight: true,
        suspected: false,
    }
}
