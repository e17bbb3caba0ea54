//! The process's only engine: started by the first session of any environment, stopped and joined with the last one. One that
//! has died of a panic is replaced for the next session, and begins with nothing of it.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use crate::{net::Engine, requests::Stats};

/// Locked when a session begins, never by a request.
pub(super) struct SharedEngine(Mutex<Weak<Engine>>);

impl SharedEngine {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Weak::new()))
    }

    /// The engine that runs, or a new one.
    ///
    /// # Errors
    /// The system gives none of what an engine needs.
    pub(super) fn get(&self) -> io::Result<Arc<Engine>> {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = shared.upgrade().filter(|engine| !engine.is_dead()) {
            return Ok(running);
        }
        let engine = Arc::new(Engine::start()?);
        *shared = Arc::downgrade(&engine);
        Ok(engine)
    }

    /// Counters of the running engine by name, all zero while there is none.
    pub(super) fn counters(&self) -> Vec<(&'static str, u64)> {
        let running = self.0.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        running.map_or_else(|| Stats::default().read(), |engine| engine.stats().read())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use crate::{
        proto::{Outcome, RequestId, Trace},
        requests::{Command, Failure, Sink},
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

    fn open(engine: &Engine, session: u32, deadly: bool) -> std::sync::mpsc::Receiver<()> {
        let (tell, told) = channel();
        engine.send(vec![Command::Open(session, Box::new(Told { deadly, tell }))]).unwrap();
        told
    }

    fn reject(engine: &Engine, session: u32) {
        let id = RequestId(u64::from(session) << 32);
        engine.send(vec![Command::Reject(id, Failure::Unreadable)]).unwrap();
    }

    #[test]
    fn an_engine_that_died_is_replaced_and_its_end_does_not_end_the_next() {
        let shared = SharedEngine::new();
        let dead = shared.get().unwrap();
        let told = open(&dead, 1, true);
        reject(&dead, 1);
        // Its end of the channel goes with the sinks.
        told.recv().unwrap_err();
        while !dead.is_dead() {
            std::thread::yield_now();
        }

        let engine = shared.get().unwrap();
        let told = open(&engine, 2, false);
        drop(dead);
        reject(&engine, 2);
        told.recv().unwrap();
        drop(engine);
        told.recv().unwrap_err();
    }

    #[test]
    fn the_last_session_ends_the_engine_and_the_next_starts_another() {
        let shared = SharedEngine::new();
        let (first, second) = (shared.get().unwrap(), shared.get().unwrap());
        assert!(Arc::ptr_eq(&first, &second));
        let told = open(&second, 2, false);
        drop(first);
        reject(&second, 2);
        told.recv().unwrap();
        drop(second);
        told.recv().unwrap_err();
        assert_eq!(shared.counters(), Stats::default().read());
        let next = shared.get().unwrap();
        let told = open(&next, 3, false);
        reject(&next, 3);
        told.recv().unwrap();
    }
}
