//! What was sent to one address and is not answered, in the order of sending; the one place that finds losses.
//!
//! A send passes through three hands. It is *in flight*, and holds a place in the window, until an answer to it has had
//! time to come ([`next_lost`](Flight::next_lost)). Then it is *lost* until its RTO has passed
//! ([`next_overdue`](Flight::next_overdue)), when its request is sent again, with a transaction ID of its own. Its answer
//! is welcome until the request ends; from then on its ID is remembered as *ended* for a while.

use std::{collections::VecDeque, time::Duration};

use rand::{Rng, rngs::StdRng};
use slab::Slab;

use super::{
    ConnectionId, Port, Schedule, TransactionId, budget::HOLD, connection::backoff_after, hash::NumberMap,
    rtt::RttEstimator, time::Instant,
};

/// How many transaction IDs of ended requests are remembered, to tell a late answer from a forged one.
const ENDED: usize = 16_384;
/// How many of them are kept however old they are. The others go after the time that BEP 15 waits for an answer first:
/// thousands of IDs for each tracker add up where there are many trackers.
const ENDED_LONG: usize = 1024;
/// In seconds. It is twice the longest round trip of the address where that is longer.
const ENDED_FOR: u32 = 15;
/// After one was forgotten, an ID that nobody knows is taken for one for so long, or for two of the longest round trips.
const LATE: Duration = Duration::from_secs(120);
/// An answer is welcome for so long, or for two RTOs. What is open can be guessed: a request that is asked again for an hour
/// does not keep all its transaction IDs.
const OPEN_FOR: Duration = Duration::from_secs(60);
/// Entries of answered sends are cleared out of a list when they are more than the others, and this many.
const SLACK: usize = 64;
/// Marks the ID of a transaction that has ended.
const OVER: u32 = u32::MAX;

/// One send of a request or of a connect.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transaction {
    pub(crate) purpose: Purpose,
    /// How often this has been sent, this time included.
    pub(crate) attempt: u32,
    /// The same since the last time that repetitions began anew.
    pub(crate) probe: u32,
    /// When the first of those was sent.
    pub(crate) since: Instant,
    pub(crate) time_sent: Instant,
    pub(crate) sent_with: ConnectionId,
    /// The local port it left by.
    pub(crate) port: Port,
    /// Whether others had used the connection ID before this request did.
    pub(crate) id_was_used: bool,
    /// The block of the congestion window it is counted in.
    pub(crate) block: u32,
    /// What its answer may take of our receive buffer, in bytes.
    pub(crate) held: u32,
    /// The send before it of the same request at this address.
    pub(crate) previous: Option<TransactionId>,
    /// Whether it is sent again when its RTO has passed; the request's own schedule does it otherwise.
    pub(crate) by_rto: bool,
    /// Whether it holds a place in the window.
    pub(crate) in_flight: bool,
    /// Whether a stray datagram is held against it.
    pub(crate) suspected: bool,
}

impl Transaction {
    /// When its request is sent again if there is no answer: at the RTO, or by the request's schedule if that is sooner or a
    /// clock of its own.
    pub(crate) fn sent_again_at(&self, schedule: Schedule, rtt: &RttEstimator) -> Instant {
        let scheduled = self.time_sent + schedule.wait_after(self.attempt);
        if self.by_rto { scheduled.min(self.time_sent + rtt.rto(0)) } else { scheduled }
    }
}

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The connection ID of the address.
    Connect,
    /// The answer to a connect itself, which the request in this slot of the client's table is.
    Ping(usize),
    /// The request in this slot of the client's table.
    Request(usize),
}

impl Purpose {
    /// Whether it is a connect, which no window has room for or waits for.
    pub(crate) fn is_connect(self) -> bool {
        matches!(self, Self::Connect | Self::Ping(_))
    }
}

/// What a transaction ID stands for.
pub(crate) enum Found {
    Open(Transaction),
    /// It has ended: its answer comes late or twice.
    Ended,
    Unknown,
}

/// A send in one of the lists, by age.
#[derive(Clone, Copy, Debug)]
struct Entry {
    time_sent: Instant,
    id: TransactionId,
}

/// Lost sends, oldest first, whose RTO is doubled as often.
#[derive(Debug, Default)]
struct Lost {
    sends: VecDeque<Entry>,
    /// The longest that one of them has been sent in vain by now.
    waited: Duration,
}

