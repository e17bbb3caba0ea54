//! The requests of one path, and all that is known of their hosts and trackers: the half of a path that needs no socket.

use std::{cell::RefCell, collections::VecDeque, net::SocketAddr, sync::Arc, time::Duration};

use crate::proto::{self, Client, Config, Counters, Instant, Outcome, Request, RequestId, Trace};

use super::{
    Decision, Failure, Found, SessionId, Sessions, Start, Transport,
    messages::session_of,
    names::{
        addresses::IndexOf,
        resolver::{Event, LookUp, Resolver},
    },
};

/// How long a path is kept after its last request: past its connection IDs' life and any late answer.
const KEPT: Duration = Duration::from_secs(120);
/// How often it is looked for hosts whose addresses are silent while requests are under way, and how often at most.
const LOOKS: Duration = Duration::from_secs(2);
const SHORTEST_LOOK: Duration = Duration::from_millis(100);

/// What has become of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Addresses or the way out are others.
    Moved,
    /// Something has changed that may have made somebody reachable.
    Up,
}

pub(crate) struct Requests {
    transport: Arc<Transport>,
    pub(crate) client: Client,
    resolver: Resolver,
    /// When it is next looked for hosts whose addresses are silent, and when it was last.
    silence_at: Option<Instant>,
    silence_seen: Option<Instant>,
    /// What there is to do about look-ups.
    wanted: VecDeque<LookUp>,
    /// Requests that have failed on this side of the client.
    failed: Vec<(RequestId, Failure)>,
    last_used: Instant,
}

impl Requests {
    pub(crate) fn new(
        now: Instant,
        transport: Arc<Transport>,
        index_of: IndexOf,
        config: Config,
        seed: [u8; 32],
    ) -> Self {
        Self {
            client: Client::new(config, seed),
            resolver: Resolver::new(transport.clone(), index_of),
            silence_at: None,
            silence_seen: None,
            wanted: VecDeque::new(),
            failed: Vec::new(),
            last_used: now,
            transport,
        }
    }

    /// A request whose host is to be looked up first, unless it is an address.
    pub(crate) fn start(&mut self, now: Instant, start: Start) {
        self.last_used = now;
        self.resolver.handle_request(now, start);
        self.follow_look_ups(now);
    }

    /// A request to these addresses.
    pub(crate) fn ask(&mut self, now: Instant, start: Start, addresses: Arc<[SocketAddr]>) {
        self.last_used = now;
        let Start { id, url, schedule, body, .. } = start;
        let (session, host) = (session_of(id), url.authority.clone());
        self.client.handle_request(now, id, Request { session, host, addresses, schedule, body });
    }

    /// The path is needed.
    pub(crate) fn keep(&mut self, now: Instant) {
        self.last_used = now;
    }

    /// A request has failed before anything was asked.
    pub(crate) fn fail(&mut self, now: Instant, id: RequestId, failure: Failure) {
        self.last_used = now;
        self.failed.push((id, failure));
    }

    /// Ends every request that has its addresses.
    pub(crate) fn fail_all(&mut self, now: Instant, failure: &Failure) {
        let ids = RefCell::new(Vec::new());
        self.client.handle_cancel_all(now, |id| {
            ids.borrow_mut().push(id);
            true
        });
        self.failed.extend(ids.into_inner().into_iter().map(|id| (id, failure.clone())));
    }

    pub(crate) fn cancel(&mut self, now: Instant, id: RequestId) {
        if self.resolver.handle_cancel(now, id).is_none() {
            self.client.handle_cancel(now, id);
        }
        self.follow_look_ups(now);
    }

    /// Ends a request that has taken so many milliseconds.
    pub(crate) fn give_up(&mut self, now: Instant, id: RequestId, after: f64) {
        match self.resolver.handle_cancel(now, id) {
            Some((_, None)) => {
                self.failed.push((id, Failure::LookUpTimeout(proto::Failure::NotResponding(after))));
            }
            Some((host, Some(error))) => self.failed.push((id, Failure::Resolve { host, error })),
            None => {
                // Its host may have moved: the next request is to find it.
                self.look_for_silence(now, SHORTEST_LOOK);
                self.client.handle_give_up(now, id, after);
            }
        }
        self.follow_look_ups(now);
    }

    pub(crate) fn cancel_session(&mut self, now: Instant, session: SessionId) {
        for id in self.resolver.waiting_of(session) {
            self.cancel(now, id);
        }
        self.client.handle_cancel_all(now, |id| session_of(id) == session);
        self.failed.retain(|(id, _)| session_of(*id) != session);
    }

