//! One JavaScript environment's way to the engine.

use std::{
    cell::RefCell,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
};

use napi::{
    CleanupEnvHook, Env, Result,
    bindgen_prelude::{Function, ObjectFinalize, Uint8ArraySlice},
};
use napi_derive::napi;

use crate::{
    net::Engine,
    proto::{MAX_SCRAPE_HASHES, SystemError},
    records::Decoder,
    requests::{Command, SessionId},
};

use super::{
    engine::SharedEngine,
    queue::{Inbound, Taken, queue},
    waker::{Waker, Woken},
};

static ENGINE: SharedEngine = SharedEngine::new();
static NEXT_SESSION: AtomicU32 = AtomicU32::new(1);

const STOPPED: &str = "tracker engine has stopped";

/// A session's open connection to the engine.
struct Link {
    session: SessionId,
    engine: Arc<Engine>,
}

impl Link {
    fn open(session: SessionId, waker: Arc<Waker>) -> Result<(Self, Inbound), &'static str> {
        let reason = |error: std::io::Error| {
            let error = SystemError::from(error);
            napi::Error::new(error.code.unwrap_or_default(), format!("cannot start the tracker engine: {error}"))
        };
        let link = Self { session, engine: ENGINE.get().map_err(reason)? };
        let (outbound, inbound) = queue(waker);
        link.send(vec![Command::Open(session, Box::new(outbound))])?;
        Ok((link, inbound))
    }

    /// # Errors
    /// The engine has died of a panic.
    fn send(&self, commands: Vec<Command>) -> Result<(), &'static str> {
        self.engine.send(commands).map_err(|_| napi::Error::new("", STOPPED.to_owned()))
    }

    /// Ends the session; when this returns the engine has let go of the environment.
    fn close(self) {
        let (closed, wait) = mpsc::channel();
        if self.send(vec![Command::Close(self.session, closed)]).is_ok() {
            // An error means that the engine is gone, and with it whatever it held.
            let _ = wait.recv();
        }
    }
}

/// A session's link, shared with the hook that closes it when the environment ends.
type SharedLink = Rc<RefCell<Option<Link>>>;

/// What one copy of `lib/engine/engine.js` has of the engine. It ends with that module or with the environment, whichever
/// is first.
#[napi(custom_finalize)]
pub struct Session {
    id: SessionId,
    woken: Woken,
    decoder: Decoder,
    inbound: Option<Inbound>,
    link: SharedLink,
    hook: CleanupEnvHook<SharedLink>,
}

fn close(link: SharedLink) {
    if let Some(link) = link.take() {
        link.close();
    }
}

impl ObjectFinalize for Session {
    fn finalize(self, env: Env) -> Result<()> {
        // A hook that has run has let go of the link.
        let is_ahead = Rc::strong_count(&self.link) > 1;
        close(self.link);
        if is_ahead { env.remove_env_cleanup_hook(self.hook) } else { Ok(()) }
    }
}

#[napi]
impl Session {
    /// A session that calls `wake` when there are outcomes to take. Whoever made it keeps `wake` alive. Nothing is started
    /// before the first command.
    #[napi(constructor)]
    pub fn new(env: Env, wake: Function<'_, (), ()>) -> Result<Self> {
        let woken = Woken::new(env, &wake)?;
        let link = SharedLink::default();
        // Hooks run in reverse order of their making: this one before the waker's own.
        let hook = env.add_env_cleanup_hook(link.clone(), close)?;
        let id = NEXT_SESSION.fetch_add(1, Ordering::Relaxed);
        Ok(Self { id, woken, decoder: Decoder::new(id), inbound: None, link, hook })
    }

    /// Something is in flight, or nothing is any more: while it is, the process stays alive, and `wake` with all that it refers
    /// to. It is told of each change once.
    #[napi]
    pub fn hold(&self, held: bool) -> Result<()> {
        self.woken.hold(held)
    }

    /// Takes the first `length` bytes of `records` as commands. The code of what it throws is the system's, or empty.
    #[napi]
    pub fn submit(&mut self, records: &[u8], length: u32) -> Result<(), &'static str> {
        let commands = self.decoder.decode(records.get(..length as usize).unwrap_or(records));
        let mut link = self.link.borrow_mut();
        if link.is_none() {
            let (opened, inbound) = Link::open(self.id, self.woken.waker())?;
            self.inbound = Some(inbound);
            *link = Some(opened);
        }
        let sent = link.as_ref().map_or(Ok(()), |link| link.send(commands));
        if sent.is_err() {
            *link = None;
        }
        sent
    }

    /// Writes records of outcomes into `buffer` and returns how many bytes there are; -1 when the engine has died, and
    /// with it every request in flight.
    #[napi]
    pub fn take(&mut self, mut buffer: Uint8ArraySlice<'_>) -> i32 {
        let Some(inbound) = &mut self.inbound else { return 0 };
        // SAFETY: the memory belongs to the calling JavaScript thread, which waits here, and nothing else refers to it.
        #[expect(unsafe_code, reason = "napi cannot know that nobody else writes into JavaScript's memory meanwhile")]
        let buffer = unsafe { buffer.as_mut() };
        match inbound.take(buffer) {
            Taken::Bytes(count) => i32::try_from(count).unwrap_or(0),
            Taken::Ended => {
                self.inbound = None;
                self.link.take();
                -1
            }
        }
    }

    /// How many info-hashes a scrape may ask for.
    #[napi]
    pub fn max_scrape_hashes(&self) -> u32 {
        MAX_SCRAPE_HASHES as u32
    }

    /// Counters of the process's engine by name, all zero while none is running.
    #[napi]
    pub fn stats(&self) -> Vec<(String, f64)> {
        ENGINE.counters().into_iter().map(|(name, value)| (name.to_owned(), value as f64)).collect()
    }
}
