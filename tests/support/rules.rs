//! The contract once more, reckoned from the log alone: when a send may come, which connection ID it may carry, how a
//! request may end.
//!
//! Nothing here asks the client. What one request may expect when nobody shares its address is in [`super::lone`];
//! here stand the rules that hold whoever else is about.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::SocketAddr,
    time::Duration,
};

use bittorrent_udp_tracker::proto::{Origin, RequestId};

use super::{
    Simulation,
    endings::check_end,
    log::{Happening, Life, Sent},
    place::{Place, Transaction},
    reading::{Answer, read},
};

pub(crate) const CONNECTION_LIFETIME: Duration = Duration::from_secs(60);
/// How long a request goes on after a datagram that answers nothing.
pub(crate) const GRACE: Duration = Duration::from_secs(3);
/// With a `_timeout` below this the request's own schedule is its clock.
pub(crate) const OWN_CLOCK_BELOW_MS: u64 = 500;
/// The most errors that a request survives, each by a fresh connect.
const ERRORS: u32 = 2;

/// "The wait after the n-th send is `_timeout * 2^n`", n held at 7.
pub(crate) fn wait(life: &Life, n: u32) -> Duration {
    Duration::from_millis(life.timeout_ms << n.min(7))
}

/// No RTO is shorter: the smoothed round trip and 200 ms, or a second while there is no sample.
pub(crate) fn lowest_rto(shortest_round_trip: Option<Duration>) -> Duration {
    let unmeasured = Duration::from_secs(1);
    shortest_round_trip.map_or(unmeasured, |shortest| unmeasured.min(shortest + Duration::from_millis(200)))
}

/// Checks everything that happened against the rules.
pub(crate) fn check_rules(simulation: &Simulation) {
    let mut rules = Rules {
        lives: &simulation.lives,
        sent: 0,
        places: HashMap::new(),
        requests: HashMap::new(),
        over: HashSet::new(),
    };
    for (at, happening) in &simulation.log {
        match happening {
            Happening::Begun(_) => {}
            Happening::Sent(sent) => rules.sent(*at, sent),
            Happening::Received { from, bytes } => rules.received(*at, *from, bytes),
            Happening::Slept(slept) => rules.places.values_mut().for_each(|place| place.age(*slept)),
            Happening::Cancelled(id) => drop(rules.over.insert(*id)),
            Happening::Ended(id) => {
                assert!(rules.over.insert(*id), "request {id} ends twice or after it was cancelled");
                check_end(*at, *id, &simulation.lives[id], &rules.places, rules.requests.get(id));
            }
        }
    }
}

struct Rules<'a> {
    lives: &'a BTreeMap<u64, Life>,
    /// How many datagrams have been sent.
    sent: usize,
    places: HashMap<SocketAddr, Place>,
    requests: HashMap<u64, Course>,
    over: HashSet<u64>,
}

/// What a request has done so far.
pub(crate) struct Course {
    at: Duration,
    to: SocketAddr,
    connection_id: u64,
    /// Sends since the beginning or since the answer that made it begin anew.
    sends: u32,
    /// Those of them with another connection ID than the one before.
    renewals: u32,
    failed: bool,
    /// Whether an answer made it begin anew.
    anew: bool,
    /// The number of the first datagram after it last did.
    since: usize,
    errors: u32,
    pub(crate) answered: Option<Duration>,
}

