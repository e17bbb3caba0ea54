//! A path through a proxy: the association with its relay, made when it is needed and made anew when it is lost, and the
//! names that the proxy resolves.

pub(crate) mod socks;

use std::{
    collections::{HashMap, VecDeque},
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use socket2::{SockRef, TcpKeepalive};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    task::JoinHandle,
    time::{sleep, timeout_at},
};

use crate::proto::{Family, Host, Instant, Port};

use self::socks::{SocksError, Target};
use super::{
    names::Names,
    path::{
        socket::{ReceiveBuffers, Sender, Socket},
        transport::{Proxy, Transport},
    },
};

/// A proxy that has given no relay in this time gives none: the requests that wait for it end.
const LONGEST_JOIN: Duration = Duration::from_secs(4);
/// The pause before a proxy that has just been lost is tried again; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// When the control connection is asked for a sign of life, and how often again.
const KEPT_ALIVE_AFTER: Duration = Duration::from_secs(20);
const KEPT_ALIVE_EVERY: Duration = Duration::from_secs(5);
/// How many datagrams under way to the relay are remembered for each request, and beside them.
const DATAGRAMS_KEPT_A_REQUEST: usize = 16;
const DATAGRAMS_KEPT: usize = 1024;
/// From how many names on those are forgotten that nobody has asked for in [`NAME_KEPT`].
const NAMES_KEPT: usize = 4096;
const NAME_KEPT: Duration = Duration::from_secs(2 * 3600);

/// The relay, and the connection that it lives as long as.
pub(crate) struct Association {
    control: TcpStream,
    relay: SocketAddr,
    socket: Socket,
}

enum State {
    /// Nobody needs it.
    Idle,
    Joining(JoinHandle<Result<Association, String>>),
    Joined(Association),
}

/// What became of the association.
pub(crate) enum Change {
    Joined,
    Lost,
    /// The proxy cannot be used; the words say why.
    Failed(String),
}

pub(crate) struct ProxyConnection {
    transport: Arc<Transport>,
    names: Arc<Names>,
    proxy: Proxy,
    state: State,
    /// The port that the association stands for.
    port: Port,
    hosts: Hosts,
}

impl Drop for ProxyConnection {
    fn drop(&mut self) {
        self.leave();
    }
}

impl ProxyConnection {
    pub(crate) fn new(transport: Arc<Transport>, names: Arc<Names>, proxy: Proxy) -> Self {
        Self { transport, names, proxy, state: State::Idle, port: Port::default(), hosts: Hosts::default() }
    }

    /// The proxy as errors name it: without the password.
    pub(crate) fn name(&self) -> String {
        format!("{}:{}", self.proxy.host, self.proxy.port)
    }

    /// Whether the proxy is asked for this host by its name.
    pub(crate) fn resolves(&self, host: &Host) -> bool {
        self.proxy.remote_names && self.transport.lookup.is_none() && matches!(host, Host::Domain(_))
    }

    /// The addresses that stand for a host that the proxy resolves: one a family, unless `family` is one of them.
    pub(crate) fn stand_ins(
        &mut self,
        now: Instant,
        host: &Host,
        port: u16,
        family: Option<Family>,
    ) -> Arc<[SocketAddr]> {
        let index = self.hosts.index(now, &host.to_string(), port);
        let families = [Family::V4, Family::V6].into_iter();
        families
            .filter(|of| family.is_none_or(|family| family == *of))
            .map(|family| SocketAddr::new(stand_in(index, family), port))
            .collect()
    }

    /// The address behind an inner one, as far as it is known.
    pub(crate) fn real(&self, address: SocketAddr) -> Option<SocketAddr> {
        match index_of(address.ip()) {
            None => Some(address),
            Some((index, family)) => self.hosts.hosts.get(&index)?.connected[usize::from(family == Family::V6)],
        }
    }

