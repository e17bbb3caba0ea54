//! A connect by itself: it goes out whatever connection ID is known, and its own round trip is the answer.
//!
//! It joins no other connect and waits for none. Its address is the one that a request would be sent to; it goes on to the
//! next one where the system, or the network, says that nothing arrives there. A connect that is to be retransmitted tries
//! the others, too, when it is not answered: one each [`STAGGER`], as in a race, and then each again when the RTO has passed.

use std::{collections::VecDeque, net::SocketAddr, sync::Arc, time::Duration};

use super::{
    super::{
        ConnectionId, Failure,
        budget::held_by,
        connection::backoff_after,
        flight::{Purpose, Transaction},
        host::STAGGER,
        packet::{self, action},
        queue::Lane,
        time::Instant,
        tracker::canonical,
    },
    Body, Client, Decision, Origin, Outcome, Transmit,
    receive::mismatch,
    request::{Pending, State},
    route::is_valid,
};

/// What a connect by itself has still to do.
#[derive(Debug)]
pub(super) struct Ping {
    /// The addresses that are not out of the question. The first is the one that is asked.
    addresses: VecDeque<SocketAddr>,
    /// How many of them have been sent one.
    asked: usize,
}

impl Ping {
    /// Whether each address has been asked, one of them twice, and nobody has answered.
    pub(super) fn is_unheard(&self) -> bool {
        self.asked > self.addresses.len()
    }
}

/// Connects by themselves begin so long after each other: a burst of them would measure how long a tracker, or what runs
/// many of them, takes for the others.
const APART: Duration = Duration::from_micros(500);

impl Client {
    /// Begins a connect by itself.
    pub(super) fn start_ping(&mut self, now: Instant, key: usize) {
        let Some(request) = self.requests.get_mut(key) else { return };
        let addresses = self.memory.arrange(&request.host, &request.addresses);
        request.answer_by = Some(now + request.schedule.total());
        request.ping = Some(Box::new(Ping { addresses, asked: 0 }));
        let begins = self.next_ping.max(Some(now)).unwrap_or(now);
        self.next_ping = Some(begins + APART);
        if begins > now {
            return self.enter(key, State::Held { until: begins });
        }
        self.ping(now, key);
    }

    /// Has the address whose turn it is be sent a connect as soon as there is room for the answer.
    fn ping(&mut self, now: Instant, key: usize) {
        self.depart(now, key);
        let ping = self.requests.get(key).and_then(|request| request.ping.as_ref());
        if let Some(&address) = ping.and_then(|ping| ping.addresses.front()) {
            let tracker_key = self.tracker_at(now, address);
            if self.requests.get(key).is_some_and(|request| request.is_next(tracker_key)) {
                self.decide(Decision::NextAddress, tracker_key);
            }
            self.attach(now, key, tracker_key);
        }
    }

    /// The next connect by itself that is to go to an address.
    pub(super) fn transmit_next_ping(
        &mut self,
        now: Instant,
        tracker_key: usize,
        buffer: &mut Vec<u8>,
    ) -> Option<Transmit> {
        let Self { requests, trackers, .. } = self;
        let (_, ticket) =
            trackers.get_mut(tracker_key)?.pings.pop(&[Lane::New], |ticket| is_valid(requests, ticket))?;
        self.transmit_ping(now, tracker_key, ticket.key, buffer)
    }

    /// Takes the connect out that is to go to an address next. Its answer holds a place in our receive buffer.
    fn transmit_ping(
        &mut self,
        now: Instant,
        tracker_key: usize,
        key: usize,
        buffer: &mut Vec<u8>,
    ) -> Option<Transmit> {
        let Self { requests, trackers, random, counters, budget, ports, .. } = self;
        let (request, tracker) = (requests.get_mut(key)?, trackers.get_mut(tracker_key)?);
        let (Some(ping), Body::Connect(connect)) = (&mut request.ping, &request.body) else { return None };
        let previous = request.latest.and_then(|id| tracker.flight.get(id)).map_or(0, |sent| sent.attempt);
        // An address that has not answered the last ones either is asked from a fresh port, too.
        let (lost, is_silent, fresh) = (tracker.lost_pings, tracker.silence.is_silent(), ports.fresh());
        let port = ports.for_connect(now, &mut tracker.port, lost.saturating_add(1), is_silent);
        let is_fresh = ports.fresh() > fresh;
        let transaction = Transaction {
            purpose: Purpose::Ping(key),
            attempt: previous + 1,
            probe: previous + 1,
            since: now,
            time_sent: now,
            sent_with: ConnectionId(packet::PROTOCOL_ID),
            port,
            id_was_used: false,
            block: 0,
            held: held_by(packet::CONNECT_LENGTH) as u32,
            previous: request.latest,
            by_rto: false,
            in_flight: true,
            suspected: false,
        };
        tracker.hold(transaction.held as usize, budget);
        let id = tracker.flight.on_sent(random, transaction);
        request.latest = Some(id);
        ping.asked += 1;
        counters.connects += 1;
        counters.retransmissions += u64::from(previous > 0);
        let again = match ping.asked < ping.addresses.len() {
            _ if !connect.retransmit => request.answer_by.unwrap_or(now),
            true => now + STAGGER,
            false => {
                let rto = tracker.rtt.rto(backoff_after(transaction.attempt));
                now + request.schedule.wait_after(transaction.attempt).min(rto)
            }
        };
        packet::write_connect(buffer, id);
        let (to, origin) = (tracker.address, Origin::Request(request.id));
        let transmit = Transmit { to, port, origin, is_timed: true, is_ping: true };
        self.enter(key, State::Sent { tracker: tracker_key, again });
        if is_fresh {
            self.decide(Decision::FreshPort, tracker_key);
        }
        self.trace(tracker_key, &transaction, None);
        Some(transmit)
    }

