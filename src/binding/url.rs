//! The engine's reading of an announce URL for the command line, so that the two never disagree.

use napi::bindgen_prelude::Either;
use napi_derive::napi;

use crate::proto::{AnnounceUrl, Host};

/// The parts of an announce URL.
#[napi(object)]
pub struct UrlParts {
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
pub fn parse_url(text: String) -> Either<UrlParts, String> {
    match AnnounceUrl::parse(&text) {
        Ok(AnnounceUrl { host, port, request_string }) => {
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
