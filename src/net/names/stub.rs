//! A stub resolver that never blocks a thread, and that asks through a [`Transport`].
//!
//! Any number of questions share one socket a name server, so that names whose servers hang cost nothing but themselves.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rand::{TryRng, rngs::SysRng};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
    sync::{Semaphore, oneshot},
    task::AbortHandle,
    time::{sleep, timeout},
};

use crate::{
    proto::{Family, SystemError},
    requests::{Found, LookUpError, ServerProblem, Transport},
};

use super::{
    super::path::socket::Socket,
    files::{Configuration, Snapshot},
    message::{A, AAAA, Answer, Kind, Question, TXT},
};

/// How long sockets are used before they are made anew: who would forge answers may not have for ever to find their ports.
const RENEWED_AFTER: Duration = Duration::from_secs(10);
/// When a question is asked of the next server, or again with twice the patience.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often each server is asked.
const ATTEMPTS: u32 = 4;
/// How many questions go to a server in [`SPACE`] unless it answers sooner: more at once are lost in its buffer.
const AT_ONCE: usize = 256;
const SPACE: Duration = Duration::from_millis(20);
/// How many questions a server may have at once. More wait: there are 65,536 numbers, and half of them stay hard to guess.
const UNANSWERED: usize = 1 << 15;
/// How long the addresses of one family wait for those of the other.
const OTHER_FAMILY: Duration = Duration::from_millis(500);

/// The stub resolver of one transport.
pub(super) struct Stub {
    transport: Arc<Transport>,
    current: Mutex<Option<Arc<Servers>>>,
}

impl Stub {
    pub(super) fn new(transport: Arc<Transport>) -> Self {
        Self { transport, current: Mutex::default() }
    }

    /// The addresses of a name, of one family if it is given: those of the hosts file, or what name servers say.
    pub(super) async fn look_up(&self, host: &str, family: Option<Family>, files: &Snapshot) -> Found {
        if let Some(known) = local_addresses(host, family, files) {
            return Ok(known);
        }
        let servers = self.servers(&files.configuration);
        let mut problem = LookUpError::NotFound;
        for name in candidates(host, &files.configuration) {
            match servers.addresses(&name, family).await {
                Ok(found) if !found.is_empty() => return Ok(found),
                Ok(_) | Err(LookUpError::NotFound) => {}
                Err(error) => problem = error,
            }
        }
        Err(problem)
    }

    /// The texts of a name (TXT records), which is taken as it is.
    pub(super) async fn texts(&self, host: &str, files: &Snapshot) -> Result<Vec<String>, LookUpError> {
        let name = host.trim_end_matches('.');
        if is_this_machine(name) {
            return Err(LookUpError::NotFound);
        }
        self.servers(&files.configuration).ask(name, &TXT).await
    }

    fn servers(&self, configuration: &Arc<Configuration>) -> Arc<Servers> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        match &*current {
            Some(servers) if servers.is_current(&self.transport, configuration) => servers.clone(),
            _ => current.insert(Arc::new(Servers::open(&self.transport, configuration))).clone(),
        }
    }
}

/// What this machine knows of a name without asking anybody.
fn local_addresses(host: &str, family: Option<Family>, files: &Snapshot) -> Option<Vec<IpAddr>> {
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let mut known = files.hosts.addresses(&name);
    if known.is_empty() && is_this_machine(&name) {
        known = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    }
    known.retain(|ip| family.is_none_or(|family| (family == Family::V4) == ip.is_ipv4()));
    (!known.is_empty()).then_some(known)
}

/// RFC 6761, section 6.3: no name server is asked for these.
fn is_this_machine(name: &str) -> bool {
    let top = name.rsplit('.').next().unwrap_or_default();
    top.eq_ignore_ascii_case("localhost")
}

/// The names to ask for, in order, as `resolv.conf` has it.
fn candidates(host: &str, configuration: &Configuration) -> Vec<String> {
    if let Some(absolute) = host.strip_suffix('.') {
        return vec![absolute.to_owned()];
    }
    let mut names: Vec<String> = configuration.search.iter().map(|domain| format!("{host}.{domain}")).collect();
    let first = host.matches('.').count() >= configuration.dots;
    names.insert(if first { 0 } else { names.len() }, host.to_owned());
    names
}

