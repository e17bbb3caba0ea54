//! Incoming datagrams. Every check stands in [`Client::handle_datagram`], in order:
//!
//! | datagram | what happens |
//! |---|---|
//! | from an address that no request waits on | dropped |
//! | shorter than 8 bytes | held against the oldest send, see [`Client::hold_against`] |
//! | transaction ID of one that has ended | dropped: a late or repeated answer |
//! | transaction ID of a send that left by another port | dropped |
//! | transaction ID of none | held against the oldest send |
//! | the right transaction ID, not well formed | ends the request |
//! | the right transaction ID, well formed | answers it |

use std::net::SocketAddr;

use super::{
    super::{
        AnnounceResponse, ConnectionId, Failure, Port, TransactionId,
        flight::{Found, Purpose, Transaction},
        packet::{self, HEADER_LENGTH, SCRAPE_ROW_LENGTH, action},
        stray::Suspect,
        time::Instant,
        tracker::{Tracker, canonical},
    },
    Body, Client, Decision, Outcome,
    request::Pending,
};

/// The answers to so many of a request's latest sends are welcome.
const OPEN_SENDS: u32 = 8;

impl Client {
    /// Takes a datagram from `from` to our `port` that arrived at `arrived`, and may have waited for us since.
    pub fn handle_datagram(&mut self, now: Instant, arrived: Instant, from: SocketAddr, port: Port, datagram: &[u8]) {
        self.counters.received += 1;
        self.notice_freeze(now);
        let Some(tracker_key) = self.tracker_key(canonical(from)) else {
            self.counters.dropped_unknown += 1;
            return;
        };
        let Some(tracker) = self.trackers.get_mut(tracker_key) else { return };
        // Nothing sent yet, or nobody waits any more: only a connect's answer is of use, to whoever comes next.
        if tracker.requests == 0 && !tracker.connection.is_connecting() {
            self.counters.dropped_unknown += 1;
            return;
        }
        let id = packet::read_u32(datagram, 4).map(TransactionId);
        let found = id.map_or(Found::Unknown, |id| tracker.flight.find(now, id, &tracker.rtt));
        match (id, found, packet::read_u32(datagram, 0)) {
            (Some(_), Found::Ended, _) => self.counters.dropped_late += 1,
            // Who has heard what we sent knows where it came from.
            (Some(_), Found::Open(transaction), _) if !self.ports.is_same(transaction.port, port) => {
                self.counters.dropped_unknown += 1;
            }
            (Some(_), Found::Open(sent), _) if is_too_old(&self.requests, tracker, &sent) => {
                self.counters.dropped_late += 1;
            }
            (Some(id), Found::Open(transaction), Some(action)) => {
                self.ports.on_heard(now);
                let is_sample = self.frozen_until.is_none_or(|until| transaction.time_sent >= until);
                tracker.on_response(now, id, &transaction, datagram.len(), is_sample, &mut self.budget);
                self.trace(tracker_key, &transaction, Some(arrived));
                match transaction.purpose {
                    Purpose::Connect => self.answer_connect(now, tracker_key, transaction.port, action, datagram),
                    Purpose::Ping(key) => self.answer_ping(now, arrived, tracker_key, key, &transaction, datagram),
                    Purpose::Request(key) => {
                        self.answer_request(now, tracker_key, key, &transaction, action, datagram);
                    }
                }
                self.mark_ready(now, tracker_key);
            }
            _ => self.hold_against(now, tracker_key, datagram),
        }
        #[cfg(debug_assertions)]
        self.check(now);
    }

    fn answer_connect(&mut self, now: Instant, tracker_key: usize, port: Port, action: u32, datagram: &[u8]) {
        let awake = self.awake(now);
        let Some(tracker) = self.trackers.get_mut(tracker_key) else { return };
        tracker.stray.clear_connect();
        let answer = match action {
            action::CONNECT => packet::parse_connect(datagram),
            _ => Err(mismatch(action, datagram)),
        };
        match answer {
            Ok(connection_id) => self.connected(now, tracker_key, port, connection_id),
            Err(failure) => {
                let over = tracker.connection.end_handshake();
                tracker.end_connects(now, over, &mut self.budget);
                let connected = tracker.connection.id(awake).is_some();
                self.fail_races(now, tracker_key, &failure, true);
                if !connected {
                    self.fail_waiting(now, tracker_key, u64::MAX, &failure);
                }
            }
        }
        self.set_tracker_deadline(now, tracker_key);
    }

    /// An address has given a connection ID to whoever waits for one.
    pub(super) fn connected(&mut self, now: Instant, tracker_key: usize, port: Port, connection_id: ConnectionId) {
        let awake = self.awake(now);
        let Some(tracker) = self.trackers.get_mut(tracker_key) else { return };
        let over = tracker.connection.on_response(awake, connection_id);
        tracker.end_connects(now, over, &mut self.budget);
        self.settle(tracker_key, port);
        self.repeat_lost(now, tracker_key);
        self.win_races(now, tracker_key);
    }

