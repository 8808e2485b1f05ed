//! Sources against stand-ins over real sockets, and refreshing as such.

mod cosmos;
mod cosmos_faults;
mod cosmos_messages;
mod cosmos_support;
mod refresh;
