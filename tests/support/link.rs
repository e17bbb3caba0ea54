//! What a network does to a datagram between client and tracker, either way.

use std::{collections::VecDeque, ops::Range, time::Duration};

use rand::{RngExt, rngs::StdRng};

/// No round trip is shorter.
const SHORTEST: Duration = Duration::from_micros(50);

/// The way to one tracker and back. The default is a perfect one that takes 20 ms for a round trip.
///
/// Odds are of one datagram, between 0 and 1.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    /// From a request's sending to its answer's arrival.
    pub(crate) round_trip: Duration,
    /// A round trip takes up to this much more or less, so that later datagrams overtake earlier ones.
    pub(crate) jitter: Duration,
    /// Odds of a round trip of this other length.
    pub(crate) slow: Option<(f64, Duration)>,
    /// From this moment on round trips have this length.
    pub(crate) jump: Option<(Duration, Duration)>,
    /// Each way.
    pub(crate) loss: f64,
    /// Each way.
    pub(crate) duplicates: f64,
    /// What is sent in this time is lost, either way.
    pub(crate) outage: Range<Duration>,
    pub(crate) bottleneck: Option<Bottleneck>,
    /// Answers arrive in bursts, this far apart.
    pub(crate) bursts: Duration,
}

/// The narrowest part of the way to a tracker.
#[derive(Clone, Debug)]
pub(crate) enum Bottleneck {
    /// So many datagrams a second, and a queue that drops what comes when so many wait in it.
    Rate { per_second: u32, queue: usize, leaves: VecDeque<Duration> },
    /// What comes while so many announces and scrapes are in flight is dropped.
    InFlight { most: usize, until: VecDeque<Duration> },
}

impl Bottleneck {
    pub(crate) fn rate(per_second: u32, queue: usize) -> Self {
        Self::Rate { per_second, queue, leaves: VecDeque::new() }
    }

    pub(crate) fn in_flight(most: usize) -> Self {
        Self::InFlight { most, until: VecDeque::new() }
    }

    /// How long a datagram waits here; `None` if it is dropped.
    fn pass(&mut self, now: Duration, round_trip: Duration, is_connect: bool) -> Option<Duration> {
        match self {
            Self::Rate { per_second, queue, leaves } => {
                leaves.retain(|&at| at > now);
                if leaves.len() > *queue {
                    return None;
                }
                let leaves_at = leaves.back().map_or(now, |&last| last) + Duration::from_secs(1) / *per_second;
                leaves.push_back(leaves_at);
                Some(leaves_at - now)
            }
            Self::InFlight { .. } if is_connect => Some(Duration::ZERO),
            Self::InFlight { most, until } => {
                until.retain(|&at| at > now);
                let has_room = until.len() < *most;
                if has_room {
                    until.push_back(now + round_trip);
                }
                has_room.then_some(Duration::ZERO)
            }
        }
    }
}

impl Default for Link {
    fn default() -> Self {
        Self {
            round_trip: Duration::from_millis(20),
            jitter: Duration::ZERO,
            slow: None,
            jump: None,
            loss: 0.0,
            duplicates: 0.0,
            outage: Duration::ZERO..Duration::ZERO,
            bottleneck: None,
            bursts: Duration::ZERO,
        }
    }
}

impl Link {
    /// A perfect one with this round trip.
    pub(crate) fn of(round_trip: Duration) -> Self {
        Self { round_trip, ..Self::default() }
    }

    /// One that loses, each way.
    pub(crate) fn lossy(round_trip: Duration, loss: f64) -> Self {
        Self { round_trip, loss, ..Self::default() }
    }

    /// How long each copy of a request sent at `now` takes to the tracker, and its answer back; none if it is lost.
    pub(crate) fn out(&mut self, now: Duration, is_connect: bool, random: &mut StdRng) -> Vec<(Duration, Duration)> {
        let mut trips = Vec::new();
        for _ in 0..self.copies(now, random) {
            let half = self.trip(now, random) / 2;
            let waits = match &mut self.bottleneck {
                Some(bottleneck) => bottleneck.pass(now, half * 2, is_connect),
                None => Some(Duration::ZERO),
            };
            trips.extend(waits.map(|waits| (half + waits, half)));
        }
        trips
    }

    /// When each copy of an answer sent at `now`, which takes `trip`, arrives.
    pub(crate) fn back(&self, now: Duration, trip: Duration, random: &mut StdRng) -> Vec<Duration> {
        let arrival = now + trip;
        let arrival = if self.bursts.is_zero() {
            arrival
        } else {
            let bursts = arrival.as_nanos().div_ceil(self.bursts.as_nanos());
            self.bursts * u32::try_from(bursts).expect("a short simulation")
        };
        vec![arrival; self.copies(now, random)]
    }

    fn copies(&self, now: Duration, random: &mut StdRng) -> usize {
        if self.outage.contains(&now) || self.loss > 0.0 && random.random_bool(self.loss) {
            return 0;
        }
        if self.duplicates > 0.0 && random.random_bool(self.duplicates) { 2 } else { 1 }
    }

    fn trip(&self, now: Duration, random: &mut StdRng) -> Duration {
        let usual = match (self.jump, self.slow) {
            (Some((at, round_trip)), _) if now >= at => round_trip,
            (_, Some((odds, round_trip))) if random.random_bool(odds) => round_trip,
            _ => self.round_trip,
        };
        let spread = (2 * self.jitter).as_nanos() as u64;
        let drawn = Duration::from_nanos(random.random_range(0..=spread));
        (usual + drawn).saturating_sub(self.jitter).max(SHORTEST)
    }
}