    /// Whether it was made for an earlier port, and another one is wanted. One that is being made is new enough.
    pub(crate) fn is_older_than(&self, port: Port) -> bool {
        self.port < port && matches!(self.state, State::Joined(_))
    }

    /// Begins to join unless it is joined, for a port. `again` if it was until now: then the proxy gets time to come back.
    pub(crate) fn join(&mut self, port: Port, again: bool) {
        if matches!(self.state, State::Idle) {
            self.port = port;
            let (transport, names, proxy) = (self.transport.clone(), self.names.clone(), self.proxy.clone());
            self.state = State::Joining(tokio::spawn(async move { join(&transport, &names, &proxy, again).await }));
        }
    }

    /// Lets go of the proxy.
    pub(crate) fn leave(&mut self) {
        if let State::Joining(task) = &self.state {
            task.abort();
        }
        self.state = State::Idle;
    }

    /// The next change of the association.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Change> {
        match &mut self.state {
            State::Idle => Poll::Pending,
            State::Joining(task) => {
                let Poll::Ready(joined) = std::pin::pin!(task).poll(context) else { return Poll::Pending };
                match joined.unwrap_or_else(|_| Err("it was interrupted".into())) {
                    Ok(association) => {
                        self.state = State::Joined(association);
                        Poll::Ready(Change::Joined)
                    }
                    Err(reason) => {
                        self.state = State::Idle;
                        Poll::Ready(Change::Failed(reason))
                    }
                }
            }
            State::Joined(association) => {
                let mut unexpected = [0; 64];
                loop {
                    let Poll::Ready(ready) = association.control.poll_read_ready(context) else { return Poll::Pending };
                    match ready.and_then(|()| association.control.try_read(&mut unexpected)) {
                        Ok(1..) => {}
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        Ok(0) | Err(_) => {
                            self.state = State::Idle;
                            return Poll::Ready(Change::Lost);
                        }
                    }
                }
            }
        }
    }

    /// The socket to the relay and the relay's address.
    pub(crate) fn socket(&self) -> Option<(&Socket, SocketAddr)> {
        match &self.state {
            State::Joined(association) => Some((&association.socket, association.relay)),
            _ => None,
        }
    }

    /// Puts the relay's header before the datagram for `to` that begins at `start`.
    pub(crate) fn wrap(&mut self, now: Instant, buffer: &mut Vec<u8>, start: usize, to: SocketAddr, requests: usize) {
        let datagram = buffer.split_off(start);
        let target = self.hosts.target(now, to, &datagram, requests);
        socks::write_header(buffer, &target);
        buffer.extend_from_slice(&datagram);
    }

    /// Receives what the relay has sent, up to a batch, and hands on each datagram with its sender. Returns how many there
    /// were, what is not from the relay or is a fragment included.
    pub(crate) fn receive(
        &mut self,
        buffers: &mut ReceiveBuffers,
        mut on_datagram: impl FnMut(Sender, &[u8]),
    ) -> io::Result<usize> {
        let Self { state: State::Joined(Association { socket, relay, .. }), hosts, .. } = self else { return Ok(0) };
        let canonical = |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
        socket.receive(buffers, |(from, arrived), bytes| {
            if canonical(from) == canonical(*relay)
                && let Some((sender, datagram)) = socks::read_datagram(bytes)
                && let Some(sender) = hosts.sender(&sender, datagram)
            {
                on_datagram((sender, arrived), datagram);
            }
        })
    }
}

async fn join(transport: &Arc<Transport>, names: &Names, proxy: &Proxy, again: bool) -> Result<Association, String> {
    let deadline = tokio::time::Instant::now() + LONGEST_JOIN;
    let (mut pause, mut problem) = (FIRST_PAUSE, "it does not answer".to_owned());
    let tries = async {
        loop {
            match try_to_join(transport, names, proxy).await {
                Ok(association) => return Ok(association),
                Err(SocksError::Io(error)) if again => problem = error.to_string(),
                Err(error) => return Err(error.to_string()),
            }
            sleep(pause).await;
            pause *= 2;
        }
    };
    let joined = timeout_at(deadline, tries).await;
    joined.unwrap_or(Err(problem))
}

