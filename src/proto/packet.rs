//! Requests and responses as bytes: BEP 15, "UDP tracker protocol", to be held against its tables line by line.
//!
//! All numbers are big-endian. A reader gets `None` or a [`Failure`] for what is too short; longer than needed is fine.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
};

use super::{Extension, Failure};

/// The magic constant in place of the connection ID of a connect request.
pub(crate) const PROTOCOL_ID: u64 = 0x417_2710_1980;

/// Where a request has its transaction ID.
pub(crate) const TRANSACTION_ID_OFFSET: usize = 12;
/// The length of a connect request and, at least, of a connect response.
pub(crate) const CONNECT_LENGTH: usize = 16;
/// The length of an announce response before its peers.
pub(crate) const ANNOUNCE_RESPONSE_LENGTH: usize = 20;
/// What every response starts with: action and transaction ID.
pub(crate) const HEADER_LENGTH: usize = 8;
/// A row of a scrape response: seeders, completed, leechers.
pub(crate) const SCRAPE_ROW_LENGTH: usize = 12;

/// How many info-hashes one scrape request carries. BEP 15 allows about 74; 60 are 1,264 bytes over IPv6, which passes
/// every IPv6 link (1,280), PPPoE and WireGuard (1,420), and the limits of common trackers.
pub const MAX_SCRAPE_HASHES: usize = 60;

/// The `action` field.
pub(crate) mod action {
    pub(crate) const CONNECT: u32 = 0;
    pub(crate) const ANNOUNCE: u32 = 1;
    pub(crate) const SCRAPE: u32 = 2;
    pub(crate) const ERROR: u32 = 3;
}

/// Given out by a tracker in its connect response; to be sent back with every request for up to a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionId(pub u64);

/// Chosen at random by the client; the tracker's answer carries it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TransactionId(pub u32);

/// The SHA-1 of a torrent's `info` dictionary.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct InfoHash(pub [u8; 20]);

impl fmt::Debug for InfoHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The 20 bytes a client calls itself by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerId(pub [u8; 20]);

/// What an announce reports (BEP 15, field `event`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Event {
    /// A regular announce.
    #[default]
    None = 0,
    /// The download has just finished.
    Completed = 1,
    /// The first announce of a session.
    Started = 2,
    /// The last announce of a session.
    Stopped = 3,
    /// A partial seed has what it wants (BEP 21).
    Paused = 4,
}

impl Event {
    /// The event with this number.
    pub fn from_number(number: u32) -> Option<Self> {
        let all = [Self::None, Self::Completed, Self::Started, Self::Stopped, Self::Paused];
        all.into_iter().find(|event| *event as u32 == number)
    }
}

/// The family of an address, and so of the peers in an answer that came from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4: peers are 6 bytes.
    V4,
    /// IPv6: peers are 18 bytes.
    V6,
}

impl Family {
    /// The family of `address`.
    pub fn of(address: &SocketAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }

    /// Bytes of one peer: its address and a 16-bit port.
    pub fn peer_length(self) -> usize {
        match self {
            Self::V4 => 6,
            Self::V6 => 18,
        }
    }
}

/// Everything an announce request says.
#[derive(Clone, Debug, PartialEq)]
pub struct Announce {
    /// The torrent.
    pub info_hash: InfoHash,
    /// Who announces it.
    pub peer_id: PeerId,
    /// Bytes downloaded in this session.
    pub downloaded: u64,
    /// Bytes still to download.
    pub left: u64,
    /// Bytes uploaded in this session.
    pub uploaded: u64,
    /// What happened.
    pub event: Event,
    /// The address peers should connect to; unspecified means the datagram's own.
    pub ip: Ipv4Addr,
    /// Lets a tracker recognise a client whose address changed.
    pub key: u32,
    /// How many peers are wanted; -1 leaves it to the tracker.
    pub num_want: i32,
    /// The port the client listens on for peers.
    pub port: u16,
    /// What follows the 98 bytes of BEP 15.
    pub extension: Extension,
}

/// Info-hashes to scrape in one datagram, [`MAX_SCRAPE_HASHES`] at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scrape {
    /// In the order in which the answer's rows will be.
    pub info_hashes: Vec<InfoHash>,
}

