//! Transports as JavaScript packs them (`lib/transport.js` writes what is read here; the two change together).
//!
//! Texts with their length (u16) before them, empty where there is none: the local addresses of both families, the
//! interface, the proxy's host, user name and password; then the proxy's port (u16), whether it resolves names (u8), and the
//! number of the look-up function (u32), 0 without one.

use std::{collections::HashMap, net::Ipv6Addr, sync::Arc};

use super::reader::Reader;
use crate::{
    net::{CallerLookup, Proxy, Route, SessionId},
    proto::Host,
};

/// How many routes are kept. Beyond this all are read anew.
const REMEMBERED: usize = 256;

/// The routes of one session.
pub(super) struct Routes {
    session: SessionId,
    known: HashMap<Box<[u8]>, Arc<Route>>,
}

impl Routes {
    pub(super) fn new(session: SessionId) -> Self {
        Self { session, known: HashMap::new() }
    }

    /// The route in `bytes`, the same one for the same bytes. `None` if they do not add up.
    pub(super) fn route(&mut self, bytes: &[u8]) -> Option<Arc<Route>> {
        if let Some(known) = self.known.get(bytes) {
            return Some(known.clone());
        }
        let route = Arc::new(self.read(Reader(bytes))?);
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.known.insert(bytes.into(), route.clone());
        Some(route)
    }

    fn read(&self, mut reader: Reader<'_>) -> Option<Route> {
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
        Some(Route { local_v4, local_v6, interface: interface.map(Into::into), proxy, lookup })
    }
}

/// An IPv6 address and, behind a `%`, its zone.
fn zoned(text: &str) -> Option<(Ipv6Addr, Option<Box<str>>)> {
    let (address, zone) = text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone.into())));
    Some((address.parse().ok()?, zone))
}
