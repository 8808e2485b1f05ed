//! Sources against stand-ins over real sockets, and refreshing as such.

mod refresh;
