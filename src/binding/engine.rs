//! The process's only engine: started by the first session of any environment, stopped and joined when the last one
//! goes. One that has died of a panic is replaced by the next, which begins with nothing of it.

use std::{
    io,
    sync::{Mutex, PoisonError},
};

use tokio::sync::mpsc::UnboundedSender;

use crate::{
    net::Engine,
    requests::{Command, Stats},
};

/// Locked when a session begins or ends, never by a request.
pub(super) struct SharedEngine(Mutex<State>);

struct State {
    running: Option<Running>,
    started: u64,
}

struct Running {
    engine: Engine,
    /// Which of the engines that this process has had.
    generation: u64,
    sessions: usize,
}

/// What a session holds of an engine.
pub(super) struct Handle {
    pub(super) commands: UnboundedSender<Vec<Command>>,
    generation: u64,
}

impl SharedEngine {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(State { running: None, started: 0 }))
    }

    /// A handle of the engine that runs, or of a new one.
    ///
    /// # Errors
    /// The system gives none of what an engine needs.
    pub(super) fn acquire(&self) -> io::Result<Handle> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let State { running, started } = &mut *state;
        if running.as_ref().is_some_and(|running| running.engine.commands().is_closed()) {
            // Its thread has died of a panic.
            *running = None;
        }
        let running = match running {
            Some(running) => running,
            stopped => {
                let engine = Engine::start()?;
                *started += 1;
                stopped.insert(Running { engine, generation: *started, sessions: 0 })
            }
        };
        running.sessions += 1;
        Ok(Handle { commands: running.engine.commands(), generation: running.generation })
    }

    /// Gives a handle back; the last one stops the engine. The handle of an engine that has died does not count at the next.
    pub(super) fn release(&self, handle: Handle) {
        let Handle { commands, generation } = handle;
        // The engine ends when nobody can give commands any more.
        drop(commands);
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(running) = state.running.as_mut().filter(|running| running.generation == generation) else { return };
        running.sessions -= 1;
        if running.sessions == 0
            && let Some(running) = state.running.take()
        {
            running.engine.stop();
        }
    }

    /// Counters of the running engine by name, all zero while there is none.
    pub(super) fn counters(&self) -> Vec<(&'static str, u64)> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.running.as_ref().map_or_else(|| Stats::default().read(), |running| running.engine.stats().read())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use crate::{
        proto::{Outcome, RequestId, Trace},
        requests::{Failure, Sink},
    };

    use super::*;

    /// Whatever it is told kills the engine, or is passed on.
    struct Told {
        deadly: bool,
        tell: Sender<()>,
    }

    impl Sink for Told {
        fn outcome(&mut self, _: RequestId, _: &Outcome<&[u8]>) {}
        fn failure(&mut self, _: RequestId, _: &Failure) {
            assert!(!self.deadly, "on purpose");
            self.tell.send(()).unwrap();
        }
        fn trace(&mut self, _: &Trace) {}
        fn flush(&mut self) {}
    }

    fn open(handle: &Handle, session: u32, deadly: bool) -> std::sync::mpsc::Receiver<()> {
        let (tell, told) = channel();
        handle.commands.send(vec![Command::Open(session, Box::new(Told { deadly, tell }))]).unwrap();
        told
    }

    fn reject(handle: &Handle, session: u32) {
        let id = RequestId(u64::from(session) << 32);
        handle.commands.send(vec![Command::Reject(id, Failure::Unreadable)]).unwrap();
    }

    #[test]
    fn a_handle_of_an_engine_that_died_does_not_count_at_the_next() {
        let shared = SharedEngine::new();
        let dead = shared.acquire().unwrap();
        let told = open(&dead, 1, true);
        reject(&dead, 1);
        // Its end of the channel goes with the sinks.
        told.recv().unwrap_err();
        while !dead.commands.is_closed() {
            std::thread::yield_now();
        }

        let handle = shared.acquire().unwrap();
        let told = open(&handle, 2, false);
        // Would stop the engine of `handle`, and wait for ever for it to end.
        shared.release(dead);
        reject(&handle, 2);
        told.recv().unwrap();
        shared.release(handle);
        told.recv().unwrap_err();
    }

    #[test]
    fn the_last_handle_given_back_stops_the_engine_and_the_next_starts_another() {
        let shared = SharedEngine::new();
        let (first, second) = (shared.acquire().unwrap(), shared.acquire().unwrap());
        assert_eq!(first.generation, second.generation);
        let told = open(&second, 2, false);
        shared.release(first);
        reject(&second, 2);
        told.recv().unwrap();
        shared.release(second);
        told.recv().unwrap_err();
        let next = shared.acquire().unwrap();
        assert_eq!(next.generation, 2);
        shared.release(next);
    }
}
