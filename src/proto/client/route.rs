//! The ways of a request: to an address, into its queue, and off again.

use std::net::SocketAddr;

use super::{
    super::{
        ConnectionId, Failure, TransactionId,
        deadlines::Timer,
        packet::PROTOCOL_ID,
        queue::{Lane, Ticket},
        time::Instant,
        tracker::{Tracker, canonical},
    },
    ADDRESS, Client, LARGE,
    request::{Pending, State},
};

impl Client {
    /// Brings a new request, or one that has left its address, to an address that answers or into the race for one.
    pub(super) fn place(&mut self, now: Instant, key: usize) {
        let Some(request) = self.requests.get(key) else { return };
        let [address] = request.addresses[..] else { return self.join_race(now, key) };
        let tracker_key = self.tracker_at(now, address);
        self.attach(now, key, tracker_key);
    }

    /// The slot of an address, which is made known if it is not.
    pub(super) fn tracker_at(&mut self, now: Instant, address: SocketAddr) -> usize {
        let address = canonical(address);
        self.tracker_key(address).unwrap_or_else(|| {
            let tracker_key = self.trackers.insert(Box::new(Tracker::new(address, self.ports.recall(address), now)));
            self.tracker_keys.insert(address, tracker_key);
            tracker_key
        })
    }

    pub(super) fn tracker_key(&mut self, address: SocketAddr) -> Option<usize> {
        if self.trackers.get(self.last_tracker).is_none_or(|tracker| tracker.address != address) {
            self.last_tracker = *self.tracker_keys.get(&address)?;
        }
        Some(self.last_tracker)
    }

    /// A request goes to an address.
    pub(super) fn attach(&mut self, now: Instant, key: usize, tracker_key: usize) {
        let Self { requests, trackers, .. } = self;
        let (Some(request), Some(tracker)) = (requests.get_mut(key), trackers.get_mut(tracker_key)) else { return };
        if let State::Idle { left: None } = request.state() {
            // A connection ID that is the protocol's own constant, which means "none yet", was not given out by a tracker
            // that keeps connections: it serves those who waited for it and nobody after them.
            tracker.connection.forget(ConnectionId(PROTOCOL_ID));
        }
        // It may be one that it has left, and that still has sends of it.
        let known = request.elsewhere.iter().position(|(other, _)| *other == tracker_key);
        match known {
            Some(known) => request.latest = Some(request.elsewhere.swap_remove(known).1),
            None => tracker.requests += 1,
        }
        tracker.last_used = now;
        let lane = match request.latest {
            None if request.ping.is_none() && tracker.newcomers.on_arrival() => Lane::First,
            _ => request.lane(),
        };
        self.enqueue_in(now, key, tracker_key, lane);
    }

    /// A request waits at an address, for a connection ID or for room.
    pub(super) fn enqueue(&mut self, now: Instant, key: usize, tracker_key: usize) {
        let Some(lane) = self.requests.get(key).map(Pending::lane) else { return };
        self.enqueue_in(now, key, tracker_key, lane);
    }

    fn enqueue_in(&mut self, now: Instant, key: usize, tracker_key: usize, lane: Lane) {
        let awake = self.awake(now);
        let Self { requests, trackers, .. } = self;
        let (Some(request), Some(tracker)) = (requests.get_mut(key), trackers.get_mut(tracker_key)) else { return };
        self.sequence += 1;
        let ticket = self.sequence;
        let queue = if request.ping.is_some() { &mut tracker.pings } else { &mut tracker.queue };
        queue.push(request.session, lane, Ticket { key, number: ticket });
        let for_id = request.ping.is_none() && tracker.connection.id(awake).is_none();
        let phase_ends = now + request.schedule.total();
        let until = if for_id {
            tracker.connection.join(now, &tracker.rtt, Some(request.schedule));
            phase_ends
        } else {
            *request.answer_by.get_or_insert(phase_ends)
        };
        self.enter(key, State::Waiting { tracker: tracker_key, ticket, for_id, until });
        self.mark_ready(now, tracker_key);
        self.set_tracker_deadline(now, tracker_key);
    }

    /// A request leaves the queue it waits in, or its race. Its sends stay valid.
    pub(super) fn leave(&mut self, now: Instant, key: usize) {
        let Some(request) = self.requests.get(key) else { return };
        let (state, sequence, is_ping) = (request.state(), request.sequence, request.ping.is_some());
        self.enter(key, State::Idle { left: request.tracker() });
        match state {
            State::Racing { race, .. } => self.leave_race(now, race, sequence),
            State::Waiting { tracker: tracker_key, .. } => {
                let Self { requests, trackers, .. } = self;
                let Some(tracker) = trackers.get_mut(tracker_key) else { return };
                let queue = if is_ping { &mut tracker.pings } else { &mut tracker.queue };
                queue.on_removed(|ticket| is_valid(requests, ticket));
                self.hold_connect(tracker_key);
                self.mark_ready(now, tracker_key);
            }
            State::Idle { .. } | State::Held { .. } | State::Sent { .. } => {}
        }
    }

