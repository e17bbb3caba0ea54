//! A network that delays and loses datagrams, for tests and benchmarks: it stands between clients and a UDP tracker on
//! loopback, or is the tracker as well.
//!
//! `relay --tracker --round-trip 50 --loss 1` answers by itself; `relay --to 127.0.0.1:6969 …` forwards to a tracker.
//! `--listen` is 127.0.0.1:0 unless said; `0.0.0.0:0` answers at every address of 127.0.0.0/8 where the system has them
//! all. `--seed` decides what is lost. Every setting of settings.rs, and what `Network::tell` knows besides, is an option,
//! and can be told later by a line of input without the dashes. The relay prints `{"address":…,"port":…}` when it is
//! ready, and answers each line of input by a line of JSON: `counts` by what became of all datagrams so far. It ends
//! with its input.

#![allow(clippy::unwrap_used, missing_docs)]

mod counts;
mod network;
mod settings;
mod socket;
mod tracker;

use std::{
    collections::{HashMap, hash_map::Entry},
    io::{self, BufRead, stdin},
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use tokio::{
    net::UdpSocket,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::sleep_until,
};

use counts::Direction;
use network::{Datagram, Network};
use socket::Socket;

/// The runtime's timers are late by up to two of these: what is due so soon is taken along, which makes them right on
/// average.
const SOON: Duration = Duration::from_micros(500);
/// How many datagrams go out before the socket is looked at again: its buffer has to hold what comes meanwhile.
const TURN: usize = 64;

struct Options {
    listen: SocketAddr,
    /// The tracker that is forwarded to; none with the built-in one.
    to: Option<SocketAddr>,
    seed: u64,
    told: Vec<(String, String)>,
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { listen: ([127, 0, 0, 1], 0).into(), to: None, seed: 1, told: Vec::new() };
    let mut has_tracker = false;
    while let Some(argument) = arguments.next() {
        let name = argument.strip_prefix("--").ok_or_else(|| format!("unknown option {argument}"))?;
        if name == "tracker" {
            has_tracker = true;
            continue;
        }
        let value = arguments.next().ok_or_else(|| format!("{argument} needs a value"))?;
        let wrong = || format!("{argument} cannot be {value}");
        match name {
            "listen" => options.listen = value.parse().map_err(|_| wrong())?,
            "to" => options.to = Some(value.parse().map_err(|_| wrong())?),
            "seed" => options.seed = value.parse().map_err(|_| wrong())?,
            _ => options.told.push((name.into(), value)),
        }
    }
    if has_tracker == options.to.is_some() {
        return Err("either --tracker or --to ADDRESS:PORT".into());
    }
    Ok(options)
}

/// A socket for each client, by which the tracker tells clients apart and which its answers come back to.
struct Upstream {
    to: SocketAddr,
    sockets: HashMap<(SocketAddr, IpAddr), std::net::UdpSocket>,
    answers: UnboundedSender<Datagram>,
}

impl Upstream {
    fn send(&mut self, Datagram { client, own, bytes }: Datagram) -> io::Result<()> {
        let socket = match self.sockets.entry((client, own)) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let any = if self.to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                let socket = socket::bind(any.parse().unwrap())?;
                socket.connect(self.to)?;
                let reader = UdpSocket::from_std(socket.try_clone()?)?;
                let answers = self.answers.clone();
                tokio::spawn(async move {
                    let mut buffer = vec![0; 1 << 16];
                    loop {
                        // An error says that the tracker was not there, which it may be later.
                        let Ok(length) = reader.recv(&mut buffer).await else { continue };
                        let bytes = buffer[..length].into();
                        if answers.send(Datagram { client, own, bytes }).is_err() {
                            return;
                        }
                    }
                });
                entry.insert(socket)
            }
        };
        // What an ICMP message made of the last one is told instead of sending this one.
        socket.send(&bytes).or_else(|_| socket.send(&bytes)).map(drop)
    }
}

/// The lines of input, read by a thread of their own. The channel closes with the input.
fn input() -> UnboundedReceiver<String> {
    let (lines, receiver) = unbounded_channel();
    std::thread::spawn(move || {
        for line in stdin().lock().lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

fn obey(network: &mut Network, socket: &Socket, now: Duration, line: &str) -> String {
    let (name, value) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    if name == "counts" {
        return format!(r#"{{{},"overflowed":{}}}"#, network.counts().json(), socket.overflowed());
    }
    match network.tell(now, name, value) {
        Ok(()) => "{}".into(),
        Err(error) => format!(r#"{{"error":{error:?}}}"#),
    }
}

async fn run(Options { listen, to, seed, told }: Options) -> Result<(), String> {
    let started = Instant::now();
    let mut network = Network::new(seed, to.is_none());
    for (name, value) in told {
        network.tell(Duration::ZERO, &name, &value)?;
    }
    let mut socket = Socket::bind(listen).map_err(|error| format!("{listen}: {error}"))?;
    let (answers, mut answered) = unbounded_channel();
    let mut upstream = to.map(|to| Upstream { to, sockets: HashMap::new(), answers });
    let mut lines = input();
    println!(r#"{{"address":"{}","port":{}}}"#, socket.bound().ip(), socket.bound().port());

    loop {
        let next = network.next();
        tokio::select! {
            () = socket.readable() => {}
            Some(datagram) = answered.recv() => network.send(started.elapsed(), Direction::Down, datagram),
            () = sleep_until((started + next.unwrap_or_default()).into()), if next.is_some() => {}
            line = lines.recv() => match line {
                Some(line) => println!("{}", obey(&mut network, &socket, started.elapsed(), &line)),
                None => return Ok(()),
            },
        }
        loop {
            let now = started.elapsed();
            let received = socket.receive(|datagram| network.send(now, Direction::Up, datagram));
            let mut sent = 0;
            while sent < TURN
                && let Some((direction, datagram)) = network.receive(now + SOON)
            {
                match (direction, &mut upstream) {
                    // Nobody at the tracker's port: the network is as it is.
                    (Direction::Up, Some(upstream)) => drop(upstream.send(datagram)),
                    _ => socket.send(&datagram),
                }
                sent += 1;
            }
            if !received && sent < TURN {
                break;
            }
        }
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ended = options(std::env::args().skip(1)).and_then(|options| runtime.block_on(run(options)));
    if let Err(error) = ended {
        eprintln!("relay: {error}");
        std::process::exit(1);
    }
}
