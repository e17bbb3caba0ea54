//! Look-ups. [`Names`] has a host looked up by whoever the path's transport says: the application's own function, the system's
//! resolver, or a stub resolver that asks name servers through the transport.

mod files;
pub(crate) mod look_ups;
mod message;
pub(crate) mod preferences;
mod stub;
mod system;

use std::{
    pin::pin,
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

use crate::{
    proto::Family,
    requests::{CallerLookup, Decision, Found, LookUpError, Preferences, Transport},
};

use self::{files::Files, preferences::preferences_of, stub::Stub, system::System};

/// When a look-up is given up. The system's own limits are often shorter, never reliably so.
const LONGEST_LOOK_UP: Duration = Duration::from_secs(30);
/// How many threads look-ups take at most: one each that the system is asked for, and one that reads files.
pub(crate) const THREADS: usize = system::TURNS + 1;
/// How many of a host's addresses are asked at most.
const MOST_ADDRESSES: usize = 256;

/// What an application's own look-up is asked, and what becomes of it.
pub(crate) enum Ask {
    /// The addresses of a host.
    LookUp(LookUp),
    /// Nobody waits for this answer any more.
    Forget(CallerLookup, u32),
    /// Not a question: something was decided.
    Decided(Decision),
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
    system: System,
    files: Arc<Files>,
    asks: UnboundedSender<Ask>,
    asked: Arc<AtomicU32>,
}

impl Shared {
    pub(crate) fn new(asks: UnboundedSender<Ask>) -> Self {
        Self { system: System::default(), files: Arc::default(), asks, asked: Arc::default() }
    }
}

/// Whoever is asked for the names of one path.
pub(crate) struct Names {
    transport: Arc<Transport>,
    stub: Stub,
    shared: Shared,
    /// For those who ask for preferences.
    turns: Semaphore,
}

impl Names {
    pub(crate) fn new(transport: Arc<Transport>, shared: Shared) -> Self {
        let turns = Semaphore::new(preferences::AT_ONCE);
        Self { stub: Stub::new(transport.clone()), transport, shared, turns }
    }

    /// The addresses of a host, of one family if it is given, or why there are none.
    pub(crate) async fn look_up(&self, host: &str, family: Option<Family>) -> Found {
        let found = async {
            match self.transport.lookup {
                Some(lookup) => self.ask_caller(lookup, host, family).await,
                None if self.transport.is_bound() => self.ask_servers(host, family).await,
                None => self.ask_system(host, family).await,
            }
        };
        let mut found = timeout(LONGEST_LOOK_UP, found).await.unwrap_or(Err(LookUpError::NoAnswer))?;
        found.truncate(MOST_ADDRESSES);
        Ok(found)
    }

    /// Where a host has trackers by its own word. `None` as well where names are not ours to look up.
    async fn preferences(&self, host: &str) -> Result<Preferences, LookUpError> {
        let Transport { lookup, proxy, .. } = &*self.transport;
        if lookup.is_some() || proxy.as_ref().is_some_and(|proxy| proxy.remote_names) {
            return Ok(None);
        }
        // It is never closed: an error would cost nothing but the wait.
        let _turn = self.turns.acquire().await;
        let files = self.shared.files.snapshot().await;
        if !self.transport.is_bound() && !files.sources.has_servers {
            return Ok(None);
        }
        match Box::pin(self.stub.texts(host, &files)).await {
            Ok(texts) => Ok(preferences_of(&texts)),
            Err(LookUpError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn ask_caller(&self, lookup: CallerLookup, host: &str, family: Option<Family>) -> Found {
        let number = self.shared.asked.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        let asked = Asked { lookup, number, asks: self.shared.asks.clone() };
        let question = LookUp { lookup, number, host: host.to_owned(), family, answer };
        self.shared.asks.send(Ask::LookUp(question)).map_err(|_| LookUpError::Interrupted)?;
        let result = answered.await.map_err(|_| LookUpError::Interrupted)?;
        drop(asked);
        result
    }

    async fn ask_servers(&self, host: &str, family: Option<Family>) -> Found {
        let files = self.shared.files.snapshot().await;
        // Boxed: it is large, and thousands may wait without having got there.
        Box::pin(self.stub.look_up(host, family, &files)).await
    }

    /// Tells of a decision. There may be nobody left who listens.
    pub(crate) fn note(&self, decision: Decision) {
        let _ = self.shared.asks.send(Ask::Decided(decision));
    }

    /// Asks the system's resolver. While that hangs in all its threads, the name servers are asked without it, where the
    /// system asks nothing else either.
    async fn ask_system(&self, host: &str, family: Option<Family>) -> Found {
        let Shared { system, files, .. } = &self.shared;
        let mut turn = pin!(system.turn());
        let mut taken = tokio::select! {
            biased;
            turn = &mut turn => turn,
            () = system.hangs() => None,
        };
        if taken.is_none() {
            let files = files.snapshot().await;
            if files.sources.is_all && !files.configuration.servers.is_empty() {
                self.note(Decision::LookUpFallback(host.to_owned()));
                return Box::pin(self.stub.look_up(host, family, &files)).await;
            }
            taken = turn.await;
        }
        match taken {
            Some(turn) => system.look_up(turn, host).await,
            None => Err(LookUpError::Interrupted),
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

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf, sync::Mutex};

    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    /// Whoever holds it has the system's resolver hang.
    static HANGING: Mutex<()> = Mutex::new(());

    fn hang(_: &str) -> Found {
        drop(HANGING.lock());
        Err(LookUpError::TryAgain)
    }

    /// The names of a machine whose resolver hangs and whose `nsswitch.conf` has this line.
    fn hanging(hosts: &str) -> (Names, PathBuf) {
        let name = hosts.replace([' ', ':'], "-");
        let directory = std::env::temp_dir().join(format!("names-{name}-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let places = files::Places {
            hosts: directory.join("hosts"),
            resolv_conf: directory.join("resolv"),
            nsswitch_conf: directory.join("nsswitch"),
        };
        fs::write(&places.hosts, "10.0.0.7 known.example").unwrap();
        fs::write(&places.resolv_conf, "nameserver 127.0.0.1").unwrap();
        fs::write(&places.nsswitch_conf, hosts).unwrap();
        let (asks, _) = unbounded_channel();
        let shared = Shared { system: System::asking(hang), files: Arc::new(Files::at(places)), ..Shared::new(asks) };
        (Names::new(Arc::default(), shared), directory)
    }

    /// Fills all turns with look-ups that hang.
    async fn fill(names: &Arc<Names>) {
        for _ in 0..system::TURNS {
            let names = names.clone();
            tokio::spawn(async move { names.look_up("hangs.example", None).await });
        }
        tokio::task::yield_now().await;
    }

    #[cfg(all(unix, not(target_vendor = "apple"), not(target_os = "android")))]
    #[test]
    fn a_resolver_that_hangs_is_passed_by_where_the_system_has_no_other_sources() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let hanging_now = HANGING.lock().unwrap();
        runtime.block_on(async {
            for (hosts, is_passed_by) in
                [("hosts: files dns", true), ("hosts: files", false), ("hosts: files resolve dns", false)]
            {
                let (names, directory) = hanging(hosts);
                let names = Arc::new(names);
                fill(&names).await;
                let asked = timeout(4 * HANGS_LONG, names.look_up("known.example", None)).await;
                assert_eq!(asked.ok(), is_passed_by.then(|| Ok(vec![[10, 0, 0, 7].into()])), "{hosts}");
                fs::remove_dir_all(directory).unwrap();
            }
        });
        runtime.shutdown_background();
        drop(hanging_now);
    }

    /// Longer than the system's resolver has to hang.
    const HANGS_LONG: Duration = Duration::from_millis(300);

    #[tokio::test]
    async fn a_bound_transport_asks_by_itself_and_an_unbound_one_the_system() {
        let (asks, _) = unbounded_channel();
        let bound = Transport { local_v4: Some([127, 0, 0, 1].into()), ..Transport::default() };
        for (transport, both) in [(Transport::default(), true), (bound, false)] {
            let names = Names::new(Arc::new(transport), Shared::new(asks.clone()));
            assert_eq!(names.transport.answers_both(), both);
            assert!(names.look_up("localhost", Some(Family::V4)).await.unwrap().contains(&[127, 0, 0, 1].into()));
        }
    }
}