impl Lost {
    /// How long they wait from their sending on: for the doubled RTO, but no longer than they have waited so far. The RTO may
    /// have grown since it was doubled.
    fn wait(&self, rtt: &RttEstimator, class: u32, backoff: u32) -> Duration {
        rtt.rto(class).min(self.waited).max(rtt.rto(backoff))
    }
}

/// What is out to one address.
#[derive(Debug)]
pub(crate) struct Flight {
    /// Where in `open` a transaction is, or [`OVER`]. Short, because thousands of them are looked up at random.
    ids: NumberMap<u32, u32>,
    open: Slab<Transaction>,
    /// Requests' sends in flight, oldest first. Those that were answered stay until they come to the front.
    in_flight: VecDeque<Entry>,
    /// Lost sends, oldest first, a list for each number of doublings of the RTO.
    lost: Vec<Lost>,
    /// Lost sends, oldest first, that are not waiting for an RTO: it has passed, or their request has a clock of its own.
    overdue: VecDeque<Entry>,
    /// When the latest send was made that holds no room any more because it has done so for long.
    holds_from: Option<Instant>,
    /// When the latest send that a stray datagram is held against was sent.
    suspected_until: Option<Instant>,
    /// Ended transactions, oldest first, each with the second since `created` in which it ended: they are many and are
    /// gone through again and again, so they are kept short.
    ended: VecDeque<(u32, u32)>,
    /// When the latest of those that are not remembered any more had ended.
    forgotten: Option<Instant>,
    created: Instant,
}

