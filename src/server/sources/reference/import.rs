//! `import kev|epss FILE`.

use std::{fmt, path::Path};

use anyhow::{Context as _, Result};
use jiff::civil::Date;
use serde::Serialize;

use super::{MAX_BYTES, at_ms, table};
use crate::server::{
    sources::file::{file_name, read_text},
    store::{Reference, Store},
};

/// The outcome of an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Imported {
    pub as_of: Date,
    pub entries: u64,
    /// The store had another list, or none.
    pub changed: bool,
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            as_of,
            entries,
            changed,
        } = self;
        let kept = if *changed {
            "kept"
        } else {
            "the store has this one or a newer one"
        };
        write!(f, "{entries} CVEs as of {as_of}: {kept}")
    }
}

/// Imports a list from a file, plain or gzip; `-` is standard input.
///
/// # Errors
/// The file cannot be read or has another form, or the store failed.
pub async fn import(store: &mut Store, reference: Reference, path: &Path) -> Result<Imported> {
    let name = file_name(path);
    let path = path.to_owned();
    let read = tokio::task::spawn_blocking(move || table(reference, &read_text(&path, MAX_BYTES)?));
    let list = read.await.context("the reading thread failed")?;
    let list = list.with_context(|| format!("cannot import {name}"))?;
    let at_ms = at_ms(list.as_of)?;
    Ok(Imported {
        as_of: list.as_of,
        entries: list.entries,
        changed: store.put_reference(reference, at_ms, &list.json).await?,
    })
}
