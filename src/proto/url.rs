//! The announce URL: `udp://host[:port][/path][?query]`.
//!
//! Host and port are read by the `url` crate as if the scheme were `http`: that brings IDNA, IPv6 literals and, by
//! a coincidence that suits, the default port 80 of the package this one replaces. Path and query are taken from the
//! text itself, because BEP 41 wants them as written.

use std::{borrow::Cow, net::Ipv6Addr, sync::Arc};

use thiserror::Error;
use url::{Host, Url};

/// Longer URLs are refused: their request string would not fit a datagram that reaches the tracker.
const LONGEST_URL: usize = 8192;
/// How much of an unusable URL its error text repeats.
const SHOWN: usize = 100;

/// The parts of an announce URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnounceUrl {
    /// A domain name or an address.
    pub host: Host<String>,
    /// The zone of a link-local IPv6 address: the name or the number of an interface (RFC 6874).
    pub zone: Option<Box<str>>,
    /// 80 if the URL has none.
    pub port: u16,
    /// Host and port as a text, the same for every URL of the same host and port.
    pub authority: Arc<str>,
    /// Path and query exactly as written, empty if there are none.
    pub request_string: Arc<str>,
}

/// An announce URL that cannot be used. Each text names the URL.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum UrlError {
    /// The scheme is not `udp:`.
    #[error("announce URL is not udp: {0}")]
    Scheme(String),
    /// Nothing to look up.
    #[error("announce URL has no host: {0}")]
    NoHost(String),
    /// A host or a port that cannot be.
    #[error("announce URL is not valid ({reason}): {url}")]
    Invalid {
        /// What is wrong with it.
        reason: String,
        /// The URL.
        url: String,
    },
    /// More than 8192 bytes.
    #[error("announce URL is too long ({length} bytes): {url}")]
    TooLong {
        /// Its length in bytes.
        length: usize,
        /// How it begins.
        url: String,
    },
}

impl AnnounceUrl {
    /// Reads an announce URL. White space around it, common in torrents, is no part of it.
    ///
    /// # Errors
    /// A [`UrlError`] whose text names the URL.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let text = text.trim();
        if text.len() > LONGEST_URL {
            return Err(UrlError::TooLong { length: text.len(), url: shown(text) });
        }
        let rest = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("udp") => rest,
            _ => return Err(UrlError::Scheme(shown(text))),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, request_string) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let host_and_port = authority.rsplit('@').next().unwrap_or_default();
        if host_and_port.is_empty() || host_and_port.starts_with(':') {
            return Err(UrlError::NoHost(shown(text)));
        }
        let invalid = |reason: &str| UrlError::Invalid { reason: reason.to_owned(), url: shown(text) };
        if authority.contains(['\\', '\t', '\r', '\n', ' ']) {
            return Err(invalid("invalid host"));
        }
        let (host_and_port, zone) = without_zone(host_and_port);
        let parsed = Url::parse(&format!("http://{host_and_port}/")).map_err(|error| invalid(&error.to_string()))?;
        let host = parsed.host().ok_or_else(|| UrlError::NoHost(shown(text)))?.to_owned();
        // The resolver would refuse it too, but without saying whose fault it is.
        if matches!(&host, Host::Domain(name) if name.trim_end_matches('.').split('.').any(str::is_empty)) {
            return Err(invalid("empty host label"));
        }
        match parsed.port_or_known_default() {
            Some(port) if port > 0 => {
                let authority = match &zone {
                    Some(zone) => format!("{host}%{zone}:{port}").into(),
                    None => format!("{host}:{port}").into(),
                };
                Ok(Self { host, zone, port, authority, request_string: request_string.into() })
            }
            _ => Err(invalid("port 0")),
        }
    }
}

/// Takes the zone out of `[fe80::1%25eth0]:6969`, which the `url` crate refuses as browsers do. RFC 6874 wants the `%`
/// written as `%25`; the plain one, as the system's tools write it, is taken as well. Only link-local addresses have zones.
fn without_zone(host_and_port: &str) -> (Cow<'_, str>, Option<Box<str>>) {
    let split = || {
        let (address, rest) = host_and_port.strip_prefix('[')?.split_once('%')?;
        let (zone, rest) =
            rest.strip_prefix("25").filter(|zone| !zone.starts_with(']')).unwrap_or(rest).split_once(']')?;
        let is_link_local = address.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_unicast_link_local());
        (is_link_local && !zone.is_empty()).then(|| (format!("[{address}]{rest}").into(), Some(zone.into())))
    };
    split().unwrap_or((host_and_port.into(), None))
}

fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, u16, String) {
        let url = AnnounceUrl::parse(text).unwrap();
        (url.host.to_string(), url.port, url.request_string.to_string())
    }

    #[test]
    fn host_port_and_request_string_are_found() {
        let expected = |host: &str, port, request: &str| (host.to_owned(), port, request.to_owned());
        assert_eq!(parts("udp://tracker.example:6969/announce"), expected("tracker.example", 6969, "/announce"));
        assert_eq!(parts("udp://tracker.example"), expected("tracker.example", 80, ""));
        assert_eq!(parts("udp://tracker.example:80?a=b"), expected("tracker.example", 80, "?a=b"));
        assert_eq!(parts("  UDP://Tracker.Example:1/\n"), expected("tracker.example", 1, "/"));
        assert_eq!(parts("udp://127.0.0.1:33333/a/../%2e?q#frag"), expected("127.0.0.1", 33333, "/a/../%2e?q"));
        assert_eq!(parts("udp://[2001:DB8::1]:99/x"), expected("[2001:db8::1]", 99, "/x"));
        assert_eq!(parts("udp://user:word@h:5/"), expected("h", 5, "/"));
    }

    #[test]
    fn an_international_name_is_looked_up_in_its_ascii_form() {
        assert_eq!(parts("udp://bücher.example").0, "xn--bcher-kva.example");
    }

    #[test]
    fn an_address_is_known_without_a_look_up() {
        assert!(matches!(AnnounceUrl::parse("udp://127.0.0.1").unwrap().host, Host::Ipv4(_)));
        assert!(matches!(AnnounceUrl::parse("udp://[::1]").unwrap().host, Host::Ipv6(_)));
    }

    #[test]
    fn a_link_local_address_has_its_zone() {
        for (text, zone) in [
            ("udp://[fe80::1%25eth0]:6969", "eth0"),
            ("udp://[fe80::1%eth0]:6969", "eth0"),
            ("udp://[fe80::1%252]:6969", "2"),
            ("udp://[fe80::1%25]:6969", "25"),
        ] {
            let url = AnnounceUrl::parse(text).unwrap();
            assert_eq!((url.host.to_string().as_str(), url.port), ("[fe80::1]", 6969), "{text}");
            assert_eq!(url.zone.as_deref(), Some(zone), "{text}");
        }
        for text in ["udp://[fe80::1%]:1", "udp://[2001:db8::1%25eth0]:1", "udp://[%25eth0]:1", "udp://fe80::1%25eth0"]
        {
            assert!(matches!(AnnounceUrl::parse(text), Err(UrlError::Invalid { .. })), "{text}");
        }
        assert_eq!(AnnounceUrl::parse("udp://[fe80::1]:1").unwrap().zone, None);
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for text in ["", "udp", "udp:", "http://a:1", "://", "udp//x:1"] {
            assert_eq!(AnnounceUrl::parse(text), Err(UrlError::Scheme(text.to_owned())), "{text}");
        }
        for text in ["udp://", "udp://:80", "udp:///announce", "udp://?x", "udp://u@/"] {
            assert_eq!(AnnounceUrl::parse(text), Err(UrlError::NoHost(text.to_owned())), "{text}");
        }
        for text in [
            "udp://h:0",
            "udp://..",
            "udp://a..b",
            "udp://h:65536",
            "udp://h:x",
            "udp://[::1",
            "udp://a b",
            "udp://a\\b:1",
            "udp://1.2.3.256",
        ] {
            let error = AnnounceUrl::parse(text).unwrap_err();
            assert!(matches!(error, UrlError::Invalid { .. }), "{text}: {error}");
            assert!(error.to_string().ends_with(text));
        }
    }

    #[test]
    fn an_endless_url_is_refused_and_not_repeated_in_full() {
        let error = AnnounceUrl::parse(&format!("udp://h/{}", "ä".repeat(70_000))).unwrap_err();
        assert!(error.to_string().starts_with("announce URL is too long (140008 bytes): udp://h/ää"));
        assert!(error.to_string().len() < 300);
    }
}
