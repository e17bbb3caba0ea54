//! What is known of one host, and when it is looked up again. Nothing here asks anybody, and `now` comes in as an argument.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc, time::Duration};

use crate::proto::{Instant, RequestId};

use super::error::LookUpError;

/// How long a look-up is good for. The system's resolver does not say; a minute keeps up with a tracker that moves.
const FRESH: Duration = Duration::from_secs(60);
/// How long an answer may serve when its host can no longer be resolved.
const STALE: Duration = Duration::from_secs(24 * 3600);
/// How long a new answer is waited for while an old one may serve.
const PATIENCE: Duration = Duration::from_secs(1);
/// The wait after a look-up that failed and that somebody needs; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// How long a host whose addresses are silent keeps them at least; it doubles while look-ups bring no others.
const DOUBT: Duration = Duration::from_secs(5);
const LONGEST_DOUBT: Duration = Duration::from_secs(20);
/// Who has not been doubted for so long is doubted for the first time.
const TRUST: Duration = Duration::from_secs(60);
/// A look-up that is younger goes on when the network has changed.
const JUST_BEGUN: Duration = Duration::from_secs(1);

/// A host.
#[derive(Debug)]
pub(super) struct Host {
    /// Whether an answer may serve beyond its minute. Not that of an application's own look-up, which may refuse now what
    /// it once allowed.
    may_be_stale: bool,
    known: Option<Known>,
    /// Requests that wait for addresses, and how long they do.
    waiting: BTreeMap<RequestId, Instant>,
    /// No later than the first of them gives up.
    ends: Option<Instant>,
    /// Since when a look-up is under way.
    asking: Option<Instant>,
    /// When the last one began.
    asked: Option<Instant>,
    /// Whether one is wanted, be anybody waiting or not.
    wanted: bool,
    /// Until when none is made.
    pause: Option<Instant>,
    /// How many have failed one after the other, and why the last did.
    failures: u32,
    error: Option<LookUpError>,
    /// How many were made in doubt one after the other and brought nothing new, and when the last of them was.
    fruitless: u32,
    doubted: Option<Instant>,
}

#[derive(Clone, Debug)]
struct Known {
    ips: Arc<[IpAddr]>,
    since: Instant,
    /// It is good until then.
    until: Instant,
}

/// What becomes of requests that have waited.
#[derive(Debug, PartialEq)]
pub(super) enum End {
    /// They have addresses.
    Found(Vec<RequestId>, Arc<[IpAddr]>),
    /// There will be none.
    Failed(Vec<RequestId>, LookUpError),
}

impl Host {
    pub(super) fn new(may_be_stale: bool) -> Self {
        Self {
            may_be_stale,
            known: None,
            waiting: BTreeMap::new(),
            ends: None,
            asking: None,
            asked: None,
            wanted: false,
            pause: None,
            failures: 0,
            error: None,
            fruitless: 0,
            doubted: None,
        }
    }

    /// A request wants the addresses: they are there, or it waits until `ends`.
    pub(super) fn handle_request(&mut self, now: Instant, id: RequestId, ends: Instant) -> Option<Arc<[IpAddr]>> {
        if let Some(known) = self.servable(now) {
            let ips = known.ips.clone();
            if now < known.until {
                return Some(ips);
            }
            self.want(now);
            // One that takes long may fail, and one that failed is not repeated for everybody who comes.
            let is_new = match self.asking {
                Some(since) => now < since + PATIENCE,
                None => self.wanted,
            };
            if !is_new {
                return Some(ips);
            }
        }
        self.waiting.insert(id, ends);
        self.ends = Some(self.ends.map_or(ends, |first| first.min(ends)));
        None
    }

    /// A request waits no longer.
    pub(super) fn handle_cancel(&mut self, id: RequestId) {
        self.waiting.remove(&id);
    }

    /// None of its addresses answers, although requests are under way: it may have moved. Looked up in the background, now
    /// and then.
    pub(super) fn handle_doubt(&mut self, now: Instant) {
        if self.asked.is_none_or(|asked| now >= asked + DOUBT) && self.asking.is_none() && self.want(now) {
            if self.doubted.is_none_or(|doubted| now >= doubted + TRUST) {
                self.fruitless = 0;
            }
            self.doubted = Some(now);
        }
    }

