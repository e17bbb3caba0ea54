//! What is to be sent, and what to do when it cannot be.

use std::{net::SocketAddr, time::Instant};

use super::{
    super::{
        Failure,
        deadlines::Timer,
        packet,
        tracker::{Sent, Transaction},
    },
    Body, Client, RequestId, new_transaction_id,
};

/// A datagram to send; its bytes were appended to the caller's buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// Where to.
    pub to: SocketAddr,
    /// What for.
    pub origin: Origin,
}

/// What a datagram is sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The tracker's connection ID, which any number of requests may wait for.
    Connect,
    /// This request.
    Request(RequestId),
}

/// Why the system did not send a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendFailure<'a> {
    /// Something that may pass: no route, no buffer, a firewall. The retransmissions go on.
    Passing,
    /// It can never be sent; the words say why.
    Lasting(&'a str),
}

impl Client {
    /// Appends the next datagram to `buffer`. Poll until there is none.
    pub fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> Option<Transmit> {
        while let Some(&tracker_key) = self.ready.front() {
            if let Some(transmit) = self.transmit_to(now, tracker_key, buffer) {
                self.counters.sent += 1;
                return Some(transmit);
            }
            self.ready.pop_front();
            if let Some(tracker) = self.trackers.get_mut(tracker_key) {
                tracker.is_ready = false;
            }
        }
        None
    }

    fn transmit_to(&mut self, now: Instant, tracker_key: usize, buffer: &mut Vec<u8>) -> Option<Transmit> {
        let tracker = self.trackers.get_mut(tracker_key)?;
        if !tracker.has_work() {
            return None;
        }
        let Some(connection_id) = tracker.connection(now) else {
            if tracker.connect.is_none() {
                // It expired while requests were waiting for room in the window: now they wait for a connect.
                for key in self.waiting_keys(tracker_key) {
                    self.wait_for_connect(now, key, 1);
                }
            }
            return self.transmit_connect(now, tracker_key, buffer);
        };
        let Self { requests, trackers, deadlines, random, counters, .. } = self;
        let tracker = trackers.get_mut(tracker_key)?;
        let (_, key) = tracker.waiting.pop_first()?;
        let request = requests.get_mut(key)?;
        let transaction_id = *request.transaction_id.get_or_insert_with(|| {
            let transaction_id = new_transaction_id(tracker, random);
            tracker.transactions.insert(transaction_id.0, Transaction::Request(key as u32));
            transaction_id
        });
        request.enter_flight(now, tracker, connection_id);
        counters.retransmissions += u64::from(request.sends > 1);
        tracker.sent.push_back(Sent { key, at: now });
        let wait = request.schedule.wait_after(request.sends);
        deadlines.set(Timer::Request(key), now + wait);
        match &request.body {
            Body::Announce(announce) => announce.write(buffer, connection_id, transaction_id),
            Body::Scrape(_) => {
                let unanswered = request.unanswered();
                let asked = unanswered.len().min(tracker.scrape_limit).min(packet::MAX_SCRAPE_HASHES);
                let info_hashes = unanswered.get(..asked).unwrap_or_default();
                packet::write_scrape(buffer, connection_id, transaction_id, info_hashes);
                request.asked = asked;
            }
        }
        let transmit = Transmit { to: tracker.address, origin: Origin::Request(request.id) };
        self.trace_request(key, tracker_key, None);
        Some(transmit)
    }

    fn transmit_connect(&mut self, now: Instant, tracker_key: usize, buffer: &mut Vec<u8>) -> Option<Transmit> {
        let tracker = self.trackers.get_mut(tracker_key)?;
        let connect = tracker.connect.as_mut()?;
        if !std::mem::take(&mut connect.to_send) {
            return None;
        }
        self.counters.connects += 1;
        self.counters.retransmissions += u64::from(connect.sent_at.is_some());
        connect.sent_at = Some(now);
        connect.sends += 1;
        connect.unsent = false;
        packet::write_connect(buffer, connect.transaction_id);
        let transmit = Transmit { to: tracker.address, origin: Origin::Connect };
        self.trace_connect(tracker_key, None);
        Some(transmit)
    }

    /// The system did not send what [`poll_transmit`](Self::poll_transmit) handed out.
    pub fn handle_send_failure(&mut self, now: Instant, transmit: Transmit, failure: SendFailure<'_>) {
        let keys = match transmit.origin {
            Origin::Request(id) => self.keys.get(&id.0).copied().into_iter().collect(),
            Origin::Connect => {
                let tracker_key = self.tracker_keys.get(&transmit.to).copied();
                let tracker = tracker_key.and_then(|tracker_key| self.trackers.get_mut(tracker_key));
                if let Some(connect) = tracker.and_then(|tracker| tracker.connect.as_mut()) {
                    // It is not on its way: whoever comes next sends it.
                    connect.unsent = true;
                }
                tracker_key.map(|tracker_key| self.waiting_keys(tracker_key)).unwrap_or_default()
            }
        };
        for key in keys {
            let Some(request) = self.requests.get_mut(key) else { continue };
            if self.trackers.get(request.tracker).is_none_or(|tracker| tracker.address != transmit.to) {
                // It lay in front of a full socket, and its request has gone on to another address meanwhile.
                continue;
            }
            if request.unreachable + 1 < request.all_addresses().len() {
                request.unreachable += 1;
                let connects = request.connects.max(1);
                if transmit.origin == Origin::Request(request.id) {
                    // It was not sent after all.
                    request.sends = request.sends.saturating_sub(1);
                }
                self.move_on(now, key, connects);
            } else if let SendFailure::Lasting(reason) = failure {
                self.fail(now, key, Failure::Unsendable { address: transmit.to, reason: reason.to_owned() });
            }
        }
    }

    /// Goes on at the host's next address.
    pub(super) fn move_on(&mut self, now: Instant, key: usize, connects: u32) {
        self.detach(now, key);
        if let Some(request) = self.requests.get_mut(key) {
            request.next_address();
        }
        self.attach(now, key, connects);
    }
}
