//! A request's stay at its tracker's address: it comes, waits for a connection ID or for room in the window, and goes.

use std::{
    net::{SocketAddr, SocketAddrV6},
    time::Instant,
};

use super::{
    super::{
        Failure,
        deadlines::Timer,
        tracker::{Connect, Tracker, Transaction},
    },
    Client, State, new_transaction_id,
};

impl Client {
    /// Lets a request wait at its current address, with `connects` sends of a connect counted so far should it have to
    /// wait for one.
    pub(super) fn attach(&mut self, now: Instant, key: usize, connects: u32) {
        let Some(request) = self.requests.get(key) else { return };
        let address = canonical(request.address());
        let tracker_key = match self.tracker_key(address) {
            Some(tracker_key) => tracker_key,
            None => {
                let tracker_key = self.trackers.insert(Tracker::new(address, now));
                self.tracker_keys.insert(address, tracker_key);
                tracker_key
            }
        };
        if let (Some(tracker), Some(request)) = (self.trackers.get_mut(tracker_key), self.requests.get_mut(key)) {
            if request.is_new() {
                tracker.forget_unissued_connection();
            }
            request.tracker = tracker_key;
            tracker.requests += 1;
            tracker.last_used = now;
        }
        self.wait(now, key, connects);
    }

    pub(super) fn tracker_key(&mut self, address: SocketAddr) -> Option<usize> {
        if self.trackers.get(self.last_tracker).is_none_or(|tracker| tracker.address != address) {
            self.last_tracker = *self.tracker_keys.get(&address)?;
        }
        Some(self.last_tracker)
    }

    /// Puts a request among those that wait at its tracker, for a connection ID or for room in the window.
    pub(super) fn wait(&mut self, now: Instant, key: usize, connects: u32) {
        let Self { requests, trackers, deadlines, .. } = self;
        let Some(request) = requests.get_mut(key) else { return };
        let Some(tracker) = trackers.get_mut(request.tracker) else { return };
        request.state = State::Waiting;
        tracker.waiting.insert(request.place(), key);
        if tracker.connection(now).is_some() {
            request.connects = 0;
            let give_up = request.give_up(now);
            deadlines.set(Timer::Request(key), give_up);
            let tracker_key = request.tracker;
            self.mark_ready(tracker_key);
        } else {
            self.wait_for_connect(now, key, connects);
        }
    }

    /// Starts a wait for the tracker's connect, which is sent unless one is under way that was sent recently.
    pub(super) fn wait_for_connect(&mut self, now: Instant, key: usize, connects: u32) {
        let Self { requests, trackers, deadlines, random, .. } = self;
        let Some(request) = requests.get_mut(key) else { return };
        let tracker_key = request.tracker;
        let Some(tracker) = trackers.get_mut(tracker_key) else { return };
        let is_new = tracker.connect.is_none();
        let recently = match &tracker.connect {
            Some(connect) => {
                !connect.unsent && connect.sent_at.is_none_or(|at| now < at + request.schedule.wait_after(1))
            }
            None => {
                let transaction_id = new_transaction_id(tracker, random);
                tracker.transactions.insert(transaction_id.0, Transaction::Connect);
                tracker.connect = Some(Connect::new(transaction_id, tracker.connect_sends));
                true
            }
        };
        if let Some(connect) = &mut tracker.connect {
            connect.to_send |= !recently;
            request.connect_sends = connect.sends_so_far();
        }
        request.connects = connects;
        let wait = request.schedule.wait_after(connects);
        deadlines.set(Timer::Request(key), now + wait);
        if is_new {
            // Those that wait for room need it as well, and their waits may outlast this one's.
            for other in self.waiting_keys(tracker_key) {
                if self.requests.get(other).is_some_and(|other| other.connects == 0) {
                    self.wait_for_connect(now, other, 1);
                }
            }
        }
        self.mark_ready(tracker_key);
    }

    /// Takes a request off its tracker, which keeps what it knows of the address.
    pub(super) fn detach(&mut self, now: Instant, key: usize) {
        let Self { requests, trackers, deadlines, .. } = self;
        let Some(request) = requests.get_mut(key) else { return };
        deadlines.clear(Timer::Request(key));
        let tracker_key = request.tracker;
        let Some(tracker) = trackers.get_mut(tracker_key) else { return };
        if request.state == State::Waiting {
            tracker.waiting.remove(&request.place());
        }
        request.leave_flight(tracker);
        if let Some(transaction_id) = request.transaction_id.take() {
            tracker.end_transaction(now, transaction_id);
        }
        tracker.requests -= 1;
        tracker.last_used = now;
        if tracker.waiting.is_empty() {
            tracker.hold_connect(now);
        }
        self.forget_answered(tracker_key);
        self.mark_ready(tracker_key);
        self.set_tracker_deadline(tracker_key);
    }

    /// Ends every request that waits at a tracker.
    pub(super) fn fail_waiting(&mut self, now: Instant, tracker_key: usize, failure: &Failure) {
        for key in self.waiting_keys(tracker_key) {
            self.fail(now, key, failure.clone());
        }
    }

    pub(super) fn waiting_keys(&self, tracker_key: usize) -> Vec<usize> {
        self.trackers.get(tracker_key).map(|tracker| tracker.waiting.values().copied().collect()).unwrap_or_default()
    }

    /// Drops the front of a tracker's list of sent requests as far as they are no longer in flight, and the rest of it
    /// when most of it is not.
    pub(super) fn forget_answered(&mut self, tracker_key: usize) {
        let Self { requests, trackers, .. } = self;
        let Some(tracker) = trackers.get_mut(tracker_key) else { return };
        let in_flight =
            |key: usize, at: Instant| requests.get(key).is_some_and(|request| request.is_in_flight_since(at));
        while tracker.sent.front().is_some_and(|sent| !in_flight(sent.key, sent.at)) {
            tracker.sent.pop_front();
            tracker.suspected = tracker.suspected.saturating_sub(1);
        }
        if tracker.overtaken.len() > 64 + 2 * tracker.requests {
            tracker.overtaken.retain(|sent| in_flight(sent.key, sent.at));
        }
        if tracker.sent.len() > 64 + 2 * tracker.requests {
            let (mut index, mut suspected) = (0, 0);
            tracker.sent.retain(|sent| {
                let keep = in_flight(sent.key, sent.at);
                suspected += usize::from(keep && index < tracker.suspected);
                index += 1;
                keep
            });
            tracker.suspected = suspected;
        }
    }

    pub(super) fn mark_ready(&mut self, tracker_key: usize) {
        if let Some(tracker) = self.trackers.get_mut(tracker_key)
            && !tracker.is_ready
            && tracker.has_work()
        {
            tracker.is_ready = true;
            self.ready.push_back(tracker_key);
        }
    }
}

/// An address as it is compared: an IPv6 address without flow label and, unless it is link-local, without scope; an
/// IPv4-mapped one as IPv4.
pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
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
