//! The engine's counters as other threads may read them.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::proto::Counters;

/// Declares the counters once: their cells, their names, and how they are copied from the client.
macro_rules! stats {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// What happened since the engine started. Each number is true of some recent moment, not all of the same one.
        #[derive(Debug, Default)]
        pub struct Stats {
            /// Requests that have not ended.
            pub pending: AtomicU64,
            /// Datagrams the system would not send.
            pub send_errors: AtomicU64,
            /// Errors in receiving.
            pub receive_errors: AtomicU64,
            $($(#[$doc])* pub $name: AtomicU64,)*
        }

        impl Stats {
            /// Makes the client's counters readable. Called by the engine after each turn.
            pub(crate) fn publish(&self, counters: Counters, pending: usize) {
                self.pending.store(pending as u64, Ordering::Relaxed);
                $(self.$name.store(counters.$name, Ordering::Relaxed);)*
            }

            /// Every counter with its name.
            pub fn read(&self) -> Vec<(&'static str, u64)> {
                vec![
                    ("pending", self.pending.load(Ordering::Relaxed)),
                    $((stringify!($name), self.$name.load(Ordering::Relaxed)),)*
                    ("send_errors", self.send_errors.load(Ordering::Relaxed)),
                    ("receive_errors", self.receive_errors.load(Ordering::Relaxed)),
                ]
            }
        }

        /// Adds one client's counters to another's.
        pub(crate) fn add(sum: &mut Counters, counters: Counters) {
            $(sum.$name += counters.$name;)*
        }
    };
}

stats! {
    /// See [`Counters::requests`].
    requests,
    /// See [`Counters::sent`].
    sent,
    /// See [`Counters::connects`].
    connects,
    /// See [`Counters::retransmissions`].
    retransmissions,
    /// See [`Counters::fresh_ports`].
    fresh_ports,
    /// See [`Counters::received`].
    received,
    /// See [`Counters::answered`].
    answered,
    /// See [`Counters::failed`].
    failed,
    /// See [`Counters::dropped_unknown`].
    dropped_unknown,
    /// See [`Counters::dropped_late`].
    dropped_late,
    /// See [`Counters::dropped_stray`].
    dropped_stray,
}
