//! A host with several addresses: the race of their connects, and the memory of who answers.
//!
//! The idea is that of RFC 8305 ("Happy Eyeballs"): connects go out one after the other, and the first address that
//! answers its connect gets the announces. No other does: a tracker that is reached by two addresses would count us twice.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use super::{Failure, hash::Map, time::Instant};

/// How long an address is given before the next one is asked as well (RFC 8305, 5, has 250 ms for TCP).
pub(crate) const STAGGER: Duration = Duration::from_millis(300);
/// How many hosts are remembered.
const HOSTS: usize = 4096;
/// How many addresses are remembered of each standing.
const ADDRESSES: usize = 256;

/// Who answers, by host. It outlives look-ups, and serves requests with other options as well.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    hosts: Map<Arc<str>, Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// The latest to answer first.
    answered: VecDeque<SocketAddr>,
    silent: Vec<SocketAddr>,
}

impl Memory {
    /// Of `addresses`, the one that answered last.
    pub(crate) fn preferred(&self, host: &str, addresses: &[SocketAddr]) -> Option<SocketAddr> {
        let known = self.hosts.get(host)?;
        known.answered.iter().find(|address| addresses.contains(address)).copied()
    }

    /// `addresses` in the order in which they are to be asked: what answered, what is unknown, what was silent.
    pub(crate) fn arrange(&self, host: &str, addresses: &[SocketAddr]) -> VecDeque<SocketAddr> {
        let mut arranged = addresses.to_vec();
        if let Some(known) = self.hosts.get(host) {
            arranged.sort_by_key(|address| match known.answered.iter().position(|answered| answered == address) {
                Some(place) => (0, place),
                None => (1 + usize::from(known.silent.contains(address)), 0),
            });
        }
        arranged.into()
    }

    pub(crate) fn on_answered(&mut self, host: &Arc<str>, address: SocketAddr) {
        let known = self.known(host);
        known.silent.retain(|silent| *silent != address);
        if known.answered.front() != Some(&address) {
            known.answered.retain(|answered| *answered != address);
            known.answered.push_front(address);
            known.answered.truncate(ADDRESSES);
        }
    }

    pub(crate) fn on_silent(&mut self, host: &Arc<str>, address: SocketAddr) {
        let known = self.known(host);
        known.answered.retain(|answered| *answered != address);
        if !known.silent.contains(&address) && known.silent.len() < ADDRESSES {
            known.silent.push(address);
        }
    }

    fn known(&mut self, host: &Arc<str>) -> &mut Known {
        if self.hosts.len() >= HOSTS && !self.hosts.contains_key(host) {
            // Rare, and costs no more than a race for each host that is asked again.
            self.hosts.clear();
        }
        self.hosts.entry(host.clone()).or_default()
    }
}

/// A race of the connects of one host's addresses.
#[derive(Debug)]
pub(crate) struct Race {
    pub(crate) host: Arc<str>,
    /// As the requests have them.
    pub(crate) addresses: Arc<[SocketAddr]>,
    /// Those that have not started.
    pub(crate) upcoming: VecDeque<SocketAddr>,
    pub(crate) started: Vec<Runner>,
    /// The requests that wait for it to end, by sequence number: their slots in the client's table.
    pub(crate) waiting: BTreeMap<u64, usize>,
}

/// An address whose connect is on its way.
#[derive(Debug)]
pub(crate) struct Runner {
    /// The address's slot in the client's table.
    pub(crate) tracker: usize,
    pub(crate) started: Instant,
    /// Why it has dropped out.
    pub(crate) failure: Option<Failure>,
}

impl Race {
    /// `tracker` has dropped out.
    pub(crate) fn on_failed(&mut self, tracker: usize, failure: Failure) {
        if let Some(runner) = self.started.iter_mut().find(|runner| runner.tracker == tracker) {
            runner.failure = Some(failure);
        }
    }

    /// Why nobody is left in it, `None` while somebody is.
    pub(crate) fn lost(&self) -> Option<&Failure> {
        if !self.upcoming.is_empty() {
            return None;
        }
        let mut last = None;
        for runner in &self.started {
            last = Some(runner.failure.as_ref()?);
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, n], 6969))
    }

    #[test]
    fn what_answered_is_asked_first_and_what_was_silent_last() {
        let host: Arc<str> = "tracker.test:6969".into();
        let mut memory = Memory::default();
        memory.on_silent(&host, address(1));
        memory.on_answered(&host, address(3));
        let all: Vec<_> = (1..=4).map(address).collect();
        assert_eq!(memory.arrange(&host, &all), [3, 2, 4, 1].map(address));
        assert_eq!(memory.preferred(&host, &all), Some(address(3)));
        assert_eq!(memory.preferred(&host, &all[..2]), None);
        memory.on_answered(&host, address(1));
        memory.on_silent(&host, address(3));
        assert_eq!(memory.arrange(&host, &all), [1, 2, 4, 3].map(address));
    }

    #[test]
    #[cfg_attr(miri, ignore = "has thousands")]
    fn the_memory_of_hosts_and_of_their_addresses_is_bounded() {
        let mut memory = Memory::default();
        for n in 0..HOSTS + 10 {
            memory.on_answered(&format!("host{n}:80").into(), address(1));
        }
        assert!(memory.hosts.len() <= HOSTS);
        let host: Arc<str> = "tracker.test:6969".into();
        for n in 0..1000u16 {
            let [high, low] = n.to_be_bytes();
            memory.on_silent(&host, SocketAddr::from(([192, 0, high, low], 6969)));
        }
        assert_eq!(memory.hosts[&host].silent.len(), ADDRESSES);
    }

    #[test]
    fn a_race_is_lost_when_the_last_has_dropped_out() {
        let runner = |tracker| Runner { tracker, started: Instant::START, failure: None };
        let mut race = Race {
            host: "h".into(),
            addresses: [address(1)].into(),
            upcoming: [address(3)].into(),
            started: vec![runner(1), runner(2)],
            waiting: BTreeMap::new(),
        };
        race.on_failed(1, Failure::ConnectLength);
        race.on_failed(2, Failure::ErrorLength);
        assert_eq!(race.lost(), None);
        race.upcoming.clear();
        assert_eq!(race.lost(), Some(&Failure::ErrorLength));
        race.started.push(runner(3));
        assert_eq!(race.lost(), None);
    }
}
