//! The hosts that a proxy resolves: what stands for them inside, and which datagrams are theirs.

use std::{
    collections::{HashMap, VecDeque},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use crate::proto::{Family, Instant};

use super::socks::Target;

/// How many datagrams under way to the relay are remembered for each request, and beside them.
const DATAGRAMS_KEPT_A_REQUEST: usize = 16;
const DATAGRAMS_KEPT: usize = 1024;
/// From how many names on those are forgotten that nobody has asked for in [`NAME_KEPT`].
const NAMES_KEPT: usize = 4096;
const NAME_KEPT: Duration = Duration::from_secs(2 * 3600);

/// An address for the inside, which nothing is ever sent to: of `0.0.0.0/8` and of `100::/64`.
fn stand_in(index: u32, family: Family) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::from_bits(index).into(),
        Family::V6 => Ipv6Addr::from_bits(0x100 << 112 | u128::from(index)).into(),
    }
}

fn index_of(stand_in: IpAddr) -> Option<(u32, Family)> {
    match stand_in {
        IpAddr::V4(ip) if ip.octets()[0] == 0 => Some((ip.to_bits(), Family::V4)),
        IpAddr::V6(ip) if ip.segments()[..4] == [0x100, 0, 0, 0] => Some((ip.to_bits() as u32, Family::V6)),
        _ => None,
    }
}

/// A host that the proxy resolves.
struct NamedHost {
    name: Box<str>,
    port: u16,
    /// The address of each family that its connect was last answered from: where its connection ID is good.
    connected: [Option<SocketAddr>; 2],
    used: Instant,
}

/// The hosts that are known by name, and the datagrams that are on their way to them.
///
/// Inside, a host has a stand-in of each family. A connect goes to its name, whatever the proxy makes of that; what needs
/// the connection ID goes to the address that the connect was answered from. Whose an answer is, its transaction ID tells.
#[derive(Default)]
pub(super) struct Hosts {
    hosts: HashMap<u32, NamedHost>,
    indexes: HashMap<(Box<str>, u16), u32>,
    last: u32,
    /// By transaction ID, and in order; whether it is a connect as well.
    sent: HashMap<[u8; 4], (SocketAddr, bool)>,
    order: VecDeque<[u8; 4]>,
}

impl Hosts {
    /// The addresses that stand for a host: one a family, unless `family` is one of them.
    pub(super) fn stand_ins(
        &mut self,
        now: Instant,
        name: &str,
        port: u16,
        family: Option<Family>,
    ) -> Arc<[SocketAddr]> {
        let index = self.index(now, name, port);
        let families = [Family::V4, Family::V6].into_iter().filter(|of| family.is_none_or(|family| family == *of));
        families.map(|family| SocketAddr::new(stand_in(index, family), port)).collect()
    }

    /// The address behind an inner one, as far as it is known.
    pub(super) fn real(&self, address: SocketAddr) -> Option<SocketAddr> {
        match index_of(address.ip()) {
            None => Some(address),
            Some((index, family)) => self.hosts.get(&index)?.connected[usize::from(family == Family::V6)],
        }
    }

    fn index(&mut self, now: Instant, name: &str, port: u16) -> u32 {
        let key = (Box::from(name), port);
        if let Some(index) = self.indexes.get(&key) {
            return *index;
        }
        if self.hosts.len() >= NAMES_KEPT.max(self.hosts.capacity() / 2) {
            self.hosts.retain(|_, host| now.saturating_duration_since(host.used) < NAME_KEPT);
            self.indexes.retain(|_, index| self.hosts.contains_key(index));
        }
        loop {
            // Of the three bytes below 0.0.0.0/8, without 0.0.0.0 itself.
            self.last = self.last % 0xff_ffff + 1;
            if !self.hosts.contains_key(&self.last) {
                break;
            }
        }
        let host = NamedHost { name: name.into(), port, connected: [None; 2], used: now };
        self.hosts.insert(self.last, host);
        self.indexes.insert(key, self.last);
        self.last
    }

