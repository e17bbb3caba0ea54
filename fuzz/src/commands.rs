//! Packed commands as JavaScript hands them over: any bytes do no harm, and what is packed is what comes out.

use std::{fmt::Write, net::Ipv4Addr, sync::Arc};

use arbitrary::{Arbitrary, Unstructured};
use bittorrent_udp_tracker::{
    proto::{
        Announce, AnnounceUrl, Authentication, Body, Connect, Event, Extension, Family, InfoHash, MAX_SCRAPE_HASHES,
        PeerId, RequestId, Schedule, Scrape,
    },
    requests::{Command, Failure, Start},
};

#[path = "../../src/records/commands.rs"]
mod decoder;
#[path = "../../src/records/reader.rs"]
mod reader;
#[path = "../../src/records/transports.rs"]
mod transports;
use decoder::Decoder;

const SESSION: u32 = 3;
const ANNOUNCE: u8 = 1;
const SCRAPE: u8 = 2;
const CANCEL: u8 = 3;
const TRACE: u8 = 4;
const GIVE_UP: u8 = 6;
const CONNECT: u8 = 7;
const PREFERENCES: u8 = 8;

pub fn run(data: &[u8]) {
    let mut decoder = Decoder::new(SESSION);
    let commands = decoder.decode(data);
    assert_eq!(commands.len(), records(data, commands.len()), "more commands than records");
    let first = tell(&commands);
    // The URLs are known now, which must make no difference.
    assert_eq!(tell(&decoder.decode(data)), first);

    let mut bytes = Unstructured::new(data);
    let (mut packed, mut expected) = (Vec::new(), Vec::new());
    while let Some(wanted) = Some(&mut bytes).filter(|bytes| !bytes.is_empty()).map(Wanted::arbitrary) {
        let Ok(wanted) = wanted else { break };
        wanted.pack(&mut packed);
        expected.push(wanted.command());
    }
    assert_eq!(tell(&decoder.decode(&packed)), tell(&expected));
}

/// How many whole records follow one another, `most` at most.
fn records(mut data: &[u8], most: usize) -> usize {
    let mut count = 0;
    while count < most
        && let Some(length) = data.first_chunk()
        && let Some(rest) = data.get(u32::from_le_bytes(*length) as usize..)
    {
        data = rest;
        count += 1;
    }
    count
}

/// Commands as text, to be compared.
fn tell(commands: &[Command]) -> String {
    let mut text = String::new();
    for command in commands {
        match command {
            Command::Start(start) => {
                let Start { id, url, family, schedule, body, .. } = start;
                assert_eq!(id.0 >> 32, SESSION.into(), "a request of another session");
                writeln!(text, "start {id:?} {url:?} {family:?} {schedule:?} {body:?}").unwrap();
            }
            Command::Preferences(id, url, _) => writeln!(text, "preferences {id:?} {url:?}").unwrap(),
            Command::Reject(id, failure) => writeln!(text, "reject {id:?} {failure}").unwrap(),
            Command::Cancel(id) => writeln!(text, "cancel {id:?}").unwrap(),
            Command::GiveUp(id, after) => writeln!(text, "give up {id:?} after {after}").unwrap(),
            Command::Found(session, number, found) => writeln!(text, "found {session} {number} {found:?}").unwrap(),
            Command::Trace(session, wanted) => {
                assert_eq!(*session, SESSION);
                writeln!(text, "trace {wanted}").unwrap()
            }
            Command::Open(..) | Command::Close(..) => panic!("no record means this"),
        }
    }
    text
}

/// A command as `lib/engine/commands.js` gives it.
#[derive(Arbitrary, Debug)]
struct Wanted {
    number: u32,
    kind: Kind,
}

#[derive(Arbitrary, Debug)]
enum Kind {
    Cancel,
    Trace,
    Announce { tracker: Tracker, fields: Box<Fields> },
    Scrape { tracker: Tracker, info_hashes: Vec<[u8; 20]> },
    GiveUp { after: f64 },
    Connect { tracker: Tracker, retransmit: bool },
    Preferences { tracker: Tracker },
}

#[derive(Arbitrary, Debug)]
struct Tracker {
    url: String,
    /// Instead of a URL that nobody can read.
    usable: bool,
    family: u8,
    timeout: f64,
}

#[derive(Arbitrary, Debug)]
struct Fields {
    info_hash: [u8; 20],
    peer_id: [u8; 20],
    counters: [u64; 3],
    event: u8,
    ip: u32,
    key: u32,
    num_want: i32,
    port: u16,
    url_data: bool,
    auth: Option<(String, Vec<u8>)>,
}

impl Tracker {
    fn has_time(&self) -> bool {
        self.timeout.is_finite() && self.timeout > 0.0
    }

    fn url(&self) -> String {
        if self.usable { format!("udp://tracker.example:6969/{}", self.url) } else { self.url.clone() }
    }
}

