//! Node-API. Nothing here knows the protocol's rules.

mod engine;
mod queue;
mod session;
mod url;
mod waker;
