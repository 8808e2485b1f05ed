//! The figures that were asked for, as the bytes that go over the wire.
//!
//! Keyed by figure, filter and data version; computed at most once however many ask at the same
//! time. Old versions fall out as the least recently used.

use std::{sync::Arc, time::Instant};

use anyhow::{Context as _, Result};
use moka::future::Cache;
use tracing::{Instrument as _, instrument::WithSubscriber as _};

use super::{
    encoded::Encoded,
    figures::Figure,
    metrics::{CacheSize, Metrics},
    snapshot::Snapshot,
};
use crate::{api::FigureData, error::AppError, filter::Filter};

/// Enough for every figure with some hundred filters.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// A figure, and its JSON as it is sent.
pub struct CachedFigure {
    pub data: FigureData,
    pub json: Encoded,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    figure: &'static str,
    filter: Filter,
    version: String,
}

#[derive(Clone)]
pub struct FigureCache {
    figures: Cache<Key, Arc<CachedFigure>>,
    metrics: Arc<Metrics>,
}

impl FigureCache {
    pub fn new(metrics: Arc<Metrics>) -> Self {
        let size = |_: &Key, figure: &Arc<CachedFigure>| {
            // The parsed form takes about as much again as its JSON.
            let bytes = figure.json.plain().len() + figure.json.bytes();
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        Self {
            figures: Cache::builder()
                .max_capacity(MOST_BYTES)
                .weigher(size)
                .build(),
            metrics,
        }
    }

    /// The figure for a filter, computed if this version has not been asked for it yet.
    ///
    /// # Errors
    /// [`AppError::Internal`] where the computation fails; the log says why.
    pub async fn read(
        &self,
        figure: &'static Figure,
        snapshot: Arc<Snapshot>,
        filter: Filter,
    ) -> Result<Arc<CachedFigure>, AppError> {
        let key = Key {
            figure: figure.id,
            filter: filter.clone(),
            version: snapshot.version.clone(),
        };
        if let Some(figure) = self.figures.get(&key).await {
            self.metrics.figures.asked(false);
            return Ok(figure);
        }
        let metrics = Arc::clone(&self.metrics);
        let compute = async move {
            // It runs on another thread, and still belongs to the request that asked first.
            let span = tracing::info_span!("compute a figure", figure = figure.id);
            let computed = tokio::task::spawn_blocking(move || {
                let began = Instant::now();
                let figure_data = span.in_scope(|| encode(figure.compute(&snapshot, &filter)?));
                metrics.figures.computed(figure.id, began.elapsed());
                figure_data
            });
            let computed = computed.await.context("the computation panicked")?;
            computed.map(Arc::new)
        };
        // Whoever asked may leave; the work is done once all the same, and kept for the next.
        let figures = self.figures.clone();
        let read = async move { figures.entry(key).or_try_insert_with(compute).await };
        let read = tokio::spawn(read.in_current_span().with_current_subscriber()).await;
        let read = read.unwrap_or_else(|error| Err(Arc::new(error.into())));
        match read {
            Ok(entry) => {
                self.metrics.figures.asked(entry.is_fresh());
                Ok(entry.into_value())
            }
            Err(error) => {
                let error: Arc<anyhow::Error> = error;
                tracing::error!(figure = figure.id, "cannot compute the figure: {error:#}");
                self.metrics.figures.asked(true);
                Err(AppError::Internal)
            }
        }
    }

    /// How much it holds.
    pub async fn size(&self) -> CacheSize {
        // What is counted is brought up to date by the cache's own upkeep alone.
        self.figures.run_pending_tasks().await;
        CacheSize {
            entries: self.figures.entry_count(),
            bytes: self.figures.weighted_size(),
        }
    }
}

fn encode(data: FigureData) -> Result<CachedFigure> {
    let json = Encoded::new(serde_json::to_vec(&data)?);
    Ok(CachedFigure { data, json })
}
