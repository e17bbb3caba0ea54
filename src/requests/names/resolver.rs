//! The hosts of one path: one look-up a host however many requests, ports and URLs wait for it, and what becomes of these.
//! Nothing here asks anybody: whoever drives it makes the look-ups that it wants.

use std::{
    collections::{BTreeSet, VecDeque},
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use crate::proto::{self, AnnounceUrl, Body, Family, Instant, Map, RequestId};

use super::{
    super::{
        Failure, Transport,
        messages::{Decision, Found, SessionId, Start, session_of},
    },
    addresses::{IndexOf, are_lasting, arrange},
    error::LookUpError,
    host::{End, Host},
};

/// How many hosts are remembered that no request needs.
const MOST_HOSTS: usize = 4096;
/// A table that a burst has made larger than this is given back after it.
const LARGE: usize = 1024;

/// What is looked up. Without a family it is for both.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Question {
    name: Arc<str>,
    family: Option<Family>,
}

/// A place that requests go to: host and port as a text, and the family that they want.
type Place = (Arc<str>, Option<Family>);

struct Entry {
    host: Host,
    /// Where it stands among the deadlines.
    due: Option<Instant>,
    /// The number of the one that is under way.
    look_up: Option<u32>,
    /// How many look-ups have failed in a row.
    failed: u32,
    places: Vec<Place>,
}

impl Entry {
    fn new(may_be_stale: bool) -> Self {
        Self { host: Host::new(may_be_stale), due: None, look_up: None, failed: 0, places: Vec::new() }
    }
}

/// The addresses of a place.
struct Arranged {
    question: Question,
    url: Arc<AnnounceUrl>,
    /// What the host had when they were arranged.
    ips: Arc<[IpAddr]>,
    addresses: Arc<[SocketAddr]>,
}

/// What the latest request was told. Torrents of one tracker follow each other, and this spares them the tables.
struct Latest {
    url: Arc<AnnounceUrl>,
    family: Option<Family>,
    addresses: Arc<[SocketAddr]>,
    until: Option<Instant>,
}

/// What whoever drives the resolver has to do with look-ups.
#[derive(Debug, PartialEq)]
pub(crate) enum LookUp {
    /// The addresses of a name are wanted, of one family if it is given. What is found comes back with this number, which
    /// no other look-up of the process has.
    Begin(u32, Arc<str>, Option<Family>),
    /// Nobody waits for the one of this number any more.
    Forget(u32),
    /// Not a task: something was decided.
    Decided(Decision),
}

/// What comes of look-ups.
pub(crate) enum Event {
    /// There is something to do.
    Wanted(LookUp),
    /// A request has its host's addresses.
    Resolved(Start, Arc<[SocketAddr]>),
    /// It will have none.
    Failed(RequestId, Failure),
    /// A host, as requests name it, has other addresses than `known`.
    Moved { host: Arc<str>, known: Arc<[SocketAddr]>, addresses: Arc<[SocketAddr]> },
}

pub(crate) struct Resolver {
    transport: Arc<Transport>,
    index_of: IndexOf,
    hosts: Map<Question, Entry>,
    places: Map<Place, Arranged>,
    /// Requests that wait, by number, and since when.
    waiting: Map<RequestId, (Start, Question, Instant)>,
    deadlines: BTreeSet<(Instant, Question)>,
    latest: Option<Latest>,
    look_ups: Map<u32, Question>,
    events: VecDeque<Event>,
    /// How often hosts have been asked for or found since those that nobody needs were forgotten.
    changes: usize,
}

impl Resolver {
    pub(crate) fn new(transport: Arc<Transport>, index_of: IndexOf) -> Self {
        Self {
            transport,
            index_of,
            hosts: Map::default(),
            places: Map::default(),
            waiting: Map::default(),
            deadlines: BTreeSet::new(),
            latest: None,
            look_ups: Map::default(),
            events: VecDeque::new(),
            changes: 0,
        }
    }

