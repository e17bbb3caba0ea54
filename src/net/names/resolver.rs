//! Hosts to addresses: one look-up a host however many requests wait for it, kept for a while.
//!
//! Every address that a request may be sent to comes through here, and through [`askable`].

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::task::{AbortHandle, JoinSet};

use crate::proto::{AnnounceUrl, Family, Host, Instant, RequestId};

use super::{
    super::{
        Failure, TransportError,
        messages::Found,
        path::transport::{self, Transport},
    },
    Names,
};

/// How long a look-up is good for. The system's resolver does not say; a minute keeps up with a tracker that moves.
const FRESH: Duration = Duration::from_secs(60);
/// How long an answer may serve when its host can no longer be resolved.
const STALE: Duration = Duration::from_secs(24 * 3600);
/// How many endpoints are remembered.
const MOST_ENDPOINTS: usize = 4096;

pub(crate) type Lookup = (Endpoint, Found);

/// A place that requests go to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Endpoint {
    host: Host,
    port: u16,
    family: Option<Family>,
}

impl Endpoint {
    fn of(url: &AnnounceUrl, family: Option<Family>) -> Self {
        Self { host: url.host.clone(), port: url.port, family }
    }

    /// The host as a look-up is asked for it: an IPv6 address has no brackets.
    fn name(&self) -> String {
        match &self.host {
            Host::Ipv6(ip) => ip.to_string(),
            host => host.to_string(),
        }
    }
}

#[derive(Default)]
struct Entry {
    addresses: Option<(Arc<[SocketAddr]>, Instant)>,
    waiting: Vec<RequestId>,
    /// How many of `waiting` have not been cancelled, and how to end the look-up when none is left.
    wanted: usize,
    lookup: Option<AbortHandle>,
}

/// What the latest request was told. Torrents of one tracker follow each other, and this spares them the table.
struct Latest {
    url: Arc<AnnounceUrl>,
    family: Option<Family>,
    addresses: Arc<[SocketAddr]>,
    until: Option<Instant>,
}

pub(crate) struct Resolver {
    transport: Arc<Transport>,
    names: Arc<Names>,
    entries: HashMap<Endpoint, Entry>,
    latest: Option<Latest>,
    lookups: JoinSet<Lookup>,
}

/// What is known of a host.
pub(crate) enum Resolved {
    Now(Arc<[SocketAddr]>),
    /// The request will be among those that [`Resolver::finish`] names.
    Later,
    Never(Failure),
}

impl Resolver {
    pub(crate) fn new(transport: Arc<Transport>, names: Arc<Names>) -> Self {
        Self { transport, names, entries: HashMap::new(), latest: None, lookups: JoinSet::new() }
    }

    /// The addresses of a URL's host, of one family if `family` names it. Both families come IPv4 first: the package
    /// this one replaces speaks nothing else, and whoever swaps it in keeps the address that worked.
    pub(crate) fn resolve(
        &mut self,
        now: Instant,
        id: RequestId,
        url: &Arc<AnnounceUrl>,
        family: Option<Family>,
    ) -> Resolved {
        if let Some(latest) = &self.latest
            && Arc::ptr_eq(&latest.url, url)
            && latest.family == family
            && latest.until.is_none_or(|until| now < until)
        {
            return Resolved::Now(latest.addresses.clone());
        }
        let literal = match &url.host {
            Host::Ipv4(ip) => Some(IpAddr::V4(*ip)),
            Host::Ipv6(ip) => Some(IpAddr::V6(*ip)),
            Host::Domain(_) => None,
        };
        let endpoint = Endpoint::of(url, family);
        // The application's own look-up is asked for addresses too: it is where they may be refused.
        if let Some(ip) = literal
            && self.transport.lookup.is_none()
        {
            return match self.arrange(&endpoint, vec![ip], url.zone.as_deref()) {
                // An interface may get another number.
                Ok(addresses) if url.zone.is_some() => Resolved::Now(addresses),
                Ok(addresses) => self.resolved(url, family, addresses, None),
                Err(failure) => Resolved::Never(failure),
            };
        }
        let entry = self.entries.entry(endpoint.clone()).or_default();
        if let Some((addresses, since)) = &entry.addresses
            && now < *since + FRESH
        {
            let (addresses, until) = (addresses.clone(), *since + FRESH);
            return self.resolved(url, family, addresses, Some(until));
        }
        entry.waiting.push(id);
        entry.wanted += 1;
        if entry.lookup.is_none() {
            let names = self.names.clone();
            let look_up = async move {
                let found = names.look_up(&endpoint.name(), endpoint.family).await;
                (endpoint, found)
            };
            entry.lookup = Some(self.lookups.spawn(look_up));
        }
        Resolved::Later
    }