    /// Whether a connect by itself that went to an address waits for its answer.
    pub fn is_pinging(&self, to: SocketAddr) -> bool {
        let tracker = self.tracker_keys.get(&canonical(to)).and_then(|key| self.trackers.get(*key));
        tracker.is_some_and(|tracker| tracker.flight.iter().any(|sent| matches!(sent.purpose, Purpose::Ping(_))))
    }

    /// Time has passed over a connect by itself.
    pub(super) fn ping_is_due(&mut self, now: Instant, key: usize) {
        let Some(request) = self.requests.get_mut(key) else { return };
        if request.answer_by <= Some(now) {
            let failure = Failure::NotResponding(request.schedule.given_up_ms());
            return self.fail(now, key, failure);
        }
        if let State::Sent { .. } = request.state()
            && let Some(ping) = &mut request.ping
        {
            ping.addresses.rotate_left(1);
        }
        self.ping(now, key);
    }

    /// A host has other addresses than `known`. A connect by itself that is sent until it is answered goes on to those, unless
    /// the one that it was sent to last is among them: then they are the next.
    pub(super) fn pings_follow(
        &mut self,
        now: Instant,
        host: &Arc<str>,
        known: &[SocketAddr],
        addresses: &Arc<[SocketAddr]>,
    ) {
        let arranged = self.memory.arrange(host, addresses);
        let is_concerned = |request: &Pending| {
            let repeats = matches!(request.body, Body::Connect(connect) if connect.retransmit);
            repeats && request.host == *host && *request.addresses == *known
        };
        let concerned = self.requests.iter().filter(|(_, request)| is_concerned(request));
        for key in concerned.map(|(key, _)| key).collect::<Vec<_>>() {
            let Some(request) = self.requests.get_mut(key) else { continue };
            let is_held = matches!(request.state(), State::Held { .. });
            let Some(ping) = &mut request.ping else { continue };
            let stays = ping.addresses.front().and_then(|last| arranged.iter().position(|address| address == last));
            request.addresses = addresses.clone();
            (ping.addresses, ping.asked) = (arranged.clone(), usize::from(stays.is_some()));
            match stays {
                Some(place) => ping.addresses.rotate_left(place),
                None if is_held => {}
                None => self.ping(now, key),
            }
        }
    }

    /// Nothing that is sent to an address arrives there: the next one is asked, and where there is none it fails.
    pub(super) fn ping_elsewhere(&mut self, now: Instant, key: usize, address: SocketAddr, failure: Failure) {
        let Some(ping) = self.requests.get_mut(key).and_then(|request| request.ping.as_mut()) else { return };
        let was_asked = ping.addresses.front() == Some(&address);
        ping.addresses.retain(|other| *other != address);
        ping.asked = ping.asked.saturating_sub(1);
        if ping.addresses.is_empty() {
            self.fail(now, key, failure);
        } else if was_asked {
            self.ping(now, key);
        }
    }

    /// A connect by itself has not been answered. An address that never was is tried last from now on; of one that has
    /// been, it shows how much is lost on the way.
    pub(super) fn forget_ping(&mut self, key: usize) {
        let Some(request) = self.requests.get(key).filter(|request| request.addresses.len() > 1) else { return };
        let tracker = request.ping.as_ref().and(request.tracker()).and_then(|key| self.trackers.get(key));
        if let Some(tracker) = tracker.filter(|tracker| tracker.rtt.smoothed().is_none()) {
            self.memory.on_silent(&request.host, tracker.address);
        }
    }

    /// A connect by itself is answered, with a connection ID that serves whoever waits for one.
    pub(super) fn answer_ping(
        &mut self,
        now: Instant,
        arrived: Instant,
        tracker_key: usize,
        key: usize,
        sent: &Transaction,
        datagram: &[u8],
    ) {
        let awake = self.awake(now);
        let Some(tracker) = self.trackers.get_mut(tracker_key) else { return };
        tracker.lost_pings = 0;
        let address = tracker.address;
        let is_elsewhere = sent.port != tracker.port.connected();
        let is_wanted = tracker.connection.is_connecting() || tracker.connection.id(awake).is_none() || is_elsewhere;
        let answer = match packet::read_u32(datagram, 0) {
            Some(action::CONNECT) => packet::parse_connect(datagram),
            action => Err(mismatch(action.unwrap_or_default(), datagram)),
        };
        match answer {
            Ok(connection_id) => {
                if is_wanted {
                    self.connected(now, tracker_key, sent.port, connection_id);
                }
                let Some(request) = self.remove(now, key) else { return };
                let Body::Connect(connect) = request.body else { return };
                if request.addresses.len() > 1 {
                    self.memory.on_answered(&request.host, address);
                }
                self.counters.answered += 1;
                let round_trip = arrived.saturating_duration_since(sent.time_sent);
                let looked_up = connect.looked_up;
                self.ended(request.id, Outcome::Connected { address, round_trip, looked_up });
            }
            Err(failure) => self.fail_at(now, key, failure, Some(address)),
        }
    }
}
