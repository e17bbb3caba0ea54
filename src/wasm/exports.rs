//! What JavaScript calls (`lib/portable/core.js`; the two change together).
//!
//! Bytes come in by a buffer that [`input`] makes room in, and go out by one that [`output`] tells the place of. Times are
//! milliseconds on JavaScript's monotonic clock; of the calendar, milliseconds since 1970.

#![expect(unsafe_code, reason = "the names of exports are to be as they are written")]

use std::{cell::RefCell, io::Write, net::SocketAddr, time::Duration};

use crate::proto::{self, AnnounceUrl, Host, Instant, MAX_SCRAPE_HASHES};

use super::engine::{Engine, family_of, source};

/// One to an instance of the module.
#[derive(Default)]
struct State {
    engine: Option<Engine>,
    input: Vec<u8>,
    output: Vec<u8>,
}

impl State {
    /// The first bytes of the input.
    fn text(&self, from: usize, length: u32) -> &str {
        let bytes = self.input.get(from..from + length as usize).unwrap_or_default();
        str::from_utf8(bytes).unwrap_or_default()
    }
}

thread_local!(static STATE: RefCell<State> = RefCell::default());

fn with<R: Default>(does: impl FnOnce(&mut Engine) -> R) -> R {
    STATE.with_borrow_mut(|state| state.engine.as_mut().map_or_else(R::default, does))
}

fn moment(milliseconds: f64) -> Instant {
    Instant::START + duration(milliseconds)
}

fn duration(milliseconds: f64) -> Duration {
    Duration::from_nanos((milliseconds * 1e6) as u64)
}

/// Room for so many bytes that come in, and where it is.
#[unsafe(no_mangle)]
extern "C" fn input(length: u32) -> *mut u8 {
    STATE.with_borrow_mut(|state| {
        if state.input.len() < length as usize {
            state.input.resize(length as usize, 0);
        }
        state.input.as_mut_ptr()
    })
}

/// Where the bytes are that the last call has left.
#[unsafe(no_mangle)]
extern "C" fn output() -> *const u8 {
    STATE.with_borrow(|state| state.output.as_ptr())
}

/// Begins, with 48 random bytes as input and the number of the look-up that serves whoever has none of his own.
#[unsafe(no_mangle)]
extern "C" fn open(system: u32) {
    STATE.with_borrow_mut(|state| {
        let Some((seed, rest)) = state.input.split_first_chunk::<32>() else { return };
        let Some(tables) = rest.first_chunk::<16>() else { return };
        proto::seed(u128::from_le_bytes(*tables));
        state.engine = Some(Engine::new(*seed, system));
    });
}

/// Takes commands: the first `length` bytes of the input.
#[unsafe(no_mangle)]
extern "C" fn submit(now: f64, length: u32) {
    STATE.with_borrow_mut(|State { engine, input, .. }| {
        if let (Some(engine), Some(records)) = (engine, input.get(..length as usize)) {
            engine.submit(moment(now), records);
        }
    });
}

/// A datagram has come. The input is the address of its sender, as text, and the datagram. `late` is how much later than it was
/// taken the one left that this answers.
#[unsafe(no_mangle)]
extern "C" fn receive(now: f64, late: f64, path: u32, port: u32, ip: u32, from_port: u32, scope: u32, length: u32) {
    STATE.with_borrow_mut(|state| {
        let from = source(state.text(0, ip), from_port as u16, scope);
        let State { engine, input, .. } = state;
        let datagram = input.get(ip as usize..(ip + length) as usize);
        if let (Some(engine), Some(from), Some(datagram)) = (engine, from, datagram) {
            engine.receive(moment(now), duration(late), (path, port), from, datagram);
        }
    });
}

/// Does what is due.
#[unsafe(no_mangle)]
extern "C" fn timeout(now: f64, calendar: f64) {
    with(|engine| engine.handle_timeout(moment(now), duration(calendar)));
}

/// When that is to be called next: never if it is infinite.
#[unsafe(no_mangle)]
extern "C" fn deadline() -> f64 {
    let milliseconds = |at: Instant| at.saturating_duration_since(Instant::START).as_secs_f64() * 1000.0;
    with(|engine| engine.poll_timeout().map(milliseconds)).unwrap_or(f64::INFINITY)
}

/// The machine's addresses are others.
#[unsafe(no_mangle)]
extern "C" fn moved(now: f64) {
    with(|engine| engine.handle_network_change(moment(now)));
}

/// Something comes to a path over another family than the one that there was no route over.
#[unsafe(no_mangle)]
extern "C" fn up(now: f64, path: u32) {
    with(|engine| engine.handle_network_up(moment(now), path));
}

