//! Sources against stand-ins over real sockets, and syncing in general.

mod access;
mod audit;
mod cosmos;
mod cosmos_faults;
mod cosmos_messages;
mod cosmos_reports;
mod cosmos_support;
mod github;
mod github_alerts;
mod github_description;
mod github_faults;
mod github_limits;
mod github_owners;
mod github_real;
mod github_repositories;
mod github_support;
mod kill;
mod program;
mod reference;
mod scan;
mod secrets;
#[path = "../shared/mod.rs"]
mod shared;
mod sync;
