//! The engine as its sessions use it: threads that give commands, threads that take outcomes, and one that serves them all.
//! The other tests have one thread; these are what a sanitizer for races can look at.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/wire.rs"]
#[allow(dead_code)]
mod wire;

use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use bittorrent_udp_tracker::{
    net::Engine,
    proto::{
        Announce, AnnounceResponse, AnnounceUrl, Body, Event, Extension, Family, InfoHash, Outcome, PeerId, RequestId,
        Schedule, Trace,
    },
    requests::{CallerLookup, Command, Failure, Preferences, SessionId, Sink, Start, Transport},
};
use rand::{RngExt, SeedableRng, rngs::StdRng};

const SESSIONS: u32 = 4;
const REQUESTS: u32 = 200;

/// How often and with which numbers requests of one session ended.
struct Outcomes {
    batch: Vec<(u32, u32)>,
    out: Sender<Vec<(u32, u32)>>,
}

impl Sink for Outcomes {
    fn outcome(&mut self, id: RequestId, outcome: &Outcome<&[u8]>) {
        let Outcome::Announced(AnnounceResponse { interval, .. }) = outcome else { panic!("{outcome:?}") };
        self.batch.push((id.0 as u32, *interval));
    }

    fn failure(&mut self, id: RequestId, failure: &Failure) {
        panic!("{id:?} {failure}");
    }

    fn trace(&mut self, trace: &Trace) {
        panic!("nobody asked for {trace:?}");
    }

    fn flush(&mut self) {
        // The session may have closed and gone.
        let _ = self.out.send(std::mem::take(&mut self.batch));
    }
}

/// A tracker that answers an announce with its `key` as the interval, and what has the key 0 not at all.
struct Tracker {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Tracker {
    fn start() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let address = socket.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = thread::spawn(move || {
            let mut buffer = [0; 2048];
            while !stopped.load(Ordering::Relaxed) {
                let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
                let packet = wire::Packet::read(&buffer[..length]);
                let of = packet.transaction_id();
                let answer = match packet {
                    wire::Packet::Connect { .. } => wire::connect_response(of, 7),
                    wire::Packet::Announce { fields, .. } if fields.key > 0 => {
                        wire::announce_response(of, [fields.key, 0, 0], &[1; 60])
                    }
                    _ => continue,
                };
                socket.send_to(&answer, from).unwrap();
            }
        });
        Self { address, stop, thread }
    }

    fn announce(&self, session: SessionId, number: u32, key: u32) -> Command {
        self.announce_by(None, session, number, key)
    }

    fn announce_by(&self, transport: Option<Transport>, session: SessionId, number: u32, key: u32) -> Command {
        let url = Arc::new(AnnounceUrl::parse(&format!("udp://{}", self.address)).unwrap());
        let body = Body::Announce(Announce {
            info_hash: InfoHash([1; 20]),
            peer_id: PeerId([2; 20]),
            downloaded: 0,
            left: 0,
            uploaded: 0,
            event: Event::None,
            ip: Ipv4Addr::UNSPECIFIED,
            key,
            num_want: 50,
            port: 6881,
            extension: Extension::None,
        });
        // A datagram lost on a busy machine is sent again soon.
        let schedule = Schedule::new(500.0);
        Command::Start(Start {
            id: id(session, number),
            url,
            family: None,
            transport: transport.map(Arc::new),
            schedule,
            body,
        })
    }

    fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
    }
}

fn id(session: SessionId, number: u32) -> RequestId {
    RequestId(u64::from(session) << 32 | u64::from(number))
}

fn open(session: SessionId) -> (Command, Receiver<Vec<(u32, u32)>>) {
    let (out, outcomes) = channel();
    (Command::Open(session, Box::new(Outcomes { batch: Vec::new(), out })), outcomes)
}

#[test]
fn sessions_on_threads_of_their_own_each_get_their_own_outcomes_once() {
    let (engine, tracker) = (Engine::start().unwrap(), Tracker::start());
    thread::scope(|scope| {
        for session in 1..=SESSIONS {
            let (engine, tracker) = (&engine, &tracker);
            scope.spawn(move || {
                let (begin, outcomes) = open(session);
                assert!(engine.send(vec![begin]).is_ok());
                let key = |number| session * 10_000 + number;
                for number in 0..REQUESTS {
                    assert!(engine.send(vec![tracker.announce(session, number, key(number))]).is_ok());
                }
                let mut ended: Vec<_> = Vec::new();
                while ended.len() < REQUESTS as usize {
                    ended.extend(outcomes.recv().expect("the engine holds the sink"));
                }
                let (closed, wait) = channel();
                assert!(engine.send(vec![Command::Close(session, closed)]).is_ok());
                wait.recv().expect("the engine says when it has let go");
                // The sink is gone, and whatever it had to say has been said.
                ended.extend(outcomes.iter().flatten());
                ended.sort_unstable();
                assert_eq!(ended, (0..REQUESTS).map(|number| (number, key(number))).collect::<Vec<_>>());
            });
        }
    });
    drop(engine);
    tracker.stop();
}

