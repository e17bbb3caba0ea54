//! A translator of addresses on the way out: what it once sent somewhere goes there for as long as anything comes.

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use bittorrent_udp_tracker::proto::Port;

/// How long Linux' conntrack keeps an entry for datagrams that are answered.
const KEPT: Duration = Duration::from_secs(120);

/// The default one is transparent.
#[derive(Debug, Default)]
pub(crate) struct Nat {
    /// At these times all that it knows leads nowhere from then on.
    pub(crate) cuts: Vec<Duration>,
    /// The cuts are of the ways to these trackers, if there are any.
    pub(crate) only: Vec<SocketAddr>,
    /// When an entry was made, and when anything last came for it.
    entries: HashMap<(SocketAddr, Port), (Duration, Duration)>,
}

impl Nat {
    /// Whether what is sent from a port of ours to a tracker gets there.
    pub(crate) fn passes(&mut self, now: Duration, to: SocketAddr, port: Port) -> bool {
        let entry = self.entries.entry((to, port)).or_insert((now, now));
        if now >= entry.1 + KEPT {
            entry.0 = now;
        }
        entry.1 = now;
        let made = entry.0;
        let is_meant = self.only.is_empty() || self.only.contains(&to);
        !is_meant || !self.cuts.iter().any(|&cut| made < cut && cut <= now)
    }
}
