//! The contract, computed a second time from the log alone: when a send may come, which connection ID it may carry, how a
//! request may end.
//!
//! Nothing here asks the client. What one request may expect when nobody shares its address is in [`super::single_request`];
//! here stand the rules that hold whoever else is about.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::SocketAddr,
    time::Duration,
};

use bittorrent_udp_tracker::proto::{Origin, RequestId};

use super::{
    Simulation,
    address_state::{AddressState, Transaction},
    endings::check_end,
    log::{Entry, History, Sent},
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
pub(crate) fn wait(history: &History, n: u32) -> Duration {
    Duration::from_millis(history.timeout_ms << n.min(7))
}

/// No RTO is shorter: the smoothed round trip and 200 ms, or a second while there is no sample.
pub(crate) fn lowest_rto(shortest_round_trip: Option<Duration>) -> Duration {
    let unmeasured = Duration::from_secs(1);
    shortest_round_trip.map_or(unmeasured, |shortest| unmeasured.min(shortest + Duration::from_millis(200)))
}

/// Checks everything that happened against the rules.
pub(crate) fn check_rules(simulation: &Simulation) {
    let mut asking: HashMap<SocketAddr, Vec<u64>> = HashMap::new();
    for (id, history) in &simulation.histories {
        history.addresses.iter().for_each(|address| asking.entry(*address).or_default().push(*id));
    }
    let mut rules = Rules {
        histories: &simulation.histories,
        asking,
        sent: 0,
        addresses: HashMap::new(),
        requests: HashMap::new(),
        over: HashSet::new(),
    };
    for (at, entry) in &simulation.log {
        match entry {
            Entry::Begun(_) => {}
            Entry::Sent(sent) => rules.sent(*at, sent),
            Entry::Received { from, bytes } => rules.received(*at, *from, bytes),
            Entry::Slept(slept) => rules.addresses.values_mut().for_each(|state| state.age(*slept)),
            Entry::Cancelled(id) => drop(rules.over.insert(*id)),
            Entry::Ended(id) => {
                assert!(rules.over.insert(*id), "request {id} ends twice or after it was cancelled");
                check_end(*at, *id, &simulation.histories[id], &rules.addresses, rules.requests.get(id));
            }
        }
    }
}

struct Rules<'a> {
    histories: &'a BTreeMap<u64, History>,
    /// The requests that have an address.
    asking: HashMap<SocketAddr, Vec<u64>>,
    /// How many datagrams have been sent.
    sent: usize,
    addresses: HashMap<SocketAddr, AddressState>,
    requests: HashMap<u64, Progress>,
    over: HashSet<u64>,
}

