//! How many requests may be in flight to one address.
//!
//! Loss is not congestion until it is much: one datagram in ten lost each way is 19 % of all exchanges, and says nothing
//! of the tracker. So the window closes only when more than a quarter of what was sent in a row is lost, and then to what
//! the path has carried: the best delivery rate of late, times the mean round trip.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::rtt::RttEstimator;

/// Where every address starts. A default Linux socket buffer of 212,992 bytes holds 256 announces (832 bytes each as the
/// kernel counts them) and is given back by quarters, so that losses begin at 192; and a tracker has other clients.
const INITIAL_WINDOW: f64 = 160.0;
/// It never closes further than this.
const SMALLEST_WINDOW: f64 = 4.0;
/// Beyond the first window it may grow to what a tracker far away can answer in one round trip at this rate, in requests
/// a second. The round trip is the shortest one: what is longer was spent in queues, which a larger window only makes
/// longer.
const RATE: f64 = 20_000.0;
/// The share by which it grows in a round trip once it has been closed.
const GROWTH: f64 = 0.01;
/// Losses are counted over this many sends in a row.
const BLOCK: u32 = 200;
/// More losses than this in a block are congestion.
const CONGESTED: u32 = BLOCK / 4;
/// When fewer than one in this many is answered, the network is gone or the tracker is: no window would help.
const OUTAGE: u32 = 20;
/// What is left of the measured capacity, so that queues drain.
const LEFT: f64 = 0.8;
/// The best delivery rate is that of so many round trips.
const ROUNDS: usize = 10;
/// How many blocks are kept for answers that come late.
const BLOCKS: usize = 64;

/// The window of one address.
#[derive(Debug)]
pub(crate) struct Congestion {
    window: f64,
    /// Until it has been closed once, it grows by one an answer, which doubles it in a round trip.
    slow_start: bool,
    in_flight: u32,
    /// When it was last used up: only then has it been tried whether more would do.
    full_at: Option<Instant>,
    /// Counts of the latest blocks of sends, the newest last.
    blocks: VecDeque<Block>,
    /// The number of the first of `blocks`.
    first_block: u32,
    /// The latest closing: blocks up to this one are part of it.
    closed: Option<Closed>,
    delivery: Delivery,
}

#[derive(Clone, Copy, Debug, Default)]
struct Block {
    sent: u32,
    answered: u32,
    lost: u32,
}

#[derive(Debug)]
struct Closed {
    block: u32,
    window_before: f64,
    slow_start_before: bool,
    lost: u32,
    late: u32,
}

