//! A path through a proxy: the association with its relay, made when it is needed and made anew when it is lost, and the
//! names that the proxy resolves.

mod hosts;
mod socks;

use std::{
    io,
    net::{IpAddr, SocketAddr},
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

use crate::{
    proto::{Family, Host, Instant, Port},
    requests::{Proxy, ProxyError, Transport},
};

use self::{hosts::Hosts, socks::Target};
use super::{
    names::Names,
    path::socket::{ReceiveBuffers, Sender, Socket},
};

/// A proxy that has given no relay in this time gives none: the requests that wait for it end.
const LONGEST_JOIN: Duration = Duration::from_secs(4);
/// The pause before a proxy that has just been lost is tried again; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// When the control connection is asked for a sign of life, and how often again.
const KEPT_ALIVE_AFTER: Duration = Duration::from_secs(20);
const KEPT_ALIVE_EVERY: Duration = Duration::from_secs(5);

/// The relay, and the connection that it lives as long as.
pub(crate) struct Association {
    control: TcpStream,
    relay: SocketAddr,
    socket: Socket,
}

enum State {
    /// Nobody needs it.
    Idle,
    Joining(JoinHandle<Result<Association, ProxyError>>),
    Joined(Box<Association>),
}

/// What became of the association.
pub(crate) enum Change {
    Joined,
    Lost,
    /// The proxy cannot be used.
    Failed(ProxyError),
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
        self.hosts.stand_ins(now, &host.to_string(), port, family)
    }

    /// The address behind an inner one, as far as it is known.
    pub(crate) fn real(&self, address: SocketAddr) -> Option<SocketAddr> {
        self.hosts.real(address)
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
                match joined.unwrap_or(Err(ProxyError::Interrupted)) {
                    Ok(association) => {
                        self.state = State::Joined(Box::new(association));
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
        let Self { state: State::Joined(association), hosts, .. } = self else { return Ok(0) };
        let Association { socket, relay, .. } = &**association;
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

async fn join(
    transport: &Arc<Transport>,
    names: &Names,
    proxy: &Proxy,
    again: bool,
) -> Result<Association, ProxyError> {
    let deadline = tokio::time::Instant::now() + LONGEST_JOIN;
    let (mut pause, mut problem) = (FIRST_PAUSE, ProxyError::Silent);
    let tries = async {
        loop {
            match try_to_join(transport, names, proxy).await {
                Ok(association) => return Ok(association),
                Err(error) if again && error.may_pass() => problem = error,
                Err(error) => return Err(error),
            }
            sleep(pause).await;
            pause *= 2;
        }
    };
    let joined = timeout_at(deadline, tries).await;
    joined.unwrap_or(Err(problem))
}

async fn try_to_join(transport: &Arc<Transport>, names: &Names, proxy: &Proxy) -> Result<Association, ProxyError> {
    let mut problem = ProxyError::NoAddress;
    for ip in addresses(transport, names, &proxy.host).await? {
        match connect(transport, SocketAddr::new(ip, proxy.port)).await {
            Ok(control) => return associate(transport, names, proxy, control).await,
            Err(error) => problem = error,
        }
    }
    Err(problem)
}

async fn connect(transport: &Transport, to: SocketAddr) -> Result<TcpStream, ProxyError> {
    Ok(transport.tcp_socket(Family::of(&to))?.connect(to).await?)
}

async fn associate(
    transport: &Arc<Transport>,
    names: &Names,
    proxy: &Proxy,
    mut control: TcpStream,
) -> Result<Association, ProxyError> {
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
    let socket = Socket::open(transport, Family::of(&relay))?;
    Ok(Association { control, relay, socket })
}

/// The addresses of the proxy or of its relay, of families that the transport has.
async fn addresses(transport: &Transport, names: &Names, host: &Host) -> Result<Vec<IpAddr>, ProxyError> {
    let mut ips = match host {
        Host::Ipv4(ip) => vec![IpAddr::V4(*ip)],
        Host::Ipv6(ip) => vec![IpAddr::V6(*ip)],
        Host::Domain(name) => names.look_up(name, None).await?,
    };
    ips.retain(|ip| transport.has_family(if ip.is_ipv4() { Family::V4 } else { Family::V6 }));
    Ok(ips)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::net::Ipv4Addr;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;
    use crate::net::names::Shared;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    /// A proxy that gives this relay to one client, and that client's connection to it.
    pub(crate) async fn joined(relay: SocketAddr) -> (ProxyConnection, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let proxy = Proxy { host: Host::Ipv4(Ipv4Addr::LOCALHOST), port, credentials: None, remote_names: true };
        let transport = Arc::new(Transport { proxy: Some(proxy.clone()), ..Transport::default() });
        let (asks, _) = tokio::sync::mpsc::unbounded_channel();
        let names = Arc::new(Names::new(transport.clone(), Shared::new(asks)));
        let mut connection = ProxyConnection::new(transport, names, proxy);
        connection.join(Port::default(), false);
        let (mut control, _) = listener.accept().await.unwrap();
        let mut asked = [0; 13];
        control.read_exact(&mut asked[..3]).await.unwrap();
        control.write_all(&[5, 0]).await.unwrap();
        control.read_exact(&mut asked[3..]).await.unwrap();
        let SocketAddr::V4(relay) = relay else { panic!() };
        let reply = [&[5, 0, 0, 1][..], &relay.ip().octets(), &relay.port().to_be_bytes()].concat();
        control.write_all(&reply).await.unwrap();
        assert!(matches!(std::future::poll_fn(|context| connection.poll(context)).await, Change::Joined));
        (connection, control)
    }

    #[tokio::test]
    async fn the_control_connection_is_kept_alive() {
        let (connection, _control) = joined(address("127.0.0.1:9")).await;
        let State::Joined(association) = &connection.state else { panic!() };
        let socket = SockRef::from(&association.control);
        assert!(socket.keepalive().unwrap());
        #[cfg(any(target_os = "linux", target_os = "android"))]
        assert_eq!(
            (socket.tcp_keepalive_time().unwrap(), socket.tcp_keepalive_interval().unwrap()),
            (KEPT_ALIVE_AFTER, KEPT_ALIVE_EVERY)
        );
    }

    #[tokio::test]
    async fn what_does_not_come_from_the_relay_is_nobodys() {
        let [relay, other] = [(); 2].map(|()| std::net::UdpSocket::bind("127.0.0.1:0").unwrap());
        let (mut connection, _control) = joined(relay.local_addr().unwrap()).await;
        let (socket, _) = connection.socket().unwrap();
        socket.send(relay.local_addr().unwrap(), b"where I am", 10).unwrap();
        let (_, client) = relay.recv_from(&mut [0; 64]).unwrap();
        let mut framed = Vec::new();
        socks::write_header(&mut framed, &Target::Ip(address("192.0.2.1:7")));
        other.send_to(&framed, client).unwrap();
        framed.extend_from_slice(b"true");
        relay.send_to(&framed, client).unwrap();
        let (mut buffers, mut heard) = (ReceiveBuffers::new(), Vec::new());
        while heard.is_empty() {
            let (socket, _) = connection.socket().unwrap();
            std::future::poll_fn(|context| socket.poll_readable(context)).await;
            let _ = connection.receive(&mut buffers, |(from, _), datagram| heard.push((from, datagram.to_vec())));
        }
        assert_eq!(heard, [(address("192.0.2.1:7"), b"true".to_vec())]);
    }

    #[tokio::test]
    async fn a_proxy_that_hangs_up_is_lost() {
        let (mut connection, control) = joined(address("127.0.0.1:9")).await;
        drop(control);
        assert!(matches!(std::future::poll_fn(|context| connection.poll(context)).await, Change::Lost));
        assert!(connection.socket().is_none());
    }
}
