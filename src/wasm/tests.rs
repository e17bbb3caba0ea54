//! The engine of WebAssembly, compiled for this machine, beside trackers in simulated time. `__test__/portable-core.test.js` has
//! the other one play the same script and compares each datagram and each outcome.

use std::{
    collections::BTreeMap,
    fmt::Write,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use crate::proto::Instant;

use super::engine::Engine;

const SEED: [u8; 32] = [7; 32];
const ANNOUNCE: u8 = 1;
const SCRAPE: u8 = 2;
const CANCEL: u8 = 3;
const FOUND: u8 = 5;
const HEADER: usize = 8;

/// A request's record: see [`crate::records`].
fn request(number: u32, kind: u8, url: &str, transport: &[u8], body: &[u8]) -> Vec<u8> {
    let mut record = [&[0; 4][..], &number.to_le_bytes(), &[kind, 2, 0, 1]].concat();
    record.extend(15_000.0f64.to_le_bytes());
    record.extend((url.len() as u32).to_le_bytes());
    record.extend((transport.len() as u32).to_le_bytes());
    finished([&record, url.as_bytes(), transport, body].concat())
}

fn finished(mut record: Vec<u8>) -> Vec<u8> {
    let length = record.len() as u32;
    record[..4].copy_from_slice(&length.to_le_bytes());
    record
}

fn announce(number: u32, url: &str) -> Vec<u8> {
    let mut body = vec![number as u8; 76];
    body[68..72].copy_from_slice(&number.to_le_bytes());
    body.extend(6881u16.to_le_bytes());
    request(number, ANNOUNCE, url, &[], &body)
}

/// A transport of these texts and nothing else.
fn transport(texts: [&str; 6]) -> Vec<u8> {
    let mut bytes: Vec<u8> =
        texts.iter().flat_map(|text| [&(text.len() as u16).to_le_bytes()[..], text.as_bytes()].concat()).collect();
    bytes.extend([1, 0, 0, 0, 0, 0, 0]);
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A datagram on its way: by which path and port it will come, from where, and its bytes.
type Coming = (u32, u32, SocketAddr, Vec<u8>);

/// The engine, trackers that lose one datagram in five, and a record of all that went in and came out.
struct Script {
    engine: Engine,
    milliseconds: u64,
    /// Answers on their way, by when they arrive.
    coming: BTreeMap<(u64, usize), Coming>,
    sent: usize,
    outcomes: Vec<u8>,
    record: String,
}

impl Script {
    fn new() -> Self {
        let engine = Engine::new(SEED, 1);
        let (coming, outcomes, record) = (BTreeMap::new(), Vec::new(), String::new());
        Self { engine, milliseconds: 0, coming, sent: 0, outcomes, record }
    }

    fn now(&self) -> Instant {
        Instant::START + Duration::from_millis(self.milliseconds)
    }

    fn submit(&mut self, records: &[u8]) {
        let _ = writeln!(self.record, "submit {} {}", self.milliseconds, hex(records));
        self.engine.submit(self.now(), records);
        self.follow();
    }

    /// Takes what there is to send and to tell.
    fn follow(&mut self) {
        let mut bytes = Vec::new();
        while let Some(datagram) = self.engine.poll_transmit(self.now(), &mut bytes) {
            let _ = writeln!(self.record, "> {} {} {} {}", datagram.path, datagram.port, datagram.to, hex(&bytes));
            self.sent += 1;
            // The port says how far it is, and the third tracker answers connects alone.
            if !self.sent.is_multiple_of(5) && (datagram.to.port() != 3 || bytes[11] == 0) {
                let arrives = self.milliseconds + 40 * u64::from(datagram.to.port());
                let coming = (datagram.path, datagram.port, datagram.to, answer(&bytes));
                self.coming.insert((arrives, self.sent), coming);
            }
            self.engine.sent(datagram.ticket);
            bytes.clear();
        }
        self.engine.deliver();
        while let Some(batch) = self.engine.take_batch() {
            let _ = writeln!(self.record, ">> {}", hex(&batch));
            self.outcomes.extend(batch);
        }
    }

    /// Goes on until then.
    fn play_until(&mut self, end: u64) {
        loop {
            let due = self.engine.poll_timeout().map(|at| at.saturating_duration_since(Instant::START));
            let due = due.map_or(u64::MAX, |due| due.as_millis() as u64 + 1);
            let arrives = self.coming.keys().next().map_or(u64::MAX, |(at, _)| *at);
            if due.min(arrives) > end {
                self.milliseconds = end;
                return;
            }
            self.milliseconds = due.min(arrives).max(self.milliseconds);
            if arrives <= due
                && let Some((_, (path, port, from, bytes))) = self.coming.pop_first()
            {
                let at = self.milliseconds;
                let _ =
                    writeln!(self.record, "receive {at} {path} {port} {} {} {}", from.ip(), from.port(), hex(&bytes));
                self.engine.receive(self.now(), Duration::ZERO, (path, port), from, &bytes);
            } else {
                let _ = writeln!(self.record, "timeout {0} {0}", self.milliseconds);
                self.engine.handle_timeout(self.now(), Duration::from_millis(self.milliseconds));
            }
            self.follow();
        }
    }

    /// The kinds of what each number was told, and the text of what failed.
    fn told(&self) -> BTreeMap<u32, (u8, String)> {
        let (mut told, mut rest) = (BTreeMap::new(), &self.outcomes[..]);
        while let Some((length, _)) = rest.split_first_chunk() {
            let (record, after) = rest.split_at(u32::from_le_bytes(*length) as usize);
            let number = u32::from_le_bytes(record[4..8].try_into().unwrap());
            told.insert(number, (record[HEADER], String::from_utf8_lossy(&record[12..]).into_owned()));
            rest = after;
        }
        told
    }
}

/// What a tracker says: to a connect an ID, to an announce an interval and a peer, to a scrape a row.
fn answer(datagram: &[u8]) -> Vec<u8> {
    let action = &datagram[8..12];
    let body: &[u8] = match action[3] {
        0 => &[9; 8],
        1 => &[0, 0, 7, 8, 0, 0, 0, 1, 0, 0, 0, 2, 10, 0, 0, 1, 26, 225],
        _ => &[0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3],
    };
    [action, &datagram[12..16], body].concat()
}

#[test]
fn a_script_of_losses_look_ups_and_cancels() {
    let mut script = Script::new();
    let address = Ipv4Addr::new(192, 0, 2, 1);
    for number in 1..40 {
        script.submit(&announce(number, &format!("udp://{address}:{}", 1 + number % 3)));
    }
    script.submit(&request(50, SCRAPE, &format!("udp://{address}:2"), &[], &[5; 20]));
    script.submit(&announce(51, "udp://tracker.example:1/announce"));
    script.play_until(1000);
    // The number of the look-up is that of the only question.
    let asked = script.told().into_iter().find(|(_, (_, text))| text.ends_with("tracker.example"));
    let (number, _) = asked.unwrap();
    let found = [&[0; 4][..], &number.to_le_bytes(), &[FOUND, 1], b"192.0.2.9,2001:db8::9"].concat();
    script.submit(&finished(found));
    script.submit(&finished([&[0; 4][..], &2u32.to_le_bytes(), &[CANCEL]].concat()));
    script.play_until(4_000_000);
    let told = script.told();
    let answered = told.iter().filter(|(number, (kind, _))| **number > 0 && matches!(kind, 1 | 2)).count();
    assert_eq!(answered, 28, "two thirds of the announces, the scrape, and one by name: {told:?}");
    assert!(told.values().any(|(kind, text)| *kind == 4 && text.contains("tracker is not responding after:")));
    assert!(!told.contains_key(&2) && script.engine.poll_timeout().is_none());
    if let Some(file) = std::env::var_os("PORTABLE_SCRIPT") {
        std::fs::write(file, script.record).unwrap();
    }
}

#[test]
fn what_only_the_addon_can_do_fails_closed() {
    for (texts, option) in [
        (["", "", "eth0", "", "", ""], "transport.interface"),
        (["10.0.0.1", "", "", "", "", ""], "transport.localAddress"),
        (["", "::1", "", "", "", ""], "transport.localAddress"),
        (["", "", "", "proxy.example", "", ""], "transport.proxy"),
    ] {
        let mut script = Script::new();
        for url in ["udp://192.0.2.1:1", "udp://tracker.example:1"] {
            script.submit(&request(1, SCRAPE, url, &transport(texts), &[5; 20]));
        }
        script.play_until(60_000);
        let (kind, text) = &script.told()[&1];
        assert!(*kind == 4 && text.contains(&format!("{option} needs the addon")), "{text}");
        assert_eq!((script.sent, script.told().len()), (0, 1), "nothing is sent and nothing looked up");
    }
}

#[test]
fn what_was_not_sent_is_told_where_it_is_lasting() {
    let mut engine = Engine::new(SEED, 1);
    let now = Instant::START;
    engine.submit(now, &announce(1, "udp://192.0.2.1:1"));
    let mut bytes = Vec::new();
    let datagram = engine.poll_transmit(now, &mut bytes).unwrap();
    engine.unsent(now, datagram.ticket, true, "EMSGSIZE", "message too long (EMSGSIZE)");
    assert!(engine.deliver());
    let batch = engine.take_batch().unwrap();
    let text = String::from_utf8_lossy(&batch);
    assert!(text.contains("EMSGSIZEcannot send to tracker 192.0.2.1:1: message too long (EMSGSIZE)"), "{text}");
    // Its ticket is used up.
    engine.unsent(now, datagram.ticket, true, "EMSGSIZE", "again");
    assert!(!engine.deliver());
}
