//! The local ports that datagrams leave by, and when an address is asked from another one.
//!
//! A translator (NAT, conntrack, a published port of a container) may go on sending what comes from a port of ours to a
//! place that is gone, for as long as anything comes from it. So an address that answered and is now silent, its connects
//! among what is not answered, is asked from a fresh port as well, and stays at the one it is answered by. All others stay
//! where they are, unless most of those that answered are silent or gone to a fresh port, too: then all go.

use std::{net::SocketAddr, time::Duration};

use super::{connection::REPETITIONS, hash::Map, time::Instant};

/// A local port, by its number in the order in which they are opened. It stands for one socket of each family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port(pub u32);

/// How many are open at once.
pub(crate) const MOST: usize = 8;
/// How many may be opened in a row, and how long it takes until one more may be: four a minute, whoever is silent.
pub(crate) const BURST: u32 = 4;
pub(crate) const ONE_MORE_AFTER: Duration = Duration::from_secs(15);
/// An address that was not answered by a fresh port gets another one after this time. A place that comes back may have been
/// away when the last one was opened.
const TRIED_FOR: Duration = Duration::from_secs(15);
/// How long a port is read after something was sent from it that is not answered.
pub(crate) const READ_FOR: Duration = Duration::from_secs(30);
/// How often it is looked whether one is not needed any more.
const TIDIED_EVERY: Duration = Duration::from_secs(10);
/// How many addresses are remembered to have answered after they are forgotten otherwise.
const REMEMBERED: usize = 4096;

/// The ports of one client.
#[derive(Debug)]
pub(crate) struct Ports {
    /// Ascending; never empty.
    open: Vec<Port>,
    /// How many there have been.
    opened: u32,
    /// Where everybody is asked from who has not been answered by a later one.
    home: Port,
    /// When anybody was last heard.
    heard: Option<Instant>,
    /// How many may be opened now, and since when that has been counted.
    credit: u32,
    counted: Option<Instant>,
    tidied: Option<Instant>,
    /// Whether all are the same way out, so that a fresh one is worth it only when nobody at all is heard.
    is_shared: bool,
    /// Addresses that answered and that nobody has asked for a while, with the port they answered by.
    remembered: Map<SocketAddr, Port>,
}

impl Default for Ports {
    fn default() -> Self {
        Self {
            open: vec![Port(0)],
            opened: 1,
            home: Port(0),
            heard: None,
            credit: BURST,
            counted: None,
            tidied: None,
            is_shared: false,
            remembered: Map::default(),
        }
    }
}

/// What an address has to do with ports.
#[derive(Debug, Default)]
pub(crate) struct OwnPort {
    /// The one that its connect was last answered by: where its connection ID is good.
    answered: Option<Port>,
    /// When the connect that is under way was first sent.
    asked: Option<Instant>,
    /// The fresh one that it was last asked from, and since when.
    tried: Option<(Port, Instant)>,
}

impl OwnPort {
    /// The port that its connection ID came by.
    pub(crate) fn connected(&self) -> Port {
        self.answered.unwrap_or_default()
    }

    /// The one that it was last answered by, `None` if it never was.
    pub(crate) fn answered(&self) -> Option<Port> {
        self.answered
    }
}

impl Ports {
    pub(crate) fn home(&self) -> Port {
        self.home
    }

    /// How many have been opened beside the first.
    pub(crate) fn fresh(&self) -> u64 {
        u64::from(self.opened) - 1
    }

    pub(crate) fn is_open(&self, port: Port) -> bool {
        self.open.contains(&port)
    }

    pub(crate) fn share(&mut self) {
        self.is_shared = true;
    }

    /// Whether an answer that came by `came` may be one to what was sent by `sent`.
    pub(crate) fn is_same(&self, sent: Port, came: Port) -> bool {
        sent == came || self.is_shared
    }

    /// An address is asked for the first time in a while.
    pub(crate) fn recall(&mut self, address: SocketAddr) -> OwnPort {
        let answered = self.remembered.remove(&address).filter(|port| self.is_open(*port));
        OwnPort { answered, ..OwnPort::default() }
    }

    /// An address is forgotten.
    pub(crate) fn remember(&mut self, address: SocketAddr, own: &OwnPort) {
        if let Some(port) = own.answered {
            if self.remembered.len() >= REMEMBERED {
                self.remembered = Map::default();
            }
            self.remembered.insert(address, port);
        }
    }

