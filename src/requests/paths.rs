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