    /// The machine is in another network, or has slept: nothing is good any more, and whoever waits tries at once.
    pub(super) fn handle_change(&mut self, now: Instant) {
        if let Some(known) = &mut self.known {
            known.until = known.until.min(now);
        }
        (self.pause, self.asked, self.failures, self.fruitless) = (None, None, 0, 0);
        if self.asking.is_some_and(|since| now >= since + JUST_BEGUN) {
            self.asking = None;
        }
    }

    /// The look-up under way has found addresses. The second value says whether they are others than before.
    pub(super) fn handle_found(&mut self, now: Instant, ips: Vec<IpAddr>) -> (End, bool) {
        let is_doubted = self.asked.is_some() && self.doubted == self.asked;
        (self.asking, self.failures, self.error, self.pause) = (None, 0, None, None);
        let is_new = self.known.as_ref().is_none_or(|known| *known.ips != *ips);
        let ips = match &self.known {
            Some(known) if !is_new => known.ips.clone(),
            _ => ips.into(),
        };
        self.known = Some(Known { ips: ips.clone(), since: now, until: now + FRESH });
        if is_new {
            self.fruitless = 0;
        } else if is_doubted {
            self.pause = Some(now + (DOUBT * (1 << self.fruitless.min(10))).min(LONGEST_DOUBT));
            self.fruitless += 1;
        }
        (End::Found(self.all_waiting(), ips), is_new)
    }

    /// The look-up under way has failed.
    pub(super) fn handle_failed(&mut self, now: Instant, error: LookUpError) -> Option<End> {
        self.asking = None;
        self.pause = Some(now + (FIRST_WAIT * (1 << self.failures.min(10))).min(LONGEST_WAIT));
        self.failures += 1;
        if self.may_be_stale
            && let Some(known) = self.servable(now)
        {
            let ips = known.ips.clone();
            return Some(End::Found(self.all_waiting(), ips));
        }
        if error.may_pass() {
            self.error = Some(error);
            return None;
        }
        // What it says is true at this moment, and asked for anew by the next.
        (self.known, self.pause, self.failures) = (None, None, 0);
        Some(End::Failed(self.all_waiting(), error))
    }

