//! A UDP tracker for the tests in `__test__/robustness/`: it answers every announce with numbers computed from the
//! info-hash, loses a share of its datagrams if told to, and forges datagrams as fast as the system takes them.
//!
//! `hostile_tracker [loss in percent] [seed] [ports]` prints `{"ports":[…]}` and then obeys lines on its input:
//! `flood COUNT RATE` (from the first port, RATE in datagrams a second, 0 for no limit) and `counts` (of all ports), each
//! answered by one line of JSON. It ends with its input.

#![allow(clippy::unwrap_used, missing_docs)]

use std::{
    collections::HashSet,
    io::{BufRead, stdin},
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use socket2::{Domain, Socket, Type};

/// How many of the last answers are kept to be repeated.
const KEPT: usize = 65_536;
const CONNECT: u32 = 0;
const ANNOUNCE: u32 = 1;
const SCRAPE: u32 = 2;
const ERROR: u32 = 3;

/// What happened so far, in datagrams.
#[derive(Default)]
struct Counts {
    connects: AtomicU64,
    announces: AtomicU64,
    lost_requests: AtomicU64,
    lost_answers: AtomicU64,
    answers: AtomicU64,
    other: AtomicU64,
}

#[derive(Default)]
struct Shared {
    counts: Counts,
    client: OnceLock<SocketAddr>,
    /// Every transaction ID that was asked with. A guess that hits one in use would be a true answer to the client, by
    /// the protocol's own design: one in 2^32 for each request in flight, which is often enough to spoil a test.
    asked: Mutex<HashSet<u32>>,
    /// The latest answers, oldest overwritten first.
    answers: Mutex<Vec<Vec<u8>>>,
}

fn bind(address: Ipv4Addr, port: u16) -> UdpSocket {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None).unwrap();
    let _ = socket.set_recv_buffer_size(8 << 20);
    socket.bind(&SocketAddr::from((address, port)).into()).unwrap();
    socket.into()
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).map_or(0, |bytes| u32::from_be_bytes(bytes.try_into().unwrap()))
}

fn response(action: u32, transaction_id: u32, body: &[u8]) -> Vec<u8> {
    [&action.to_be_bytes()[..], &transaction_id.to_be_bytes(), body].concat()
}

/// The info-hash's first 8 bytes as leechers and seeds, the next 6 as a peer, its last 4 as the interval.
fn announce_response(request: &[u8]) -> Vec<u8> {
    let hash = &request[16..36];
    response(ANNOUNCE, word(request, 12), &[&hash[16..20], &hash[0..14]].concat())
}

fn serve(socket: &UdpSocket, shared: &Shared, loss: u32, mut random: StdRng) {
    let counts = &shared.counts;
    let mut lost = || random.next_u32() % 100 < loss;
    let mut buffer = [0; 2048];
    let mut answered = 0;
    loop {
        // What an ICMP message made of an earlier send does not stop it.
        let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
        let request = &buffer[..length];
        let (counter, answer) = match (word(request, 8), length) {
            (CONNECT, 16) => (&counts.connects, response(CONNECT, word(request, 12), &[7; 8])),
            (ANNOUNCE, 98..) => (&counts.announces, announce_response(request)),
            _ => {
                counts.other.fetch_add(1, Relaxed);
                continue;
            }
        };
        counter.fetch_add(1, Relaxed);
        let _ = shared.client.set(from);
        shared.asked.lock().unwrap().insert(word(request, 12));
        if lost() {
            counts.lost_requests.fetch_add(1, Relaxed);
            continue;
        }
        if lost() {
            counts.lost_answers.fetch_add(1, Relaxed);
        } else if socket.send_to(&answer, from).is_ok() {
            counts.answers.fetch_add(1, Relaxed);
        }
        let mut answers = shared.answers.lock().unwrap();
        if answers.len() < KEPT {
            answers.push(answer);
        } else {
            answers[answered % KEPT] = answer;
        }
        answered += 1;
    }
}

