//! Any text as an announce URL: what is read out of it stands in it, and written down again reads the same.

use bittorrent_udp_tracker::proto::{AnnounceUrl, Authentication, Host};

/// The longest URL that is read, in bytes.
const LONGEST: usize = 8192;

pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let read = AnnounceUrl::parse(&text);
    assert_eq!(AnnounceUrl::parse(&format!("\r\n {text}\t")), read, "white space around it matters");
    match read {
        Ok(url) => check(&text, &url),
        Err(error) => {
            let error = error.to_string();
            assert!(error.starts_with("announce URL "), "{error}");
            assert!(error.len() < 600, "an error text of {} bytes", error.len());
        }
    }
}

fn check(text: &str, url: &AnnounceUrl) {
    assert!(url.port > 0);
    let request_string = &*url.request_string;
    assert!(text.contains(request_string), "{request_string} is not in the URL");
    assert!(request_string.is_empty() || request_string.starts_with(['/', '?']), "{request_string}");
    assert!(!request_string.contains('#'));
    if let Host::Domain(name) = &url.host {
        assert!(!name.is_empty() && name.is_ascii(), "{name}");
        let strange = |c: char| c.is_ascii_control() || c.is_ascii_uppercase() || " #/:?@[\\]".contains(c);
        assert!(!name.contains(strange), "{name:?} is looked up");
    }
    let host = match (&url.host, &url.zone) {
        (Host::Ipv6(address), Some(zone)) => format!("[{address}%25{zone}]"),
        (host, _) => host.to_string(),
    };
    // The fragment keeps white space at the end of the request string in its place.
    let again = format!("UDP://somebody@{host}:{}{request_string}#", url.port);
    if again.len() <= LONGEST {
        assert_eq!(AnnounceUrl::parse(&again).as_ref(), Ok(url), "{again} is another URL");
    }
    let authentication = Authentication::new("name", b"word", request_string);
    assert_eq!(authentication.is_ok(), request_string.len() <= 255);
}
