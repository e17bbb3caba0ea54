//! Datagrams from trackers as the tests read them.

/// What a datagram says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Connected {
        transaction_id: u32,
        connection_id: u64,
    },
    Announced {
        transaction_id: u32,
    },
    Scraped {
        transaction_id: u32,
        rows: usize,
    },
    Error {
        transaction_id: u32,
        message: String,
    },
    /// Too short for its action, or of no known action.
    Malformed {
        transaction_id: u32,
    },
    /// Without room for a transaction ID.
    Nothing,
}

impl Answer {
    pub(crate) fn transaction_id(&self) -> Option<u32> {
        match self {
            Self::Connected { transaction_id, .. }
            | Self::Announced { transaction_id }
            | Self::Scraped { transaction_id, .. }
            | Self::Error { transaction_id, .. }
            | Self::Malformed { transaction_id } => Some(*transaction_id),
            Self::Nothing => None,
        }
    }
}

pub(crate) fn read(bytes: &[u8]) -> Answer {
    let [a0, a1, a2, a3, t0, t1, t2, t3, rest @ ..] = bytes else { return Answer::Nothing };
    let action = u32::from_be_bytes([*a0, *a1, *a2, *a3]);
    let transaction_id = u32::from_be_bytes([*t0, *t1, *t2, *t3]);
    match (action, rest.len()) {
        (0, 8..) => {
            let connection_id = u64::from_be_bytes(rest[..8].try_into().expect("8 bytes"));
            Answer::Connected { transaction_id, connection_id }
        }
        (1, 12..) => Answer::Announced { transaction_id },
        (2, 12..) => Answer::Scraped { transaction_id, rows: rest.len() / 12 },
        (3, 1..) => Answer::Error { transaction_id, message: String::from_utf8_lossy(rest).into_owned() },
        _ => Answer::Malformed { transaction_id },
    }
}
