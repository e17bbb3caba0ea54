//! The race of a host's addresses by their connects; see [`Race`].

use std::{collections::BTreeMap, net::SocketAddr};

use super::{
    super::{
        Failure, Schedule,
        deadlines::Timer,
        host::{Race, Runner, STAGGER},
        time::Instant,
        tracker::canonical,
    },
    Client, Decision,
    request::State,
};

impl Client {
    /// A request to a host with several addresses: it goes to the one that is known to answer, or waits for the race.
    pub(super) fn join_race(&mut self, now: Instant, key: usize) {
        let Some(request) = self.requests.get(key) else { return };
        let (host, addresses) = (request.host.clone(), request.addresses.clone());
        let preferred = self.memory.preferred(&host, &addresses).filter(|address| self.answers(now, *address));
        if let Some(tracker_key) = preferred.and_then(|address| self.tracker_key(address)) {
            return self.attach(now, key, tracker_key);
        }
        let race_key = match self.race_keys.get(&(host.clone(), addresses.clone())) {
            Some(&race_key) => race_key,
            None => {
                let upcoming = self.memory.arrange(&host, &addresses);
                let waiting = BTreeMap::new();
                let race =
                    Race { host: host.clone(), addresses: addresses.clone(), upcoming, started: Vec::new(), waiting };
                let race_key = self.races.insert(race);
                self.race_keys.insert((host, addresses), race_key);
                race_key
            }
        };
        let (Some(request), Some(race)) = (self.requests.get(key), self.races.get_mut(race_key)) else { return };
        let schedule = request.schedule;
        race.waiting.insert(request.sequence, key);
        let runners: Vec<usize> = race.started.iter().map(|runner| runner.tracker).collect();
        self.enter(key, State::Racing { race: race_key, until: now + schedule.total() });
        if runners.is_empty() {
            self.start_next(now, race_key);
        }
        // Those that are on their way are brought forward, as by everybody who joins a connect.
        for tracker_key in runners {
            self.join_connect(now, tracker_key, Some(schedule));
        }
    }

    /// See [`Tracker::answers`](super::super::tracker::Tracker::answers).
    fn answers(&mut self, now: Instant, address: SocketAddr) -> bool {
        let awake = self.awake(now);
        let tracker_key = self.tracker_key(canonical(address));
        tracker_key
            .and_then(|tracker_key| self.trackers.get(tracker_key))
            .is_some_and(|tracker| tracker.answers(now, awake))
    }

    fn join_connect(&mut self, now: Instant, tracker_key: usize, schedule: Option<Schedule>) {
        let Some(tracker) = self.trackers.get_mut(tracker_key) else { return };
        tracker.connection.join(now, &tracker.rtt, schedule);
        self.mark_ready(now, tracker_key);
        self.set_tracker_deadline(now, tracker_key);
    }

    /// Starts the connect of the next address in a race.
    pub(super) fn start_next(&mut self, now: Instant, race_key: usize) {
        let Some(race) = self.races.get_mut(race_key) else { return };
        let Some(address) = race.upcoming.pop_front() else { return };
        let more = !race.upcoming.is_empty();
        if self.answers(now, address)
            && let Some(tracker_key) = self.tracker_key(canonical(address))
        {
            return self.win(now, race_key, tracker_key);
        }
        let tracker_key = self.tracker_at(now, address);
        if let (Some(race), Some(tracker)) = (self.races.get_mut(race_key), self.trackers.get_mut(tracker_key)) {
            if race.started.iter().all(|runner| runner.tracker != tracker_key) {
                race.started.push(Runner { tracker: tracker_key, started: now, failure: None });
                tracker.races.push(race_key);
                tracker.last_used = now;
            }
            let is_next = race.started.len() > 1;
            if more {
                self.deadlines.set(Timer::Race(race_key), now + STAGGER);
            }
            self.join_connect(now, tracker_key, None);
            if is_next {
                self.decide(Decision::NextAddress, tracker_key);
            }
        }
    }