    /// A request wants its host's addresses. An [`Event`] tells what comes of it; until then it waits, and longest for as
    /// long as it would for a connect.
    pub(crate) fn handle_request(&mut self, now: Instant, start: Start) {
        if let Some(addresses) = self.told_latest(now, &start) {
            return self.events.push_back(Event::Resolved(start, addresses));
        }
        let literal = match &start.url.host {
            proto::Host::Ipv4(ip) => Some(IpAddr::V4(*ip)),
            proto::Host::Ipv6(ip) => Some(IpAddr::V6(*ip)),
            proto::Host::Domain(_) => None,
        };
        // The application's own look-up is asked for addresses too: it is where they may be refused.
        if let Some(ip) = literal
            && self.transport.lookup.is_none()
        {
            let addresses = arrange(&self.transport, self.index_of, &start.url, start.family, &[ip]);
            return self.resolve(start, addresses, None);
        }
        let place = (start.url.authority.clone(), start.family);
        let question = match self.places.get(&place) {
            Some(arranged) => arranged.question.clone(),
            None => self.question(literal, &start),
        };
        let may_be_stale = self.transport.lookup.is_none();
        let entry = self.hosts.entry(question.clone()).or_insert_with(|| Entry::new(may_be_stale));
        let ips = entry.host.handle_request(now, start.id, now + start.schedule.total());
        let until = entry.host.good_until();
        match ips {
            Some(ips) => {
                let addresses = self.arranged(&question, place, &start.url, &ips);
                self.resolve(start, addresses, until);
            }
            None => drop(self.waiting.insert(start.id, (start, question.clone(), now))),
        }
        self.follow(now, &question);
        self.forget_idle();
    }

    fn told_latest(&self, now: Instant, start: &Start) -> Option<Arc<[SocketAddr]>> {
        let latest = self.latest.as_ref()?;
        let is_same = Arc::ptr_eq(&latest.url, &start.url) && latest.family == start.family;
        (is_same && latest.until.is_none_or(|until| now < until)).then(|| latest.addresses.clone())
    }

    fn resolve(&mut self, start: Start, addresses: Result<Arc<[SocketAddr]>, Failure>, until: Option<Instant>) {
        let event = match addresses {
            Ok(addresses) => {
                self.latest = are_lasting(&addresses).then(|| Latest {
                    url: start.url.clone(),
                    family: start.family,
                    addresses: addresses.clone(),
                    until,
                });
                Event::Resolved(start, addresses)
            }
            Err(failure) => Event::Failed(start.id, failure),
        };
        self.events.push_back(event);
    }

    fn question(&self, literal: Option<IpAddr>, start: &Start) -> Question {
        // An IPv6 address has no brackets when it is asked about.
        let name = literal.map_or_else(|| start.url.host.to_string(), |ip| ip.to_string());
        Question { name: name.into(), family: start.family.filter(|_| !self.transport.answers_both()) }
    }

    /// The addresses of a place, of those that its host has.
    fn arranged(
        &mut self,
        question: &Question,
        place: Place,
        url: &Arc<AnnounceUrl>,
        ips: &Arc<[IpAddr]>,
    ) -> Result<Arc<[SocketAddr]>, Failure> {
        let before = self.places.get(&place);
        if let Some(before) = before
            && Arc::ptr_eq(&before.ips, ips)
            && are_lasting(&before.addresses)
        {
            return Ok(before.addresses.clone());
        }
        let addresses = arrange(&self.transport, self.index_of, url, place.1, ips)?;
        if let Some(Arranged { addresses: known, .. }) = before
            && *known != addresses
        {
            // Requests that are under way have the old ones.
            let moved = Event::Moved { host: place.0.clone(), known: known.clone(), addresses: addresses.clone() };
            self.events.push_back(moved);
        }
        if before.is_none()
            && let Some(entry) = self.hosts.get_mut(question)
        {
            entry.places.push(place.clone());
        }
        let (url, ips) = (url.clone(), ips.clone());
        let arranged = Arranged { question: question.clone(), url, ips, addresses: addresses.clone() };
        self.places.insert(place, arranged);
        Ok(addresses)
    }

    /// A request waits no longer. Returns `None` if it did not, and otherwise its host and why that has no addresses yet, if
    /// this is known.
    pub(crate) fn handle_cancel(&mut self, now: Instant, id: RequestId) -> Option<(String, Option<LookUpError>)> {
        let (start, question, _) = self.waiting.remove(&id)?;
        let entry = self.hosts.get_mut(&question)?;
        entry.host.handle_cancel(id);
        let error = entry.host.error().cloned();
        self.follow(now, &question);
        self.give_back();
        Some((start.url.host.to_string(), error))
    }

    /// The requests of a session that wait.
    pub(crate) fn waiting_of(&self, session: SessionId) -> Vec<RequestId> {
        self.waiting.keys().copied().filter(|id| session_of(*id) == session).collect()
    }

