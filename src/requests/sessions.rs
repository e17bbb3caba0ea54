//! The sessions: who is told what has become of requests, of datagrams and of decisions.

use crate::proto::{Map, Origin, Outcome, RequestId, Set, Trace};

use super::{
    Failure, Preferences,
    messages::{Decision, SessionId, Sink, session_of},
};

/// Who takes outcomes and traces.
#[derive(Default)]
pub(crate) struct Sessions {
    sinks: Map<SessionId, Box<dyn Sink>>,
    /// The sessions that want to know of datagrams.
    tracing: Set<SessionId>,
    /// The requests that have not ended: each ends exactly once, or is cancelled.
    #[cfg(debug_assertions)]
    open: Set<RequestId>,
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

    pub(crate) fn outcome(&mut self, id: RequestId, outcome: &Outcome<&[u8]>) {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts what a session is told of datagrams.
    struct Told(std::sync::mpsc::Sender<Origin>);

    impl Sink for Told {
        fn outcome(&mut self, _: RequestId, _: &Outcome<&[u8]>) {}
        fn failure(&mut self, _: RequestId, _: &Failure) {}
        fn trace(&mut self, trace: &Trace) {
            self.0.send(trace.origin).unwrap();
        }
        fn flush(&mut self) {}
    }

    #[test]
    fn a_session_is_told_of_connects_and_of_its_own_datagrams_while_it_wants_to_be() {
        let (told, all) = std::sync::mpsc::channel();
        let mut sessions = Sessions::default();
        sessions.open(1, Box::new(Told(told)));
        let [own, others] = [1, 2].map(|session| Origin::Request(RequestId(session << 32)));
        let address = ([127, 0, 0, 1], 7).into();
        let tell = |sessions: &mut Sessions| {
            for origin in [own, others, Origin::Connect] {
                let kind = crate::proto::Kind::Announce;
                sessions.trace(&Trace { origin, address, kind, attempt: 1, round_trip: None });
            }
            all.try_iter().collect::<Vec<_>>()
        };
        assert_eq!(tell(&mut sessions), []);
        sessions.set_tracing(1, true);
        assert!(sessions.is_anyone_tracing());
        assert_eq!(tell(&mut sessions), [own, Origin::Connect]);
        sessions.close(1);
        assert!(!sessions.is_anyone_tracing());
        assert_eq!(tell(&mut sessions), []);
    }
}
