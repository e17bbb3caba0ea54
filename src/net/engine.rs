//! The engine: one thread that carries commands and datagrams into the client and what it says out again.
//!
//! A turn of the loop does all there is to do without waiting, then waits for whatever comes first. Nothing in it is
//! locked: commands come through a queue, outcomes leave through each session's [`Sink`](crate::requests::Sink).

use std::{
    collections::HashMap,
    future::poll_fn,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    task::{Context, Poll},
    thread::JoinHandle,
    time::Duration,
};

use rand::{TryRng, rngs::SysRng};
use tokio::sync::{
    mpsc::{
        UnboundedReceiver, UnboundedSender,
        error::{SendError, TryRecvError},
        unbounded_channel,
    },
    oneshot,
};

use crate::requests::{Command, Found, Paths, SessionId, Sessions, Stats};

use super::{
    clock,
    names::{self, Ask, Shared},
    network::Watch,
    path::{Path, socket::ReceiveBuffers},
    turns::Turns,
};

/// How long the engine keeps looking for more after it had something to do, while a few requests are in flight: a
/// tracker nearby answers within it, and falling asleep and being woken costs as much.
const LINGER: Duration = Duration::from_micros(50);
/// While there are more than this, sleep lets them gather, and leaves the core to whoever has work.
const FEW: usize = 16;
/// How many batches of commands are taken in a turn.
const BATCHES_A_TURN: usize = 64;

/// A running engine. Dropping it ends its thread and waits until that has ended: sessions that are still open get nothing
/// more.
pub struct Engine {
    // Dropped first, since the thread ends when nobody can give commands any more.
    commands: UnboundedSender<Vec<Command>>,
    stats: Arc<Stats>,
    _thread: Joined,
}

struct Joined(Option<JoinHandle<()>>);

impl Drop for Joined {
    fn drop(&mut self) {
        // A panic on that thread has been reported where it happened.
        let _ = self.0.take().map(JoinHandle::join);
    }
}

impl Engine {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system gives no thread, or none of what an event loop needs.
    pub fn start() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .max_blocking_threads(names::THREADS)
            .thread_name("bittorrent-udp-tracker-dns")
            .build()?;
        let mut seed = [0; 32];
        SysRng.try_fill_bytes(&mut seed).map_err(io::Error::other)?;
        let (commands, inbox) = unbounded_channel();
        let stats = Arc::new(Stats::default());
        let shared = stats.clone();
        let thread = std::thread::Builder::new().name("bittorrent-udp-tracker".into()).spawn(move || {
            // Should the loop ever panic, its sinks are dropped, by which their sessions know.
            let _ = catch_unwind(AssertUnwindSafe(|| runtime.block_on(Loop::new(inbox, shared, seed).run())));
            // A look-up that hangs in the system's resolver would hold up a join for as long as it hangs.
            runtime.shutdown_background();
        })?;
        Ok(Self { commands, stats, _thread: Joined(Some(thread)) })
    }

    /// Gives it a batch of commands.
    ///
    /// # Errors
    /// Its thread has died of a panic.
    pub fn send(&self, commands: Vec<Command>) -> Result<(), SendError<Vec<Command>>> {
        self.commands.send(commands)
    }

    /// Whether its thread has died of a panic.
    pub fn is_dead(&self) -> bool {
        self.commands.is_closed()
    }

    /// Counters of the running engine, for monitoring.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }
}

struct Loop {
    inbox: UnboundedReceiver<Vec<Command>>,
    turns: Turns,
    sessions: Sessions,
    paths: Paths<Path>,
    receive_buffers: ReceiveBuffers,
    network: Watch,
    /// Look-ups for the sessions' own functions, and those that a session has been asked for.
    asks: UnboundedReceiver<Ask>,
    asked: HashMap<(SessionId, u32), oneshot::Sender<Found>>,
    stats: Arc<Stats>,
}

impl Loop {
    fn new(inbox: UnboundedReceiver<Vec<Command>>, stats: Arc<Stats>, seed: [u8; 32]) -> Self {
        let (ask, asks) = unbounded_channel();
        let shared = Shared::new(ask);
        Self {
            inbox,
            turns: Turns::default(),
            sessions: Sessions::default(),
            paths: Paths::new(move |transport, seed| Path::new(transport, shared.clone(), seed), seed),
            receive_buffers: ReceiveBuffers::new(),
            network: Watch::new(clock::now()),
            asks,
            asked: HashMap::new(),
            stats,
        }
    }

    async fn run(mut self) {
        let mut busy = clock::now();
        loop {
            let Some(commands) = self.take_commands() else { return };
            let now = clock::now();
            self.paths.notice_suspend(now, clock::calendar());
            let mut datagrams = 0;
            for path in self.paths.iter_mut() {
                datagrams += path.receive(now, &mut self.receive_buffers, &self.stats);
            }
            let now = clock::now();
            if let Some(change) = self.network.look(now, self.paths.pending(), datagrams > 0) {
                self.paths.handle_network_change(now, change);
            }
            for path in self.paths.iter_mut() {
                path.send(now, &self.stats);
            }
            self.pass_on_look_ups();
            // Before the outcomes, so that whoever asks on hearing of one finds it counted.
            self.stats.publish(self.paths.counters(), self.paths.pending());
            self.deliver();
            self.paths.tidy(now);
            if commands + datagrams > 0 {
                busy = now;
            }
            let few = (1..=FEW).contains(&self.paths.asking()) && now.saturating_duration_since(busy) < LINGER;
            if few || self.turns.with_commands() > 0 {
                // Lets the runtime look at its sockets and timers, and comes straight back.
                tokio::task::yield_now().await;
            } else if self.wait().await.is_none() {
                return;
            }
        }
    }

