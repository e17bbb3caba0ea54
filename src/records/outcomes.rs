//! Outcomes as JavaScript reads them (`lib/engine/outcomes.js` reads what is written here; the two change together).
//!
//! All numbers are little-endian. A record is its own length (u32), the request's number (u32), a kind, a failure's code
//! or what was sent, a failure's phase or whether it was sent for this request alone, a byte of nothing, and a body. Peers are text already, so that one string split
//! makes them all. A failure's body is the lengths of two texts (u8 each), the address and the system's code, these two,
//! and the text of the `error` event.

use std::{
    io::Write,
    net::{Ipv6Addr, SocketAddrV6},
    time::Duration,
};

use super::details::Details;
use crate::{
    proto::{AnnounceResponse, Family, Origin, Outcome, RequestId, Trace},
    requests::{Decision, Failure, Preferences, Sink},
};

const ANNOUNCED: u8 = 1;
const SCRAPED: u8 = 2;
const CONNECTED: u8 = 3;
const FAILED: u8 = 4;
const SENT: u8 = 5;
const ANSWERED: u8 = 6;
const LOOK_UP: u8 = 7;
const FORGET: u8 = 8;
const DECIDED: u8 = 9;
const PREFERENCES: u8 = 10;
/// The number of the first decision that is not the protocol's.
const LOOK_UP_REPEATED: u8 = 5;
const LOOK_UP_FALLBACK: u8 = 6;
const LOOK_UP_OF_SILENT: u8 = 7;

/// Instead of a tracker's message in which there is nothing to read.
const NO_TEXT: &[u8] = b"tracker error without a message";

/// A batch is passed on when it has this many bytes. With one more record of the largest size, a datagram full of
/// peers as text, it is still shorter than the buffer that JavaScript reads into.
const BATCH: usize = 64 << 10;

/// Takes full batches.
pub(crate) trait Batches: Send {
    /// Takes a batch and gives an empty one.
    fn pass_on(&mut self, batch: Vec<u8>) -> Vec<u8>;
}

/// Packs a session's outcomes.
pub(crate) struct Outcomes<B: Batches> {
    batch: Vec<u8>,
    batches: B,
}

impl<B: Batches> Outcomes<B> {
    pub(crate) fn new(batches: B) -> Self {
        Self { batch: Vec::new(), batches }
    }

    fn record(&mut self, id: RequestId, kind: u8, code: u8, phase: u8, body: impl FnOnce(&mut Vec<u8>)) {
        let start = self.batch.len();
        self.batch.extend_from_slice(&[0; 4]);
        self.batch.extend_from_slice(&(id.0 as u32).to_le_bytes());
        self.batch.extend_from_slice(&[kind, code, phase, 0]);
        body(&mut self.batch);
        let length = (self.batch.len() - start) as u32;
        if let Some(field) = self.batch.get_mut(start..start + 4) {
            field.copy_from_slice(&length.to_le_bytes());
        }
        if self.batch.len() >= BATCH {
            self.pass_on();
        }
    }

    fn failed(&mut self, id: RequestId, failure: &Failure, details: Details<'_>) {
        let phase = details.phase.map_or(0, |phase| phase as u8);
        self.record(id, FAILED, failure.code() as u8, phase, |batch| {
            let lengths = batch.len();
            batch.extend_from_slice(&[0; 2]);
            // Writing into memory does not fail.
            if let Some(address) = details.address {
                let _ = write!(batch, "{address}");
            }
            let code = batch.len();
            batch.extend_from_slice(details.cause_code.unwrap_or_default().as_bytes());
            let text = batch.len();
            if let Some(field) = batch.get_mut(lengths..lengths + 2) {
                field.copy_from_slice(&[(code - lengths - 2) as u8, (text - code) as u8]);
            }
            let _ = write!(batch, "{failure}");
            if batch.iter().skip(text).all(|byte| matches!(byte, 0 | b' ' | b'\t' | b'\r' | b'\n')) {
                batch.truncate(text);
                batch.extend_from_slice(NO_TEXT);
            }
        });
    }

    fn pass_on(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        self.batch = self.batches.pass_on(batch);
    }
}

