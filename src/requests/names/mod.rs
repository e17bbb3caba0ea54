//! Names to addresses: [`resolver`] knows what is known of each host and who waits for it, and says what is to be looked up.

pub(crate) mod addresses;
pub(crate) mod error;
mod host;
pub(crate) mod resolver;