    /// Waits until there is something to do. `None` means that nobody can give commands any more.
    async fn wait(&mut self) -> Option<()> {
        let deadline = [self.paths.poll_timeout(), self.network.poll_timeout()].into_iter().flatten().min();
        let Self { inbox, turns, paths, network, asks, .. } = self;
        let sleep = async {
            match deadline {
                Some(at) => tokio::time::sleep_until(clock::system(at).into()).await,
                None => std::future::pending().await,
            }
        };
        let ask;
        tokio::select! {
            batch = inbox.recv() => {
                turns.enqueue(batch?);
                return Some(());
            }
            () = poll_fn(|context| poll(paths, context)) => return Some(()),
            () = poll_fn(|context| network.poll(context)) => return Some(()),
            one = asks.recv() => ask = one,
            () = sleep => return Some(()),
        }
        if let Some(ask) = ask {
            self.pass_on(ask);
        }
        Some(())
    }

    /// Takes commands: of each session some. Returns how many batches came meanwhile, those that were waited for not
    /// counted; `None` means that there will be none any more.
    fn take_commands(&mut self) -> Option<usize> {
        let mut came = 0;
        while came < BATCHES_A_TURN {
            match self.inbox.try_recv() {
                Ok(batch) => self.turns.enqueue(batch),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) if self.turns.with_commands() == 0 => return None,
                Err(TryRecvError::Disconnected) => break,
            }
            came += 1;
        }
        let mut commands = Vec::new();
        for _ in 0..self.turns.with_commands() {
            self.turns.next_commands(&mut commands);
            self.handle_commands(&mut commands);
        }
        Some(came)
    }

    fn handle_commands(&mut self, commands: &mut Vec<Command>) {
        let now = clock::now();
        for command in commands.drain(..) {
            match command {
                Command::Start(mut start) => {
                    self.sessions.begin(start.id);
                    match self.paths.of(start.transport.take()) {
                        Ok(path) => path.start(now, start),
                        Err(failure) => self.sessions.failure(start.id, &failure),
                    }
                }
                Command::Preferences(id, url, transport) => {
                    self.sessions.begin(id);
                    match self.paths.of(transport) {
                        Ok(path) => path.ask_preferences(now, id, &url),
                        Err(failure) => self.sessions.failure(id, &failure),
                    }
                }
                Command::Reject(id, failure) => self.sessions.failure(id, &failure),
                Command::Cancel(id) => {
                    self.sessions.end(id);
                    self.paths.cancel(now, id);
                }
                Command::GiveUp(id, after) => self.paths.give_up(now, id, after),
                Command::Found(session, number, found) => {
                    if let Some(answer) = self.asked.remove(&(session, number)) {
                        // Nobody may wait for it any more.
                        let _ = answer.send(found);
                    }
                    if self.asked.is_empty() {
                        self.asked.shrink_to(0);
                    }
                }
                Command::Open(session, sink) => self.sessions.open(session, sink),
                Command::Trace(session, wanted) => self.set_tracing(session, wanted),
                Command::Close(session, closed) => {
                    self.set_tracing(session, false);
                    self.paths.cancel_session(now, session);
                    self.asked.retain(|(of, _), _| *of != session);
                    self.sessions.close(session);
                    // A session that has stopped waiting needs no answer.
                    let _ = closed.send(());
                }
            }
        }
    }

    fn set_tracing(&mut self, session: SessionId, wanted: bool) {
        self.sessions.set_tracing(session, wanted);
        let anyone = self.sessions.is_anyone_tracing();
        self.paths.set_tracing(anyone);
    }

    /// Hands look-ups to the sessions whose functions are to do them.
    fn pass_on_look_ups(&mut self) {
        while let Ok(ask) = self.asks.try_recv() {
            self.pass_on(ask);
        }
    }

    fn pass_on(&mut self, ask: Ask) {
        match ask {
            Ask::LookUp(question) => {
                let session = question.lookup.session;
                // Without its session nobody is left who waits.
                if let Some(sink) = self.sessions.sink(session) {
                    sink.look_up(question.number, question.lookup.function, &question.host, question.family);
                    self.asked.insert((session, question.number), question.answer);
                }
            }
            Ask::Decided(decision) => self.sessions.decision(&decision),
            Ask::Forget(lookup, number) => {
                if self.asked.remove(&(lookup.session, number)).is_some()
                    && let Some(sink) = self.sessions.sink(lookup.session)
                {
                    sink.forget_look_up(number);
                }
            }
        }
    }

    /// Passes on every outcome and trace.
    fn deliver(&mut self) {
        self.paths.deliver(&mut self.sessions);
        self.sessions.check(self.paths.pending());
        self.sessions.flush();
    }
}

/// Ready when one of the paths has something to do.
fn poll(paths: &mut Paths<Path>, context: &mut Context<'_>) -> Poll<()> {
    // Each is asked: only who has been asked wakes us.
    let ready = paths.iter_mut().filter_map(|path| path.poll(context).is_ready().then_some(())).count();
    if ready > 0 { Poll::Ready(()) } else { Poll::Pending }
}
