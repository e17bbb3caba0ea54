//! The engine: one thread that carries commands and datagrams into the client and what it says out again.
//!
//! A turn of the loop does all there is to do without waiting, then waits for whatever comes first. Nothing in it is
//! locked: commands come through a queue, outcomes leave through each session's [`Sink`].

use std::{
    collections::{HashMap, HashSet},
    io,
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use rand::{TryRng, rngs::SysRng};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, error::TryRecvError, unbounded_channel};

use crate::proto::{Client, Config, Family, Origin, Request, RequestId};

use super::{
    Failure,
    outbox::Outbox,
    resolver::{self, Resolved, Resolver},
    session::{Command, SessionId, Sink, Start, session_of},
    socket::{DEFAULT_BUFFER, ReceiveBuffers, Socket, Sockets},
    stats::Stats,
};

/// How many batches of datagrams are received in a turn before commands and sends get theirs.
const RECEIVES_A_TURN: usize = 8;
/// How long the engine keeps looking for more after it had something to do, while a few requests are in flight: a
/// tracker nearby answers within it, and falling asleep and being woken costs as much.
const LINGER: Duration = Duration::from_micros(50);
/// While there are more than this, sleep lets them gather, and leaves the core to whoever has work.
const FEW: usize = 16;
/// How many batches of commands are taken in a turn.
const COMMANDS_A_TURN: usize = 64;

/// The handle of a running engine. Every session holds a [`UnboundedSender`] of it; [`stop`](Self::stop) joins it.
pub struct Engine {
    commands: UnboundedSender<Vec<Command>>,
    thread: JoinHandle<()>,
    stats: Arc<Stats>,
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
            .max_blocking_threads(resolver::THREADS)
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
        Ok(Self { commands, thread, stats })
    }

    /// Where commands go, in batches.
    pub fn commands(&self) -> UnboundedSender<Vec<Command>> {
        self.commands.clone()
    }

    /// Counters of the running engine, for monitoring.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Ends the thread and waits until it has ended. Sessions that are still open get nothing more.
    pub fn stop(self) {
        drop(self.commands);
        // A panic on that thread has been reported where it happened.
        let _ = self.thread.join();
    }
}

struct Loop {
    inbox: UnboundedReceiver<Vec<Command>>,
    client: Client,
    resolver: Resolver,
    /// Requests whose host is being looked up.
    resolving: HashMap<RequestId, Start>,
    sessions: HashMap<SessionId, Box<dyn Sink>>,
    /// The sessions that want to know of datagrams.
    tracing: HashSet<SessionId>,
    sockets: Sockets,
    receive_buffers: ReceiveBuffers,
    outbox: Outbox,
    /// The family whose socket took no more when last asked.
    blocked: Option<Family>,
    stats: Arc<Stats>,
}

impl Loop {
    fn new(inbox: UnboundedReceiver<Vec<Command>>, stats: Arc<Stats>, seed: [u8; 32]) -> Self {
        Self {
            inbox,
            client: Client::new(Config { receive_buffer: DEFAULT_BUFFER }, seed),
            resolver: Resolver::default(),
            resolving: HashMap::new(),
            sessions: HashMap::new(),
            tracing: HashSet::new(),
            sockets: Sockets::default(),
            receive_buffers: ReceiveBuffers::new(),
            outbox: Outbox::default(),
            blocked: None,
            stats,
        }
    }

    async fn run(mut self) {
        let mut busy = Instant::now();
        loop {
            let Some(commands) = self.take_commands() else { return };
            let datagrams = self.receive(Family::V4) + self.receive(Family::V6);
            let now = Instant::now();
            self.client.handle_timeout(now);
            self.send(now);
            // Before the outcomes, so that whoever asks on hearing of one finds it counted.
            self.stats.publish(self.client.counters(), self.client.pending() + self.resolving.len());
            self.deliver();
            if commands + datagrams > 0 {
                busy = now;
            }
            let few = (1..=FEW).contains(&self.client.pending());
            if few && now.saturating_duration_since(busy) < LINGER {
                // Lets the runtime look at its sockets and timers, and comes straight back.
                tokio::task::yield_now().await;
            } else if self.wait().await.is_none() {
                return;
            }
        }
    }

