//! The addresses to ask, of those that a host has. Every address that a request may be sent to comes through here.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6},
    num::NonZeroU32,
    sync::Arc,
};

use crate::proto::{AnnounceUrl, Family};

use super::super::{Failure, Transport, TransportError};

/// Finds the number of the network interface of a name, or of a number as text.
pub(crate) type IndexOf = fn(&str) -> Result<NonZeroU32, TransportError>;

/// The addresses of a URL's host that may be asked, of one family if `family` names it. Both families come IPv4 first: the
/// package this one replaces speaks nothing else, and whoever swaps it in keeps the address that worked.
pub(super) fn arrange(
    transport: &Transport,
    index_of: IndexOf,
    url: &AnnounceUrl,
    family: Option<Family>,
    ips: &[IpAddr],
) -> Result<Arc<[SocketAddr]>, Failure> {
    let scope = match url.zone.as_deref() {
        Some(zone) => Some(index_of(zone)?),
        None => transport.interface.as_deref().and_then(|name| index_of(name).ok()),
    };
    let (mut addresses, mut refused) = (Vec::with_capacity(ips.len()), None);
    for &ip in ips {
        match askable(ip) {
            Ok(IpAddr::V6(ip)) if ip.is_unicast_link_local() => {
                let scope = scope.map_or(0, |index| index.get());
                addresses.push(SocketAddrV6::new(ip, url.port, 0, scope).into());
            }
            Ok(ip) => addresses.push(SocketAddr::new(ip, url.port)),
            Err(reason) => refused = Some(Failure::Refused { address: ip, reason }),
        }
    }
    let no_address = |family| Failure::NoAddress { host: url.host.to_string(), family };
    if let Some(family) = family {
        let found = !addresses.is_empty();
        addresses.retain(|address| Family::of(address) == family);
        if addresses.is_empty() && (found || refused.is_none()) {
            return Err(no_address(family));
        }
    }
    let wanted = addresses.first().map(Family::of);
    // What a proxy reaches is not limited by how the proxy is reached.
    addresses.retain(|address| transport.proxy.is_some() || transport.has_family(Family::of(address)));
    addresses.sort_by_key(SocketAddr::is_ipv6);
    addresses.dedup();
    match (addresses.is_empty(), wanted, refused) {
        (false, ..) => Ok(addresses.into()),
        (true, Some(family), _) => Err(TransportError::NoFamily(family).into()),
        (true, None, Some(refused)) => Err(refused),
        (true, None, None) => Err(no_address(Family::V4)),
    }
}

/// Whether they are the same whenever they are arranged: an interface that a link-local address belongs to may get another
/// number.
pub(super) fn are_lasting(addresses: &[SocketAddr]) -> bool {
    !addresses.iter().any(|address| matches!(address, SocketAddr::V6(v6) if v6.ip().is_unicast_link_local()))
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

    #[test]
    fn addresses_of_a_link_are_arranged_each_time() {
        let v6 = |text: &str| SocketAddr::new(text.parse().unwrap(), 1);
        assert!(are_lasting(&[v6("10.0.0.1"), v6("2001:db8::1")]));
        assert!(!are_lasting(&[v6("10.0.0.1"), v6("fe80::1")]));
    }

    fn arranged(family: Option<Family>, ips: &[&str]) -> Result<Vec<String>, String> {
        let url = AnnounceUrl::parse("udp://t.example:7").unwrap();
        let ips: Vec<IpAddr> = ips.iter().map(|ip| ip.parse().unwrap()).collect();
        let index_of = |_: &str| panic!("no address has a zone");
        let addresses = arrange(&Transport::default(), index_of, &url, family, &ips);
        addresses.map(|found| found.iter().map(SocketAddr::to_string).collect()).map_err(|failure| failure.to_string())
    }

    #[test]
    fn of_both_families_ipv4_comes_first_and_what_nobody_may_ask_is_left_out() {
        let all = ["::2", "10.0.0.1", "224.0.0.1", "10.0.0.2", "10.0.0.2"];
        let expected = ["10.0.0.1:7", "10.0.0.2:7", "[::2]:7"].map(str::to_owned).to_vec();
        assert_eq!(arranged(None, &all), Ok(expected.clone()));
        assert_eq!(arranged(Some(Family::V6), &all), Ok(expected[2..].to_vec()));
        assert_eq!(
            arranged(None, &["224.0.0.1"]),
            Err("cannot send to tracker 224.0.0.1: it is a multicast address".into())
        );
        assert_eq!(arranged(Some(Family::V6), &["10.0.0.1"]), Err("tracker host t.example has no IPv6 address".into()));
    }
}
