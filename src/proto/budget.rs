//! What may be in flight over all addresses: as much as our own receive buffer holds of the answers.
//!
//! Thousands of trackers that answer at once would overflow it, and what is lost there is lost to nobody's congestion
//! window. A send holds the room of its answer until it is answered or counts as lost, and never for longer than
//! [`HOLD`]: the round trip is the tracker's to choose. An address holds no more than it leaves to the others, so that one
//! that holds all it can get leaves half, two a third, and ten still one in eleven.

use std::time::Duration;

/// The kernel counts a datagram's data in a power of two, with its own record and headers beside it.
const RECORD: usize = 256;
const HEADERS: usize = 320;
/// Room is given back to the buffer by quarters, so that not all of it can be relied on.
const USABLE: f64 = 0.75;
/// An answer holds no more than what fits a link's frame takes: longer ones are not what trackers send.
const MOST: usize = 2304;
/// One part in so many is kept for addresses that hold nothing yet.
const KEPT: usize = 16;
/// An answer holds its room no longer than this.
pub(crate) const HOLD: Duration = Duration::from_secs(2);

/// The room of the receive buffer.
#[derive(Debug)]
pub(crate) struct Budget {
    usable: usize,
    held: usize,
}

impl Budget {
    /// `receive_buffer` is in bytes, as the kernel counts.
    pub(crate) fn new(receive_buffer: usize) -> Self {
        Self { usable: (receive_buffer as f64 * USABLE) as usize, held: 0 }
    }

    pub(crate) fn resize(&mut self, receive_buffer: usize) {
        self.usable = Self::new(receive_buffer).usable;
    }

    /// Whether an answer that takes `bytes` has room at an address that holds `own` already; `is_alone` says that no other
    /// one waits. One at a time always has.
    pub(crate) fn has_room(&self, bytes: usize, own: usize, is_alone: bool) -> bool {
        let free = self.usable.saturating_sub(self.held);
        let kept = if own == 0 { 0 } else { self.usable / KEPT };
        bytes == 0 || self.held == 0 || (bytes + kept <= free && (is_alone || own + bytes <= free))
    }

    /// Whether not even the smallest answer has room.
    pub(crate) fn is_full(&self) -> bool {
        !self.has_room(held_by(0), 0, false)
    }

    /// Whether nothing is held.
    pub(crate) fn is_free(&self) -> bool {
        self.held == 0
    }

    pub(crate) fn hold(&mut self, bytes: usize) {
        self.held += bytes;
    }

    pub(crate) fn release(&mut self, bytes: usize) {
        self.held = self.held.saturating_sub(bytes);
    }
}

/// What a datagram of `length` bytes takes of a receive buffer on Linux: 768 bytes, 1,280, 2,304.
pub(crate) fn held_by(length: usize) -> usize {
    ((length + HEADERS).next_power_of_two() + RECORD).min(MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_takes_what_the_kernel_counts_up_to_a_frame() {
        let counted = [0, 16, 192, 193, 704, 705, 1472, 65_500].map(held_by);
        assert_eq!(counted, [768, 768, 768, 1280, 1280, 2304, 2304, 2304]);
    }

    #[test]
    fn answers_have_room_for_three_quarters_of_the_buffer_and_one_always() {
        let mut budget = Budget::new(4096);
        for _ in 0..4 {
            assert!(budget.has_room(768, 0, false));
            budget.hold(768);
        }
        assert!(budget.is_full());
        budget.release(768);
        assert!(!budget.is_full());
        budget.release(3 * 768);
        assert!(budget.has_room(100_000, 0, false));
    }

    #[test]
    fn those_that_hold_all_they_can_get_leave_as_much_as_each_of_them_has() {
        for count in [1, 2, 10] {
            let mut budget = Budget::new(1 << 20);
            let mut own = vec![0; count];
            let mut turns = (0..count).cycle();
            while own.iter().any(|own| budget.has_room(768, *own, false)) {
                let next = &mut own[turns.next().unwrap()];
                if budget.has_room(768, *next, false) {
                    *next += 768;
                    budget.hold(768);
                }
            }
            let left = (budget.usable - budget.held) as f64 / budget.usable as f64;
            let share = 1.0 / (count + 1) as f64;
            assert!((left - share).abs() < 0.02, "{left} left by {count}");
        }
    }

    #[test]
    fn one_alone_leaves_a_sixteenth_for_others() {
        let mut budget = Budget::new(1 << 20);
        while budget.has_room(768, budget.held, true) {
            budget.hold(768);
        }
        assert!((14.0..=16.5).contains(&(budget.usable as f64 / (budget.usable - budget.held) as f64)));
        assert!(!budget.has_room(768, 768, true));
        assert!(budget.has_room(768, 0, false));
    }
}