/// What a request has done so far.
pub(crate) struct Progress {
    at: Duration,
    to: SocketAddr,
    connection_id: u64,
    /// Sends since the beginning, or since the answer that made it start over.
    sends: u32,
    /// Those of them with another connection ID than the one before.
    renewals: u32,
    failed: bool,
    /// Whether an answer made it start over.
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
        let state = self.addresses.entry(sent.to).or_default();
        let transaction = Transaction { at, number: self.sent, whose: id, answered: false };
        self.sent += 1;
        let before = state.transactions.insert(sent.packet.transaction_id(), transaction);
        assert!(before.is_none(), "each send has a transaction ID of its own, but not that at {at:?} to {}", sent.to);
    }

    fn sent_connect(&mut self, at: Duration, sent: &Sent) {
        let asking = self.asking.get(&sent.to).into_iter().flatten();
        let concerned = asking
            .filter(|id| !self.over.contains(id))
            .map(|id| &self.histories[id])
            .filter(|history| history.begun <= at);
        // It may run in a race of several, also while its address is silent and has a connection ID.
        let may_race = concerned.clone().any(|history| history.addresses.len() > 1);
        let shortest = concerned.map(|history| history.timeout_ms).min();
        let shortest = shortest.unwrap_or_else(|| panic!("a connect to {} at {at:?} that nobody wants", sent.to));
        let state = self.addresses.entry(sent.to).or_default();
        let is_first = state.connect_under_way.is_none();
        if let Some(usable) = state.in_use().filter(|known| is_first && known.is_alive(at) && !known.refused) {
            // The same connection ID twice without an answer is a reason to doubt it, and so is an RTO that was missed.
            let rto = lowest_rto(state.shortest);
            let is_over = |id| self.over.contains(id) && self.histories[id].cancelled.is_none();
            let mut all_progress = self.requests.iter().filter(|(id, _)| !is_over(*id));
            let missed =
                all_progress.any(|(_, progress)| progress.connection_id == usable.id && at >= progress.at + rto);
            assert!(
                usable.doubted || may_race || missed,
                "a connect at {at:?} to {}, whose connection ID is good",
                sent.to
            );
        }
        if let Some((last, shortest_then)) = state.connect_under_way {
            let wait = lowest_rto(state.shortest).min(Duration::from_millis(2 * shortest.min(shortest_then)));
            assert!(at >= last + wait, "a connect to {} at {last:?} is sent again at {at:?}", sent.to);
        }
        state.connect_under_way = (!sent.failed).then_some((at, shortest));
    }

    fn sent_request(&mut self, at: Duration, id: u64, sent: &Sent) {
        let history = &self.histories[&id];
        assert!(!self.over.contains(&id), "request {id} is over and sent at {at:?}");
        assert!(history.addresses.contains(&sent.to), "request {id} has no address {}", sent.to);
        let connection_id = sent.packet.connection_id().expect("a request carries a connection ID");
        let state = self.addresses.entry(sent.to).or_default();
        state.use_id(at, connection_id);

        let before = self.requests.remove(&id);
        let (mut sends, mut renewals) = (1, 0);
        if let Some(before) = before.as_ref().filter(|before| !before.anew) {
            sends = before.sends + 1;
            if before.to == sent.to && before.connection_id == connection_id {
                state.doubt(connection_id);
            }
            let own = wait(history, before.sends);
            let is_own_clock = history.timeout_ms < OWN_CLOCK_BELOW_MS;
            let lowest = if is_own_clock { own } else { own.min(lowest_rto(self.addresses[&before.to].shortest)) };
            // With several addresses, or after a send that failed, it goes where it can, and with a new connection ID at
            // once.
            let is_renewed = before.connection_id != connection_id;
            renewals = before.renewals + u32::from(is_renewed);
            if history.addresses.len() == 1 && !before.failed {
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
        let progress =
            Progress { at, to, connection_id, sends, renewals, failed, anew: false, since, errors, answered: None };
        self.requests.insert(id, progress);
    }

    fn received(&mut self, at: Duration, from: SocketAddr, bytes: &[u8]) {
        let state = self.addresses.entry(from).or_default();
        let answer = read(bytes);
        let Some(of) = answer.transaction_id() else { return state.stray(at) };
        let Some(transaction) = state.transaction(at, of) else { return };
        let Some(id) = transaction.whose else {
            state.connect_answered(at, &answer);
            return;
        };
        if self.over.contains(&id) {
            return;
        }
        let Some(progress) = self.requests.get_mut(&id) else { return };
        let history = &self.histories[&id];
        let ends_now = history.ended.as_ref().is_some_and(|(end, _)| *end == at);
        if transaction.number < progress.since && !ends_now {
            // It answers what was sent before the request began anew.
            return;
        }
        progress.answered = Some(at);
        if let Answer::Error { .. } = answer {
            state.refuse(progress.connection_id);
        }
        match answer {
            Answer::Error { .. } if !ends_now => {
                progress.errors += 1;
                assert!(progress.errors <= ERRORS, "request {id} is refused at {at:?} and not told so");
                (progress.anew, progress.since) = (true, self.sent);
            }
            // Whether it was all that was asked for shows in what comes next: an end or a new datagram.
            Answer::Scraped { .. } => (progress.anew, progress.since) = (true, self.sent),
            _ => assert!(ends_now, "request {id} is answered at {at:?} but does not end then"),
        }
    }
}
