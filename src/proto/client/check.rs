//! What holds something back names the time at which it lets go. In debug builds this is looked at after every call: a gate
//! that only an answer can open stays shut when there is nobody left to answer.

use super::{super::deadlines::Timer, Client};
use crate::proto::time::Instant;

/// More addresses, or requests, than this are looked at in turn, one a call.
const FEW: usize = 8;

impl Client {
    /// Panics when something waits for nothing.
    pub(super) fn check(&self, now: Instant) {
        let turn = (self.counters.received + self.counters.sent + self.counters.requests) as usize;
        if self.trackers.len() <= FEW {
            self.trackers.iter().for_each(|(tracker_key, _)| self.check_tracker(now, tracker_key));
        } else {
            self.check_tracker(now, turn % self.trackers.capacity());
        }
        if self.requests.len() <= FEW {
            self.requests.iter().for_each(|(key, _)| self.check_request(key));
        } else {
            self.check_request(turn % self.requests.capacity());
        }
    }

    fn check_request(&self, key: usize) {
        let Some(request) = self.requests.get(key) else { return };
        let (timer, due) = (self.deadlines.get(Timer::Request(key)), request.deadline());
        assert!(timer.is_some() && timer == due, "{request:?}, due at {due:?}, is looked after at {timer:?}");
    }

    /// Panics when, with nothing to send, something waits for room that nothing will give back.
    pub(super) fn check_budget(&self) {
        let is_held = !self.budget.is_free() || self.room_at.is_some();
        assert!(self.ready.is_empty() || is_held, "addresses wait for room in a buffer that is empty");
    }

    fn check_tracker(&self, now: Instant, tracker_key: usize) {
        let Some(tracker) = self.trackers.get(tracker_key) else { return };
        let timer = self.deadlines.get(Timer::Tracker(tracker_key));
        // It is looked after now, whatever it waits for.
        if tracker.is_ready || timer.is_some_and(|at| at <= now) {
            return;
        }
        let address = tracker.address;
        assert!(!tracker.connect_is_due(now), "the connect to {address} is due and not sent");
        if !tracker.queue.is_empty() {
            let lets_go = tracker.lets_go(now, self.awake(now));
            let state = (&tracker.connection, &tracker.silence, &tracker.newcomers, &tracker.congestion);
            assert!(lets_go.is_some(), "at {now:?} what waits for {address} waits for nothing: {state:?}");
            assert!(
                timer.is_some() && timer <= lets_go,
                "{address}, until {lets_go:?}, is looked after at {timer:?}: {state:?}"
            );
        }
    }
}