    /// The port that a connect of an address leaves by, `attempt` counting its sends. Once it is plain that it does not
    /// answer, every other one leaves by a fresh one; when the waits double, each does for which there is one.
    pub(crate) fn for_connect(&mut self, now: Instant, own: &mut OwnPort, attempt: u32, is_silent: bool) -> Port {
        if attempt == 1 {
            own.asked = Some(now);
        }
        let usual = own.answered.filter(|port| self.is_open(*port)).map_or(self.home, |port| port.max(self.home));
        let is_evident = attempt >= if is_silent { 2 } else { 4 };
        let is_ours = own.answered == Some(usual) && (!self.is_shared || self.heard < own.asked);
        let is_turn = attempt.is_multiple_of(2);
        if !is_ours || !is_evident || !(is_turn || attempt > REPETITIONS) {
            return usual;
        }
        let tried = own.tried.filter(|(port, _)| *port > usual && self.is_open(*port));
        match self.untried(now, usual, tried) {
            Some(port) => {
                own.tried = Some((port, now));
                if self.is_shared {
                    self.home = port;
                }
                port
            }
            None => tried.filter(|_| is_turn).map_or(usual, |(port, _)| port),
        }
    }

    /// A port that an address has not been asked from.
    fn untried(&mut self, now: Instant, usual: Port, tried: Option<(Port, Instant)>) -> Option<Port> {
        let latest = tried.map_or(usual, |(port, _)| port);
        let newest = self.open.last().copied().filter(|newest| *newest > latest);
        let is_worn = tried.is_none_or(|(_, since)| now.saturating_duration_since(since) >= TRIED_FOR);
        newest.or_else(|| if is_worn { self.open(now) } else { None })
    }

    /// One more, if there may be.
    fn open(&mut self, now: Instant) -> Option<Port> {
        let counted = *self.counted.get_or_insert(now);
        let more = now.saturating_duration_since(counted).as_secs() / ONE_MORE_AFTER.as_secs();
        if more > 0 {
            self.credit = BURST.min(self.credit.saturating_add(u32::try_from(more).unwrap_or(BURST)));
            self.counted = Some(now);
        }
        if self.credit == 0 || self.open.len() >= MOST {
            return None;
        }
        if self.credit == BURST {
            self.counted = Some(now);
        }
        self.credit -= 1;
        self.tidied.get_or_insert(now);
        let port = Port(self.opened);
        self.opened += 1;
        self.open.push(port);
        Some(port)
    }

    /// All go to a fresh one, or to the newest where there may be no fresh one now.
    pub(crate) fn move_home(&mut self, now: Instant) {
        let port = self.open(now).or(self.open.last().copied());
        self.home = port.unwrap_or(self.home);
    }

    pub(crate) fn on_heard(&mut self, now: Instant) {
        self.heard = Some(now);
    }

    /// The connect of an address was answered by `port`. Returns whether that is another one than before and not yet
    /// everybody's.
    pub(crate) fn on_connected(&self, own: &mut OwnPort, port: Port) -> bool {
        own.tried = None;
        own.answered.replace(port).is_some_and(|before| before != port) && port > self.home
    }

    /// Of the addresses that answered, so many have gone or are silent and so many are still heard: all go where the latest
    /// went if most did, each with its next connect.
    pub(crate) fn follow(&mut self, latest: Port, gone: usize, staying: usize) {
        if gone > staying {
            self.home = self.home.max(latest);
        }
    }

    /// When to look whether one is not needed any more.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        (self.open.len() > 1).then_some(self.tidied?).map(|tidied| tidied + TIDIED_EVERY)
    }

    /// Whether it is time to look whether one is not needed any more.
    pub(crate) fn is_untidy(&mut self, now: Instant) -> bool {
        if self.open.len() == 1 {
            self.tidied = None;
            return false;
        }
        let is_due = now >= *self.tidied.get_or_insert(now) + TIDIED_EVERY;
        if is_due {
            self.tidied = Some(now);
        }
        is_due
    }

    /// Closes those that nobody has `settled` at or is `waiting` for. Where many are left, all go to the latest that somebody
    /// has settled at, each when its connection ID ends.
    pub(crate) fn tidy(&mut self, settled: &[Port], waiting: &[Port]) {
        let home = self.home;
        self.open.retain(|port| *port == home || settled.contains(port) || waiting.contains(port));
        if self.open.len() > MOST / 2 {
            self.home = settled.iter().copied().max().unwrap_or(home).max(home);
        }
    }
}