/// A socket for each name server that the transport may ask.
struct Servers {
    since: Instant,
    /// The number that the transport's interface had when the sockets were tied to it.
    interface: Option<NonZeroU32>,
    configuration: Arc<Configuration>,
    servers: Vec<Server>,
    /// Why there are none.
    problem: LookUpError,
}

impl Servers {
    fn open(transport: &Arc<Transport>, configuration: &Arc<Configuration>) -> Self {
        let interface = transport.interface_index();
        let (mut servers, mut problem) = (Vec::new(), LookUpError::NoServer);
        for address in &configuration.servers {
            let ip = address.ip();
            // A name server on this machine asks others, and not through the transport.
            if transport.is_bound() && ip.is_loopback() && !transport.is_loopback() {
                problem = LookUpError::LocalServer(ip);
                continue;
            }
            match Server::open(transport, *address) {
                Ok(server) => servers.push(server),
                Err(error) => problem = error,
            }
        }
        Self { since: Instant::now(), interface, configuration: configuration.clone(), servers, problem }
    }

    fn is_current(&self, transport: &Transport, configuration: &Arc<Configuration>) -> bool {
        self.since.elapsed() < RENEWED_AFTER
            && !self.servers.is_empty()
            && Arc::ptr_eq(&self.configuration, configuration)
            && self.interface == transport.interface_index()
    }

    async fn addresses(&self, name: &str, family: Option<Family>) -> Found {
        if let Some(family) = family {
            return self.ask(name, if family == Family::V4 { &A } else { &AAAA }).await;
        }
        let (v4, v6) = (self.ask(name, &A), self.ask(name, &AAAA));
        tokio::pin!(v4, v6);
        // Some servers never answer for a type that they do not know.
        let (v4, v6) = tokio::select! {
            v4 = &mut v4 => { let v6 = other(&v4, v6).await; (Some(v4), v6) }
            v6 = &mut v6 => { let v4 = other(&v6, v4).await; (v4, Some(v6)) }
        };
        match (v4, v6) {
            (Some(Ok(mut found)), Some(Ok(more))) => {
                found.extend(more);
                Ok(found)
            }
            (Some(Ok(found)), _) | (_, Some(Ok(found))) => Ok(found),
            (Some(Err(error)), _) | (_, Some(Err(error))) => Err(error),
            (None, None) => Err(LookUpError::NoAnswer),
        }
    }

    async fn ask<T>(&self, name: &str, kind: &Kind<T>) -> Result<Vec<T>, LookUpError> {
        let mut problem = self.problem.clone();
        for attempt in 0..ATTEMPTS {
            for server in &self.servers {
                match server.ask(name, kind, PATIENCE * (1 << attempt)).await {
                    Err(error @ LookUpError::Server { .. }) => problem = error,
                    found => return found,
                }
            }
        }
        Err(problem)
    }
}

/// What the look-up for the other family finds: in the time that is left for it if this one has found something.
async fn other(first: &Found, ask: impl Future<Output = Found>) -> Option<Found> {
    match first {
        Ok(found) if !found.is_empty() => timeout(OTHER_FAMILY, ask).await.ok(),
        _ => Some(ask.await),
    }
}

/// The questions that a server has not answered, by number.
type Unanswered = Arc<Mutex<HashMap<u16, (Arc<Question>, oneshot::Sender<Vec<u8>>)>>>;