    /// A request leaves its address, or its race, for its host's other addresses. What was sent to the address may still
    /// be answered.
    pub(super) fn move_on(&mut self, now: Instant, key: usize) {
        self.depart(now, key);
        self.place(now, key);
    }

    /// A request leaves its address for another one. What was sent there may still be answered.
    pub(super) fn depart(&mut self, now: Instant, key: usize) {
        self.leave(now, key);
        let Some(request) = self.requests.get_mut(key) else { return };
        if let Some(tracker_key) = request.tracker() {
            match request.latest.take() {
                Some(latest) => request.elsewhere.push((tracker_key, latest)),
                None => self.forget_at(now, tracker_key, None),
            }
        }
    }

    /// A request has nothing more to do with an address: its sends there, from `latest` on back, are over.
    pub(super) fn forget_at(&mut self, now: Instant, tracker_key: usize, latest: Option<TransactionId>) {
        let Self { trackers, budget, .. } = self;
        let Some(tracker) = trackers.get_mut(tracker_key) else { return };
        tracker.end_transactions(now, latest, budget);
        tracker.requests -= 1;
        tracker.last_used = now;
        self.hold_connect(tracker_key);
        self.mark_ready(now, tracker_key);
        self.set_tracker_deadline(now, tracker_key);
    }

    /// A connect that nobody waits for is not sent again.
    pub(super) fn hold_connect(&mut self, tracker_key: usize) {
        let Some(tracker) = self.trackers.get_mut(tracker_key) else { return };
        let is_wanted = tracker.requests > 0 && tracker.connection.is_replacing();
        if tracker.queue.is_empty() && tracker.races.is_empty() && !is_wanted {
            tracker.connection.hold();
        }
    }

    /// Ends every request that waits at an address, of those that came before the one of this sequence number.
    pub(super) fn fail_waiting(&mut self, now: Instant, tracker_key: usize, before: u64, failure: &Failure) {
        for key in self.waiting_at(tracker_key) {
            if self.requests.get(key).is_some_and(|request| request.sequence < before) {
                self.fail(now, key, failure.clone());
            }
        }
    }

    /// The requests in an address's queue.
    pub(super) fn waiting_at(&self, tracker_key: usize) -> Vec<usize> {
        let Some(tracker) = self.trackers.get(tracker_key) else { return Vec::new() };
        let tickets = tracker.queue.tickets(|ticket| is_valid(&self.requests, ticket));
        tickets.into_iter().map(|ticket| ticket.key).collect()
    }

    pub(super) fn mark_ready(&mut self, now: Instant, tracker_key: usize) {
        if let Some(tracker) = self.trackers.get_mut(tracker_key)
            && !tracker.is_ready
            && (!tracker.queue.is_empty() || !tracker.pings.is_empty() || tracker.connect_is_due(now))
        {
            tracker.is_ready = true;
            self.ready.push_back(tracker_key);
        }
    }

    /// Sees to it that an address is looked after in time. Being early does no harm, so a deadline that has been set
    /// stays.
    pub(super) fn set_tracker_deadline(&mut self, now: Instant, tracker_key: usize) {
        let Some(at) = self.trackers.get(tracker_key).and_then(|tracker| tracker.poll_timeout(now)) else { return };
        let timer = Timer::Tracker(tracker_key);
        if self.deadlines.get(timer).is_none_or(|deadline| at < deadline) {
            self.deadlines.set(timer, at);
        }
    }

    /// Forgets an address that nobody has asked for a while.
    pub(super) fn remove_tracker(&mut self, tracker_key: usize) {
        self.deadlines.clear(Timer::Tracker(tracker_key));
        let Some(mut tracker) = self.trackers.try_remove(tracker_key) else { return };
        tracker.release_all(&mut self.budget);
        self.ports.remember(tracker.address, &tracker.port);
        self.tracker_keys.remove(&tracker.address);
        self.freed += ADDRESS;
        if self.trackers.is_empty() && self.trackers.capacity() > LARGE {
            self.trackers = slab::Slab::new();
            self.deadlines.forget_trackers();
            self.ready = Default::default();
        }
        if self.tracker_keys.capacity() > LARGE && self.tracker_keys.len() < self.tracker_keys.capacity() / 8 {
            self.tracker_keys.shrink_to_fit();
        }
    }
}

/// Whether a ticket is its request's latest.
pub(super) fn is_valid(requests: &slab::Slab<Pending>, ticket: &Ticket) -> bool {
    let state = requests.get(ticket.key).map(Pending::state);
    matches!(state, Some(State::Waiting { ticket: latest, .. }) if latest == ticket.number)
}
