//! Host names to addresses: one look-up a host however many requests wait for it, kept for a while.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{sync::Semaphore, task::JoinSet, time::timeout};

use crate::proto::{AnnounceUrl, Family, Host, RequestId};

use super::Failure;

/// How long a look-up is good for. The system's resolver does not say; a minute keeps up with a tracker that moves.
const FRESH: Duration = Duration::from_secs(60);
/// How long an answer may serve when its host can no longer be resolved.
const STALE: Duration = Duration::from_secs(24 * 3600);
/// When a look-up is given up. The system's own limits are often shorter, never reliably so.
const LONGEST_LOOK_UP: Duration = Duration::from_secs(30);
/// How many look-ups the system is asked for at once.
const AT_ONCE: usize = 64;
/// A look-up that takes longer hangs, and gives its turn to another: hosts whose name servers are dead must not hold up
/// those whose are not.
const HANGS_AFTER: Duration = Duration::from_millis(500);
/// How many threads look-ups may have, those that hang included. They are the limit of what can hang at once.
pub(super) const THREADS: usize = 512;
/// How many endpoints are remembered.
const REMEMBERED: usize = 4096;

pub(super) type Lookup = (Endpoint, io::Result<Vec<IpAddr>>);

/// A place that requests go to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Endpoint {
    host: Host,
    port: u16,
    family: Option<Family>,
}

#[derive(Default)]
struct Entry {
    addresses: Option<(Arc<[SocketAddr]>, Instant)>,
    waiting: Vec<RequestId>,
}

/// What the latest request was told. Torrents of one tracker follow each other, and this spares them the table.
struct Latest {
    url: Arc<AnnounceUrl>,
    family: Option<Family>,
    addresses: Arc<[SocketAddr]>,
    until: Option<Instant>,
}

pub(super) struct Resolver {
    entries: HashMap<Endpoint, Entry>,
    latest: Option<Latest>,
    lookups: JoinSet<Lookup>,
    turns: Arc<Semaphore>,
}

impl Default for Resolver {
    fn default() -> Self {
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        Self { entries: HashMap::new(), latest: None, lookups: JoinSet::new(), turns }
    }
}

/// What is known of a host.
pub(super) enum Resolved {
    Now(Arc<[SocketAddr]>),
    /// The request will be among those that [`Resolver::finish`] names.
    Later,
    Never(Failure),
}

impl Resolver {
    /// The addresses of a URL's host, of one family if `family` names it. Both families come IPv4 first: the package
    /// this one replaces speaks nothing else, and whoever swaps it in keeps the address that worked.
    pub(super) fn resolve(
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
        let endpoint = Endpoint { host: url.host.clone(), port: url.port, family };
        if let Some(ip) = literal {
            return match self.arrange(endpoint, now, vec![ip]) {
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
        if entry.waiting.len() == 1 {
            self.lookups.spawn(look_up(endpoint, self.turns.clone()));
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

    /// Waits for the next look-up to end; for ever if there is none.
    pub(super) async fn next(&mut self) -> Lookup {
        loop {
            match self.lookups.join_next().await {
                Some(Ok(lookup)) => return lookup,
                // A look-up that panicked has no name; nothing in it can.
                Some(Err(_)) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// Ends a look-up: the requests that waited for it, and what it found.
    pub(super) fn finish(
        &mut self,
        now: Instant,
        (endpoint, result): Lookup,
    ) -> (Vec<RequestId>, Result<Arc<[SocketAddr]>, Failure>) {
        self.latest = None;
        let entry = self.entries.entry(endpoint.clone()).or_default();
        let waiting = std::mem::take(&mut entry.waiting);
        let known = entry.addresses.clone();
        let result = match (result, known) {
            (Ok(ips), _) => self.arrange(endpoint.clone(), now, ips),
            (Err(_), Some((addresses, since))) if now < since + STALE => Ok(addresses),
            (Err(error), _) => {
                Err(Failure::Resolve { host: endpoint.host.to_string(), reason: plain(&error.to_string()) })
            }
        };
        if result.is_err() {
            self.entries.remove(&endpoint);
        } else if self.entries.len() > REMEMBERED {
            self.entries.retain(|known, entry| !entry.waiting.is_empty() || *known == endpoint);
        }
        (waiting, result)
    }

    /// Keeps the addresses of the wanted family. Literals are not kept: there is nothing to look up.
    fn arrange(&mut self, endpoint: Endpoint, now: Instant, ips: Vec<IpAddr>) -> Result<Arc<[SocketAddr]>, Failure> {
        let wanted = |address: &SocketAddr| endpoint.family.is_none_or(|family| Family::of(address) == family);
        let mut addresses: Vec<SocketAddr> =
            ips.into_iter().map(|ip| SocketAddr::new(ip, endpoint.port)).filter(wanted).collect();
        addresses.sort_by_key(SocketAddr::is_ipv6);
        addresses.dedup();
        if addresses.is_empty() {
            let family = endpoint.family.unwrap_or(Family::V4);
            return Err(Failure::NoAddress { host: endpoint.host.to_string(), family });
        }
        let addresses: Arc<[SocketAddr]> = addresses.into();
        if let Some(entry) = self.entries.get_mut(&endpoint) {
            entry.addresses = Some((addresses.clone(), now));
        }
        Ok(addresses)
    }
}

async fn look_up(endpoint: Endpoint, turns: Arc<Semaphore>) -> Lookup {
    // It is never closed: an error would cost nothing but the turn.
    let turn = turns.acquire_owned().await;
    let name = endpoint.host.to_string();
    let mut system = tokio::task::spawn_blocking(move || {
        (name.as_str(), 0).to_socket_addrs().map(|found| found.map(|address| address.ip()).collect())
    });
    let mut ended = timeout(HANGS_AFTER, &mut system).await;
    drop(turn);
    if ended.is_err() {
        ended = timeout(LONGEST_LOOK_UP - HANGS_AFTER, system).await;
    }
    let result = match ended {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(io::Error::other("look-up was interrupted")),
        Err(_) => Err(io::Error::other("no answer")),
    };
    (endpoint, result)
}

/// The standard library puts its own words before the system's.
fn plain(reason: &str) -> String {
    reason.strip_prefix("failed to lookup address information: ").unwrap_or(reason).to_owned()
}