    /// Where a datagram for `to` goes. `requests` is how many there are.
    pub(super) fn target(&mut self, now: Instant, to: SocketAddr, datagram: &[u8], requests: usize) -> Target {
        let Some((index, family)) = index_of(to.ip()) else { return Target::Ip(to) };
        let Some(host) = self.hosts.get_mut(&index) else { return Target::Ip(to) };
        host.used = now;
        let is_connect = datagram.get(8..12) == Some(&[0; 4]);
        if let Some(transaction_id) = datagram.get(12..16).and_then(|bytes| bytes.try_into().ok()) {
            self.sent.insert(transaction_id, (to, is_connect));
            self.order.push_back(transaction_id);
            let most = DATAGRAMS_KEPT + DATAGRAMS_KEPT_A_REQUEST * requests;
            while self.order.len() > most {
                self.order.pop_front().map(|oldest| self.sent.remove(&oldest));
            }
            if self.order.capacity() > 8 * most {
                self.order.shrink_to(most);
                self.sent.shrink_to(most);
            }
        }
        match host.connected[usize::from(family == Family::V6)] {
            Some(address) if !is_connect => Target::Ip(address),
            _ => Target::Name(host.name.clone(), host.port),
        }
    }

    /// As whose a datagram counts. `None` if it comes from elsewhere than its host is.
    pub(super) fn sender(&mut self, sender: &Target, datagram: &[u8]) -> Option<SocketAddr> {
        let asked = datagram.get(4..8).and_then(|bytes| self.sent.get(bytes)).copied();
        let (Some((to, is_connect)), Target::Ip(address)) = (asked, sender) else {
            return match sender {
                Target::Ip(address) => Some(*address),
                Target::Name(..) => asked.map(|(to, _)| to),
            };
        };
        let (index, family) = index_of(to.ip())?;
        let host = self.hosts.get_mut(&index)?;
        let connected = &mut host.connected[usize::from(family == Family::V6)];
        if Family::of(address) != family {
            // The proxy resolved the name to the other family: the host's other stand-in is for that.
            return None;
        }
        if is_connect && datagram.get(..4) == Some(&[0; 4]) {
            *connected = Some(*address);
            // The others that are out are not waited for any more, and what answers them later is not the host's address.
            self.sent.retain(|_, (other, is_connect)| !*is_connect || *other != to);
        }
        (connected.is_none() || *connected == Some(*address)).then_some(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::START;
    const REQUESTS: usize = 1;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    /// A datagram of ours: a connect (0) or an announce (1).
    fn asked(action: u8, transaction_id: u8) -> Vec<u8> {
        [&[0; 11][..], &[action], &[0, 0, 0, transaction_id], &[0; 82]].concat()
    }

    /// A tracker's answer to it.
    fn answer(action: u8, transaction_id: u8) -> Vec<u8> {
        [&[0, 0, 0, action, 0, 0, 0, transaction_id][..], &[0; 12]].concat()
    }

    struct Named {
        hosts: Hosts,
        v4: SocketAddr,
        v6: SocketAddr,
    }

    impl Named {
        /// A host that the proxy resolves.
        fn new() -> Self {
            let mut hosts = Hosts::default();
            let index = hosts.index(NOW, "t.example", 7);
            let [v4, v6] = [Family::V4, Family::V6].map(|family| SocketAddr::new(super::stand_in(index, family), 7));
            Self { hosts, v4, v6 }
        }

        fn target(&mut self, to: SocketAddr, datagram: &[u8]) -> Target {
            self.hosts.target(NOW, to, datagram, REQUESTS)
        }

        fn sender(&mut self, from: &str, datagram: &[u8]) -> Option<SocketAddr> {
            self.hosts.sender(&Target::Ip(address(from)), datagram)
        }
    }

    #[test]
    fn a_connect_goes_to_the_name_and_the_rest_to_the_address_that_answered_it() {
        let mut named = Named::new();
        let (v4, name) = (named.v4, Target::Name("t.example".into(), 7));
        assert_eq!(named.target(v4, &asked(0, 1)), name);
        assert_eq!(named.sender("192.0.2.1:7", &answer(0, 1)), Some(v4));
        assert_eq!(named.hosts.real(v4), Some(address("192.0.2.1:7")));
        assert_eq!(named.target(v4, &asked(1, 2)), Target::Ip(address("192.0.2.1:7")));
        assert_eq!(named.target(v4, &asked(0, 3)), name, "the next connect is for the proxy to resolve again");
        assert_eq!(named.target(address("192.0.2.9:9"), &asked(0, 4)), Target::Ip(address("192.0.2.9:9")));
    }

    #[test]
    fn an_answer_for_a_name_counts_from_the_address_that_answered_its_connect_alone() {
        let mut named = Named::new();
        let v4 = named.v4;
        named.target(v4, &asked(0, 1));
        named.sender("192.0.2.1:7", &answer(0, 1));
        named.target(v4, &asked(1, 2));
        assert_eq!(named.sender("192.0.2.2:7", &answer(1, 2)), None);
        assert_eq!(named.sender("192.0.2.1:8", &answer(1, 2)), None);
        assert_eq!(named.sender("192.0.2.1:7", &answer(1, 2)), Some(v4));
        // Nobody was asked for this one: it is its sender's own.
        assert_eq!(named.sender("192.0.2.2:7", &answer(1, 9)), Some(address("192.0.2.2:7")));
    }

    #[test]
    fn only_a_connect_that_is_still_open_says_where_a_host_is() {
        let mut named = Named::new();
        let v4 = named.v4;
        named.target(v4, &asked(0, 1));
        named.target(v4, &asked(0, 2));
        assert_eq!(named.sender("192.0.2.1:7", &answer(0, 2)), Some(v4));
        // The first one was on its way to another of the host's addresses, and comes late; or again.
        named.sender("192.0.2.2:7", &answer(0, 1));
        named.sender("192.0.2.2:7", &answer(0, 2));
        assert_eq!(named.target(v4, &asked(1, 3)), Target::Ip(address("192.0.2.1:7")));
        assert_eq!(named.sender("192.0.2.1:7", &answer(1, 3)), Some(v4));
    }

    #[test]
    fn only_the_answer_to_a_connect_says_where_a_host_is() {
        let mut named = Named::new();
        let v4 = named.v4;
        named.target(v4, &asked(0, 1));
        assert_eq!(named.sender("192.0.2.1:7", &answer(3, 1)), Some(v4), "an error is told");
        assert_eq!(named.target(v4, &asked(1, 2)), Target::Name("t.example".into(), 7));
        assert_eq!(named.sender("192.0.2.2:7", &answer(0, 2)), Some(v4));
        assert_eq!(named.target(v4, &asked(1, 3)), Target::Name("t.example".into(), 7));
    }

    #[test]
    fn the_families_of_a_name_are_two_places() {
        let mut named = Named::new();
        let (v4, v6) = (named.v4, named.v6);
        assert_eq!(named.hosts.stand_ins(NOW, "t.example", 7, Some(Family::V6))[..], [v6]);
        named.target(v6, &asked(0, 1));
        assert_eq!(named.sender("192.0.2.1:7", &answer(0, 1)), None, "it was to be IPv6");
        assert_eq!(named.sender("[2001:db8::1]:7", &answer(0, 1)), Some(v6));
        assert_eq!(named.target(v6, &asked(1, 2)), Target::Ip(address("[2001:db8::1]:7")));
        assert_eq!(named.target(v4, &asked(1, 3)), Target::Name("t.example".into(), 7));
        assert_eq!((named.hosts.real(v4), named.hosts.real(v6)), (None, Some(address("[2001:db8::1]:7"))));
    }

    #[test]
    fn names_and_datagrams_are_forgotten_again() {
        let mut hosts = Hosts::default();
        let later = NOW + NAME_KEPT;
        for n in 0..NAMES_KEPT {
            hosts.index(NOW, &format!("n{n}.example"), 7);
        }
        let to = hosts.stand_ins(later, "one more.example", 7, Some(Family::V4))[0];
        assert_eq!((hosts.hosts.len(), hosts.indexes.len()), (1, 1));
        for id in 0..2 * DATAGRAMS_KEPT as u32 {
            let datagram = [&[0; 12][..], &id.to_be_bytes(), &[0; 82]].concat();
            hosts.target(later, to, &datagram, 0);
        }
        assert_eq!((hosts.sent.len(), hosts.order.len()), (DATAGRAMS_KEPT, DATAGRAMS_KEPT));
    }
}
