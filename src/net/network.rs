//! The machine's network as far as it can be seen without sending anything: whether there is a way out, and whether that has
//! changed.

use std::{
    collections::BTreeSet,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    task::{Context, Poll},
    time::Duration,
};

use getifaddrs::InterfaceFlags;

use crate::{
    proto::{Family, Instant},
    requests::Change,
};

/// How often the network is looked at while there are requests.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(10);
/// The same while nothing comes, where the system does not tell of changes.
const WAITED_FOR_EVERY: Duration = Duration::from_secs(2);
/// When nothing has come for so long although there are requests, the system is asked to tell of changes.
const QUIET: Duration = Duration::from_secs(1);
/// Root name servers: any address that only a default route leads to would do, and nothing is sent there.
const FAR: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(198, 41, 0, 4)), IpAddr::V6(Ipv6Addr::new(0x2001, 0x503, 0xba3e, 0, 0, 0, 2, 0x30))];

/// The address that this machine sends from to the rest of the world, `None` without a route there.
pub(super) fn source(family: Family) -> Option<IpAddr> {
    let (any, far): (IpAddr, _) = match family {
        Family::V4 => (Ipv4Addr::UNSPECIFIED.into(), FAR[0]),
        Family::V6 => (Ipv6Addr::UNSPECIFIED.into(), FAR[1]),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    // Of a datagram socket this sets the other end, and has a route looked for.
    socket.connect(SocketAddr::new(far, 53)).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

/// What the network looks like. Addresses of the link alone come and go with every container.
#[derive(Debug, PartialEq, Eq)]
struct View {
    addresses: BTreeSet<IpAddr>,
    sources: [Option<IpAddr>; 2],
}

impl View {
    fn now() -> Option<Self> {
        let is_used =
            |flags: InterfaceFlags| flags.contains(InterfaceFlags::UP) && !flags.contains(InterfaceFlags::LOOPBACK);
        let is_of_link = |ip: &IpAddr| matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local());
        let interfaces = getifaddrs::getifaddrs().ok()?.filter(|found| is_used(found.flags));
        let addresses = interfaces.filter_map(|found| found.address.ip_addr()).filter(|ip| !is_of_link(ip)).collect();
        Some(Self { addresses, sources: [source(Family::V4), source(Family::V6)] })
    }
}

/// Looks after the network while there are requests.
pub(super) struct Watch {
    seen: Option<View>,
    looked: Instant,
    /// Since when nothing has come although there are requests; `None` without any.
    quiet_since: Option<Instant>,
    /// Whether that has been so for [`QUIET`].
    is_quiet: bool,
    /// The system's news, for as long as it is.
    news: Option<News>,
    is_told: bool,
}

impl Watch {
    pub(super) fn new(now: Instant) -> Self {
        Self { seen: None, looked: now, quiet_since: None, is_quiet: false, news: None, is_told: false }
    }

    /// Says how many requests there are and whether anything has come, and hears what has become of the network.
    pub(super) fn look(&mut self, now: Instant, pending: usize, has_come: bool) -> Option<Change> {
        if pending == 0 || has_come {
            self.quiet_since = None;
        }
        if pending > 0 {
            self.quiet_since.get_or_insert(now);
        }
        self.is_quiet = self.quiet_since.is_some_and(|since| now >= since + QUIET);
        if !self.is_quiet {
            self.news = None;
        } else if self.news.is_none() {
            self.news = News::listen();
        }
        let is_told = std::mem::take(&mut self.is_told);
        let is_first = self.is_quiet && self.seen.is_none();
        if pending == 0 || !(is_told || is_first || now >= self.looked + self.pause()) {
            return None;
        }
        self.looked = now;
        let view = View::now()?;
        let has_moved = self.seen.as_ref().is_some_and(|seen| *seen != view);
        self.seen = Some(view);
        match (has_moved, is_told) {
            (true, _) => Some(Change::Moved),
            (false, true) => Some(Change::Up),
            (false, false) => None,
        }
    }

    /// When to look again.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let becomes_quiet = self.quiet_since? + QUIET;
        let look = self.looked + self.pause();
        Some(if self.is_quiet { look } else { look.min(becomes_quiet) })
    }

    fn pause(&self) -> Duration {
        if self.is_quiet && self.news.is_none() { WAITED_FOR_EVERY } else { LOOKED_AT_EVERY }
    }

    /// Ready when the system has told of something.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(news) = &mut self.news else { return Poll::Pending };
        let Poll::Ready(result) = news.poll(context) else { return Poll::Pending };
        if result.is_err() {
            // It is looked at again when it is time.
            self.news = None;
        }
        self.is_told = true;
        Poll::Ready(())
    }
}