#[test]
fn an_engine_stops_with_requests_in_flight_and_lets_go_of_its_sinks() {
    let tracker = Tracker::start();
    for _ in 0..10 {
        let engine = Engine::start().unwrap();
        let (begin, outcomes) = open(1);
        let silent = (0..50).map(|number| tracker.announce(1, number, 0));
        assert!(engine.send(std::iter::once(begin).chain(silent).collect()).is_ok());
        let answered = tracker.announce(1, 99, 5);
        assert!(engine.send(vec![answered, Command::Cancel(id(1, 3))]).is_ok());
        while !outcomes.recv().expect("an outcome").contains(&(99, 5)) {}
        drop(engine);
        assert_eq!(outcomes.iter().flatten().count(), 0, "nothing comes after the end");
    }
    tracker.stop();
}

/// The numbers of requests that have ended, however they did.
struct Ends(Sender<u32>);

impl Sink for Ends {
    fn outcome(&mut self, id: RequestId, _: &Outcome<&[u8]>) {
        let _ = self.0.send(id.0 as u32);
    }

    fn preferences(&mut self, id: RequestId, _: &Preferences) {
        let _ = self.0.send(id.0 as u32);
    }

    fn failure(&mut self, id: RequestId, _: &Failure) {
        let _ = self.0.send(id.0 as u32);
    }

    fn trace(&mut self, _: &Trace) {}

    fn flush(&mut self) {}
}

/// A way out that is there, one that is not, a proxy that is not, and the system's own.
fn transport(n: u32) -> Option<Transport> {
    let interface = |name: String| Transport { interface: Some(name.into()), ..Transport::default() };
    match n % 4 {
        0 => None,
        1 => Some(interface(format!("gone{n}"))),
        2 => Some(Transport { local_v4: Some(Ipv4Addr::from_bits(0x7f00_0001 + n)), ..Transport::default() }),
        _ => Some(Transport { local_v4: Some(Ipv4Addr::from_bits(0xc000_0200 + n)), ..Transport::default() }),
    }
}

#[test]
fn each_request_ends_once_whatever_becomes_of_its_way_out() {
    let (engine, tracker) = (Engine::start().unwrap(), Tracker::start());
    let mut random = StdRng::seed_from_u64(7);
    for session in 1..=20 {
        let (out, ends) = channel();
        let mut batch = vec![Command::Open(session, Box::new(Ends(out)))];
        let (mut wanted, kinds) = (Vec::new(), random.random_range(1..200));
        for number in 0..300 {
            let way = transport(random.random_range(0..kinds));
            // Without a key it is not answered, and given up.
            let key = random.random_range(0..3);
            batch.push(match random.random_range(0..4) {
                // Loopback's name, for which nobody is asked.
                0 => {
                    let url = Arc::new(AnnounceUrl::parse("udp://tracker.localhost:1").unwrap());
                    Command::Preferences(id(session, number), url, way.map(Arc::new))
                }
                _ => tracker.announce_by(way, session, number, key),
            });
            match random.random_range(0..4) {
                0 => batch.push(Command::Cancel(id(session, number))),
                1 => {
                    batch.push(Command::GiveUp(id(session, number), 1.0));
                    wanted.push(number);
                }
                _ if key == 0 => batch.push(Command::Cancel(id(session, number))),
                _ => wanted.push(number),
            }
            if random.random_bool(0.1) {
                assert!(engine.send(std::mem::take(&mut batch)).is_ok());
            }
        }
        assert!(engine.send(batch).is_ok());
        let mut ended = Vec::new();
        while wanted.iter().any(|number| !ended.contains(number)) {
            ended.push(ends.recv_timeout(Duration::from_secs(60)).expect("each ends"));
        }
        let (closed, wait) = channel();
        assert!(engine.send(vec![Command::Close(session, closed)]).is_ok());
        wait.recv().expect("the engine says when it has let go");
        ended.extend(ends.iter());
        let count = ended.len();
        ended.sort_unstable();
        ended.dedup();
        assert_eq!(ended.len(), count, "none ends twice");
    }
    drop(engine);
    tracker.stop();
}

