//! Sources against stand-ins over real sockets.

mod github;
mod github_description;
mod github_faults;
mod github_real;
mod github_support;