    fn answer_request(
        &mut self,
        now: Instant,
        tracker_key: usize,
        key: usize,
        transaction: &Transaction,
        action: u32,
        datagram: &[u8],
    ) {
        let (Some(request), Some(tracker)) = (self.requests.get(key), self.trackers.get(tracker_key)) else { return };
        let failure = match (&request.body, action) {
            (Body::Announce(_), action::ANNOUNCE) => match AnnounceResponse::parse(datagram, tracker.family()) {
                Ok(response) => return self.announced(now, key, response),
                Err(failure) => failure,
            },
            (Body::Scrape(_), action::SCRAPE) => match packet::parse_scrape(datagram) {
                Ok(rows) => return self.scraped(now, tracker_key, key, rows),
                Err(failure) => failure,
            },
            _ => mismatch(action, datagram),
        };
        match failure {
            Failure::Tracker(message) if self.may_be_about_the_id(tracker_key, key, transaction, &message) => {
                if let Some(request) = self.requests.get_mut(key) {
                    request.reconnected = true;
                }
                if let Some(tracker) = self.trackers.get_mut(tracker_key) {
                    tracker.connection.refused(now, transaction.sent_with, &tracker.rtt);
                }
                self.decide(Decision::IdSuspected, tracker_key);
                self.ask_again(now, tracker_key, key);
            }
            failure => self.fail(now, key, failure),
        }
    }

    /// Whether an error says that the tracker does not know the connection ID, in words or because the ID may be dead:
    /// then the request is repeated once with a fresh one.
    fn may_be_about_the_id(&self, tracker_key: usize, key: usize, sent: &Transaction, message: &str) -> bool {
        if self.requests.get(key).is_none_or(|request| request.reconnected) {
            return false;
        }
        let Some(tracker) = self.trackers.get(tracker_key) else { return false };
        let established = tracker.connection.established();
        // Another request has had it replaced already.
        let is_replaced = established.is_none_or(|established| established.id != sent.sent_with);
        let is_meant = established.is_some_and(|established| established.errors_are_meant) && !is_replaced;
        is_about_connection_id(message) || (!is_meant && (sent.id_was_used || is_replaced))
    }

    fn announced(&mut self, now: Instant, key: usize, response: AnnounceResponse<&[u8]>) {
        if let Some(request) = self.remove(now, key) {
            self.counters.answered += 1;
            self.ended(request.id, Outcome::Announced(response));
        }
    }

    /// Takes the rows of a scrape. Fewer than asked for means that this is the most the tracker answers at once, see
    /// [`ScrapeLimit`](super::super::scrape_limit::ScrapeLimit): the rest is asked again.
    fn scraped(&mut self, now: Instant, tracker_key: usize, key: usize, rows: &[u8]) {
        let Self { requests, trackers, .. } = self;
        let (Some(request), Some(tracker)) = (requests.get_mut(key), trackers.get_mut(tracker_key)) else { return };
        let count = (rows.len() / SCRAPE_ROW_LENGTH).min(request.asked);
        request.rows.extend_from_slice(rows.get(..count * SCRAPE_ROW_LENGTH).unwrap_or_default());
        tracker.scrape_limit.on_answered(request.asked, count);
        if !request.unanswered().is_empty() {
            self.ask_again(now, tracker_key, key);
        } else if let Some(request) = self.remove(now, key) {
            self.counters.answered += 1;
            self.ended(request.id, Outcome::Scraped { rows: &request.rows });
        }
    }

    /// A request was answered and has more to ask: a repetition of the answer is a late one, and its phase starts over.
    /// It asks the address that answered.
    fn ask_again(&mut self, now: Instant, tracker_key: usize, key: usize) {
        self.leave(now, key);
        let Some(request) = self.requests.get_mut(key) else { return };
        request.answer_by = None;
        let mut sends = std::mem::take(&mut request.elsewhere);
        if let (Some(at), Some(latest)) = (request.tracker(), request.latest.take()) {
            sends.push((at, latest));
        } else if let Some(at) = request.tracker()
            && at != tracker_key
        {
            self.forget_at(now, at, None);
        }
        // It stays a request of the address that answered until it is attached there again.
        for (at, latest) in sends {
            if at == tracker_key {
                let Self { trackers, budget, .. } = self;
                if let Some(tracker) = trackers.get_mut(at) {
                    tracker.end_transactions(now, Some(latest), budget);
                }
            } else {
                self.forget_at(now, at, Some(latest));
            }
        }
        self.enqueue(now, key, tracker_key);
    }

