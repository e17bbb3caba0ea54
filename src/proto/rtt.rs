//! The round trips of one address, and the RTO: how long to wait for an answer before a datagram is sent again (RFC 6298).
//! `flight` finds what has waited that long; `silence` and `connection` say how often the wait doubles.

use std::time::Duration;

use super::time::Instant;

/// The wait while nothing has been measured (RFC 6298, 2.1).
const INITIAL_RTO: Duration = Duration::from_secs(1);
/// The least that is added to the smoothed round trip before a datagram is sent again.
const SMALLEST_MARGIN: Duration = Duration::from_millis(200);
/// A datagram never counts as lost sooner: a process that is not scheduled for some milliseconds, next door, is not a network
/// that loses, and a second window on top of the first overflows its socket.
const SHORTEST_LOSS_DELAY: Duration = Duration::from_millis(20);
/// Doublings of the RTO end here: what is beyond it is later than any schedule.
const MOST_BACKOFF: u32 = 24;

/// Estimates the round trip of one address from samples.
#[derive(Debug, Default)]
pub(crate) struct RttEstimator {
    measured: Option<Measured>,
}

#[derive(Debug)]
struct Measured {
    smoothed: Duration,
    /// Smoothed difference between a sample and the smoothed round trip.
    deviation: Duration,
    /// The largest `deviation` of the running round trip.
    largest: Duration,
    /// What `largest` is at the end of each round trip; it rises at once and falls by a quarter of the difference.
    variation: Duration,
    min: Duration,
    max: Duration,
    round_ends: Instant,
}

impl RttEstimator {
    /// Takes the time from one send to its own answer.
    pub(crate) fn update(&mut self, now: Instant, sample: Duration) {
        let Some(measured) = &mut self.measured else {
            let deviation = sample / 2;
            self.measured = Some(Measured {
                smoothed: sample,
                deviation,
                largest: deviation,
                variation: deviation,
                min: sample,
                max: sample,
                round_ends: now + sample,
            });
            return;
        };
        let off = measured.smoothed.abs_diff(sample);
        measured.deviation = (measured.deviation * 3 + off) / 4;
        measured.smoothed = (measured.smoothed * 7 + sample) / 8;
        measured.min = measured.min.min(sample);
        measured.max = measured.max.max(sample);
        // In a burst the quick answers come first and agree with each other: a variation that followed each sample would
        // have shrunk by the time the slow ones are due. So it is the largest of a round trip, as in Linux.
        measured.largest = measured.largest.max(measured.deviation);
        measured.variation = measured.variation.max(measured.largest);
        if now >= measured.round_ends {
            measured.variation -= (measured.variation - measured.largest) / 4;
            measured.largest = Duration::ZERO;
            measured.round_ends = now + measured.smoothed;
        }
    }

    /// How long to wait before a datagram is sent again, doubled `backoff` times.
    pub(crate) fn rto(&self, backoff: u32) -> Duration {
        let rto = self
            .measured
            .as_ref()
            .map_or(INITIAL_RTO, |measured| measured.smoothed + SMALLEST_MARGIN.max(4 * measured.variation));
        rto * (1 << backoff.min(MOST_BACKOFF))
    }

    /// After this time a datagram counts as lost and its place in the window is free: sooner than it is sent again,
    /// since a place held by a lost datagram is one less for the others. Never longer than the RTO.
    pub(crate) fn loss_delay(&self) -> Duration {
        self.measured.as_ref().map_or(INITIAL_RTO, |measured| {
            let late = (measured.smoothed + 4 * measured.variation).max(measured.smoothed * 5 / 4);
            late.max(SHORTEST_LOSS_DELAY).min(self.rto(0))
        })
    }

    /// The smoothed round trip, `None` before the first sample.
    pub(crate) fn smoothed(&self) -> Option<Duration> {
        self.measured.as_ref().map(|measured| measured.smoothed)
    }

