//! Time as the protocol sees it: moments on a clock that whoever drives it reads. The standard library's `Instant` can only
//! be had from its own clock, which not every platform has.

use std::{
    num::NonZeroU64,
    ops::{Add, AddAssign, Sub},
    time::Duration,
};

/// A moment: nanoseconds on a monotonic clock of the caller's, which begins at 1, so that an `Option` of it is no larger.
///
/// Arithmetic stops at either end of the clock instead of overflowing; it lasts for 584 years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(NonZeroU64);

impl Instant {
    /// The clock's beginning.
    pub const START: Self = Self(NonZeroU64::MIN);

    /// How long ago `earlier` was; zero if it is later than this.
    pub fn saturating_duration_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.get().saturating_sub(earlier.0.get()))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanoseconds(duration)))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(NonZeroU64::new(self.0.get().saturating_sub(nanoseconds(duration))).unwrap_or(NonZeroU64::MIN))
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_stops_at_the_ends_of_the_clock() {
        let now = Instant::START + Duration::from_secs(5);
        assert_eq!(now - Duration::from_secs(2), Instant::START + Duration::from_secs(3));
        assert_eq!(now - Duration::from_secs(6), Instant::START);
        assert_eq!(now + Duration::MAX, now + Duration::MAX + Duration::from_secs(1));
        assert_eq!(now.saturating_duration_since(Instant::START), Duration::from_secs(5));
        assert_eq!(Instant::START.saturating_duration_since(now), Duration::ZERO);
    }

    #[test]
    fn an_optional_moment_takes_no_more_room_than_one() {
        assert_eq!(size_of::<Option<Instant>>(), 8);
    }
}
