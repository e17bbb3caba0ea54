//! Commands as JavaScript packs them (`lib/engine/commands.js` writes what is read here; the two change together).
//!
//! All numbers are little-endian. A record starts with its own length (u32), the request's number (u32) and a kind.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use super::{reader::Reader, transports::Transports};
use crate::{
    proto::{
        Announce, AnnounceUrl, Authentication, Body, Connect, Event, Extension, Family, InfoHash, MAX_SCRAPE_HASHES,
        Map, PeerId, RequestId, Schedule, Scrape, UrlError,
    },
    requests::{Command, Failure, Found, LookUpError, SessionId, Start},
};

const ANNOUNCE: u8 = 1;
const SCRAPE: u8 = 2;
const CANCEL: u8 = 3;
/// Its number is 1 to begin and 0 to end.
const TRACE: u8 = 4;
/// What an application's own look-up found. Its number is the look-up's.
const FOUND: u8 = 5;
/// Followed by how many milliseconds were too long.
const GIVE_UP: u8 = 6;
const CONNECT: u8 = 7;
const PREFERENCES: u8 = 8;

/// The flag that lets the URL's path and query go out with an announce.
const FLAG_URL_DATA: u8 = 1;
/// The flag that says that a user name and a password follow the URL.
const FLAG_AUTHENTICATION: u8 = 2;
/// The flag that has a connect sent again until it is answered.
const FLAG_RETRANSMIT: u8 = 4;

/// How many parsed URLs are kept. A client with one tracker has one; beyond this all are parsed anew.
const REMEMBERED_URLS: usize = 1024;
/// How many bytes the texts of all of them have at most.
const REMEMBERED_URL_BYTES: usize = 256 << 10;

/// Turns records into commands of one session.
pub(crate) struct Decoder {
    session: SessionId,
    urls: Map<Box<[u8]>, Arc<AnnounceUrl>>,
    /// How long the keys of `urls` are together.
    url_bytes: usize,
    transports: Transports,
}

impl Decoder {
    pub(crate) fn new(session: SessionId) -> Self {
        Self { session, urls: Map::default(), url_bytes: 0, transports: Transports::new(session) }
    }

    /// The commands in `records`. One that does not add up rejects its request, and costs no other.
    pub(crate) fn decode(&mut self, mut records: &[u8]) -> Vec<Command> {
        let mut commands = Vec::with_capacity(records.len() / 128 + 1);
        while let Some(length) = Reader(records).u32() {
            let Some((record, rest)) = records.split_at_checked(length as usize) else { break };
            let mut reader = Reader(record);
            // Nothing shorter has a number, and where the next begins is as doubtful.
            let (Some(_length), Some(number)) = (reader.u32(), reader.u32()) else { break };
            let id = RequestId(u64::from(self.session) << 32 | u64::from(number));
            commands.push(self.command(id, number, reader).unwrap_or(Command::Reject(id, Failure::Unreadable)));
            records = rest;
        }
        commands
    }

    /// What a record asks for from its kind on.
    fn command(&mut self, id: RequestId, number: u32, mut reader: Reader<'_>) -> Option<Command> {
        let kind = reader.u8()?;
        match kind {
            CANCEL => return Some(Command::Cancel(id)),
            TRACE => return Some(Command::Trace(self.session, number != 0)),
            GIVE_UP => return Some(Command::GiveUp(id, f64::from_le_bytes(reader.array()?))),
            FOUND => return Some(Command::Found(self.session, number, found(&mut reader)?)),
            _ => {}
        }
        let header = Header::read(&mut reader)?;
        let url = match self.url(header.url) {
            Ok(url) => url,
            Err(error) => return Some(Command::Reject(id, error.into())),
        };
        let transport =
            if header.transport.is_empty() { None } else { Some(self.transports.transport(header.transport)?) };
        let body = match kind {
            ANNOUNCE => match announce(&mut reader, &header, &url)? {
                Ok(announce) => Body::Announce(announce),
                Err(failure) => return Some(Command::Reject(id, failure)),
            },
            SCRAPE => Body::Scrape(scrape(&reader)?),
            CONNECT if reader.0.is_empty() => {
                Body::Connect(Connect { retransmit: header.flags & FLAG_RETRANSMIT != 0, looked_up: None })
            }
            PREFERENCES if reader.0.is_empty() => return Some(Command::Preferences(id, url, transport)),
            _ => return None,
        };
        let Header { family, schedule, .. } = header;
        Some(Command::Start(Start { id, url, family, transport, schedule, body }))
    }

    fn url(&mut self, bytes: &[u8]) -> Result<Arc<AnnounceUrl>, UrlError> {
        if let Some(known) = self.urls.get(bytes) {
            return Ok(known.clone());
        }
        // One that cannot be used is not kept: torrents bring any number of them, of any length.
        let url = Arc::new(AnnounceUrl::parse(&String::from_utf8_lossy(bytes))?);
        if self.urls.len() >= REMEMBERED_URLS || self.url_bytes + bytes.len() > REMEMBERED_URL_BYTES {
            self.urls.clear();
            self.url_bytes = 0;
        }
        self.url_bytes += bytes.len();
        self.urls.insert(bytes.into(), url.clone());
        Ok(url)
    }
}

