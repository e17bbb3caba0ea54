//! What the passing of time does: waits that are over, verdicts that are due, addresses nobody asks any more.

use std::time::{Duration, Instant};

use super::{
    super::{Failure, MAX_SENDS, deadlines::Timer},
    Client, State,
};

/// How long an address is remembered after its last request: past its connection ID's life and any late answer.
const IDLE: Duration = Duration::from_secs(120);

impl Client {
    /// Does everything that is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.deadlines.pop_due(now) {
            match timer {
                Timer::Request(key) => {
                    let Some(request) = self.requests.get(key) else { continue };
                    match request.state {
                        State::InFlight => self.answer_is_overdue(now, key),
                        State::Waiting => self.wait_is_over(now, key),
                    }
                }
                Timer::Tracker(tracker_key) => self.tracker_is_due(now, tracker_key),
            }
        }
    }

    /// A request in flight got no answer in its wait.
    fn answer_is_overdue(&mut self, now: Instant, key: usize) {
        let Self { requests, trackers, deadlines, .. } = self;
        let Some(request) = requests.get_mut(key) else { return };
        let tracker_key = request.tracker;
        let Some(tracker) = trackers.get_mut(tracker_key) else { return };
        if let Some(verdict) = request.verdict.take() {
            if !tracker.is_flooded(now) {
                return self.fail(now, key, verdict);
            }
            let due = request.sent_at + request.schedule.wait_after(request.sends);
            if now < due {
                return deadlines.set(Timer::Request(key), due);
            }
        }
        tracker.window.on_loss(now, request.sent_at);
        if request.sends >= MAX_SENDS {
            let failure = Failure::NotResponding(request.schedule.given_up_ms());
            return self.fail(now, key, failure);
        }
        let silent = tracker.last_heard.is_none_or(|heard| heard <= request.sent_at);
        if silent && request.has_other_address() {
            return self.move_on(now, key, 1);
        }
        request.leave_flight(tracker);
        self.forget_answered(tracker_key);
        self.wait(now, key, 1);
    }

    /// A request waited for a connect that did not come, or for room in the window.
    fn wait_is_over(&mut self, now: Instant, key: usize) {
        let Self { requests, trackers, deadlines, .. } = self;
        let Some(request) = requests.get_mut(key) else { return };
        let tracker_key = request.tracker;
        let Some(tracker) = trackers.get_mut(tracker_key) else { return };
        if tracker.connection(now).is_some() && request.connects > 0 {
            // Connected meanwhile: from here on it waits for room only, as long as its sends would have taken.
            request.connects = 0;
            let give_up = request.give_up(now);
            deadlines.set(Timer::Request(key), give_up);
            return;
        }
        if let Some(connect) = &mut tracker.connect {
            // A verdict comes at the latest when the next send is due.
            if let Some((_, verdict)) = connect.verdict.take()
                && !tracker.is_flooded(now)
            {
                tracker.end_connect(now);
                // This request has no deadline any more but is among those that wait.
                return self.fail_waiting(now, tracker_key, &verdict);
            }
        }
        if request.connects == 0 || request.connects >= MAX_SENDS {
            let failure = Failure::NotResponding(request.schedule.given_up_ms());
            return self.fail(now, key, failure);
        }
        let connects = request.connects + 1;
        if request.has_other_address() {
            return self.move_on(now, key, connects);
        }
        if let Some(connect) = &mut tracker.connect {
            // What another request's wait resent during this one's counts for both.
            connect.to_send |= connect.sends <= request.connect_sends;
            request.connect_sends = connect.sends_so_far();
        }
        request.connects = connects;
        let wait = request.schedule.wait_after(connects);
        deadlines.set(Timer::Request(key), now + wait);
        self.mark_ready(tracker_key);
    }

    fn tracker_is_due(&mut self, now: Instant, tracker_key: usize) {
        let Some(tracker) = self.trackers.get_mut(tracker_key) else { return };
        let verdict = tracker.connect.as_mut().and_then(|connect| connect.verdict.take_if(|(at, _)| *at <= now));
        if let Some((_, verdict)) = verdict
            && !tracker.waiting.is_empty()
            && !tracker.is_flooded(now)
        {
            tracker.end_connect(now);
            self.fail_waiting(now, tracker_key, &verdict);
        }
        self.look_for_losses(now, tracker_key);
        let Some(tracker) = self.trackers.get_mut(tracker_key) else { return };
        if tracker.requests == 0 && now >= tracker.last_used + IDLE {
            let address = tracker.address;
            self.deadlines.clear(Timer::Tracker(tracker_key));
            self.trackers.remove(tracker_key);
            self.tracker_keys.remove(&address);
        } else {
            self.set_tracker_deadline(tracker_key);
        }
    }

    /// Sees to it that a tracker is looked after when its connect's verdict is due, when its oldest request in flight
    /// may be lost, or when it may be forgotten. Being early does no harm, so a deadline that has been set stays.
    pub(super) fn set_tracker_deadline(&mut self, tracker_key: usize) {
        let Self { trackers, deadlines, .. } = self;
        let Some(tracker) = trackers.get_mut(tracker_key) else { return };
        let verdict = tracker.connect.as_ref().and_then(|connect| connect.verdict.as_ref()).map(|(at, _)| *at);
        let idle = (tracker.requests == 0).then_some(tracker.last_used + IDLE);
        let oldest = tracker.sent.front().filter(|oldest| tracker.window.has_overtaken(oldest.at));
        let loss = oldest.map(|oldest| tracker.window.lost_at(oldest.at));
        let Some(at) = [verdict, idle, loss].into_iter().flatten().min() else { return };
        let timer = Timer::Tracker(tracker_key);
        if deadlines.get(timer).is_none_or(|deadline| at < deadline) {
            deadlines.set(timer, at);
        }
    }

    /// What was sent no later than a request that has been answered, and has been out for longer than round trips take,
    /// was lost. The window closes; in a burst of our own making the request does not wait out its schedule, once.
    pub(super) fn look_for_losses(&mut self, now: Instant, tracker_key: usize) {
        loop {
            self.forget_answered(tracker_key);
            let Self { requests, trackers, deadlines, .. } = self;
            let Some(tracker) = trackers.get_mut(tracker_key) else { return };
            let Some(&oldest) = tracker.sent.front() else { return };
            let Some(request) = requests.get_mut(oldest.key) else { return };
            if !tracker.window.has_overtaken(oldest.at) || now < tracker.window.lost_at(oldest.at) {
                return self.set_tracker_deadline(tracker_key);
            }
            if tracker.is_flooded(now) && request.verdict.take().is_some() {
                let due = request.sent_at + request.schedule.wait_after(request.sends);
                deadlines.set(Timer::Request(oldest.key), due);
            }
            tracker.window.on_loss(now, oldest.at);
            tracker.sent.pop_front();
            tracker.suspected = tracker.suspected.saturating_sub(1);
            if request.in_burst && !request.resent_early && request.verdict.is_none() && request.sends < MAX_SENDS {
                request.resent_early = true;
                request.leave_flight(tracker);
                self.wait(now, oldest.key, 1);
            } else {
                request.stop_counting(tracker);
                if request.verdict.is_none() {
                    tracker.overtaken.push_back(oldest);
                }
                self.mark_ready(tracker_key);
            }
        }
    }
}
