//! What the engine and those who use it say to each other: commands in, outcomes out.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    sync::{Arc, mpsc as blocking},
};

use crate::proto::{self, AnnounceUrl, Body, Family, Outcome, RequestId, Schedule, Trace};

use super::{Failure, LookUpError, Transport};

/// Who gives commands and gets outcomes: one JavaScript environment.
pub type SessionId = u32;

/// What a look-up found, or why it found nothing.
pub type Found = Result<Vec<IpAddr>, LookUpError>;

/// A place where a host says that there is a tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A UDP port.
    Udp(u16),
    /// A TCP port.
    Tcp(u16),
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Udp(port) => write!(formatter, "UDP:{port}"),
            Self::Tcp(port) => write!(formatter, "TCP:{port}"),
        }
    }
}

/// Where a host has trackers by its own word, what it prefers first. None at all is its word, too. `None` without a record.
pub type Preferences = Option<Vec<Place>>;

/// What a session asks of the engine.
pub enum Command {
    /// A session begins; its outcomes go to this sink.
    Open(SessionId, Box<dyn Sink>),
    /// A session ends: its requests are forgotten and its sink is dropped, then the sender hears of it.
    Close(SessionId, blocking::Sender<()>),
    /// A request.
    Start(Start),
    /// A request for what the host of a URL says of its trackers, by the way out of requests to them.
    Preferences(RequestId, Arc<AnnounceUrl>, Option<Arc<Transport>>),
    /// A request that cannot even be started; its failure takes the way of all outcomes.
    Reject(RequestId, Failure),
    /// A session wants to know of datagrams, or does not any more.
    Trace(SessionId, bool),
    /// A request is no longer wanted.
    Cancel(RequestId),
    /// A request has taken so many milliseconds, which is too long for who made it.
    GiveUp(RequestId, f64),
    /// What a session's own look-up found: the answer to [`Sink::look_up`] with this number.
    Found(SessionId, u32, Found),
}

impl Command {
    /// Who gave it.
    pub(crate) fn session(&self) -> SessionId {
        match self {
            Self::Open(session, _) | Self::Close(session, _) | Self::Trace(session, _) | Self::Found(session, ..) => {
                *session
            }
            Self::Start(start) => session_of(start.id),
            Self::Preferences(id, ..) | Self::Reject(id, _) | Self::Cancel(id) | Self::GiveUp(id, _) => session_of(*id),
        }
    }
}

/// A request before its host's addresses are known. The upper half of its ID is the session's.
pub struct Start {
    /// The caller's number for it.
    pub id: RequestId,
    /// Which tracker.
    pub url: Arc<AnnounceUrl>,
    /// The family of addresses to use, or any.
    pub family: Option<Family>,
    /// The way out, if the application chose one.
    pub transport: Option<Arc<Transport>>,
    /// The waits between retransmissions.
    pub schedule: Schedule,
    /// What is asked.
    pub body: Body,
}

/// What was decided, for those who want to watch.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// About an address.
    Address(proto::Decision, SocketAddr),
    /// This host is looked up again: the look-up before failed in a way that may pass.
    LookUpRepeated(String),
    /// This host's look-up does without the system's resolver, which hangs.
    LookUpFallback(String),
    /// This host is looked up again: none of its addresses answers.
    LookUpOfSilent(String),
}

/// Where a session's outcomes go. Called on the engine's thread.
pub trait Sink: Send {
    /// A request got its answer.
    fn outcome(&mut self, id: RequestId, outcome: &Outcome<&[u8]>);
    /// A request failed.
    fn failure(&mut self, id: RequestId, failure: &Failure);
    /// A host has said this of its trackers. Only for sessions that asked.
    fn preferences(&mut self, _id: RequestId, _preferences: &Preferences) {}
    /// A datagram was sent or answered. Only for sessions that asked for it; comes before the outcome that it leads to.
    fn trace(&mut self, trace: &Trace);
    /// Something was decided. Only for sessions that asked for traces.
    fn decision(&mut self, _decision: &Decision) {}
    /// The session's look-up `function` is wanted for a host, the answer as [`Command::Found`] with this number. Only for
    /// sessions whose transports have one.
    fn look_up(&mut self, _number: u32, _function: u32, _host: &str, _family: Option<Family>) {}
    /// The answer with this number is not wanted any more.
    fn forget_look_up(&mut self, _number: u32) {}
    /// Nothing more comes in this turn: time to pass on what came.
    fn flush(&mut self);
}

/// Whose request it is.
pub(crate) fn session_of(id: RequestId) -> SessionId {
    (id.0 >> 32) as SessionId
}
