//! Node-API: packed commands in, packed outcomes out, many a call. Nothing here knows the protocol's rules.

mod commands;
mod details;
mod engine;
mod outcomes;
mod reader;
mod session;
mod transports;
mod url;
mod waker;
