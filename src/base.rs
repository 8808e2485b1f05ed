//! The path that every address of the dashboard begins with: empty where it has a server of its own,
//! `/rse` where a proxy gives it a part of one.

use std::sync::Arc;

use leptos::prelude::use_context;
use serde::{Deserialize, Serialize};

/// Without a slash at its end. Cheap to clone.
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

    /// The address of something that is at `path` below the base.
    pub fn path(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

/// The base of the page that is being rendered.
pub fn use_base() -> Base {
    use_context().unwrap_or_default()
}
