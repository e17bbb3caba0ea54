//! The paths that are in use: the default one for ever, others for as long as somebody needs them.

use std::{sync::Arc, time::Duration};

use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::proto::{Counters, Instant, RequestId};

use super::{Change, Failure, Requests, SessionId, Sessions, Transport, stats::add};

/// How many paths there are at most. Each has sockets, a cache of names and, with a proxy, a connection.
const MOST: usize = 64;

/// A shorter step of the wall clock is an adjustment of it, not a suspend.
const LEAST_SUSPEND: Duration = Duration::from_secs(1);

/// A path: its requests, and how their datagrams leave and come.
pub(crate) trait Way {
    fn requests(&self) -> &Requests;
    fn requests_mut(&mut self) -> &mut Requests;
    /// Passes on every trace, decision and outcome.
    fn deliver(&mut self, sessions: &mut Sessions);

    fn cancel(&mut self, now: Instant, id: RequestId) {
        self.requests_mut().cancel(now, id);
    }

    /// Ends a request that has taken so many milliseconds.
    fn give_up(&mut self, now: Instant, id: RequestId, after: f64) {
        self.requests_mut().give_up(now, id, after);
    }

    fn cancel_session(&mut self, now: Instant, session: SessionId) {
        self.requests_mut().cancel_session(now, session);
    }

    /// How many requests have not ended.
    fn pending(&self) -> usize {
        self.requests().pending()
    }
}

/// Makes the path of a transport, with a seed for what is random in it.
type Open<P> = Box<dyn Fn(Arc<Transport>, [u8; 32]) -> P>;

pub(crate) struct Paths<P> {
    /// The first is the default one.
    paths: Vec<P>,
    open: Open<P>,
    random: StdRng,
    /// Those that are closed and have something left to tell.
    closed: Vec<P>,
    /// What was counted on paths that are closed.
    past: Counters,
    tracing: bool,
    /// When the clocks were last read: the monotonic one, and how far the calendar is.
    clocks: Option<(Instant, Duration)>,
}

impl<P: Way> Paths<P> {
    pub(crate) fn new(open: impl Fn(Arc<Transport>, [u8; 32]) -> P + 'static, seed: [u8; 32]) -> Self {
        let mut paths = Self {
            paths: Vec::new(),
            open: Box::new(open),
            random: StdRng::from_seed(seed),
            closed: Vec::new(),
            past: Counters::default(),
            tracing: false,
            clocks: None,
        };
        paths.open(Arc::default());
        paths
    }

    /// The path of a transport; the default one without.
    ///
    /// # Errors
    /// There are too many, and all of them are needed.
    pub(crate) fn of(&mut self, transport: Option<Arc<Transport>>) -> Result<&mut P, Failure> {
        let index = match transport {
            None => 0,
            Some(transport) => {
                match self
                    .paths
                    .iter()
                    .map(|path| path.requests().transport())
                    .position(|known| Arc::ptr_eq(known, &transport) || *known == transport)
                {
                    Some(index) => index,
                    None if self.paths.len() > MOST => return self.replace(transport),
                    None => self.open(transport),
                }
            }
        };
        Ok(&mut self.paths[index])
    }

    fn open(&mut self, transport: Arc<Transport>) -> usize {
        let mut seed = [0; 32];
        self.random.fill_bytes(&mut seed);
        let mut path = (self.open)(transport, seed);
        path.requests_mut().client.set_tracing(self.tracing);
        self.paths.push(path);
        self.paths.len() - 1
    }

    /// Opens a path in place of one that has nothing to do.
    fn replace(&mut self, transport: Arc<Transport>) -> Result<&mut P, Failure> {
        let idle = self.paths.iter().skip(1).position(|path| path.pending() == 0);
        let Some(idle) = idle else { return Err(Failure::TooManyTransports(MOST)) };
        self.close(idle + 1);
        let index = self.open(transport);
        Ok(&mut self.paths[index])
    }

    fn close(&mut self, index: usize) {
        let path = self.paths.swap_remove(index);
        add(&mut self.past, path.requests().counters());
        self.closed.push(path);
    }

    /// Closes those that nobody has needed for a while. What they had to tell has been told.
    pub(crate) fn tidy(&mut self, now: Instant) {
        while let Some(index) = self.paths.iter().position(|path| path.requests().is_over(now)) {
            self.close(index);
        }
        self.closed = Vec::new();
    }

