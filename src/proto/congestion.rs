//! How many requests may be in flight to one address.
//!
//! Loss is not congestion until it is much: one datagram in ten lost each way is 19 % of all exchanges, and says nothing
//! of the tracker. So the window closes only when more than a quarter of what was sent in a row is lost, or, where the
//! path loses much by itself, a fifth more than it ever does. It closes to what the path has carried: the best delivery
//! rate of late, times the mean round trip. Then it grows, slowly at first, and faster as long as nothing comes of it.

use std::{collections::VecDeque, time::Duration};

use super::{delivery::Delivery, rtt::RttEstimator, time::Instant};

/// Where every address starts. A default Linux socket buffer of 212,992 bytes holds 256 announces (832 bytes each as the
/// kernel counts them) and is given back by quarters, so that losses begin at 192; and a tracker has other clients.
const INITIAL_WINDOW: f64 = 160.0;
/// It never closes further than this.
const SMALLEST_WINDOW: f64 = 4.0;
/// Beyond the first window it may grow to what a tracker far away can answer in one round trip at this rate, in requests
/// a second. The round trip is the shortest one: what is longer was spent in queues, which a larger window only makes
/// longer.
const RATE: f64 = 40_000.0;
/// The share by which it grows in a round trip once it has been closed. It doubles after so many round trips, and a block
/// of sends, without more loss than the path has by itself, up to the largest.
const GROWTH: f64 = 0.01;
const LARGEST_GROWTH: f64 = 0.25;
const CALM_ROUNDS: u32 = 5;
/// Losses are counted over this many sends in a row.
const BLOCK: u32 = 200;
/// A larger share of losses in a block is congestion if it also exceeds the path's own by this much.
const CONGESTED: f64 = 0.25;
const CONGESTED_BEYOND: f64 = 0.2;
/// A share of losses that exceeds the path's own by this much ends the faster growth.
const RESTLESS_BEYOND: f64 = 0.1;
/// The path's own share of losses is the smallest of so many blocks.
const PATH_BLOCKS: usize = 32;
/// When fewer than one in this many is answered, the network is gone or the tracker is: no window would help.
const OUTAGE: u32 = 20;
/// What is left of the measured capacity, so that queues drain.
const LEFT: f64 = 0.9;
/// Closings that follow each other faster are taken back together.
const CHAINED: Duration = Duration::from_secs(2);
/// A window that has not been used for so long says nothing any more.
const STALE: Duration = Duration::from_secs(120);
/// How many blocks are kept for answers that come late.
const BLOCKS: usize = 64;

