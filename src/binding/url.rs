//! The engine's reading of an announce URL for the command line, so that the two never disagree.

use napi::bindgen_prelude::Either;
use napi_derive::napi;

use crate::proto::{AnnounceUrl, Host};

/// The parts of an announce URL.
#[napi(object)]
pub(super) struct UrlParts {
    /// A domain name in its ASCII form, or an address without brackets.
    pub host: String,
    /// 80 if the URL has none.
    pub port: u16,
    /// Path and query exactly as written, empty if there are none.
    pub request_string: String,
    /// 4 or 6 if the host is an address, 0 if it is a name.
    pub family: u8,
}

/// The parts of an announce URL, or the text of the error that a request with this URL ends with.
#[napi]
#[must_use]
pub(super) fn parse_url(text: String) -> Either<UrlParts, String> {
    match AnnounceUrl::parse(&text) {
        Ok(AnnounceUrl { host, port, request_string, .. }) => {
            let (host, family) = match host {
                Host::Domain(name) => (name, 0),
                Host::Ipv4(address) => (address.to_string(), 4),
                Host::Ipv6(address) => (address.to_string(), 6),
            };
            Either::A(UrlParts { host, port, request_string: request_string.to_string(), family })
        }
        Err(error) => Either::B(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, u16, String, u8) {
        let Either::A(parts) = parse_url(text.to_owned()) else { panic!("{text} is refused") };
        (parts.host, parts.port, parts.request_string, parts.family)
    }

    #[test]
    fn a_name_and_an_address_are_told_apart() {
        assert_eq!(parts("udp://h:1/a?b"), ("h".to_owned(), 1, "/a?b".to_owned(), 0));
        assert_eq!(parts("udp://127.0.0.1"), ("127.0.0.1".to_owned(), 80, String::new(), 4));
        assert_eq!(parts("udp://[2001:DB8::1]:2"), ("2001:db8::1".to_owned(), 2, String::new(), 6));
    }

    #[test]
    fn what_cannot_be_used_is_an_errors_text() {
        let Either::B(text) = parse_url("udp://h:0".to_owned()) else { panic!() };
        assert_eq!(text, "announce URL is not valid (port 0): udp://h:0");
    }
}