    /// Waits until there is something to do. `None` means that nobody can give commands any more.
    async fn wait(&mut self) -> Option<()> {
        let deadline = self.client.poll_timeout();
        let (v4, v6) = (self.sockets.v4.as_ref(), self.sockets.v6.as_ref());
        let blocked = self.blocked.and_then(|family| self.sockets.of(family));
        let sleep = async {
            match deadline {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        let mut lookup = None;
        let mut commands = None;
        tokio::select! {
            batch = self.inbox.recv() => commands = Some(batch?),
            () = readable(v4) => {}
            () = readable(v6) => {}
            () = writable(blocked) => self.blocked = None,
            ended = self.resolver.next() => lookup = Some(ended),
            () = sleep => {}
        }
        if let Some(commands) = commands {
            self.handle_commands(commands);
        }
        if let Some(lookup) = lookup {
            let now = Instant::now();
            let (waiting, result) = self.resolver.finish(now, lookup);
            for id in waiting {
                if let Some(start) = self.resolving.remove(&id) {
                    match &result {
                        Ok(addresses) => self.start(now, start, addresses.clone()),
                        Err(failure) => fail(&mut self.sessions, id, failure),
                    }
                }
            }
        }
        Some(())
    }

    /// Takes the commands that are there. `None` means that there will be none any more.
    fn take_commands(&mut self) -> Option<usize> {
        for taken in 0..COMMANDS_A_TURN {
            match self.inbox.try_recv() {
                Ok(commands) => self.handle_commands(commands),
                Err(TryRecvError::Empty) => return Some(taken),
                Err(TryRecvError::Disconnected) => return None,
            }
        }
        Some(COMMANDS_A_TURN)
    }

    fn handle_commands(&mut self, commands: Vec<Command>) {
        let now = Instant::now();
        for command in commands {
            match command {
                Command::Start(start) => match self.resolver.resolve(now, start.id, &start.url, start.family) {
                    Resolved::Now(addresses) => self.start(now, start, addresses),
                    Resolved::Later => drop(self.resolving.insert(start.id, start)),
                    Resolved::Never(failure) => fail(&mut self.sessions, start.id, &failure),
                },
                Command::Reject(id, failure) => fail(&mut self.sessions, id, &failure),
                Command::Cancel(id) => {
                    self.resolving.remove(&id);
                    self.client.handle_cancel(now, id);
                }
                Command::Open(session, sink) => drop(self.sessions.insert(session, sink)),
                Command::Trace(session, wanted) => {
                    if wanted {
                        self.tracing.insert(session);
                    } else {
                        self.tracing.remove(&session);
                    }
                    self.client.set_tracing(!self.tracing.is_empty());
                }
                Command::Close(session, closed) => {
                    self.tracing.remove(&session);
                    self.client.set_tracing(!self.tracing.is_empty());
                    self.resolving.retain(|id, _| session_of(*id) != session);
                    self.client.handle_cancel_all(now, |id| session_of(id) == session);
                    self.sessions.remove(&session);
                    // A session that has stopped waiting needs no answer.
                    let _ = closed.send(());
                }
            }
        }
    }

    fn start(&mut self, now: Instant, start: Start, addresses: Arc<[SocketAddr]>) {
        let Start { id, url, schedule, body, .. } = start;
        let (session, host) = (session_of(id), url.authority.clone());
        self.client.handle_request(now, id, Request { session, host, addresses, schedule, body });
    }

    fn receive(&mut self, family: Family) -> usize {
        let Self { sockets, receive_buffers, client, stats, .. } = self;
        let Some(socket) = sockets.of(family) else { return 0 };
        let mut datagrams = 0;
        for _ in 0..RECEIVES_A_TURN {
            let now = Instant::now();
            match socket.receive(receive_buffers, |from, datagram| client.handle_datagram(now, from, datagram)) {
                Ok(count) => datagrams += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // What an ICMP message made of an earlier send; retransmission is the answer to that.
                Err(_) => drop(stats.receive_errors.fetch_add(1, Ordering::Relaxed)),
            }
        }
        datagrams
    }

    fn send(&mut self, now: Instant) {
        let Self { sockets, outbox, client, stats, .. } = self;
        let errors = &stats.send_errors;
        self.blocked = outbox.send(now, client, sockets, errors).err().map(|to| Family::of(&to));
    }

    /// Passes on every outcome.
    fn deliver(&mut self) {
        while let Some(trace) = self.client.poll_trace() {
            for session in &self.tracing {
                // A connect is everybody's, a request one session's.
                let concerned = match trace.origin {
                    Origin::Connect => true,
                    Origin::Request(id) => session_of(id) == *session,
                };
                if concerned && let Some(sink) = self.sessions.get_mut(session) {
                    sink.trace(&trace);
                }
            }
        }
        while let Some((id, outcome)) = self.client.poll_outcome() {
            if let Some(sink) = self.sessions.get_mut(&session_of(id)) {
                sink.outcome(id, &outcome);
            }
        }
        for sink in self.sessions.values_mut() {
            sink.flush();
        }
    }
}

async fn readable(socket: Option<&Socket>) {
    match socket {
        Some(socket) => socket.readable().await,
        None => std::future::pending().await,
    }
}

async fn writable(socket: Option<&Socket>) {
    match socket {
        Some(socket) => socket.writable().await,
        None => std::future::pending().await,
    }
}

fn fail(sessions: &mut HashMap<SessionId, Box<dyn Sink>>, id: RequestId, failure: &Failure) {
    if let Some(sink) = sessions.get_mut(&session_of(id)) {
        sink.failure(id, failure);
    }
}