impl Wanted {
    fn pack(&self, packed: &mut Vec<u8>) {
        let start = packed.len();
        packed.extend([0; 4]);
        packed.extend(self.number.to_le_bytes());
        match &self.kind {
            Kind::Cancel => packed.push(CANCEL),
            Kind::Trace => packed.push(TRACE),
            Kind::GiveUp { after } => {
                packed.push(GIVE_UP);
                packed.extend(after.to_le_bytes());
            }
            Kind::Announce { tracker, fields } => {
                let flags = u8::from(fields.url_data) | u8::from(fields.auth.is_some()) << 1;
                header(packed, tracker, [ANNOUNCE, fields.event % 5, tracker.family, flags]);
                packed.extend(fields.info_hash);
                packed.extend(fields.peer_id);
                packed.extend(fields.counters.map(u64::to_le_bytes).concat());
                packed.extend(fields.ip.to_le_bytes());
                packed.extend(fields.key.to_le_bytes());
                packed.extend(fields.num_want.to_le_bytes());
                packed.extend(fields.port.to_le_bytes());
                if let Some((username, password)) = &fields.auth {
                    packed.extend((username.len() as u32).to_le_bytes());
                    packed.extend(username.as_bytes());
                    packed.extend(password);
                }
            }
            Kind::Scrape { tracker, info_hashes } => {
                header(packed, tracker, [SCRAPE, 0, tracker.family, 0]);
                packed.extend(info_hashes.concat());
            }
            Kind::Connect { tracker, retransmit } => {
                header(packed, tracker, [CONNECT, 0, tracker.family, u8::from(*retransmit) << 2]);
            }
            Kind::Preferences { tracker } => header(packed, tracker, [PREFERENCES, 0, tracker.family, 0]),
        }
        let length = (packed.len() - start) as u32;
        packed[start..start + 4].copy_from_slice(&length.to_le_bytes());
    }

    fn command(&self) -> Command {
        let id = RequestId(u64::from(SESSION) << 32 | u64::from(self.number));
        let (tracker, body) = match &self.kind {
            Kind::Cancel => return Command::Cancel(id),
            Kind::Trace => return Command::Trace(SESSION, self.number != 0),
            Kind::GiveUp { after } => return Command::GiveUp(id, *after),
            Kind::Announce { tracker, .. }
            | Kind::Scrape { tracker, .. }
            | Kind::Connect { tracker, .. }
            | Kind::Preferences { tracker }
                if !tracker.has_time() =>
            {
                return Command::Reject(id, Failure::Unreadable);
            }
            Kind::Preferences { tracker } => {
                return match AnnounceUrl::parse(&tracker.url()) {
                    Ok(url) => Command::Preferences(id, Arc::new(url), None),
                    Err(error) => Command::Reject(id, error.into()),
                };
            }
            Kind::Connect { tracker, retransmit } => {
                (tracker, Ok(Body::Connect(Connect { retransmit: *retransmit, looked_up: None })))
            }
            Kind::Announce { tracker, fields } => (tracker, fields.body(tracker)),
            Kind::Scrape { tracker, info_hashes } => {
                (tracker, Ok(Body::Scrape(Scrape { info_hashes: info_hashes.iter().copied().map(InfoHash).collect() })))
            }
        };
        let url = match AnnounceUrl::parse(&tracker.url()) {
            Ok(url) => Arc::new(url),
            Err(error) => return Command::Reject(id, error.into()),
        };
        let body = match body {
            Ok(Body::Scrape(scrape)) if !(1..=MAX_SCRAPE_HASHES).contains(&scrape.info_hashes.len()) => {
                return Command::Reject(id, Failure::Unreadable);
            }
            Ok(body) => body,
            Err(error) => return Command::Reject(id, error.into()),
        };
        let family = match tracker.family {
            4 => Some(Family::V4),
            6 => Some(Family::V6),
            _ => None,
        };
        Command::Start(Start { id, url, family, transport: None, schedule: Schedule::new(tracker.timeout), body })
    }
}

fn header(packed: &mut Vec<u8>, tracker: &Tracker, head: [u8; 4]) {
    let url = tracker.url();
    packed.extend(head);
    packed.extend(tracker.timeout.to_le_bytes());
    packed.extend((url.len() as u32).to_le_bytes());
    packed.extend([0; 4]);
    packed.extend(url.as_bytes());
}

impl Fields {
    fn body(&self, tracker: &Tracker) -> Result<Body, bittorrent_udp_tracker::proto::ExtensionError> {
        let url = AnnounceUrl::parse(&tracker.url()).ok();
        let request_string = url.filter(|_| self.url_data).map(|url| url.request_string).unwrap_or_default();
        let extension = match &self.auth {
            Some((username, password)) => {
                Extension::Authentication(Box::new(Authentication::new(username, password, &request_string)?))
            }
            None if request_string.is_empty() => Extension::None,
            None => Extension::UrlData(request_string),
        };
        let [downloaded, left, uploaded] = self.counters;
        Ok(Body::Announce(Announce {
            info_hash: InfoHash(self.info_hash),
            peer_id: PeerId(self.peer_id),
            downloaded,
            left,
            uploaded,
            event: Event::from_number(u32::from(self.event % 5)).unwrap(),
            ip: Ipv4Addr::from_bits(self.ip),
            key: self.key,
            num_want: self.num_want,
            port: self.port,
            extension,
        }))
    }
}