/// What all requests have in common, in the order of its fields.
struct Header<'a> {
    event: u8,
    family: Option<Family>,
    flags: u8,
    schedule: Schedule,
    url: &'a [u8],
    /// Empty unless the application chose a way out.
    transport: &'a [u8],
}

impl<'a> Header<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let event = reader.u8()?;
        let family = match reader.u8()? {
            4 => Some(Family::V4),
            6 => Some(Family::V6),
            _ => None,
        };
        let flags = reader.u8()?;
        let timeout = f64::from_le_bytes(reader.array()?);
        if !(timeout.is_finite() && timeout > 0.0) {
            return None;
        }
        let (url_length, transport_length) = (reader.u32()? as usize, reader.u32()? as usize);
        let (url, transport) = (reader.bytes(url_length)?, reader.bytes(transport_length)?);
        Some(Self { event, family, flags, schedule: Schedule::new(timeout), url, transport })
    }
}

/// The info-hashes are all that is left of the record.
fn scrape(reader: &Reader<'_>) -> Option<Scrape> {
    let (info_hashes, rest) = reader.0.as_chunks();
    let fits = rest.is_empty() && (1..=MAX_SCRAPE_HASHES).contains(&info_hashes.len());
    fits.then(|| Scrape { info_hashes: info_hashes.iter().copied().map(InfoHash).collect() })
}

fn announce(reader: &mut Reader<'_>, header: &Header<'_>, url: &AnnounceUrl) -> Option<Result<Announce, Failure>> {
    let mut announce = Announce {
        info_hash: InfoHash(reader.array()?),
        peer_id: PeerId(reader.array()?),
        downloaded: reader.u64()?,
        left: reader.u64()?,
        uploaded: reader.u64()?,
        event: Event::from_number(header.event.into())?,
        ip: Ipv4Addr::from_bits(reader.u32()?),
        key: reader.u32()?,
        num_want: i32::from_le_bytes(reader.array()?),
        port: reader.u16()?,
        extension: Extension::None,
    };
    let request_string = if header.flags & FLAG_URL_DATA != 0 { url.request_string.clone() } else { "".into() };
    if header.flags & FLAG_AUTHENTICATION != 0 {
        let username_length = reader.u32()? as usize;
        let username = String::from_utf8_lossy(reader.bytes(username_length)?);
        match Authentication::new(&username, reader.0, &request_string) {
            Ok(authentication) => announce.extension = Extension::Authentication(Box::new(authentication)),
            Err(error) => return Some(Err(error.into())),
        }
    } else if !request_string.is_empty() {
        announce.extension = Extension::UrlData(request_string);
    }
    Some(Ok(announce))
}

