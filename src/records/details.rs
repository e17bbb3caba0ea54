//! What a `TrackerError` tells beside its text: where a request failed, and doing what.

use std::net::SocketAddr;

use crate::{
    proto::{self, Phase, Unreachable},
    requests::Failure,
};

/// Where a request failed, and the code of its cause.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Details<'a> {
    pub(super) phase: Option<Phase>,
    pub(super) address: Option<SocketAddr>,
    /// The system's name for what is wrong, in Node's spelling, or what is wrong with an answer.
    pub(super) cause_code: Option<&'a str>,
}

impl<'a> Details<'a> {
    /// The details of a failure of a request at `address`, in `phase`.
    pub(super) fn at(failure: &'a Failure, address: Option<SocketAddr>, phase: Phase) -> Self {
        let Self { address: named, cause_code, .. } = Self::of(failure);
        Self { phase: Some(phase), address: named.or(address), cause_code }
    }

    /// The details of a failure, as far as it says so itself.
    pub(super) fn of(failure: &'a Failure) -> Self {
        use proto::Failure as Protocol;
        let phase = |phase| Self { phase: Some(phase), ..Self::default() };
        match failure {
            Failure::Resolve { error, .. } => Self { cause_code: error.code(), ..phase(Phase::LookUp) },
            Failure::Transport(error) => Self { cause_code: error.cause_code(), ..Self::default() },
            Failure::Proxy { reason, .. } => Self { cause_code: reason.cause_code(), ..Self::default() },
            Failure::NoAddress { .. } | Failure::LookUpTimeout(_) => phase(Phase::LookUp),
            Failure::Protocol(Protocol::Unsendable { address, reason }) => {
                Self { address: Some(*address), cause_code: reason.code, ..Self::default() }
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
pub(crate) fn network_code(reason: Unreachable) -> &'static str {
    match reason {
        Unreachable::Port => "ECONNREFUSED",
        Unreachable::Host => "EHOSTUNREACH",
        Unreachable::Network => "ENETUNREACH",
        Unreachable::Prohibited => "EACCES",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        proto::SystemError,
        requests::{LookUpError, ProxyError, TransportError},
    };

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
            let expected = Details { phase: Some(Phase::LookUp), address: None, cause_code: code };
            assert_eq!(Details::of(&failure), expected, "{failure}");
        }
    }

    fn system(code: &'static str) -> SystemError {
        SystemError { code: Some(code), words: "in its words".into() }
    }

    #[test]
    fn a_look_up_that_the_system_cannot_make_tells_the_systems_code() {
        let error = LookUpError::System(system("EMFILE"));
        let failure = Failure::Resolve { host: "h.example".to_owned(), error };
        assert_eq!(Details::of(&failure).cause_code, Some("EMFILE"));
    }

    #[test]
    fn what_cannot_be_sent_tells_where_to_and_why() {
        let address = "127.0.0.1:80".parse().unwrap();
        let reason = system("EMSGSIZE");
        let failure = Failure::Protocol(proto::Failure::Unsendable { address, reason });
        assert_eq!(
            Details::of(&failure),
            Details { phase: None, address: Some(address), cause_code: Some("EMSGSIZE") }
        );
    }

    #[test]
    fn a_way_out_that_is_not_there_tells_the_systems_code() {
        let address = [192, 0, 2, 1].into();
        let no_address = TransportError::NoAddress { address, reason: system("EADDRNOTAVAIL") };
        let proxy = |reason| Failure::Proxy { proxy: "p.example:1080".to_owned(), reason };
        for (failure, code) in [
            (no_address.clone().into(), Some("EADDRNOTAVAIL")),
            (TransportError::NoInterface("tun0".into()).into(), Some("ENODEV")),
            (TransportError::NoFamily(proto::Family::V6).into(), None),
            (proxy(system("ECONNREFUSED").into()), Some("ECONNREFUSED")),
            (proxy(no_address.into()), Some("EADDRNOTAVAIL")),
            (proxy(LookUpError::NotFound.into()), Some("ENOTFOUND")),
            (proxy(ProxyError::WrongCredentials), None),
        ] {
            assert_eq!(Details::of(&failure), Details { cause_code: code, ..Details::default() }, "{failure}");
        }
    }
}
