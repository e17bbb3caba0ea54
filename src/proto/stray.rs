//! Stray datagrams: from the tracker's address, and with no transaction ID that anybody waits for.
//!
//! One may be a faulty tracker's answer, and the application is to learn of it; or it may be forged, and must not beat the
//! true answer. So it ends nothing by itself: what it may have been meant for goes on for three seconds, and a valid
//! answer in that time wins. Nothing is sent again for it meanwhile: a faulty tracker is asked no more often than by the
//! package this one replaces. In a flood stray datagrams say nothing of the tracker, and end and hold up nobody at all.

use std::{collections::VecDeque, time::Duration};

use super::{Failure, TransactionId, time::Instant};

/// How long a valid answer may still come.
const GRACE: Duration = Duration::from_secs(3);
/// How many stray datagrams may come within [`GRACE`] when nobody is left they could have been meant for, plus a few for
/// each request in flight. More are not a faulty tracker's answers, nor a network's repetitions of them.
const EXCESS: u32 = 16;
const EXCESS_EACH: u32 = 4;

/// What a stray datagram may have been meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suspect {
    /// A connect: those that wait for it and came before the request of this sequence number.
    Connect { before: u64 },
    /// A request, by one of its sends.
    Request(TransactionId),
}

/// The pending failures of one address.
#[derive(Debug)]
pub(crate) struct StrayGuard {
    /// In order of time.
    pending: VecDeque<(Instant, Suspect, Failure)>,
    /// Datagrams that nobody was left for, and since when they are counted.
    excess: (u32, Instant),
    /// When there were last too many of them.
    flooded_at: Option<Instant>,
}

impl StrayGuard {
    pub(crate) fn new(now: Instant) -> Self {
        Self { pending: VecDeque::new(), excess: (0, now), flooded_at: None }
    }

    /// `suspect` fails in three seconds unless it is answered.
    pub(crate) fn hold_against(&mut self, now: Instant, suspect: Suspect, failure: Failure) {
        // Nothing is held against anybody in a flood, so the last one is over.
        self.flooded_at = None;
        self.pending.push_back((now + GRACE, suspect, failure));
    }

    /// Whether a failure of the connect is pending.
    pub(crate) fn suspects_connect(&self) -> bool {
        self.pending.iter().any(|(_, suspect, _)| matches!(suspect, Suspect::Connect { .. }))
    }

    /// The connect is over, and with it what was held against it.
    pub(crate) fn clear_connect(&mut self) {
        self.pending.retain(|(_, suspect, _)| !matches!(suspect, Suspect::Connect { .. }));
    }

    /// A datagram came that nobody was left for.
    pub(crate) fn count_excess(&mut self, now: Instant, in_flight: u32) {
        if now >= self.excess.1 + GRACE {
            self.excess = (0, now);
        }
        self.excess.0 += 1;
        if self.excess.0 > EXCESS + EXCESS_EACH * in_flight {
            self.flooded_at = Some(now);
        }
    }

    /// Whether somebody forges datagrams, or did so when a failure that is due now was held against its suspect.
    pub(crate) fn is_flooded(&self, now: Instant) -> bool {
        self.flooded_at.is_some_and(|at| now < at + 2 * GRACE)
    }

    /// The next suspect whose time is up, with its failure; in a flood it goes on without one.
    pub(crate) fn poll_suspect(&mut self, now: Instant) -> Option<(Suspect, Option<Failure>)> {
        let is_flooded = self.is_flooded(now);
        self.pending.front().filter(|(due, ..)| is_flooded || *due <= now)?;
        let (_, suspect, failure) = self.pending.pop_front()?;
        Some((suspect, Some(failure).filter(|_| !is_flooded)))
    }

    /// When [`poll_suspect`](Self::poll_suspect) has something: when a failure is due, or a flood has begun.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let (due, ..) = self.pending.front()?;
        Some(self.flooded_at.map_or(*due, |at| at.min(*due)))
    }
}
