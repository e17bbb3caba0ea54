//! How many requests may be in flight to one address: opened by answers, closed by losses.
//!
//! Without it a burst of announces overflows the tracker's socket buffer or ours, and what is lost there waits out a
//! retransmission of 30 seconds. It grows and shrinks as TCP's congestion window does (RFC 5681), on the same grounds.

use std::time::{Duration, Instant};

/// Where every address starts: enough for a client with a few dozen torrents to send all at once.
const INITIAL: f64 = 64.0;
/// It never closes further than this, so that a silent tracker is still asked.
const SMALLEST: f64 = 4.0;
/// What is safe to have in flight however short the round trip: a default Linux socket buffer of 212,992 bytes holds
/// 277 small datagrams (768 bytes each as the kernel counts them), and the tracker has other clients.
const BURST: f64 = 192.0;
/// Beyond `BURST` the window may grow to what a tracker far away can answer in one round trip at this rate, in requests
/// a second.
const RATE: f64 = 20_000.0;
/// A datagram is only taken for lost when it has been out for this long at least.
const SHORTEST_LOSS: Duration = Duration::from_millis(200);

/// The window of one address.
#[derive(Debug)]
pub(crate) struct Window {
    size: f64,
    /// Below it the window doubles in a round trip, above it one more request is allowed each round trip.
    threshold: f64,
    in_flight: u32,
    /// Smoothed round trip and its variation (RFC 6298).
    round_trip: Option<(Duration, Duration)>,
    /// Losses of what was sent before this are of the event that has already closed the window.
    closed_at: Option<Instant>,
    /// When the latest sent of the answered requests was sent.
    newest_answered: Option<Instant>,
    /// Smoothed length of an answer, as the kernel counts it in our receive buffer.
    answer_length: f64,
}

impl Window {
    pub(crate) fn new() -> Self {
        Self {
            size: INITIAL,
            threshold: f64::INFINITY,
            in_flight: 0,
            round_trip: None,
            closed_at: None,
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

    pub(crate) fn on_send(&mut self) {
        self.in_flight += 1;
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
        if f64::from(self.in_flight) * 2.0 > self.size {
            self.size += if self.size < self.threshold { 1.0 } else { 1.0 / self.size };
        }
        let far = self.round_trip.map_or(0.0, |(smoothed, _)| smoothed.as_secs_f64() * RATE);
        self.size = self.size.min(BURST.max(far)).min(receivable.max(SMALLEST));
    }

    /// A request sent at `sent_at` was lost.
    pub(crate) fn on_loss(&mut self, now: Instant, sent_at: Instant) {
        if self.closed_at.is_none_or(|closed_at| sent_at > closed_at) {
            self.size = (self.size / 2.0).max(SMALLEST);
            self.threshold = self.size;
            self.closed_at = Some(now);
        }
    }

    /// Whether answers to requests sent later prove that one sent at `sent_at` was lost.
    pub(crate) fn proves_lost(&self, now: Instant, sent_at: Instant) -> bool {
        let (Some((smoothed, variation)), Some(newest)) = (self.round_trip, self.newest_answered) else { return false };
        let patience = (smoothed + 4 * variation).max(SHORTEST_LOSS);
        newest > sent_at + smoothed / 4 && now.saturating_duration_since(sent_at) > patience
    }

    fn measure(&mut self, sample: Duration) {
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

    /// Fills the window and answers all of it, `trips` times.
    fn run(window: &mut Window, start: Instant, trips: u32, trip: Duration, buffer: usize) -> Instant {
        let mut now = start;
        for _ in 0..trips {
            while window.is_open() {
                window.on_send();
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
        run(&mut window, Instant::now(), 50, Duration::from_micros(100), ROOMY);
        assert_eq!(window.size, BURST);
    }

    #[test]
    fn a_far_tracker_gets_a_window_for_its_round_trip() {
        let mut window = Window::new();
        run(&mut window, Instant::now(), 50, Duration::from_secs(2), ROOMY);
        assert!(window.size > 10_000.0, "{window:?}");
    }

    #[test]
    fn our_own_receive_buffer_bounds_it() {
        let mut window = Window::new();
        run(&mut window, Instant::now(), 50, Duration::from_secs(2), 100 * 768);
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
}