    /// Holds a datagram that matches nothing against the oldest send it can have been meant for; see
    /// [`StrayGuard`](super::super::stray::StrayGuard). One datagram is held against one send.
    fn hold_against(&mut self, now: Instant, tracker_key: usize, datagram: &[u8]) {
        self.counters.dropped_stray += 1;
        let Some(tracker) = self.trackers.get_mut(tracker_key) else { return };
        if tracker.stray.is_flooded(now) {
            let in_flight = tracker.congestion.in_flight();
            return tracker.stray.count_excess(now, in_flight);
        }
        let action = packet::read_u32(datagram, 0);
        let connects = tracker.connection.is_sent();
        let may_be_connect = connects && (action == Some(action::CONNECT) || !tracker.flight.has_suspects());
        if may_be_connect && !tracker.stray.suspects_connect() {
            let suspect = Suspect::Connect { before: self.sequence + 1 };
            tracker.stray.hold_against(now, suspect, stray(datagram, Failure::ConnectLength));
        } else if let Some((id, key)) = (!may_be_connect).then(|| tracker.flight.suspect()).flatten() {
            let body = self.requests.get(key).map(|request| &request.body);
            let failure = match (body, action) {
                (Some(Body::Scrape(_)), Some(action::SCRAPE))
                    if datagram.len() >= HEADER_LENGTH + SCRAPE_ROW_LENGTH =>
                {
                    Failure::ScrapeTransactionId
                }
                (Some(Body::Scrape(_)), None | Some(action::SCRAPE)) => Failure::ScrapeLength,
                _ => stray(datagram, Failure::AnnounceLength),
            };
            tracker.stray.hold_against(now, Suspect::Request(id), failure);
        } else {
            let in_flight = tracker.congestion.in_flight();
            tracker.stray.count_excess(now, in_flight);
        }
        self.set_tracker_deadline(now, tracker_key);
    }
}

/// Whether a request has been sent so often since that an answer to this send is none any more. An address that it has left
/// is not sent it again.
fn is_too_old(requests: &slab::Slab<Pending>, tracker: &Tracker, sent: &Transaction) -> bool {
    let Purpose::Request(key) = sent.purpose else { return false };
    let latest = requests.get(key).and_then(|request| request.latest).and_then(|id| tracker.flight.get(id));
    latest.is_some_and(|latest| latest.attempt >= sent.attempt + OPEN_SENDS)
}

/// What a datagram with the right transaction ID is called when it is no answer to what was asked.
pub(super) fn mismatch(action: u32, datagram: &[u8]) -> Failure {
    match action {
        action::CONNECT if packet::parse_connect(datagram).is_err() => Failure::ConnectLength,
        action::ANNOUNCE if datagram.len() < packet::ANNOUNCE_RESPONSE_LENGTH => Failure::AnnounceLength,
        action::ERROR => match packet::parse_error(datagram) {
            Ok(message) => Failure::Tracker(message),
            Err(failure) => failure,
        },
        _ => Failure::UnsupportedAction(action),
    }
}

/// What a datagram with a wrong transaction ID, or too short to have one, is called; `nameless` if it has no action
/// either. As the original does it: lengths first, then the transaction ID.
fn stray(datagram: &[u8], nameless: Failure) -> Failure {
    match packet::read_u32(datagram, 0) {
        None => nameless,
        Some(action::CONNECT) if datagram.len() < packet::CONNECT_LENGTH => Failure::ConnectLength,
        Some(action::ANNOUNCE) if datagram.len() < packet::ANNOUNCE_RESPONSE_LENGTH => Failure::AnnounceLength,
        Some(action::ANNOUNCE) => Failure::AnnounceTransactionId,
        Some(action::ERROR) if datagram.len() <= HEADER_LENGTH => Failure::ErrorLength,
        Some(action::CONNECT | action::ERROR) => Failure::ConnectTransactionId,
        Some(action) => Failure::UnsupportedAction(action),
    }
}

/// "Connection ID missmatch.", "invalid connection id", "bad connection_id", "Connection cookie error" and their relatives.
fn is_about_connection_id(message: &str) -> bool {
    let letters = |c: &char| c.is_ascii_alphabetic();
    let message: String = message.chars().filter(letters).map(|c| c.to_ascii_lowercase()).collect();
    message.contains("connectionid") || message.contains("cookie")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_about_the_connection_id_are_known_in_trackers_spellings() {
        for message in [
            "Connection ID missmatch.",
            "bad connection_id",
            "Invalid connection-id",
            "wrong ConnectionId",
            "Connection cookie error",
        ] {
            assert!(is_about_connection_id(message), "{message}");
        }
        for message in ["unregistered torrent", "connection refused", "invalid info hash"] {
            assert!(!is_about_connection_id(message), "{message}");
        }
    }
}
