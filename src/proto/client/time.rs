//! What the passing of time does: sends that are lost or overdue, phases that are over, addresses nobody asks any more.

use super::{
    super::{
        Failure,
        deadlines::Timer,
        flight::{Purpose, Transaction},
        silence::Missed,
        stray::Suspect,
        time::Instant,
    },
    Client, Decision,
    request::State,
};

impl Client {
    /// Does everything that is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.tidy_ports(now);
        self.notice_freeze(now);
        self.room_at.take_if(|at| *at <= now);
        while let Some(timer) = self.deadlines.pop_due(now) {
            match timer {
                Timer::Request(key) => self.request_is_due(now, key),
                Timer::Tracker(tracker_key) => self.tracker_is_due(now, tracker_key),
                Timer::Race(race_key) => self.start_next(now, race_key),
            }
        }
        #[cfg(debug_assertions)]
        self.check(now);
    }

    /// A phase of a request is over, or its schedule has it sent again.
    fn request_is_due(&mut self, now: Instant, key: usize) {
        let Some(request) = self.requests.get(key) else { return };
        if request.ping.is_some() {
            return self.ping_is_due(now, key);
        }
        let (ends, schedule) = (request.answer_by, request.schedule);
        match request.state() {
            State::Waiting { tracker, ticket, .. } if ends.is_none() && self.is_connected(now, request) => {
                // Connected meanwhile: from here on it waits for room, as long as its own phase lasts.
                let until = now + schedule.total();
                if let Some(request) = self.requests.get_mut(key) {
                    request.answer_by = Some(until);
                }
                self.enter(key, State::Waiting { tracker, ticket, for_id: false, until });
            }
            State::Sent { tracker, .. } if ends > Some(now) => self.repeat(now, key, tracker),
            _ => self.fail(now, key, Failure::NotResponding(schedule.given_up_ms())),
        }
    }

    /// A request is to be sent again.
    fn repeat(&mut self, now: Instant, key: usize, tracker_key: usize) {
        let Self { requests, trackers, budget, .. } = self;
        let (Some(request), Some(tracker)) = (requests.get(key), trackers.get_mut(tracker_key)) else { return };
        if let Some(sent) = request.latest.and_then(|id| tracker.flight.release(id)) {
            let window = tracker.congestion.window();
            tracker.on_lost(now, &sent, budget);
            if tracker.congestion.window() < window {
                self.decide(Decision::WindowClosed, tracker_key);
            }
        }
        let (Some(request), Some(tracker)) = (self.requests.get(key), self.trackers.get(tracker_key)) else { return };
        if let Some(sent) = request.latest.and_then(|id| tracker.flight.get(id)).copied()
            && now >= sent.time_sent + tracker.rtt.rto(0)
        {
            self.suspect_id(now, tracker_key, &sent, Missed::Unheard);
        }
        let (Some(request), Some(tracker)) = (self.requests.get(key), self.trackers.get(tracker_key)) else { return };
        if tracker.flight.is_suspected(request.latest) {
            self.enter(key, State::Sent { tracker: tracker_key, again: request.answer_by.unwrap_or(now) });
            // It has given back its room.
            return self.mark_ready(now, tracker_key);
        }
        self.enqueue(now, key, tracker_key);
    }

    fn tracker_is_due(&mut self, now: Instant, tracker_key: usize) {
        self.settle_suspects(now, tracker_key);
        self.look_for_losses(now, tracker_key);
        let Some(tracker) = self.trackers.get(tracker_key) else { return };
        if tracker.idle_at().is_some_and(|idle| idle <= now) {
            return self.remove_tracker(tracker_key);
        }
        self.mark_ready(now, tracker_key);
        self.set_tracker_deadline(now, tracker_key);
    }

    /// Ends what stray datagrams are held against and nobody has answered in its time. In a flood it goes on instead.
    fn settle_suspects(&mut self, now: Instant, tracker_key: usize) {
        while let Some(tracker) = self.trackers.get_mut(tracker_key)
            && let Some((suspect, failure)) = tracker.stray.poll_suspect(now)
        {
            match (suspect, failure) {
                (Suspect::Connect { before }, Some(failure)) => {
                    let races = tracker.races.clone();
                    if tracker.connection.id(now + self.suspended).is_none() {
                        self.fail_waiting(now, tracker_key, before, &failure);
                    }
                    self.fail_racing(now, &races, before, &failure);
                }
                (Suspect::Connect { .. }, None) => {}
                (Suspect::Request(id), failure) => {
                    let Some(sent) = tracker.flight.clear_suspicion(id) else { continue };
                    let Purpose::Request(key) = sent.purpose else { continue };
                    match failure {
                        Some(failure) => self.fail(now, key, failure),
                        None => self.resume(now, tracker_key, key),
                    }
                }
            }
        }
    }

    /// A request that was not sent again because of a stray datagram is, when it is time.
    fn resume(&mut self, now: Instant, tracker_key: usize, key: usize) {
        let (Some(request), Some(tracker)) = (self.requests.get(key), self.trackers.get(tracker_key)) else { return };
        let Some(sent) = request.latest.and_then(|id| tracker.flight.get(id)).copied() else { return };
        if !request.is_sent_to(tracker_key) {
            return;
        }
        let again = sent.sent_again_at(request.schedule, &tracker.rtt);
        if now >= again {
            self.enqueue(now, key, tracker_key);
        } else {
            self.enter(key, State::Sent { tracker: tracker_key, again });
        }
    }

    /// What was sent and is lost gives back its room; what has missed its RTO is sent again.
    pub(super) fn look_for_losses(&mut self, now: Instant, tracker_key: usize) {
        let Self { trackers, budget, .. } = self;
        let Some(tracker) = trackers.get_mut(tracker_key) else { return };
        tracker.end_holds(now, budget);
        let window = tracker.congestion.window();
        while let Some(sent) = tracker.flight.next_lost(now, &tracker.rtt) {
            tracker.on_lost(now, &sent, budget);
        }
        if tracker.congestion.window() < window {
            self.decide(Decision::WindowClosed, tracker_key);
        }
        loop {
            let Some(tracker) = self.trackers.get_mut(tracker_key) else { return };
            let backoff = tracker.silence.backoff();
            let Some(sent) = tracker.flight.next_overdue(now, &tracker.rtt, backoff) else { break };
            self.is_overdue(now, tracker_key, &sent);
        }
        self.begin_silence_if_lost(now, tracker_key);
    }

    /// What was lost has missed its RTO, perhaps long ago and with nobody waiting then.
    pub(super) fn begin_silence_if_lost(&mut self, now: Instant, tracker_key: usize) {
        if let Some(tracker) = self.trackers.get_mut(tracker_key)
            && tracker.silence.begin_if_lost(now, &tracker.rtt, tracker.congestion.window())
        {
            self.leave_silent(now, tracker_key);
        }
    }

    /// A send has missed its RTO.
    fn is_overdue(&mut self, now: Instant, tracker_key: usize, sent: &Transaction) {
        let Purpose::Request(key) = sent.purpose else { return };
        let (Some(request), Some(tracker)) = (self.requests.get(key), self.trackers.get_mut(tracker_key)) else {
            return;
        };
        if tracker.flight.is_suspected(request.latest) {
            return;
        }
        let previous = sent.previous.and_then(|id| tracker.flight.get(id)).copied();
        let missed = tracker.silence.on_missed(now, sent.time_sent, previous.map(|previous| previous.time_sent));
        let (is_silent, address) = (tracker.silence.is_silent(), tracker.address);
        self.suspect_id(now, tracker_key, sent, missed);
        if missed == Missed::Begins {
            self.leave_silent(now, tracker_key);
        }
        if let Some(request) = self.requests.get(key).filter(|request| request.is_sent_to(tracker_key)) {
            if is_silent && request.has_other(address) {
                self.move_on(now, key);
            } else {
                self.enqueue(now, key, tracker_key);
            }
        }
    }

    /// See [`Tracker::replace_dead_id`](super::super::tracker::Tracker::replace_dead_id).
    fn suspect_id(&mut self, now: Instant, tracker_key: usize, sent: &Transaction, missed: Missed) {
        let Some(tracker) = self.trackers.get_mut(tracker_key) else { return };
        let was_replacing = tracker.connection.is_replacing();
        tracker.replace_dead_id(now, sent, missed);
        if tracker.connection.is_replacing() && !was_replacing {
            self.decide(Decision::IdSuspected, tracker_key);
        }
    }

    /// An address has fallen silent: what waits there and has other addresses goes on to the one that answers a connect.
    fn leave_silent(&mut self, now: Instant, tracker_key: usize) {
        self.decide(Decision::Silent, tracker_key);
        let Some(address) = self.trackers.get(tracker_key).map(|tracker| tracker.address) else { return };
        for key in self.waiting_at(tracker_key) {
            if self.requests.get(key).is_some_and(|request| request.has_other(address)) {
                self.move_on(now, key);
            }
        }
    }

    /// A connection ID came in place of one that was taken to be dead: what has missed its RTO is sent with it at once.
    /// What is merely in flight is not: its answer may be on the way.
    pub(super) fn repeat_lost(&mut self, now: Instant, tracker_key: usize) {
        let Self { trackers, budget, .. } = self;
        let Some(tracker) = trackers.get_mut(tracker_key) else { return };
        if !tracker.connection.established().is_some_and(|established| established.is_replacement) {
            return;
        }
        tracker.silence.on_replaced();
        let overdue = tracker.flight.take_overdue(now, &tracker.rtt);
        // A request that has missed its RTO and been repeated since has been repeated with the dead ID.
        let repeated = tracker.flight.repetitions();
        for id in &repeated {
            if let Some(sent) = tracker.flight.release(*id) {
                tracker.on_discarded(&sent, budget);
            }
        }
        for id in overdue.into_iter().chain(repeated) {
            let sent = self.trackers.get(tracker_key).and_then(|tracker| tracker.flight.get(id)).copied();
            let Some(Transaction { purpose: Purpose::Request(key), .. }) = sent else { continue };
            if self.requests.get(key).is_some_and(|request| request.is_sent_to(tracker_key)) {
                self.enqueue(now, key, tracker_key);
            }
        }
    }
}