impl Flight {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            ids: NumberMap::default(),
            open: Slab::new(),
            in_flight: VecDeque::new(),
            lost: Vec::new(),
            overdue: VecDeque::new(),
            holds_from: None,
            suspected_until: None,
            ended: VecDeque::new(),
            forgotten: None,
            created: now,
        }
    }

    /// Takes in a send and gives it a transaction ID that no other has, ended ones that are remembered included.
    pub(crate) fn on_sent(&mut self, random: &mut StdRng, transaction: Transaction) -> TransactionId {
        let id = loop {
            let id = random.next_u32();
            if !self.ids.contains_key(&id) {
                break TransactionId(id);
            }
        };
        let slot = self.open.insert(transaction);
        self.ids.insert(id.0, slot as u32);
        if transaction.in_flight {
            self.in_flight.push_back(Entry { time_sent: transaction.time_sent, id });
        }
        id
    }

    /// What stands for a datagram with this transaction ID that comes now.
    pub(crate) fn find(&self, now: Instant, id: TransactionId, rtt: &RttEstimator) -> Found {
        match self.ids.get(&id.0) {
            // It may be one that has been forgotten, whose answer comes late.
            None if self.forgotten.is_some_and(|ended| now < ended + LATE.max(2 * rtt.max())) => Found::Ended,
            None => Found::Unknown,
            Some(&OVER) => Found::Ended,
            Some(&slot) => match self.open.get(slot as usize).copied() {
                Some(sent) if now < sent.time_sent + OPEN_FOR.max(2 * rtt.rto(0)) => Found::Open(sent),
                _ => Found::Ended,
            },
        }
    }

    pub(crate) fn get(&self, id: TransactionId) -> Option<&Transaction> {
        let &slot = self.ids.get(&id.0)?;
        self.open.get(slot as usize)
    }

    /// All that is open, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Transaction> {
        self.open.iter().map(|(_, sent)| sent)
    }

    fn get_mut(&mut self, id: TransactionId) -> Option<&mut Transaction> {
        let &slot = self.ids.get(&id.0)?;
        self.open.get_mut(slot as usize)
    }

    /// The sends that have held room for their answer as long as one may hold it no longer. Returns how much that was.
    pub(crate) fn end_holds(&mut self, now: Instant) -> u32 {
        let Self { ids, open, in_flight, holds_from, .. } = self;
        let from = in_flight.partition_point(|entry| Some(entry.time_sent) <= *holds_from);
        let to = in_flight.partition_point(|entry| entry.time_sent + HOLD <= now);
        let mut held = 0;
        for entry in in_flight.range(from..to.max(from)) {
            *holds_from = Some(entry.time_sent);
            let slot = ids.get(&entry.id.0).map_or(OVER, |slot| *slot);
            if let Some(sent) = open.get_mut(slot as usize).filter(|sent| sent.in_flight) {
                held += std::mem::take(&mut sent.held);
            }
        }
        held
    }

    /// It holds no place in the window any more. Returns it if it did.
    pub(crate) fn release(&mut self, id: TransactionId) -> Option<Transaction> {
        let transaction = self.get_mut(id).filter(|transaction| transaction.in_flight)?;
        transaction.in_flight = false;
        Some(*transaction)
    }

    /// Ends a transaction: its ID is remembered for a while, and the oldest of those go.
    pub(crate) fn end(&mut self, now: Instant, id: TransactionId, rtt: &RttEstimator) -> Option<Transaction> {
        let slot = self.ids.get_mut(&id.0).filter(|slot| **slot != OVER)?;
        let transaction = self.open.try_remove(*slot as usize)?;
        *slot = OVER;
        let second = now.saturating_duration_since(self.created).as_secs() as u32;
        self.ended.push_back((id.0, second));
        let kept_for = ENDED_FOR.max((2 * rtt.max()).as_secs() as u32 + 1);
        let is_old = |&(_, at): &(u32, u32)| second >= at.saturating_add(kept_for);
        while self.ended.len() > ENDED || (self.ended.len() > ENDED_LONG && self.ended.front().is_some_and(is_old)) {
            let Some((oldest, at)) = self.ended.pop_front() else { break };
            self.ids.remove(&oldest);
            self.forgotten = Some(self.created + Duration::from_secs(u64::from(at) + 1));
        }
        let Self { ids, open, in_flight, lost, overdue, .. } = self;
        while in_flight.front().is_some_and(|entry| !is_open(ids, open, entry.id)) {
            in_flight.pop_front();
        }
        for list in lost.iter_mut().map(|lost| &mut lost.sends).chain([in_flight, overdue]) {
            if list.len() > SLACK + 2 * open.len() {
                list.retain(|entry| is_open(ids, open, entry.id));
            }
        }
        Some(transaction)
    }

    /// The next send for which an answer is later than answers are. It holds no place in the window from here on.
    pub(crate) fn next_lost(&mut self, now: Instant, rtt: &RttEstimator) -> Option<Transaction> {
        let delay = rtt.loss_delay();
        while let Some(&Entry { time_sent, id }) = self.in_flight.front() {
            match self.get(id).copied() {
                Some(transaction) if transaction.in_flight => {
                    if now < time_sent + delay {
                        return None;
                    }
                    self.in_flight.pop_front();
                    self.release(id);
                    if transaction.purpose.is_connect() {
                        // It is its connection's, or its request's, to send it again.
                    } else if transaction.by_rto {
                        self.push_lost(id, &transaction);
                    } else {
                        insert(&mut self.overdue, Entry { time_sent, id });
                    }
                    return Some(transaction);
                }
                _ => drop(self.in_flight.pop_front()),
            }
        }
        None
    }

    /// Puts a send among the lost ones (again), in its place by age.
    pub(crate) fn push_lost(&mut self, id: TransactionId, transaction: &Transaction) {
        let class = backoff_after(transaction.probe) as usize;
        if self.lost.len() <= class {
            self.lost.resize_with(class + 1, Lost::default);
        }
        if let Some(lost) = self.lost.get_mut(class) {
            let waited = transaction.time_sent.saturating_duration_since(transaction.since);
            lost.waited = if lost.sends.is_empty() { waited } else { lost.waited.max(waited) };
            insert(&mut lost.sends, Entry { time_sent: transaction.time_sent, id });
        }
    }

    /// The next lost send whose RTO has passed: its request is to be sent again.
    pub(crate) fn next_overdue(&mut self, now: Instant, rtt: &RttEstimator, backoff: u32) -> Option<Transaction> {
        let Self { ids, open, lost, overdue, .. } = self;
        for (class, lost) in (0..).zip(lost) {
            let wait = lost.wait(rtt, class, backoff);
            let list = &mut lost.sends;
            while list.front().is_some_and(|entry| !is_open(ids, open, entry.id)) {
                list.pop_front();
            }
            let Some(&Entry { time_sent, id }) = list.front() else { continue };
            if now >= time_sent + wait {
                list.pop_front();
                insert(overdue, Entry { time_sent, id });
                return open.get(*ids.get(&id.0)? as usize).copied();
            }
        }
        None
    }

    /// All lost sends whose RTO, without any doubling, has passed.
    pub(crate) fn take_overdue(&mut self, now: Instant, rtt: &RttEstimator) -> Vec<TransactionId> {
        let rto = rtt.rto(0);
        let mut taken: Vec<Entry> = Vec::new();
        for Lost { sends: list, .. } in &mut self.lost {
            let count = list.partition_point(|entry| entry.time_sent + rto <= now);
            taken.extend(list.drain(..count));
        }
        for entry in taken {
            insert(&mut self.overdue, entry);
        }
        let taken: Vec<Entry> = self.overdue.iter().copied().filter(|entry| entry.time_sent + rto <= now).collect();
        taken.into_iter().map(|entry| entry.id).filter(|id| is_open(&self.ids, &self.open, *id)).collect()
    }

    /// The sends in flight that repeat one before them.
    pub(crate) fn repetitions(&self) -> Vec<TransactionId> {
        let ids = self.in_flight.iter().map(|entry| entry.id);
        ids.filter(|id| {
            self.get(*id).is_some_and(|sent| sent.in_flight && sent.previous.is_some() && !sent.purpose.is_connect())
        })
        .collect()
    }

    /// When [`next_lost`](Self::next_lost) or [`next_overdue`](Self::next_overdue) has something at the earliest.
    pub(crate) fn poll_timeout(&self, rtt: &RttEstimator, backoff: u32) -> Option<Instant> {
        let lost = self.in_flight.front().map(|entry| entry.time_sent + rtt.loss_delay());
        let held = self.in_flight.partition_point(|entry| Some(entry.time_sent) <= self.holds_from);
        let held = self.in_flight.get(held).map(|entry| entry.time_sent + HOLD);
        let overdue = (0..)
            .zip(&self.lost)
            .filter_map(|(class, lost)| Some(lost.sends.front()?.time_sent + lost.wait(rtt, class, backoff)));
        overdue.chain(lost).chain(held).min()
    }

    /// Whether there is a request's send that no stray datagram is held against.
    pub(crate) fn has_suspects(&self) -> bool {
        self.oldest_unsuspected().is_some()
    }

    /// The oldest request's send that no stray datagram is held against, which one is from here on.
    pub(crate) fn suspect(&mut self) -> Option<(TransactionId, usize)> {
        let Entry { time_sent, id } = self.oldest_unsuspected()?;
        self.suspected_until = Some(time_sent);
        let transaction = self.get_mut(id)?;
        transaction.suspected = true;
        match transaction.purpose {
            Purpose::Connect | Purpose::Ping(_) => None,
            Purpose::Request(key) => Some((id, key)),
        }
    }

    /// Whether a stray datagram is held against a request, whose latest send is `latest`.
    pub(crate) fn is_suspected(&self, latest: Option<TransactionId>) -> bool {
        let mut next = latest;
        while let Some(sent) = next.and_then(|id| self.get(id)) {
            if sent.suspected {
                return true;
            }
            next = sent.previous;
        }
        false
    }

    /// Nothing is held against a send any more.
    pub(crate) fn clear_suspicion(&mut self, id: TransactionId) -> Option<Transaction> {
        let transaction = self.get_mut(id)?;
        transaction.suspected = false;
        Some(*transaction)
    }

    fn oldest_unsuspected(&self) -> Option<Entry> {
        let is_unsuspected =
            |entry: &&Entry| self.get(entry.id).is_some_and(|sent| !sent.suspected && !sent.purpose.is_connect());
        let lists = self.lost.iter().map(|lost| &lost.sends).chain([&self.overdue, &self.in_flight]);
        let oldest = lists.filter_map(|list| {
            // Those before have been gone through: a flood of stray datagrams must not do so each time.
            let first = list.partition_point(|entry| Some(entry.time_sent) < self.suspected_until);
            list.range(first..).find(is_unsuspected)
        });
        oldest.min_by_key(|entry| entry.time_sent).copied()
    }
}

/// Puts an entry into a list in its place by age.
fn insert(list: &mut VecDeque<Entry>, entry: Entry) {
    if list.back().is_none_or(|last| last.time_sent <= entry.time_sent) {
        list.push_back(entry);
    } else {
        let place = list.partition_point(|other| other.time_sent <= entry.time_sent);
        list.insert(place, entry);
    }
}

fn is_open(ids: &NumberMap<u32, u32>, open: &Slab<Transaction>, id: TransactionId) -> bool {
    ids.get(&id.0).is_some_and(|&slot| open.contains(slot as usize))
}
