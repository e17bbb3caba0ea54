//! The addresses of a host while requests to it are under way: whether any of them answers, and what becomes of the
//! requests when the host turns out to have others.

use std::{net::SocketAddr, sync::Arc};

use super::{
    super::{deadlines::Timer, hash::Set, time::Instant},
    Client,
    request::{Pending, Place},
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
                None => self.is_unheard(now, request.place),
            };
            if !is_known && is_unheard {
                hosts.insert((request.host.clone(), request.addresses.clone()));
                latest = Some(request);
            }
        }
        hosts.into_iter().collect()
    }

    /// Whether nobody answers where a request waits. For a race that is so when there is nobody left to start in it.
    fn is_unheard(&self, now: Instant, place: Place) -> bool {
        let awake = self.awake(now);
        let is_unheard =
            |tracker_key| self.trackers.get(tracker_key).is_some_and(|tracker| tracker.is_unheard(now, awake));
        match place {
            Place::Tracker(tracker_key) => is_unheard(tracker_key),
            Place::Race(race_key) => self.races.get(race_key).is_some_and(|race| {
                let mut runners = race.started.iter();
                race.upcoming.is_empty() && runners.all(|runner| runner.failure.is_some() || is_unheard(runner.tracker))
            }),
            Place::Nowhere => false,
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
        let places: Set<Place> =
            keys.iter().filter_map(|(_, key)| self.requests.get(*key)).map(|request| request.place).collect();
        for place in places.iter().filter(|place| self.is_unheard(now, **place)).copied().collect::<Vec<_>>() {
            self.remember_silent(host, place);
        }
        let left: Set<Place> = places.into_iter().filter(|place| !self.is_answered(now, *place)).collect();
        for (_, key) in keys {
            let Some(request) = self.requests.get_mut(key) else { continue };
            request.addresses = addresses.clone();
            if left.contains(&request.place) {
                self.begin_anew(now, key);
            }
        }
    }

    /// Whether a request is at an address that answers. A race is that of the addresses that it began with.
    fn is_answered(&self, now: Instant, place: Place) -> bool {
        let Place::Tracker(tracker_key) = place else { return false };
        self.trackers.get(tracker_key).is_some_and(|tracker| tracker.answers(now, self.awake(now)))
    }

    /// Whoever is asked there has had time to answer, and did not.
    fn remember_silent(&mut self, host: &Arc<str>, place: Place) {
        let Self { trackers, races, memory, .. } = self;
        let silent: Vec<usize> = match place {
            Place::Tracker(tracker_key) => vec![tracker_key],
            Place::Race(race_key) => {
                races.get(race_key).into_iter().flat_map(|race| &race.started).map(|runner| runner.tracker).collect()
            }
            Place::Nowhere => Vec::new(),
        };
        for tracker in silent.into_iter().filter_map(|tracker_key| trackers.get(tracker_key)) {
            memory.on_silent(host, tracker.address);
        }
    }

    /// A request goes on among its host's new addresses, for no longer than it would have without them.
    fn begin_anew(&mut self, now: Instant, key: usize) {
        let Some(request) = self.requests.get(key) else { return };
        let waits = request.ticket.is_some() || matches!(request.place, Place::Race(_));
        let ends = if waits { self.deadlines.get(Timer::Request(key)) } else { request.answer_by };
        self.move_on(now, key);
        let timer = Timer::Request(key);
        if let (Some(ends), Some(deadline)) = (ends, self.deadlines.get(timer)) {
            self.deadlines.set(timer, ends.min(deadline));
        }
    }
}
