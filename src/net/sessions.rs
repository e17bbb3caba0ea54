//! The sessions and whose turn it is: a session with many commands at once holds up no other's.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    vec,
};

use crate::proto::{Origin, Trace};

use super::session::{Command, SessionId, Sink, session_of};

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

    pub(super) fn flush(&mut self) {
        for sink in self.sinks.values_mut() {
            sink.flush();
        }
    }
}
