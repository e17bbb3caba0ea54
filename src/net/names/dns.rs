//! A stub resolver that never blocks a thread, and that asks through a [`Transport`].
//!
//! Any number of questions share one socket a name server, so that names whose servers hang cost nothing but themselves.
//! Of the system's configuration it reads the name servers, the search list and the hosts file.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rand::{TryRng, rngs::SysRng};
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE, rdata::RData};
use socket2::Type;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UdpSocket,
    sync::{Semaphore, oneshot},
    task::AbortHandle,
    time::{sleep, timeout},
};

use crate::proto::Family;

use super::{
    super::path::transport::Transport,
    system::{configuration, read_hosts},
};

/// How long the configuration and the sockets are used before both are made anew: a VPN changes the one, and who would
/// forge answers may not have for ever to find the other's port.
const RENEWED_AFTER: Duration = Duration::from_secs(10);
/// When a question is asked of the next server, or again with twice the patience.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often each server is asked.
const ATTEMPTS: u32 = 4;
/// How many questions go to a server in [`SPACE`] unless it answers sooner: more at once are lost in its buffer.
const AT_ONCE: usize = 256;
const SPACE: Duration = Duration::from_millis(20);
/// How long the addresses of one family wait for those of the other.
const OTHER_FAMILY: Duration = Duration::from_millis(500);
const PORT: u16 = 53;

/// Why a name has no addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DnsError {
    /// A name server says so.
    NoSuchName,
    /// Nobody could be asked, or nobody answered.
    NoAnswer(String),
}

impl std::fmt::Display for DnsError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoSuchName => formatter.write_str("Name or service not known"),
            Self::NoAnswer(reason) => formatter.write_str(reason),
        }
    }
}

/// The resolver of one transport.
pub(crate) struct Dns {
    transport: Arc<Transport>,
    current: Mutex<Option<(Instant, Arc<System>)>>,
}

impl Dns {
    pub(crate) fn new(transport: Arc<Transport>) -> Self {
        Self { transport, current: Mutex::default() }
    }

    /// The addresses of a name, of one family if it is given.
    pub(crate) async fn look_up(&self, host: &str, family: Option<Family>) -> Result<Vec<IpAddr>, DnsError> {
        let system = self.system();
        if let Some(known) = system.hosts(host, family) {
            return Ok(known);
        }
        if system.servers.is_empty() {
            return Err(DnsError::NoAnswer(system.problem.clone()));
        }
        let mut problem = DnsError::NoSuchName;
        for name in system.candidates(host) {
            match system.addresses(&name, family).await {
                Ok(found) if !found.is_empty() => return Ok(found),
                Ok(_) | Err(DnsError::NoSuchName) => {}
                Err(error) => problem = error,
            }
        }
        Err(problem)
    }

    fn system(&self) -> Arc<System> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        match &*current {
            Some((since, system)) if since.elapsed() < RENEWED_AFTER && system.is_current(&self.transport) => {
                system.clone()
            }
            _ => current.insert((Instant::now(), Arc::new(System::read(&self.transport)))).1.clone(),
        }
    }
}

/// The system's configuration, and a socket for each name server that the transport may ask.
struct System {
    /// The number that the transport's interface had when the sockets were tied to it.
    interface: Option<NonZeroU32>,
    servers: Vec<Server>,
    /// Why there are no servers.
    problem: String,
    search: Vec<String>,
    dots: usize,
    hosts: HashMap<String, Vec<IpAddr>>,
}

impl System {
    fn read(transport: &Arc<Transport>) -> Self {
        let (interface, config) = (transport.interface_index(), configuration());
        let (mut servers, mut problem) = (Vec::new(), "no name server is configured".to_owned());
        for ip in config.servers {
            // A name server on this machine asks others, and not through the transport.
            if transport.is_bound() && ip.is_loopback() && !transport.is_loopback() {
                problem = format!("name server {ip} of this machine would not ask by the transport");
            } else {
                match Server::open(transport, SocketAddr::new(ip, PORT)) {
                    Ok(server) => servers.push(server),
                    Err(error) => problem = format!("name server {ip} cannot be asked: {error}"),
                }
            }
        }
        Self { interface, servers, problem, search: config.search, dots: config.dots, hosts: read_hosts() }
    }

    fn is_current(&self, transport: &Transport) -> bool {
        !self.servers.is_empty() && self.interface == transport.interface_index()
    }

