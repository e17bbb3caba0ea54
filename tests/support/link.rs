//! What a network does to a datagram between client and tracker, either way.

use std::time::Duration;

use rand::{RngExt, rngs::StdRng};

/// Odds are of one datagram, between 0 and 1.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Link {
    pub(crate) loss: f64,
    pub(crate) duplicates: f64,
    /// Each datagram takes up to this much longer, so that later ones overtake it.
    pub(crate) jitter: Duration,
}

impl Link {
    /// How much later than usual each copy of a datagram arrives; no copy at all if it is lost.
    pub(crate) fn copies(&self, random: &mut StdRng) -> Vec<Duration> {
        if self.loss > 0.0 && random.random_bool(self.loss) {
            return Vec::new();
        }
        let copies = if self.duplicates > 0.0 && random.random_bool(self.duplicates) { 2 } else { 1 };
        let jitter = self.jitter.as_micros() as u64;
        (0..copies).map(|_| Duration::from_micros(random.random_range(0..=jitter))).collect()
    }
}
