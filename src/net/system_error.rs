//! The system's errors by their names. Their words are glibc's, on every system and in every language of it.

use std::io;

use crate::{proto::SystemError, requests::ProxyError};

/// Declares errors once: their names, their numbers on Windows if they have one there, and their words.
macro_rules! errors {
    ($($name:ident $(= $windows:literal)?, $words:literal;)*) => {
        /// The name and the words of an error's number.
        #[cfg(unix)]
        fn named(number: i32) -> Option<(&'static str, &'static str)> {
            match number {
                $(libc::$name => Some((stringify!($name), $words)),)*
                _ => None,
            }
        }

        /// The same of Windows Sockets.
        #[cfg(windows)]
        fn named(number: i32) -> Option<(&'static str, &'static str)> {
            match number {
                $($($windows => Some((stringify!($name), $words)),)?)*
                _ => None,
            }
        }
    };
}

#[cfg(not(any(unix, windows)))]
fn named(_: i32) -> Option<(&'static str, &'static str)> {
    None
}

errors! {
    EACCES = 10013, "Permission denied";
    EADDRINUSE = 10048, "Address already in use";
    EADDRNOTAVAIL = 10049, "Cannot assign requested address";
    EAFNOSUPPORT = 10047, "Address family not supported by protocol";
    ECONNABORTED = 10053, "Software caused connection abort";
    ECONNREFUSED = 10061, "Connection refused";
    ECONNRESET = 10054, "Connection reset by peer";
    EDESTADDRREQ = 10039, "Destination address required";
    EHOSTDOWN = 10064, "Host is down";
    EHOSTUNREACH = 10065, "No route to host";
    EINVAL = 10022, "Invalid argument";
    EIO, "Input/output error";
    EMFILE = 10024, "Too many open files";
    EMSGSIZE = 10040, "Message too long";
    ENETDOWN = 10050, "Network is down";
    ENETRESET = 10052, "Network dropped connection on reset";
    ENETUNREACH = 10051, "Network is unreachable";
    ENFILE, "Too many open files in system";
    ENOBUFS = 10055, "No buffer space available";
    ENODEV, "No such device";
    ENOMEM, "Cannot allocate memory";
    ENOTCONN = 10057, "Transport endpoint is not connected";
    EPERM, "Operation not permitted";
    EPIPE, "Broken pipe";
    EPROTONOSUPPORT = 10043, "Protocol not supported";
    ETIMEDOUT = 10060, "Connection timed out";
}

impl From<&io::Error> for SystemError {
    fn from(error: &io::Error) -> Self {
        let Some(number) = error.raw_os_error() else {
            let is_refused = error.kind() == io::ErrorKind::ConnectionRefused;
            return Self { code: is_refused.then_some("ECONNREFUSED"), words: error.to_string().into() };
        };
        match named(number) {
            Some((code, words)) => Self { code: Some(code), words: words.into() },
            None => Self { code: None, words: format!("error {number} of the system").into() },
        }
    }
}

impl From<io::Error> for SystemError {
    fn from(error: io::Error) -> Self {
        Self::from(&error)
    }
}

impl From<io::Error> for ProxyError {
    fn from(error: io::Error) -> Self {
        Self::System(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_system_has_its_name_and_words_without_its_number() {
        #[cfg(unix)]
        let (refused, unknown) = (libc::ECONNREFUSED, libc::EXDEV);
        #[cfg(windows)]
        let (refused, unknown) = (10061, 12345);
        let error = SystemError::from(io::Error::from_raw_os_error(refused));
        assert_eq!((error.code, error.to_string().as_str()), (Some("ECONNREFUSED"), "Connection refused"));
        let error = SystemError::from(io::Error::from_raw_os_error(unknown));
        assert_eq!((error.code, error.to_string()), (None, format!("error {unknown} of the system")));
        let error = SystemError::from(io::Error::other("it hung up"));
        assert_eq!((error.code, error.to_string().as_str()), (None, "it hung up"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_words_are_those_that_linux_has() {
        for number in 1..134 {
            if let Some((_, words)) = named(number) {
                let told = io::Error::from_raw_os_error(number).to_string();
                assert_eq!(told, format!("{words} (os error {number})"));
            }
        }
    }
}
