//! How a request may end, as the rules have it.

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use bittorrent_udp_tracker::proto::{Body, Failure, Phase};

use super::{
    address_state::AddressState,
    log::{End, History},
    rules::Progress,
};

/// Checks the end of request `id`. `progress` is what it has sent, if anything.
pub(crate) fn check_end(
    at: Duration,
    id: u64,
    history: &History,
    addresses: &HashMap<SocketAddr, AddressState>,
    progress: Option<&Progress>,
) {
    let (_, end) = history.ended.as_ref().expect("how it ended");
    let answered = progress.is_some_and(|progress| progress.answered == Some(at));
    let End::Failed { failure, address, phase } = end else {
        assert!(answered, "request {id} ends without an answer");
        return;
    };
    assert!(address.is_none_or(|address| history.addresses.contains(&address)), "request {id} fails at {address:?}");
    let own = match history.body {
        Body::Announce(_) => Phase::Announce,
        Body::Scrape(_) => Phase::Scrape,
        Body::Connect(_) => Phase::Connect,
    };
    assert!(*phase == own || *phase == Phase::Connect, "request {id} fails in {phase:?}");
    let mut here = history.addresses.iter().filter_map(|address| addresses.get(address));
    match failure {
        Failure::NotResponding(ms) => {
            assert_eq!(*ms, (history.timeout_ms * 256) as f64);
            let least = history.begun + Duration::from_millis(history.timeout_ms * 254);
            assert!(at >= least, "request {id} is given up at {at:?}, before {least:?}");
        }
        Failure::Unsendable { .. } | Failure::Unreachable { .. } => {}
        _ if answered || here.clone().any(|state| state.is_refused(at)) => {}
        failure => {
            let is_stray = here.any(|state| state.is_end_of_stray(at, history.begun));
            assert!(is_stray, "request {id} ends at {at:?} for no reason: {failure}");
        }
    }
}
