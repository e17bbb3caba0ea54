//! The connection ID of one address: none, asked for, or there; and the connect that asks for it.
//!
//! A connect belongs to its address. It has its own timer, is sent again by itself, and whoever needs the ID joins it: no
//! request waits for another's clock.

use std::time::Duration;

use super::{ConnectionId, Schedule, TransactionId, rtt::RttEstimator, time::Instant};

/// "Clients may use a connection ID until one minute after they have received it" (BEP 15, "UDP connections").
const LIFETIME: Duration = Duration::from_secs(60);
/// A datagram is sent again so often at the RTO; from then on the waits double.
pub(crate) const REPETITIONS: u32 = 4;

/// How often the RTO doubles for what has been sent `sends` times.
pub(crate) fn backoff_after(sends: u32) -> u32 {
    sends.saturating_sub(REPETITIONS)
}

/// The state of one address's connection ID.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    established: Option<Established>,
    handshake: Option<Handshake>,
}

/// A connection ID the tracker has given out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Established {
    pub(crate) id: ConnectionId,
    /// By the clock that goes on while the machine is suspended.
    expires: Instant,
    /// When a request was first sent with it, and which one, by its slot.
    first_used: Option<(Instant, usize)>,
    /// Whether another one has been, too.
    is_shared: bool,
    /// The latest sending time of what was sent with it and answered.
    newest_answered: Option<Instant>,
    /// Whether it replaced one that was taken to be dead.
    pub(crate) is_replacement: bool,
    /// Whether it was asked for because of an error: what the tracker says with it, it means.
    pub(crate) errors_are_meant: bool,
}

/// A connect that has not been answered.
#[derive(Debug)]
struct Handshake {
    /// One for each send, all valid.
    transactions: Vec<TransactionId>,
    /// How many of them were for those who have given up since.
    counted_from: usize,
    last_sent: Option<Instant>,
    /// Whether the system would not send it the last time.
    unsent: bool,
    /// When it is sent again, `None` while nobody waits for it: its answer is still welcome.
    due: Option<Instant>,
    /// It replaces an ID that is taken to be dead.
    replaces: bool,
    after_error: bool,
}

/// Who waits for a connection ID.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demand {
    /// The smallest schedule of those that wait.
    pub(crate) schedule: Schedule,
    /// Whether somebody leaves the repetitions to the network, see [`Schedule::is_own_clock`].
    pub(crate) by_rto: bool,
}

impl Connection {
    /// The ID, if it may still be used at `awake`, the time with suspends counted in.
    pub(crate) fn id(&self, awake: Instant) -> Option<ConnectionId> {
        self.established.filter(|established| awake < established.expires).map(|established| established.id)
    }

    pub(crate) fn established(&self) -> Option<&Established> {
        self.established.as_ref()
    }

    /// Whether a connect is under way, answered or not wanted any more.
    pub(crate) fn is_connecting(&self) -> bool {
        self.handshake.is_some()
    }

    /// Whether the connect under way is to replace an ID.
    pub(crate) fn is_replacing(&self) -> bool {
        self.handshake.as_ref().is_some_and(|handshake| handshake.replaces || handshake.after_error)
    }

    /// Whether a connect has been sent and not answered.
    pub(crate) fn is_sent(&self) -> bool {
        self.handshake.as_ref().is_some_and(Handshake::is_sent)
    }

    /// How often the connect under way has been sent for those who wait for it.
    pub(crate) fn sends(&self) -> u32 {
        self.handshake.as_ref().map_or(0, Handshake::sends)
    }

    /// Somebody needs an ID, and waits by `schedule`. A connect that is under way is brought forward only when its last
    /// send is a whole RTO old.
    pub(crate) fn join(&mut self, now: Instant, rtt: &RttEstimator, schedule: Option<Schedule>) {
        let handshake = self.handshake.get_or_insert_with(|| Handshake::new(now));
        if handshake.due.is_none() && handshake.last_sent.is_some() {
            // Those who waited have given up: this is somebody's first.
            handshake.counted_from = handshake.transactions.len();
        }
        let own_clock = schedule.filter(Schedule::is_own_clock).map(|schedule| schedule.wait_after(1));
        let wait = own_clock.map_or(rtt.rto(0), |wait| wait.min(rtt.rto(0)));
        let soonest = match handshake.last_sent {
            // It is not on its way: whoever comes later sends it at once.
            Some(sent) if handshake.unsent && now > sent => now,
            Some(sent) => (sent + wait).max(now),
            None => now,
        };
        handshake.due = Some(handshake.due.map_or(soonest, |due| due.min(soonest)));
    }

    /// The ID may be dead: a connect goes out beside it unless one is under way.
    pub(crate) fn replace(&mut self, now: Instant, rtt: &RttEstimator) {
        self.join(now, rtt, None);
        if let Some(handshake) = &mut self.handshake {
            handshake.replaces = true;
        }
    }

    /// The tracker refused a request that carried `id`: nobody uses it any more, and what the next one brings is meant.
    pub(crate) fn refused(&mut self, now: Instant, id: ConnectionId, rtt: &RttEstimator) {
        self.forget(id);
        if self.established.is_none() {
            self.join(now, rtt, None);
            if let Some(handshake) = &mut self.handshake {
                handshake.after_error = true;
            }
        }
    }

