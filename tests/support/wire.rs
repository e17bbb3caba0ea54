//! The packets of BEP 15 once more, read and written without a line of the crate's.

/// A request as a tracker reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Packet {
    Connect { transaction_id: u32 },
    Announce { connection_id: u64, transaction_id: u32, fields: AnnounceFields },
    Scrape { connection_id: u64, transaction_id: u32, info_hashes: Vec<[u8; 20]> },
}

/// Everything of an announce behind its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AnnounceFields {
    pub(crate) info_hash: [u8; 20],
    pub(crate) peer_id: [u8; 20],
    pub(crate) downloaded: u64,
    pub(crate) left: u64,
    pub(crate) uploaded: u64,
    pub(crate) event: u32,
    pub(crate) ip: [u8; 4],
    pub(crate) key: u32,
    pub(crate) num_want: i32,
    pub(crate) port: u16,
    /// What follows the 98 bytes.
    pub(crate) rest: Vec<u8>,
}

impl Packet {
    /// Reads a request. Anything that is none is the client's mistake and fails the test.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let mut reader = Reader(bytes);
        let (first, action, transaction_id) = (reader.u64(), reader.u32(), reader.u32());
        match action {
            0 => {
                assert_eq!(first, 0x0417_2710_1980, "protocol ID");
                assert_eq!(bytes.len(), 16, "length of a connect request");
                Self::Connect { transaction_id }
            }
            1 => {
                let fields = AnnounceFields {
                    info_hash: reader.take(),
                    peer_id: reader.take(),
                    downloaded: reader.u64(),
                    left: reader.u64(),
                    uploaded: reader.u64(),
                    event: reader.u32(),
                    ip: reader.take(),
                    key: reader.u32(),
                    num_want: i32::from_be_bytes(reader.take()),
                    port: u16::from_be_bytes(reader.take()),
                    rest: reader.0.to_vec(),
                };
                Self::Announce { connection_id: first, transaction_id, fields }
            }
            2 => {
                let (info_hashes, rest) = reader.0.as_chunks::<20>();
                assert!(rest.is_empty(), "a scrape request of {} bytes", bytes.len());
                Self::Scrape { connection_id: first, transaction_id, info_hashes: info_hashes.to_vec() }
            }
            _ => panic!("a request with action {action}"),
        }
    }

    pub(crate) fn transaction_id(&self) -> u32 {
        match self {
            Self::Connect { transaction_id }
            | Self::Announce { transaction_id, .. }
            | Self::Scrape { transaction_id, .. } => *transaction_id,
        }
    }

    pub(crate) fn connection_id(&self) -> Option<u64> {
        match self {
            Self::Connect { .. } => None,
            Self::Announce { connection_id, .. } | Self::Scrape { connection_id, .. } => Some(*connection_id),
        }
    }

    pub(crate) fn is_connect(&self) -> bool {
        matches!(self, Self::Connect { .. })
    }

    /// The info-hashes of an announce or a scrape.
    pub(crate) fn info_hashes(&self) -> &[[u8; 20]] {
        match self {
            Self::Connect { .. } => &[],
            Self::Announce { fields, .. } => std::slice::from_ref(&fields.info_hash),
            Self::Scrape { info_hashes, .. } => info_hashes,
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (head, rest) = self.0.split_first_chunk().expect("a request is long enough");
        self.0 = rest;
        *head
    }

    fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.take())
    }

    fn u64(&mut self) -> u64 {
        u64::from_be_bytes(self.take())
    }
}

/// Any response: action, transaction ID, and the rest.
pub(crate) fn response(action: u32, transaction_id: u32, rest: &[u8]) -> Vec<u8> {
    [&action.to_be_bytes(), &transaction_id.to_be_bytes(), rest].concat()
}

pub(crate) fn connect_response(transaction_id: u32, connection_id: u64) -> Vec<u8> {
    response(0, transaction_id, &connection_id.to_be_bytes())
}

pub(crate) fn announce_response(transaction_id: u32, numbers: [u32; 3], peers: &[u8]) -> Vec<u8> {
    response(1, transaction_id, &[&numbers.map(u32::to_be_bytes).concat(), peers].concat())
}

pub(crate) fn scrape_response(transaction_id: u32, rows: &[[u32; 3]]) -> Vec<u8> {
    response(2, transaction_id, &rows_as_bytes(rows))
}

pub(crate) fn error_response(transaction_id: u32, message: &str) -> Vec<u8> {
    response(3, transaction_id, message.as_bytes())
}

pub(crate) fn rows_as_bytes(rows: &[[u32; 3]]) -> Vec<u8> {
    rows.iter().flatten().flat_map(|number| number.to_be_bytes()).collect()
}
