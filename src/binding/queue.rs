//! The queue of a session's outcomes, from the engine's thread to JavaScript's.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
    mpsc::{Receiver, Sender, SyncSender, TryRecvError, channel, sync_channel},
};

use napi::threadsafe_function::ThreadsafeFunctionCallMode;

use super::waker::Waker;
use crate::{
    memory,
    records::{Batches, Outcomes},
};

/// How many buffers are kept to be filled again. A JavaScript that has been busy may leave thousands behind.
const SPARE: usize = 4;

/// What JavaScript lets pile up beyond this many bytes leaves enough memory behind to be worth a search for it.
const LARGE_BACKLOG: usize = 8 << 20;

/// The engine's end of a session's queue of outcomes.
pub(super) struct Outbound {
    batches: Sender<Vec<u8>>,
    spare: Receiver<Vec<u8>>,
    awake: Arc<AtomicBool>,
    waker: Arc<Waker>,
}

/// JavaScript's end of it.
pub(super) struct Inbound {
    batches: Receiver<Vec<u8>>,
    spare: SyncSender<Vec<u8>>,
    /// A batch that did not fit the last time.
    held: Option<Vec<u8>>,
    /// How many bytes have been taken since the queue was last empty.
    backlog: usize,
    /// Whether JavaScript has been called and has not come yet.
    awake: Arc<AtomicBool>,
}

/// What [`Inbound::take`] found.
pub(super) enum Taken {
    /// This many bytes of records.
    Bytes(usize),
    /// There is no engine at the other end any more.
    Ended,
}

/// A queue of outcomes that calls `waker` when there is something in it.
pub(super) fn queue(waker: Arc<Waker>) -> (Outcomes<Outbound>, Inbound) {
    let (batches, inbound) = channel();
    let (spare, spares) = sync_channel(SPARE);
    let awake = Arc::new(AtomicBool::new(false));
    (
        Outcomes::new(Outbound { batches, spare: spares, awake: awake.clone(), waker }),
        Inbound { batches: inbound, spare, held: None, backlog: 0, awake },
    )
}

impl Inbound {
    /// Fills `buffer` with whole batches of records.
    pub(super) fn take(&mut self, buffer: &mut [u8]) -> Taken {
        // First this, then the look into the queue: what comes between the two calls again.
        self.awake.store(false, Ordering::SeqCst);
        let mut filled = 0;
        loop {
            let batch = match self.held.take().map_or_else(|| self.batches.try_recv(), Ok) {
                Ok(batch) => batch,
                Err(TryRecvError::Disconnected) if filled == 0 => return Taken::Ended,
                Err(_) => {
                    self.caught_up();
                    return Taken::Bytes(filled);
                }
            };
            match buffer.get_mut(filled..filled + batch.len()) {
                Some(room) => room.copy_from_slice(&batch),
                None => {
                    self.held = Some(batch);
                    return Taken::Bytes(filled);
                }
            }
            filled += batch.len();
            self.backlog += batch.len();
            // Nobody needs it where there are enough, or the engine is gone.
            let _ = self.spare.try_send(batch);
        }
    }
}

impl Inbound {
    /// The queue is empty again.
    fn caught_up(&mut self) {
        if std::mem::take(&mut self.backlog) > LARGE_BACKLOG {
            memory::give_back();
        }
    }
}

impl Batches for Outbound {
    fn pass_on(&mut self, batch: Vec<u8>) -> Vec<u8> {
        let mut next = self.spare.try_recv().unwrap_or_default();
        next.clear();
        if self.batches.send(batch).is_ok() && !self.awake.swap(true, Ordering::SeqCst) {
            self.waker.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
        next
    }
}

impl Drop for Outbound {
    fn drop(&mut self) {
        // Only when the engine dies of a panic: its sessions must hear that nothing more will come.
        if std::thread::panicking() {
            self.waker.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }
}
