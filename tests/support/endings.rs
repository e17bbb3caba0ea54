//! How a request may end, as the rules have it.

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use bittorrent_udp_tracker::proto::{Body, Failure, Phase};

use super::{
    log::{End, Life},
    place::Place,
    rules::Course,
};

/// Checks the end of request `id`, which has sent what its course says, if it has sent anything.
pub(crate) fn check_end(
    at: Duration,
    id: u64,
    life: &Life,
    places: &HashMap<SocketAddr, Place>,
    course: Option<&Course>,
) {
    let (_, end) = life.ended.as_ref().expect("how it ended");
    let answered = course.is_some_and(|course| course.answered == Some(at));
    let End::Failed { failure, address, phase } = end else {
        assert!(answered, "request {id} ends without an answer");
        return;
    };
    assert!(address.is_none_or(|address| life.addresses.contains(&address)), "request {id} fails at {address:?}");
    let own = match life.body {
        Body::Announce(_) => Phase::Announce,
        Body::Scrape(_) => Phase::Scrape,
    };
    assert!(*phase == own || *phase == Phase::Connect, "request {id} fails in {phase:?}");
    let mut here = life.addresses.iter().filter_map(|address| places.get(address));
    match failure {
        Failure::NotResponding(ms) => {
            assert_eq!(*ms, (life.timeout_ms * 256) as f64);
            let least = life.begun + Duration::from_millis(life.timeout_ms * 254);
            assert!(at >= least, "request {id} is given up at {at:?}, before {least:?}");
        }
        Failure::Unsendable { .. } => {}
        _ if answered || here.clone().any(|place| place.is_refused(at)) => {}
        failure => {
            let is_stray = here.any(|place| place.is_end_of_stray(at, life.begun));
            assert!(is_stray, "request {id} ends at {at:?} for no reason: {failure}");
        }
    }
}
