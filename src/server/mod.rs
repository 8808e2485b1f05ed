//! The server: sources → store → snapshot → figures → cache → HTTP. Data flows in this direction only.

mod allocator;
pub mod attributes;
mod bare_document;
pub mod cache;
pub mod charts;
pub mod cli;
pub mod compression;
pub mod config;
pub mod environment;
pub mod export;
pub mod figures;
pub mod fragments;
#[cfg(any(test, fuzzing))]
mod fuzz_target;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod http;
pub mod insight;
pub mod metrics;
pub mod model;
pub mod reload;
mod retention;
pub mod sample;
pub mod sign_in;
pub mod significance;
pub mod snapshot;
pub mod sources;
pub mod state;
pub mod statistics;
pub mod store;
pub mod sync;
mod tasks;
pub mod telemetry;
pub mod views;
