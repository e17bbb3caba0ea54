//! Bytes from anywhere while requests are in flight: no datagram ends what it does not answer, or has anything sent.
//!
//! The first byte says what is in flight. Then come datagrams as records: one byte says where from (3 bits), whether it
//! gets the transaction ID of something sent there (1 bit) and of which (4 bits); one says how much time passes before;
//! two are its length; then the datagram itself. `record-corpus.js` writes the answers of real trackers in this form.

use std::time::Duration;

use bittorrent_udp_tracker::proto::Event;

use super::{
    drawn::{address, announce, scrape},
    watched::Watched,
};

const PATCH: u8 = 8;

pub fn run(data: &[u8]) {
    let Some((&setting, mut records)) = data.split_first() else { return };
    let mut watched = Watched::new();
    begin(&mut watched, setting);
    while let Some((&[head, step, low, high], rest)) = records.split_first_chunk() {
        let length = usize::from(u16::from_le_bytes([low, high])).min(rest.len());
        let (bytes, rest) = rest.split_at(length);
        records = rest;
        pass(&mut watched, step);
        let mut bytes = bytes.to_vec();
        let from = address(head);
        if head & PATCH != 0
            && let Some(field) = bytes.get_mut(4..8)
        {
            let mut there = watched.sent.iter().rev().filter(|sent| sent.transmit.to == from);
            if let Some(sent) = there.nth(usize::from(head >> 4)) {
                field.copy_from_slice(&sent.packet.transaction_id().to_be_bytes());
            }
        }
        watched.datagram(from, &bytes);
        watched.drain();
    }
    watched.finish();
}

/// A few requests of each kind, at one address and at several; more of them, as in a burst, if the highest bit is set.
fn begin(watched: &mut Watched, setting: u8) {
    let timeout_ms = [15_000.0, 1000.0, 50.0, 0.0][usize::from(setting & 3)];
    let count = if setting & 0x80 != 0 { 40 } else { 2 };
    for n in 0..count {
        let to = address((setting >> 2) % 4);
        watched.request(n, &[to], timeout_ms, announce(n, Event::None));
    }
    watched.request(100, &[address(0)], timeout_ms, scrape(100, 3));
    watched.request(101, &[address(1), address(3), address(0)], timeout_ms, announce(101, Event::Stopped));
    if setting & 0x40 != 0 {
        watched.request(102, &[address(3), address(0)], timeout_ms, scrape(102, 80));
    }
    watched.drain();
}

/// Lets from no time at all to some hours pass, and what is due happens when it is.
fn pass(watched: &mut Watched, step: u8) {
    if step > 0 {
        watched.now += Duration::from_millis(1 << (step % 24));
        watched.timeout();
        watched.drain();
    }
}