/// The window of one address.
#[derive(Debug)]
pub(crate) struct Congestion {
    window: f64,
    /// Until it has been closed once, it grows by one an answer, which doubles it in a round trip.
    slow_start: bool,
    in_flight: u32,
    /// When a request was last sent.
    sent_at: Option<Instant>,
    /// How many answers have come that no send has followed yet, held at the window.
    unfollowed: u32,
    /// When it was last used up: only then has it been tried whether more would do.
    full_at: Option<Instant>,
    /// Counts of the latest blocks of sends, the newest last.
    blocks: VecDeque<Block>,
    /// The number of the first of `blocks`.
    first_block: u32,
    /// The latest closing: blocks up to this one are part of it.
    closed: Option<Closed>,
    delivery: Delivery,
    /// The share by which it grows in a round trip, and the round trips and answers since that or the losses changed.
    growth: f64,
    calm_rounds: u32,
    calm_answers: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Block {
    sent: u32,
    answered: u32,
    lost: u32,
}

#[derive(Debug)]
struct Closed {
    at: Instant,
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
            sent_at: None,
            unfollowed: 0,
            full_at: None,
            blocks: VecDeque::new(),
            first_block: 0,
            closed: None,
            delivery: Delivery::new(now),
            growth: GROWTH,
            calm_rounds: 0,
            calm_answers: 0,
        }
    }

    /// Whether one more request may be sent.
    pub(crate) fn has_room(&self) -> bool {
        f64::from(self.in_flight) < self.window
    }

    /// How many requests may be in flight.
    pub(crate) fn window(&self) -> u32 {
        self.window as u32
    }

    /// Whether the next send takes the room that an answer has left. Where the window was once too large, the room that a
    /// loss gives back is not there at the tracker: whatever is repeated in it is lost again and again.
    pub(crate) fn follows_answer(&self) -> bool {
        self.slow_start || self.unfollowed > 0
    }

    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// A request is sent. Returns the number of its block, which the outcome of this send is to be told with.
    pub(crate) fn on_sent(&mut self, now: Instant) -> u32 {
        if self.in_flight == 0 && self.sent_at.is_some_and(|sent| now >= sent + STALE) {
            self.reopen();
        }
        self.sent_at = Some(now);
        self.in_flight += 1;
        self.unfollowed = self.unfollowed.saturating_sub(1);
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
        self.unfollowed = (self.unfollowed + 1).min(self.window());
        let ends_round = self.delivery.on_response(now, time_sent, rtt);
        if let Some(block) = self.block(block) {
            block.answered += 1;
        }
        if self.full_at >= Some(time_sent) {
            self.calm_rounds += u32::from(ends_round);
            self.calm_answers += 1;
            if self.calm_rounds >= CALM_ROUNDS && self.calm_answers >= BLOCK {
                self.growth = (self.growth * 2.0).min(LARGEST_GROWTH);
                (self.calm_rounds, self.calm_answers) = (0, 0);
            }
            self.window += if self.slow_start { 1.0 } else { self.growth };
            let far = rtt.min().map_or(0.0, |min| min.as_secs_f64() * RATE);
            self.window = self.window.min(INITIAL_WINDOW.max(far));
        }
    }

    /// What was sent as part of `block` has been out for longer than an answer takes.
    pub(crate) fn on_lost(&mut self, now: Instant, block: u32, rtt: &RttEstimator) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let path = self.path_loss(block);
        let Some(counts) = self.block(block) else { return };
        counts.lost += 1;
        let Block { answered, lost, .. } = *counts;
        let share = f64::from(lost) / f64::from(BLOCK);
        if share > path + RESTLESS_BEYOND {
            self.calm();
        }
        if let Some(closed) = self.closed.as_mut().filter(|closed| block <= closed.block) {
            // Part of what closed it already.
            closed.lost += 1;
        } else if share > (path + CONGESTED_BEYOND).max(CONGESTED) && answered * OUTAGE >= answered + lost {
            self.close(now, lost, path, rtt);
        }
    }

    /// The share of losses that the path has by itself: the smallest of the blocks before this one. What was sent later
    /// has been answered in part, and its losses are yet to come.
    fn path_loss(&self, before: u32) -> f64 {
        let count = before.saturating_sub(self.first_block) as usize;
        let decided = self.blocks.iter().take(count).rev().filter(|block| block.lost + block.answered >= BLOCK / 2);
        let shares =
            decided.take(PATH_BLOCKS).map(|block| f64::from(block.lost) / f64::from(block.lost + block.answered));
        shares.reduce(f64::min).unwrap_or(0.0)
    }

    /// Back to the slowest growth.
    fn calm(&mut self) {
        self.growth = GROWTH;
        (self.calm_rounds, self.calm_answers) = (0, 0);
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

    /// The address answers again after a silence, or is asked again after a while: it may not be the tracker that it was.
    pub(crate) fn reopen(&mut self) {
        self.window = INITIAL_WINDOW;
        self.slow_start = true;
    }

    fn close(&mut self, now: Instant, lost: u32, path: f64, rtt: &RttEstimator) {
        let round_trip = rtt.smoothed().unwrap_or_default();
        let carried = self.delivery.best(now, round_trip) * round_trip.as_secs_f64();
        // Late answers may disprove one closing after the other: it is the window before the first that they give back.
        let chained = self.closed.take().filter(|closed| now < closed.at + CHAINED);
        let before = chained.map(|closed| (closed.window_before, closed.slow_start_before));
        let (window_before, slow_start_before) =
            before.filter(|(window, _)| *window > self.window).unwrap_or((self.window, self.slow_start));
        self.closed =
            Some(Closed { at: now, block: self.latest_block(), window_before, slow_start_before, lost, late: 0 });
        // What the path loses by itself holds a place, too, and for as long as it takes until it counts as lost.
        let held = rtt.loss_delay().as_secs_f64() / round_trip.as_secs_f64().max(f64::MIN_POSITIVE);
        self.window = (LEFT * carried * (1.0 + held * path / (1.0 - path))).min(self.window).max(SMALLEST_WINDOW);
        self.slow_start = false;
        self.calm();
    }

    fn latest_block(&self) -> u32 {
        self.first_block + (self.blocks.len() as u32).saturating_sub(1)
    }

    fn block(&mut self, number: u32) -> Option<&mut Block> {
        self.blocks.get_mut(number.checked_sub(self.first_block)? as usize)
    }
}

