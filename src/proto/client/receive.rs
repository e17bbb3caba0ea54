//! Incoming datagrams. Every check stands in [`Client::handle_datagram`], in order:
//!
//! | datagram | what happens |
//! |---|---|
//! | from an address that no request waits on | dropped |
//! | shorter than 8 bytes | held against the oldest transaction, see [`Client::suspect`] |
//! | transaction ID of a transaction that has ended | dropped: a late or repeated answer |
//! | transaction ID of no transaction | held against the oldest one |
//! | the right transaction ID, not well formed | ends the transaction |
//! | the right transaction ID, well formed | answers it |

use std::{net::SocketAddr, time::Instant};

use super::{
    super::{
        AnnounceResponse, ConnectionId, Failure, TransactionId,
        deadlines::Timer,
        packet::{self, HEADER_LENGTH, SCRAPE_ROW_LENGTH, action},
        tracker::{GRACE, Sent, Transaction},
    },
    Body, Client, State, Stored,
    stay::canonical,
};

impl Client {
    /// Takes a datagram that came from `from`.
    pub fn handle_datagram(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        self.counters.received += 1;
        let Some(tracker_key) = self.tracker_key(canonical(from)) else {
            self.counters.dropped_unknown += 1;
            return;
        };
        let Some(tracker) = self.trackers.get_mut(tracker_key) else { return };
        // Nothing sent yet, or nobody waits any more: only a connect's answer is of use, to whoever comes next.
        if tracker.requests == 0 && tracker.connect.is_none() {
            self.counters.dropped_unknown += 1;
            return;
        }
        let transaction_id = packet::read_u32(datagram, 4).map(TransactionId);
        let transaction = transaction_id.and_then(|id| tracker.transactions.get(&id.0).copied());
        match (transaction, packet::read_u32(datagram, 0)) {
            (Some(Transaction::Ended), _) => self.counters.dropped_late += 1,
            (Some(Transaction::Connect), Some(action)) => {
                tracker.last_heard = Some(now);
                self.trace_connect(tracker_key, Some(now));
                self.answer_connect(now, tracker_key, action, datagram);
            }
            (Some(Transaction::Request(key)), Some(action)) => {
                tracker.last_heard = Some(now);
                self.trace_request(key as usize, tracker_key, Some(now));
                self.answer_request(now, tracker_key, key as usize, action, datagram);
            }
            _ => self.suspect(now, tracker_key, datagram),
        }
    }

    fn answer_connect(&mut self, now: Instant, tracker_key: usize, action: u32, datagram: &[u8]) {
        let answer = match action {
            action::CONNECT => packet::parse_connect(datagram),
            _ => Err(unfitting(action, datagram)),
        };
        let Some(tracker) = self.trackers.get_mut(tracker_key) else { return };
        match answer {
            Ok(connection_id) => {
                tracker.connected(now, connection_id);
                self.mark_ready(tracker_key);
            }
            Err(failure) => {
                tracker.end_connect(now);
                self.fail_waiting(now, tracker_key, &failure);
            }
        }
    }

    fn answer_request(&mut self, now: Instant, tracker_key: usize, key: usize, action: u32, datagram: &[u8]) {
        let Self { requests, trackers, config, .. } = self;
        let (Some(request), Some(tracker)) = (requests.get_mut(key), trackers.get_mut(tracker_key)) else { return };
        let measurable = request.sends == 1 && request.state == State::InFlight;
        tracker.window.on_answer(now, request.sent_at, measurable, datagram.len(), config.receive_buffer);
        let failure = match (&request.body, action) {
            (Body::Announce(_), action::ANNOUNCE) => match AnnounceResponse::parse(datagram, tracker.family()) {
                Ok(response) => return self.announced(now, key, tracker_key, response),
                Err(failure) => failure,
            },
            (Body::Scrape(_), action::SCRAPE) => match packet::parse_scrape(datagram) {
                Ok(rows) => return self.scraped(now, key, tracker_key, rows),
                Err(failure) => failure,
            },
            _ => unfitting(action, datagram),
        };
        match failure {
            Failure::Tracker(message) if is_about_connection_id(&message) && !request.reconnected => {
                request.reconnected = true;
                let sent_with = request.sent_with;
                self.reconnect(now, tracker_key, key, sent_with);
            }
            failure => self.fail(now, key, failure),
        }
        self.look_for_losses(now, tracker_key);
    }

    fn announced(&mut self, now: Instant, key: usize, tracker_key: usize, response: AnnounceResponse<'_>) {
        let AnnounceResponse { interval, leechers, seeds, peers } = response;
        let Some(family) = self.trackers.get(tracker_key).map(|tracker| tracker.family()) else { return };
        if let Some(request) = self.remove(now, key) {
            self.counters.answered += 1;
            self.prefer_answering(&request);
            let start = self.outcome_bytes.len();
            self.outcome_bytes.extend_from_slice(peers);
            let peers = start..self.outcome_bytes.len();
            self.outcomes.push_back((request.id, Stored::Announced { interval, leechers, seeds, family, peers }));
        }
        self.look_for_losses(now, tracker_key);
    }