/// Appends a connect request: protocol ID, action, transaction ID.
pub(crate) fn write_connect(buffer: &mut Vec<u8>, transaction_id: TransactionId) {
    write_header(buffer, ConnectionId(PROTOCOL_ID), action::CONNECT, transaction_id);
}

impl Announce {
    /// Appends the announce request.
    pub(crate) fn write(&self, buffer: &mut Vec<u8>, connection_id: ConnectionId, transaction_id: TransactionId) {
        let start = buffer.len();
        write_header(buffer, connection_id, action::ANNOUNCE, transaction_id);
        buffer.extend_from_slice(&self.info_hash.0);
        buffer.extend_from_slice(&self.peer_id.0);
        buffer.extend_from_slice(&self.downloaded.to_be_bytes());
        buffer.extend_from_slice(&self.left.to_be_bytes());
        buffer.extend_from_slice(&self.uploaded.to_be_bytes());
        buffer.extend_from_slice(&(self.event as u32).to_be_bytes());
        buffer.extend_from_slice(&self.ip.octets());
        buffer.extend_from_slice(&self.key.to_be_bytes());
        buffer.extend_from_slice(&self.num_want.to_be_bytes());
        buffer.extend_from_slice(&self.port.to_be_bytes());
        self.extension.write(buffer, start);
    }
}

/// Appends a scrape request for `info_hashes`.
pub(crate) fn write_scrape(
    buffer: &mut Vec<u8>,
    connection_id: ConnectionId,
    transaction_id: TransactionId,
    info_hashes: &[InfoHash],
) {
    write_header(buffer, connection_id, action::SCRAPE, transaction_id);
    for info_hash in info_hashes {
        buffer.extend_from_slice(&info_hash.0);
    }
}

fn write_header(buffer: &mut Vec<u8>, connection_id: ConnectionId, action: u32, transaction_id: TransactionId) {
    buffer.extend_from_slice(&connection_id.0.to_be_bytes());
    buffer.extend_from_slice(&action.to_be_bytes());
    buffer.extend_from_slice(&transaction_id.0.to_be_bytes());
}

/// The big-endian number at `offset`.
pub(crate) fn read_u32(datagram: &[u8], offset: usize) -> Option<u32> {
    let bytes = datagram.get(offset..)?.first_chunk()?;
    Some(u32::from_be_bytes(*bytes))
}

/// The connection ID in a connect response.
pub(crate) fn parse_connect(datagram: &[u8]) -> Result<ConnectionId, Failure> {
    let bytes = datagram.get(HEADER_LENGTH..).and_then(<[u8]>::first_chunk).ok_or(Failure::ConnectLength)?;
    Ok(ConnectionId(u64::from_be_bytes(*bytes)))
}

/// An announce response; the peers are still packed, in `B`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnnounceResponse<B> {
    /// Seconds until the tracker wants to hear again.
    pub interval: u32,
    /// Peers that are still downloading.
    pub leechers: u32,
    /// Peers that have everything.
    pub seeds: u32,
    /// Of which family `peers` are: that of the address that answered.
    pub family: Family,
    /// Whole rows of [`Family::peer_length`] bytes.
    pub peers: B,
}

impl<'a> AnnounceResponse<&'a [u8]> {
    /// Reads an announce response that came over `family`; a partial last row is left out.
    pub(crate) fn parse(datagram: &'a [u8], family: Family) -> Result<Self, Failure> {
        let field = |offset| read_u32(datagram, offset).ok_or(Failure::AnnounceLength);
        let rows = datagram.get(ANNOUNCE_RESPONSE_LENGTH..).ok_or(Failure::AnnounceLength)?;
        let whole = rows.len() - rows.len() % family.peer_length();
        let peers = rows.get(..whole).unwrap_or_default();
        Ok(Self { interval: field(8)?, leechers: field(12)?, seeds: field(16)?, family, peers })
    }
}

/// The whole rows of a scrape response, at least one.
pub(crate) fn parse_scrape(datagram: &[u8]) -> Result<&[u8], Failure> {
    let rows = datagram.get(HEADER_LENGTH..).ok_or(Failure::ScrapeLength)?;
    match rows.get(..rows.len() - rows.len() % SCRAPE_ROW_LENGTH) {
        Some(whole) if !whole.is_empty() => Ok(whole),
        _ => Err(Failure::ScrapeLength),
    }
}

