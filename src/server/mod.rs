//! The server: sources → store → snapshot → figures → cache → HTTP. One direction, no arrow back.

pub mod cache;
pub mod cli;
pub mod config;
pub mod encoded;
pub mod environment;
pub mod export;
pub mod figures;
pub mod follow;
pub mod freshness;
pub mod headline;
pub mod http;
pub mod metrics;
pub mod refresh;
pub mod sample;
pub mod sign_in;
pub mod snapshot;
pub mod sources;
pub mod state;
pub mod store;
mod tasks;
pub mod telemetry;
pub mod texts;

/// Imports and requests make and drop many small things, and not on the thread that they were made on.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
