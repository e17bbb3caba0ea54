//! What a `TrackerError` tells beside its text: where a request failed, and doing what.

use std::net::SocketAddr;

use crate::{
    proto::{self, Unreachable},
    requests::Failure,
};

/// What a request was doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// Its host was being looked up.
    Lookup = 1,
    /// The tracker was to give a connection ID.
    Connect = 2,
    /// The tracker was to answer the announce.
    Announce = 3,
    /// The tracker was to answer the scrape.
    Scrape = 4,
}

/// Where a request failed, and the code of its cause.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Details<'a> {
    pub(super) phase: Option<Phase>,
    pub(super) address: Option<SocketAddr>,
    /// The system's name for what is wrong, in Node's spelling, or what is wrong with an answer.
    pub(super) cause_code: Option<&'a str>,
}

impl From<proto::Phase> for Phase {
    fn from(phase: proto::Phase) -> Self {
        match phase {
            proto::Phase::Connect => Self::Connect,
            proto::Phase::Announce => Self::Announce,
            proto::Phase::Scrape => Self::Scrape,
        }
    }
}

impl<'a> Details<'a> {
    /// The details of a failure of a request at `address`, in `phase`.
    pub(super) fn at(failure: &'a Failure, address: Option<SocketAddr>, phase: proto::Phase) -> Self {
        let Self { address: named, cause_code, .. } = Self::of(failure);
        Self { phase: Some(phase.into()), address: named.or(address), cause_code }
    }

    /// The details of a failure, as far as it says so itself.
    pub(super) fn of(failure: &'a Failure) -> Self {
        use proto::Failure as Protocol;
        let phase = |phase| Self { phase: Some(phase), ..Self::default() };
        match failure {
            Failure::Resolve { error, .. } => {
                let code = error.code().or_else(|| error.number().and_then(system_code));
                Self { cause_code: code, ..phase(Phase::Lookup) }
            }
            Failure::NoAddress { .. } | Failure::LookUpTimeout(_) => phase(Phase::Lookup),
            Failure::Protocol(Protocol::Unsendable { address, reason }) => {
                let code = reason.number.and_then(system_code);
                Self { address: Some(*address), cause_code: code, ..Self::default() }
            }
            Failure::Protocol(Protocol::Unreachable { address, reason }) => {
                Self { address: Some(*address), cause_code: Some(network_code(*reason)), ..Self::default() }
            }
            Failure::Protocol(failure) => Self { cause_code: malformed(failure), ..Self::default() },
            _ => Self::default(),
        }
    }
}

/// What is wrong with an answer that does not follow the protocol.
fn malformed(failure: &proto::Failure) -> Option<&'static str> {
    use proto::Failure as Protocol;
    match failure {
        Protocol::ConnectLength => Some("CONNECT_LENGTH"),
        Protocol::AnnounceLength => Some("ANNOUNCE_LENGTH"),
        Protocol::ScrapeLength => Some("SCRAPE_LENGTH"),
        Protocol::ErrorLength => Some("ERROR_LENGTH"),
        Protocol::ConnectTransactionId | Protocol::AnnounceTransactionId | Protocol::ScrapeTransactionId => {
            Some("TRANSACTION_ID")
        }
        Protocol::UnsupportedAction(_) => Some("ACTION"),
        Protocol::NotResponding(_)
        | Protocol::Tracker(_)
        | Protocol::Unsendable { .. }
        | Protocol::Unreachable { .. } => None,
    }
}

/// The system's name for what a socket that is connected to the address would be told.
fn network_code(reason: Unreachable) -> &'static str {
    match reason {
        Unreachable::Port => "ECONNREFUSED",
        Unreachable::Host => "EHOSTUNREACH",
        Unreachable::Network => "ENETUNREACH",
        Unreachable::Prohibited => "EACCES",
    }
}

#[cfg(unix)]
const SYSTEM_CODES: [(i32, &str); 14] = [
    (libc::EACCES, "EACCES"),
    (libc::EADDRNOTAVAIL, "EADDRNOTAVAIL"),
    (libc::EAFNOSUPPORT, "EAFNOSUPPORT"),
    (libc::EDESTADDRREQ, "EDESTADDRREQ"),
    (libc::EHOSTUNREACH, "EHOSTUNREACH"),
    (libc::EINVAL, "EINVAL"),
    (libc::EMFILE, "EMFILE"),
    (libc::EMSGSIZE, "EMSGSIZE"),
    (libc::ENETDOWN, "ENETDOWN"),
    (libc::ENETUNREACH, "ENETUNREACH"),
    (libc::ENFILE, "ENFILE"),
    (libc::ENOBUFS, "ENOBUFS"),
    (libc::ENODEV, "ENODEV"),
    (libc::EPERM, "EPERM"),
];

#[cfg(windows)]
const SYSTEM_CODES: [(i32, &str); 11] = [
    (10013, "EACCES"),
    (10022, "EINVAL"),
    (10024, "EMFILE"),
    (10039, "EDESTADDRREQ"),
    (10040, "EMSGSIZE"),
    (10047, "EAFNOSUPPORT"),
    (10049, "EADDRNOTAVAIL"),
    (10050, "ENETDOWN"),
    (10051, "ENETUNREACH"),
    (10055, "ENOBUFS"),
    (10065, "EHOSTUNREACH"),
];

#[cfg(not(any(unix, windows)))]
const SYSTEM_CODES: [(i32, &str); 0] = [];

/// The system's name of an error's number.
fn system_code(number: i32) -> Option<&'static str> {
    SYSTEM_CODES.iter().find(|&&(code, _)| code == number).map(|&(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{proto::SendError, requests::LookUpError};

    #[test]
    fn a_look_up_tells_what_the_resolver_said() {
        let caller =
            |text: &str, code: Option<&str>| LookUpError::Caller { text: text.into(), code: code.map(Into::into) };
        for (error, code) in [
            (LookUpError::NotFound, Some("ENOTFOUND")),
            (LookUpError::NoData, Some("ENOTFOUND")),
            (LookUpError::TryAgain, Some("EAI_AGAIN")),
            (LookUpError::Failed, Some("EAI_FAIL")),
            (LookUpError::NoAnswer, Some("ETIMEOUT")),
            (LookUpError::Resolver(-99), None),
            (caller("it is blocked", Some("EBLOCKED")), Some("EBLOCKED")),
            (caller("the policy server gave no answer", None), None),
        ] {
            let failure = Failure::Resolve { host: "h.invalid".to_owned(), error };
            let expected = Details { phase: Some(Phase::Lookup), address: None, cause_code: code };
            assert_eq!(Details::of(&failure), expected, "{failure}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_look_up_that_the_system_cannot_make_tells_the_systems_number() {
        let error = LookUpError::System(libc::EMFILE);
        let failure = Failure::Resolve { host: "h.example".to_owned(), error };
        assert_eq!(Details::of(&failure).cause_code, Some("EMFILE"));
    }

    #[cfg(unix)]
    #[test]
    fn what_cannot_be_sent_tells_where_to_and_why() {
        let address = "127.0.0.1:80".parse().unwrap();
        let reason = SendError { number: Some(libc::EMSGSIZE), words: "too long".to_owned() };
        let failure = Failure::Protocol(proto::Failure::Unsendable { address, reason });
        assert_eq!(
            Details::of(&failure),
            Details { phase: None, address: Some(address), cause_code: Some("EMSGSIZE") }
        );
    }
}