impl<B: Batches> Sink for Outcomes<B> {
    fn outcome(&mut self, id: RequestId, outcome: &Outcome<&[u8]>) {
        match outcome {
            Outcome::Announced(AnnounceResponse { interval, leechers, seeds, family, peers }) => {
                self.record(id, ANNOUNCED, 0, 0, |batch| {
                    for number in [interval, leechers, seeds] {
                        batch.extend_from_slice(&number.to_le_bytes());
                    }
                    write_peers(batch, *family, peers);
                });
            }
            Outcome::Scraped { rows } => {
                self.record(id, SCRAPED, 0, 0, |batch| {
                    for number in rows.as_chunks().0 {
                        batch.extend_from_slice(&u32::from_be_bytes(*number).to_le_bytes());
                    }
                });
            }
            Outcome::Connected { address, round_trip, looked_up } => {
                self.record(id, CONNECTED, 0, 0, |batch| {
                    batch.extend_from_slice(&milliseconds(*round_trip).to_le_bytes());
                    // Not a number where nothing was looked up.
                    batch.extend_from_slice(&looked_up.map_or(f64::NAN, milliseconds).to_le_bytes());
                    let _ = write!(batch, "{address}");
                });
            }
            Outcome::Failed { failure, address, phase } => {
                let failure = failure.clone().into();
                self.failed(id, &failure, Details::at(&failure, *address, *phase));
            }
        }
    }

    fn failure(&mut self, id: RequestId, failure: &Failure) {
        self.failed(id, failure, Details::of(failure));
    }

    fn preferences(&mut self, id: RequestId, preferences: &Preferences) {
        self.record(id, PREFERENCES, preferences.is_some().into(), 0, |batch| {
            for (index, place) in preferences.iter().flatten().enumerate() {
                let _ = write!(batch, "{}{place}", if index == 0 { "" } else { " " });
            }
        });
    }

    fn trace(&mut self, trace: &Trace) {
        let (id, is_own) = match trace.origin {
            Origin::Request(id) => (id, 1),
            Origin::Connect => (RequestId(0), 0),
        };
        let kind = if trace.round_trip.is_some() { ANSWERED } else { SENT };
        self.record(id, kind, trace.kind as u8, is_own, |batch| {
            batch.extend_from_slice(&trace.attempt.to_le_bytes());
            batch.extend_from_slice(&milliseconds(trace.round_trip.unwrap_or_default()).to_le_bytes());
            let _ = write!(batch, "{}", trace.address);
        });
    }

    fn decision(&mut self, decision: &Decision) {
        let (number, about) = match decision {
            Decision::Address(decision, address) => (*decision as u8, address.to_string()),
            Decision::LookUpRepeated(host) => (LOOK_UP_REPEATED, host.clone()),
            Decision::LookUpFallback(host) => (LOOK_UP_FALLBACK, host.clone()),
            Decision::LookUpOfSilent(host) => (LOOK_UP_OF_SILENT, host.clone()),
        };
        self.record(RequestId(0), DECIDED, number, 0, |batch| batch.extend_from_slice(about.as_bytes()));
    }

    fn look_up(&mut self, number: u32, function: u32, host: &str, family: Option<Family>) {
        let family = match family {
            None => 0,
            Some(Family::V4) => 4,
            Some(Family::V6) => 6,
        };
        self.record(RequestId(number.into()), LOOK_UP, family, 0, |batch| {
            batch.extend_from_slice(&function.to_le_bytes());
            batch.extend_from_slice(host.as_bytes());
        });
    }

    fn forget_look_up(&mut self, number: u32) {
        self.record(RequestId(number.into()), FORGET, 0, 0, |_| {});
    }