struct Server {
    transport: Arc<Transport>,
    address: SocketAddr,
    socket: Arc<Socket>,
    unanswered: Unanswered,
    reader: AbortHandle,
    pauses: Semaphore,
    numbers: Semaphore,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Server {
    fn open(transport: &Arc<Transport>, address: SocketAddr) -> Result<Self, LookUpError> {
        let unusable = |reason| LookUpError::Unusable { address: address.ip(), reason };
        let socket = Socket::open(transport, Family::of(&address)).map_err(unusable)?;
        let socket = Arc::new(socket.connected_to(address).map_err(|error| unreachable(address, &error))?);
        let unanswered = Unanswered::default();
        let reader = tokio::spawn(read(socket.clone(), unanswered.clone())).abort_handle();
        let (pauses, numbers) = (Semaphore::new(AT_ONCE), Semaphore::new(UNANSWERED));
        Ok(Self { transport: transport.clone(), address, socket, unanswered, reader, pauses, numbers })
    }

    /// Asks once. An error of [`LookUpError::Server`] is this server's alone, and another may know.
    async fn ask<T>(&self, name: &str, kind: &Kind<T>, patience: Duration) -> Result<Vec<T>, LookUpError> {
        let problem = |problem| LookUpError::Server { address: self.address.ip(), problem };
        // Neither is ever closed: an error would cost nothing but the wait.
        let _number = self.numbers.acquire().await;
        let (asked, mut answer) = self.question(name, kind)?;
        let pause = self.pauses.acquire().await;
        self.send(&asked.question.bytes).await?;
        let mut ended = timeout(SPACE, &mut answer).await;
        drop(pause);
        if ended.is_err() {
            ended = timeout(patience.saturating_sub(SPACE), answer).await;
        }
        let message = match ended {
            Ok(Ok(message)) => message,
            Ok(Err(_)) => return Err(problem(ServerProblem::Unreachable(refused()))),
            Err(_) => return Err(problem(ServerProblem::Silent)),
        };
        let mut answer = asked.question.read(&message, kind);
        if matches!(answer, Answer::Truncated) {
            let unusable = |reason| LookUpError::Unusable { address: self.address.ip(), reason };
            let socket = self.transport.tcp_socket(Family::of(&self.address)).map_err(unusable)?;
            let message = timeout(patience, self.ask_by_tcp(socket, &asked.question.bytes)).await;
            let message = message.map_err(|_| problem(ServerProblem::Silent))?;
            let message = message.map_err(|error| unreachable(self.address, &error))?;
            answer = Answer::Problem(ServerProblem::Unreadable);
            if asked.question.is_answered_by(&message) {
                answer = asked.question.read(&message, kind);
            }
        }
        match answer {
            Answer::Records(found) => Ok(found),
            Answer::NoSuchName => Err(LookUpError::NotFound),
            Answer::Truncated => Err(problem(ServerProblem::Unreadable)),
            Answer::Problem(what) => Err(problem(what)),
        }
    }

    async fn send(&self, question: &[u8]) -> Result<(), LookUpError> {
        let Err(error) = self.socket.send_one(self.address, question).await else { return Ok(()) };
        // What is wrong with the transport, it says itself.
        match self.transport.check(Family::of(&self.address)) {
            Ok(()) => Err(unreachable(self.address, &error)),
            Err(reason) => Err(LookUpError::Unusable { address: self.address.ip(), reason }),
        }
    }

    async fn ask_by_tcp(&self, socket: TcpSocket, question: &[u8]) -> io::Result<Vec<u8>> {
        let mut stream = socket.connect(self.address).await?;
        stream.write_all(&[&(question.len() as u16).to_be_bytes(), question].concat()).await?;
        let mut answer = vec![0; stream.read_u16().await?.into()];
        stream.read_exact(&mut answer).await?;
        Ok(answer)
    }

    fn question<T>(&self, name: &str, kind: &Kind<T>) -> Result<(Asked<'_>, oneshot::Receiver<Vec<u8>>), LookUpError> {
        let (sender, receiver) = oneshot::channel();
        let mut unanswered = self.unanswered.lock().unwrap_or_else(PoisonError::into_inner);
        let id = loop {
            let mut bytes = [0; 2];
            SysRng.try_fill_bytes(&mut bytes).map_err(|_| LookUpError::TryAgain)?;
            let id = u16::from_be_bytes(bytes);
            if !unanswered.contains_key(&id) {
                break id;
            }
        };
        let question = Arc::new(Question::new(id, name, kind)?);
        unanswered.insert(id, (question.clone(), sender));
        Ok((Asked { server: self, id, question }, receiver))
    }
}

/// What the system says where nobody listens.
fn refused() -> SystemError {
    io::Error::from(io::ErrorKind::ConnectionRefused).into()
}

fn unreachable(address: SocketAddr, error: &io::Error) -> LookUpError {
    LookUpError::Server { address: address.ip(), problem: ServerProblem::Unreachable(error.into()) }
}

/// Gives answers to those who asked; what is no answer to their question ends nobody's wait. An error (nobody listens there, no
/// route) is everybody's.
async fn read(socket: Arc<Socket>, unanswered: Unanswered) {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let received = socket.receive_one(&mut buffer).await;
        if received.is_err() {
            // Should an error stay, it must not keep us busy.
            sleep(SPACE).await;
        }
        let mut unanswered = unanswered.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(length) = received else {
            unanswered.clear();
            continue;
        };
        let message = buffer.get(..length).unwrap_or_default();
        let Some((id, _)) = message.split_first_chunk() else { continue };
        let id = u16::from_be_bytes(*id);
        if unanswered.get(&id).is_some_and(|(question, _)| question.is_answered_by(message))
            && let Some((_, asker)) = unanswered.remove(&id)
        {
            // Whoever asked may have gone.
            let _ = asker.send(message.to_vec());
        }
    }
}