    /// Takes the rows of a scrape. Fewer than asked for means that this is the most the tracker answers at once: the
    /// rest is asked again, and nobody asks it for more from then on.
    fn scraped(&mut self, now: Instant, key: usize, tracker_key: usize, rows: &[u8]) {
        let Self { requests, trackers, .. } = self;
        let (Some(request), Some(tracker)) = (requests.get_mut(key), trackers.get_mut(tracker_key)) else { return };
        let count = (rows.len() / SCRAPE_ROW_LENGTH).min(request.asked);
        request.rows.extend_from_slice(rows.get(..count * SCRAPE_ROW_LENGTH).unwrap_or_default());
        if count < request.asked {
            tracker.scrape_limit = count;
        }
        if !request.unanswered().is_empty() {
            self.ask_again(now, tracker_key, key);
        } else if let Some(request) = self.remove(now, key) {
            self.counters.answered += 1;
            self.prefer_answering(&request);
            let start = self.outcome_bytes.len();
            self.outcome_bytes.extend_from_slice(&request.rows);
            self.outcomes.push_back((request.id, Stored::Scraped { rows: start..self.outcome_bytes.len() }));
        }
        self.look_for_losses(now, tracker_key);
    }

    /// The tracker does not know the connection ID a request was sent with: it is sent again with a new one.
    fn reconnect(&mut self, now: Instant, tracker_key: usize, key: usize, sent_with: ConnectionId) {
        if let Some(tracker) = self.trackers.get_mut(tracker_key) {
            tracker.forget_connection(sent_with);
        }
        self.ask_again(now, tracker_key, key);
    }

    /// A request was answered and has more to ask: a repetition of the answer is a late one, and its sends begin anew.
    fn ask_again(&mut self, now: Instant, tracker_key: usize, key: usize) {
        let Self { requests, trackers, .. } = self;
        let (Some(request), Some(tracker)) = (requests.get_mut(key), trackers.get_mut(tracker_key)) else { return };
        request.sends = 0;
        request.verdict = None;
        request.leave_flight(tracker);
        if let Some(transaction_id) = request.transaction_id.take() {
            tracker.end_transaction(now, transaction_id);
        }
        tracker.waiting.remove(&request.place());
        self.forget_answered(tracker_key);
        self.wait(now, key, 1);
    }

    /// Holds a datagram that matches nothing against the oldest transaction it could have been meant for.
    ///
    /// It may be a faulty tracker's answer, and the application is to learn of it; or it may be forged, and must not
    /// beat the true answer. So it ends nothing now: the transaction goes on for three seconds, or until its next send
    /// is due, and a valid answer in that time wins. One datagram is held against one transaction. In a flood of them the
    /// transaction goes on by its schedule: an answer lost in it is asked for again.
    fn suspect(&mut self, now: Instant, tracker_key: usize, datagram: &[u8]) {
        self.counters.dropped_stray += 1;
        let Self { requests, trackers, deadlines, .. } = self;
        let Some(tracker) = trackers.get_mut(tracker_key) else { return };
        let in_flight = |sent: &Sent| requests.get(sent.key).is_some_and(|request| request.is_in_flight_since(sent.at));
        let action = packet::read_u32(datagram, 0);
        while let Some(sent) = tracker.sent.get(tracker.suspected) {
            if in_flight(sent) {
                break;
            }
            tracker.suspected += 1;
        }
        while tracker.overtaken.front().is_some_and(|sent| !in_flight(sent)) {
            tracker.overtaken.pop_front();
        }
        let suspect = tracker.overtaken.front().or(tracker.sent.get(tracker.suspected)).copied();
        match &mut tracker.connect {
            Some(connect) if connect.sent_at.is_some() && (action == Some(action::CONNECT) || suspect.is_none()) => {
                if connect.verdict.is_none() {
                    connect.verdict = Some((now + GRACE, stray(datagram, Failure::ConnectLength)));
                    self.set_tracker_deadline(tracker_key);
                } else {
                    tracker.count_surplus(now);
                }
            }
            _ => {
                let Some(sent) = suspect else { return tracker.count_surplus(now) };
                if tracker.overtaken.pop_front().is_none() {
                    tracker.suspected += 1;
                }
                let Some(request) = requests.get_mut(sent.key) else { return };
                request.verdict = Some(match (&request.body, action) {
                    (Body::Scrape(_), Some(action::SCRAPE)) if datagram.len() >= HEADER_LENGTH + SCRAPE_ROW_LENGTH => {
                        Failure::ScrapeTransactionId
                    }
                    (Body::Scrape(_), None | Some(action::SCRAPE)) => Failure::ScrapeLength,
                    _ => stray(datagram, Failure::AnnounceLength),
                });
                let at =
                    deadlines.get(Timer::Request(sent.key)).map_or(now + GRACE, |deadline| deadline.min(now + GRACE));
                deadlines.set(Timer::Request(sent.key), at);
            }
        }
    }
}

/// What a datagram with the right transaction ID is called when it is no answer to what was asked.
fn unfitting(action: u32, datagram: &[u8]) -> Failure {
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

/// "Connection ID missmatch.", "invalid connection id", "bad connection_id" and their relatives.
fn is_about_connection_id(message: &str) -> bool {
    let letters = |c: &char| c.is_ascii_alphabetic();
    let message: String = message.chars().filter(letters).map(|c| c.to_ascii_lowercase()).collect();
    message.contains("connectionid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_about_the_connection_id_are_known_in_trackers_spellings() {
        for message in ["Connection ID missmatch.", "bad connection_id", "Invalid connection-id", "wrong ConnectionId"]
        {
            assert!(is_about_connection_id(message), "{message}");
        }
        for message in ["unregistered torrent", "connection refused", "invalid info hash"] {
            assert!(!is_about_connection_id(message), "{message}");
        }
    }
}
