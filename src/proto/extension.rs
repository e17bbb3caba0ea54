//! What may follow the 98 bytes of an announce: BEP 41's options, or the older authentication extension.
//!
//! The two exclude each other, since both begin right behind the port.

use std::sync::Arc;

use sha1::{Digest, Sha1};
use thiserror::Error;

/// BEP 41, "URLData": option type, one length byte, that many bytes.
const OPTION_URL_DATA: u8 = 0x02;
/// The most that one length byte can say.
const LONGEST_FIELD: usize = 255;

/// The older extension's `extensions` mask: an authentication body follows.
const MASK_AUTHENTICATION: u16 = 1;
/// The older extension's `extensions` mask: a request string follows.
const MASK_REQUEST_STRING: u16 = 2;

/// The part of an announce behind its port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Extension {
    /// Nothing: the 98 bytes of BEP 15.
    #[default]
    None,
    /// BEP 41: the URL's path and query.
    UrlData(Arc<str>),
    /// The older extension.
    Authentication(Box<Authentication>),
}

/// The older extension's bodies. The password itself is not kept: only its hash goes into the hash that is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    username: Box<str>,
    password_hash: [u8; 20],
    request_string: Box<str>,
}

impl Authentication {
    /// Authentication as `username`, with the URL's path and query behind it if `request_string` is not empty.
    ///
    /// # Errors
    /// A user name or a request string longer than 255 bytes.
    pub fn new(username: &str, password: &[u8], request_string: &str) -> Result<Self, ExtensionError> {
        if username.len() > LONGEST_FIELD {
            return Err(ExtensionError::UsernameTooLong(username.len()));
        }
        if request_string.len() > LONGEST_FIELD {
            return Err(ExtensionError::RequestStringTooLong(request_string.len()));
        }
        Ok(Self {
            username: username.into(),
            password_hash: Sha1::digest(password).into(),
            request_string: request_string.into(),
        })
    }

    fn write(&self, buffer: &mut Vec<u8>, start: usize) {
        let request_string_bit = if self.request_string.is_empty() { 0 } else { MASK_REQUEST_STRING };
        buffer.extend_from_slice(&(MASK_AUTHENTICATION | request_string_bit).to_be_bytes());
        write_counted(buffer, &self.username);
        let packet = buffer.get(start..).unwrap_or_default();
        let hash = Sha1::new().chain_update(packet).chain_update(self.password_hash).finalize();
        buffer.extend(hash.iter().take(8));
        if !self.request_string.is_empty() {
            write_counted(buffer, &self.request_string);
        }
    }
}

/// An extension that has no form on the wire.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ExtensionError {
    /// One length byte cannot count it.
    #[error("username is {0} bytes long, at most 255 can be sent")]
    UsernameTooLong(usize),
    /// One length byte cannot count it.
    #[error("request string is {0} bytes long, at most 255 can be sent with authentication")]
    RequestStringTooLong(usize),
}

impl Extension {
    /// Appends the extension to a request whose first byte is at `start` of the buffer.
    pub(crate) fn write(&self, buffer: &mut Vec<u8>, start: usize) {
        match self {
            Self::None => {}
            Self::UrlData(request_string) => {
                for piece in request_string.as_bytes().chunks(LONGEST_FIELD) {
                    buffer.extend_from_slice(&[OPTION_URL_DATA, piece.len() as u8]);
                    buffer.extend_from_slice(piece);
                }
            }
            Self::Authentication(authentication) => authentication.write(buffer, start),
        }
    }
}

/// A length byte and the text; the length has been checked.
fn write_counted(buffer: &mut Vec<u8>, text: &str) {
    buffer.push(text.len() as u8);
    buffer.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(extension: &Extension, before: &[u8]) -> Vec<u8> {
        let mut buffer = before.to_vec();
        extension.write(&mut buffer, 0);
        buffer.split_off(before.len())
    }

    #[test]
    fn url_data_is_type_2_length_and_the_string_as_written() {
        let extension = Extension::UrlData("/announce?x=%20".into());
        assert_eq!(written(&extension, &[]), b"\x02\x0f/announce?x=%20");
    }

    #[test]
    fn url_data_longer_than_255_bytes_goes_as_several_options() {
        let long = "a".repeat(600);
        let bytes = written(&Extension::UrlData(long.into()), &[]);
        assert_eq!(bytes.len(), 600 + 3 * 2);
        assert_eq!(bytes[..2], [2, 255]);
        assert_eq!(bytes[257..259], [2, 255]);
        assert_eq!(bytes[514..516], [2, 90]);
    }

    #[test]
    fn authentication_is_mask_username_and_half_a_hash_then_the_request_string() {
        let authentication = Authentication::new("ann", b"secret", "/a").unwrap();
        let bytes = written(&Extension::Authentication(Box::new(authentication)), b"packet");
        assert_eq!(bytes[..6], *b"\x00\x03\x03ann");
        // The packet so far, mask and user name included, and the password's hash behind it.
        let hash = Sha1::digest([b"packet\x00\x03\x03ann".as_slice(), &Sha1::digest(b"secret")].concat());
        assert_eq!(bytes[6..14], hash[..8]);
        assert_eq!(bytes[14..], *b"\x02/a");
    }

    #[test]
    fn what_one_length_byte_cannot_count_is_refused() {
        let with = |username: usize, request_string: usize| {
            Authentication::new(&"u".repeat(username), b"", &"r".repeat(request_string)).map(drop)
        };
        assert_eq!(with(255, 255), Ok(()));
        assert_eq!(with(256, 0), Err(ExtensionError::UsernameTooLong(256)));
        assert_eq!(with(0, 256), Err(ExtensionError::RequestStringTooLong(256)));
    }
}
