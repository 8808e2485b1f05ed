//! RSE dashboard: which pipelines fail, where, since when and why; and how exposed the code is.
//!
//! `ARCHITECTURE.md` explains how the parts work together.

pub mod api;
pub mod error;
pub mod filter;
#[cfg(feature = "ssr")]
pub mod server;
