//! Whose turn it is: a session with many commands at once holds up no other's.

use std::{
    collections::{HashMap, VecDeque},
    vec,
};

use crate::requests::{Command, SessionId};

/// How many commands of a session are taken before those of the next one.
const COMMANDS_A_TURN: usize = 256;

/// The commands that wait for their session's turn.
#[derive(Default)]
pub(super) struct Turns {
    /// Batches of commands, by session.
    waiting: HashMap<SessionId, VecDeque<vec::IntoIter<Command>>>,
    /// The sessions that have any, in the order of their turns.
    turns: VecDeque<SessionId>,
}

impl Turns {
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
        let mut turns = Turns::default();
        turns.enqueue(cancels(1, MANY));
        turns.enqueue(cancels(2, 1));
        let mut commands = Vec::new();
        turns.next_commands(&mut commands);
        assert_eq!(commands.len(), COMMANDS_A_TURN);
        commands.clear();
        turns.next_commands(&mut commands);
        assert_eq!(commands.iter().map(Command::session).collect::<Vec<_>>(), [2]);
        assert_eq!(turns.with_commands(), 1);
    }

    #[test]
    fn every_command_comes_once_and_in_order() {
        let mut turns = Turns::default();
        for batch in [MANY, 1, 300] {
            turns.enqueue(cancels(7, batch));
        }
        let (mut numbers, mut commands) = (Vec::new(), Vec::new());
        while turns.with_commands() > 0 {
            turns.next_commands(&mut commands);
            for command in commands.drain(..) {
                let Command::Cancel(RequestId(id)) = command else { panic!() };
                numbers.push(id as u32);
            }
        }
        let expected: Vec<u32> = [0..MANY, 0..1, 0..300].into_iter().flatten().map(|number| number as u32).collect();
        assert!(numbers == expected);
        assert_eq!(turns.waiting.len(), 0);
    }

    #[test]
    fn a_session_that_closes_waits_for_none_of_its_commands() {
        let mut turns = Turns::default();
        turns.enqueue(cancels(1, MANY));
        let (closed, _) = std::sync::mpsc::channel();
        turns.enqueue(vec![Command::Close(1, closed)]);
        let mut commands = Vec::new();
        turns.next_commands(&mut commands);
        assert!(matches!(commands[..], [Command::Close(1, _)]));
    }
}
