//! What a request that shares its one address with no other has to do, computed from the contract and from what arrives.
//!
//! With a `_timeout` below half a second every datagram and the end are known to the microsecond: they are the
//! original's. From there on each wait lies between the shortest and the longest that the round trips seen allow.

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use bittorrent_udp_tracker::proto::{Body, Origin};

use super::{
    Simulation,
    log::{Entry, History},
    reading::{Answer, read},
    rules::{CONNECTION_LIFETIME, GRACE, OWN_CLOCK_BELOW_MS, lowest_rto, wait},
};

/// Sends of one phase of the original.
const SENDS: u32 = 7;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Due {
    Connect,
    Request,
    End,
}

/// What is known of the request at a moment.
struct Expected<'a> {
    history: &'a History,
    /// What comes next by itself, the earliest and the latest it may.
    due: Option<(Duration, Duration, Due)>,
    /// When a datagram that answers nothing ends it, whatever else is sent until then.
    stray_end: Option<Duration>,
    connects: u32,
    sends: u32,
    /// Sends since the last answer to a request: as often at most has the RTO been doubled.
    unanswered_sends: u32,
    /// Transactions: when they were sent, and whether they have had their answer.
    transactions: HashMap<u32, (Duration, Due, bool)>,
    connected: Option<Duration>,
    shortest: Option<Duration>,
    longest: Duration,
    /// When the phase that is under way began.
    phase: Duration,
    /// Info-hashes that have no row yet, and how many the latest datagram asked for.
    missing: usize,
    asked: usize,
}

/// Checks request `id`, the only one at its only address, whose tracker keeps its connection IDs.
pub(crate) fn check_single(simulation: &Simulation, id: u64) {
    let history = &simulation.histories[&id];
    let [address] = history.addresses[..] else { panic!("it has several addresses") };
    let missing = match &history.body {
        Body::Announce(_) | Body::Connect(_) => 0,
        Body::Scrape(scrape) => scrape.info_hashes.len(),
    };
    let mut expected = Expected {
        history,
        due: None,
        stray_end: None,
        connects: 0,
        sends: 0,
        unanswered_sends: 0,
        transactions: HashMap::new(),
        connected: None,
        shortest: None,
        longest: Duration::ZERO,
        phase: history.begun,
        missing,
        asked: 0,
    };
    for (at, entry) in &simulation.log {
        if expected.follow(id, address, *at, entry) {
            return;
        }
    }
    panic!("request {id} never ends");
}