    /// No address of a host, as requests name it, answers.
    pub(crate) fn handle_silence(&mut self, now: Instant, host: &Arc<str>, addresses: &[SocketAddr]) {
        for family in [None, Some(Family::V4), Some(Family::V6)] {
            let arranged = self.places.get(&(host.clone(), family));
            let Some(arranged) = arranged.filter(|arranged| *arranged.addresses == *addresses) else { continue };
            let question = arranged.question.clone();
            let Some(entry) = self.hosts.get_mut(&question) else { continue };
            let before = entry.look_up;
            entry.host.handle_doubt(now);
            self.follow(now, &question);
            if self.hosts.get(&question).is_some_and(|entry| entry.look_up != before) {
                let decided = Decision::LookUpOfSilent(question.name.to_string());
                self.events.push_back(Event::Wanted(LookUp::Decided(decided)));
            }
        }
    }

    /// The machine is in another network, or has slept: whoever waits tries at once, and nothing that is known is good
    /// without a question.
    pub(crate) fn handle_change(&mut self, now: Instant) {
        self.latest = None;
        let questions: Vec<Question> = self.hosts.keys().cloned().collect();
        for question in questions {
            if let Some(entry) = self.hosts.get_mut(&question) {
                entry.host.handle_change(now);
                if entry.host.is_idle()
                    && let Some(look_up) = entry.look_up.take()
                {
                    self.forget(look_up);
                }
            }
            self.follow(now, &question);
        }
    }

    /// The look-up of this number has ended. One that was forgotten may end all the same.
    pub(crate) fn handle_found(&mut self, now: Instant, number: u32, found: Found) {
        if let Some(question) = self.look_ups.remove(&number) {
            self.finish(now, &question, found);
        }
    }

