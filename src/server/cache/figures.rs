//! The cache of requested figures, as the bytes that are sent.
//!
//! Keyed by figure, selection and data version; computed once for all concurrent requests, and in advance
//! for new data if requested for the last. Old versions are evicted as the least recently used.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use foldhash::fast::RandomState;
use moka::future::Cache;

use crate::{
    api::{FigureData, TableRows},
    error::AppError,
    selection::Selection,
    server::{
        compression::{Encoded, Level},
        figures::{self, Figure},
        metrics::{CacheSize, Metrics},
        snapshot::Snapshot,
        tasks,
    },
};

/// Enough for every figure with several hundred filters.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Enough for the pictures of a few pages with several filters.
const MAX_DOCUMENT_BYTES: u64 = 4 * 1024 * 1024;
/// Limits how many figures are prepared before new data is shown: those of a few pages.
const MAX_PREPARED: usize = 64;
/// A figure is prepared for so many versions without being requested.
const MAX_UNREQUESTED: u8 = 3;
const MAX_PREPARATION: Duration = Duration::from_millis(300);

/// A figure and its JSON as it is sent.
pub struct CachedFigure {
    pub data: FigureData,
    json: Encoded,
    /// With the rows that a page shows; none if it shows all.
    page_json: Option<Encoded>,
    /// The number of versions for which it has not been requested.
    unrequested: AtomicU8,
}

impl CachedFigure {
    /// The JSON with these rows.
    pub fn json(&self, rows: TableRows) -> &Encoded {
        match (rows, &self.page_json) {
            (TableRows::Page, Some(page)) => page,
            _ => &self.json,
        }
    }

    /// Compresses the JSON as that of the last version was sent.
    fn prepare(&self, last: &Self) {
        for rows in TableRows::EVERY {
            self.json(rows).prepare(last.json(rows));
        }
    }

    /// The approximate memory use: the parsed form takes about as much again as its JSON.
    fn bytes(&self) -> usize {
        let page = self.page_json.as_ref().map_or(0, Encoded::bytes);
        let of_pages = self.data.picture.len();
        let plot = self
            .data
            .page_plot
            .as_ref()
            .map_or(0, |plot| plot.get().len());
        self.json.plain().bytes.len() + self.json.bytes() + page + of_pages + plot
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    figure: &'static str,
    selection: Selection,
    version: Arc<str>,
}

#[derive(Clone)]
pub struct FigureCache {
    figures: Cache<Key, Arc<CachedFigure>, RandomState>,
    /// Charts as SVG documents.
    documents: Cache<Key, Arc<str>, RandomState>,
    metrics: Arc<Metrics>,
}

impl FigureCache {
    pub fn new(metrics: Arc<Metrics>) -> Self {
        let size =
            |_: &Key, figure: &Arc<CachedFigure>| u32::try_from(figure.bytes()).unwrap_or(u32::MAX);
        Self {
            figures: Cache::builder()
                .max_capacity(MAX_BYTES)
                .weigher(size)
                .build_with_hasher(RandomState::default()),
            documents: Cache::builder()
                .max_capacity(MAX_DOCUMENT_BYTES)
                .weigher(|_: &Key, text: &Arc<str>| u32::try_from(text.len()).unwrap_or(u32::MAX))
                .build_with_hasher(RandomState::default()),
            metrics,
        }
    }

    /// The figure for a selection, if it is cached for this version.
    pub async fn cached(
        &self,
        figure: &'static Figure,
        snapshot: &Snapshot,
        selection: Selection,
    ) -> Option<Arc<CachedFigure>> {
        self.hit(&Key {
            figure: figure.id,
            selection,
            version: Arc::clone(&snapshot.version),
        })
        .await
    }

    async fn hit(&self, key: &Key) -> Option<Arc<CachedFigure>> {
        let figure = self.figures.get(key).await?;
        self.metrics.figures.asked(false);
        figure.unrequested.store(0, Ordering::Relaxed);
        Some(figure)
    }

    /// The figure for a selection, computed if it is not cached for this version.
    ///
    /// # Errors
    /// [`AppError::Internal`] if the computation fails; the log has the reason.
    pub async fn read(
        &self,
        figure: &'static Figure,
        snapshot: Arc<Snapshot>,
        selection: Selection,
    ) -> Result<Arc<CachedFigure>, AppError> {
        let key = Key {
            figure: figure.id,
            selection,
            version: Arc::clone(&snapshot.version),
        };
        if let Some(figure) = self.hit(&key).await {
            return Ok(figure);
        }
        // The client may leave; the work is completed all the same and cached for the next.
        let figures = self.figures.clone();
        let compute = self.compute(figure, snapshot, key.selection.clone());
        let read = async move { figures.entry(key).or_try_insert_with(compute).await };
        let read = tasks::run_to_completion(read).await;
        match read.unwrap_or_else(|error| Err(Arc::new(error.into()))) {
            Ok(entry) => {
                self.metrics.figures.asked(entry.is_fresh());
                let figure = entry.into_value();
                figure.unrequested.store(0, Ordering::Relaxed);
                Ok(figure)
            }
            Err(error) => {
                let error: Arc<anyhow::Error> = error;
                tracing::error!(figure = figure.id, "cannot compute the figure: {error:#}");
                self.metrics.figures.asked(true);
                Err(AppError::Internal)
            }
        }
    }

