//! The client's own receive buffer, as Linux keeps it.

use std::{collections::VecDeque, net::SocketAddr};

/// What has arrived and has not been read. What finds no room is dropped.
#[derive(Debug)]
pub(crate) struct Socket {
    /// In bytes as the kernel counts; `net.core.rmem_default` of Linux is 212,992.
    pub(crate) size: usize,
    used: usize,
    queue: VecDeque<(SocketAddr, Vec<u8>)>,
    /// How many datagrams found no room.
    pub(crate) dropped: usize,
}

impl Socket {
    pub(crate) fn new(size: usize) -> Self {
        Self { size, used: 0, queue: VecDeque::new(), dropped: 0 }
    }

    pub(crate) fn arrive(&mut self, from: SocketAddr, bytes: Vec<u8>) {
        let truesize = truesize(bytes.len());
        if self.used + truesize > self.size {
            self.dropped += 1;
            return;
        }
        self.used += truesize;
        self.queue.push_back((from, bytes));
    }

    pub(crate) fn read(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        let (from, bytes) = self.queue.pop_front()?;
        self.used -= truesize(bytes.len());
        Some((from, bytes))
    }
}

/// What the kernel counts for a datagram: its memory, which comes in powers of two, and 256 bytes of bookkeeping. Beside
/// the data that memory holds some 350 bytes of headers and fragment list.
fn truesize(length: usize) -> usize {
    (length + 350).next_power_of_two().max(512) + 256
}
