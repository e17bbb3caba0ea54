//! What the rules know of one address: its connection IDs, its transactions and its round trips.

use std::{collections::HashMap, time::Duration};

use super::{
    reading::Answer,
    rules::{CONNECTION_LIFETIME, GRACE},
};

/// An answer older than this may come to a client that has forgotten what it asked.
const LATE_ANSWERS_KNOWN: Duration = Duration::from_secs(120);

#[derive(Default)]
pub(crate) struct AddressState {
    pub(crate) transactions: HashMap<u32, Transaction>,
    /// When the connect that is not answered yet was sent last, and the shortest `_timeout` of those that waited then.
    pub(crate) connect_under_way: Option<(Duration, u64)>,
    /// The shortest round trip of any answer.
    pub(crate) shortest: Option<Duration>,
    connection_ids: Vec<Known>,
    /// The one that a request carried last.
    last_used: Option<u64>,
    /// When datagrams came that answer nothing.
    strays: Vec<Duration>,
    /// When a connect was answered with anything but a connection ID.
    refused: Option<Duration>,
}

/// A datagram that was sent.
#[derive(Clone, Copy)]
pub(crate) struct Transaction {
    pub(crate) at: Duration,
    /// How many had been sent before it, anywhere.
    pub(crate) number: usize,
    /// `None` is a connect.
    pub(crate) whose: Option<u64>,
    pub(crate) answered: bool,
}

/// A connection ID.
pub(crate) struct Known {
    pub(crate) id: u64,
    came: Duration,
    /// How long the machine has slept since.
    slept: Duration,
    /// Whether a request that carried it was answered with an error.
    pub(crate) refused: bool,
    /// Whether a request was sent twice with it and not answered between.
    pub(crate) doubted: bool,
}

impl Known {
    pub(crate) fn is_alive(&self, at: Duration) -> bool {
        at + self.slept < self.came + CONNECTION_LIFETIME
    }
}

impl AddressState {
    pub(crate) fn age(&mut self, slept: Duration) {
        self.connection_ids.iter_mut().for_each(|known| known.slept += slept);
    }

    /// A request carries this connection ID.
    pub(crate) fn use_id(&mut self, at: Duration, id: u64) {
        let known = self.connection_ids.iter().rev().find(|known| known.id == id);
        let known = known.unwrap_or_else(|| panic!("nobody gave the connection ID that is used at {at:?}"));
        assert!(known.is_alive(at), "a connection ID of {:?} is used at {at:?}", known.came);
        self.last_used = Some(id);
    }

    /// The connection ID that requests carry.
    pub(crate) fn in_use(&self) -> Option<&Known> {
        self.connection_ids.iter().rev().find(|known| Some(known.id) == self.last_used)
    }

    /// A request was sent twice with this connection ID.
    pub(crate) fn doubt(&mut self, id: u64) {
        self.connection_ids.iter_mut().filter(|known| known.id == id).for_each(|known| known.doubted = true);
    }

    /// A request that carried this connection ID was answered with an error.
    pub(crate) fn refuse(&mut self, id: u64) {
        self.connection_ids.iter_mut().filter(|known| known.id == id).for_each(|known| known.refused = true);
    }

    /// The transaction that a datagram answers for the first time; one that answers none is a stray.
    pub(crate) fn transaction(&mut self, at: Duration, of: u32) -> Option<Transaction> {
        let Some(transaction) = self.transactions.get_mut(&of) else {
            self.strays.push(at);
            return None;
        };
        let round_trip = at - transaction.at;
        if round_trip > LATE_ANSWERS_KNOWN {
            self.strays.push(at);
        }
        if std::mem::replace(&mut transaction.answered, true) {
            return None;
        }
        self.shortest = Some(self.shortest.map_or(round_trip, |shortest| shortest.min(round_trip)));
        Some(*transaction)
    }

    /// A datagram without a transaction ID came.
    pub(crate) fn stray(&mut self, at: Duration) {
        self.strays.push(at);
    }

    pub(crate) fn connect_answered(&mut self, at: Duration, answer: &Answer) {
        self.connect_under_way = None;
        match answer {
            Answer::Connected { connection_id, .. } => {
                let known =
                    Known { id: *connection_id, came: at, slept: Duration::ZERO, refused: false, doubted: false };
                self.connection_ids.push(known);
            }
            _ => self.refused = Some(at),
        }
    }

    /// Whether a connect is refused at this moment.
    pub(crate) fn is_refused(&self, at: Duration) -> bool {
        self.refused == Some(at)
    }

    /// Whether a datagram that answers nothing came three seconds ago, when a request that began at `begun` was there.
    pub(crate) fn is_end_of_stray(&self, at: Duration, begun: Duration) -> bool {
        self.strays.iter().any(|&stray| at == stray + GRACE && begun <= stray)
    }
}
