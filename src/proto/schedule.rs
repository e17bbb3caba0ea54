//! When a request that got no answer is given up, and by when at the latest it is sent again. The RTO of its address says
//! when: see `rtt`.

use std::time::Duration;

/// How many waits one phase of a request (connect, then announce or scrape) has before it is given up.
pub const MAX_SENDS: u32 = 7;

/// A `_timeout` below this, in milliseconds, has a first wait below the network's first one of a second.
const OWN_CLOCK_MS: f64 = 500.0;

/// No wait is longer than this, whatever `_timeout` says: it keeps additions to an `Instant` far from overflow.
const LONGEST_WAIT: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// No wait is shorter, so that nothing is sent twice at one moment: timers of JavaScript have the same floor.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// The waits between retransmissions of one request.
///
/// The wait after the n-th send is `timeout * 2^n`, n from 1. BEP 15 ("Time outs") counts n from 0 with 15 seconds; the
/// package this one replaces counts from 1, so that its first wait is 30 seconds, and applications rely on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    timeout_ms: f64,
}

impl Schedule {
    /// A schedule from the `_timeout` option, in milliseconds.
    pub fn new(timeout_ms: f64) -> Self {
        Self { timeout_ms }
    }

    /// The longest wait for an answer after send number `n`, n from 1; held at that of [`MAX_SENDS`].
    pub fn wait_after(&self, n: u32) -> Duration {
        self.scaled(f64::from(1u32 << n.min(MAX_SENDS)))
    }

    /// How long a phase lasts until it is given up: all its waits.
    pub fn total(&self) -> Duration {
        self.scaled(f64::from((1u32 << (MAX_SENDS + 1)) - 2))
    }

    /// Whether these waits alone say when a datagram is sent again. They are shorter than what the network's clock takes
    /// to begin with, so an application that sets them means them.
    pub fn is_own_clock(&self) -> bool {
        self.timeout_ms < OWN_CLOCK_MS
    }

    /// The number that `tracker is not responding after:` names, in milliseconds: one doubling past the last wait.
    pub fn given_up_ms(&self) -> f64 {
        self.timeout_ms * f64::from(1u32 << (MAX_SENDS + 1))
    }

    /// The shorter one.
    pub(crate) fn min(self, other: Self) -> Self {
        if other.timeout_ms < self.timeout_ms { other } else { self }
    }

    fn scaled(&self, factor: f64) -> Duration {
        let wait = Duration::try_from_secs_f64(self.timeout_ms * factor / 1000.0).unwrap_or(LONGEST_WAIT);
        wait.clamp(SHORTEST_WAIT, LONGEST_WAIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_from_twice_the_timeout() {
        let schedule = Schedule::new(15_000.0);
        let waits: Vec<u64> = (1..=MAX_SENDS).map(|n| schedule.wait_after(n).as_secs()).collect();
        assert_eq!(waits, [30, 60, 120, 240, 480, 960, 1920]);
        assert_eq!(schedule.given_up_ms(), 3_840_000.0);
    }

    #[test]
    fn a_phase_lasts_for_the_sum_of_the_waits() {
        let schedule = Schedule::new(100.0);
        assert_eq!(schedule.total(), (1..=MAX_SENDS).map(|n| schedule.wait_after(n)).sum());
    }

    #[test]
    fn waits_whose_first_is_below_a_second_are_a_clock_of_their_own() {
        assert!(Schedule::new(499.9).is_own_clock() && !Schedule::new(500.0).is_own_clock());
    }

    #[test]
    fn a_timeout_beyond_any_clock_is_held_at_the_longest_wait() {
        assert_eq!(Schedule::new(f64::MAX).wait_after(1), LONGEST_WAIT);
        assert_eq!(Schedule::new(f64::NAN).wait_after(7), LONGEST_WAIT);
    }
}