impl Expected<'_> {
    /// Takes note of one entry of the log; true when the request is over, or can no longer be computed.
    fn follow(&mut self, id: u64, address: SocketAddr, at: Duration, entry: &Entry) -> bool {
        if let Some((_, latest, what)) = self.due.filter(|_| self.stray_end.is_none()) {
            assert!(at <= latest, "{what:?} of request {id} is due at {latest:?} and has not come at {at:?}");
        }
        if let Some(end) = self.stray_end {
            assert!(at <= end, "request {id} was to end at {end:?} for a wrong answer, and it is {at:?}");
        }
        match entry {
            Entry::Begun(begun) if *begun == id => self.due = Some((at, at, Due::Connect)),
            Entry::Cancelled(cancelled) if *cancelled == id => return true,
            // A sleep ages the connection ID; what follows from that, `check_rules` says.
            Entry::Slept(_) if self.connected.is_some() => return true,
            Entry::Ended(ended) if *ended == id => {
                let by_stray = self.stray_end == Some(at);
                assert!(by_stray || self.is_due(at, Due::End), "request {id} ends at {at:?}, not {:?}", self.due);
                return true;
            }
            Entry::Sent(sent) if sent.to == address => {
                let what = if sent.origin == Origin::Connect { Due::Connect } else { Due::Request };
                if self.is_expired(at) {
                    return true;
                }
                if what == Due::Connect && self.sends >= 2 {
                    // Its connection ID is in doubt: what may be sent then, `check_rules` says.
                    return true;
                }
                assert!(self.is_due(at, what), "request {id} sends {what:?} at {at:?}, not {:?}", self.due);
                self.sent(at, what, sent.packet.transaction_id(), sent.packet.info_hashes().len());
            }
            Entry::Received { from, bytes } if *from == address && !self.transactions.is_empty() => {
                self.received(at, &read(bytes));
            }
            _ => {}
        }
        self.is_expired(at)
    }

    /// What happens when a connection ID expires between two sends, `check_rules` says.
    fn is_expired(&self, at: Duration) -> bool {
        self.connected.is_some_and(|connected| at >= connected + CONNECTION_LIFETIME)
    }

    fn is_due(&self, at: Duration, what: Due) -> bool {
        if self.stray_end.is_some() && what != Due::End {
            // It may be repeated until then or not.
            return true;
        }
        let over = self.phase + Duration::from_millis(self.history.timeout_ms * 254);
        if what == Due::End && !self.is_own_clock() && at == over {
            return true;
        }
        self.due.is_some_and(|(earliest, latest, due)| due == what && earliest <= at && at <= latest)
    }

    fn sent(&mut self, at: Duration, what: Due, transaction_id: u32, asked: usize) {
        let count = if what == Due::Connect {
            self.connects += 1;
            self.connects
        } else {
            self.sends += 1;
            self.asked = asked;
            self.sends
        };
        self.unanswered_sends += 1;
        let before = self.transactions.insert(transaction_id, (at, what, false));
        assert_eq!(before, None, "a send at {at:?} has the transaction ID of another");
        let over = self.phase + Duration::from_millis(self.history.timeout_ms * 254);
        let (earliest, latest) = self.waits(count);
        self.due = Some(if self.is_own_clock() && count == SENDS {
            (over, over, Due::End)
        } else {
            (at + earliest, (at + latest).min(over), what)
        });
    }

    fn is_own_clock(&self) -> bool {
        self.history.timeout_ms < OWN_CLOCK_BELOW_MS
    }

    /// The shortest and the longest wait after the n-th send.
    fn waits(&self, n: u32) -> (Duration, Duration) {
        let own = wait(self.history, n);
        if self.is_own_clock() {
            return (own, own);
        }
        let floor = Duration::from_millis(200);
        let rto = if self.shortest.is_some() { self.longest + floor.max(4 * self.longest) } else { Duration::ZERO };
        let longest = rto.max(Duration::from_secs(1)) * (1 << (self.unanswered_sends - 1).min(20));
        (lowest_rto(self.shortest).min(own), longest.min(own))
    }

    fn received(&mut self, at: Duration, answer: &Answer) {
        let known = answer.transaction_id().and_then(|of| self.transactions.get_mut(&of));
        let Some((sent_at, what, answered)) = known else {
            // It ends nothing now; three seconds from now, it does.
            self.stray_end = self.stray_end.or(Some(at + GRACE));
            return;
        };
        if *answered {
            return;
        }
        let (round_trip, what) = (at - *sent_at, *what);
        // One answer is enough for all sends of a phase; the others come late.
        for (_, other, answered) in self.transactions.values_mut() {
            *answered |= *other == what;
        }
        self.shortest = Some(self.shortest.map_or(round_trip, |shortest| shortest.min(round_trip)));
        self.longest = self.longest.max(round_trip);
        self.stray_end = None;
        self.due = Some((at, at, Due::End));
        if what == Due::Connect {
            self.connects = 0;
            if let Answer::Connected { .. } = answer {
                self.connected = Some(at);
                self.phase = at;
                self.due = Some((at, at, Due::Request));
            }
        } else if let Answer::Scraped { rows, .. } = answer {
            self.missing -= self.asked.min(*rows);
            self.unanswered_sends = 0;
            if self.missing > 0 {
                self.sends = 0;
                self.phase = at;
                self.due = Some((at, at, Due::Request));
            }
        }
    }
}