/// The message of an error response. Some trackers end it with NUL bytes, which are not part of the text.
pub(crate) fn parse_error(datagram: &[u8]) -> Result<String, Failure> {
    match datagram.get(HEADER_LENGTH..) {
        Some(message) if !message.is_empty() => {
            let text = String::from_utf8_lossy(message);
            Ok(text.trim_end_matches('\0').to_owned())
        }
        _ => Err(Failure::ErrorLength),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connect_request_is_the_protocol_id_action_0_and_the_transaction_id() {
        let mut buffer = Vec::new();
        write_connect(&mut buffer, TransactionId(0x0102_0304));
        assert_eq!(buffer, [0, 0, 4, 0x17, 0x27, 0x10, 0x19, 0x80, 0, 0, 0, 0, 1, 2, 3, 4]);
    }

    #[test]
    fn an_announce_request_has_every_field_at_its_offset() {
        let announce = Announce {
            info_hash: InfoHash([0xaa; 20]),
            peer_id: PeerId([0xbb; 20]),
            downloaded: 0x0102_0304_0506_0708,
            left: u64::MAX,
            uploaded: 3,
            event: Event::Started,
            ip: Ipv4Addr::new(10, 1, 2, 3),
            key: 0xdead_beef,
            num_want: -1,
            port: 6881,
            extension: Extension::None,
        };
        let mut b = Vec::new();
        announce.write(&mut b, ConnectionId(0x1122_3344_5566_7788), TransactionId(9));
        assert_eq!(b.len(), 98);
        assert_eq!(b[0..8], [0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88]);
        assert_eq!(b[8..16], [0, 0, 0, 1, 0, 0, 0, 9]);
        assert_eq!(b[16..36], [0xaa; 20]);
        assert_eq!(b[36..56], [0xbb; 20]);
        assert_eq!(b[56..64], [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(b[64..72], [0xff; 8]);
        assert_eq!(b[72..80], [0, 0, 0, 0, 0, 0, 0, 3]);
        assert_eq!(b[80..84], [0, 0, 0, 2]);
        assert_eq!(b[84..88], [10, 1, 2, 3]);
        assert_eq!(b[88..92], [0xde, 0xad, 0xbe, 0xef]);
        assert_eq!(b[92..96], [0xff; 4]);
        assert_eq!(b[96..98], [0x1a, 0xe1]);
    }

    #[test]
    fn a_scrape_request_is_16_bytes_and_20_for_each_info_hash() {
        let mut b = Vec::new();
        write_scrape(&mut b, ConnectionId(1), TransactionId(2), &[InfoHash([3; 20]), InfoHash([4; 20])]);
        assert_eq!(b[..16], [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2]);
        assert_eq!(b[16..36], [3; 20]);
        assert_eq!(b[36..], [4; 20]);
    }

    #[test]
    fn announce_responses_keep_whole_rows_only() {
        for (family, row) in [(Family::V4, 6), (Family::V6, 18)] {
            for extra in 0..row {
                let datagram = vec![1; 20 + 2 * row + extra];
                let response = AnnounceResponse::parse(&datagram, family).unwrap();
                assert_eq!(response.peers.len(), 2 * row);
            }
        }
    }

    #[test]
    fn short_responses_are_refused_at_every_length() {
        for length in 0..20 {
            let datagram = vec![0; length];
            assert_eq!(AnnounceResponse::parse(&datagram, Family::V4), Err(Failure::AnnounceLength));
            assert_eq!(parse_connect(&datagram).is_ok(), length >= 16);
            assert_eq!(parse_scrape(&datagram).is_ok(), length >= 20);
            assert_eq!(parse_error(&datagram).is_ok(), length > 8);
        }
    }

    #[test]
    fn the_nul_behind_an_error_message_is_no_part_of_it() {
        let datagram = b"\0\0\0\x03\0\0\0\x01Connection ID missmatch.\0";
        assert_eq!(parse_error(datagram).unwrap(), "Connection ID missmatch.");
    }
}
