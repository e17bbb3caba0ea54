//! The sessions and whose turn it is: a session with many commands at once holds up no other's.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    vec,
};

use crate::proto::{Origin, Outcome, RequestId, Trace};

use super::{
    Failure, Preferences,
    messages::{Command, Decision, SessionId, Sink, session_of},
};

/// How many commands of a session are taken before those of the next one.
const COMMANDS_A_TURN: usize = 256;

/// Who takes outcomes and traces, and the commands that wait for their turn.
#[derive(Default)]
pub(super) struct Sessions {
    sinks: HashMap<SessionId, Box<dyn Sink>>,
    /// The sessions that want to know of datagrams.
    tracing: HashSet<SessionId>,
    /// Batches of commands, by session.
    waiting: HashMap<SessionId, VecDeque<vec::IntoIter<Command>>>,
    /// The sessions that have any, in the order of their turns.
    turns: VecDeque<SessionId>,
    /// The requests that have not ended: each ends exactly once, or is cancelled.
    #[cfg(debug_assertions)]
    open: HashSet<RequestId>,
}

impl Sessions {
    /// Takes a batch of commands, all of one session.
    pub(super) fn enqueue(&mut self, batch: Vec<Command>) {
        let Some(session) = batch.first().map(Command::session) else { return };
        if batch.iter().any(|command| matches!(command, Command::Close(..))) {
            // Whatever it asked for before is not wanted any more.
            self.waiting.remove(&session);
        }
        if !self.turns.contains(&session) {
            self.turns.push_back(session);
        }
        self.waiting.entry(session).or_default().push_back(batch.into_iter());
    }

    /// Some commands of the session whose turn it is. Empty if there are none at all.
    pub(super) fn next_commands(&mut self, commands: &mut Vec<Command>) {
        let Some(session) = self.turns.pop_front() else { return };
        let Some(batches) = self.waiting.get_mut(&session) else { return };
        while commands.len() < COMMANDS_A_TURN
            && let Some(batch) = batches.front_mut()
        {
            commands.extend(batch.take(COMMANDS_A_TURN - commands.len()));
            if batch.len() == 0 {
                batches.pop_front();
            }
        }
        if batches.is_empty() {
            self.waiting.remove(&session);
        } else {
            self.turns.push_back(session);
        }
    }

    /// How many sessions have commands waiting.
    pub(super) fn with_commands(&self) -> usize {
        self.turns.len()
    }

    pub(super) fn open(&mut self, session: SessionId, sink: Box<dyn Sink>) {
        self.sinks.insert(session, sink);
    }

    pub(super) fn close(&mut self, session: SessionId) {
        self.tracing.remove(&session);
        self.sinks.remove(&session);
        #[cfg(debug_assertions)]
        self.open.retain(|id| session_of(*id) != session);
    }

    /// Whether the session wants to know of datagrams from now on.
    pub(super) fn set_tracing(&mut self, session: SessionId, wanted: bool) {
        if wanted {
            self.tracing.insert(session);
        } else {
            self.tracing.remove(&session);
        }
    }

    pub(super) fn is_anyone_tracing(&self) -> bool {
        !self.tracing.is_empty()
    }

    pub(super) fn sink(&mut self, session: SessionId) -> Option<&mut Box<dyn Sink>> {
        self.sinks.get_mut(&session)
    }

    /// A request has come.
    pub(super) fn begin(&mut self, id: RequestId) {
        #[cfg(debug_assertions)]
        self.open.insert(id);
        let _ = id;
    }

    /// A request has gone, whatever became of it.
    pub(super) fn end(&mut self, id: RequestId) {
        #[cfg(debug_assertions)]
        self.open.remove(&id);
        let _ = id;
    }

    /// Once all outcomes are passed on: whoever has had none is among the `pending` requests.
    pub(super) fn check(&self, pending: usize) {
        #[cfg(debug_assertions)]
        assert_eq!(self.open.len(), pending, "requests that are in no table, or in two");
        let _ = pending;
    }

    pub(super) fn outcome(&mut self, id: RequestId, outcome: &Outcome<'_>) {
        self.end(id);
        if let Some(sink) = self.sinks.get_mut(&session_of(id)) {
            sink.outcome(id, outcome);
        }
    }

    pub(super) fn failure(&mut self, id: RequestId, failure: &Failure) {
        self.end(id);
        if let Some(sink) = self.sinks.get_mut(&session_of(id)) {
            sink.failure(id, failure);
        }
    }

    pub(super) fn preferences(&mut self, id: RequestId, preferences: &Preferences) {
        self.end(id);
        if let Some(sink) = self.sinks.get_mut(&session_of(id)) {
            sink.preferences(id, preferences);
        }
    }

    pub(super) fn trace(&mut self, trace: &Trace) {
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

    pub(super) fn decision(&mut self, decision: &Decision) {
        for session in &self.tracing {
            if let Some(sink) = self.sinks.get_mut(session) {
                sink.decision(decision);
            }
        }
    }

    pub(super) fn flush(&mut self) {
        for sink in self.sinks.values_mut() {
            sink.flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::RequestId;

    const MANY: u64 = 20_000;

    fn cancels(session: SessionId, count: u64) -> Vec<Command> {
        (0..count).map(|number| Command::Cancel(RequestId(u64::from(session) << 32 | number))).collect()
    }

    #[test]
    fn a_session_with_many_commands_lets_the_others_have_their_turns() {
        let mut sessions = Sessions::default();
        sessions.enqueue(cancels(1, MANY));
        sessions.enqueue(cancels(2, 1));
        let mut commands = Vec::new();
        sessions.next_commands(&mut commands);
        assert_eq!(commands.len(), COMMANDS_A_TURN);
        commands.clear();
        sessions.next_commands(&mut commands);
        assert_eq!(commands.iter().map(Command::session).collect::<Vec<_>>(), [2]);
        assert_eq!(sessions.with_commands(), 1);
    }

    #[test]
    fn every_command_comes_once_and_in_order() {
        let mut sessions = Sessions::default();
        for batch in [MANY, 1, 300] {
            sessions.enqueue(cancels(7, batch));
        }
        let (mut numbers, mut commands) = (Vec::new(), Vec::new());
        while sessions.with_commands() > 0 {
            sessions.next_commands(&mut commands);
            for command in commands.drain(..) {
                let Command::Cancel(RequestId(id)) = command else { panic!() };
                numbers.push(id as u32);
            }
        }
        let expected: Vec<u32> = [0..MANY, 0..1, 0..300].into_iter().flatten().map(|number| number as u32).collect();
        assert!(numbers == expected);
        assert_eq!(sessions.waiting.len(), 0);
    }

    #[test]
    fn a_session_that_closes_waits_for_none_of_its_commands() {
        let mut sessions = Sessions::default();
        sessions.enqueue(cancels(1, MANY));
        let (closed, _) = std::sync::mpsc::channel();
        sessions.enqueue(vec![Command::Close(1, closed)]);
        let mut commands = Vec::new();
        sessions.next_commands(&mut commands);
        assert!(matches!(commands[..], [Command::Close(1, _)]));
    }
}