    /// An address has answered its connect: every race it runs in is over.
    pub(super) fn win_races(&mut self, now: Instant, tracker_key: usize) {
        let Some(tracker) = self.trackers.get_mut(tracker_key) else { return };
        for race_key in std::mem::take(&mut tracker.races) {
            self.win(now, race_key, tracker_key);
        }
    }

    fn win(&mut self, now: Instant, race_key: usize, tracker_key: usize) {
        let Some(race) = self.end_race(race_key) else { return };
        let Some(winner) = self.trackers.get(tracker_key).map(|tracker| tracker.address) else { return };
        self.memory.on_answered(&race.host, winner);
        let began = race.started.iter().find(|runner| runner.tracker == tracker_key).map(|runner| runner.started);
        for runner in race.started.iter().filter(|runner| runner.tracker != tracker_key) {
            // Who has started later has had no time to answer.
            if Some(runner.started) <= began
                && let Some(tracker) = self.trackers.get(runner.tracker)
            {
                self.memory.on_silent(&race.host, tracker.address);
            }
            self.hold_connect(runner.tracker);
            self.set_tracker_deadline(now, runner.tracker);
        }
        for key in race.waiting.into_values() {
            self.attach(now, key, tracker_key);
        }
    }

    /// An address has dropped out of its races: the next ones start at once, and where there is none the race is lost.
    pub(super) fn fail_races(&mut self, now: Instant, tracker_key: usize, failure: &Failure, is_lasting: bool) {
        let races = self.trackers.get(tracker_key).map(|tracker| tracker.races.clone()).unwrap_or_default();
        for race_key in races {
            let Some(race) = self.races.get_mut(race_key) else { continue };
            if is_lasting {
                race.on_failed(tracker_key, failure.clone());
            }
            if let Some(tracker) = self.trackers.get(tracker_key) {
                self.memory.on_silent(&race.host, tracker.address);
            }
            if let Some(failure) = race.lost().cloned() {
                let keys: Vec<usize> = race.waiting.values().copied().collect();
                for key in keys {
                    self.fail(now, key, failure.clone());
                }
            } else {
                self.start_next(now, race_key);
            }
        }
    }

    /// A connect of these races failed: it ends the requests that waited for it when it was sent, of those that have no
    /// other address left.
    pub(super) fn fail_racing(&mut self, now: Instant, races: &[usize], before: u64, failure: &Failure) {
        for race_key in races {
            let Some(race) = self.races.get(*race_key) else { continue };
            let left = race.started.iter().filter(|runner| runner.failure.is_none()).count();
            if left > 1 || !race.upcoming.is_empty() {
                continue;
            }
            let keys: Vec<usize> = race.waiting.range(..before).map(|(_, key)| *key).collect();
            for key in keys {
                self.fail(now, key, failure.clone());
            }
        }
    }

    /// A request no longer waits for a race, which is over when it was the last.
    pub(super) fn leave_race(&mut self, now: Instant, race_key: usize, sequence: u64) {
        let Some(race) = self.races.get_mut(race_key) else { return };
        race.waiting.remove(&sequence);
        if race.waiting.is_empty()
            && let Some(race) = self.end_race(race_key)
        {
            for runner in race.started {
                self.hold_connect(runner.tracker);
                self.set_tracker_deadline(now, runner.tracker);
            }
        }
    }

    fn end_race(&mut self, race_key: usize) -> Option<Race> {
        let race = self.races.try_remove(race_key)?;
        self.race_keys.remove(&(race.host.clone(), race.addresses.clone()));
        self.deadlines.clear(Timer::Race(race_key));
        for runner in &race.started {
            if let Some(tracker) = self.trackers.get_mut(runner.tracker) {
                tracker.races.retain(|other| *other != race_key);
            }
        }
        Some(race)
    }
}
