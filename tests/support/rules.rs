//! The contract once more, reckoned from the log alone: when a send is due, which connection ID it may carry, how a
//! request may end.
//!
//! Nothing here asks the client. What one request may expect when nobody shares its address is in [`super::lone`],
//! where every send is known to the microsecond; here stand the rules that hold whoever else is about.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    time::Duration,
};

use bittorrent_udp_tracker::proto::{Failure, Origin, RequestId};

use super::{
    End, Simulation,
    reading::{Answer, read},
    simulation::{Happening, Life, Sent},
};

const CONNECTION_LIFETIME: Duration = Duration::from_secs(60);
const GRACE: Duration = Duration::from_secs(3);
/// An answer older than this may come to a client that has forgotten what it asked.
const REMEMBERED: Duration = Duration::from_secs(120);
/// Requests in flight to an address from which on a loss may be mended early.
const BURST: usize = 16;

/// Checks everything that happened against the rules.
pub(crate) fn check_rules(simulation: &Simulation) {
    let mut rules =
        Rules { lives: &simulation.lives, addresses: HashMap::new(), requests: HashMap::new(), over: HashSet::new() };
    for (at, happening) in &simulation.log {
        match happening {
            Happening::Begun(_) => {}
            Happening::Sent(sent) => rules.sent(*at, sent),
            Happening::Received { from, bytes } => rules.received(*at, *from, bytes),
            Happening::Cancelled(id) => rules.over(*id),
            Happening::Ended(id) => rules.ended(*at, *id),
        }
    }
}

struct Rules<'a> {
    lives: &'a std::collections::BTreeMap<u64, Life>,
    addresses: HashMap<SocketAddr, Address>,
    requests: HashMap<u64, Course>,
    over: HashSet<u64>,
}

#[derive(Default)]
struct Address {
    /// The connect under way: its transaction ID and when it was last sent.
    connect: Option<(u32, Duration)>,
    /// Transaction IDs of all connects.
    connects: HashSet<u32>,
    /// When each transaction ID was last sent.
    sent: HashMap<u32, Duration>,
    /// Transaction IDs of connects that had their answer.
    past_connects: HashSet<u32>,
    /// Connection IDs that came, when, and whether the tracker has disowned them or the client may not know them.
    connection_ids: Vec<(u64, Duration, bool)>,
    in_flight: HashSet<u64>,
    transaction_ids: HashMap<u32, u64>,
    /// The latest sending time of an answered request, and when that answer came.
    newest_answered: Option<(Duration, Duration)>,
    /// When datagrams came that answer nothing.
    strays: Vec<Duration>,
    /// When the tracker refused the connect.
    refused: Option<Duration>,
}

/// What a request has done so far.
struct Course {
    at: Duration,
    to: SocketAddr,
    transaction_id: u32,
    connection_id: u64,
    /// Sends since the beginning or since the tracker's answer that made it begin anew.
    sends: u32,
    failed: bool,
    /// Whether an answer made it begin anew.
    anew: bool,
    in_burst: bool,
    was_early: bool,
    reconnected: bool,
    /// Whether an answer came while it may have been elsewhere, so that nobody here knows its count of sends.
    unsure: bool,
    answered: Option<Duration>,
}

