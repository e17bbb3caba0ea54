//! One tracker address: its connection ID, the requests waiting for it, how many may be in flight.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    time::{Duration, Instant},
};

use super::{ConnectionId, Failure, Family, TransactionId, hash::NumberMap, packet::PROTOCOL_ID, window::Window};

/// "Clients may use a connection ID until one minute after they have received it" (BEP 15, "UDP connections").
pub(crate) const CONNECTION_LIFETIME: Duration = Duration::from_secs(60);

/// How many transaction IDs of ended requests are remembered, to tell a late answer from a forged one.
const REMEMBERED: usize = 16_384;
/// How many of them are kept however old they are. The others go after the time that BEP 15 waits for an answer first:
/// thousands of IDs for each tracker add up where there are many trackers.
const REMEMBERED_LONG: usize = 1024;
/// In seconds.
const REMEMBERED_FOR: u32 = 15;

/// How long a valid answer may still come after a datagram that looks like a wrong one.
pub(crate) const GRACE: Duration = Duration::from_secs(3);

/// How many datagrams that match nothing may come in [`GRACE`] when nobody is left they could have been meant for, plus
/// a few for each request in flight. More are not a faulty tracker's answers, nor a network's repetitions of them.
const SURPLUS: u32 = 16;
const SURPLUS_EACH: u32 = 4;

/// What a transaction ID stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transaction {
    /// The connect under way.
    Connect,
    /// The request in this slot of the client's table. Short, because thousands of them are looked up at random.
    Request(u32),
    /// A request that has ended; its answer comes late or twice.
    Ended,
}

/// A connection ID and how long it may be used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connection {
    pub(crate) id: ConnectionId,
    pub(crate) expires: Instant,
}

/// A connect that has not been answered. It has no schedule of its own: the waits of the requests behind it resend it.
#[derive(Debug)]
pub(crate) struct Connect {
    pub(crate) transaction_id: TransactionId,
    /// When it was last sent, `None` before the first time.
    pub(crate) sent_at: Option<Instant>,
    /// How often it has been sent.
    pub(crate) sends: u32,
    /// How often earlier connects had been sent, which `sends` goes on from.
    before: u32,
    /// Whether the system would not send it the last time.
    pub(crate) unsent: bool,
    /// Whether it is to be sent as soon as possible.
    pub(crate) to_send: bool,
    /// When and with what it ends unless a valid answer comes first.
    pub(crate) verdict: Option<(Instant, Failure)>,
}

/// Where a request stands among those that wait: `stopped` first, then in the order in which they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) class: u8,
    pub(crate) sequence: u64,
}

/// A request that has been sent and not yet answered, in the order of sending.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) key: usize,
    pub(crate) at: Instant,
}

impl Connect {
    /// `sends` is how often earlier connects were sent: waits that outlive a connect compare with the next one's count.
    pub(crate) fn new(transaction_id: TransactionId, sends: u32) -> Self {
        Self { transaction_id, sent_at: None, sends, before: sends, unsent: false, to_send: true, verdict: None }
    }

    /// How often it itself has been sent.
    pub(crate) fn attempts(&self) -> u32 {
        self.sends - self.before
    }

    /// How often it will have been sent once what is to be sent has been.
    pub(crate) fn sends_so_far(&self) -> u32 {
        self.sends + u32::from(self.to_send)
    }
}

/// All that is known of one address.
#[derive(Debug)]
pub(crate) struct Tracker {
    pub(crate) address: SocketAddr,
    connection: Option<Connection>,
    pub(crate) connect: Option<Connect>,
    /// How often connects that are over were sent.
    pub(crate) connect_sends: u32,
    /// Requests that wait for a connection ID or for room in the window.
    pub(crate) waiting: BTreeMap<Place, usize>,
    pub(crate) transactions: NumberMap<u32, Transaction>,
    /// Ended transactions, oldest first, each with the second since `created` in which it ended: they are many and are
    /// gone through again and again, so they are kept short.
    ended: VecDeque<(u32, u32)>,
    created: Instant,
    pub(crate) sent: VecDeque<Sent>,
    /// How many at the front of `sent` a stray datagram has been held against.
    pub(crate) suspected: usize,
    /// Datagrams that matched nothing when nobody was left to hold them against, and since when they are counted.
    surplus: (u32, Instant),
    /// When there were last too many of them.
    flooded_at: Option<Instant>,
    /// Requests that went unanswered while later ones were answered, and are not sent again before their time.
    pub(crate) overtaken: VecDeque<Sent>,
    pub(crate) window: Window,
    /// How many requests there are, waiting and in flight.
    pub(crate) requests: usize,
    pub(crate) last_heard: Option<Instant>,
    pub(crate) last_used: Instant,
    /// Whether it stands in the client's queue of trackers with something to send.
    pub(crate) is_ready: bool,
    /// The fewest rows it has answered a longer scrape with.
    pub(crate) scrape_limit: usize,
}

