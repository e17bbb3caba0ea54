//! What a host's own records say of its trackers (BEP 34): the ports that they listen on, or that there are none.
//!
//! It is asked beside the requests to a tracker and never in their way: for a short time, of few hosts at once, and not
//! at all where names are looked up by a function of the application's or by a proxy.

use std::{
    collections::HashMap,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    task::{AbortHandle, JoinSet},
    time::timeout,
};

use crate::{
    proto::{self, RequestId},
    requests::{Failure, LookUpError, Place, Preferences, SessionId, session_of},
};

use super::Names;

/// The first word of such a record.
const FIRST_WORD: &str = "BITTORRENT";
/// How long a host's records are asked for.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many hosts' records are asked for at once: home routers pass on some 150 questions at a time, and addresses come first.
pub(super) const AT_ONCE: usize = 64;
/// How many places a host can name. No host has so many trackers.
const MOST: usize = 32;

/// Reads a host's texts. Of several records all count.
pub(super) fn preferences_of(texts: &[String]) -> Preferences {
    let mut found: Preferences = None;
    for text in texts {
        let mut words = text.split(' ').filter(|word| !word.is_empty());
        if words.next() == Some(FIRST_WORD) {
            found.get_or_insert_default().extend(words.filter_map(place));
        }
    }
    if let Some(places) = &mut found {
        places.truncate(MOST);
    }
    found
}

/// The place that a word names. Words that nobody knows are left out, DENY and ALL among them.
fn place(word: &str) -> Option<Place> {
    let (protocol, digits) = word.split_once(':')?;
    let port =
        digits.parse().ok().filter(|&port: &u16| port > 0 && digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    match protocol {
        "UDP" => Some(Place::Udp(port)),
        "TCP" => Some(Place::Tcp(port)),
        _ => None,
    }
}

type Answer = Result<Preferences, Failure>;

/// The look-ups of preferences on one path that are under way.
pub(crate) struct PreferenceLookUps {
    names: Arc<Names>,
    running: HashMap<RequestId, AbortHandle>,
    look_ups: JoinSet<(RequestId, Answer)>,
    ended: Vec<(RequestId, Answer)>,
}

impl PreferenceLookUps {
    pub(crate) fn new(names: Arc<Names>) -> Self {
        Self { names, running: HashMap::new(), look_ups: JoinSet::new(), ended: Vec::new() }
    }

    pub(crate) fn start(&mut self, id: RequestId, host: &proto::Host) {
        let proto::Host::Domain(host) = host else { return self.ended.push((id, Ok(None))) };
        let (names, host) = (self.names.clone(), host.to_string());
        let look_up = async move {
            let found = timeout(PATIENCE, names.preferences(&host)).await.unwrap_or(Err(LookUpError::NoAnswer));
            (id, found.map_err(|error| Failure::Resolve { host, error }))
        };
        self.running.insert(id, self.look_ups.spawn(look_up));
    }

    /// Says that an answer is not wanted any more, or that there is none. Returns whether it was waited for.
    pub(crate) fn end(&mut self, id: RequestId, failure: Option<Failure>) -> bool {
        let Some(look_up) = self.running.remove(&id) else { return false };
        look_up.abort();
        self.ended.extend(failure.map(|failure| (id, Err(failure))));
        true
    }

    pub(crate) fn cancel_session(&mut self, session: SessionId) {
        let of_session = |id: &RequestId| session_of(*id) == session;
        for id in self.running.keys().copied().filter(of_session).collect::<Vec<_>>() {
            self.end(id, None);
        }
        self.ended.retain(|(id, _)| !of_session(id));
    }

    /// How many have not ended.
    pub(crate) fn pending(&self) -> usize {
        self.running.len() + self.ended.len()
    }

    /// What has come of those that have ended.
    pub(crate) fn take_ended(&mut self) -> Vec<(RequestId, Answer)> {
        std::mem::take(&mut self.ended)
    }

    /// Ready when one has ended.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while let Poll::Ready(Some(ended)) = self.look_ups.poll_join_next(context) {
            // One that was aborted has nothing to say, and one may have been cancelled in the moment in which it ended.
            if let Ok((id, answer)) = ended
                && self.running.remove(&id).is_some()
            {
                self.ended.push((id, answer));
            }
        }
        if self.ended.is_empty() { Poll::Pending } else { Poll::Ready(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Option<String> {
        let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
        let places = preferences_of(&texts)?;
        Some(places.iter().map(Place::to_string).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn a_record_names_ports_in_order_of_preference() {
        assert_eq!(read(&["BITTORRENT UDP:1337 TCP:80"]).as_deref(), Some("UDP:1337 TCP:80"));
        assert_eq!(read(&["BITTORRENT TCP:80 UDP:1337 UDP:6969"]).as_deref(), Some("TCP:80 UDP:1337 UDP:6969"));
        assert_eq!(read(&["x", "BITTORRENT UDP:1", "BITTORRENT UDP:2"]).as_deref(), Some("UDP:1 UDP:2"));
    }

    #[test]
    fn a_record_without_ports_says_that_there_is_no_tracker() {
        for text in ["BITTORRENT", "BITTORRENT DENY ALL", "BITTORRENT udp:6969", "BITTORRENT UDP"] {
            assert_eq!(read(&[text]).as_deref(), Some(""), "{text}");
        }
    }

    #[test]
    fn words_that_nobody_knows_are_left_out() {
        let text = "BITTORRENT  WS:1 UDP:0 UDP:65536 UDP:+1 UDP:-1 UDP: UDP:1x DENY UDP:65535 SCTP:9 ";
        assert_eq!(read(&[text]).as_deref(), Some("UDP:65535"));
    }

    #[test]
    fn other_texts_say_nothing() {
        for text in ["", "bittorrent UDP:1", "BITTORRENTS UDP:1", "v=spf1 BITTORRENT UDP:1", "UDP:1"] {
            assert_eq!(read(&[text]), None, "{text}");
        }
        assert_eq!(read(&[]), None);
    }

    #[test]
    fn a_record_of_any_length_names_some() {
        let long = format!("BITTORRENT {}", "UDP:1 ".repeat(10_000));
        assert_eq!(preferences_of(&[long]).map(|places| places.len()), Some(MOST));
    }
}
