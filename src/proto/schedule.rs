//! When a request that got no answer is sent again, and when it is given up.

use std::time::Duration;

/// How often one phase of a request (connect, then announce or scrape) is sent before it is given up.
pub const MAX_SENDS: u32 = 7;

/// No wait is longer than this, whatever `_timeout` says: it keeps additions to an `Instant` far from overflow.
const LONGEST_WAIT: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

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

    /// How long to wait for an answer after send number `n`, n from 1.
    pub fn wait_after(&self, n: u32) -> Duration {
        self.scaled(f64::from(1u32 << n.min(MAX_SENDS)))
    }

    /// All the waits that are left once `n` sends have been made: the time until the request is given up if the next
    /// send were now.
    pub fn remaining_after(&self, n: u32) -> Duration {
        self.scaled(f64::from((1u32 << (MAX_SENDS + 1)) - (1u32 << (n.min(MAX_SENDS) + 1))))
    }

    /// The number that `tracker is not responding after:` names, in milliseconds: one doubling past the last wait.
    pub fn given_up_ms(&self) -> f64 {
        self.timeout_ms * f64::from(1u32 << (MAX_SENDS + 1))
    }

    fn scaled(&self, factor: f64) -> Duration {
        Duration::try_from_secs_f64(self.timeout_ms * factor / 1000.0).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT)
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
    fn what_remains_is_the_sum_of_the_waits_not_yet_waited() {
        let schedule = Schedule::new(100.0);
        for n in 0..=MAX_SENDS {
            let sum: Duration = (n + 1..=MAX_SENDS).map(|k| schedule.wait_after(k)).sum();
            assert_eq!(schedule.remaining_after(n), sum);
        }
    }

    #[test]
    fn a_timeout_beyond_any_clock_is_held_at_the_longest_wait() {
        assert_eq!(Schedule::new(f64::MAX).wait_after(1), LONGEST_WAIT);
        assert_eq!(Schedule::new(f64::NAN).wait_after(7), LONGEST_WAIT);
    }
}