/// A question that has been asked; its number is free again when it goes.
struct Asked<'a> {
    server: &'a Server,
    id: u16,
    question: Arc<Question>,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.server.unanswered.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use simple_dns::{Packet, PacketFlag, RCODE};
    use tokio::net::{TcpListener, UdpSocket};

    use super::{
        super::message::tests::{a, answer_to, txt},
        *,
    };

    /// A name server on loopback, where UDP and TCP have one port.
    struct NameServer {
        udp: UdpSocket,
        tcp: TcpListener,
        address: SocketAddr,
    }

    impl NameServer {
        async fn start() -> Self {
            loop {
                let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
                let address = udp.local_addr().unwrap();
                // The port may be taken for TCP.
                if let Ok(tcp) = TcpListener::bind(address).await {
                    return Self { udp, tcp, address };
                }
            }
        }

        /// The next question: who asks, its bytes and its name.
        async fn question(&self) -> (SocketAddr, Vec<u8>, String) {
            let mut buffer = vec![0; 2048];
            let (length, from) = self.udp.recv_from(&mut buffer).await.unwrap();
            buffer.truncate(length);
            let name = Packet::parse(&buffer).unwrap().questions[0].qname.to_string();
            (from, buffer, name)
        }

        async fn send(&self, to: SocketAddr, answer: &Packet<'_>) {
            self.udp.send_to(&answer.build_bytes_vec().unwrap(), to).await.unwrap();
        }
    }

    fn files(servers: &[&NameServer], search: &[&str]) -> Snapshot {
        let servers = servers.iter().map(|server| server.address).collect();
        let search = search.iter().map(|&domain| domain.to_owned()).collect();
        Snapshot { configuration: Arc::new(Configuration { servers, search, dots: 1 }), ..Snapshot::default() }
    }

    fn stub() -> Stub {
        Stub::new(Arc::default())
    }

    fn found(last: u8) -> Found {
        Ok(vec![[10, 0, 0, last].into()])
    }

    #[tokio::test]
    async fn wrong_answers_do_not_end_the_wait_for_the_right_one() {
        let server = NameServer::start().await;
        let (stub, files) = (stub(), files(&[&server], &[]));
        let serve = async {
            let (from, question, _) = server.question().await;
            let right = answer_to(&question, &[("t.example", a(1))]);
            let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            stranger
                .send_to(&answer_to(&question, &[("t.example", a(9))]).build_bytes_vec().unwrap(), from)
                .await
                .unwrap();
            let mut without = right.clone();
            without.questions.clear();
            server.send(from, &without).await;
            let mut other = question.clone();
            other[13] = b'u';
            server.send(from, &answer_to(&other, &[("u.example", a(9))])).await;
            let mut unasked = question.clone();
            unasked[1] ^= 1;
            server.send(from, &answer_to(&unasked, &[("t.example", a(9))])).await;
            server.udp.send_to(&question, from).await.unwrap();
            server.udp.send_to(&question[..2], from).await.unwrap();
            server.send(from, &right).await;
        };
        let (found_addresses, ()) = tokio::join!(stub.look_up("t.example", Some(Family::V4), &files), serve);
        assert_eq!(found_addresses, found(1));
    }

    #[tokio::test]
    async fn what_is_longer_than_a_datagram_comes_by_tcp() {
        let server = NameServer::start().await;
        let (stub, files) = (stub(), files(&[&server], &[]));
        let serve = async {
            let (from, question, _) = server.question().await;
            let mut cut = answer_to(&question, &[]);
            cut.set_flags(PacketFlag::TRUNCATION);
            server.send(from, &cut).await;
            let (mut stream, _) = server.tcp.accept().await.unwrap();
            let mut asked = vec![0; stream.read_u16().await.unwrap().into()];
            stream.read_exact(&mut asked).await.unwrap();
            assert_eq!(asked, question);
            let answer = answer_to(&asked, &[("t.example", a(2))]).build_bytes_vec().unwrap();
            stream.write_u16(answer.len() as u16).await.unwrap();
            stream.write_all(&answer).await.unwrap();
        };
        let (found_addresses, ()) = tokio::join!(stub.look_up("t.example", Some(Family::V4), &files), serve);
        assert_eq!(found_addresses, found(2));
    }

    #[tokio::test]
    async fn a_lost_question_is_asked_again_up_to_four_times() {
        let server = NameServer::start().await;
        let (stub, files) = (stub(), files(&[&server], &[]));
        let serve = async {
            for _ in 0..3 {
                server.question().await;
            }
            let (from, question, _) = server.question().await;
            server.send(from, &answer_to(&question, &[("t.example", a(1))])).await;
        };
        let (found_addresses, ()) = tokio::join!(stub.look_up("t.example", Some(Family::V4), &files), serve);
        assert_eq!(found_addresses, found(1));
    }

    #[tokio::test]
    async fn a_server_that_fails_leaves_it_to_the_next_and_one_that_knows_ends_it() {
        let (first, second) = (NameServer::start().await, NameServer::start().await);
        let (stub, files) = (stub(), files(&[&first, &second], &[]));
        let serve = async {
            for code in [RCODE::ServerFailure, RCODE::Refused] {
                let (from, question, _) = first.question().await;
                let mut failed = answer_to(&question, &[]);
                *failed.rcode_mut() = code;
                first.send(from, &failed).await;
                let (from, question, name) = second.question().await;
                let mut answer = answer_to(&question, &[("t.example", a(1))]);
                if name == "gone.example" {
                    answer = answer_to(&question, &[]);
                    *answer.rcode_mut() = RCODE::NameError;
                }
                second.send(from, &answer).await;
            }
        };
        let ask = async {
            assert_eq!(stub.look_up("t.example", Some(Family::V4), &files).await, found(1));
            let gone = stub.look_up("gone.example", Some(Family::V4), &files).await;
            assert_eq!(gone, Err(LookUpError::NotFound));
        };
        tokio::join!(ask, serve);
    }

    #[tokio::test]
    async fn names_are_tried_with_the_search_list_and_in_its_order() {
        let server = NameServer::start().await;
        let (stub, files) = (stub(), files(&[&server], &["a.example", "b.example"]));
        let serve = async {
            let mut names = Vec::new();
            for _ in 0..6 {
                let (from, question, name) = server.question().await;
                let mut answer = answer_to(&question, &[("short.b.example", a(1))]);
                if name != "short.b.example" {
                    answer = answer_to(&question, &[]);
                    *answer.rcode_mut() = RCODE::NameError;
                }
                names.push(name);
                server.send(from, &answer).await;
            }
            names
        };
        let ask = async {
            assert_eq!(stub.look_up("short", Some(Family::V4), &files).await, found(1));
            let dotted = stub.look_up("dotted.name", Some(Family::V4), &files).await;
            assert_eq!(dotted, Err(LookUpError::NotFound));
            let absolute = stub.look_up("absolute.", Some(Family::V4), &files).await;
            assert_eq!(absolute, Err(LookUpError::NotFound));
        };
        let ((), names) = tokio::join!(ask, serve);
        let dotted = ["dotted.name", "dotted.name.a.example", "dotted.name.b.example"];
        let expected = [&["short.a.example", "short.b.example"][..], &dotted, &["absolute"]].concat();
        assert_eq!(names, expected);
    }

    #[tokio::test]
    async fn texts_are_asked_for_of_the_name_as_it_is() {
        let server = NameServer::start().await;
        let (stub, files) = (stub(), files(&[&server], &["a.example"]));
        let serve = async {
            for rows in [vec![("t.example", txt(&["BITTORRENT", " UDP:1"]))], vec![]] {
                let (from, question, name) = server.question().await;
                assert_eq!(name, "t.example");
                server.send(from, &answer_to(&question, &rows)).await;
            }
        };
        let ask = async {
            assert_eq!(stub.texts("localhost", &files).await, Err(LookUpError::NotFound));
            assert_eq!(stub.texts("t.example.", &files).await, Ok(vec!["BITTORRENT UDP:1".to_owned()]));
            assert_eq!(stub.texts("t.example", &files).await, Ok(vec![]));
        };
        tokio::join!(ask, serve);
        assert_eq!(stub.texts("t.example", &self::files(&[], &[])).await, Err(LookUpError::NoServer));
    }

    #[tokio::test]
    async fn one_family_does_not_wait_long_for_the_other() {
        let server = NameServer::start().await;
        let (stub, files) = (stub(), files(&[&server], &[]));
        let serve = async {
            let mut answered = false;
            while !answered {
                let (from, question, _) = server.question().await;
                answered = question.ends_with(&[0, 1, 0, 1]);
                if answered {
                    server.send(from, &answer_to(&question, &[("t.example", a(1))])).await;
                }
            }
        };
        let (found_addresses, ()) = tokio::join!(stub.look_up("t.example", None, &files), serve);
        assert_eq!(found_addresses, found(1));
    }

    #[tokio::test]
    async fn a_server_where_nobody_listens_is_told_at_once() {
        let server = NameServer::start().await;
        let (stub, files, address) = (stub(), files(&[&server], &[]), server.address);
        drop(server);
        let problem = ServerProblem::Unreachable(refused());
        let expected = Err(LookUpError::Server { address: address.ip(), problem });
        assert_eq!(stub.look_up("t.example", Some(Family::V4), &files).await, expected);
    }

    #[tokio::test]
    async fn a_server_of_this_machine_is_not_asked_from_another_address() {
        let server = NameServer::start().await;
        let bound = |local: [u8; 4]| {
            let transport = Transport { local_v4: Some(local.into()), ..Transport::default() };
            Stub::new(Arc::new(transport))
        };
        let files = files(&[&server], &[]);
        let expected = Err(LookUpError::LocalServer(Ipv4Addr::LOCALHOST.into()));
        assert_eq!(bound([192, 0, 2, 1]).look_up("t.example", Some(Family::V4), &files).await, expected);
        let serve = async {
            let (from, question, _) = server.question().await;
            assert_eq!(from.ip(), IpAddr::from([127, 0, 0, 3]));
            server.send(from, &answer_to(&question, &[("t.example", a(1))])).await;
        };
        let local = bound([127, 0, 0, 3]);
        let (found_addresses, ()) = tokio::join!(local.look_up("t.example", Some(Family::V4), &files), serve);
        assert_eq!(found_addresses, found(1));
    }

    #[tokio::test]
    async fn nobody_is_asked_for_what_this_machine_knows() {
        let server = NameServer::start().await;
        let (stub, files) = (stub(), files(&[&server], &[]));
        let loopback: Vec<IpAddr> = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        assert_eq!(stub.look_up("x.LocalHost.", None, &files).await, Ok(loopback));
        assert!(timeout(Duration::from_millis(50), server.question()).await.is_err());
        let none = self::files(&[], &[]);
        assert_eq!(stub.look_up("t.example", None, &none).await, Err(LookUpError::NoServer));
    }

    #[tokio::test]
    async fn more_names_at_once_than_a_server_may_have_are_all_answered() {
        const NAMES: usize = UNANSWERED + 1000;
        let server = NameServer::start().await;
        let (stub, files) = (Arc::new(stub()), files(&[&server], &[]));
        let asks: Vec<_> = (0..NAMES)
            .map(|number| {
                let (stub, files) = (stub.clone(), files.clone());
                tokio::spawn(async move { stub.look_up(&format!("n{number}.example"), Some(Family::V4), &files).await })
            })
            .collect();
        let serve = async {
            loop {
                let (from, question, name) = server.question().await;
                server.send(from, &answer_to(&question, &[(&name, a(1))])).await;
            }
        };
        let all = async {
            for ask in asks {
                assert_eq!(ask.await.unwrap(), found(1));
            }
        };
        tokio::select! { () = all => {} () = serve => {} }
    }
}
