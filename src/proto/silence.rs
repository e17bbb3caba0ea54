//! Whether an address answers requests at all, and how it is asked while it does not.

use super::{rtt::RttEstimator, time::Instant};

/// An address is silent when so many sends have missed their RTO and nothing was heard since they were made.
const MISSED: u32 = 3;
/// How many requests a silent address is sent in an RTO, as often as that has doubled.
const PROBES: u32 = 4;

/// The silence of one address.
#[derive(Debug, Default)]
pub(crate) struct Silence {
    /// When it was last heard.
    heard: Option<Instant>,
    /// How many sends have missed their RTO since.
    missed: u32,
    /// How many times the RTO is doubled, and when that was last raised.
    backoff: u32,
    raised: Option<Instant>,
    probes: Option<Probes>,
    /// How many sends have been lost since it was last heard, and when the latest of them was sent.
    lost: u32,
    lost_sent: Option<Instant>,
}

/// What it means that a send has missed its RTO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missed {
    /// Nothing: the address was heard since.
    Heard,
    /// Nothing yet.
    Unheard,
    /// With it a silence begins.
    Begins,
    /// It was sent in a silence, which goes on.
    Lasts,
}

/// What a silent address is sent.
#[derive(Clone, Copy, Debug)]
struct Probes {
    since: Instant,
    sent: u32,
}

impl Silence {
    pub(crate) fn is_silent(&self) -> bool {
        self.probes.is_some()
    }

    /// How many times the RTO of a request is doubled.
    pub(crate) fn backoff(&self) -> u32 {
        self.backoff
    }

    /// Something valid came. Only an answer to a request ends the backoff: a tracker that gives out connection IDs and
    /// answers nothing else is not to be asked any faster for it. Returns whether this ends a silence.
    pub(crate) fn on_heard(&mut self, now: Instant, answers_request: bool) -> bool {
        self.heard = Some(now);
        self.missed = 0;
        self.lost = 0;
        self.lost_sent = None;
        if answers_request {
            self.backoff = 0;
        }
        self.probes.take().is_some()
    }

    /// What was sent at `time_sent` counts as lost, and has not missed its RTO yet.
    pub(crate) fn on_lost(&mut self, time_sent: Instant) {
        if self.heard <= Some(time_sent) {
            self.lost += 1;
            self.lost_sent = self.lost_sent.max(Some(time_sent));
        }
    }

    /// A fresh connection ID replaces one that was taken to be dead: requests are worth asking again.
    pub(crate) fn on_replaced(&mut self) {
        self.backoff = 0;
    }

    /// What was sent at `time_sent` has missed its RTO; the send of the same request before it was at `previous`.
    pub(crate) fn on_missed(&mut self, now: Instant, time_sent: Instant, previous: Option<Instant>) -> Missed {
        if self.heard > Some(time_sent) {
            return Missed::Heard;
        }
        self.missed += 1;
        let twice = previous.is_some_and(|previous| self.heard <= Some(previous));
        if self.probes.is_some() {
            if Some(time_sent) < self.raised {
                return Missed::Unheard;
            }
            self.raise(now);
            return Missed::Lasts;
        }
        if self.missed < MISSED && !twice {
            return Missed::Unheard;
        }
        self.begin(now);
        Missed::Begins
    }

    fn raise(&mut self, now: Instant) {
        self.backoff += 1;
        self.raised = Some(now);
        self.probes = Some(Probes { since: now, sent: 0 });
    }

    /// Whether a request may be sent, as far as silence goes. When half a `window` is lost and nothing was heard since it
    /// was sent, what follows waits for the RTO to show whether the address is silent or slow, see
    /// [`begin_if_lost`](Self::begin_if_lost).
    pub(crate) fn has_room(&self, now: Instant, rtt: &RttEstimator, window: u32) -> bool {
        match self.probes {
            None => self.shows_at(rtt, window).is_none(),
            Some(probes) => probes.sent < PROBES || now >= probes.since + rtt.rto(self.backoff),
        }
    }

    /// A request is sent.
    pub(crate) fn on_sent(&mut self, now: Instant, rtt: &RttEstimator) {
        if let Some(probes) = &mut self.probes {
            if now >= probes.since + rtt.rto(self.backoff) {
                *probes = Probes { since: now, sent: 0 };
            }
            probes.sent += 1;
        }
    }

    /// Whether the next probe is to be a request that has not been asked yet: those that have may be ignored for what
    /// they ask, those that have not may say nothing about the connection ID.
    pub(crate) fn probes_new(&self) -> bool {
        self.probes.is_some_and(|probes| probes.sent % 2 == 1)
    }

    /// When the latest of the losses that make half a `window` has missed its RTO.
    fn shows_at(&self, rtt: &RttEstimator, window: u32) -> Option<Instant> {
        self.lost_sent.filter(|_| 2 * self.lost >= window.max(2)).map(|sent| sent + rtt.rto(self.backoff))
    }

    /// When half a window is lost and has missed its RTO, the address is silent, whether anybody still waits for what was
    /// lost or not: it may all have been cancelled. Returns whether a silence begins.
    pub(crate) fn begin_if_lost(&mut self, now: Instant, rtt: &RttEstimator, window: u32) -> bool {
        let begins = !self.is_silent() && self.shows_at(rtt, window).is_some_and(|at| now >= at);
        if begins {
            self.begin(now);
        }
        begins
    }

    /// What is sent from now on shows whether it lasts.
    fn begin(&mut self, now: Instant) {
        self.probes = Some(Probes { since: now, sent: 0 });
        self.raised = Some(now);
    }

