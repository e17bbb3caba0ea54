//! Any sequence of calls into the client: requests, cancellations, datagrams true and forged, time, failing sends,
//! with outcomes and transmits polled or left lying.

use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use bittorrent_udp_tracker::proto::Event;

use super::{
    drawn::{address, announce, connect, scrape},
    watched::Watched,
    wire::{self, Packet},
};

/// More than this says nothing new and takes long.
const MOST_CALLS: usize = 300;
const PROTOCOL_ID: u64 = 0x0417_2710_1980;

#[derive(Arbitrary, Debug)]
enum Call {
    Request {
        id: u8,
        addresses: [u8; 3],
        count: u8,
        timeout: Timeout,
        asks: Asks,
    },
    Burst {
        to: u8,
        timeout: Timeout,
    },
    Cancel(u8),
    CancelAll {
        mask: u8,
    },
    /// Any bytes from one of the addresses.
    Noise {
        from: u8,
        bytes: Vec<u8>,
    },
    /// What a tracker would say to the datagram sent so many sends ago.
    Answer {
        back: u8,
        says: Says,
    },
    /// The right transaction ID from the wrong address.
    Elsewhere {
        back: u8,
        from: u8,
        says: Says,
    },
    Millis(u16),
    Seconds(u8),
    Timeout,
    Transmit,
    TransmitAll,
    SendFailure {
        back: u8,
        lasting: bool,
    },
    Unreachable {
        back: u8,
        quoted: u8,
    },
    Outcome,
    ReceiveBuffer(u32),
    Suspend(u16),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Timeout {
    Default,
    Short(u16),
    Zero,
    Negative,
    NotANumber,
    Endless,
}

impl Timeout {
    fn ms(self) -> f64 {
        match self {
            Self::Default => 15_000.0,
            Self::Short(ms) => ms.into(),
            Self::Zero => 0.0,
            Self::Negative => -1.0,
            Self::NotANumber => f64::NAN,
            Self::Endless => f64::MAX,
        }
    }
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Asks {
    Announce,
    Stopped,
    Scrape(u8),
    Connect { retransmit: bool },
}

#[derive(Arbitrary, Debug)]
enum Says {
    /// The answer, with what is behind it.
    Right {
        numbers: [u32; 3],
        rows: u8,
    },
    /// A connection ID that is the protocol's own constant, or the same one each time.
    Connection {
        issued: bool,
    },
    WrongConnection,
    Error(Vec<u8>),
    Other {
        action: u8,
        rest: Vec<u8>,
    },
    Action(u32),
}

pub fn run(data: &[u8]) {
    let mut bytes = Unstructured::new(data);
    let mut watched = Watched::new();
    for _ in 0..MOST_CALLS {
        if bytes.is_empty() {
            break;
        }
        let Ok(call) = Call::arbitrary(&mut bytes) else { break };
        play(&mut watched, call);
    }
    watched.finish();
}

fn play(watched: &mut Watched, call: Call) {
    match call {
        Call::Request { id, addresses, count, timeout, asks } => {
            let addresses = addresses.map(address);
            let id = u64::from(id % 32);
            let body = match asks {
                Asks::Announce => announce(id, Event::None),
                Asks::Stopped => announce(id, Event::Stopped),
                Asks::Scrape(count) => scrape(id, count.into()),
                Asks::Connect { retransmit } => connect(retransmit),
            };
            watched.request(id, &addresses[..usize::from(count % 4)], timeout.ms(), body);
        }
        Call::Burst { to, timeout } => {
            for id in 1000..1080 {
                watched.request(id, &[address(to)], timeout.ms(), announce(id, Event::None));
            }
        }
        Call::Cancel(id) => watched.cancel(|other| other == u64::from(id % 32)),
        Call::CancelAll { mask } => watched.cancel(|id| id & u64::from(mask) == 0),
        Call::Noise { from, bytes } => watched.datagram(address(from), &bytes),
        Call::Answer { back, says } => answer(watched, back, None, &says),
        Call::Elsewhere { back, from, says } => answer(watched, back, Some(from), &says),
        Call::Millis(ms) => watched.now += Duration::from_millis(ms.into()),
        Call::Seconds(seconds) => watched.now += Duration::from_secs(seconds.into()),
        Call::Timeout => watched.timeout(),
        Call::Transmit => drop(watched.transmit()),
        Call::TransmitAll => watched.transmit_all(),
        Call::SendFailure { back, lasting } => {
            if let Some(which) = watched.sent.len().checked_sub(1 + usize::from(back)) {
                watched.send_failure(which, lasting);
            }
        }
        Call::Unreachable { back, quoted } => {
            if let Some(which) = watched.sent.len().checked_sub(1 + usize::from(back)) {
                watched.unreachable(which, quoted.into());
            }
        }
        Call::Outcome => drop(watched.outcome()),
        Call::Suspend(seconds) => watched.suspend(Duration::from_secs(seconds.into())),
        Call::ReceiveBuffer(bytes) => watched.set_receive_buffer(bytes as usize),
    }
}

fn answer(watched: &mut Watched, back: u8, from: Option<u8>, says: &Says) {
    let Some(sent) = watched.sent.iter().rev().nth(back.into()) else { return };
    let from = from.map_or(sent.transmit.to, address);
    let bytes = said(says, &sent.packet);
    watched.datagram(from, &bytes);
}

fn said(says: &Says, packet: &Packet) -> Vec<u8> {
    let of = packet.transaction_id();
    match says {
        Says::Right { numbers, rows } => match packet {
            Packet::Connect { .. } => wire::connect_response(of, u64::from(numbers[0])),
            Packet::Announce { .. } => wire::announce_response(of, *numbers, &vec![*rows; (*rows).into()]),
            // Now and then fewer rows than were asked for.
            Packet::Scrape { info_hashes, .. } => {
                let count = if rows % 4 == 0 { usize::from(*rows) } else { info_hashes.len() };
                wire::scrape_response(of, &vec![*numbers; count])
            }
        },
        Says::Connection { issued } => wire::connect_response(of, if *issued { 1 } else { PROTOCOL_ID }),
        Says::WrongConnection => wire::error_response(of, "Connection ID missmatch.\0"),
        Says::Error(message) => wire::response(3, of, message),
        Says::Other { action, rest } => wire::response((action % 5).into(), of, rest),
        Says::Action(action) => wire::response(*action, of, &[0; 16]),
    }
}