impl Tracker {
    pub(crate) fn new(address: SocketAddr, now: Instant) -> Self {
        Self {
            address,
            connection: None,
            connect: None,
            connect_sends: 0,
            waiting: BTreeMap::new(),
            transactions: NumberMap::default(),
            ended: VecDeque::new(),
            created: now,
            sent: VecDeque::new(),
            suspected: 0,
            surplus: (0, now),
            flooded_at: None,
            overtaken: VecDeque::new(),
            window: Window::new(),
            requests: 0,
            last_heard: None,
            last_used: now,
            is_ready: false,
            scrape_limit: usize::MAX,
        }
    }

    pub(crate) fn family(&self) -> Family {
        Family::of(&self.address)
    }

    /// The connection ID, if it may still be used.
    pub(crate) fn connection(&self, now: Instant) -> Option<ConnectionId> {
        self.connection.filter(|connection| now < connection.expires).map(|connection| connection.id)
    }

    /// The connect was answered.
    pub(crate) fn connected(&mut self, now: Instant, id: ConnectionId) {
        self.end_connect(now);
        self.connection = Some(Connection { id, expires: now + CONNECTION_LIFETIME });
    }

    /// A new request begins. A connection ID that is the protocol's own constant, which means "none yet", was not given
    /// out by a tracker that keeps connections: it serves those who waited for it and nobody after them.
    pub(crate) fn forget_unissued_connection(&mut self) {
        self.forget_connection(ConnectionId(PROTOCOL_ID));
    }

    /// The tracker no longer knows `id`.
    pub(crate) fn forget_connection(&mut self, id: ConnectionId) {
        self.connection.take_if(|connection| connection.id == id);
    }

    /// The connect is over, with or without an answer.
    pub(crate) fn end_connect(&mut self, now: Instant) -> Option<Connect> {
        let connect = self.connect.take()?;
        self.connect_sends = connect.sends;
        self.end_transaction(now, connect.transaction_id);
        Some(connect)
    }

    /// Nobody waits for the connect any more: it is not sent again, though its answer is still welcome.
    pub(crate) fn hold_connect(&mut self, now: Instant) {
        match &mut self.connect {
            Some(connect) if connect.sent_at.is_some() => connect.to_send = false,
            _ => drop(self.end_connect(now)),
        }
    }

    /// Keeps the ID of an ended transaction for a while, and lets the oldest go.
    pub(crate) fn end_transaction(&mut self, now: Instant, transaction_id: TransactionId) {
        self.transactions.insert(transaction_id.0, Transaction::Ended);
        let second = now.saturating_duration_since(self.created).as_secs() as u32;
        self.ended.push_back((transaction_id.0, second));
        let is_old = |&(_, at): &(u32, u32)| second >= at.saturating_add(REMEMBERED_FOR);
        while self.ended.len() > REMEMBERED
            || (self.ended.len() > REMEMBERED_LONG && self.ended.front().is_some_and(is_old))
        {
            let Some((oldest, _)) = self.ended.pop_front() else { return };
            self.transactions.remove(&oldest);
        }
    }

    /// Counts a datagram that matches nothing while nobody is left it could have been meant for.
    pub(crate) fn count_surplus(&mut self, now: Instant) {
        if now >= self.surplus.1 + GRACE {
            self.surplus = (0, now);
        }
        self.surplus.0 += 1;
        if self.surplus.0 > SURPLUS + SURPLUS_EACH * self.window.in_flight() {
            self.flooded_at = Some(now);
        }
    }

    /// Whether somebody forges datagrams, or did so when a verdict that is due now was made. Then a verdict says nothing
    /// of the tracker.
    pub(crate) fn is_flooded(&self, now: Instant) -> bool {
        self.flooded_at.is_some_and(|at| now < at + 2 * GRACE)
    }

    /// Whether an ID can be given to a new request.
    pub(crate) fn is_free(&self, transaction_id: TransactionId) -> bool {
        !self.transactions.contains_key(&transaction_id.0)
    }

    /// Whether there is anything to send: a connect, or a request with a connection ID and room in the window. A
    /// request without a connection ID counts, since the connect for it is to be started.
    pub(crate) fn has_work(&self) -> bool {
        match &self.connect {
            Some(connect) => connect.to_send,
            None => !self.waiting.is_empty() && self.window.is_open(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "has tens of thousands")]
    fn ended_transactions_are_remembered_for_a_while_and_a_number() {
        let now = Instant::now();
        let mut tracker = Tracker::new(SocketAddr::from(([192, 0, 2, 1], 6969)), now);
        for id in 0..20_000 {
            tracker.end_transaction(now, TransactionId(id));
        }
        assert_eq!(tracker.transactions.len(), REMEMBERED);
        tracker.end_transaction(now + Duration::from_secs(14), TransactionId(20_000));
        assert_eq!(tracker.transactions.len(), REMEMBERED);
        tracker.end_transaction(now + Duration::from_secs(15), TransactionId(20_001));
        assert_eq!(tracker.transactions.len(), REMEMBERED_LONG);
        assert!(!tracker.is_free(TransactionId(20_001)) && tracker.is_free(TransactionId(18_000)));
    }
}