    /// The look-up of this number has ended.
    pub(crate) fn handle_found(&mut self, now: Instant, number: u32, found: Found) {
        self.resolver.handle_found(now, number, found);
        self.follow_look_ups(now);
    }

    /// Does what is due of look-ups.
    pub(crate) fn handle_look_ups(&mut self, now: Instant) {
        self.resolver.handle_timeout(now);
        self.follow_look_ups(now);
    }

    /// What there is to do about look-ups. Poll until there is nothing.
    pub(crate) fn poll_look_up(&mut self) -> Option<LookUp> {
        self.wanted.pop_front()
    }

    /// Passes on what has come of look-ups: at once, so that each request is either here or there.
    fn follow_look_ups(&mut self, now: Instant) {
        while let Some(event) = self.resolver.poll_event() {
            match event {
                Event::Wanted(look_up) => self.wanted.push_back(look_up),
                Event::Resolved(start, addresses) => self.ask(now, start, addresses),
                Event::Failed(id, failure) => self.failed.push((id, failure)),
                Event::Moved { host, known, addresses } => {
                    self.client.handle_addresses(now, &host, &known, &addresses);
                }
            }
        }
    }

    /// Does what is due of all else.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.client.handle_timeout(now);
        if self.client.pending() > 0 {
            self.last_used = now;
        }
        if self.silence_at.is_some_and(|at| at <= now) {
            self.look_for_silence(now, SHORTEST_LOOK);
            self.silence_at = None;
        }
        if self.client.pending() == 0 || !self.resolver.has_names() {
            self.silence_at = None;
        } else if self.silence_at.is_none() {
            self.silence_at = Some(now + LOOKS);
        }
    }

    /// Has hosts looked up again of which no address answers, unless it has been seen to within `pause`.
    fn look_for_silence(&mut self, now: Instant, pause: Duration) {
        if !self.resolver.has_names() || self.silence_seen.is_some_and(|seen| now < seen + pause) {
            return;
        }
        self.silence_seen = Some(now);
        for (host, addresses) in self.client.silent_hosts(now) {
            self.resolver.handle_silence(now, &host, &addresses);
        }
        self.follow_look_ups(now);
    }

    /// The machine's addresses or routes are others, or it has slept, or something may have become reachable.
    pub(crate) fn handle_network_change(&mut self, now: Instant, change: Change) {
        self.resolver.handle_change(now);
        self.follow_look_ups(now);
        match change {
            Change::Moved => self.client.handle_network_change(now),
            Change::Up => self.client.handle_network_up(now),
        }
        self.silence_seen = None;
        self.look_for_silence(now, SHORTEST_LOOK);
    }

    /// When it wants to be looked after: when something is due, or when nobody needs it any more.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let unused = (!self.is_default() && self.pending() == 0).then(|| self.last_used + KEPT);
        [self.client.poll_timeout(), self.resolver.poll_timeout(), self.silence_at, unused].into_iter().flatten().min()
    }

    /// Whether it has had nothing to do for so long that all it knows is out of date.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        !self.is_default() && self.pending() == 0 && self.failed.is_empty() && now >= self.last_used + KEPT
    }

    fn is_default(&self) -> bool {
        *self.transport == Transport::default()
    }

    pub(crate) fn transport(&self) -> &Arc<Transport> {
        &self.transport
    }

    /// How many requests have not ended.
    pub(crate) fn pending(&self) -> usize {
        self.client.pending() + self.resolver.pending()
    }

    pub(crate) fn counters(&self) -> Counters {
        self.client.counters()
    }

    /// The requests that have failed on this side of the client and have not been told.
    #[cfg(test)]
    pub(crate) fn failed(&self) -> &[(RequestId, Failure)] {
        &self.failed
    }

    /// Passes on every trace, decision and outcome. An address is told as `told_as` says; `real` is `None` for one that
    /// nobody outside knows.
    pub(crate) fn deliver(
        &mut self,
        sessions: &mut Sessions,
        real: impl Fn(SocketAddr) -> Option<SocketAddr>,
        told_as: impl Fn(SocketAddr) -> SocketAddr,
    ) {
        while let Some(trace) = self.client.poll_trace() {
            sessions.trace(&Trace { address: told_as(trace.address), ..trace });
        }
        while let Some((decision, address)) = self.client.poll_decision() {
            sessions.decision(&Decision::Address(decision, told_as(address)));
        }
        while let Some((id, mut outcome)) = self.client.poll_outcome() {
            match &mut outcome {
                Outcome::Failed { address, .. } => *address = address.and_then(&real),
                Outcome::Connected { address, .. } => *address = real(*address).unwrap_or(*address),
                Outcome::Announced(_) | Outcome::Scraped { .. } => {}
            }
            sessions.outcome(id, &outcome);
        }
        for (id, failure) in std::mem::take(&mut self.failed) {
            sessions.failure(id, &failure);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        proto::{AnnounceUrl, Body, InfoHash, Schedule, Scrape},
        requests::{LookUpError, TransportError},
    };

    const NOW: Instant = Instant::START;
    const ADDRESS: [u8; 4] = [192, 0, 2, 1];

    fn requests() -> Requests {
        let no_index = |zone: &str| Err(TransportError::NoInterface(zone.into()));
        Requests::new(NOW, Arc::default(), no_index, Config { receive_buffer: 200_000 }, [5; 32])
    }

    fn start(requests: &mut Requests, session: u64, number: u64, url: &str) -> RequestId {
        let id = RequestId(session << 32 | number);
        let url = Arc::new(AnnounceUrl::parse(url).unwrap());
        let body = Body::Scrape(Scrape { info_hashes: vec![InfoHash([1; 20])] });
        requests.start(NOW, Start { id, url, family: None, transport: None, schedule: Schedule::new(15_000.0), body });
        id
    }

    /// The number of the look-up that is wanted next.
    fn look_up(requests: &mut Requests) -> u32 {
        match requests.poll_look_up() {
            Some(LookUp::Begin(number, ..)) => number,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_given_up_in_its_look_up_says_so() {
        let mut requests = requests();
        let first = start(&mut requests, 1, 1, "udp://t.example:7");
        let number = look_up(&mut requests);
        requests.give_up(NOW, first, 50.0);
        let timeout = Failure::LookUpTimeout(proto::Failure::NotResponding(50.0));
        assert_eq!(std::mem::take(&mut requests.failed), [(first, timeout)]);
        assert_eq!(requests.poll_look_up(), Some(LookUp::Forget(number)));

        // What may pass is asked for again; whoever cannot wait for that hears why.
        let second = start(&mut requests, 1, 2, "udp://t.example:7");
        let number = look_up(&mut requests);
        requests.handle_found(NOW, number, Err(LookUpError::TryAgain));
        requests.give_up(NOW, second, 50.0);
        let failure = Failure::Resolve { host: "t.example".into(), error: LookUpError::TryAgain };
        assert_eq!(requests.failed, [(second, failure)]);
        assert_eq!(requests.pending(), 0);
    }

    #[test]
    fn a_session_takes_with_it_what_it_has_asked_for_and_nobody_elses() {
        let mut requests = requests();
        for session in [1, 2] {
            start(&mut requests, session, 1, "udp://t.example:7");
            start(&mut requests, session, 2, "udp://192.0.2.1:7");
        }
        requests.cancel_session(NOW, 1);
        assert_eq!((requests.pending(), requests.resolver.pending(), requests.client.pending()), (2, 1, 1));
        let number = look_up(&mut requests);
        requests.handle_found(NOW, number, Ok(vec![ADDRESS.into()]));
        assert_eq!((requests.resolver.pending(), requests.client.pending()), (0, 2));
        requests.cancel_session(NOW, 2);
        assert_eq!((requests.pending(), requests.failed.len()), (0, 0));
    }

    #[test]
    fn all_that_has_its_addresses_fails_with_a_proxy_and_no_other() {
        let mut requests = requests();
        start(&mut requests, 1, 1, "udp://t.example:7");
        let id = start(&mut requests, 1, 2, "udp://192.0.2.1:7");
        requests.fail_all(NOW, &Failure::Unreadable);
        assert_eq!(requests.failed, [(id, Failure::Unreadable)]);
        assert_eq!(requests.pending(), 1);
    }

    #[test]
    fn a_host_that_is_silent_is_looked_up_again_while_requests_wait() {
        let mut requests = requests();
        start(&mut requests, 1, 1, "udp://t.example:7");
        let number = look_up(&mut requests);
        requests.handle_found(NOW, number, Ok(vec![ADDRESS.into()]));
        let mut now = NOW;
        loop {
            while requests.client.poll_transmit(now, &mut Vec::new()).is_some() {}
            now = requests.poll_timeout().unwrap();
            assert!(now < NOW + Duration::from_secs(30), "it is not looked up");
            requests.handle_look_ups(now);
            requests.handle_timeout(now);
            if let Some(LookUp::Begin(_, host, _)) = requests.poll_look_up() {
                assert_eq!(&*host, "t.example");
                let decided = LookUp::Decided(Decision::LookUpOfSilent("t.example".into()));
                return assert_eq!(requests.poll_look_up(), Some(decided));
            }
        }
    }
}
