//! Sources against stand-ins over real sockets.
