//! What may be in flight over all addresses: as much as our own receive buffer holds of the answers.
//!
//! Thousands of trackers that answer at once would overflow it, and what is lost there is lost to nobody's congestion
//! window. A send holds the room of its answer until it is answered or counts as lost.

/// The kernel counts a datagram's data in a power of two, with its own record and headers beside it.
const RECORD: usize = 256;
const HEADERS: usize = 320;
/// Room is given back to the buffer by quarters, so that not all of it can be relied on.
const USABLE: f64 = 0.75;

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

    /// Whether an answer that takes `bytes` has room. One at a time always has.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        bytes == 0 || self.held == 0 || self.held + bytes <= self.usable
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

/// What a datagram of `length` bytes takes of a receive buffer on Linux: 768 bytes, 1,280, 2,304, …
pub(crate) fn held_by(length: usize) -> usize {
    (length + HEADERS).next_power_of_two() + RECORD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_takes_what_the_kernel_counts() {
        assert_eq!([0, 16, 192, 193, 704, 705, 1472].map(held_by), [768, 768, 768, 1280, 1280, 2304, 2304]);
    }

    #[test]
    fn answers_have_room_for_three_quarters_of_the_buffer_and_one_always() {
        let mut budget = Budget::new(4096);
        for _ in 0..4 {
            assert!(budget.has_room(768));
            budget.hold(768);
        }
        assert!(!budget.has_room(768));
        budget.release(768);
        assert!(budget.has_room(768));
        budget.release(3 * 768);
        assert!(budget.has_room(100_000));
    }
}