#[test]
fn a_hundred_ways_out_that_are_not_there_are_a_hundred_failures() {
    let engine = Engine::start().unwrap();
    let tracker = Tracker::start();
    let (out, ends) = channel();
    let mut batch = vec![Command::Open(1, Box::new(Ends(out)))];
    batch.extend((0..100).map(|n| tracker.announce_by(transport(4 * n + 1), 1, n, 1)));
    assert!(engine.send(batch).is_ok());
    let mut ended: Vec<u32> =
        (0..100).map(|_| ends.recv_timeout(Duration::from_secs(60)).expect("each ends")).collect();
    ended.sort_unstable();
    assert_eq!(ended, (0..100).collect::<Vec<_>>());
    drop(engine);
    tracker.stop();
}

/// A session with a look-up of its own, which tells what it is asked.
struct Asked {
    asked: Sender<(u32, String)>,
    forgotten: Sender<u32>,
    ends: Sender<(u32, bool)>,
}

impl Sink for Asked {
    fn outcome(&mut self, id: RequestId, _: &Outcome<&[u8]>) {
        let _ = self.ends.send((id.0 as u32, true));
    }

    fn failure(&mut self, id: RequestId, _: &Failure) {
        let _ = self.ends.send((id.0 as u32, false));
    }

    fn trace(&mut self, _: &Trace) {}

    fn look_up(&mut self, number: u32, function: u32, host: &str, family: Option<Family>) {
        assert_eq!((function, family), (5, None));
        let _ = self.asked.send((number, host.to_owned()));
    }

    fn forget_look_up(&mut self, number: u32) {
        let _ = self.forgotten.send(number);
    }

    fn flush(&mut self) {}
}

#[test]
fn a_sessions_own_look_up_is_asked_once_a_host_and_forgotten_when_nobody_waits() {
    let (engine, tracker) = (Engine::start().unwrap(), Tracker::start());
    let ((asked, questions), (forgotten, forgets), (ends, ended)) = (channel(), channel(), channel());
    let announce = |session, number, host: &str, key| {
        let lookup = Some(CallerLookup { session: 1, function: 5 });
        let transport = Transport { lookup, ..Transport::default() };
        let Command::Start(start) = tracker.announce_by(Some(transport), session, number, key) else { panic!() };
        let url = format!("udp://{host}:{}", tracker.address.port());
        Command::Start(Start { url: Arc::new(AnnounceUrl::parse(&url).unwrap()), ..start })
    };
    let within = Duration::from_secs(60);
    let mut batch = vec![Command::Open(1, Box::new(Asked { asked, forgotten, ends }))];
    batch.extend((0..10).map(|number| announce(1, number, "t.example", 1)));
    assert!(engine.send(batch).is_ok());
    let (number, host) = questions.recv_timeout(within).unwrap();
    assert_eq!(host, "t.example");
    assert!(engine.send(vec![Command::Found(1, number, Ok(vec![tracker.address.ip()]))]).is_ok());
    for _ in 0..10 {
        assert!(ended.recv_timeout(within).unwrap().1);
    }

    assert!(engine.send(vec![announce(1, 20, "other.example", 1)]).is_ok());
    let (number, host) = questions.recv_timeout(within).unwrap();
    assert_eq!(host, "other.example", "it is asked once a host");
    assert!(engine.send(vec![Command::Cancel(id(1, 20))]).is_ok());
    assert_eq!(forgets.recv_timeout(within), Ok(number));
    drop(engine);
    tracker.stop();
}

#[test]
fn a_session_that_closes_takes_its_requests_with_it() {
    let (engine, tracker) = (Engine::start().unwrap(), Tracker::start());
    let (begin, outcomes) = open(1);
    let silent = (0..50).map(|number| tracker.announce(1, number, 0));
    assert!(engine.send(std::iter::once(begin).chain(silent).collect()).is_ok());
    assert!(engine.send(vec![tracker.announce(1, 99, 5)]).is_ok());
    while !outcomes.recv().expect("an outcome").contains(&(99, 5)) {}
    let (closed, wait) = channel();
    assert!(engine.send(vec![Command::Close(1, closed)]).is_ok());
    wait.recv().expect("the engine says when it has let go");

    let (begin, outcomes) = open(2);
    assert!(engine.send(vec![begin, tracker.announce(2, 1, 6)]).is_ok());
    while !outcomes.recv().expect("an outcome").contains(&(1, 6)) {}
    assert_eq!(engine.stats().pending.load(Ordering::Relaxed), 0);
    drop(engine);
    tracker.stop();
}
