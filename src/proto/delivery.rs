//! How many answers a second an address delivers.

use std::{collections::VecDeque, time::Duration};

use super::{rtt::RttEstimator, time::Instant};

/// The best rate is that of so many round trips.
const ROUNDS: usize = 10;

/// How many answers a second came, measured over whole round trips.
#[derive(Debug)]
pub(crate) struct Delivery {
    round_began: Instant,
    /// Answers in the running round.
    answers: u32,
    /// Answers a second in the latest rounds.
    rates: VecDeque<f64>,
}

impl Delivery {
    pub(crate) fn new(now: Instant) -> Self {
        Self { round_began: now, answers: 0, rates: VecDeque::new() }
    }

    /// A round ends with the first answer to what was sent in it, and is as long as a round trip at least: so it has all
    /// answers of a flight in it, however they bunch. Returns whether one does.
    pub(crate) fn on_response(&mut self, now: Instant, time_sent: Instant, rtt: &RttEstimator) -> bool {
        self.answers += 1;
        let lasted = now.saturating_duration_since(self.round_began);
        let ends = time_sent >= self.round_began && rtt.smoothed().is_some_and(|smoothed| lasted >= smoothed);
        if ends {
            self.rates.push_back(rate(self.answers, lasted));
            if self.rates.len() > ROUNDS {
                self.rates.pop_front();
            }
            self.answers = 0;
            self.round_began = now;
        }
        ends
    }

    /// The best rate of late, that of the running round among them as if it were a whole one.
    pub(crate) fn best(&self, now: Instant, round_trip: Duration) -> f64 {
        let lasted = now.saturating_duration_since(self.round_began).max(round_trip);
        self.rates.iter().copied().fold(rate(self.answers, lasted), f64::max)
    }
}

fn rate(answers: u32, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { f64::from(answers) / time.as_secs_f64() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIP: Duration = Duration::from_millis(50);

    /// Lets a round trip pass in which so many answers come.
    fn round(delivery: &mut Delivery, began: Instant, answers: u32) -> Instant {
        let mut rtt = RttEstimator::default();
        rtt.update(began, TRIP);
        let ends = began + TRIP;
        for n in 1..=answers {
            assert_eq!(delivery.on_response(ends, began, &rtt), n == 1);
        }
        ends
    }

    #[test]
    fn the_best_of_ten_rounds_counts() {
        let mut now = Instant::START;
        let mut delivery = Delivery::new(now);
        now = round(&mut delivery, now, 100);
        now = round(&mut delivery, now, 1);
        for _ in 0..10 {
            assert_eq!(delivery.best(now, TRIP), 2000.0);
            now = round(&mut delivery, now, 10);
        }
        assert!(delivery.best(now, TRIP) < 2000.0);
    }
}