/// Addresses with commas between them; or why there are none: the length of a code (u8), the code, and words.
fn found(reader: &mut Reader<'_>) -> Option<Found> {
    let is_found = reader.u8()? != 0;
    if is_found {
        let text = String::from_utf8_lossy(reader.0);
        let addresses: Result<Vec<IpAddr>, _> = text.split(',').map(str::parse).collect();
        let is_none = |_| LookUpError::Caller { text: format!("lookup gave no IP address: {text}"), code: None };
        return Some(addresses.map_err(is_none));
    }
    let length = reader.u8()?.into();
    let code = Some(str::from_utf8(reader.bytes(length)?).ok()?).filter(|code| !code.is_empty());
    let text = String::from_utf8_lossy(reader.0).into_owned();
    Some(Err(LookUpError::Caller { text, code: code.map(Into::into) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, url: &str, rest: &[u8]) -> Vec<u8> {
        let mut record = vec![0, 0, 0, 0, 7, 0, 0, 0, kind, 2, 4, FLAG_URL_DATA];
        record.extend(100.0f64.to_le_bytes());
        record.extend((url.len() as u32).to_le_bytes());
        record.extend([0; 4]);
        record.extend(url.as_bytes());
        record.extend(rest);
        let length = record.len() as u32;
        record[..4].copy_from_slice(&length.to_le_bytes());
        record
    }

    #[test]
    fn records_behind_each_other_become_commands_of_the_session() {
        let mut records = record(SCRAPE, "udp://127.0.0.1:1/x", &[5; 40]);
        records.extend(record(SCRAPE, "http://x", &[5; 20]));
        records.extend([9, 0, 0, 0, 7, 0, 0, 0, CANCEL]);
        records.extend([9, 0, 0, 0, 1, 0, 0, 0, TRACE]);
        let commands = Decoder::new(3).decode(&records);
        let id = RequestId(3 << 32 | 7);
        let [
            Command::Start(start),
            Command::Reject(rejected, failure),
            Command::Cancel(cancelled),
            Command::Trace(3, true),
        ] = &commands[..]
        else {
            panic!("{} commands", commands.len())
        };
        assert_eq!((start.id, *rejected, *cancelled), (id, id, id));
        assert_eq!(start.family, Some(Family::V4));
        assert!(matches!(&start.body, Body::Scrape(scrape) if scrape.info_hashes.len() == 2));
        assert_eq!(failure.to_string(), "announce URL is not udp: http://x");
    }

    #[test]
    fn an_announce_takes_its_fields_and_the_urls_request_string() {
        let mut fields = vec![0xaa; 20];
        fields.extend([0xbb; 20]);
        for counter in [1u64, 2, u64::MAX] {
            fields.extend(counter.to_le_bytes());
        }
        fields.extend(0x0a01_0203u32.to_le_bytes());
        fields.extend(9u32.to_le_bytes());
        fields.extend((-1i32).to_le_bytes());
        fields.extend(6881u16.to_le_bytes());
        let commands = Decoder::new(0).decode(&record(ANNOUNCE, "udp://h:1/path", &fields));
        let [Command::Start(start)] = &commands[..] else { panic!() };
        let Body::Announce(announce) = &start.body else { panic!() };
        assert_eq!(announce.event, Event::Started);
        assert_eq!((announce.downloaded, announce.left, announce.uploaded), (1, 2, u64::MAX));
        assert_eq!(announce.ip, Ipv4Addr::new(10, 1, 2, 3));
        assert_eq!((announce.key, announce.num_want, announce.port), (9, -1, 6881));
        assert_eq!(announce.extension, Extension::UrlData("/path".into()));
    }

    fn kinds(commands: &[Command]) -> Vec<String> {
        let told = |command: &Command| match command {
            Command::Start(start) => format!("start {}", start.id.0),
            Command::Reject(id, failure) => format!("reject {} {failure}", id.0),
            _ => "other".to_owned(),
        };
        commands.iter().map(told).collect()
    }

    #[test]
    fn a_record_that_does_not_add_up_rejects_its_request_and_no_other() {
        let good = record(SCRAPE, "udp://h:1", &[5; 20]);
        for (length, end) in [(8, 8), (9, 9), (23, 23), (40, 40), (good.len() - 1, good.len() - 1)] {
            let mut records = good[..end].to_vec();
            records[..4].copy_from_slice(&(length as u32).to_le_bytes());
            records[4] = 9;
            records.extend(&good);
            let told = kinds(&Decoder::new(0).decode(&records));
            assert_eq!(told, ["reject 9 request cannot be read", "start 7"], "{length} bytes");
        }
    }

    #[test]
    fn a_timeout_that_is_no_time_rejects_the_request() {
        for timeout in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let mut record = record(SCRAPE, "udp://h:1", &[5; 20]);
            record[12..20].copy_from_slice(&f64::to_le_bytes(timeout));
            assert_eq!(kinds(&Decoder::new(0).decode(&record)), ["reject 7 request cannot be read"], "{timeout}");
        }
    }

    #[test]
    fn a_scrape_of_none_or_of_too_many_or_of_a_half_is_rejected() {
        for bytes in [0, 19, 30, 20 * (MAX_SCRAPE_HASHES + 1)] {
            let record = record(SCRAPE, "udp://h:1", &vec![5; bytes]);
            assert_eq!(kinds(&Decoder::new(0).decode(&record)), ["reject 7 request cannot be read"], "{bytes}");
        }
    }

    #[test]
    fn what_is_cut_off_is_no_record() {
        let good = record(SCRAPE, "udp://h:1", &[5; 20]);
        for length in 0..good.len() {
            assert_eq!(Decoder::new(0).decode(&good[..length]).len(), 0);
        }
        assert_eq!(Decoder::new(0).decode(&[0; 64]).len(), 0);
    }

    #[test]
    fn urls_are_kept_by_number_and_by_bytes_and_none_that_cannot_be_used() {
        let mut decoder = Decoder::new(0);
        for index in 0..3000 {
            decoder.decode(&record(SCRAPE, &format!("udp://h:1/{}{index}", "x".repeat(1000)), &[5; 20]));
            decoder.decode(&record(SCRAPE, &format!("http://h:1/{index}"), &[5; 20]));
            let bytes: usize = decoder.urls.keys().map(|url| url.len()).sum();
            assert_eq!(bytes, decoder.url_bytes);
            assert!(bytes <= REMEMBERED_URL_BYTES, "{bytes} bytes");
            assert!(decoder.urls.keys().all(|url| url.starts_with(b"udp:")));
        }
        for index in 0..3000 {
            decoder.decode(&record(SCRAPE, &format!("udp://h:1/{index}"), &[5; 20]));
            assert!(decoder.urls.len() <= REMEMBERED_URLS);
        }
    }
}