    /// When there is room again at the latest, if there is none now.
    pub(crate) fn poll_timeout(&self, rtt: &RttEstimator, window: u32) -> Option<Instant> {
        match self.probes {
            None => self.shows_at(rtt, window),
            Some(probes) => Some(probes.since + rtt.rto(self.backoff)).filter(|_| probes.sent >= PROBES),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn three_that_miss_their_rto_make_a_silence() {
        let now = Instant::START;
        let mut silence = Silence::default();
        assert_eq!(silence.on_missed(now, now, None), Missed::Unheard);
        assert_eq!(silence.on_missed(now, now, None), Missed::Unheard);
        assert_eq!((silence.is_silent(), silence.backoff()), (false, 0));
        assert_eq!(silence.on_missed(now, now, None), Missed::Begins);
        assert_eq!((silence.is_silent(), silence.backoff()), (true, 0));
    }

    #[test]
    fn one_request_that_misses_twice_makes_a_silence() {
        let now = Instant::START;
        let mut silence = Silence::default();
        silence.on_missed(now, now, None);
        assert_eq!(silence.on_missed(now + MS, now, Some(now)), Missed::Begins);
        assert!(silence.is_silent());
    }

    #[test]
    fn what_was_sent_before_it_was_heard_says_nothing() {
        let now = Instant::START;
        let mut silence = Silence::default();
        silence.on_heard(now + MS, true);
        for _ in 0..10 {
            assert_eq!(silence.on_missed(now + 300 * MS, now, Some(now)), Missed::Heard);
        }
        // What is sent at the moment at which it is heard, is sent afterwards.
        assert_eq!(silence.on_missed(now + 300 * MS, now + MS, Some(now)), Missed::Unheard);
        assert_eq!(silence.on_missed(now + 300 * MS, now + 2 * MS, Some(now)), Missed::Unheard);
        assert!(!silence.is_silent());
        assert_eq!(silence.on_missed(now + 300 * MS, now + 2 * MS, Some(now + MS)), Missed::Begins);
    }

    #[test]
    fn a_silence_doubles_the_wait_for_what_was_sent_since_and_not_for_what_was_sent_before() {
        let now = Instant::START;
        let mut silence = Silence::default();
        for _ in 0..100 {
            silence.on_missed(now + 10 * MS, now, None);
        }
        assert_eq!(silence.backoff(), 0);
        assert_eq!(silence.on_missed(now + 20 * MS, now + 10 * MS, None), Missed::Lasts);
        assert_eq!(silence.on_missed(now + 20 * MS, now + 10 * MS, None), Missed::Unheard);
        assert_eq!(silence.backoff(), 1);
    }

    #[test]
    fn an_answer_to_a_request_ends_it_all_and_one_to_a_connect_leaves_the_doubling() {
        let now = Instant::START;
        let mut silence = Silence::default();
        let fall_silent = |silence: &mut Silence, sent: Instant| {
            for _ in 0..4 {
                silence.on_missed(sent, sent, None);
            }
        };
        fall_silent(&mut silence, now);
        assert!(silence.on_heard(now + MS, false));
        assert_eq!((silence.is_silent(), silence.backoff()), (false, 1));
        fall_silent(&mut silence, now + 2 * MS);
        assert!(silence.on_heard(now + 3 * MS, true));
        assert_eq!((silence.is_silent(), silence.backoff()), (false, 0));
        assert!(!silence.on_heard(now + 4 * MS, true));
    }

    #[test]
    fn a_silent_address_is_sent_four_in_an_rto_every_other_one_new() {
        let now = Instant::START;
        let rtt = RttEstimator::default();
        let mut silence = Silence::default();
        for _ in 0..3 {
            silence.on_missed(now, now, None);
        }
        let mut new = Vec::new();
        while silence.has_room(now, &rtt, 100) {
            new.push(silence.probes_new());
            silence.on_sent(now, &rtt);
        }
        assert_eq!(new, [false, true, false, true]);
        assert_eq!(silence.poll_timeout(&rtt, 100), Some(now + rtt.rto(0)));
        assert!(!silence.has_room(now + rtt.rto(0) - MS, &rtt, 100));
        assert!(silence.has_room(now + rtt.rto(0), &rtt, 100));
        silence.on_sent(now + rtt.rto(0), &rtt);
        assert!(silence.has_room(now + rtt.rto(0), &rtt, 100));
        // What was sent in the silence misses its RTO as well: four more, and then a pause twice as long.
        silence.on_missed(now + rtt.rto(0), now, None);
        for _ in 0..4 {
            assert!(silence.has_room(now + rtt.rto(0), &rtt, 100));
            silence.on_sent(now + rtt.rto(0), &rtt);
        }
        assert_eq!(silence.poll_timeout(&rtt, 100), Some(now + rtt.rto(0) + rtt.rto(1)));
    }

    #[test]
    fn when_half_a_window_is_lost_unheard_the_rest_waits() {
        let now = Instant::START;
        let rtt = RttEstimator::default();
        let mut silence = Silence::default();
        for _ in 0..4 {
            silence.on_lost(now);
        }
        assert!(silence.has_room(now, &rtt, 10));
        silence.on_lost(now);
        assert!(!silence.has_room(now, &rtt, 10));
        silence.on_heard(now + MS, true);
        silence.on_lost(now);
        assert!(silence.has_room(now + MS, &rtt, 1), "what was sent before it was heard says nothing");
    }
}
