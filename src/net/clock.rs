//! The clock behind the protocol's moments: the system's monotonic one, counted from when it was first read.

use std::{sync::OnceLock, time};

use crate::proto::Instant;

/// The protocol's first moment, by the system's clock.
fn start() -> time::Instant {
    static START: OnceLock<time::Instant> = OnceLock::new();
    *START.get_or_init(time::Instant::now)
}

/// This moment.
pub(super) fn now() -> Instant {
    Instant::START + start().elapsed()
}

/// The same moment by the system's clock, for what sleeps until then.
pub(super) fn system(at: Instant) -> time::Instant {
    start() + at.saturating_duration_since(Instant::START)
}

/// How far the calendar is.
pub(super) fn calendar() -> time::Duration {
    time::SystemTime::now().duration_since(time::UNIX_EPOCH).unwrap_or_default()
}
