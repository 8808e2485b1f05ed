//! Sources against stand-ins over real sockets.

mod cosmos;
mod cosmos_faults;
mod cosmos_messages;
mod cosmos_support;