    fn resolved(
        &mut self,
        url: &Arc<AnnounceUrl>,
        family: Option<Family>,
        addresses: Arc<[SocketAddr]>,
        until: Option<Instant>,
    ) -> Resolved {
        self.latest = Some(Latest { url: url.clone(), family, addresses: addresses.clone(), until });
        Resolved::Now(addresses)
    }

    /// A request that waits for its host's addresses has been cancelled. Its look-up ends with the last of them.
    pub(crate) fn cancel(&mut self, url: &AnnounceUrl, family: Option<Family>) {
        let endpoint = Endpoint::of(url, family);
        let Some(entry) = self.entries.get_mut(&endpoint) else { return };
        entry.wanted = entry.wanted.saturating_sub(1);
        if entry.wanted > 0 {
            return;
        }
        entry.waiting = Vec::new();
        if let Some(lookup) = entry.lookup.take() {
            lookup.abort();
        }
        if entry.addresses.is_none() {
            self.entries.remove(&endpoint);
        }
        if self.entries.is_empty() {
            self.entries.shrink_to(MOST_ENDPOINTS);
        }
    }

    /// The next look-up that has ended.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Lookup> {
        loop {
            match self.lookups.poll_join_next(context) {
                Poll::Ready(Some(Ok(lookup))) => return Poll::Ready(lookup),
                // One that was ended, or that panicked, which nothing in it can.
                Poll::Ready(Some(Err(_))) => {}
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Ends a look-up: the requests that waited for it, and what it found.
    pub(crate) fn finish(
        &mut self,
        now: Instant,
        (endpoint, found): Lookup,
    ) -> (Vec<RequestId>, Result<Arc<[SocketAddr]>, Failure>) {
        self.latest = None;
        let Some(entry) = self.entries.get_mut(&endpoint) else {
            // It ended in the moment in which it was cancelled.
            return (Vec::new(), Err(Failure::Resolve { host: endpoint.host.to_string(), reason: String::new() }));
        };
        entry.lookup = None;
        entry.wanted = 0;
        let waiting = std::mem::take(&mut entry.waiting);
        let known = entry.addresses.clone();
        let result = match (found, known) {
            (Ok(ips), _) => self.arrange(&endpoint, ips, None),
            // What an application's look-up refuses is not asked because it once was allowed.
            (Err(_), Some((addresses, since))) if now < since + STALE && self.transport.lookup.is_none() => {
                return (waiting, Ok(addresses));
            }
            (Err(reason), _) => Err(Failure::Resolve { host: endpoint.host.to_string(), reason }),
        };
        match &result {
            Ok(addresses) => {
                if let Some(entry) = self.entries.get_mut(&endpoint) {
                    entry.addresses = Some((addresses.clone(), now));
                }
                if self.entries.len() > MOST_ENDPOINTS {
                    self.entries.retain(|known, entry| !entry.waiting.is_empty() || *known == endpoint);
                    self.entries.shrink_to(MOST_ENDPOINTS);
                }
            }
            Err(_) => drop(self.entries.remove(&endpoint)),
        }
        if self.entries.is_empty() {
            self.entries.shrink_to(MOST_ENDPOINTS);
        }
        (waiting, result)
    }

    /// The addresses that may be asked, of those that a host has.
    fn arrange(&self, endpoint: &Endpoint, ips: Vec<IpAddr>, zone: Option<&str>) -> Result<Arc<[SocketAddr]>, Failure> {
        let host = || endpoint.host.to_string();
        let scope = match zone {
            Some(zone) => Some(transport::index_of(zone)?),
            None => self.transport.interface_index(),
        };
        let (mut addresses, mut refused) = (Vec::with_capacity(ips.len()), None);
        for ip in ips {
            match askable(ip) {
                Ok(IpAddr::V6(ip)) if ip.is_unicast_link_local() => {
                    let scope = scope.map_or(0, |index| index.get());
                    addresses.push(SocketAddrV6::new(ip, endpoint.port, 0, scope).into());
                }
                Ok(ip) => addresses.push(SocketAddr::new(ip, endpoint.port)),
                Err(reason) => refused = Some(Failure::Refused { address: ip, reason }),
            }
        }
        let of_family = |family: Family| move |address: &SocketAddr| Family::of(address) == family;
        if let Some(family) = endpoint.family {
            let found = !addresses.is_empty();
            addresses.retain(of_family(family));
            if addresses.is_empty() && (found || refused.is_none()) {
                return Err(Failure::NoAddress { host: host(), family });
            }
        }
        let wanted = addresses.first().map(Family::of);
        // What a proxy reaches is not limited by how the proxy is reached.
        addresses.retain(|address| self.transport.proxy.is_some() || self.transport.has_family(Family::of(address)));
        addresses.sort_by_key(SocketAddr::is_ipv6);
        addresses.dedup();
        match (addresses.is_empty(), wanted, refused) {
            (false, ..) => Ok(addresses.into()),
            (true, Some(family), _) => Err(TransportError::NoFamily(family).into()),
            (true, None, Some(refused)) => Err(refused),
            (true, None, None) => Err(Failure::NoAddress { host: host(), family: Family::V4 }),
        }
    }
}

/// The address to ask for what a host resolves to, or why none may be. `0.0.0.0` and `::`, which people copy from
/// configurations, mean this machine, as they do to the system.
fn askable(ip: IpAddr) -> Result<IpAddr, &'static str> {
    match ip.to_canonical() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ok(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ok(Ipv6Addr::LOCALHOST.into()),
        ip if ip.is_multicast() => Err("it is a multicast address"),
        IpAddr::V4(Ipv4Addr::BROADCAST) => Err("it is a broadcast address"),
        // Nobody has such an address: "this network" (RFC 1122, 3.2.1.3) and discard-only (RFC 6666).
        IpAddr::V4(ip) if ip.octets()[0] == 0 => Err("no host has this address"),
        IpAddr::V6(ip) if ip.segments()[..4] == [0x100, 0, 0, 0] => Err("no host has this address"),
        ip => Ok(ip),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::names::Shared;

    #[tokio::test]
    async fn what_many_hosts_needed_is_given_back() {
        let (asks, _ask) = tokio::sync::mpsc::unbounded_channel();
        let transport = Arc::new(Transport {
            lookup: Some(transport::CallerLookup { session: 1, function: 1 }),
            ..Transport::default()
        });
        let names = Arc::new(Names::new(transport.clone(), Shared::new(asks)));
        let mut resolver = Resolver::new(transport, names);
        let now = Instant::START;
        let url = |number| Arc::new(AnnounceUrl::parse(&format!("udp://t{number}.example:1")).unwrap());
        for number in 0..20_000 {
            let resolved = resolver.resolve(now, RequestId(number), &url(number), None);
            assert!(matches!(resolved, Resolved::Later));
        }
        for number in 0..20_000 {
            let found = Ok(vec![IpAddr::from([10, 0, 0, 1])]);
            let (waiting, addresses) = resolver.finish(now, (Endpoint::of(&url(number), None), found));
            assert_eq!((waiting, addresses.unwrap().len()), (vec![RequestId(number)], 1));
        }
        assert!(resolver.entries.len() <= MOST_ENDPOINTS + 1, "{}", resolver.entries.len());
        assert!(resolver.entries.capacity() <= 4 * MOST_ENDPOINTS, "{}", resolver.entries.capacity());
    }

    #[test]
    fn addresses_of_this_machine_are_written_out() {
        for (given, asked) in [
            ("0.0.0.0", "127.0.0.1"),
            ("::", "::1"),
            ("::ffff:0.0.0.0", "127.0.0.1"),
            ("::ffff:10.1.2.3", "10.1.2.3"),
            ("10.255.255.255", "10.255.255.255"),
            ("2001:db8::1", "2001:db8::1"),
        ] {
            assert_eq!(askable(given.parse().unwrap()), Ok(asked.parse().unwrap()), "{given}");
        }
    }

    #[test]
    fn addresses_of_many_and_of_nobody_are_refused() {
        for given in
            ["224.0.0.1", "239.255.255.250", "255.255.255.255", "0.0.0.1", "ff02::1", "::ffff:224.0.0.1", "100::1"]
        {
            assert!(askable(given.parse().unwrap()).is_err(), "{given}");
        }
    }
}