    /// Whether anyone wants to know of datagrams.
    pub(crate) fn set_tracing(&mut self, wanted: bool) {
        self.tracing = wanted;
        self.each(|requests| requests.client.set_tracing(wanted));
    }

    /// Passes on every trace, decision and outcome.
    pub(crate) fn deliver(&mut self, sessions: &mut Sessions) {
        for path in self.paths.iter_mut().chain(&mut self.closed) {
            path.deliver(sessions);
        }
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut P> {
        self.paths.iter_mut()
    }

    fn each(&mut self, does: impl FnMut(&mut Requests)) {
        self.paths.iter_mut().map(P::requests_mut).for_each(does);
    }

    pub(crate) fn cancel(&mut self, now: Instant, id: RequestId) {
        self.paths.iter_mut().for_each(|path| path.cancel(now, id));
    }

    /// Ends a request that has taken so many milliseconds.
    pub(crate) fn give_up(&mut self, now: Instant, id: RequestId, after: f64) {
        self.paths.iter_mut().for_each(|path| path.give_up(now, id, after));
    }

    pub(crate) fn cancel_session(&mut self, now: Instant, session: SessionId) {
        self.paths.iter_mut().for_each(|path| path.cancel_session(now, session));
    }

    /// The machine's addresses or routes are others, or something may have become reachable.
    pub(crate) fn handle_network_change(&mut self, now: Instant, change: Change) {
        self.each(|requests| requests.handle_network_change(now, change));
    }

    /// Tells how long the machine was suspended: its calendar has gone on, and the clock of `Instant` may not have.
    pub(crate) fn notice_suspend(&mut self, now: Instant, calendar: Duration) {
        let Some((before, read)) = self.clocks.replace((now, calendar)) else { return };
        let suspended = calendar.saturating_sub(read).saturating_sub(now.saturating_duration_since(before));
        if suspended > LEAST_SUSPEND {
            self.each(|requests| requests.client.handle_suspend(suspended));
            self.handle_network_change(now, Change::Moved);
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.paths.iter().filter_map(|path| path.requests().poll_timeout()).min()
    }

    /// How many requests have not ended.
    pub(crate) fn pending(&self) -> usize {
        self.paths.iter().map(|path| path.pending()).sum()
    }

    /// How many of them have been sent, or are about to be.
    pub(crate) fn asking(&self) -> usize {
        self.paths.iter().map(|path| path.requests().client.pending()).sum()
    }

    pub(crate) fn counters(&self) -> Counters {
        let mut sum = self.past;
        for path in &self.paths {
            add(&mut sum, path.requests().counters());
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::proto::{Body, Config, InfoHash, Outcome, Port, Request, Schedule, Scrape, Transmit};

    const NOW: Instant = Instant::START;

    /// A path that nothing leaves by.
    struct Nowhere(Requests);

    impl Way for Nowhere {
        fn requests(&self) -> &Requests {
            &self.0
        }

        fn requests_mut(&mut self) -> &mut Requests {
            &mut self.0
        }

        fn deliver(&mut self, sessions: &mut Sessions) {
            self.0.deliver(sessions, Some, |address| address);
        }
    }

    fn paths() -> Paths<Nowhere> {
        let open = |transport, seed| {
            let no_index = |zone: &str| Err(crate::requests::TransportError::NoInterface(zone.into()));
            Nowhere(Requests::new(NOW, transport, no_index, Config { receive_buffer: 200_000 }, seed))
        };
        Paths::new(open, [3; 32])
    }

    /// One of many ways out.
    fn transport(number: usize) -> Option<Arc<Transport>> {
        let local_v4 = Some([127, 0, 1, number as u8].into());
        Some(Arc::new(Transport { local_v4, ..Transport::default() }))
    }

    const TRACKER: ([u8; 4], u16) = ([127, 0, 0, 1], 7);

    fn request(path: &mut Nowhere, now: Instant, id: u64) {
        let body = Body::Scrape(Scrape { info_hashes: vec![InfoHash([1; 20])] });
        let (host, addresses) = ("127.0.0.1:7".into(), [SocketAddr::from(TRACKER)].into());
        let request = Request { session: 1, host, addresses, schedule: Schedule::new(15_000.0), body };
        path.0.client.handle_request(now, RequestId(id), request);
    }

    /// What it sends next: its action and where it goes.
    fn sent(path: &mut Nowhere, now: Instant) -> (u8, Transmit, Vec<u8>) {
        let mut datagram = Vec::new();
        let transmit = path.0.client.poll_transmit(now, &mut datagram).unwrap();
        (datagram[11], transmit, datagram[12..16].to_vec())
    }

    /// Answers what it sends until the request has its answer, and tells which actions that took, and by which port.
    fn answer(path: &mut Nowhere, now: Instant) -> (Vec<u8>, Port) {
        let mut actions = Vec::new();
        loop {
            let (action, transmit, id) = sent(path, now);
            actions.push(action);
            let response = [&[0, 0, 0, action][..], &id, &[9; 12]].concat();
            path.0.client.handle_datagram(now, now, transmit.to, transmit.port, &response);
            if let Some((_, outcome)) = path.0.client.poll_outcome() {
                assert!(matches!(outcome, Outcome::Scraped { .. }), "{outcome:?}");
                return (actions, transmit.port);
            }
        }
    }

    #[test]
    fn equal_transports_are_one_path() {
        let mut paths = paths();
        for number in [1, 2, 1, 2] {
            paths.of(transport(number)).unwrap();
        }
        paths.of(None).unwrap();
        assert_eq!(paths.iter_mut().count(), 3);
    }

    #[test]
    fn a_path_is_kept_for_two_minutes_after_its_last_request_and_its_counters_for_ever() {
        let (mut paths, now) = (paths(), NOW);
        paths.of(transport(1)).unwrap();
        assert_eq!(paths.poll_timeout(), Some(now + Duration::from_secs(120)), "it asks to be closed by itself");
        let path = paths.of(transport(1)).unwrap();
        request(path, now, 1);
        path.0.client.handle_cancel(now, RequestId(1));
        let seconds = Duration::from_secs;
        paths.tidy(now + seconds(119));
        assert_eq!(paths.iter_mut().count(), 2);
        paths.tidy(now + seconds(121));
        assert_eq!(paths.iter_mut().count(), 1, "the default one stays");
        assert_eq!(paths.counters().requests, 1);
    }

    #[test]
    fn one_more_takes_the_place_of_one_that_has_nothing_to_do() {
        let (mut paths, now) = (paths(), NOW);
        for number in 0..MOST {
            request(paths.of(transport(number)).unwrap(), now, number as u64);
        }
        assert!(matches!(paths.of(transport(MOST)), Err(Failure::TooManyTransports(MOST))));
        paths.of(transport(7)).unwrap().0.client.handle_cancel(now, RequestId(7));
        paths.of(transport(MOST)).unwrap();
        assert_eq!(paths.pending(), MOST - 1, "nobody else is closed");
        assert_eq!(paths.iter_mut().count(), MOST + 1);
        assert!(paths.iter_mut().any(|path| path.0.transport().local_v4.is_none()), "the default one stays");
        assert_eq!(paths.counters().requests, MOST as u64);
    }

    #[test]
    fn who_watches_is_told_of_paths_that_come_later() {
        let mut paths = paths();
        paths.set_tracing(true);
        let path = paths.of(transport(1)).unwrap();
        request(path, NOW, 1);
        sent(path, NOW);
        assert!(path.0.client.poll_trace().is_some());
    }

    #[test]
    fn a_suspend_ages_connection_ids_and_has_the_network_looked_at_anew() {
        for (seconds, actions, is_fresh) in [(0, vec![2], false), (30, vec![0, 2], true), (90, vec![0, 2], true)] {
            let (mut paths, now) = (paths(), NOW);
            let path = paths.of(None).unwrap();
            request(path, now, 1);
            assert_eq!(answer(path, now).0, [0, 2]);
            paths.notice_suspend(now, Duration::from_secs(1000));
            // The calendar has gone on, and the clock has not.
            paths.notice_suspend(now, Duration::from_secs(1000 + seconds));
            let path = paths.of(None).unwrap();
            request(path, now, 2);
            let (sent, port) = answer(path, now);
            assert_eq!((sent, port != Port::default()), (actions, is_fresh), "{seconds} s");
        }
    }
}
