//! The base path of all addresses: empty at the root of a server, `/rse` behind a proxy that serves the
//! dashboard there.

use std::sync::Arc;

use leptos::prelude::use_context;
use serde::{Deserialize, Serialize};

/// A base path without a trailing slash. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Base(Arc<str>);

impl Base {
    pub fn new(path: &str) -> Self {
        Self(path.trim_end_matches('/').into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address of `path` under the base path.
    pub fn path(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

/// The base path of the current page.
pub fn use_base() -> Base {
    use_context().unwrap_or_default()
}
