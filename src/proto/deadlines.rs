//! Every deadline of the client in one ordered queue, so that the engine needs a single timer.

use std::{collections::BTreeSet, time::Instant};

/// Whose deadline it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// The request in this slot of the client's table.
    Request(usize),
    /// The tracker in this slot of the client's table.
    Tracker(usize),
}

/// Deadlines in order of time. Entries can be taken back, so that requests answered long before their deadline, nearly
/// all of them, leave nothing behind.
#[derive(Default)]
pub(crate) struct Deadlines(BTreeSet<(Instant, Timer)>);

impl Deadlines {
    /// Moves a deadline from where `slot` says it is, if it is set, to `at`.
    pub(crate) fn set(&mut self, timer: Timer, slot: &mut Option<Instant>, at: Instant) {
        if *slot != Some(at) {
            self.clear(timer, slot);
            self.0.insert((at, timer));
            *slot = Some(at);
        }
    }

    /// Takes a deadline back.
    pub(crate) fn clear(&mut self, timer: Timer, slot: &mut Option<Instant>) {
        if let Some(at) = slot.take() {
            self.0.remove(&(at, timer));
        }
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.0.first().map(|&(at, _)| at)
    }

    /// Takes out one deadline that has come. The owner's slot is the caller's to empty.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        let &(at, timer) = self.0.first()?;
        if at > now {
            return None;
        }
        self.0.pop_first();
        Some(timer)
    }

    /// How many deadlines are set.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
