//! How a path looks names up: by the system's resolver, by one that asks through the transport, or by the application.

mod dns;
pub(crate) mod resolver;
mod system;

use std::{
    io,
    net::ToSocketAddrs,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Semaphore, mpsc::UnboundedSender, oneshot},
    time::timeout,
};

use crate::proto::Family;

use self::dns::{Dns, DnsError};
use super::{
    messages::Found,
    path::transport::{CallerLookup, Transport},
};

/// When a look-up is given up. The system's own limits are often shorter, never reliably so.
pub(crate) const LONGEST_LOOK_UP: Duration = Duration::from_secs(30);
/// How many look-ups the system is asked for at once; each takes a thread for as long as it hangs.
pub(crate) const THREADS: usize = 32;
/// Who waits longer for one of those threads has names before it whose servers hang, and asks without a thread.
const TURN: Duration = Duration::from_millis(50);
/// How many of a host's addresses are asked at most.
const MOST_ADDRESSES: usize = 256;

/// What an application's own look-up is asked, and what becomes of it.
pub(crate) enum Ask {
    /// The addresses of a host.
    LookUp(LookUp),
    /// Nobody waits for this answer any more.
    Forget(CallerLookup, u32),
}

pub(crate) struct LookUp {
    pub(crate) lookup: CallerLookup,
    /// The number of this question.
    pub(crate) number: u32,
    pub(crate) host: String,
    pub(crate) family: Option<Family>,
    pub(crate) answer: oneshot::Sender<Found>,
}

/// What all paths share.
#[derive(Clone)]
pub(crate) struct Shared {
    turns: Arc<Semaphore>,
    asks: UnboundedSender<Ask>,
    asked: Arc<AtomicU32>,
}

impl Shared {
    pub(crate) fn new(asks: UnboundedSender<Ask>) -> Self {
        Self { turns: Arc::new(Semaphore::new(THREADS)), asks, asked: Arc::default() }
    }
}

/// The names of one path.
pub(crate) struct Names {
    transport: Arc<Transport>,
    dns: Dns,
    shared: Shared,
}

impl Names {
    pub(crate) fn new(transport: Arc<Transport>, shared: Shared) -> Self {
        Self { dns: Dns::new(transport.clone()), transport, shared }
    }

    /// The addresses of a host, of one family if it is given, or why there are none.
    pub(crate) async fn look_up(&self, host: &str, family: Option<Family>) -> Found {
        let found = async {
            match self.transport.lookup {
                Some(lookup) => self.ask_caller(lookup, host, family).await,
                // Boxed: they are large, and thousands may wait without having got there.
                None if self.transport.is_bound() => {
                    Box::pin(self.dns.look_up(host, family)).await.map_err(|error| error.to_string())
                }
                None => self.ask_system(host, family).await,
            }
        };
        let mut found = timeout(LONGEST_LOOK_UP, found).await.unwrap_or_else(|_| Err("no answer".into()))?;
        found.truncate(MOST_ADDRESSES);
        Ok(found)
    }

    async fn ask_caller(&self, lookup: CallerLookup, host: &str, family: Option<Family>) -> Found {
        let number = self.shared.asked.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        let asked = Asked { lookup, number, asks: self.shared.asks.clone() };
        let question = LookUp { lookup, number, host: host.to_owned(), family, answer };
        let interrupted = |_| "look-up was interrupted".to_owned();
        self.shared.asks.send(Ask::LookUp(question)).map_err(|_| interrupted(()))?;
        let result = answered.await.map_err(|_| interrupted(()))?;
        drop(asked);
        result
    }

    /// Asks the system's resolver, which knows more sources than name servers. It takes a thread for each look-up, so
    /// whoever gets none in time asks name servers without it, and waits for a thread only if they know nothing.
    async fn ask_system(&self, host: &str, family: Option<Family>) -> Found {
        let turn = match timeout(TURN, self.shared.turns.clone().acquire_owned()).await {
            Ok(turn) => turn,
            Err(_) => match Box::pin(self.dns.look_up(host, family)).await {
                Ok(found) => return Ok(found),
                Err(error @ DnsError::NoSuchName) => match self.shared.turns.clone().try_acquire_owned() {
                    Ok(turn) => Ok(turn),
                    Err(_) => return Err(error.to_string()),
                },
                Err(DnsError::NoAnswer(_)) => self.shared.turns.clone().acquire_owned().await,
            },
        };
        let name = host.to_owned();
        let found = tokio::task::spawn_blocking(move || {
            // Kept until the thread is free again, however long nobody has been waiting for it.
            let _turn = turn;
            (name.as_str(), 0).to_socket_addrs().map(|found| found.map(|address| address.ip()).collect())
        });
        match found.await {
            Ok(result) => result.map_err(|error: io::Error| plain(&error)),
            Err(_) => Err("look-up was interrupted".into()),
        }
    }
}

/// Says that nobody waits any more, should that be before the answer.
struct Asked {
    lookup: CallerLookup,
    number: u32,
    asks: UnboundedSender<Ask>,
}

impl Drop for Asked {
    fn drop(&mut self) {
        // The engine may be ending.
        let _ = self.asks.send(Ask::Forget(self.lookup, self.number));
    }
}

const NO_SUCH_NAME: &str = "Name or service not known";
const NO_ADDRESS: &str = "No address associated with hostname";
const TRY_AGAIN: &str = "Temporary failure in name resolution";
const NO_RECOVERY: &str = "Non-recoverable failure in name resolution";

/// How the texts of other C libraries than glibc begin: those of musl, and of macOS and the BSDs.
const OTHER_WORDS: [(&str, &str); 5] = [
    ("Name does not resolve", NO_SUCH_NAME),
    ("nodename nor servname provided", NO_SUCH_NAME),
    ("Name has no usable address", NO_ADDRESS),
    ("Try again", TRY_AGAIN),
    ("Non-recoverable", NO_RECOVERY),
];

/// What the system's resolver said, in words that are the same on every system and in every language of it: glibc's.
///
/// On Unix the standard library puts its own words before the C library's. On Windows it gives the numbers of Winsock, with
/// text in the user's language.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
    let words = match error.raw_os_error() {
        // WSAHOST_NOT_FOUND, WSATRY_AGAIN, WSANO_RECOVERY, WSANO_DATA: no system but Windows has such numbers.
        Some(11001) => NO_SUCH_NAME,
        Some(11002) => TRY_AGAIN,
        Some(11003) => NO_RECOVERY,
        Some(11004) => NO_ADDRESS,
        _ => OTHER_WORDS.iter().find(|(other, _)| text.starts_with(other)).map_or(text, |(_, words)| *words),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resolver_says_the_same_on_every_system() {
        let unix = |words: &str| plain(&io::Error::other(format!("failed to lookup address information: {words}")));
        let windows = |number| plain(&io::Error::from_raw_os_error(number));
        let texts = [
            (11001, "Name or service not known", "Name does not resolve"),
            (11001, "Name or service not known", "nodename nor servname provided, or not known"),
            (11002, "Temporary failure in name resolution", "Try again"),
            (11003, "Non-recoverable failure in name resolution", "Non-recoverable error"),
            (11004, "No address associated with hostname", "Name has no usable address"),
        ];
        for (number, glibc, other) in texts {
            assert_eq!([unix(glibc), unix(other), windows(number)], [glibc; 3]);
        }
        assert_eq!(unix("something new"), "something new");
    }
}