    fn hosts(&self, host: &str, family: Option<Family>) -> Option<Vec<IpAddr>> {
        let name = host.trim_end_matches('.').to_ascii_lowercase();
        let loopback = || vec![IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
        // RFC 6761, section 6.3: no name server is asked for these.
        let is_local = name == "localhost" || name.ends_with(".localhost");
        let mut known = self.hosts.get(&name).cloned().or_else(|| is_local.then(loopback))?;
        known.retain(|ip| family.is_none_or(|family| (family == Family::V4) == ip.is_ipv4()));
        (!known.is_empty()).then_some(known)
    }

    /// The names to ask for, in order, as `resolv.conf` has it.
    fn candidates(&self, host: &str) -> Vec<String> {
        if let Some(absolute) = host.strip_suffix('.') {
            return vec![absolute.to_owned()];
        }
        let mut names: Vec<String> = self.search.iter().map(|domain| format!("{host}.{domain}")).collect();
        let first = host.matches('.').count() >= self.dots;
        names.insert(if first { 0 } else { names.len() }, host.to_owned());
        names
    }

    async fn addresses(&self, name: &str, family: Option<Family>) -> Found {
        match family {
            Some(Family::V4) => self.ask(name, TYPE::A).await,
            Some(Family::V6) => self.ask(name, TYPE::AAAA).await,
            None => {
                let (v4, v6) = (self.ask(name, TYPE::A), self.ask(name, TYPE::AAAA));
                tokio::pin!(v4, v6);
                // Some servers never answer for a type that they do not know.
                let (first, second) = tokio::select! {
                    first = &mut v4 => { let second = other(&first, v6).await; (first, second) }
                    first = &mut v6 => { let second = other(&first, v4).await; (first, second) }
                };
                match (first, second) {
                    (Ok(mut found), Some(Ok(more))) => {
                        found.extend(more);
                        Ok(found)
                    }
                    (Ok(found), _) | (Err(_), Some(Ok(found))) => Ok(found),
                    (Err(error), _) => Err(error),
                }
            }
        }
    }

    async fn ask(&self, name: &str, kind: TYPE) -> Found {
        let mut problem = DnsError::NoAnswer("no answer".into());
        for attempt in 0..ATTEMPTS {
            for server in &self.servers {
                match server.ask(name, kind, PATIENCE * (1 << attempt)).await {
                    Ok(found) => return Ok(found),
                    Err(DnsError::NoSuchName) => return Err(DnsError::NoSuchName),
                    Err(error) => problem = error,
                }
            }
        }
        Err(problem)
    }
}

type Found = Result<Vec<IpAddr>, DnsError>;

/// What the look-up for the other family finds: in the time that is left for it if this one has found something.
async fn other(first: &Found, ask: impl Future<Output = Found>) -> Option<Found> {
    match first {
        Ok(found) if !found.is_empty() => timeout(OTHER_FAMILY, ask).await.ok(),
        _ => Some(ask.await),
    }
}

/// A name server and the questions that it has not answered.
struct Server {
    transport: Arc<Transport>,
    address: SocketAddr,
    socket: Arc<UdpSocket>,
    waiting: Arc<Mutex<HashMap<u16, oneshot::Sender<Vec<u8>>>>>,
    reader: AbortHandle,
    pauses: Semaphore,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Server {
    fn open(transport: &Arc<Transport>, address: SocketAddr) -> io::Result<Self> {
        let socket = transport.open(Family::of(&address), Type::DGRAM)?;
        // What comes from anywhere else is not even received.
        socket.connect(&address.into())?;
        let socket = Arc::new(UdpSocket::from_std(socket.into())?);
        let waiting = Arc::default();
        let reader = tokio::spawn(read(socket.clone(), Arc::clone(&waiting))).abort_handle();
        let pauses = Semaphore::new(AT_ONCE);
        Ok(Self { transport: transport.clone(), address, socket, waiting, reader, pauses })
    }

    async fn ask(&self, name: &str, kind: TYPE, patience: Duration) -> Found {
        let failed = |error: io::Error| DnsError::NoAnswer(format!("name server {}: {error}", self.address.ip()));
        let (question, answer) = self.question(name, kind).map_err(failed)?;
        // It is never closed: an error would cost nothing but the pause.
        let pause = self.pauses.acquire().await;
        self.socket.send(&question.bytes).await.map_err(failed)?;
        let mut answer = answer;
        let mut ended = timeout(SPACE, &mut answer).await;
        drop(pause);
        if ended.is_err() {
            ended = timeout(patience.saturating_sub(SPACE), answer).await;
        }
        let answer = match ended {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => return Err(failed(io::ErrorKind::ConnectionRefused.into())),
            Err(_) => return Err(failed(io::ErrorKind::TimedOut.into())),
        };
        match question.read(&answer, kind) {
            Answer::Truncated => {
                let answer = timeout(patience, self.ask_by_tcp(&question.bytes)).await;
                let answer = answer.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map_err(failed)?;
                question.read(&answer, kind).addresses().map_err(failed)
            }
            answer => answer.addresses().map_err(failed),
        }?
        .ok_or(DnsError::NoSuchName)
    }

    async fn ask_by_tcp(&self, question: &[u8]) -> io::Result<Vec<u8>> {
        let mut stream = self.transport.connect(self.address).await?;
        stream.write_all(&[&(question.len() as u16).to_be_bytes(), question].concat()).await?;
        let mut answer = vec![0; stream.read_u16().await?.into()];
        stream.read_exact(&mut answer).await?;
        Ok(answer)
    }

    fn question(&self, name: &str, kind: TYPE) -> io::Result<(Asked<'_>, oneshot::Receiver<Vec<u8>>)> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() > usize::from(u16::MAX / 2) {
            return Err(io::Error::other("too many questions at once"));
        }
        let id = loop {
            let mut bytes = [0; 2];
            SysRng.try_fill_bytes(&mut bytes).map_err(io::Error::other)?;
            let id = u16::from_be_bytes(bytes);
            if !waiting.contains_key(&id) {
                break id;
            }
        };
        let mut packet = Packet::new_query(id);
        packet.set_flags(PacketFlag::RECURSION_DESIRED);
        let name = Name::new(name).map_err(io::Error::other)?.into_owned();
        packet.questions.push(Question::new(name, QTYPE::TYPE(kind), QCLASS::CLASS(CLASS::IN), false));
        let bytes = packet.build_bytes_vec().map_err(io::Error::other)?;
        waiting.insert(id, sender);
        Ok((Asked { server: self, id, bytes }, receiver))
    }
}

/// Gives answers to those who asked. An error (nobody listens there, no route) is everybody's.
async fn read(socket: Arc<UdpSocket>, waiting: Arc<Mutex<HashMap<u16, oneshot::Sender<Vec<u8>>>>>) {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let received = socket.recv(&mut buffer).await;
        if received.is_err() {
            // Should an error stay, it must not keep us busy.
            sleep(SPACE).await;
        }
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match received {
            Ok(length) => {
                let datagram = buffer.get(..length).unwrap_or_default();
                if let Some((id, _)) = datagram.split_first_chunk()
                    && let Some(asker) = waiting.remove(&u16::from_be_bytes(*id))
                {
                    // Whoever asked may have gone.
                    let _ = asker.send(datagram.to_vec());
                }
            }
            Err(_) => waiting.clear(),
        }
    }
}