// Hundreds of flights of hundreds of sends: too long for an interpreter.
#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;

    const TRIP: Duration = Duration::from_millis(50);

    /// A window and the time, at an address with a round trip of [`TRIP`].
    struct Path {
        congestion: Congestion,
        rtt: RttEstimator,
        now: Instant,
    }

    impl Path {
        fn new() -> Self {
            Self::with_round_trip(TRIP)
        }

        fn with_round_trip(trip: Duration) -> Self {
            let now = Instant::START;
            let mut rtt = RttEstimator::default();
            rtt.update(now, trip);
            Self { congestion: Congestion::new(now), rtt, now }
        }

        /// Fills the window; a round trip later `answered` of what was sent are answered and the rest is lost.
        fn flight(&mut self, answered: impl Fn(u32, u32) -> bool) -> u32 {
            let sent_at = self.now;
            let mut blocks = Vec::new();
            while self.congestion.has_room() {
                blocks.push(self.congestion.on_sent(sent_at));
            }
            self.now += TRIP;
            let count = blocks.len() as u32;
            let (heard, lost): (Vec<_>, Vec<_>) = (0..).zip(blocks).partition(|(n, _)| answered(*n, count));
            for (_, block) in heard {
                self.congestion.on_response(self.now, sent_at, block, &self.rtt);
            }
            for (_, block) in lost {
                self.congestion.on_lost(self.now, block, &self.rtt);
            }
            count
        }

        /// Sends so many after two flights without a loss; every other one is answered a round trip later. Returns when they
        /// were sent and the blocks of the others.
        fn half_answered(&mut self, count: u32) -> (Instant, Vec<u32>) {
            self.flights(2, |_, _| true);
            let sent_at = self.now;
            let blocks: Vec<_> = (0..count).map(|_| self.congestion.on_sent(sent_at)).collect();
            self.now += TRIP;
            for block in blocks.iter().step_by(2) {
                self.congestion.on_response(self.now, sent_at, *block, &self.rtt);
            }
            (sent_at, blocks.into_iter().skip(1).step_by(2).collect())
        }

        /// Flights until one has been closed, 100 at the most.
        fn flights(&mut self, count: u32, answered: impl Fn(u32, u32) -> bool) {
            for _ in 0..count {
                self.flight(&answered);
            }
        }
    }

    #[test]
    fn the_first_burst_is_160_and_the_next_twice_that() {
        let mut path = Path::new();
        assert_eq!([path.flight(|_, _| true), path.flight(|_, _| true)], [160, 320]);
    }

    #[test]
    fn a_tracker_next_door_gets_no_more_than_its_socket_buffer_holds() {
        let mut path = Path::with_round_trip(Duration::from_micros(100));
        path.flights(20, |_, _| true);
        assert_eq!(path.congestion.window, INITIAL_WINDOW);
    }

    #[test]
    fn a_tracker_far_away_gets_what_it_can_answer_in_its_shortest_round_trip() {
        let mut path = Path::new();
        path.flights(20, |_, _| true);
        assert_eq!(path.congestion.window, 2000.0);
        path.rtt.update(path.now, Duration::from_secs(2));
        path.flights(5, |_, _| true);
        assert_eq!(path.congestion.window, 2000.0);
    }

    #[test]
    fn a_window_that_is_not_used_up_does_not_grow() {
        let mut path = Path::new();
        for _ in 0..1000 {
            let block = path.congestion.on_sent(path.now);
            path.congestion.on_response(path.now + TRIP, path.now, block, &path.rtt);
            path.now += TRIP;
        }
        assert_eq!(path.congestion.window, INITIAL_WINDOW);
    }

    #[test]
    fn a_fifth_of_all_lost_closes_nothing() {
        let mut path = Path::new();
        path.flights(30, |n, _| n % 5 != 0);
        assert!(path.congestion.window > 1900.0, "{}", path.congestion.window);
    }

    #[test]
    fn more_than_a_quarter_lost_closes_it_to_a_little_less_than_what_got_through() {
        let mut path = Path::new();
        path.flight(|n, _| n < 100);
        path.flight(|n, _| n < 100);
        // A hundred in a round trip were carried.
        assert!((85.0..99.0).contains(&path.congestion.window), "{}", path.congestion.window);
        assert!(!path.congestion.slow_start);
    }

    #[test]
    fn what_the_path_loses_by_itself_has_places_beside_what_it_carries() {
        let mut path = Path::new();
        path.flights(3, |n, _| n % 5 != 0);
        let carried = path.congestion.delivery.best(path.now, TRIP) * TRIP.as_secs_f64();
        path.flight(|n, _| n % 5 < 2);
        // Four of five are answered in a round trip; the fifth holds its place for three, as long as one is all that is known.
        assert_eq!(path.rtt.loss_delay(), 3 * TRIP);
        let window = path.congestion.window / (LEFT * carried);
        assert!((1.7..1.8).contains(&window), "{window}");
    }

    #[test]
    fn what_the_path_loses_is_not_taken_from_sends_whose_losses_are_yet_to_come() {
        let mut path = Path::new();
        path.flights(5, |n, _| n % 5 != 0);
        // Many blocks are out at once: in a flight, all answers come before the first loss shows.
        let before = path.congestion.window;
        path.flights(5, |n, _| n % 10 > 2);
        assert!(path.congestion.window >= before, "{before} to {}", path.congestion.window);
    }

    #[test]
    fn once_closed_a_send_may_follow_an_answer_or_a_loss() {
        let mut path = Path::new();
        let block = path.congestion.on_sent(path.now);
        path.congestion.on_lost(path.now + TRIP, block, &path.rtt);
        assert!(path.congestion.follows_answer(), "before it is closed all sends are alike");
        path.flights(3, |n, _| n < 100);
        let answers = path.congestion.unfollowed;
        assert!(answers > 50 && answers <= path.congestion.window(), "{answers}");
        for _ in 0..answers {
            assert!(path.congestion.follows_answer());
            path.congestion.on_sent(path.now);
        }
        assert!(!path.congestion.follows_answer());
    }

    #[test]
    fn exactly_a_quarter_of_a_block_is_not_more_than_a_quarter() {
        let mut path = Path::new();
        let blocks: Vec<_> = (0..200).map(|_| path.congestion.on_sent(path.now)).collect();
        for block in &blocks[..149] {
            path.congestion.on_response(path.now + TRIP, path.now, *block, &path.rtt);
        }
        let before = path.congestion.window;
        for block in &blocks[149..199] {
            path.congestion.on_lost(path.now + TRIP, *block, &path.rtt);
        }
        assert_eq!(path.congestion.window, before);
        path.congestion.on_lost(path.now + TRIP, blocks[199], &path.rtt);
        assert!(path.congestion.window < before);
    }

    #[test]
    fn an_outage_closes_nothing() {
        let mut path = Path::new();
        let blocks: Vec<_> = (0..200).map(|_| path.congestion.on_sent(path.now)).collect();
        for block in blocks {
            path.congestion.on_response(path.now + TRIP, path.now, block, &path.rtt);
        }
        let before = path.congestion.window;
        path.flights(5, |_, _| false);
        path.flights(1, |n, _| n == 0 || n == 100);
        assert!(path.congestion.window >= before, "{before} to {}", path.congestion.window);
    }

    #[test]
    fn one_flight_closes_it_once() {
        let mut path = Path::new();
        let (_, lost) = path.half_answered(500);
        let mut windows = Vec::new();
        for block in lost {
            path.congestion.on_lost(path.now, block, &path.rtt);
            windows.push(path.congestion.window as u32);
        }
        windows.dedup();
        assert_eq!(windows.len(), 2, "{windows:?}");
    }

    #[test]
    fn late_answers_undo_it() {
        let mut path = Path::new();
        let sent_at = path.now;
        let blocks: Vec<_> = (0..160).map(|_| path.congestion.on_sent(sent_at)).collect();
        path.now += TRIP;
        for block in &blocks[..60] {
            path.congestion.on_response(path.now, sent_at, *block, &path.rtt);
        }
        let before = path.congestion.window;
        for block in &blocks[60..] {
            path.congestion.on_lost(path.now, *block, &path.rtt);
        }
        assert!(path.congestion.window < before / 2.0);
        for block in &blocks[60..110] {
            path.congestion.on_late_response(path.now, sent_at, *block, &path.rtt);
        }
        assert!(path.congestion.window < before / 2.0, "half of them may be chance");
        path.congestion.on_late_response(path.now, sent_at, blocks[110], &path.rtt);
        assert!(path.congestion.window >= before && path.congestion.slow_start);
    }

    #[test]
    fn all_losses_of_the_flight_that_closed_it_count_against_late_answers() {
        let mut path = Path::new();
        let (sent_at, lost) = path.half_answered(600);
        for block in &lost {
            path.congestion.on_lost(path.now, *block, &path.rtt);
        }
        let closed = path.congestion.window;
        for block in &lost[..150] {
            path.congestion.on_late_response(path.now, sent_at, *block, &path.rtt);
        }
        assert!(path.congestion.window < closed + 1.0, "half of 300 may be chance");
        path.congestion.on_late_response(path.now, sent_at, lost[150], &path.rtt);
        assert!(path.congestion.window > closed + 1.0);
    }

    #[test]
    fn once_closed_it_grows_by_one_in_a_hundred_and_then_faster() {
        let mut path = Path::new();
        path.flights(2, |n, _| n < 100);
        let closed = path.congestion.window;
        path.flight(|_, _| true);
        let grown = path.congestion.window / closed;
        assert!((1.005..1.02).contains(&grown), "{grown}");
        path.flights(30, |_, _| true);
        assert!(path.congestion.window > 1.5 * closed, "{closed} to {}", path.congestion.window);
    }

    #[test]
    fn a_path_that_loses_a_third_by_itself_is_not_closed_again_and_again() {
        let mut path = Path::new();
        path.flights(60, |n, _| n % 3 != 0);
        assert!(path.congestion.window > 100.0, "{}", path.congestion.window);
    }

    #[test]
    fn it_never_closes_below_four() {
        let mut path = Path::new();
        for _ in 0..40 {
            path.flight(|n, count| n < 1.max(count / 16));
        }
        assert!(path.congestion.window >= SMALLEST_WINDOW);
        assert!(path.flight(|_, _| true) >= 4);
    }

    #[test]
    fn discarded_and_lost_sends_make_room() {
        let mut path = Path::new();
        let block = path.congestion.on_sent(path.now);
        path.congestion.on_sent(path.now);
        path.congestion.on_sent(path.now);
        assert_eq!(path.congestion.in_flight(), 3);
        path.congestion.on_lost(path.now, block, &path.rtt);
        path.congestion.on_discarded();
        assert_eq!(path.congestion.in_flight(), 1);
    }
}