async fn try_to_join(transport: &Arc<Transport>, names: &Names, proxy: &Proxy) -> Result<Association, SocksError> {
    let mut problem = None;
    for ip in addresses(transport, names, &proxy.host).await? {
        match transport.connect(SocketAddr::new(ip, proxy.port)).await {
            Ok(control) => return associate(transport, names, proxy, control).await,
            Err(error) => problem = Some(error),
        }
    }
    Err(problem.unwrap_or_else(|| io::Error::other("it has no address")).into())
}

async fn associate(
    transport: &Arc<Transport>,
    names: &Names,
    proxy: &Proxy,
    mut control: TcpStream,
) -> Result<Association, SocksError> {
    control.set_nodelay(true)?;
    // A proxy that is gone without a word is noticed when it is asked nothing as well.
    let keepalive = TcpKeepalive::new().with_time(KEPT_ALIVE_AFTER).with_interval(KEPT_ALIVE_EVERY);
    SockRef::from(&control).set_tcp_keepalive(&keepalive)?;
    let credentials = proxy.credentials.as_ref().map(|(username, password)| (&**username, &**password));
    let bound = socks::associate(&mut control, credentials).await?;
    let proxy_ip = control.peer_addr()?.ip();
    let relay = match bound {
        // "Where you reached me": what a proxy says that does not know its own address.
        Target::Ip(address) if address.ip().is_unspecified() => SocketAddr::new(proxy_ip, address.port()),
        Target::Ip(address) => address,
        Target::Name(name, port) => {
            let host = Host::Domain(name.into());
            let ip = if host == proxy.host {
                Some(proxy_ip)
            } else {
                addresses(transport, names, &host).await?.first().copied()
            };
            SocketAddr::new(ip.unwrap_or(proxy_ip), port)
        }
    };
    let _ = control.flush().await;
    let socket = Socket::open(transport, Family::of(&relay)).map_err(io::Error::from)?;
    Ok(Association { control, relay, socket })
}

/// The addresses of the proxy or of its relay, of families that the transport has.
async fn addresses(transport: &Transport, names: &Names, host: &Host) -> Result<Vec<IpAddr>, SocksError> {
    let mut ips = match host {
        Host::Ipv4(ip) => vec![IpAddr::V4(*ip)],
        Host::Ipv6(ip) => vec![IpAddr::V6(*ip)],
        Host::Domain(name) => names.look_up(name, None).await.map_err(io::Error::other)?,
    };
    ips.retain(|ip| transport.has_family(if ip.is_ipv4() { Family::V4 } else { Family::V6 }));
    Ok(ips)
}

/// An address for the inside, which nothing is ever sent to: of `0.0.0.0/8` and of `100::/64`.
fn stand_in(index: u32, family: Family) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::from_bits(index).into(),
        Family::V6 => Ipv6Addr::from_bits(0x100 << 112 | u128::from(index)).into(),
    }
}

fn index_of(stand_in: IpAddr) -> Option<(u32, Family)> {
    match stand_in {
        IpAddr::V4(ip) if ip.octets()[0] == 0 => Some((ip.to_bits(), Family::V4)),
        IpAddr::V6(ip) if ip.segments()[..4] == [0x100, 0, 0, 0] => Some((ip.to_bits() as u32, Family::V6)),
        _ => None,
    }
}

/// A host that the proxy resolves.
struct NamedHost {
    name: Box<str>,
    port: u16,
    /// The address of each family that its connect was last answered from: where its connection ID is good.
    connected: [Option<SocketAddr>; 2],
    used: Instant,
}