/// A question that has been asked; its number is free again when it goes.
struct Asked<'a> {
    server: &'a Server,
    id: u16,
    bytes: Vec<u8>,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.server.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

enum Answer {
    Addresses(Vec<IpAddr>),
    NoSuchName,
    Truncated,
    Unusable(&'static str),
}

impl Answer {
    /// `None` if there is no such name.
    fn addresses(self) -> io::Result<Option<Vec<IpAddr>>> {
        match self {
            Self::Addresses(found) => Ok(Some(found)),
            Self::NoSuchName => Ok(None),
            Self::Truncated => Err(io::Error::other("its answer is cut short")),
            Self::Unusable(reason) => Err(io::Error::other(reason)),
        }
    }
}

impl Asked<'_> {
    fn read(&self, answer: &[u8], kind: TYPE) -> Answer {
        if is_truncated(answer) {
            return Answer::Truncated;
        }
        let (Ok(packet), Ok(asked)) = (Packet::parse(answer), Packet::parse(&self.bytes)) else {
            return Answer::Unusable("its answer cannot be read");
        };
        let same = |a: &Question<'_>, b: &Question<'_>| {
            a.qtype == b.qtype && a.qname.to_string().eq_ignore_ascii_case(&b.qname.to_string())
        };
        let is_ours = packet.id() == self.id
            && packet.has_flags(PacketFlag::RESPONSE)
            && packet.questions.iter().zip(&asked.questions).all(|(a, b)| same(a, b));
        if !is_ours {
            return Answer::Unusable("its answer is to another question");
        }
        match packet.rcode() {
            RCODE::NoError => {}
            RCODE::NameError => return Answer::NoSuchName,
            RCODE::ServerFailure => return Answer::Unusable("it failed"),
            RCODE::Refused => return Answer::Unusable("it refused"),
            _ => return Answer::Unusable("it cannot answer"),
        }
        let address = |data: &RData<'_>| match (kind, data) {
            (TYPE::A, RData::A(a)) => Some(IpAddr::from(Ipv4Addr::from(a.address))),
            (TYPE::AAAA, RData::AAAA(aaaa)) => Some(IpAddr::from(Ipv6Addr::from(aaaa.address))),
            _ => None,
        };
        Answer::Addresses(packet.answers.iter().filter_map(|row| address(&row.rdata)).collect())
    }
}

/// RFC 1035, section 4.1.1: the TC bit. What is cut short may not parse.
fn is_truncated(answer: &[u8]) -> bool {
    answer.get(2).is_some_and(|flags| flags & 2 != 0)
}