    fn flush(&mut self) {
        if !self.batch.is_empty() {
            self.pass_on();
        }
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Peers as text, separated by commas: `1.2.3.4:5678`, `[2001:db8::1]:5678`.
fn write_peers(batch: &mut Vec<u8>, family: Family, peers: &[u8]) {
    let start = batch.len();
    match family {
        Family::V4 => {
            for [a, b, c, d, port @ ..] in peers.as_chunks::<6>().0 {
                for (octet, separator) in [(a, b'.'), (b, b'.'), (c, b'.'), (d, b':')] {
                    write_number(batch, (*octet).into());
                    batch.push(separator);
                }
                write_number(batch, u16::from_be_bytes(*port));
                batch.push(b',');
            }
        }
        Family::V6 => {
            for row in peers.as_chunks::<18>().0 {
                if let Some((address, [high, low])) = row.split_first_chunk::<16>() {
                    let port = u16::from_be_bytes([*high, *low]);
                    let _ = write!(batch, "{},", SocketAddrV6::new(Ipv6Addr::from(*address), port, 0, 0));
                }
            }
        }
    }
    if batch.len() > start {
        batch.pop();
    }
}

/// Decimal digits without the formatting machinery: there are five of these in every IPv4 peer.
fn write_number(batch: &mut Vec<u8>, number: u16) {
    let mut divisor = match number {
        0..=9 => 1,
        10..=99 => 10,
        100..=999 => 100,
        1000..=9999 => 1000,
        _ => 10_000,
    };
    while divisor > 0 {
        batch.push(b'0' + (number / divisor % 10) as u8);
        divisor /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(family: Family, peers: &[u8]) -> String {
        let mut batch = Vec::new();
        write_peers(&mut batch, family, peers);
        String::from_utf8(batch).unwrap()
    }

    #[test]
    fn ipv4_peers_are_dotted_with_their_port() {
        assert_eq!(text(Family::V4, &[]), "");
        assert_eq!(text(Family::V4, &[1, 2, 3, 4, 0x16, 0x2e]), "1.2.3.4:5678");
        assert_eq!(
            text(Family::V4, &[0, 10, 255, 100, 0, 0, 9, 99, 109, 1, 255, 255]),
            "0.10.255.100:0,9.99.109.1:65535"
        );
    }

    #[test]
    fn ipv6_peers_are_in_brackets_and_as_short_as_can_be() {
        let mut row = [0; 18];
        row[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
        row[15] = 1;
        row[16..].copy_from_slice(&5678u16.to_be_bytes());
        assert_eq!(text(Family::V6, &[row, row].concat()), "[2001:db8::1]:5678,[2001:db8::1]:5678");
    }

    #[test]
    fn every_number_of_16_bits_is_written_as_it_is_read() {
        for number in 0..=u16::MAX {
            let mut digits = Vec::new();
            write_number(&mut digits, number);
            assert_eq!(String::from_utf8(digits).unwrap(), number.to_string());
        }
    }

    /// Keeps the batches that are passed on.
    #[derive(Clone, Default)]
    struct Kept(std::sync::Arc<std::sync::Mutex<Vec<Vec<u8>>>>);

    impl Batches for Kept {
        fn pass_on(&mut self, batch: Vec<u8>) -> Vec<u8> {
            self.0.lock().unwrap().push(batch);
            Vec::new()
        }
    }

    #[test]
    fn records_are_passed_on_when_they_are_many_and_when_nothing_more_comes() {
        let kept = Kept::default();
        let mut outcomes = Outcomes::new(kept.clone());
        outcomes.flush();
        assert_eq!(kept.0.lock().unwrap().len(), 0, "there is nothing");
        let rows = [0; 12_000];
        while kept.0.lock().unwrap().is_empty() {
            outcomes.outcome(RequestId(7), &Outcome::Scraped { rows: &rows });
        }
        outcomes.forget_look_up(1);
        outcomes.flush();
        let batches = kept.0.lock().unwrap();
        assert_eq!(batches.len(), 2);
        assert!((BATCH..BATCH + 2 * rows.len()).contains(&batches[0].len()));
        assert_eq!(batches[1], [12, 0, 0, 0, 1, 0, 0, 0, FORGET, 0, 0, 0]);
    }

    #[test]
    fn a_failure_tells_its_address_its_code_and_a_text() {
        let address = "192.0.2.1:7".parse().unwrap();
        for (words, text) in
            [("no", "no"), ("", "tracker error without a message"), (" \0", "tracker error without a message")]
        {
            let kept = Kept::default();
            let mut outcomes = Outcomes::new(kept.clone());
            let failure = crate::proto::Failure::Tracker(words.to_owned());
            let phase = crate::proto::Phase::Announce;
            outcomes.outcome(RequestId(1 << 32 | 9), &Outcome::Failed { failure, address: Some(address), phase });
            outcomes.flush();
            let record = &kept.0.lock().unwrap()[0];
            assert_eq!(record[4..12], [9, 0, 0, 0, FAILED, 0, 3, 0]);
            assert_eq!(record[12..14], [11, 0]);
            assert_eq!(String::from_utf8_lossy(&record[14..]), format!("192.0.2.1:7{text}"));
        }
    }
}
