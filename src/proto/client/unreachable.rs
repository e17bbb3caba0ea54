//! What a network says of a datagram that did not arrive.

use std::net::SocketAddr;

use super::{
    super::{
        Failure, TransactionId, Unreachable,
        flight::{Found, Purpose},
        packet,
        time::Instant,
        tracker::canonical,
    },
    Body, Client,
};

impl Client {
    /// An ICMP message says that a datagram that was sent to `to`, and began with `quoted`, did not arrive.
    ///
    /// A connect by itself goes on to its next address with that, and ends where there is none. So do the race of a host's
    /// addresses and what was sent to one of several, but neither ends by it: a message with the transaction ID in it comes
    /// from the way that the datagram took, and whoever sits there might as well drop it. One without is anybody's, and
    /// ends a connect by itself at most.
    pub fn handle_unreachable(&mut self, now: Instant, to: SocketAddr, quoted: &[u8], reason: Unreachable) {
        let Some(tracker_key) = self.tracker_key(canonical(to)) else { return };
        let Some(tracker) = self.trackers.get(tracker_key) else { return };
        let failure = Failure::Unreachable { address: tracker.address, reason };
        let Some(id) = packet::read_u32(quoted, packet::TRANSACTION_ID_OFFSET) else {
            return self.pings_elsewhere(now, tracker_key, &failure);
        };
        let Found::Open(sent) = tracker.flight.find(now, TransactionId(id), &tracker.rtt) else { return };
        match sent.purpose {
            Purpose::Ping(key) => self.ping_elsewhere(now, key, to, failure),
            Purpose::Connect => self.fail_races(now, tracker_key, &failure, false),
            Purpose::Request(key) => {
                if self.requests.get(key).is_some_and(|request| request.tracker() == Some(tracker_key)) {
                    self.on_unsent(now, key, &failure, false);
                }
            }
        }
    }

    /// Every connect by itself that waits for an answer of an address does so in vain.
    fn pings_elsewhere(&mut self, now: Instant, tracker_key: usize, failure: &Failure) {
        let Some(address) = self.trackers.get(tracker_key).map(|tracker| tracker.address) else { return };
        let here = self.requests.iter().filter(|(_, request)| request.tracker() == Some(tracker_key));
        let pings = here.filter(|(_, request)| matches!(request.body, Body::Connect(_))).map(|(key, _)| key);
        for key in pings.collect::<Vec<_>>() {
            self.ping_elsewhere(now, key, address, failure.clone());
        }
    }
}
