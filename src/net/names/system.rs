//! The system's resolver, which knows more sources than name servers. It takes a thread for each look-up.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use dns_lookup::{AddrInfoHints, LookupError, LookupErrorKind, SockType, getaddrinfo};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::sleep_until,
};

use crate::requests::{Found, LookUpError};

/// How many look-ups the system is asked for at once.
pub(super) const TURNS: usize = 32;
/// While all of them wait and none has come back for so long, they hang.
const HANGS_AFTER: Duration = Duration::from_millis(250);

/// Asks the system and blocks until it has answered.
pub(super) type Ask = fn(&str) -> Found;

/// The turns of one process.
#[derive(Clone)]
pub(super) struct System {
    ask: Ask,
    turns: Arc<Semaphore>,
    /// When a look-up last began or came back.
    moved: Arc<Mutex<Instant>>,
}

/// The right to one thread, given back when the thread is free again, however long nobody has been waiting for it.
pub(super) struct Turn {
    system: System,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.system.has_moved();
    }
}

impl Default for System {
    fn default() -> Self {
        Self::asking(ask)
    }
}

impl System {
    pub(super) fn asking(ask: Ask) -> Self {
        Self { ask, turns: Arc::new(Semaphore::new(TURNS)), moved: Arc::new(Mutex::new(Instant::now())) }
    }

    /// Waits for a thread, in the order in which they came. `None` if there is none since the semaphore is closed, which it
    /// never is.
    pub(super) async fn turn(&self) -> Option<Turn> {
        let permit = self.turns.clone().acquire_owned().await.ok()?;
        self.has_moved();
        Some(Turn { system: self.clone(), _permit: permit })
    }

    /// Waits, beside a [`turn`](Self::turn) that does not come, until all threads hang: busy ones come back.
    pub(super) async fn hangs(&self) {
        loop {
            let at = *self.moved.lock().unwrap_or_else(PoisonError::into_inner) + HANGS_AFTER;
            if at <= Instant::now() {
                return;
            }
            sleep_until(at.into()).await;
        }
    }

    fn has_moved(&self) {
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// The addresses of a host.
    pub(super) async fn look_up(&self, turn: Turn, host: &str) -> Found {
        let (ask, name) = (self.ask, host.to_owned());
        let found = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            ask(&name)
        });
        found.await.unwrap_or(Err(LookUpError::Interrupted))
    }
}

fn ask(host: &str) -> Found {
    // Without a type of socket, each address would come three times.
    let hints = AddrInfoHints { socktype: SockType::Stream.into(), ..AddrInfoHints::default() };
    match getaddrinfo(Some(host), None, Some(hints)) {
        // What is neither IPv4 nor IPv6 is nothing to us.
        Ok(found) => Ok(found.flatten().map(|found| found.sockaddr.ip()).collect()),
        Err(error) => Err(error_of(error)),
    }
}

fn error_of(error: LookupError) -> LookUpError {
    match error.kind() {
        LookupErrorKind::NoName => LookUpError::NotFound,
        LookupErrorKind::NoData => LookUpError::NoData,
        LookupErrorKind::Again => LookUpError::TryAgain,
        LookupErrorKind::Fail => LookUpError::Failed,
        _ => {
            let number = error.error_num();
            let error = io::Error::from(error);
            match error.raw_os_error() {
                Some(_) => LookUpError::System(error.into()),
                None => LookUpError::Resolver(number),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        net::IpAddr,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    /// Who holds it has the look-ups of "hangs" hang.
    static HANGING: Mutex<()> = Mutex::new(());

    /// Takes a moment for a name, as a name server does.
    fn slow(host: &str) -> Found {
        if host == "hangs" {
            drop(HANGING.lock());
        }
        std::thread::sleep(Duration::from_millis(20));
        Ok(vec![IpAddr::from([10, 0, 0, 1])])
    }

    async fn look_up(system: &System, host: &'static str) -> Found {
        let turn = system.turn().await.unwrap();
        system.look_up(turn, host).await
    }

    #[test]
    fn the_systems_numbers_are_told_apart() {
        let of = |number| error_of(LookupError::new(number));
        #[cfg(unix)]
        let numbers = [libc::EAI_NONAME, libc::EAI_AGAIN, libc::EAI_FAIL];
        #[cfg(windows)]
        let numbers = [11001, 11002, 11003];
        assert_eq!(numbers.map(of), [LookUpError::NotFound, LookUpError::TryAgain, LookUpError::Failed]);
        #[cfg(unix)]
        assert_eq!(of(libc::EAI_FAMILY), LookUpError::Resolver(libc::EAI_FAMILY));
    }

    #[tokio::test]
    async fn the_system_knows_this_machine() {
        assert!(ask("localhost").unwrap().iter().any(IpAddr::is_loopback));
        assert_eq!(ask("127.0.0.7"), Ok(vec![IpAddr::from([127, 0, 0, 7])]));
    }

    #[test]
    fn busy_is_not_hanging() {
        static ENDED: AtomicUsize = AtomicUsize::new(0);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let system = System::asking(slow);
            // Four times as many as there are threads, none of which takes long.
            for _ in 0..4 * TURNS {
                let system = system.clone();
                tokio::spawn(async move {
                    look_up(&system, "busy").await.unwrap();
                    ENDED.fetch_add(1, Ordering::Relaxed);
                });
            }
            tokio::select! {
                biased;
                () = system.hangs() => panic!("it does not hang, it is busy"),
                () = async { while ENDED.load(Ordering::Relaxed) < 4 * TURNS { tokio::task::yield_now().await } } => {}
            }
        });
    }

    #[test]
    fn threads_that_hang_count_until_they_are_free_whoever_has_stopped_waiting() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let hanging = HANGING.lock().unwrap();
        runtime.block_on(async {
            let system = System::asking(slow);
            let mut tasks = Vec::new();
            for _ in 0..TURNS {
                let system = system.clone();
                tasks.push(tokio::spawn(async move { look_up(&system, "hangs").await }));
            }
            while system.turns.available_permits() > 0 {
                tokio::task::yield_now().await;
            }
            tasks.iter().for_each(|task| task.abort());
            for task in tasks {
                assert!(task.await.is_err());
            }
            tokio::select! {
                () = system.hangs() => {}
                _ = system.turn() => panic!("a thread that hangs was given away"),
            }
        });
        drop(hanging);
    }
}