impl Congestion {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            window: INITIAL_WINDOW,
            slow_start: true,
            in_flight: 0,
            full_at: None,
            blocks: VecDeque::new(),
            first_block: 0,
            closed: None,
            delivery: Delivery::new(now),
        }
    }

    /// Whether one more request may be sent.
    pub(crate) fn has_room(&self) -> bool {
        f64::from(self.in_flight) < self.window
    }

    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// A request is sent. Returns the number of its block, which the outcome of this send is to be told with.
    pub(crate) fn on_sent(&mut self, now: Instant) -> u32 {
        self.in_flight += 1;
        if !self.has_room() {
            self.full_at = Some(now);
        }
        let starts_block = match (self.blocks.back(), &self.closed) {
            (None, _) => true,
            (Some(block), _) if block.sent >= BLOCK => true,
            // What is sent after a closing is not counted together with what led to it.
            (Some(_), Some(closed)) => self.latest_block() <= closed.block,
            _ => false,
        };
        if starts_block {
            self.blocks.push_back(Block::default());
            if self.blocks.len() > BLOCKS {
                self.blocks.pop_front();
                self.first_block += 1;
            }
        }
        if let Some(block) = self.blocks.back_mut() {
            block.sent += 1;
        }
        self.latest_block()
    }

    /// What was sent at `time_sent`, as part of `block`, was answered in its time.
    pub(crate) fn on_response(&mut self, now: Instant, time_sent: Instant, block: u32, rtt: &RttEstimator) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.delivery.on_response(now, time_sent, rtt);
        if let Some(block) = self.block(block) {
            block.answered += 1;
        }
        if self.full_at >= Some(time_sent) {
            self.window += if self.slow_start { 1.0 } else { GROWTH };
            let far = rtt.min().map_or(0.0, |min| min.as_secs_f64() * RATE);
            self.window = self.window.min(INITIAL_WINDOW.max(far));
        }
    }

    /// What was sent as part of `block` has been out for longer than an answer takes.
    pub(crate) fn on_lost(&mut self, now: Instant, block: u32, rtt: &RttEstimator) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let Some(counts) = self.block(block) else { return };
        counts.lost += 1;
        let Block { answered, lost, .. } = *counts;
        if let Some(closed) = self.closed.as_mut().filter(|closed| block <= closed.block) {
            // Part of what closed it already.
            closed.lost += 1;
        } else if lost > CONGESTED && answered * OUTAGE >= answered + lost {
            self.close(now, lost, rtt);
        }
    }

    /// What had counted as lost was answered after all.
    pub(crate) fn on_late_response(&mut self, now: Instant, time_sent: Instant, block: u32, rtt: &RttEstimator) {
        self.delivery.on_response(now, time_sent, rtt);
        if let Some(counts) = self.block(block) {
            counts.lost = counts.lost.saturating_sub(1);
            counts.answered += 1;
        }
        let Some(closed) = self.closed.as_mut().filter(|closed| block <= closed.block) else { return };
        closed.late += 1;
        if closed.late * 2 > closed.lost {
            // It was slow and not full.
            self.window = self.window.max(closed.window_before);
            self.slow_start = closed.slow_start_before;
            closed.late = 0;
            closed.lost = 0;
        }
    }

    /// A request in flight ended without an outcome of this send: it was cancelled, or another of its sends was answered.
    pub(crate) fn on_discarded(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// The address answers again after a silence: it may not be the tracker that it was.
    pub(crate) fn reopen(&mut self) {
        self.window = INITIAL_WINDOW;
        self.slow_start = true;
    }

    fn close(&mut self, now: Instant, lost: u32, rtt: &RttEstimator) {
        let round_trip = rtt.smoothed().unwrap_or_default();
        let carried = self.delivery.best(now, round_trip) * round_trip.as_secs_f64();
        self.closed = Some(Closed {
            block: self.latest_block(),
            window_before: self.window,
            slow_start_before: self.slow_start,
            lost,
            late: 0,
        });
        self.window = (LEFT * carried).min(self.window).max(SMALLEST_WINDOW);
        self.slow_start = false;
    }

    fn latest_block(&self) -> u32 {
        self.first_block + (self.blocks.len() as u32).saturating_sub(1)
    }

    fn block(&mut self, number: u32) -> Option<&mut Block> {
        self.blocks.get_mut(number.checked_sub(self.first_block)? as usize)
    }
}

/// How many answers a second came, measured over whole round trips.
#[derive(Debug)]
struct Delivery {
    round_began: Instant,
    /// Answers in the running round.
    answers: u32,
    /// Answers a second in the latest rounds.
    rates: VecDeque<f64>,
}

impl Delivery {
    fn new(now: Instant) -> Self {
        Self { round_began: now, answers: 0, rates: VecDeque::new() }
    }

    /// A round ends with the first answer to what was sent in it, and is as long as a round trip at least: so it has all
    /// answers of a flight in it, however they bunch.
    fn on_response(&mut self, now: Instant, time_sent: Instant, rtt: &RttEstimator) {
        self.answers += 1;
        let lasted = now.saturating_duration_since(self.round_began);
        if time_sent >= self.round_began && rtt.smoothed().is_some_and(|smoothed| lasted >= smoothed) {
            self.rates.push_back(rate(self.answers, lasted));
            if self.rates.len() > ROUNDS {
                self.rates.pop_front();
            }
            self.answers = 0;
            self.round_began = now;
        }
    }

    /// The best rate of late, that of the running round among them if it is as long as a round trip already.
    fn best(&self, now: Instant, round_trip: Duration) -> f64 {
        let lasted = now.saturating_duration_since(self.round_began);
        let running = if lasted >= round_trip { rate(self.answers, lasted) } else { 0.0 };
        self.rates.iter().copied().fold(running, f64::max)
    }
}

fn rate(answers: u32, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { f64::from(answers) / time.as_secs_f64() }
}
