//! Transports as JavaScript packs them (`lib/options/transport.js` writes what is read here; the two change together).
//!
//! Texts with their length (u16) before them, empty where there is none: the local addresses of both families, the
//! interface, the proxy's host, user name and password; then the proxy's port (u16), whether it resolves names (u8), and the
//! number of the look-up function (u32), 0 without one.

use std::{net::Ipv6Addr, sync::Arc};

use super::reader::Reader;
use crate::{
    proto::{Host, Map},
    requests::{CallerLookup, Proxy, SessionId, Transport},
};

/// How many transports are kept. Beyond this all are read anew.
const MOST: usize = 256;

/// The transports of one session.
pub(super) struct Transports {
    session: SessionId,
    known: Map<Box<[u8]>, Arc<Transport>>,
}

impl Transports {
    pub(super) fn new(session: SessionId) -> Self {
        Self { session, known: Map::default() }
    }

    /// The transport in `bytes`, the same one for the same bytes. `None` if they do not add up.
    pub(super) fn transport(&mut self, bytes: &[u8]) -> Option<Arc<Transport>> {
        if let Some(known) = self.known.get(bytes) {
            return Some(known.clone());
        }
        let transport = Arc::new(self.read(Reader(bytes))?);
        if self.known.len() >= MOST {
            self.known.clear();
        }
        self.known.insert(bytes.into(), transport.clone());
        Some(transport)
    }

    fn read(&self, mut reader: Reader<'_>) -> Option<Transport> {
        let mut texts = [const { None }; 6];
        for text in &mut texts {
            let length = reader.u16()?.into();
            let bytes = reader.bytes(length)?;
            *text = Some(str::from_utf8(bytes).ok()?).filter(|text| !text.is_empty());
        }
        let [local_v4, local_v6, interface, host, username, password] = texts;
        let (port, remote_names, function) = (reader.u16()?, reader.u8()? != 0, reader.u32()?);
        let local_v4 = match local_v4 {
            Some(text) => Some(text.parse().ok()?),
            None => None,
        };
        let local_v6 = match local_v6 {
            Some(text) => Some(zoned(text)?),
            None => None,
        };
        let proxy = match host {
            Some(host) => {
                // A host that is given by name may be given by an IPv6 address without brackets.
                let host = host.parse().map_or_else(|_| Host::parse(host), |ip| Ok(Host::Ipv6(ip))).ok()?;
                let credentials = username.map(|username| (username.into(), password.unwrap_or_default().into()));
                Some(Proxy { host, port, credentials, remote_names })
            }
            None => None,
        };
        let lookup = (function != 0).then_some(CallerLookup { session: self.session, function });
        Some(Transport { local_v4, local_v6, interface: interface.map(Into::into), proxy, lookup })
    }
}

/// An IPv6 address and, behind a `%`, its zone.
fn zoned(text: &str) -> Option<(Ipv6Addr, Option<Box<str>>)> {
    let (address, zone) = text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone.into())));
    Some((address.parse().ok()?, zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(texts: [&str; 6], port: u16, remote: u8, function: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        for text in texts {
            bytes.extend((text.len() as u16).to_le_bytes());
            bytes.extend(text.as_bytes());
        }
        bytes.extend(port.to_le_bytes());
        bytes.push(remote);
        bytes.extend(function.to_le_bytes());
        bytes
    }

    #[test]
    fn a_transport_is_read_and_the_same_bytes_give_the_same_one() {
        let bytes = packed(["10.0.0.1", "fe80::1%eth0", "tun0", "::1", "anna", "secret"], 1080, 1, 7);
        let mut transports = Transports::new(3);
        let transport = transports.transport(&bytes).unwrap();
        assert_eq!(transport.local_v4, Some("10.0.0.1".parse().unwrap()));
        assert_eq!(transport.local_v6, Some(("fe80::1".parse().unwrap(), Some("eth0".into()))));
        assert_eq!(transport.interface.as_deref(), Some("tun0"));
        let proxy = transport.proxy.as_ref().unwrap();
        assert_eq!((proxy.host.to_string().as_str(), proxy.port, proxy.remote_names), ("[::1]", 1080, true));
        assert_eq!(proxy.credentials, Some(("anna".into(), "secret".into())));
        assert_eq!(transport.lookup, Some(CallerLookup { session: 3, function: 7 }));
        assert!(Arc::ptr_eq(&transport, &transports.transport(&bytes).unwrap()));
    }

    #[test]
    fn no_more_transports_are_kept_than_may_be() {
        let mut transports = Transports::new(1);
        for function in 1..3 * MOST as u32 {
            transports.transport(&packed([""; 6], 0, 0, function)).unwrap();
            assert!(transports.known.len() <= MOST);
        }
    }

    #[test]
    fn what_does_not_add_up_is_no_transport() {
        let bytes = packed(["10.0.0.1", "", "", "", "", ""], 0, 0, 0);
        let mut transports = Transports::new(1);
        assert!(transports.transport(&bytes).is_some());
        for length in 0..bytes.len() {
            assert!(transports.transport(&bytes[..length]).is_none(), "{length}");
        }
        assert!(transports.transport(&packed(["tun0", "", "", "", "", ""], 0, 0, 0)).is_none());
        assert!(transports.transport(&packed(["", "10.0.0.1", "", "", "", ""], 0, 0, 0)).is_none());
    }
}