    /// The chart of a figure as an SVG document, drawn if it is not cached for this version.
    ///
    /// # Errors
    /// [`AppError::Internal`] if the drawing fails; the log has the reason.
    pub async fn document(
        &self,
        figure: &'static Figure,
        snapshot: Arc<Snapshot>,
        selection: Selection,
    ) -> Result<Arc<str>, AppError> {
        let key = Key {
            figure: figure.id,
            selection: selection.clone(),
            version: Arc::clone(&snapshot.version),
        };
        let draw = async move {
            let draw = move || figures::document(figure, &snapshot, &selection);
            tokio::task::spawn_blocking(draw).await.map(Arc::from)
        };
        let drawn = self.documents.try_get_with(key, draw).await;
        drawn.map_err(|error| {
            tracing::error!(figure = figure.id, "cannot draw the chart: {error}");
            AppError::Internal
        })
    }

    /// Computes and compresses the recently requested figures for new data, one after the other in the
    /// background, so that nobody waits for them once the data is shown.
    pub async fn prepare(&self, snapshot: &Arc<Snapshot>, last_version: &str) {
        let began = Instant::now();
        let mut requested: Vec<_> = self
            .figures
            .iter()
            .filter(|(key, figure)| {
                &*key.version == last_version
                    && figure.unrequested.load(Ordering::Relaxed) < MAX_UNREQUESTED
            })
            .collect();
        // Figures without a selection come first: pages show them first.
        requested.sort_by_key(|(key, _)| key.selection != Selection::default());
        for (key, last) in requested.into_iter().take(MAX_PREPARED) {
            if began.elapsed() > MAX_PREPARATION {
                break;
            }
            let Some(figure) = figures::find(key.figure) else {
                continue;
            };
            let compute = self.compute(figure, Arc::clone(snapshot), key.selection.clone());
            let key = Key {
                version: Arc::clone(&snapshot.version),
                ..Key::clone(&key)
            };
            let compute = async move {
                let figure = compute.await?;
                let unrequested = last.unrequested.load(Ordering::Relaxed) + 1;
                figure.unrequested.store(unrequested, Ordering::Relaxed);
                let compressed = Arc::clone(&figure);
                tokio::task::spawn_blocking(move || compressed.prepare(&last)).await?;
                anyhow::Ok(figure)
            };
            // The next request for it gets the error.
            if let Err(error) = self.figures.entry(key).or_try_insert_with(compute).await {
                tracing::error!(figure = figure.id, "cannot prepare the figure: {error:#}");
            }
        }
    }

    fn compute(
        &self,
        figure: &'static Figure,
        snapshot: Arc<Snapshot>,
        selection: Selection,
    ) -> impl Future<Output = Result<Arc<CachedFigure>>> + Send + 'static {
        let metrics = Arc::clone(&self.metrics);
        async move {
            // Runs on another thread, and belongs to the request that came first.
            let span = tracing::info_span!("compute a figure", figure = figure.id);
            let computed = tokio::task::spawn_blocking(move || {
                let began = Instant::now();
                let figure_data = span.in_scope(|| encode(figure.compute(&snapshot, &selection)?));
                metrics.figures.computed(figure.id, began.elapsed());
                figure_data
            });
            let computed = computed.await.context("the computation panicked")?;
            computed.map(Arc::new)
        }
    }

    /// The number and the size of the cached figures.
    pub async fn size(&self) -> CacheSize {
        // The cache updates its counts only during maintenance.
        self.figures.run_pending_tasks().await;
        CacheSize {
            entries: self.figures.entry_count(),
            bytes: self.figures.weighted_size(),
        }
    }
}

fn encode(data: FigureData) -> Result<CachedFigure> {
    let tag = format!("{}-{}", data.version, env!("BUILD_ID"));
    let page_json = if data.rows.len() > figures::MAX_PAGE_ROWS {
        let page = serde_json::to_vec(&figures::for_page(&data))?;
        Some(Encoded::new(page, format!("{tag}-page"), Level::Fast))
    } else {
        None
    };
    let json = Encoded::new(serde_json::to_vec(&data)?, tag, Level::Fast);
    let unrequested = AtomicU8::default();
    Ok(CachedFigure {
        data,
        json,
        page_json,
        unrequested,
    })
}