/// The next datagram to send is the output, of this length; 0 if there is none. Before its bytes: its ticket, path and port
/// (u32), the port that it goes to (u16), its family (u8; 128 more if somebody wants to know exactly when it was sent, 64 more if
/// it wants a socket that is connected), the length of the address (u8), and the address.
#[unsafe(no_mangle)]
extern "C" fn transmit(now: f64) -> u32 {
    /// The address begins here.
    const HEAD: usize = 16;
    const TIMED: u8 = 128;
    const PING: u8 = 64;
    STATE.with_borrow_mut(|State { engine, output, .. }| {
        output.clear();
        let mut datagram = std::mem::take(output);
        let Some(found) = engine.as_mut().and_then(|engine| engine.poll_transmit(moment(now), &mut datagram)) else {
            *output = datagram;
            return 0;
        };
        // An address is short: it is put before the bytes.
        let mut head = [0; HEAD].to_vec();
        let _ = match found.to {
            SocketAddr::V4(v4) => write!(head, "{}", v4.ip()),
            SocketAddr::V6(v6) if v6.scope_id() > 0 => write!(head, "{}%{}", v6.ip(), v6.scope_id()),
            SocketAddr::V6(v6) => write!(head, "{}", v6.ip()),
        };
        let address = (head.len() - HEAD) as u8;
        let fields = [found.ticket, found.path, found.port].map(u32::to_le_bytes).concat();
        let flags = if found.is_timed { TIMED } else { 0 } | if found.is_ping { PING } else { 0 };
        let rest = [&found.to.port().to_le_bytes()[..], &[family_of(&found.to) | flags, address]].concat();
        for (place, byte) in head.iter_mut().zip(fields.into_iter().chain(rest)) {
            *place = byte;
        }
        datagram.splice(..0, head);
        *output = datagram;
        output.len() as u32
    })
}

/// A datagram has been sent.
#[unsafe(no_mangle)]
extern "C" fn sent(ticket: u32) {
    with(|engine| engine.sent(ticket));
}

/// A datagram has not been sent. The input is the code of the error and words.
#[unsafe(no_mangle)]
extern "C" fn unsent(now: f64, ticket: u32, is_lasting: u32, code: u32, words: u32) {
    STATE.with_borrow_mut(|state| {
        let (name, text) = (state.text(0, code).to_owned(), state.text(code as usize, words).to_owned());
        if let Some(engine) = &mut state.engine {
            engine.unsent(moment(now), ticket, is_lasting != 0, &name, &text);
        }
    });
}

/// A path's socket that is connected to an address has an error. The input is the address, as text, and the code of the error.
#[unsafe(no_mangle)]
extern "C" fn unreachable(now: f64, path: u32, ip: u32, to_port: u32, scope: u32, code: u32) {
    STATE.with_borrow_mut(|state| {
        let to = source(state.text(0, ip), to_port as u16, scope);
        let code = state.text(ip as usize, code).to_owned();
        if let (Some(engine), Some(to)) = (&mut state.engine, to) {
            engine.handle_unreachable(moment(now), path, to, &code);
        }
    });
}

/// Whether a path's connect by itself waits for an answer of an address. The input is the address, as text.
#[unsafe(no_mangle)]
extern "C" fn is_pinging(path: u32, ip: u32, to_port: u32, scope: u32) -> u32 {
    STATE.with_borrow_mut(|state| {
        let to = source(state.text(0, ip), to_port as u16, scope);
        let (Some(engine), Some(to)) = (&mut state.engine, to) else { return 0 };
        engine.is_pinging(path, to).into()
    })
}

/// Receiving has failed.
#[unsafe(no_mangle)]
extern "C" fn unreceived() {
    with(|engine| engine.unreceived());
}

/// What the receive buffer of a path's sockets holds, in bytes as the kernel counts.
#[unsafe(no_mangle)]
extern "C" fn receive_buffer(path: u32, bytes: u32) {
    with(|engine| engine.set_receive_buffer(path, bytes as usize));
}

/// Whether anything may come by a port of a path.
#[unsafe(no_mangle)]
extern "C" fn has_port(path: u32, port: u32) -> u32 {
    with(|engine| engine.has_port(path, port)).into()
}

/// Packs what has become of requests. Returns whether there is anything to take.
#[unsafe(no_mangle)]
extern "C" fn deliver() -> u32 {
    with(|engine| engine.deliver()).into()
}

/// The next outcomes are the output, of this length, if that is `most` at most; 0 if there are none.
#[unsafe(no_mangle)]
extern "C" fn take(most: u32) -> u32 {
    STATE.with_borrow_mut(|State { engine, output, .. }| {
        let Some(engine) = engine else { return 0 };
        let fits = engine.next_batch().is_some_and(|length| length <= most as usize);
        *output = if fits { engine.take_batch().unwrap_or_default() } else { Vec::new() };
        output.len() as u32
    })
}

/// The counters are the output, of this length: names and numbers with a space between them, in lines.
#[unsafe(no_mangle)]
extern "C" fn stats() -> u32 {
    STATE.with_borrow_mut(|State { engine, output, .. }| {
        output.clear();
        for (name, value) in engine.as_ref().map(Engine::counters).unwrap_or_default() {
            let _ = writeln!(output, "{name} {value}");
        }
        output.len() as u32
    })
}

/// How many info-hashes a scrape may ask for.
#[unsafe(no_mangle)]
extern "C" fn max_scrape_hashes() -> u32 {
    MAX_SCRAPE_HASHES as u32
}

/// Reads the announce URL in the first bytes of the input. The output is in lines, of this length: host, port, family and
/// request string; or `!` and the text of the error.
#[unsafe(no_mangle)]
extern "C" fn parse_url(length: u32) -> u32 {
    STATE.with_borrow_mut(|state| {
        let parsed = AnnounceUrl::parse(state.text(0, length));
        state.output.clear();
        let _ = match parsed {
            Ok(AnnounceUrl { host, port, request_string, .. }) => {
                let (host, family) = match host {
                    Host::Domain(name) => (name, 0),
                    Host::Ipv4(address) => (address.to_string(), 4),
                    Host::Ipv6(address) => (address.to_string(), 6),
                };
                write!(state.output, "{host}\n{port}\n{family}\n{request_string}")
            }
            Err(error) => write!(state.output, "!{error}"),
        };
        state.output.len() as u32
    })
}
