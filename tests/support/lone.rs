//! A request that shares its one address with nobody, reckoned to the microsecond: every datagram it sends and its end
//! follow from the contract and from what arrives.

use std::{collections::HashSet, net::SocketAddr, time::Duration};

use bittorrent_udp_tracker::proto::{Body, Origin};

use super::{
    Simulation,
    reading::{Answer, read},
    simulation::{Happening, Life},
};

const CONNECTION_LIFETIME: Duration = Duration::from_secs(60);
const GRACE: Duration = Duration::from_secs(3);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Due {
    Connect,
    Request,
    End,
}

/// What is known of the request at a moment.
struct Reckoning<'a> {
    life: &'a Life,
    /// What comes next by itself, and when.
    due: Option<(Duration, Due)>,
    connects: u32,
    sends: u32,
    /// The transaction ID of the connect under way, and when it was sent last.
    connect: Option<u32>,
    connect_sent: Duration,
    transaction_id: Option<u32>,
    connected: Option<Duration>,
    /// Transaction IDs that have had their answer.
    past: HashSet<u32>,
    /// Info-hashes that have no row yet, and how many the latest datagram asked for.
    unanswered: usize,
    asked: usize,
}

/// Checks request `id`, the only one at its only address, whose tracker keeps its connection IDs.
pub(crate) fn check_lone(simulation: &Simulation, id: u64) {
    let life = &simulation.lives[&id];
    let [address] = life.addresses[..] else { panic!("a lone request has one address") };
    let unanswered = match &life.body {
        Body::Announce(_) => 0,
        Body::Scrape(scrape) => scrape.info_hashes.len(),
    };
    let mut reckoning = Reckoning {
        life,
        due: None,
        connects: 0,
        sends: 0,
        connect: None,
        connect_sent: Duration::ZERO,
        transaction_id: None,
        connected: None,
        past: HashSet::new(),
        unanswered,
        asked: 0,
    };
    for (at, happening) in &simulation.log {
        if reckoning.follow(id, address, *at, happening) {
            return;
        }
    }
    panic!("request {id} never ends");
}

impl Reckoning<'_> {
    /// Takes note of one happening; true when the request is over.
    fn follow(&mut self, id: u64, address: SocketAddr, at: Duration, happening: &Happening) -> bool {
        if let Some((due, what)) = self.due {
            assert!(at <= due, "{what:?} of request {id} is due at {due:?} and has not come at {at:?}");
        }
        match happening {
            Happening::Begun(begun) if *begun == id => self.due = Some((at, Due::Connect)),
            Happening::Cancelled(cancelled) if *cancelled == id => return true,
            Happening::Ended(ended) if *ended == id => {
                assert_eq!(self.due, Some((at, Due::End)), "request {id} ends at {at:?}");
                return true;
            }
            Happening::Sent(sent) if sent.to == address => {
                let due = if sent.origin == Origin::Connect { Due::Connect } else { Due::Request };
                assert_eq!(self.due, Some((at, due)), "request {id} sends at {at:?}");
                self.sent(at, due, sent.packet.transaction_id(), sent.packet.info_hashes().len());
            }
            Happening::Received { from, bytes } if *from == address && self.connects + self.sends > 0 => {
                self.received(at, &read(bytes));
            }
            _ => {}
        }
        false
    }

    fn sent(&mut self, at: Duration, what: Due, transaction_id: u32, asked: usize) {
        let count = if what == Due::Connect {
            self.connects += 1;
            self.connect = Some(transaction_id);
            self.connect_sent = at;
            self.connects
        } else {
            self.sends += 1;
            self.connects = 0;
            self.transaction_id = Some(transaction_id);
            self.asked = asked;
            self.sends
        };
        let over = at + Duration::from_millis(self.life.timeout_ms << count);
        let next = match (count, what) {
            (7, _) => Due::End,
            (_, Due::Connect) => Due::Connect,
            _ => self.next_send(over),
        };
        self.due = Some((over, next));
    }

    /// A connect if the connection ID is no longer to be used at `at`.
    fn next_send(&self, at: Duration) -> Due {
        match self.connected {
            Some(connected) if at < connected + CONNECTION_LIFETIME => Due::Request,
            _ => Due::Connect,
        }
    }

    /// A connect that is already under way is joined, and sent again at once only if the first wait after it is over.
    fn join_connect(&mut self, at: Duration) {
        let first_wait = Duration::from_millis(self.life.timeout_ms * 2);
        if self.connect.is_some() {
            self.connects = 0;
            if at < self.connect_sent + first_wait {
                self.connects = 1;
                self.due = Some((at + first_wait, Due::Connect));
            }
        }
    }

    fn received(&mut self, at: Duration, answer: &Answer) {
        let of = answer.transaction_id();
        if of.is_some() && of == self.connect {
            self.past.extend(self.connect.take());
            self.connects = 0;
            self.due = Some((at, Due::End));
            if let Answer::Connected { .. } = answer {
                self.connected = Some(at);
                self.due = Some((at, Due::Request));
            }
        } else if of.is_some() && of == self.transaction_id {
            self.past.extend(self.transaction_id.take());
            self.due = Some((at, Due::End));
            if let Answer::Scraped { rows, .. } = answer {
                self.unanswered -= self.asked.min(*rows);
                if self.unanswered > 0 {
                    self.sends = 0;
                    self.due = Some((at, self.next_send(at)));
                    self.join_connect(at);
                }
            }
        } else if !of.is_some_and(|of| self.past.contains(&of)) {
            // It ends nothing now, but the next send has become the end, in three seconds at the latest.
            self.due = self.due.map(|(due, _)| (due.min(at + GRACE), Due::End));
        }
    }
}
