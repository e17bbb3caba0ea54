//! How many requests may be in flight to one address: opened by answers, closed by losses.
//!
//! Without it a burst of announces overflows the tracker's socket buffer or ours, and what is lost there waits out a
//! retransmission of 30 seconds. It doubles in a round trip until the first loss, as TCP's congestion window does
//! (RFC 5681); from there on it grows and shrinks by small shares, which keeps a tracker with a hard limit busy.

use std::time::{Duration, Instant};

/// Where every address starts: enough for a client with a few dozen torrents to send all at once.
const INITIAL: f64 = 64.0;
/// It never closes further than this, so that a silent tracker is still asked.
const SMALLEST: f64 = 4.0;
/// What is safe to have in flight however short the round trip. A default Linux socket buffer of 212,992 bytes holds 256
/// announces (832 bytes each as the kernel counts them), but the kernel gives room back a quarter of the buffer at a
/// time, so that 192 is where losses begin; and the tracker has other clients.
const BURST: f64 = 160.0;
/// Beyond `BURST` the window may grow to what a tracker far away can answer in one round trip at this rate, in requests
/// a second.
const RATE: f64 = 20_000.0;
/// What a loss leaves of the window once its size has been found.
const LEFT_BY_LOSS: f64 = 0.875;
/// The share by which it grows in a round trip from there on.
const GROWTH: f64 = 1.0 / 32.0;
/// A datagram is only taken for lost when it has been out for this long at least.
const SHORTEST_LOSS: Duration = Duration::from_millis(200);

/// The window of one address.
#[derive(Debug)]
pub(crate) struct Window {
    size: f64,
    /// Whether there was a loss yet: before, the window doubles in a round trip.
    found: bool,
    in_flight: u32,
    /// When it was last used up.
    full_at: Option<Instant>,
    /// Smoothed round trip and its variation (RFC 6298).
    round_trip: Option<(Duration, Duration)>,
    /// The shortest round trip: what is longer was spent in queues, which a larger window only makes longer.
    shortest: Option<Duration>,
    closing: Option<Closing>,
    /// When the latest sent of the answered requests was sent.
    newest_answered: Option<Instant>,
    /// Smoothed length of an answer, as the kernel counts it in our receive buffer.
    answer_length: f64,
}

/// The latest event that closed the window. Losses of what was sent before it are part of it.
#[derive(Debug)]
struct Closing {
    at: Instant,
    size_before: f64,
    losses: f64,
}

impl Window {
    pub(crate) fn new() -> Self {
        Self {
            size: INITIAL,
            found: false,
            in_flight: 0,
            full_at: None,
            round_trip: None,
            shortest: None,
            closing: None,
            newest_answered: None,
            answer_length: 0.0,
        }
    }