    /// What time has brought to requests that wait.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Option<End> {
        if self.waiting.is_empty() {
            self.ends = None;
            return None;
        }
        if self.asking.is_some_and(|since| now >= since + PATIENCE)
            && let Some(known) = self.servable(now)
        {
            let ips = known.ips.clone();
            return Some(End::Found(self.all_waiting(), ips));
        }
        if self.ends.is_none_or(|ends| now < ends) {
            return None;
        }
        let over: Vec<RequestId> = self.waiting.iter().filter(|(_, ends)| **ends <= now).map(|(id, _)| *id).collect();
        self.waiting.retain(|_, ends| *ends > now);
        self.ends = self.waiting.values().min().copied();
        let error = self.error.clone().unwrap_or(LookUpError::NoAnswer);
        (!over.is_empty()).then_some(End::Failed(over, error))
    }

    /// Whether a look-up is to begin now. It is under way from then on.
    pub(super) fn poll_look_up(&mut self, now: Instant) -> bool {
        let is_paused = self.pause.is_some_and(|pause| now < pause);
        let begins = self.asking.is_none() && (self.wanted || (!self.waiting.is_empty() && !is_paused));
        if begins {
            (self.asking, self.asked, self.wanted) = (Some(now), Some(now), false);
        }
        begins
    }

    /// When [`handle_timeout`](Self::handle_timeout) and [`poll_look_up`](Self::poll_look_up) are to be called.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        if self.waiting.is_empty() {
            return None;
        }
        let served = self.asking.map(|since| since + PATIENCE).filter(|at| self.servable(*at).is_some());
        let again = self.pause.filter(|_| self.asking.is_none());
        [self.ends, served, again].into_iter().flatten().min()
    }

    /// Why the last look-up failed, if none has succeeded since.
    pub(super) fn error(&self) -> Option<&LookUpError> {
        self.error.as_ref()
    }

    /// What was found last, good or not.
    pub(super) fn ips(&self) -> Option<&Arc<[IpAddr]>> {
        self.known.as_ref().map(|known| &known.ips)
    }

    /// Until when requests are given it without a question.
    pub(super) fn good_until(&self) -> Option<Instant> {
        self.known.as_ref().map(|known| known.until)
    }

    /// Whether nobody waits.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.asking.is_none()
    }

    /// Whether nobody waits, and there is nothing to be kept for those who come.
    pub(super) fn is_unwanted(&self) -> bool {
        self.waiting.is_empty() && self.known.is_none()
    }

    /// What may be told of the host now.
    fn servable(&self, now: Instant) -> Option<&Known> {
        let known = self.known.as_ref()?;
        let serves = now < known.until || (self.may_be_stale && now < known.since + STALE);
        serves.then_some(known)
    }

    /// Wants a look-up, unless the last one was too lately. Returns whether it is wanted.
    fn want(&mut self, now: Instant) -> bool {
        self.wanted |= self.asking.is_none() && self.pause.is_none_or(|pause| now >= pause);
        self.wanted
    }

    fn all_waiting(&mut self) -> Vec<RequestId> {
        self.ends = None;
        std::mem::take(&mut self.waiting).into_keys().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const MINUTE: Duration = Duration::from_secs(60);
    const DAY: Duration = Duration::from_secs(24 * 3600);
    /// An object's phase with the default `_timeout`.
    const LONG: Duration = Duration::from_secs(3810);

    fn ips(last: u8) -> Vec<IpAddr> {
        vec![IpAddr::from([10, 0, 0, last])]
    }

    fn found(ids: &[u64], last: u8) -> End {
        End::Found(ids.iter().map(|id| RequestId(*id)).collect(), ips(last).into())
    }

    fn failed(ids: &[u64], error: LookUpError) -> End {
        End::Failed(ids.iter().map(|id| RequestId(*id)).collect(), error)
    }

    impl Host {
        /// A request that is to wait for long; what it is told at once.
        fn ask(&mut self, now: Instant, id: u64) -> Option<Vec<IpAddr>> {
            self.handle_request(now, RequestId(id), now + LONG).map(|ips| ips.to_vec())
        }

        /// A host that was found at `now`.
        fn found_at(now: Instant, may_be_stale: bool) -> Self {
            let mut host = Self::new(may_be_stale);
            assert_eq!(host.ask(now, 0), None);
            assert!(host.poll_look_up(now));
            assert_eq!(host.handle_found(now, ips(1)), (found(&[0], 1), true));
            host
        }
    }

    #[test]
    fn all_who_wait_have_one_look_up_and_it_is_good_for_a_minute() {
        let now = Instant::START;
        let mut host = Host::new(true);
        for id in 0..3 {
            assert_eq!(host.ask(now, id), None);
            assert_eq!(host.poll_look_up(now), id == 0);
        }
        assert_eq!(host.handle_found(now + SECOND, ips(1)), (found(&[0, 1, 2], 1), true));
        let later = now + SECOND + MINUTE - Duration::from_millis(1);
        assert_eq!(host.ask(later, 3), Some(ips(1)));
        assert!(!host.poll_look_up(later));
        assert_eq!(host.ask(now + SECOND + MINUTE, 4), None);
        assert!(host.poll_look_up(now + SECOND + MINUTE));
    }

    #[test]
    fn a_failure_that_may_pass_is_repeated_with_growing_waits_and_is_the_last_word() {
        let mut now = Instant::START;
        let mut host = Host::new(true);
        let begun = now;
        assert_eq!(host.handle_request(now, RequestId(1), now + 60 * SECOND), None);
        let mut waits = Vec::new();
        loop {
            assert!(host.poll_look_up(now));
            assert_eq!(host.handle_failed(now, LookUpError::TryAgain), None);
            assert!(!host.poll_look_up(now));
            let next = host.poll_timeout().unwrap();
            if next == begun + 60 * SECOND {
                break;
            }
            waits.push(next.saturating_duration_since(now).as_millis());
            now = next;
            assert_eq!(host.handle_timeout(now), None);
        }
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 8000, 8000, 8000, 8000, 8000]);
        assert_eq!(host.error(), Some(&LookUpError::TryAgain));
        assert_eq!(host.handle_timeout(begun + 60 * SECOND), Some(failed(&[1], LookUpError::TryAgain)));
        assert_eq!((host.poll_timeout(), host.is_unwanted()), (None, true));
    }

    #[test]
    fn the_network_that_comes_up_ends_the_wait() {
        let now = Instant::START;
        let mut host = Host::new(true);
        host.ask(now, 1);
        for wait in [500, 1000, 2000] {
            assert!(host.poll_look_up(now + Duration::from_millis(wait) * 10));
            host.handle_failed(now + Duration::from_millis(wait) * 10, LookUpError::TryAgain);
        }
        let later = now + 21 * SECOND;
        assert!(!host.poll_look_up(later));
        host.handle_change(later);
        assert!(host.poll_look_up(later));
        // One that hangs in the network that is gone is not waited for, one that has only just begun is.
        host.handle_change(later + SECOND / 2);
        assert!(!host.poll_look_up(later + SECOND / 2));
        host.handle_change(later + SECOND);
        assert!(host.poll_look_up(later + SECOND));
        assert_eq!(host.handle_found(later + SECOND, ips(1)), (found(&[1], 1), true));
    }

    #[test]
    fn a_look_up_that_has_said_nothing_by_then_is_no_answer() {
        let now = Instant::START;
        let mut host = Host::new(true);
        host.handle_request(now, RequestId(1), now + SECOND);
        host.handle_request(now, RequestId(2), now + 5 * SECOND);
        assert!(host.poll_look_up(now));
        assert_eq!(host.poll_timeout(), Some(now + SECOND));
        assert_eq!(host.handle_timeout(now + SECOND), Some(failed(&[1], LookUpError::NoAnswer)));
        assert_eq!(host.poll_timeout(), Some(now + 5 * SECOND));
        assert_eq!(host.handle_found(now + 2 * SECOND, ips(1)).0, found(&[2], 1));
    }

    #[test]
    fn what_no_attempt_can_change_is_told_at_once_and_asked_anew_by_the_next() {
        let now = Instant::START;
        let mut host = Host::new(true);
        for id in 1..4 {
            assert_eq!(host.ask(now, id), None);
            assert!(host.poll_look_up(now));
            assert_eq!(host.handle_failed(now, LookUpError::NotFound), Some(failed(&[id], LookUpError::NotFound)));
            assert!(host.is_unwanted());
        }
    }

    #[test]
    fn an_old_answer_serves_after_a_second_and_a_failed_refresh_is_remembered() {
        let now = Instant::START;
        let mut host = Host::found_at(now, true);
        let later = now + 2 * MINUTE;
        assert_eq!(host.ask(later, 1), None);
        assert!(host.poll_look_up(later));
        assert_eq!(host.poll_timeout(), Some(later + SECOND));
        assert_eq!(host.ask(later + SECOND / 2, 2), None);
        assert_eq!(host.handle_timeout(later + SECOND / 2), None);
        assert_eq!(host.handle_timeout(later + SECOND), Some(found(&[1, 2], 1)));
        // It goes on behind, and nobody waits for it again.
        assert_eq!(host.ask(later + SECOND, 3), Some(ips(1)));
        assert!(!host.poll_look_up(later + SECOND));
        assert_eq!(host.handle_failed(later + 5 * SECOND, LookUpError::NoAnswer), Some(found(&[], 1)));
        assert_eq!(host.ask(later + 5 * SECOND, 4), Some(ips(1)));
        assert!(!host.poll_look_up(later + 5 * SECOND), "it has only just failed");
        // The next one is tried when its wait is over; it brings another address.
        assert_eq!(host.ask(later + 6 * SECOND, 5), None);
        assert!(host.poll_look_up(later + 6 * SECOND));
        assert_eq!(host.handle_found(later + 6 * SECOND, ips(2)), (found(&[5], 2), true));
        assert_eq!(host.ask(later + 7 * SECOND, 6), Some(ips(2)));
    }

    #[test]
    fn a_refresh_that_fails_at_once_lets_the_old_answer_serve_at_once_whatever_it_says() {
        for error in [LookUpError::TryAgain, LookUpError::NotFound] {
            let now = Instant::START;
            let mut host = Host::found_at(now, true);
            let later = now + 2 * MINUTE;
            host.ask(later, 1);
            assert!(host.poll_look_up(later));
            assert_eq!(host.handle_failed(later, error), Some(found(&[1], 1)));
        }
    }

    #[test]
    fn an_old_answer_serves_for_a_day() {
        let now = Instant::START;
        for (age, expected) in [(DAY - SECOND, Some(found(&[1], 1))), (DAY, None)] {
            let mut host = Host::found_at(now, true);
            host.ask(now + age, 1);
            assert!(host.poll_look_up(now + age));
            assert_eq!(host.handle_failed(now + age, LookUpError::TryAgain), expected);
        }
    }

    #[test]
    fn what_may_be_refused_by_now_is_never_told_from_an_old_answer() {
        let refused = || LookUpError::Caller { text: "it is private".into(), code: None };
        let now = Instant::START;
        let mut host = Host::found_at(now, false);
        assert_eq!(host.ask(now + SECOND, 1), Some(ips(1)));
        let later = now + 2 * MINUTE;
        assert_eq!(host.ask(later, 2), None);
        assert!(host.poll_look_up(later));
        assert_eq!(host.handle_timeout(later + 10 * SECOND), None);
        assert_eq!(host.ask(later + 10 * SECOND, 3), None);
        assert_eq!(host.handle_failed(later + 10 * SECOND, refused()), Some(failed(&[2, 3], refused())));

        // And not within the minute, if it has been asked again.
        let mut host = Host::found_at(now, false);
        host.handle_doubt(now + 10 * SECOND);
        assert!(host.poll_look_up(now + 10 * SECOND));
        assert_eq!(host.handle_failed(now + 10 * SECOND, refused()), Some(failed(&[], refused())));
        assert_eq!(host.ask(now + 11 * SECOND, 4), None);
    }

    #[test]
    fn a_silent_host_is_looked_up_behind_no_more_often_than_once_a_few_seconds() {
        let now = Instant::START;
        let mut host = Host::found_at(now, true);
        let mut looked_up = Vec::new();
        for second in 0..100 {
            let at = now + second * SECOND;
            host.handle_doubt(at);
            if host.poll_look_up(at) {
                looked_up.push(second);
                assert_eq!(host.ask(at, 1), Some(ips(1)), "nobody waits for it");
                host.handle_found(at, ips(1));
            }
        }
        assert_eq!(looked_up, [5, 10, 20, 40, 60, 80]);
        // What is new is told, and a host that answered meanwhile is doubted anew.
        host.handle_doubt(now + 100 * SECOND);
        assert!(host.poll_look_up(now + 100 * SECOND));
        assert_eq!(host.handle_found(now + 100 * SECOND, ips(2)), (found(&[], 2), true));
        host.handle_doubt(now + 105 * SECOND);
        assert!(host.poll_look_up(now + 105 * SECOND));
    }

    #[test]
    fn a_host_that_was_trusted_for_a_while_is_doubted_as_if_for_the_first_time() {
        let now = Instant::START;
        let mut host = Host::found_at(now, true);
        let mut doubt = |second| {
            host.handle_doubt(now + second * SECOND);
            let begins = host.poll_look_up(now + second * SECOND);
            if begins {
                host.handle_found(now + second * SECOND, ips(1));
            }
            begins
        };
        assert!(doubt(5) && doubt(10) && doubt(20) && doubt(40));
        assert!(doubt(120));
        assert!(!doubt(124));
        assert!(doubt(125));
    }

    #[test]
    fn nothing_is_good_in_another_network() {
        let now = Instant::START;
        for may_be_stale in [true, false] {
            let mut host = Host::found_at(now, may_be_stale);
            host.handle_change(now + SECOND);
            assert!(!host.poll_look_up(now + SECOND), "nobody wants it");
            assert_eq!(host.ask(now + SECOND, 1), None);
            assert!(host.poll_look_up(now + SECOND));
        }
    }

    #[test]
    fn who_waits_no_longer_is_not_told() {
        let now = Instant::START;
        let mut host = Host::new(true);
        host.ask(now, 1);
        host.ask(now, 2);
        assert!(host.poll_look_up(now));
        host.handle_cancel(RequestId(1));
        assert!(!host.is_unwanted());
        assert_eq!(host.handle_found(now, ips(1)).0, found(&[2], 1));
    }
}
