//! The dialect of Jenkins and of the pipeline library that writes its events: the fields of a document
//! and the words for results. Whatever brings such documents (Cosmos DB, a file) reads them here.

mod document;
mod result;

pub use document::{FIELDS, parse};