impl Rules<'_> {
    fn sent(&mut self, at: Duration, sent: &Sent) {
        let id = match sent.origin {
            Origin::Connect => None,
            Origin::Request(RequestId(id)) => Some(id),
        };
        match id {
            None => self.sent_connect(at, sent),
            Some(id) => self.sent_request(at, id, sent),
        }
        let place = self.places.entry(sent.to).or_default();
        let transaction = Transaction { at, number: self.sent, whose: id, answered: false };
        self.sent += 1;
        let before = place.transactions.insert(sent.packet.transaction_id(), transaction);
        assert!(before.is_none(), "each send has a transaction ID of its own, but not that at {at:?} to {}", sent.to);
    }

    fn sent_connect(&mut self, at: Duration, sent: &Sent) {
        let concerned = self
            .lives
            .iter()
            .filter(|(id, life)| !self.over.contains(id) && life.begun <= at && life.addresses.contains(&sent.to))
            .map(|(_, life)| life);
        // It may run in a race of several, also while its address is silent and has a connection ID.
        let may_race = concerned.clone().any(|life| life.addresses.len() > 1);
        let shortest = concerned.map(|life| life.timeout_ms).min();
        let shortest = shortest.unwrap_or_else(|| panic!("a connect to {} at {at:?} that nobody wants", sent.to));
        let place = self.places.entry(sent.to).or_default();
        let is_first = place.connect_under_way.is_none();
        if let Some(usable) = place.in_use().filter(|known| is_first && known.is_alive(at) && !known.refused) {
            // The same connection ID twice without an answer is a reason to doubt it, and so is an RTO that was missed.
            let rto = lowest_rto(place.shortest);
            let mut courses = self.requests.iter().filter(|(id, _)| !self.over.contains(id));
            let missed = courses.any(|(_, course)| course.connection_id == usable.id && at >= course.at + rto);
            assert!(
                usable.doubted || may_race || missed,
                "a connect at {at:?} to {}, whose connection ID is good",
                sent.to
            );
        }
        if let Some((last, shortest_then)) = place.connect_under_way {
            let wait = lowest_rto(place.shortest).min(Duration::from_millis(2 * shortest.min(shortest_then)));
            assert!(at >= last + wait, "a connect to {} at {last:?} is sent again at {at:?}", sent.to);
        }
        place.connect_under_way = (!sent.failed).then_some((at, shortest));
    }

    fn sent_request(&mut self, at: Duration, id: u64, sent: &Sent) {
        let life = &self.lives[&id];
        assert!(!self.over.contains(&id), "request {id} is over and sent at {at:?}");
        assert!(life.addresses.contains(&sent.to), "request {id} has no address {}", sent.to);
        let connection_id = sent.packet.connection_id().expect("a request carries a connection ID");
        let place = self.places.entry(sent.to).or_default();
        place.use_id(at, connection_id);

        let before = self.requests.remove(&id);
        let (mut sends, mut renewals) = (1, 0);
        if let Some(before) = before.as_ref().filter(|before| !before.anew) {
            sends = before.sends + 1;
            if before.to == sent.to && before.connection_id == connection_id {
                place.doubt(connection_id);
            }
            let own = wait(life, before.sends);
            let is_own_clock = life.timeout_ms < OWN_CLOCK_BELOW_MS;
            let lowest = if is_own_clock { own } else { own.min(lowest_rto(self.places[&before.to].shortest)) };
            // With several addresses, or after a send that failed, it goes where it can, and with a new connection ID at
            // once.
            let is_renewed = before.connection_id != connection_id;
            renewals = before.renewals + u32::from(is_renewed);
            if life.addresses.len() == 1 && !before.failed {
                let (last, due) = (before.at, before.at + lowest);
                assert!(
                    at >= due || is_renewed,
                    "request {id}, sent at {last:?}, is due at {due:?} and sent at {at:?}"
                );
                assert!(!is_own_clock || sends <= 7 + renewals, "request {id} is sent for the {sends}th time");
            }
        }
        let (errors, since) = before.map_or((0, 0), |before| (before.errors, before.since));
        let (to, failed) = (sent.to, sent.failed);
        let course =
            Course { at, to, connection_id, sends, renewals, failed, anew: false, since, errors, answered: None };
        self.requests.insert(id, course);
    }

    fn received(&mut self, at: Duration, from: SocketAddr, bytes: &[u8]) {
        let place = self.places.entry(from).or_default();
        let answer = read(bytes);
        let Some(of) = answer.transaction_id() else { return place.stray(at) };
        let Some(transaction) = place.transaction(at, of) else { return };
        let Some(id) = transaction.whose else {
            place.connect_answered(at, &answer);
            return;
        };
        if self.over.contains(&id) {
            return;
        }
        let Some(course) = self.requests.get_mut(&id) else { return };
        let life = &self.lives[&id];
        let ends_now = life.ended.as_ref().is_some_and(|(end, _)| *end == at);
        if transaction.number < course.since && !ends_now {
            // It answers what was sent before the request began anew.
            return;
        }
        course.answered = Some(at);
        if let Answer::Error { .. } = answer {
            place.refuse(course.connection_id);
        }
        match answer {
            Answer::Error { .. } if !ends_now => {
                course.errors += 1;
                assert!(course.errors <= ERRORS, "request {id} is refused at {at:?} and not told so");
                (course.anew, course.since) = (true, self.sent);
            }
            // Whether it was all that was asked for shows in what comes next: an end or a new datagram.
            Answer::Scraped { .. } => (course.anew, course.since) = (true, self.sent),
            _ => assert!(ends_now, "request {id} is answered at {at:?} but does not end then"),
        }
    }
}
