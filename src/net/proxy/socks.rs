//! The client's side of SOCKS5 (RFC 1928, RFC 1929) as far as datagrams need it: authentication, UDP ASSOCIATE, and the
//! header that datagrams carry to and from the relay.
//!
//! The crates that know these messages are under the GPL, need a newer compiler, or speak for servers only.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::requests::ProxyError;

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USERNAME_PASSWORD: u8 = 2;
const NO_ACCEPTABLE_METHOD: u8 = 0xff;
/// RFC 1929, section 2: the version of the sub-negotiation.
const AUTHENTICATION_VERSION: u8 = 1;
const UDP_ASSOCIATE: u8 = 3;
const IPV4: u8 = 1;
const DOMAIN: u8 = 3;
const IPV6: u8 = 4;

/// An address of SOCKS: a host by number or by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Ip(SocketAddr),
    Name(Box<str>, u16),
}

/// Authenticates and asks for a relay for datagrams. What comes back is its address as the proxy has it, which may be
/// of any type and unspecified; it is good for as long as `stream` is open.
pub(crate) async fn associate(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    credentials: Option<(&str, &str)>,
) -> Result<Target, ProxyError> {
    let methods: &[u8] = match credentials {
        Some(_) => &[VERSION, 2, NO_AUTHENTICATION, USERNAME_PASSWORD],
        None => &[VERSION, 1, NO_AUTHENTICATION],
    };
    stream.write_all(methods).await?;
    let [version, method] = read(stream).await?;
    match (version, method, credentials) {
        (VERSION, NO_AUTHENTICATION, _) => {}
        (VERSION, USERNAME_PASSWORD, Some((username, password))) => {
            let mut request = vec![AUTHENTICATION_VERSION];
            for word in [username, password] {
                request.push(word.len() as u8);
                request.extend_from_slice(word.as_bytes());
            }
            stream.write_all(&request).await?;
            let [_, status] = read(stream).await?;
            if status != 0 {
                return Err(ProxyError::WrongCredentials);
            }
        }
        (VERSION, NO_ACCEPTABLE_METHOD, None) => return Err(ProxyError::WantsCredentials),
        (VERSION, ..) => return Err(ProxyError::NoMethod),
        _ => return Err(ProxyError::NotSocks),
    }
    // Where the datagrams will come from is not known, and behind a translating router would not be true.
    let mut request = vec![VERSION, UDP_ASSOCIATE, 0];
    Target::Ip((Ipv4Addr::UNSPECIFIED, 0).into()).write(&mut request);
    stream.write_all(&request).await?;
    let [version, reply, _reserved] = read(stream).await?;
    if version != VERSION {
        return Err(ProxyError::NotSocks);
    }
    if reply != 0 {
        return Err(ProxyError::Refused(words(reply)));
    }
    read_target(stream).await
}

async fn read<const N: usize>(stream: &mut (impl AsyncRead + Unpin)) -> Result<[u8; N], ProxyError> {
    let mut bytes = [0; N];
    match stream.read_exact(&mut bytes).await {
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(ProxyError::HungUp),
        Err(error) => Err(error.into()),
    }
}

async fn read_target(stream: &mut (impl AsyncRead + Unpin)) -> Result<Target, ProxyError> {
    let [kind] = read(stream).await?;
    let mut bytes = vec![kind];
    let length = match kind {
        IPV4 => 4,
        IPV6 => 16,
        DOMAIN => {
            let [length] = read(stream).await?;
            bytes.push(length);
            length.into()
        }
        _ => return Err(ProxyError::NotSocks),
    };
    let start = bytes.len();
    bytes.resize(start + length + 2, 0);
    stream.read_exact(bytes.get_mut(start..).unwrap_or_default()).await?;
    Target::read(&bytes).map(|(target, _)| target).ok_or(ProxyError::NotSocks)
}

/// RFC 1928, section 6.
fn words(reply: u8) -> &'static str {
    match reply {
        1 => "general failure",
        2 => "not allowed",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "TTL expired",
        7 => "command not supported",
        8 => "address type not supported",
        _ => "unknown reply",
    }
}