    /// Does what is due.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        while let Some((at, question)) = self.deadlines.first().cloned()
            && at <= now
        {
            if let Some(entry) = self.hosts.get_mut(&question) {
                let end = entry.host.handle_timeout(now);
                self.end(now, &question, end);
                self.follow(now, &question);
            } else {
                self.deadlines.remove(&(at, question));
            }
        }
    }

    fn finish(&mut self, now: Instant, question: &Question, found: Found) {
        let Some(entry) = self.hosts.get_mut(question) else { return };
        entry.look_up = None;
        entry.failed = if found.is_ok() { 0 } else { entry.failed + 1 };
        let end = match found {
            Ok(ips) => {
                let (end, is_new) = entry.host.handle_found(now, ips);
                if is_new {
                    self.arrange_again(question);
                }
                Some(end)
            }
            Err(error) => entry.host.handle_failed(now, error),
        };
        self.latest = None;
        self.end(now, question, end);
        self.follow(now, question);
        self.forget_idle();
        self.give_back();
    }

    /// A host has new addresses: the requests under way at its places hear of them.
    fn arrange_again(&mut self, question: &Question) {
        let Some(entry) = self.hosts.get(question) else { return };
        let Some(ips) = entry.host.ips().cloned() else { return };
        for place in entry.places.clone() {
            if let Some(url) = self.places.get(&place).map(|arranged| arranged.url.clone()) {
                // Where there is nothing that may be asked, they stay as they are.
                let _ = self.arranged(question, place, &url, &ips);
            }
        }
    }

    fn end(&mut self, now: Instant, question: &Question, end: Option<End>) {
        match end {
            None => {}
            Some(End::Found(ids, ips)) => {
                for id in ids {
                    if let Some((mut start, _, since)) = self.waiting.remove(&id) {
                        if let Body::Connect(connect) = &mut start.body {
                            connect.looked_up = Some(now.saturating_duration_since(since));
                        }
                        let place = (start.url.authority.clone(), start.family);
                        let addresses = self.arranged(question, place, &start.url, &ips);
                        self.resolve(start, addresses, None);
                    }
                }
                // It was told what may be good no longer.
                self.latest = None;
            }
            Some(End::Failed(ids, error)) => {
                for id in ids {
                    if let Some((start, ..)) = self.waiting.remove(&id) {
                        let failure = Failure::Resolve { host: start.url.host.to_string(), error: error.clone() };
                        self.events.push_back(Event::Failed(id, failure));
                    }
                }
            }
        }
    }

    /// Begins a host's look-up when it is time, and sees to it that the host is looked after in time. One that nobody waits
    /// for and nothing is known of is forgotten.
    fn follow(&mut self, now: Instant, question: &Question) {
        let Some(entry) = self.hosts.get_mut(question) else { return };
        if entry.host.is_unwanted() {
            return self.remove(question);
        }
        if entry.host.poll_look_up(now) {
            static LAST: AtomicU32 = AtomicU32::new(0);
            let number = LAST.fetch_add(1, Ordering::Relaxed);
            let before = entry.look_up.replace(number);
            if entry.failed > 0 {
                let repeated = Decision::LookUpRepeated(question.name.to_string());
                self.events.push_back(Event::Wanted(LookUp::Decided(repeated)));
            }
            self.look_ups.insert(number, question.clone());
            self.events.push_back(Event::Wanted(LookUp::Begin(number, question.name.clone(), question.family)));
            if let Some(before) = before {
                self.forget(before);
            }
        }
        let Some(entry) = self.hosts.get_mut(question) else { return };
        let due = entry.host.poll_timeout();
        if due != entry.due {
            if let Some(before) = entry.due {
                self.deadlines.remove(&(before, question.clone()));
            }
            if let Some(due) = due {
                self.deadlines.insert((due, question.clone()));
            }
            entry.due = due;
        }
    }

    fn remove(&mut self, question: &Question) {
        let Some(entry) = self.hosts.remove(question) else { return };
        if let Some(look_up) = entry.look_up {
            self.forget(look_up);
        }
        if let Some(due) = entry.due {
            self.deadlines.remove(&(due, question.clone()));
        }
        for place in entry.places {
            self.places.remove(&place);
        }
    }

    fn forget(&mut self, look_up: u32) {
        if self.look_ups.remove(&look_up).is_some() {
            self.events.push_back(Event::Wanted(LookUp::Forget(look_up)));
        }
    }

    /// Forgets hosts that no request waits for or has the addresses of, when there are many.
    fn forget_idle(&mut self) {
        self.changes += 1;
        if self.hosts.len() <= MOST_HOSTS || self.changes < self.hosts.len() / 2 {
            return;
        }
        self.changes = 0;
        let Self { hosts, places, .. } = self;
        let is_used = |place| places.get(place).is_some_and(|arranged| Arc::strong_count(&arranged.addresses) > 1);
        let idle = hosts.iter().filter(|(_, entry)| entry.host.is_idle() && !entry.places.iter().any(is_used));
        for question in idle.map(|(question, _)| question.clone()).collect::<Vec<_>>() {
            self.remove(&question);
        }
    }

    fn give_back(&mut self) {
        if self.waiting.is_empty() && self.waiting.capacity() > LARGE {
            self.waiting = Map::default();
        }
        if self.look_ups.is_empty() && self.look_ups.capacity() > LARGE {
            self.look_ups = Map::default();
        }
        if self.hosts.capacity() > 4 * MOST_HOSTS.max(self.hosts.len()) {
            self.hosts.shrink_to(MOST_HOSTS);
            self.places.shrink_to(MOST_HOSTS);
        }
    }

    /// What has come of look-ups. Poll until there is nothing.
    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// How many requests wait.
    pub(crate) fn pending(&self) -> usize {
        self.waiting.len()
    }

    /// Whether requests may be under way to hosts that have a name.
    pub(crate) fn has_names(&self) -> bool {
        !self.places.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        proto::{InfoHash, Schedule, Scrape},
        requests::CallerLookup,
    };

    /// A resolver, and what has come out of it.
    struct Test {
        resolver: Resolver,
        wanted: VecDeque<LookUp>,
        /// Of requests: their numbers, and where they are to go or the text of their failure.
        told: Vec<(u64, String)>,
    }

    impl Test {
        /// Of an application's own look-up.
        fn new() -> Self {
            let lookup = Some(CallerLookup { session: 1, function: 1 });
            Self::of(Transport { lookup, ..Transport::default() })
        }

        fn of(transport: Transport) -> Self {
            let index_of = |_: &str| panic!("no address has a zone");
            let resolver = Resolver::new(Arc::new(transport), index_of);
            Self { resolver, wanted: VecDeque::new(), told: Vec::new() }
        }

        fn request(&mut self, now: Instant, id: u64, url: &Arc<AnnounceUrl>, family: Option<Family>) {
            self.resolver.handle_request(now, start(id, url, family));
        }

        fn poll(&mut self) {
            while let Some(event) = self.resolver.poll_event() {
                self.told.push(match event {
                    Event::Wanted(look_up) => {
                        self.wanted.push_back(look_up);
                        continue;
                    }
                    Event::Resolved(start, addresses) => (start.id.0, format!("{addresses:?}")),
                    Event::Failed(id, failure) => (id.0, failure.to_string()),
                    Event::Moved { host, known, addresses } => (0, format!("{host} {known:?} {addresses:?}")),
                });
            }
        }

        /// The look-up that is to begin next: its number and what is asked.
        fn begun(&mut self) -> Option<(u32, String, Option<Family>)> {
            self.poll();
            while let Some(wanted) = self.wanted.pop_front() {
                if let LookUp::Begin(number, name, family) = wanted {
                    return Some((number, name.to_string(), family));
                }
            }
            None
        }

        /// The next look-up has found this.
        fn find(&mut self, now: Instant, found: Found) {
            let (number, ..) = self.begun().unwrap();
            self.resolver.handle_found(now, number, found);
        }

        fn told(&mut self) -> Vec<(u64, String)> {
            self.poll();
            self.told.sort();
            std::mem::take(&mut self.told)
        }
    }

    fn url(text: &str) -> Arc<AnnounceUrl> {
        Arc::new(AnnounceUrl::parse(text).unwrap())
    }

    fn start(id: u64, url: &Arc<AnnounceUrl>, family: Option<Family>) -> Start {
        let body = Body::Scrape(Scrape { info_hashes: [InfoHash([1; 20])].into() });
        let (id, url, schedule) = (RequestId(id), url.clone(), Schedule::new(15_000.0));
        Start { id, url, family, transport: None, schedule, body }
    }

    fn ip(last: u8) -> IpAddr {
        [10, 0, 0, last].into()
    }

    #[test]
    fn the_ports_and_urls_of_a_host_have_one_look_up() {
        let (mut test, now) = (Test::new(), Instant::START);
        for (id, text) in ["udp://h.example:1", "udp://h.example:2/announce", "udp://h.example:2/x"].iter().enumerate()
        {
            test.request(now, id as u64, &url(text), None);
        }
        let (number, name, family) = test.begun().unwrap();
        assert_eq!((name.as_str(), family), ("h.example", None));
        assert_eq!(test.begun(), None);
        test.resolver.handle_found(now, number, Ok(vec![ip(1)]));
        let told = |port| format!("[10.0.0.1:{port}]");
        assert_eq!(test.told(), [(0, told(1)), (1, told(2)), (2, told(2))]);
        test.request(now, 3, &url("udp://h.example:3"), None);
        assert_eq!(test.told(), [(3, told(3))]);
        assert_eq!((test.begun(), test.resolver.pending()), (None, 0));
    }

    #[test]
    fn the_system_is_asked_once_for_both_families_and_others_for_each() {
        let now = Instant::START;
        for (mut test, look_ups) in [(Test::of(Transport::default()), 1), (Test::new(), 3)] {
            for (id, family) in [None, Some(Family::V4), Some(Family::V6)].into_iter().enumerate() {
                test.request(now, id as u64, &url("udp://localhost:1"), family);
            }
            assert_eq!(test.resolver.hosts.len(), look_ups);
        }
    }

    #[test]
    fn a_number_that_was_given_up_is_never_told_another_hosts_addresses() {
        let (mut test, now) = (Test::new(), Instant::START);
        let first = url("udp://first.example:1");
        test.request(now, 1, &first, None);
        test.request(now, 2, &first, None);
        let (number, ..) = test.begun().unwrap();
        assert!(test.resolver.handle_cancel(now, RequestId(1)).is_some());
        assert!(test.resolver.handle_cancel(now, RequestId(1)).is_none());
        // The number is free, and somebody else's request takes it.
        test.request(now, 1, &url("udp://second.example:1"), None);
        test.resolver.handle_found(now, number, Ok(vec![ip(1)]));
        assert_eq!(test.told(), [(2, "[10.0.0.1:1]".into())]);
        test.find(now, Ok(vec![ip(2)]));
        assert_eq!(test.told(), [(1, "[10.0.0.2:1]".into())]);
    }

    #[test]
    fn the_last_who_gives_up_ends_the_look_up() {
        let (mut test, now) = (Test::new(), Instant::START);
        let host = url("udp://h.example:1");
        test.request(now, 1, &host, None);
        test.request(now, 2, &host, None);
        let (number, ..) = test.begun().unwrap();
        test.resolver.handle_cancel(now, RequestId(1));
        test.poll();
        assert!(test.wanted.is_empty());
        test.resolver.handle_cancel(now, RequestId(2));
        test.poll();
        assert_eq!(test.wanted, [LookUp::Forget(number)]);
        let Test { resolver, .. } = &mut test;
        assert!(resolver.hosts.is_empty() && resolver.deadlines.is_empty() && resolver.waiting.is_empty());
        // It may have ended in the moment in which it was given up.
        resolver.handle_found(now, number, Ok(vec![ip(1)]));
        assert!(resolver.hosts.is_empty() && resolver.look_ups.is_empty());
    }

    #[test]
    fn a_silent_host_that_has_moved_is_told_with_what_it_had() {
        let (mut test, now) = (Test::new(), Instant::START);
        let host = url("udp://h.example:1");
        test.request(now, 1, &host, None);
        test.find(now, Ok(vec![ip(1)]));
        test.told();
        let later = now + std::time::Duration::from_secs(10);
        let known = [SocketAddr::new(ip(1), 1)];
        test.resolver.handle_silence(later, &"other.example:1".into(), &known);
        test.resolver.handle_silence(later, &host.authority, &[SocketAddr::new(ip(9), 1)]);
        assert_eq!(test.begun(), None);
        test.resolver.handle_silence(later, &host.authority, &known);
        test.find(later, Ok(vec![ip(1), ip(2)]));
        let moved = "h.example:1 [10.0.0.1:1] [10.0.0.1:1, 10.0.0.2:1]";
        assert_eq!(test.told(), [(0, moved.into())]);
        test.request(later, 2, &host, None);
        assert_eq!(test.told(), [(2, "[10.0.0.1:1, 10.0.0.2:1]".into())]);
    }

    #[test]
    fn a_failure_is_told_to_each_who_waits_when_his_time_is_over() {
        let (mut test, now) = (Test::new(), Instant::START);
        let again = || Err(LookUpError::Caller { text: "no network".into(), code: Some("EAI_AGAIN".into()) });
        let host = url("udp://h.example:1");
        let short = Start { schedule: Schedule::new(10.0), ..start(1, &host, None) };
        test.resolver.handle_request(now, short);
        test.request(now, 2, &host, None);
        test.find(now, again());
        assert_eq!(test.told(), []);
        let over = now + Schedule::new(10.0).total();
        test.resolver.handle_timeout(over);
        assert_eq!(test.told(), [(1, "cannot resolve tracker host h.example: no network".into())]);
        assert_eq!(test.wanted.front(), Some(&LookUp::Decided(Decision::LookUpRepeated("h.example".into()))));
        test.find(over, Ok(vec![ip(1)]));
        assert_eq!(test.told(), [(2, "[10.0.0.1:1]".into())]);
        assert_eq!(test.resolver.poll_timeout(), None);
    }

    #[test]
    fn what_many_hosts_needed_is_given_back_and_hosts_that_are_in_use_are_kept() {
        let (mut test, now) = (Test::new(), Instant::START);
        let url = |number| url(&format!("udp://t{number}.example:1"));
        let mut used = Vec::new();
        for number in 0..20_000 {
            test.request(now, number, &url(number), None);
        }
        let Test { mut resolver, .. } = test;
        assert_eq!(resolver.pending(), 20_000);
        while let Some(event) = resolver.poll_event() {
            match event {
                Event::Wanted(LookUp::Begin(number, ..)) => resolver.handle_found(now, number, Ok(vec![ip(1)])),
                Event::Resolved(start, addresses) if start.id.0 % 100 == 0 => {
                    used.push((start.url.authority.clone(), addresses));
                }
                _ => {}
            }
        }
        assert_eq!((resolver.pending(), resolver.look_ups.capacity()), (0, 0));
        for number in 20_000..60_000 {
            resolver.handle_request(now, start(number, &url(number), None));
            resolver.handle_cancel(now, RequestId(number));
        }
        assert!(resolver.hosts.len() <= MOST_HOSTS + 200, "{}", resolver.hosts.len());
        assert!(resolver.hosts.capacity() <= 8 * MOST_HOSTS, "{}", resolver.hosts.capacity());
        assert_eq!(used.len(), 200);
        assert!(used.iter().all(|(host, _)| resolver.places.contains_key(&(host.clone(), None))));
    }
}