    /// The longest round trip, zero before the first sample.
    pub(crate) fn max(&self) -> Duration {
        self.measured.as_ref().map_or(Duration::ZERO, |measured| measured.max)
    }

    /// The shortest round trip: what is longer was spent in queues. `None` before the first sample.
    pub(crate) fn min(&self) -> Option<Duration> {
        self.measured.as_ref().map(|measured| measured.min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// An estimator that has seen `samples` in milliseconds, ten of them in a smoothed round trip.
    fn after(samples: impl IntoIterator<Item = u32>) -> RttEstimator {
        let mut now = Instant::START;
        let mut rtt = RttEstimator::default();
        for sample in samples {
            rtt.update(now, MS * sample);
            now += rtt.smoothed().unwrap() / 10;
        }
        rtt
    }

    #[test]
    fn next_door_nothing_is_lost_for_20_ms() {
        let rtt = after((0..1000).map(|_| 1));
        assert_eq!(rtt.loss_delay(), 20 * MS);
        let rtt = after((0..1000).map(|_| 20));
        assert_eq!(rtt.loss_delay(), 25 * MS);
    }

    #[test]
    fn without_a_sample_the_wait_is_a_second_and_doubles() {
        let rtt = RttEstimator::default();
        assert_eq!([0, 1, 2, 5].map(|backoff| rtt.rto(backoff).as_secs()), [1, 2, 4, 32]);
        assert_eq!(rtt.loss_delay(), rtt.rto(0));
        assert_eq!((rtt.smoothed(), rtt.min()), (None, None));
    }

    #[test]
    fn the_first_sample_is_the_round_trip_and_half_of_it_the_variation() {
        assert_eq!(after([100]).rto(0), MS * 300);
        assert_eq!(after([200]).rto(0), MS * 600);
        assert_eq!(after([200]).loss_delay(), MS * 600);
    }

    #[test]
    fn a_steady_round_trip_is_exceeded_by_200_ms_and_its_loss_delay_by_a_quarter() {
        let rtt = after([100; 500]);
        assert_eq!(rtt.rto(0).as_millis(), 300);
        assert_eq!(rtt.loss_delay().as_millis(), 125);
    }

    #[test]
    fn the_loss_delay_is_never_longer_than_the_rto() {
        let rtt = after([4000; 500]);
        assert_eq!(rtt.rto(0).as_millis(), 4200);
        assert_eq!(rtt.loss_delay(), rtt.rto(0));
    }

    #[test]
    fn one_slow_answer_raises_the_wait_at_once() {
        let mut samples = vec![20; 500];
        samples.push(400);
        let rtt = after(samples);
        assert!(rtt.rto(0) > MS * 400, "{rtt:?}");
    }

    #[test]
    fn quick_answers_ahead_of_slow_ones_do_not_shrink_the_variation_within_a_round_trip() {
        let now = Instant::START;
        let mut rtt = RttEstimator::default();
        rtt.update(now, MS * 400);
        for _ in 0..200 {
            rtt.update(now + MS, MS * 100);
        }
        assert!(rtt.rto(0) > MS * 500, "{rtt:?}");
    }

    #[test]
    fn the_variation_falls_by_a_quarter_of_the_difference_in_a_round_trip() {
        let mut now = Instant::START;
        let mut rtt = RttEstimator::default();
        rtt.update(now, MS * 400);
        for trip in 1..4 {
            now += MS * 400;
            rtt.update(now, MS * 400);
            if trip == 1 {
                // The first round's largest was that of the first sample.
                assert_eq!(rtt.rto(0), MS * 1200);
            }
        }
        let variation = (rtt.rto(0) - MS * 400) / 4;
        assert!(variation > MS * 120 && variation < MS * 200, "{variation:?}");
    }

    #[test]
    fn the_shortest_round_trip_is_kept() {
        assert_eq!(after([50, 20, 400, 30]).min(), Some(MS * 20));
    }
}
