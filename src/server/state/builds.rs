//! Reads single builds from the snapshot and the store.

use std::sync::Arc;

use anyhow::{Context as _, Result};

use super::AppState;
use crate::{
    api::{BuildDetails, PipelineDetails, RepositoryDetails, Today, View},
    error::AppError,
    selection::Selection,
    server::{
        snapshot::Snapshot,
        store::{BuildReader, StoredBuild, WantedBuild},
        views::{build, pipeline, problems, repository},
    },
};

/// The problems whose builds are looked up.
const MAX_ADDRESSES: usize = 25;

impl AppState {
    /// Sets what reads single builds from the store.
    pub fn set_build_reader(&self, reader: BuildReader) {
        self.0.build_reader.store(Some(Arc::new(reader)));
    }

    /// One build, from the store and the snapshot; from the snapshot alone while the store cannot be read.
    ///
    /// # Errors
    /// [`AppError::UnknownBuild`], or [`AppError::NotReady`] without data, and for a build that only the store knows
    /// while it cannot be read.
    pub async fn build(&self, view: &View) -> Result<Arc<BuildDetails>, AppError> {
        let snapshot = self.snapshot()?;
        let wanted = build::wanted(view, snapshot.config.store.keep_months)?;
        if let Some(known) = self.0.builds.get(&snapshot.version, view).await {
            return Ok(known);
        }
        let details = self.find_build(&snapshot, wanted).await?;
        let details = Arc::new(details);
        if details.complete {
            let (cache, found) = (&self.0.builds, Arc::clone(&details));
            cache.insert(&snapshot.version, view, found).await;
        }
        Ok(details)
    }

    /// One pipeline.
    ///
    /// # Errors
    /// [`AppError::UnknownPipeline`], or [`AppError::NotReady`] without data.
    pub async fn pipeline(&self, view: &View) -> Result<PipelineDetails, AppError> {
        let snapshot = self.snapshot()?;
        let number = pipeline::find(&snapshot, view)?;
        let latest = pipeline::latest_stored(&snapshot, number);
        let describe = {
            let snapshot = Arc::clone(&snapshot);
            move || pipeline::details(&snapshot, number)
        };
        let described = tokio::task::spawn_blocking(describe).await;
        let mut details = described.map_err(|error| {
            tracing::error!("describing a pipeline panicked: {error}");
            AppError::Internal
        })?;
        if let Some(latest) = latest
            && let Ok(Some(stored)) = self.read_build(WantedBuild::Ordinal(latest)).await
            && let Ok(build) = stored.build()
            && build.job == details.name
            && let Some(url) = build.url
        {
            let job = pipeline::job_address(url, build.number.unwrap_or_default());
            details.job_address = job.map(|job| build::address(&snapshot, job));
        }
        Ok(details)
    }

    /// One repository.
    ///
    /// # Errors
    /// [`AppError::UnknownRepository`], [`AppError::UnknownValue`], or [`AppError::NotReady`] without data.
    pub async fn repository(&self, view: &View) -> Result<RepositoryDetails, AppError> {
        let snapshot = self.snapshot()?;
        let view = view.clone();
        let describe = move || {
            let wanted = repository::find(&snapshot, &view)?;
            Ok(repository::details(&snapshot, &wanted))
        };
        let described = tokio::task::spawn_blocking(describe).await;
        described.unwrap_or_else(|error| {
            tracing::error!("describing a repository panicked: {error}");
            Err(AppError::Internal)
        })
    }

    /// The start page of a selection, with the addresses of its most urgent failures in their CI systems.
    ///
    /// # Errors
    /// An unknown value, or no snapshot.
    pub async fn today_with_addresses(&self, selection: &Selection) -> Result<Today, AppError> {
        let state = self.clone();
        let selection = selection.clone();
        let described = tokio::task::spawn_blocking(move || state.today(&selection)).await;
        let mut today = described.map_err(|error| {
            tracing::error!("describing the start page panicked: {error}");
            AppError::Internal
        })??;
        let snapshot = self.snapshot()?;
        for problem in today.problems.problems.iter_mut().take(MAX_ADDRESSES) {
            let Some(row) = problems::latest_failure(&snapshot, &problem.id) else {
                continue;
            };
            let row = row as usize;
            let Ok(stored) = self
                .read_build(WantedBuild::Ordinal(snapshot.builds.stored[row]))
                .await
            else {
                // The others could not be read either.
                break;
            };
            if let Some(stored) = stored
                && build::is_same(&snapshot, row, &stored).unwrap_or(false)
                && let Ok(build) = stored.build()
                && let Some(url) = build.url
            {
                problem.build_address = Some(build::address(&snapshot, url));
            }
        }
        Ok(today)
    }

    async fn find_build(
        &self,
        snapshot: &Arc<Snapshot>,
        wanted: WantedBuild,
    ) -> Result<BuildDetails, AppError> {
        let row = match &wanted {
            WantedBuild::Number(system, name, number) => {
                build::row_of(snapshot, system, name, number)
            }
            _ => None,
        };
        let lookup = match row {
            Some(row) => WantedBuild::Ordinal(snapshot.builds.stored[row]),
            None => wanted.clone(),
        };
        let stored = self.read_build(lookup).await;
        let is_readable = stored.is_ok();
        let stored = stored.unwrap_or_else(|error| {
            tracing::warn!("cannot read a build from the store: {error:#}");
            None
        });
        if row.is_none() && stored.is_none() {
            return Err(match wanted {
                WantedBuild::Tag(..) if !is_readable => AppError::NotReady,
                _ => build::unknown(&wanted, snapshot.config.store.keep_months),
            });
        }
        let snapshot = Arc::clone(snapshot);
        let describe = move || describe(&snapshot, row, stored);
        let described = tokio::task::spawn_blocking(describe).await;
        let described = described.context("describing a build panicked");
        described.flatten().map_err(|error| {
            tracing::error!("cannot describe a build: {error:#}");
            AppError::Internal
        })
    }

    async fn read_build(&self, wanted: WantedBuild) -> Result<Option<StoredBuild>> {
        let reader = self.0.build_reader.load_full();
        reader.context("no store is open")?.read(wanted).await
    }
}

fn describe(
    snapshot: &Snapshot,
    row: Option<usize>,
    stored: Option<StoredBuild>,
) -> Result<BuildDetails> {
    let stored = match (row, stored) {
        // The store may have been replaced or cleared since.
        (Some(row), Some(stored)) => build::is_same(snapshot, row, &stored)?.then_some(stored),
        (_, stored) => stored,
    };
    let row = match &stored {
        Some(found) if row.is_none() => {
            let same = build::row_of_stored(snapshot, found.ordinal);
            let is_same = |row: &usize| build::is_same(snapshot, *row, found).unwrap_or(false);
            same.filter(is_same)
        }
        _ => row,
    };
    build::details(snapshot, row, stored.as_ref())
}
