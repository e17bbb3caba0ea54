//! The requests that come new to an address: one in an RTO is sent at once, whatever holds the others back. So a request
//! to an address that answers by now is answered by now, whatever came before it.

use super::{rtt::RttEstimator, time::Instant};

/// The newcomers of one address.
#[derive(Debug, Default)]
pub(crate) struct Newcomers {
    /// When the last of those that wait for nobody was sent.
    sent: Option<Instant>,
    /// Whether one is waiting to be sent an RTO after the last.
    is_waiting: bool,
}

impl Newcomers {
    /// A request comes. Returns whether it is one of those that wait for nobody: the first, and the next an RTO later. Only
    /// an arrival makes one; those that are waiting already do not.
    pub(crate) fn on_arrival(&mut self) -> bool {
        !std::mem::replace(&mut self.is_waiting, true)
    }

    /// Whether one is to be sent now.
    pub(crate) fn is_due(&self, now: Instant, rtt: &RttEstimator) -> bool {
        self.poll_timeout(rtt, now).is_some_and(|due| due <= now)
    }

    /// It is sent.
    pub(crate) fn on_sent(&mut self, now: Instant) {
        *self = Self { sent: Some(now), is_waiting: false };
    }

    /// It has gone, and nobody is there in its place.
    pub(crate) fn on_gone(&mut self) {
        self.is_waiting = false;
    }

    /// When one is to be sent: without any doubling of the RTO, which says nothing of what comes new.
    pub(crate) fn poll_timeout(&self, rtt: &RttEstimator, now: Instant) -> Option<Instant> {
        self.is_waiting.then(|| self.sent.map_or(now, |sent| sent + rtt.rto(0)))
    }
}
