//! The sockets of a [`Transport`].
//!
//! A transport fails closed: what it names must be there, or nothing is sent at all. Every socket of a transport, for
//! datagrams, look-ups and the proxy alike, is made by [`Transport::open`].

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6},
    num::NonZeroU32,
};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpSocket;

use crate::{
    proto::{Family, SystemError},
    requests::{Transport, TransportError},
};

/// What a socket is bound to beside its address: nothing, or what had the name when it was bound, if anything had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BoundTo {
    interface: Option<Option<NonZeroU32>>,
    zone: Option<Option<NonZeroU32>>,
}

impl Transport {
    /// A new socket that can send nothing but through this transport, bound to a port of the system's choice if it is for
    /// datagrams.
    ///
    /// # Errors
    /// The interface or the address is not there.
    pub(crate) fn open(&self, family: Family, kind: Type) -> Result<Socket, TransportError> {
        let no_socket = |error: io::Error| TransportError::NoSocket(error.into());
        let local = self.local(family)?;
        let domain = if family == Family::V4 { Domain::IPV4 } else { Domain::IPV6 };
        let protocol = if kind == Type::DGRAM { Protocol::UDP } else { Protocol::TCP };
        let socket = Socket::new(domain, kind, Some(protocol)).map_err(no_socket)?;
        if family == Family::V6 {
            socket.set_only_v6(true).map_err(no_socket)?;
        }
        socket.set_nonblocking(true).map_err(no_socket)?;
        let mut from = local;
        if let Some(name) = &self.interface
            && !bind_to_interface(&socket, family, name)?
            && from.ip().is_unspecified()
        {
            // The system can only be told by address.
            from = address_of(name, family)?;
        }
        if kind == Type::DGRAM || !from.ip().is_unspecified() {
            let reason = |error: io::Error| match from.ip() {
                ip if ip.is_unspecified() => no_socket(error),
                address => TransportError::NoAddress { address, reason: error.into() },
            };
            socket.bind(&from.into()).map_err(reason)?;
        }
        Ok(socket)
    }

    /// Whether the interface and the local address of a family are there at this moment. When there is no descriptor to ask
    /// with, whoever has a socket goes on, and whoever needs one hears it then.
    pub(crate) fn check(&self, family: Family) -> Result<(), TransportError> {
        if !self.is_bound() {
            return Ok(());
        }
        match self.open(family, Type::DGRAM) {
            Ok(_) | Err(TransportError::NoSocket(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The numbers that the interface and the zone of the local address have now.
    pub(crate) fn bound_to(&self, family: Family, index_of: impl Fn(&str) -> Option<NonZeroU32>) -> BoundTo {
        let zone = self.local_v6.as_ref().and_then(|(_, zone)| zone.as_deref()).filter(|_| family == Family::V6);
        // A zone may be a number itself.
        let zone = zone.map(|zone| index_of(zone).or_else(|| zone.parse().ok()));
        BoundTo { interface: self.interface.as_deref().map(&index_of), zone }
    }

    /// Whether anything can go out at all, of one family if it is given.
    pub(crate) fn check_any(&self, family: Option<Family>) -> Result<(), TransportError> {
        if !self.is_bound() {
            return Ok(());
        }
        // The family of what a proxy reaches is not that of the way to the proxy.
        let families: &[Family] = match family {
            Some(Family::V4) if self.proxy.is_none() => &[Family::V4],
            Some(Family::V6) if self.proxy.is_none() => &[Family::V6],
            _ if self.has_family(Family::V4) => &[Family::V4, Family::V6],
            _ => &[Family::V6, Family::V4],
        };
        let mut result = Ok(());
        for family in families.iter().rev() {
            match self.check(*family) {
                Ok(()) => return Ok(()),
                Err(error) => result = Err(error),
            }
        }
        result
    }

    /// A new socket for TCP that can connect through this transport alone.
    ///
    /// # Errors
    /// As those of [`open`](Self::open).
    pub(crate) fn tcp_socket(&self, family: Family) -> Result<TcpSocket, TransportError> {
        Ok(TcpSocket::from_std_stream(self.open(family, Type::STREAM)?.into()))
    }

    /// The number of the interface, if there is one and it is there.
    pub(crate) fn interface_index(&self) -> Option<NonZeroU32> {
        self.interface.as_ref().and_then(|name| index_of(name).ok())
    }

    /// Whether look-ups over loopback stay on the transport: then a name server on this machine may be asked.
    pub(crate) fn is_loopback(&self) -> bool {
        let interface = self.interface.as_ref().is_some_and(|name| {
            let mut addresses = getifaddrs::getifaddrs().into_iter().flatten();
            addresses.any(|found| found.name == **name && found.flags.contains(getifaddrs::InterfaceFlags::LOOPBACK))
        });
        let v4 = self.local_v4.is_some_and(|ip| ip.is_loopback());
        let v6 = self.local_v6.as_ref().is_some_and(|(ip, _)| ip.is_loopback());
        if self.interface.is_some() { interface } else { v4 || v6 }
    }

    fn local(&self, family: Family) -> Result<SocketAddr, TransportError> {
        match (family, self.local_v4, &self.local_v6) {
            (Family::V4, Some(ip), _) => Ok(SocketAddr::from((ip, 0))),
            (Family::V6, _, Some((ip, zone))) => {
                let scope = zone.as_deref().map_or(Ok(0), |zone| index_of(zone).map(NonZeroU32::get))?;
                Ok(SocketAddrV6::new(*ip, 0, 0, scope).into())
            }
            (Family::V4, None, None) => Ok(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))),
            (Family::V6, None, None) => Ok(SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0))),
            _ => Err(TransportError::NoFamily(family)),
        }
    }
}

