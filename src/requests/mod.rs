//! Requests from the command that asks for them to their outcome, without IO: whose they are, the hosts they wait for, the
//! paths they go by. What looks names up, sends and receives drives it: an [`Engine`](crate::net::Engine) of threads and
//! sockets, or one in WebAssembly.

#![forbid(unsafe_code)]
// What only an engine of threads and sockets needs.
#![cfg_attr(target_arch = "wasm32", allow(dead_code, unused_imports))]

mod failure;
mod messages;
mod names;
mod path;
mod paths;
mod proxy_error;
mod sessions;
mod stats;
mod transport;

pub use failure::Failure;
pub(crate) use messages::session_of;
pub use messages::{Command, Decision, Found, Place, Preferences, SessionId, Sink, Start};
pub use names::error::{LookUpError, ServerProblem};
pub(crate) use names::resolver::LookUp;
pub(crate) use path::{Change, Requests};
pub(crate) use paths::{Paths, Way};
pub use proxy_error::ProxyError;
pub(crate) use sessions::Sessions;
pub use stats::Stats;
pub use transport::{CallerLookup, Proxy, Transport, TransportError};