impl Target {
    fn write(&self, buffer: &mut Vec<u8>) {
        let port = match self {
            Self::Ip(SocketAddr::V4(address)) => {
                buffer.push(IPV4);
                buffer.extend_from_slice(&address.ip().octets());
                address.port()
            }
            Self::Ip(SocketAddr::V6(address)) => {
                buffer.push(IPV6);
                buffer.extend_from_slice(&address.ip().octets());
                address.port()
            }
            Self::Name(name, port) => {
                // Names of the DNS are shorter; a longer one would be refused by the proxy.
                let name = name.as_bytes().get(..255).unwrap_or(name.as_bytes());
                buffer.push(DOMAIN);
                buffer.push(name.len() as u8);
                buffer.extend_from_slice(name);
                *port
            }
        };
        buffer.extend_from_slice(&port.to_be_bytes());
    }

    /// The target at the front of `bytes`, and what follows it.
    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (kind, rest) = bytes.split_first()?;
        let (host, rest): (Result<IpAddr, &[u8]>, &[u8]) = match *kind {
            IPV4 => rest.split_first_chunk().map(|(ip, rest)| (Ok(Ipv4Addr::from(*ip).into()), rest))?,
            IPV6 => rest.split_first_chunk().map(|(ip, rest)| (Ok(Ipv6Addr::from(*ip).into()), rest))?,
            DOMAIN => {
                let (length, rest) = rest.split_first()?;
                rest.split_at_checked((*length).into()).map(|(name, rest)| (Err(name), rest))?
            }
            _ => return None,
        };
        let (port, rest) = rest.split_first_chunk()?;
        let port = u16::from_be_bytes(*port);
        let target = match host {
            Ok(ip) => Self::Ip(SocketAddr::new(ip.to_canonical(), port)),
            Err(name) => match std::str::from_utf8(name).ok()? {
                // Some proxies write numbers as names.
                name if name.parse::<IpAddr>().is_ok() => Self::Ip(SocketAddr::new(name.parse().ok()?, port)),
                name => Self::Name(name.into(), port),
            },
        };
        Some((target, rest))
    }
}

/// Writes what goes before a datagram for `target` on its way to the relay (RFC 1928, section 7).
pub(crate) fn write_header(buffer: &mut Vec<u8>, target: &Target) {
    buffer.extend_from_slice(&[0; 3]);
    target.write(buffer);
}

/// Who sent the datagram that came from the relay, and the datagram. `None` for a fragment, which RFC 1928 lets be
/// dropped, and for what is not well formed.
pub(crate) fn read_datagram(bytes: &[u8]) -> Option<(Target, &[u8])> {
    let ([_, _, 0], rest) = bytes.split_first_chunk()? else { return None };
    Target::read(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_as_it_was_written() {
        for target in [
            Target::Ip("192.0.2.1:6969".parse().unwrap()),
            Target::Ip("[2001:db8::1]:6969".parse().unwrap()),
            Target::Name("tracker.example".into(), 6969),
        ] {
            let mut bytes = Vec::new();
            write_header(&mut bytes, &target);
            let header = bytes.len();
            bytes.extend_from_slice(b"datagram");
            assert_eq!(read_datagram(&bytes), Some((target, &b"datagram"[..])));
            for length in 0..header {
                assert_eq!(read_datagram(&bytes[..length]), None, "{length}");
            }
        }
    }

    #[test]
    fn fragments_and_unknown_types_are_dropped() {
        assert_eq!(read_datagram(&[0, 0, 1, IPV4, 1, 2, 3, 4, 0, 80, 9]), None);
        assert_eq!(read_datagram(&[0, 0, 0, 2, 1, 2, 3, 4, 0, 80, 9]), None);
        assert_eq!(read_datagram(&[0, 0, 0, DOMAIN, 2, 0xff, 0xff, 0, 80, 9]), None);
    }

    #[test]
    fn an_address_written_as_a_name_is_an_address() {
        let datagram = [&[0, 0, 0, DOMAIN, 9][..], b"127.0.0.1", &[0, 80]].concat();
        assert_eq!(read_datagram(&datagram), Some((Target::Ip("127.0.0.1:80".parse().unwrap()), &[][..])));
    }
}
