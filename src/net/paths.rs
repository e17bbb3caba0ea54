//! The paths that are in use: the default one for ever, others for as long as somebody needs them.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::proto::{Counters, Instant};

use super::{
    Failure, clock,
    messages::Decision,
    names::Shared,
    network::Change,
    path::{Path, transport::Transport},
    sessions::Sessions,
    stats::add,
};

/// How many paths there are at most. Each has sockets, a cache of names and, with a proxy, a connection.
const MOST: usize = 64;

/// A shorter step of the wall clock is an adjustment of it, not a suspend.
const LEAST_SUSPEND: Duration = Duration::from_secs(1);

pub(super) struct Paths {
    /// The first is the default one.
    paths: Vec<Path>,
    shared: Shared,
    random: StdRng,
    /// Those that are closed and have something left to tell.
    closed: Vec<Path>,
    /// What was counted on paths that are closed.
    past: Counters,
    tracing: bool,
    clocks: (Instant, SystemTime),
}

impl Paths {
    pub(super) fn new(shared: Shared, seed: [u8; 32]) -> Self {
        let mut paths = Self {
            paths: Vec::new(),
            shared,
            random: StdRng::from_seed(seed),
            closed: Vec::new(),
            past: Counters::default(),
            tracing: false,
            clocks: (clock::now(), SystemTime::now()),
        };
        paths.open(Arc::default());
        paths
    }

    /// The path of a transport; the default one without.
    ///
    /// # Errors
    /// There are too many, and all of them are needed.
    pub(super) fn of(&mut self, transport: Option<Arc<Transport>>) -> Result<&mut Path, Failure> {
        let index = match transport {
            None => 0,
            Some(transport) => {
                match self
                    .paths
                    .iter()
                    .position(|path| Arc::ptr_eq(path.transport(), &transport) || *path.transport() == transport)
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
        let mut path = Path::new(transport, self.shared.clone(), seed);
        path.client.set_tracing(self.tracing);
        self.paths.push(path);
        self.paths.len() - 1
    }

    /// Opens a path in place of one that has nothing to do.
    fn replace(&mut self, transport: Arc<Transport>) -> Result<&mut Path, Failure> {
        let idle = self.paths.iter().skip(1).position(|path| path.pending() == 0);
        let Some(idle) = idle else { return Err(Failure::TooManyTransports(MOST)) };
        self.close(idle + 1);
        let index = self.open(transport);
        Ok(&mut self.paths[index])
    }

    fn close(&mut self, index: usize) {
        let path = self.paths.swap_remove(index);
        add(&mut self.past, path.counters());
        self.closed.push(path);
    }

    /// Closes those that nobody has needed for a while. What they had to tell has been told.
    pub(super) fn tidy(&mut self, now: Instant) {
        while let Some(index) = self.paths.iter().position(|path| path.is_over(now)) {
            self.close(index);
        }
        self.closed = Vec::new();
    }

    /// Whether anyone wants to know of datagrams.
    pub(super) fn set_tracing(&mut self, wanted: bool) {
        self.tracing = wanted;
        self.paths.iter_mut().for_each(|path| path.client.set_tracing(wanted));
    }

    /// Passes on every outcome and trace.
    pub(super) fn deliver(&mut self, sessions: &mut Sessions) {
        for path in self.paths.iter_mut().chain(&mut self.closed) {
            while let Some(trace) = path.poll_trace() {
                sessions.trace(&trace);
            }
            while let Some((decision, address)) = path.poll_decision() {
                sessions.decision(&Decision::Address(decision, address));
            }
            path.deliver(sessions);
        }
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Path> {
        self.paths.iter_mut()
    }

    /// Tells how long the machine was suspended: its calendar has gone on, and the clock of `Instant` may not have.
    pub(super) fn notice_suspend(&mut self) {
        let (monotonic, wall) = std::mem::replace(&mut self.clocks, (clock::now(), SystemTime::now()));
        let passed = self.clocks.1.duration_since(wall).unwrap_or_default();
        let suspended = passed.saturating_sub(self.clocks.0.saturating_duration_since(monotonic));
        if suspended > LEAST_SUSPEND {
            self.paths.iter_mut().for_each(|path| path.client.handle_suspend(suspended));
            let now = self.clocks.0;
            self.paths.iter_mut().for_each(|path| path.handle_network_change(now, Change::Moved));
        }
    }

    /// Ready when one of them has something to do.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        // Each is asked: only who has been asked wakes us.
        let ready = self.paths.iter_mut().filter_map(|path| path.poll(context).is_ready().then_some(())).count();
        if ready > 0 { Poll::Ready(()) } else { Poll::Pending }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.paths.iter().filter_map(Path::deadline).min()
    }

    /// How many requests have not ended.
    pub(super) fn pending(&self) -> usize {
        self.paths.iter().map(Path::pending).sum()
    }

    /// How many of them have been sent, or are about to be.
    pub(super) fn asking(&self) -> usize {
        self.paths.iter().map(|path| path.client.pending()).sum()
    }

    pub(super) fn counters(&self) -> Counters {
        let mut sum = self.past;
        for path in &self.paths {
            add(&mut sum, path.counters());
        }
        sum
    }
}