/// The number of an interface that is given by its name or, as zones of addresses may be, by that number.
pub(crate) fn index_of(name: &str) -> Result<NonZeroU32, TransportError> {
    let by_name = getifaddrs::if_nametoindex(name).ok();
    by_name
        .or_else(|| name.parse().ok().filter(|&index| getifaddrs::if_indextoname(index).is_ok()))
        .and_then(NonZeroU32::new)
        .ok_or_else(|| TransportError::NoInterface(name.into()))
}

/// The broadcast addresses of the machine's networks.
pub(crate) fn broadcasts() -> Vec<IpAddr> {
    let addresses = getifaddrs::getifaddrs().into_iter().flatten();
    let loopback = getifaddrs::InterfaceFlags::LOOPBACK;
    let others = addresses.filter(|found| !found.flags.contains(loopback));
    others.filter_map(|found| found.address.associated_address()).collect()
}

/// Ties a socket to an interface. `false` where the system knows no way, or lets this user use none.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "fuchsia"))]
fn bind_to_interface(socket: &Socket, _: Family, name: &str) -> Result<bool, TransportError> {
    match socket.bind_device(Some(name.as_bytes())) {
        Ok(()) => Ok(true),
        // Linux before 5.7 wants a capability for it.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(false),
        Err(error) if error.raw_os_error() == Some(libc::ENODEV) => Err(TransportError::NoInterface(name.into())),
        Err(error) => Err(TransportError::Interface { name: name.into(), reason: error.into() }),
    }
}

#[cfg(any(target_vendor = "apple", target_os = "solaris", target_os = "illumos"))]
fn bind_to_interface(socket: &Socket, family: Family, name: &str) -> Result<bool, TransportError> {
    let index = Some(index_of(name)?);
    let bound = match family {
        Family::V4 => socket.bind_device_by_index_v4(index),
        Family::V6 => socket.bind_device_by_index_v6(index),
    };
    let reason = |error: io::Error| TransportError::Interface { name: name.into(), reason: error.into() };
    bound.map(|()| true).map_err(reason)
}

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "fuchsia",
    target_vendor = "apple",
    target_os = "solaris",
    target_os = "illumos"
)))]
fn bind_to_interface(_: &Socket, _: Family, name: &str) -> Result<bool, TransportError> {
    index_of(name).map(|_| false)
}