/// A third each: wrong transaction IDs from the tracker's own socket, whatever IDs from other addresses, and answers
/// that were given before.
fn flood(own: &UdpSocket, others: &[UdpSocket], shared: &Shared, count: u64, rate: u64, random: &mut StdRng) -> String {
    let Some(client) = shared.client.get() else { return r#"{"error":"nobody has asked yet"}"#.into() };
    let start = Instant::now();
    let (mut strays, mut foreign, mut replays, mut refused) = (0, 0, 0, 0);
    for turn in 0..count {
        let mut body = vec![0; [0, 3, 8, 12, 18, 80][random.next_u32() as usize % 6]];
        random.fill_bytes(&mut body);
        let action =
            [CONNECT, ANNOUNCE, ANNOUNCE, ANNOUNCE, SCRAPE, ERROR, 4, u32::MAX][random.next_u32() as usize % 8];
        let (socket, datagram, counter) = match turn % 3 {
            0 => {
                let mut id = random.next_u32();
                while shared.asked.lock().unwrap().contains(&id) {
                    id = random.next_u32();
                }
                let mut datagram = response(action, id, &body);
                if random.next_u32().is_multiple_of(16) {
                    datagram.truncate(random.next_u32() as usize % 8);
                }
                (own, datagram, &mut strays)
            }
            1 => {
                // Half of them with a transaction ID that is or was in use.
                let answers = shared.answers.lock().unwrap();
                let known =
                    answers.get(random.next_u32() as usize % answers.len().max(1)).map(|answer| word(answer, 4));
                let id = known.filter(|_| turn % 2 == 0).unwrap_or_else(|| random.next_u32());
                (&others[turn as usize % others.len()], response(action, id, &body), &mut foreign)
            }
            _ => {
                let answers = shared.answers.lock().unwrap();
                let old = answers.get(random.next_u32() as usize % answers.len().max(1)).cloned().unwrap_or_default();
                (own, old, &mut replays)
            }
        };
        match socket.send_to(&datagram, client) {
            Ok(_) => *counter += 1,
            Err(_) => refused += 1,
        }
        if rate > 0 && turn % 64 == 0 {
            let due = Duration::from_secs_f64(turn as f64 / rate as f64);
            std::thread::sleep(due.saturating_sub(start.elapsed()));
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    format!(
        r#"{{"strays":{strays},"foreign":{foreign},"replays":{replays},"refused":{refused},"seconds":{seconds:.3}}}"#
    )
}

fn counts(Counts { connects, announces, lost_requests, lost_answers, answers, other }: &Counts) -> String {
    format!(
        r#"{{"connects":{},"announces":{},"lostRequests":{},"lostAnswers":{},"answers":{},"other":{}}}"#,
        connects.load(Relaxed),
        announces.load(Relaxed),
        lost_requests.load(Relaxed),
        lost_answers.load(Relaxed),
        answers.load(Relaxed),
        other.load(Relaxed)
    )
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|number| number.parse::<u32>().unwrap());
    let loss = arguments.next().unwrap_or(0);
    let seed = u64::from(arguments.next().unwrap_or(1));
    let count = arguments.next().unwrap_or(1);
    let sockets: Vec<_> = (0..count).map(|_| Arc::new(bind(Ipv4Addr::LOCALHOST, 0))).collect();
    let ports: Vec<u16> = sockets.iter().map(|socket| socket.local_addr().unwrap().port()).collect();
    let (own, port) = (&sockets[0], ports[0]);
    // Another port of the same address, and the same port of another address where the system has one.
    let mut others = vec![bind(Ipv4Addr::LOCALHOST, 0)];
    if let Ok(socket) = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 2), port)) {
        others.push(socket);
    }
    let shared = Arc::new(Shared::default());
    for (own, seed) in sockets.iter().zip(seed..) {
        let (own, shared) = (own.clone(), shared.clone());
        std::thread::spawn(move || serve(&own, &shared, loss, StdRng::seed_from_u64(seed)));
    }
    println!(r#"{{"ports":{ports:?}}}"#);

    let mut random = StdRng::seed_from_u64(!seed);
    for line in stdin().lock().lines().map_while(Result::ok) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |index: usize| words.get(index).and_then(|word| word.parse().ok()).unwrap_or(0);
        match words.first() {
            Some(&"flood") => println!("{}", flood(own, &others, &shared, number(1), number(2), &mut random)),
            Some(&"counts") => println!("{}", counts(&shared.counts)),
            _ => println!(r#"{{"error":"unknown command"}}"#),
        }
    }
}