impl Rules<'_> {
    fn sent(&mut self, at: Duration, sent: &Sent) {
        match sent.origin {
            Origin::Connect => self.sent_connect(at, sent),
            Origin::Request(RequestId(id)) => self.sent_request(at, id, sent),
        }
    }

    fn sent_connect(&mut self, at: Duration, sent: &Sent) {
        let address = self.addresses.entry(sent.to).or_default();
        let usable =
            address.connection_ids.last().filter(|(_, came, disowned)| at < *came + CONNECTION_LIFETIME && !disowned);
        assert_eq!(usable, None, "a connect at {at:?} to {} that has given a connection ID", sent.to);
        let transaction_id = sent.packet.transaction_id();
        if let Some((known, last)) = address.connect {
            // Whoever asks for it, nobody's wait is shorter than twice the shortest timeout.
            let concerned = self
                .lives
                .iter()
                .filter(|(id, life)| !self.over.contains(id) && life.begun <= at && life.addresses.contains(&sent.to));
            let shortest = concerned.map(|(_, life)| life.timeout_ms).min();
            let shortest = shortest.unwrap_or_else(|| panic!("a connect at {at:?} that nobody wants"));
            let ended = known != transaction_id && address.strays.last().is_some_and(|&stray| stray + GRACE >= last);
            assert!(
                at >= last + Duration::from_millis(2 * shortest) || ended,
                "a connect to {} at {last:?} is sent again at {at:?}",
                sent.to
            );
        }
        address.connect = (!sent.failed).then_some((transaction_id, at));
        address.connects.insert(transaction_id);
        address.sent.insert(transaction_id, at);
    }

    fn sent_request(&mut self, at: Duration, id: u64, sent: &Sent) {
        let life = &self.lives[&id];
        assert!(!self.over.contains(&id), "request {id} is over and sent at {at:?}");
        assert!(life.addresses.contains(&sent.to), "request {id} has no address {}", sent.to);
        let connection_id = sent.packet.connection_id().expect("a request carries a connection ID");
        let address = self.addresses.entry(sent.to).or_default();
        let came = address.connection_ids.iter().rev().find(|(known, ..)| *known == connection_id);
        let &(_, came, _) = came.unwrap_or_else(|| panic!("{} never gave the connection ID of {sent:?}", sent.to));
        assert!(at < came + CONNECTION_LIFETIME, "request {id} at {at:?} with a connection ID of {came:?}");

        let transaction_id = sent.packet.transaction_id();
        if let Some(other) = address.transaction_ids.insert(transaction_id, id) {
            assert!(other == id || self.over.contains(&other), "{id} and {other} have one transaction ID");
        }
        address.sent.insert(transaction_id, at);
        address.in_flight.insert(id);
        let in_burst = address.in_flight.len() >= BURST;

        let before = self.requests.remove(&id);
        let (mut sends, mut was_early) = (1, false);
        if let Some(before) = before.as_ref().filter(|before| !before.anew) {
            let stayed = life.addresses.len() == 1;
            // What could not be sent does not count where there is another address to go to.
            let counts = stayed || !before.failed;
            (sends, was_early) = (before.sends + u32::from(counts), before.was_early);
            assert!(sends <= 7, "request {id} is sent for the {sends}th time");
            let moved = before.to != sent.to;
            // It may also have been elsewhere in between, without a chance to be sent there.
            assert!(!stayed || transaction_id == before.transaction_id, "request {id} changes its transaction ID");
            let due = before.at + wait(life, before.sends);
            if at < due && counts {
                let proven = self.addresses[&before.to]
                    .newest_answered
                    .is_some_and(|(sent, came)| sent >= before.at && came <= at);
                let allowed = before.in_burst && !before.was_early && proven && !moved;
                assert!(allowed, "request {id}, sent at {:?}, is due at {due:?} and sent at {at:?}", before.at);
                was_early = true;
            }
            if moved {
                self.addresses.entry(before.to).or_default().in_flight.remove(&id);
            }
        } else if let Some(before) = &before {
            was_early = before.was_early;
        }
        let course = Course {
            at,
            to: sent.to,
            transaction_id,
            connection_id,
            sends,
            failed: sent.failed,
            anew: false,
            in_burst,
            was_early,
            reconnected: before.as_ref().is_some_and(|before| before.reconnected),
            unsure: before.is_some_and(|before| before.unsure),
            answered: None,
        };
        self.requests.insert(id, course);
    }

    fn received(&mut self, at: Duration, from: SocketAddr, bytes: &[u8]) {
        let address = self.addresses.entry(from).or_default();
        let answer = read(bytes);
        let sent_at = answer.transaction_id().and_then(|of| address.sent.get(&of).copied());
        if sent_at.is_none_or(|sent_at| at > sent_at + REMEMBERED) {
            address.strays.push(at);
        }
        if let Some(transaction_id) = answer.transaction_id().filter(|of| address.connects.contains(of)) {
            let is_current = address.connect.is_none_or(|(current, _)| current == transaction_id);
            if address.past_connects.insert(transaction_id) {
                match answer {
                    Answer::Connected { connection_id, .. } => {
                        // A stray datagram may have ended the connect, so that its answer comes too late.
                        let unsure =
                            !is_current || address.strays.last().is_some_and(|&stray| Some(stray + GRACE) >= sent_at);
                        address.connection_ids.push((connection_id, at, unsure));
                    }
                    _ => address.refused = Some(at),
                }
                address.connect.take_if(|_| is_current);
            }
            return;
        }
        let id = answer.transaction_id().and_then(|of| address.transaction_ids.get(&of).copied());
        let Some(id) = id else { return };
        let Some(course) = self.requests.get_mut(&id) else { return };
        let current = course.to == from && Some(course.transaction_id) == answer.transaction_id() && !course.anew;
        let life = &self.lives[&id];
        // A request that has gone on to another address may not count it; nothing more is known of it then.
        let gone = life.addresses.len() > 1 && at >= course.at + wait(life, course.sends);
        if self.over.contains(&id) || !current {
            return;
        }
        course.answered = Some(at);
        address.newest_answered = address.newest_answered.max(Some((course.at, at)));
        if let Some((newest, came)) = &mut address.newest_answered
            && *newest == course.at
        {
            *came = at;
        }
        let wrong_connection_id =
            matches!(&answer, Answer::Error { message, .. } if message.starts_with("Connection ID"));
        if wrong_connection_id {
            for known in address.connection_ids.iter_mut().filter(|known| known.0 == course.connection_id) {
                known.2 = true;
            }
        }
        if gone {
            (course.anew, course.unsure) = (true, true);
            return;
        }
        if wrong_connection_id && !course.reconnected {
            course.reconnected = true;
            course.anew = true;
            address.in_flight.remove(&id);
            return;
        }
        if let Answer::Scraped { .. } = answer {
            // Whether it was all that was asked for shows in what comes next: an end or a new datagram.
            course.anew = true;
            address.in_flight.remove(&id);
            return;
        }
        let ended = life.ended.as_ref().map(|(end, _)| *end);
        assert!(ended == Some(at), "request {id} is answered at {at:?} but does not end then");
    }

    fn over(&mut self, id: u64) {
        self.over.insert(id);
        for address in &self.lives[&id].addresses {
            self.addresses.entry(*address).or_default().in_flight.remove(&id);
        }
    }

    fn ended(&mut self, at: Duration, id: u64) {
        let life = &self.lives[&id];
        assert!(!self.over.contains(&id), "request {id} ends twice or after it was cancelled");
        let (_, end) = life.ended.as_ref().expect("how it ended");
        let course = self.requests.get(&id);
        let answered = course.is_some_and(|course| course.answered == Some(at));
        let refused =
            life.addresses.iter().any(|address| self.addresses.get(address).is_some_and(|a| a.refused == Some(at)));
        match end {
            End::Announced { .. } | End::Scraped { .. } => assert!(answered, "request {id} ends without an answer"),
            End::Failed(Failure::NotResponding(ms)) => {
                assert_eq!(*ms, (life.timeout_ms * 256) as f64);
                // A resend that pacing made early cuts at most the sixth wait short, also when no room came for it.
                let early = course.is_some_and(|course| course.was_early || course.in_burst);
                let least = if early { 254 - 64 } else { 254 };
                let least = life.begun + Duration::from_millis(life.timeout_ms * least);
                assert!(at >= least, "request {id} is given up at {at:?}, before {least:?}");
            }
            End::Failed(Failure::Unsendable { .. }) => {}
            End::Failed(_) if answered || refused => {}
            End::Failed(failure) => {
                assert!(self.is_due_to_stray(at, id), "request {id} ends at {at:?} for no reason: {failure}");
            }
        }
        self.over(id);
    }

    /// Whether a stray datagram may end a request at `at`: three seconds after it came, or when a send is due earlier.
    fn is_due_to_stray(&self, at: Duration, id: u64) -> bool {
        let life = &self.lives[&id];
        let course = self.requests.get(&id);
        let due = course.filter(|course| !course.anew).map(|course| course.at + wait(life, course.sends));
        life.addresses.iter().filter_map(|address| self.addresses.get(address)).any(|address| {
            // One that waits for a shared connect hangs on everybody's waits, and one with other addresses on theirs.
            let may_be_due = due.is_none_or(|due| at >= due) || life.addresses.len() > 1;
            let early = |stray: Duration| stray <= at && at < stray + GRACE && may_be_due;
            address.strays.iter().any(|&stray| at == stray + GRACE || early(stray))
        })
    }
}

/// "The wait after the n-th send is `_timeout * 2^n`".
fn wait(life: &Life, sends: u32) -> Duration {
    Duration::from_millis(life.timeout_ms << sends)
}
