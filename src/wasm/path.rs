//! One path out. Its sockets are JavaScript's, which knows the path by its number.

use std::{net::SocketAddr, num::NonZeroU32, sync::Arc};

use crate::{
    proto::{Config, Instant},
    requests::{Requests, Sessions, Transport, TransportError, Way},
};

/// What Linux gives a socket that asks for nothing; JavaScript says what there is once it has one.
const DEFAULT_BUFFER: usize = 212_992;

pub(super) struct Path {
    pub(super) number: u32,
    requests: Requests,
}

impl Path {
    pub(super) fn new(number: u32, transport: Arc<Transport>, seed: [u8; 32]) -> Self {
        let config = Config { receive_buffer: DEFAULT_BUFFER };
        Self { number, requests: Requests::new(Instant::START, transport, index_of, config, seed) }
    }
}

impl Way for Path {
    fn requests(&self) -> &Requests {
        &self.requests
    }

    fn requests_mut(&mut self) -> &mut Requests {
        &mut self.requests
    }

    fn deliver(&mut self, sessions: &mut Sessions) {
        self.requests.deliver(sessions, Some, |address: SocketAddr| address);
    }
}

/// There is no asking for an interface's number.
fn index_of(name: &str) -> Result<NonZeroU32, TransportError> {
    name.parse().map_err(|_| TransportError::NeedsAddon("a zone that is a name"))
}

/// Whether requests can go out as `transport` says: it fails closed.
pub(super) fn check(transport: &Transport) -> Result<(), TransportError> {
    let Transport { local_v4, local_v6, interface, proxy, lookup: _ } = transport;
    let missing = [
        (proxy.is_some(), "transport.proxy"),
        (interface.is_some(), "transport.interface"),
        // Sockets could be bound to it, look-ups not.
        (local_v4.is_some() || local_v6.is_some(), "transport.localAddress"),
    ];
    match missing.into_iter().find(|(is_wanted, _)| *is_wanted) {
        Some((_, option)) => Err(TransportError::NeedsAddon(option)),
        None => Ok(()),
    }
}