/// The first address of an interface, of a family, that is good for sending to more than its own link.
fn address_of(name: &str, family: Family) -> Result<SocketAddr, TransportError> {
    let index = index_of(name)?;
    let addresses = getifaddrs::getifaddrs().into_iter().flatten();
    let mut ips: Vec<IpAddr> = addresses
        .filter(|found| found.index == Some(index.get()))
        .filter_map(|found| found.address.ip_addr())
        .filter(|ip| ip.is_ipv4() == (family == Family::V4))
        .collect();
    ips.sort_by_key(|ip| matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local()));
    match ips.first() {
        Some(IpAddr::V4(v4)) => Ok(SocketAddr::from((*v4, 0))),
        Some(IpAddr::V6(v6)) => Ok(SocketAddrV6::new(*v6, 0, 0, index.get()).into()),
        None => {
            let words = if family == Family::V4 { "it has no IPv4 address" } else { "it has no IPv6 address" };
            let reason = SystemError { code: Some("EADDRNOTAVAIL"), words: words.into() };
            Err(TransportError::Interface { name: name.into(), reason })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{proto::Host, requests::Proxy};

    fn local(v4: Option<[u8; 4]>, v6: Option<&str>) -> Transport {
        let local_v6 = v6.map(|ip| (ip.parse().unwrap(), None));
        Transport { local_v4: v4.map(Into::into), local_v6, ..Transport::default() }
    }

    /// Of documentation (RFC 5737): no machine has it.
    const NOBODYS: [u8; 4] = [192, 0, 2, 1];

    #[test]
    fn a_local_address_of_one_family_leaves_out_the_other() {
        for (transport, v4, v6) in [
            (Transport::default(), true, true),
            (local(Some([127, 0, 0, 1]), None), true, false),
            (local(None, Some("::1")), false, true),
            (local(Some([127, 0, 0, 1]), Some("::1")), true, true),
        ] {
            assert_eq!((transport.has_family(Family::V4), transport.has_family(Family::V6)), (v4, v6));
            for (family, has_it) in [(Family::V4, v4), (Family::V6, v6)] {
                let refused = matches!(transport.open(family, Type::DGRAM), Err(TransportError::NoFamily(_)));
                assert_eq!(refused, !has_it);
            }
        }
    }

    /// What it says to each way of using it.
    fn refusals(transport: &Transport) -> [TransportError; 5] {
        [
            transport.open(Family::V4, Type::DGRAM).unwrap_err(),
            transport.open(Family::V4, Type::STREAM).unwrap_err(),
            transport.check(Family::V4).unwrap_err(),
            transport.check_any(None).unwrap_err(),
            transport.check_any(Some(Family::V4)).unwrap_err(),
        ]
    }

    #[test]
    fn a_transport_without_what_it_names_can_be_used_for_nothing() {
        let gone = Transport { interface: Some("gone0".into()), ..Transport::default() };
        assert!(refusals(&gone).iter().all(|error| *error == TransportError::NoInterface("gone0".into())));
        let foreign = local(Some(NOBODYS), Some("2001:db8::1"));
        assert!(refusals(&foreign).iter().all(|error| matches!(error, TransportError::NoAddress { .. })));
    }

    #[test]
    fn one_family_that_is_there_is_enough_unless_the_other_is_asked_for() {
        let half = local(Some([127, 0, 0, 1]), Some("2001:db8::1"));
        assert_eq!(half.check_any(None), Ok(()));
        assert_eq!(half.check_any(Some(Family::V4)), Ok(()));
        assert!(half.check_any(Some(Family::V6)).is_err());
        let host = Host::Ipv4(Ipv4Addr::LOCALHOST);
        let proxy = Proxy { host, port: 1, credentials: None, remote_names: true };
        let by_proxy = Transport { proxy: Some(proxy), ..half };
        assert_eq!(by_proxy.check_any(Some(Family::V6)), Ok(()), "the way to the proxy has its own family");
    }

    #[test]
    fn a_socket_is_bound_and_of_one_family() {
        let socket = Transport::default().open(Family::V6, Type::DGRAM).unwrap();
        assert!(socket.only_v6().unwrap());
        let v4 = local(Some([127, 0, 0, 1]), None);
        let bound = v4.open(Family::V4, Type::STREAM).unwrap().local_addr().unwrap().as_socket().unwrap();
        assert_eq!(bound.ip(), IpAddr::from([127, 0, 0, 1]));
        let bound = v4.open(Family::V4, Type::DGRAM).unwrap().local_addr().unwrap().as_socket().unwrap();
        assert_ne!(bound.port(), 0);
    }

    #[test]
    fn an_interface_or_a_zone_that_is_made_anew_is_another() {
        let seven = |_: &str| NonZeroU32::new(7);
        let transport = Transport {
            interface: Some("tun0".into()),
            local_v6: Some((Ipv6Addr::LOCALHOST, Some("9".into()))),
            ..Transport::default()
        };
        let bound_to = |family, found: Option<u32>| transport.bound_to(family, |_| found.and_then(NonZeroU32::new));
        assert_eq!(bound_to(Family::V4, Some(7)), transport.bound_to(Family::V4, seven));
        assert_ne!(bound_to(Family::V4, Some(7)), bound_to(Family::V4, Some(8)));
        assert_ne!(bound_to(Family::V4, Some(7)), bound_to(Family::V4, None));
        let zone = |found| Transport { interface: None, ..transport.clone() }.bound_to(Family::V6, |_| found);
        assert_eq!(zone(None), zone(NonZeroU32::new(9)), "a zone may be a number");
        assert_ne!(zone(None), zone(NonZeroU32::new(8)));
    }

    #[test]
    fn name_servers_of_this_machine_are_asked_over_loopback_alone() {
        assert!(local(Some([127, 0, 0, 9]), None).is_loopback() && local(None, Some("::1")).is_loopback());
        assert!(!local(Some(NOBODYS), None).is_loopback());
        let by_interface = Transport { interface: Some("gone0".into()), ..local(Some([127, 0, 0, 1]), None) };
        assert!(!by_interface.is_loopback(), "it is the interface that decides");
    }
}
