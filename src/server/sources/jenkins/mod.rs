//! The format of Jenkins's pipeline library: the fields of an event's document and the names of results.
//! Shared by Cosmos DB and file imports.

mod document;
mod result;

pub use document::{FIELDS, PRODUCER_FIELDS, parse};