    /// The connect under way, if anybody waits for it, is due now.
    pub(crate) fn hurry(&mut self, now: Instant) {
        if let Some(due) = self.handshake.as_mut().and_then(|handshake| handshake.due.as_mut()) {
            *due = now.min(*due);
        }
    }

    /// Nobody waits any more: the connect is not sent again, and forgotten if it never was.
    pub(crate) fn hold(&mut self) {
        if let Some(handshake) = &mut self.handshake {
            handshake.due = None;
        }
        self.handshake.take_if(|handshake| !handshake.is_sent());
    }

    /// Whether the connect is to be sent now.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.poll_timeout().is_some_and(|due| due <= now)
    }

    /// Puts the connect off if those who had brought it forward are gone and `demand` has time.
    pub(crate) fn put_off(&mut self, now: Instant, rtt: &RttEstimator, demand: Option<Demand>) -> bool {
        let (Some(handshake), Some(demand)) = (&mut self.handshake, demand) else { return false };
        let Some(sent) = handshake.last_sent.filter(|_| !handshake.unsent) else { return false };
        let wait = demand.schedule.wait_after(1);
        let soonest = sent + if demand.by_rto { wait.min(rtt.rto(0)) } else { wait };
        let is_early = now < soonest;
        if is_early {
            handshake.due = Some(soonest);
        }
        is_early
    }

    /// When the connect is to be sent.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.handshake.as_ref().and_then(|handshake| handshake.due)
    }

    /// The connect is sent, or sent again.
    pub(crate) fn on_sent(&mut self, now: Instant, id: TransactionId, rtt: &RttEstimator, demand: Option<Demand>) {
        let Some(handshake) = &mut self.handshake else { return };
        handshake.transactions.push(id);
        handshake.last_sent = Some(now);
        handshake.unsent = false;
        let sends = handshake.sends();
        handshake.due = demand.map(|demand| {
            let scheduled = demand.schedule.wait_after(sends);
            let wait = if demand.by_rto { scheduled.min(rtt.rto(backoff_after(sends))) } else { scheduled };
            now + wait
        });
    }

    /// The system did not send it.
    pub(crate) fn on_unsent(&mut self) {
        if let Some(handshake) = &mut self.handshake {
            handshake.unsent = true;
        }
    }

    /// The connect was answered. Returns its transaction IDs, which are over.
    pub(crate) fn on_response(&mut self, awake: Instant, id: ConnectionId) -> Vec<TransactionId> {
        let handshake = self.handshake.take();
        let (replaces, after_error) =
            handshake.as_ref().map_or((false, false), |handshake| (handshake.replaces, handshake.after_error));
        self.established = Some(Established {
            id,
            expires: awake + LIFETIME,
            first_used: None,
            is_shared: false,
            newest_answered: None,
            is_replacement: replaces || after_error,
            errors_are_meant: after_error,
        });
        handshake.map(|handshake| handshake.transactions).unwrap_or_default()
    }

    /// The connect is over without an answer. Returns its transaction IDs.
    pub(crate) fn end_handshake(&mut self) -> Vec<TransactionId> {
        self.handshake.take().map(|handshake| handshake.transactions).unwrap_or_default()
    }

    /// Nobody uses `id` any more.
    pub(crate) fn forget(&mut self, id: ConnectionId) {
        self.established.take_if(|established| established.id == id);
    }

    /// The request in this slot is sent with the ID. Returns whether others had been before.
    pub(crate) fn on_used(&mut self, now: Instant, key: usize) -> bool {
        let Some(established) = &mut self.established else { return false };
        let (at, first) = *established.first_used.get_or_insert((now, key));
        established.is_shared |= first != key;
        at < now
    }

    /// Whether several requests have been sent with the ID.
    pub(crate) fn is_shared(&self) -> bool {
        self.established.is_some_and(|established| established.is_shared)
    }

    /// What was sent with `id` at `time_sent` has been answered: the tracker knew it then.
    pub(crate) fn on_answered(&mut self, id: ConnectionId, time_sent: Instant) {
        if let Some(established) = self.established.as_mut().filter(|established| established.id == id) {
            established.newest_answered = established.newest_answered.max(Some(time_sent));
        }
    }

    /// Whether `id` is the one in use and may be dead: nothing sent with it at `time_sent` or later has been answered. One
    /// that has replaced another and was never answered itself is not: then it is not the ID that the tracker ignores.
    pub(crate) fn is_suspect(&self, id: ConnectionId, time_sent: Instant) -> bool {
        self.established.as_ref().is_some_and(|established| {
            let was_answered = established.newest_answered.is_some();
            established.id == id
                && established.newest_answered < Some(time_sent)
                && (was_answered || !established.is_replacement)
        })
    }
}

impl Handshake {
    fn is_sent(&self) -> bool {
        self.last_sent.is_some() && !self.unsent
    }

    fn sends(&self) -> u32 {
        (self.transactions.len() - self.counted_from) as u32
    }

    fn new(now: Instant) -> Self {
        Self {
            transactions: Vec::new(),
            counted_from: 0,
            last_sent: None,
            unsent: false,
            due: Some(now),
            replaces: false,
            after_error: false,
        }
    }
}