    /// Whether one more request may be sent.
    pub(crate) fn is_open(&self) -> bool {
        f64::from(self.in_flight) < self.size
    }

    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight
    }

    pub(crate) fn on_send(&mut self, now: Instant) {
        self.in_flight += 1;
        if !self.is_open() {
            self.full_at = Some(now);
        }
    }

    /// A request is no longer in flight, for whatever reason.
    pub(crate) fn on_release(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// An answer of `length` bytes came to a request sent at `sent_at`. Call it before `on_release`.
    ///
    /// `receive_buffer` is how much our socket holds of what comes in at once, in bytes.
    /// `measurable` is false when the request had been sent more than once: then nobody knows which send was answered
    /// (Karn's algorithm).
    pub(crate) fn on_answer(
        &mut self,
        now: Instant,
        sent_at: Instant,
        measurable: bool,
        length: usize,
        receive_buffer: usize,
    ) {
        self.newest_answered = self.newest_answered.max(Some(sent_at));
        if measurable {
            self.measure(now.saturating_duration_since(sent_at));
        }
        // As the kernel counts: the data in a power of two, and about 256 bytes for its own record.
        let held = (length + 320).next_power_of_two() as f64 + 256.0;
        self.answer_length += (held - self.answer_length) / 8.0;
        let receivable = receive_buffer as f64 / self.answer_length.max(held) / 2.0;
        // A window that is not used up says nothing about what a larger one would do.
        if self.full_at >= Some(sent_at) {
            self.size += if self.found { GROWTH } else { 1.0 };
        }
        let far = self.shortest.map_or(0.0, |shortest| shortest.as_secs_f64() * RATE);
        self.size = self.size.min(BURST.max(far)).min(receivable.max(SMALLEST));
    }

    /// A request sent at `sent_at` was lost.
    pub(crate) fn on_loss(&mut self, now: Instant, sent_at: Instant) {
        match &mut self.closing {
            // More of the same: what got through is what fits.
            Some(closing) if sent_at <= closing.at => {
                closing.losses += 1.0;
                self.size = self.size.min(closing.size_before - closing.losses);
            }
            _ => {
                self.closing = Some(Closing { at: now, size_before: self.size, losses: 1.0 });
                self.size *= if self.found { LEFT_BY_LOSS } else { 0.5 };
                self.found = true;
            }
        }
        self.size = self.size.max(SMALLEST);
    }

    /// Whether what was sent with or after a request of `sent_at` has been answered, by which time it should have been.
    pub(crate) fn has_overtaken(&self, sent_at: Instant) -> bool {
        self.newest_answered >= Some(sent_at)
    }

    /// When a request that was sent at `sent_at` and overtaken is to be taken for lost.
    pub(crate) fn lost_at(&self, sent_at: Instant) -> Instant {
        let patience = self.round_trip.map_or(SHORTEST_LOSS, |(smoothed, variation)| smoothed * 5 / 4 + 4 * variation);
        sent_at + patience.max(SHORTEST_LOSS)
    }

    fn measure(&mut self, sample: Duration) {
        self.shortest = Some(self.shortest.map_or(sample, |shortest| shortest.min(sample)));
        self.round_trip = Some(match self.round_trip {
            None => (sample, sample / 2),
            Some((smoothed, variation)) => {
                ((smoothed * 7 + sample) / 8, (variation * 3 + smoothed.abs_diff(sample)) / 4)
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOMY: usize = 1 << 30;
    /// Round trips in which a window finds its size. Miri takes a thousand times as long.
    const MANY: u32 = if cfg!(miri) { 4 } else { 50 };

    /// Fills the window and answers all of it, `trips` times.
    fn run(window: &mut Window, start: Instant, trips: u32, trip: Duration, buffer: usize) -> Instant {
        let mut now = start;
        for _ in 0..trips {
            while window.is_open() {
                window.on_send(now);
            }
            let sent_at = now;
            now += trip;
            for _ in 0..window.in_flight() {
                window.on_answer(now, sent_at, true, 100, buffer);
                window.on_release();
            }
        }
        now
    }

    #[test]
    fn a_close_tracker_is_never_sent_more_than_its_socket_buffer_holds() {
        let mut window = Window::new();
        run(&mut window, Instant::now(), MANY, Duration::from_micros(100), ROOMY);
        assert_eq!(window.size, BURST);
    }

    #[test]
    fn a_close_tracker_that_grows_slow_gets_no_larger_window() {
        let mut window = Window::new();
        let now = run(&mut window, Instant::now(), 1, Duration::from_micros(100), ROOMY);
        run(&mut window, now, MANY, Duration::from_millis(50), ROOMY);
        assert_eq!(window.size, BURST);
    }

    #[test]
    #[cfg_attr(miri, ignore = "reckons half a million answers")]
    fn a_far_tracker_gets_a_window_for_its_round_trip() {
        let mut window = Window::new();
        run(&mut window, Instant::now(), MANY, Duration::from_secs(2), ROOMY);
        assert!(window.size > 10_000.0, "{window:?}");
    }

    #[test]
    fn our_own_receive_buffer_bounds_it() {
        let mut window = Window::new();
        run(&mut window, Instant::now(), MANY, Duration::from_secs(2), 100 * 768);
        assert!(window.size <= 50.0, "{window:?}");
    }

    #[test]
    fn losses_of_one_event_close_it_once() {
        let mut window = Window::new();
        let now = run(&mut window, Instant::now(), 3, Duration::from_millis(10), ROOMY);
        let before = window.size;
        for _ in 0..10 {
            window.on_loss(now + Duration::from_secs(1), now);
        }
        assert_eq!(window.size, before / 2.0);
    }

    #[test]
    fn a_first_burst_that_is_mostly_lost_leaves_what_got_through() {
        let mut window = Window::new();
        let now = Instant::now();
        for _ in 0..56 {
            window.on_loss(now + Duration::from_secs(1), now);
        }
        assert_eq!(window.size, INITIAL - 56.0);
    }
}
