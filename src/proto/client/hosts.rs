//! The addresses of a host while requests to it are under way: whether any of them answers, and what becomes of the
//! requests when the host turns out to have others.

use std::{net::SocketAddr, sync::Arc};

use super::{
    super::{hash::Set, time::Instant},
    Client,
    request::{Pending, State},
};

impl Client {
    /// The hosts that have requests in flight while none of their addresses answers, with the addresses that the requests
    /// have. Such a host may have moved: it is worth looking up again. Looks at every request that has not ended.
    pub fn silent_hosts(&self, now: Instant) -> Vec<(Arc<str>, Arc<[SocketAddr]>)> {
        let mut hosts = Set::default();
        let mut latest: Option<&Pending> = None;
        for (_, request) in &self.requests {
            // The requests of a burst stand beside each other, and have host and addresses in common.
            let is_known = latest.is_some_and(|latest| {
                Arc::ptr_eq(&latest.addresses, &request.addresses) && Arc::ptr_eq(&latest.host, &request.host)
            });
            let is_unheard = match &request.ping {
                Some(ping) => ping.is_unheard(),
                None => self.is_unheard(now, request.state()),
            };
            if !is_known && is_unheard {
                hosts.insert((request.host.clone(), request.addresses.clone()));
                latest = Some(request);
            }
        }
        hosts.into_iter().collect()
    }

    /// Whether nobody answers where a request waits. For a race that is so when there is nobody left to start in it.
    fn is_unheard(&self, now: Instant, state: State) -> bool {
        let awake = self.awake(now);
        let is_unheard =
            |tracker_key| self.trackers.get(tracker_key).is_some_and(|tracker| tracker.is_unheard(now, awake));
        match state {
            State::Waiting { tracker, .. } | State::Sent { tracker, .. } => is_unheard(tracker),
            State::Racing { race, .. } => self.races.get(race).is_some_and(|race| {
                let mut runners = race.started.iter();
                race.upcoming.is_empty() && runners.all(|runner| runner.failure.is_some() || is_unheard(runner.tracker))
            }),
            State::Idle { .. } | State::Held { .. } => false,
        }
    }

    /// A look-up has given a host other addresses than `known`, those that requests to it have. Requests at
    /// one that answers stay there; the others go into a race of the new ones, in which those that are known to be silent
    /// start last. What was sent to the old ones may still be answered, and no request gets more time.
    ///
    /// Without addresses, nothing changes.
    pub fn handle_addresses(
        &mut self,
        now: Instant,
        host: &Arc<str>,
        known: &[SocketAddr],
        addresses: &Arc<[SocketAddr]>,
    ) {
        if addresses.is_empty() || *known == **addresses {
            return;
        }
        self.pings_follow(now, host, known, addresses);
        let is_concerned =
            |request: &Pending| request.host == *host && *request.addresses == *known && request.ping.is_none();
        let concerned = self.requests.iter().filter(|(_, request)| is_concerned(request));
        // In the order in which they came.
        let mut keys: Vec<(u64, usize)> = concerned.map(|(key, request)| (request.sequence, key)).collect();
        keys.sort_unstable();
        let mut silent = Set::default();
        for (_, key) in &keys {
            let Some(request) = self.requests.get_mut(*key) else { continue };
            request.addresses = addresses.clone();
            let state = request.state();
            if self.is_unheard(now, state) {
                silent.extend(self.asked(state));
            }
        }
        // Whoever is asked there has had time to answer, and did not.
        for tracker in silent.into_iter().filter_map(|tracker_key| self.trackers.get(tracker_key)) {
            self.memory.on_silent(host, tracker.address);
        }
        keys.retain(|(_, key)| !self.is_answered(now, *key));
        for (_, key) in keys {
            self.begin_anew(now, key);
        }
    }

    /// Whether a request is at an address that answers. A race is that of the addresses that it began with.
    fn is_answered(&self, now: Instant, key: usize) -> bool {
        let tracker = self.requests.get(key).and_then(|request| self.trackers.get(request.tracker()?));
        tracker.is_some_and(|tracker| tracker.answers(now, self.awake(now)))
    }

    /// The slots of the addresses that are asked for a request.
    fn asked(&self, state: State) -> Vec<usize> {
        match state {
            State::Waiting { tracker, .. } | State::Sent { tracker, .. } => vec![tracker],
            State::Racing { race, .. } => {
                let race = self.races.get(race).into_iter();
                race.flat_map(|race| &race.started).map(|runner| runner.tracker).collect()
            }
            State::Idle { .. } | State::Held { .. } => Vec::new(),
        }
    }

    /// A request goes on among its host's new addresses, for no longer than it would have without them.
    fn begin_anew(&mut self, now: Instant, key: usize) {
        let Some(request) = self.requests.get(key) else { return };
        let ends = match request.state() {
            State::Racing { until, .. } | State::Waiting { until, .. } => Some(until),
            _ => request.answer_by,
        };
        self.move_on(now, key);
        let Some(mut state) = self.requests.get(key).map(Pending::state) else { return };
        if let (State::Racing { until, .. } | State::Waiting { until, .. }, Some(ends)) = (&mut state, ends) {
            *until = ends.min(*until);
        }
        self.enter(key, state);
    }
}