/// What the kernel tells of interfaces, addresses and routes (rtnetlink). The runtime has no type for such a socket; as far as
/// waiting and receiving go, it is like any other of datagrams.
#[cfg(any(target_os = "linux", target_os = "android"))]
struct News(tokio::net::UdpSocket);

#[cfg(any(target_os = "linux", target_os = "android"))]
impl News {
    /// `None` where there is no descriptor for it, or it is not allowed.
    fn listen() -> Option<Self> {
        use rustix::net::{AddressFamily, SocketFlags, SocketType, netlink::SocketAddrNetlink};
        const GROUPS: i32 = libc::RTMGRP_LINK
            | libc::RTMGRP_IPV4_IFADDR
            | libc::RTMGRP_IPV6_IFADDR
            | libc::RTMGRP_IPV4_ROUTE
            | libc::RTMGRP_IPV6_ROUTE;
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        // NETLINK_ROUTE is protocol 0.
        let socket = rustix::net::socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, None).ok()?;
        rustix::net::bind(&socket, &SocketAddrNetlink::new(0, GROUPS.unsigned_abs())).ok()?;
        tokio::net::UdpSocket::from_std(socket.into()).ok().map(Self)
    }

    /// Ready when something has changed; what, looking tells.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut is_told = false;
        loop {
            let Poll::Ready(ready) = self.0.poll_recv_ready(context) else {
                return if is_told { Poll::Ready(Ok(())) } else { Poll::Pending };
            };
            match ready.and_then(|()| self.0.try_recv(&mut [0; 64])) {
                Ok(_) => is_told = true,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // There was more than it had room for.
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => is_told = true,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

/// Elsewhere it is looked at more often.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
struct News;

#[cfg(not(any(target_os = "linux", target_os = "android")))]
impl News {
    fn listen() -> Option<Self> {
        None
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(source: Option<[u8; 4]>) -> Option<View> {
        Some(View { addresses: BTreeSet::new(), sources: [source.map(IpAddr::from), None] })
    }

    #[tokio::test]
    async fn a_network_that_is_another_than_the_last_time_has_moved() {
        let now = Instant::START + Duration::from_secs(100);
        let mut watch = Watch::new(now);
        assert_eq!(watch.look(now + Duration::from_secs(10), 1, true), None, "there is nothing to compare with");
        let now = now + Duration::from_secs(10);
        watch.seen = view(Some([192, 0, 2, 250]));
        assert_eq!(watch.look(now + Duration::from_secs(9), 1, true), None, "it is too soon");
        assert_eq!(watch.look(now + Duration::from_secs(10), 1, true), Some(Change::Moved));
        assert_eq!(watch.look(now + Duration::from_secs(30), 1, true), None);
        assert_eq!(watch.look(now + Duration::from_secs(90), 0, true), None);
        assert_eq!(watch.poll_timeout(), None, "nobody waits");
    }

    #[tokio::test]
    async fn what_the_system_tells_is_looked_at_at_once() {
        let now = Instant::START + Duration::from_secs(100);
        let mut watch = Watch::new(now);
        watch.look(now, 1, false);
        assert_eq!(watch.poll_timeout(), Some(now + QUIET));
        assert!(watch.news.is_none());
        watch.look(now + QUIET, 1, false);
        assert_eq!(watch.news.is_some(), cfg!(any(target_os = "linux", target_os = "android")));
        watch.is_told = true;
        assert_eq!(watch.look(now + QUIET, 1, false), Some(Change::Up), "something may be reachable");
        assert_eq!(watch.look(now + QUIET, 1, true), None);
        assert!(watch.news.is_none(), "no descriptor is kept while answers come");
    }
}
