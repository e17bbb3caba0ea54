//! Why a look-up found no address. A type until a person reads it: its text is made here and nowhere else.

use std::net::IpAddr;

use thiserror::Error;

use super::super::TransportError;
use crate::proto::SystemError;

/// Why a host has no addresses. The words are glibc's, on every system and in every language of it.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum LookUpError {
    /// There is no such name.
    #[error("Name or service not known")]
    NotFound,
    /// The name is there, and has no address.
    #[error("No address associated with hostname")]
    NoData,
    /// No name server answered, or none knew.
    #[error("Temporary failure in name resolution")]
    TryAgain,
    /// A name server said that it never will.
    #[error("Non-recoverable failure in name resolution")]
    Failed,
    /// Nothing has come of it in its time.
    #[error("no answer")]
    NoAnswer,
    /// The system could not do it.
    #[error(transparent)]
    System(SystemError),
    /// The C library's resolver failed by a number that is none of those above.
    #[error("failure {0} of the system's resolver")]
    Resolver(i32),
    /// The system has no name server configured.
    #[error("no name server is configured")]
    NoServer,
    /// The only name server is this machine's own, which would not ask by the transport.
    #[error("name server {0} of this machine would not ask by the transport")]
    LocalServer(IpAddr),
    /// The transport does not let the name server be asked.
    #[error("name server {address} cannot be asked: {reason}")]
    Unusable {
        /// The name server's.
        address: IpAddr,
        /// What is missing.
        reason: TransportError,
    },
    /// A name server gave no usable answer.
    #[error("name server {address}: {problem}")]
    Server {
        /// The name server's.
        address: IpAddr,
        /// What became of asking it.
        problem: ServerProblem,
    },
    /// The name is too long, or has a part that is.
    #[error("it is no name that can be asked for")]
    NotAName,
    /// The application's own look-up failed.
    #[error("{text}")]
    Caller {
        /// Its words.
        text: String,
        /// The `code` of its error, if that has one.
        code: Option<Box<str>>,
    },
    /// The engine is ending.
    #[error("look-up was interrupted")]
    Interrupted,
}

/// What became of asking a name server.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ServerProblem {
    /// It did not answer in time.
    #[error("timed out")]
    Silent,
    /// It could not be sent to, or nobody listens there.
    #[error(transparent)]
    Unreachable(SystemError),
    /// It failed (SERVFAIL).
    #[error("it failed")]
    Failed,
    /// It does not serve us (REFUSED).
    #[error("it refused")]
    Refused,
    /// It does not know how to answer.
    #[error("it cannot answer")]
    Unable,
    /// Its answer cannot be read.
    #[error("its answer cannot be read")]
    Unreadable,
}

/// Codes of a look-up's error, as Node.js has them, that say nothing about the name: the next attempt may go better.
const PASSING: [&str; 12] = [
    "EAI_AGAIN",
    "EAI_MEMORY",
    "EAI_SYSTEM",
    "ECONNREFUSED",
    "ECONNRESET",
    "EHOSTUNREACH",
    "ENETDOWN",
    "ENETUNREACH",
    "EREFUSED",
    "ESERVFAIL",
    "ETIMEDOUT",
    "ETIMEOUT",
];

impl LookUpError {
    /// Whether it may pass by itself, so that the same question is worth asking again. What an application's own look-up
    /// throws is its last word, unless its code says otherwise.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::TryAgain
            | Self::NoAnswer
            | Self::System(_)
            | Self::Resolver(_)
            | Self::NoServer
            | Self::Server { .. } => true,
            Self::NotFound
            | Self::NoData
            | Self::Failed
            | Self::LocalServer(_)
            | Self::Unusable { .. }
            | Self::NotAName
            | Self::Interrupted => false,
            Self::Caller { code, .. } => code.as_deref().is_some_and(|code| PASSING.contains(&code)),
        }
    }

    /// Its code as Node.js's own look-ups have it, if there is one that says what this is.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::NotFound | Self::NoData => Some("ENOTFOUND"),
            Self::TryAgain => Some("EAI_AGAIN"),
            Self::Failed => Some("EAI_FAIL"),
            Self::NoAnswer => Some("ETIMEOUT"),
            Self::Server { problem, .. } => match problem {
                ServerProblem::Silent => Some("ETIMEOUT"),
                ServerProblem::Unreachable(error) => error.code,
                ServerProblem::Failed => Some("ESERVFAIL"),
                ServerProblem::Refused => Some("EREFUSED"),
                ServerProblem::Unable => Some("ENOTIMP"),
                ServerProblem::Unreadable => Some("EBADRESP"),
            },
            Self::NotAName => Some("EBADNAME"),
            Self::Caller { code, .. } => code.as_deref(),
            Self::System(error) => error.code,
            Self::Unusable { reason, .. } => reason.cause_code(),
            Self::Resolver(_) | Self::NoServer | Self::LocalServer(_) | Self::Interrupted => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_attempt_can_change_is_told_at_once_and_the_rest_may_pass() {
        let caller = |code: Option<&str>| LookUpError::Caller { text: "no".into(), code: code.map(Into::into) };
        let address = IpAddr::from([10, 0, 0, 1]);
        for error in [
            LookUpError::TryAgain,
            LookUpError::NoAnswer,
            LookUpError::NoServer,
            LookUpError::System(SystemError { code: None, words: "no".into() }),
            LookUpError::Server { address, problem: ServerProblem::Failed },
            caller(Some("EAI_AGAIN")),
        ] {
            assert!(error.may_pass(), "{error}");
        }
        for error in [
            LookUpError::NotFound,
            LookUpError::NoData,
            LookUpError::Failed,
            LookUpError::NotAName,
            LookUpError::LocalServer(address),
            caller(None),
            caller(Some("ENOTFOUND")),
            caller(Some("EBLOCKED")),
        ] {
            assert!(!error.may_pass(), "{error}");
        }
    }

    #[test]
    fn words_of_an_application_are_no_codes() {
        for text in ["the policy server gave no answer", "Name or service not known", "Try again (os error 11)"] {
            let error = LookUpError::Caller { text: text.into(), code: None };
            assert_eq!((error.to_string().as_str(), error.code()), (text, None));
        }
    }
}