/// The hosts that are known by name, and the datagrams that are on their way to them.
///
/// Inside, a host has a stand-in of each family. A connect goes to its name, whatever the proxy makes of that; what needs
/// the connection ID goes to the address that the connect was answered from. Whose an answer is, its transaction ID tells.
#[derive(Default)]
struct Hosts {
    hosts: HashMap<u32, NamedHost>,
    indexes: HashMap<(Box<str>, u16), u32>,
    last: u32,
    /// By transaction ID, and in order; whether it is a connect as well.
    sent: HashMap<[u8; 4], (SocketAddr, bool)>,
    order: VecDeque<[u8; 4]>,
}

impl Hosts {
    fn index(&mut self, now: Instant, name: &str, port: u16) -> u32 {
        let key = (Box::from(name), port);
        if let Some(index) = self.indexes.get(&key) {
            return *index;
        }
        if self.hosts.len() >= NAMES_KEPT.max(self.hosts.capacity() / 2) {
            self.hosts.retain(|_, host| now.saturating_duration_since(host.used) < NAME_KEPT);
            self.indexes.retain(|_, index| self.hosts.contains_key(index));
        }
        loop {
            // Of the three bytes below 0.0.0.0/8, without 0.0.0.0 itself.
            self.last = self.last % 0xff_ffff + 1;
            if !self.hosts.contains_key(&self.last) {
                break;
            }
        }
        let host = NamedHost { name: name.into(), port, connected: [None; 2], used: now };
        self.hosts.insert(self.last, host);
        self.indexes.insert(key, self.last);
        self.last
    }

    /// Where a datagram for `to` goes. `requests` is how many there are.
    fn target(&mut self, now: Instant, to: SocketAddr, datagram: &[u8], requests: usize) -> Target {
        let Some((index, family)) = index_of(to.ip()) else { return Target::Ip(to) };
        let Some(host) = self.hosts.get_mut(&index) else { return Target::Ip(to) };
        host.used = now;
        let is_connect = datagram.get(8..12) == Some(&[0; 4]);
        if let Some(transaction_id) = datagram.get(12..16).and_then(|bytes| bytes.try_into().ok()) {
            self.sent.insert(transaction_id, (to, is_connect));
            self.order.push_back(transaction_id);
            let most = DATAGRAMS_KEPT + DATAGRAMS_KEPT_A_REQUEST * requests;
            while self.order.len() > most {
                self.order.pop_front().map(|oldest| self.sent.remove(&oldest));
            }
            if self.order.capacity() > 8 * most {
                self.order.shrink_to(most);
                self.sent.shrink_to(most);
            }
        }
        match host.connected[usize::from(family == Family::V6)] {
            Some(address) if !is_connect => Target::Ip(address),
            _ => Target::Name(host.name.clone(), host.port),
        }
    }

    /// As whose a datagram counts. `None` if it comes from elsewhere than its host is.
    fn sender(&mut self, sender: &Target, datagram: &[u8]) -> Option<SocketAddr> {
        let asked = datagram.get(4..8).and_then(|bytes| self.sent.get(bytes)).copied();
        let (Some((to, is_connect)), Target::Ip(address)) = (asked, sender) else {
            return match sender {
                Target::Ip(address) => Some(*address),
                Target::Name(..) => asked.map(|(to, _)| to),
            };
        };
        let (index, family) = index_of(to.ip())?;
        let host = self.hosts.get_mut(&index)?;
        let connected = &mut host.connected[usize::from(family == Family::V6)];
        if Family::of(address) != family {
            // The proxy resolved the name to the other family: the host's other stand-in is for that.
            return None;
        }
        if is_connect && datagram.get(..4) == Some(&[0; 4]) {
            *connected = Some(*address);
            // The others that are out are not waited for any more, and what answers them later is not the host's address.
            self.sent.retain(|_, (other, is_connect)| !*is_connect || *other != to);
        }
        (connected.is_none() || *connected == Some(*address)).then_some(to)
    }
}
