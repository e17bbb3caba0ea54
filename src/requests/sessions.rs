//! The sessions: who is told what has become of requests, of datagrams and of decisions.

use std::collections::{HashMap, HashSet};

use crate::proto::{Origin, Outcome, RequestId, Trace};

use super::{
    Failure, Preferences,
    messages::{Decision, SessionId, Sink, session_of},
};

/// Who takes outcomes and traces.
#[derive(Default)]
pub(crate) struct Sessions {
    sinks: HashMap<SessionId, Box<dyn Sink>>,
    /// The sessions that want to know of datagrams.
    tracing: HashSet<SessionId>,
    /// The requests that have not ended: each ends exactly once, or is cancelled.
    #[cfg(debug_assertions)]
    open: HashSet<RequestId>,
}

impl Sessions {
    pub(crate) fn open(&mut self, session: SessionId, sink: Box<dyn Sink>) {
        self.sinks.insert(session, sink);
    }

    pub(crate) fn close(&mut self, session: SessionId) {
        self.tracing.remove(&session);
        self.sinks.remove(&session);
        #[cfg(debug_assertions)]
        self.open.retain(|id| session_of(*id) != session);
    }

    /// Whether the session wants to know of datagrams from now on.
    pub(crate) fn set_tracing(&mut self, session: SessionId, wanted: bool) {
        if wanted {
            self.tracing.insert(session);
        } else {
            self.tracing.remove(&session);
        }
    }

    pub(crate) fn is_anyone_tracing(&self) -> bool {
        !self.tracing.is_empty()
    }

    pub(crate) fn sink(&mut self, session: SessionId) -> Option<&mut Box<dyn Sink>> {
        self.sinks.get_mut(&session)
    }

    /// A request has come.
    pub(crate) fn begin(&mut self, id: RequestId) {
        #[cfg(debug_assertions)]
        self.open.insert(id);
        let _ = id;
    }

    /// A request has gone, whatever became of it.
    pub(crate) fn end(&mut self, id: RequestId) {
        #[cfg(debug_assertions)]
        self.open.remove(&id);
        let _ = id;
    }

    /// Once all outcomes are passed on: whoever has had none is among the `pending` requests.
    pub(crate) fn check(&self, pending: usize) {
        #[cfg(debug_assertions)]
        assert_eq!(self.open.len(), pending, "requests that are in no table, or in two");
        let _ = pending;
    }

    pub(crate) fn outcome(&mut self, id: RequestId, outcome: &Outcome<'_>) {
        self.end(id);
        if let Some(sink) = self.sinks.get_mut(&session_of(id)) {
            sink.outcome(id, outcome);
        }
    }

    pub(crate) fn failure(&mut self, id: RequestId, failure: &Failure) {
        self.end(id);
        if let Some(sink) = self.sinks.get_mut(&session_of(id)) {
            sink.failure(id, failure);
        }
    }

    pub(crate) fn preferences(&mut self, id: RequestId, preferences: &Preferences) {
        self.end(id);
        if let Some(sink) = self.sinks.get_mut(&session_of(id)) {
            sink.preferences(id, preferences);
        }
    }

    pub(crate) fn trace(&mut self, trace: &Trace) {
        for session in &self.tracing {
            // A connect is everybody's, a request one session's.
            let concerned = match trace.origin {
                Origin::Connect => true,
                Origin::Request(id) => session_of(id) == *session,
            };
            if concerned && let Some(sink) = self.sinks.get_mut(session) {
                sink.trace(trace);
            }
        }
    }

    pub(crate) fn decision(&mut self, decision: &Decision) {
        for session in &self.tracing {
            if let Some(sink) = self.sinks.get_mut(session) {
                sink.decision(decision);
            }
        }
    }

    pub(crate) fn flush(&mut self) {
        for sink in self.sinks.values_mut() {
            sink.flush();
        }
    }
}
