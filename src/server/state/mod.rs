//! State shared by requests: the current snapshot, the ledger of the sources, the cache of figures.

mod builds;
mod comparisons;
mod dashboard;
mod fragments;
mod snoozes;
mod views;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use arc_swap::{ArcSwap, ArcSwapOption};
use jiff::Timestamp;
use tokio::{sync::watch, time::Instant};

use super::{
    cache::{BuildCache, CachedFigure, CachedHeadline, FigureCache, HeadlineCache, TeamCache},
    figures::{self, Page},
    metrics::{Metrics, Scrape},
    snapshot::Snapshot,
    store::{BuildReader, Ledger, SnoozeWriter},
    views::{
        freshness::{self, Audience},
        pipeline, problems,
    },
};
use crate::{
    api::{CoverageItem, DataState, FigureInfo, Live, Overview, Site},
    base::Base,
    error::AppError,
    selection::Selection,
};

/// The shared state. Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

#[derive(Clone)]
struct Shared {
    snapshot: Arc<ArcSwapOption<Snapshot>>,
    ledger: Arc<ArcSwap<Ledger>>,
    /// The names of the sources that this server syncs.
    configured: Arc<[&'static str]>,
    base: Base,
    /// Everyone who can reach the server can read the dashboard.
    open: bool,
    /// Readers are signed in.
    signed_in: bool,
    /// The state that open pages receive; none once the server stops.
    live: watch::Sender<Option<Live>>,
    /// The start of a store outage, Unix ms; 0 while the store is reachable.
    store_lost: Arc<AtomicI64>,
    /// Nothing is loaded yet because the store cannot be used.
    store_unusable: Arc<AtomicBool>,
    looks: watch::Sender<Option<Instant>>,
    figures: FigureCache,
    headlines: HeadlineCache,
    builds: BuildCache,
    teams: TeamCache,
    /// Reads single builds; none until the store is open.
    build_reader: Arc<ArcSwapOption<BuildReader>>,
    /// Writes snoozes; none until the store is open.
    snooze_writer: Arc<ArcSwapOption<SnoozeWriter>>,
    metrics: Arc<Metrics>,
}

/// The reason why the server is not ready, as far as strangers may know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unready {
    Stopping,
    Loading,
    /// The store cannot be used; the log has the reason.
    Store,
    NoData,
}

impl fmt::Display for Unready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stopping => "stopping",
            Self::Loading => "loading",
            Self::Store => "store",
            Self::NoData => "the store holds no data",
        })
    }
}

impl Default for AppState {
    fn default() -> Self {
        Self::new(&[])
    }
}

impl AppState {
    /// A state without data; `configured` names the sources that this server syncs.
    pub fn new(configured: &[&'static str]) -> Self {
        let metrics = Arc::<Metrics>::default();
        Self(Arc::new(Shared {
            snapshot: Arc::default(),
            ledger: Arc::default(),
            configured: configured.into(),
            base: Base::default(),
            open: false,
            signed_in: false,
            live: watch::Sender::new(Some(Live::default())),
            store_lost: Arc::default(),
            store_unusable: Arc::default(),
            looks: watch::Sender::new(None),
            figures: FigureCache::new(Arc::clone(&metrics)),
            headlines: HeadlineCache::new(Base::default()),
            builds: BuildCache::default(),
            teams: TeamCache::default(),
            build_reader: Arc::default(),
            snooze_writer: Arc::default(),
            metrics,
        }))
    }

    /// The same state for pages under a base path, which are `open` to everyone or not, or to readers who have
    /// `signed_in`.
    #[must_use]
    pub fn served(self, base: Base, open: bool, signed_in: bool) -> Self {
        let shared = Shared::clone(&self.0);
        Self(Arc::new(Shared {
            headlines: HeadlineCache::new(base.clone()),
            base,
            open,
            signed_in,
            ..shared
        }))
    }

    /// Computes the figures of a new snapshot that were requested from the current one.
    pub async fn prepare(&self, snapshot: &Arc<Snapshot>) {
        if let Ok(last) = self.snapshot() {
            self.0.figures.prepare(snapshot, &last.version).await;
        }
    }

    /// Replaces the snapshot; running requests keep theirs.
    pub fn swap(&self, snapshot: impl Into<Arc<Snapshot>>) {
        let snapshot = snapshot.into();
        debug_assert!(snapshot.has_insight(), "a snapshot without its insight");
        self.0.snapshot.store(Some(snapshot));
        self.broadcast();
    }

    /// Replaces the ledger of the sources.
    pub fn swap_ledger(&self, ledger: Ledger) {
        self.0.ledger.store(Arc::new(ledger));
        self.broadcast();
    }

    /// The current ledger of the sources.
    pub fn ledger(&self) -> Arc<Ledger> {
        self.0.ledger.load_full()
    }

    /// The counters of this process.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.0.metrics
    }

    /// The state that metrics report.
    pub async fn scrape(&self) -> Scrape {
        Scrape {
            snapshot: self.snapshot().ok(),
            ledger: self.ledger(),
            configured: Arc::clone(&self.0.configured),
            cache_size: self.0.figures.size().await,
            ready: self.readiness().is_ok(),
            store_lost: self.is_store_lost(),
        }
    }

    /// The current snapshot, if the server can answer from it.
    ///
    /// # Errors
    /// The reason why the server is not ready.
    pub fn readiness(&self) -> Result<Arc<Snapshot>, Unready> {
        if self.0.live.borrow().is_none() {
            return Err(Unready::Stopping);
        }
        let snapshot = self.snapshot().map_err(|_| {
            if self.0.store_unusable.load(Ordering::Relaxed) {
                Unready::Store
            } else {
                Unready::Loading
            }
        })?;
        if snapshot.is_empty() {
            return Err(Unready::NoData);
        }
        Ok(snapshot)
    }

    /// Records that nothing is loaded yet because the store cannot be used.
    pub fn set_store_unusable(&self) {
        self.0.store_unusable.store(true, Ordering::Relaxed);
    }

    /// Records that the store is unreachable; returns whether it was reachable before.
    pub fn store_lost(&self) -> bool {
        let now_ms = Timestamp::now().as_millisecond();
        let lost = &self.0.store_lost;
        let new = lost.compare_exchange(0, now_ms, Ordering::Relaxed, Ordering::Relaxed);
        self.broadcast();
        new.is_ok()
    }

    /// Records a check of the store, started at `began`, that found nothing newer than the current
    /// snapshot. Returns whether the store had been unreachable.
    pub fn record_store_check(&self, began: Instant) -> bool {
        self.0.looks.send_replace(Some(began));
        let new = self.0.store_lost.swap(0, Ordering::Relaxed) != 0;
        if new {
            self.broadcast();
        }
        new
    }

    /// The start of the last check of the store that found nothing newer.
    pub fn store_checks(&self) -> watch::Receiver<Option<Instant>> {
        self.0.looks.subscribe()
    }

    pub fn is_store_lost(&self) -> bool {
        self.store_lost_ms().is_some()
    }

    /// The version of the current snapshot; none until one is loaded.
    pub fn version(&self) -> Option<Arc<str>> {
        let snapshot = self.0.snapshot.load();
        let snapshot = snapshot.as_ref()?;
        Some(Arc::clone(&snapshot.version))
    }

    fn store_lost_ms(&self) -> Option<i64> {
        Some(self.0.store_lost.load(Ordering::Relaxed)).filter(|at_ms| *at_ms != 0)
    }

    fn broadcast(&self) {
        let snapshot = self.snapshot();
        let lost_ms = self.store_lost_ms();
        let live =
            snapshot.map(|snapshot| freshness::live(&snapshot, &self.0.ledger.load(), lost_ms));
        self.0.live.send_if_modified(|told| match (told, live) {
            (Some(told), Ok(live)) if *told != live => {
                *told = live;
                true
            }
            _ => false,
        });
    }

    /// The latest state sent to open pages; none once the server stops.
    pub fn current_live(&self) -> Option<Live> {
        self.0.live.borrow().clone()
    }

    /// Subscribes to the state sent to open pages; none once the server stops.
    pub fn live(&self) -> watch::Receiver<Option<Live>> {
        self.0.live.subscribe()
    }

    /// Ends the event streams of open pages.
    pub fn stop(&self) {
        self.0.live.send_replace(None);
    }

    /// The age and completeness of the data.
    ///
    /// # Errors
    /// [`AppError::NotReady`].
    pub fn data_state(&self) -> Result<DataState, AppError> {
        let snapshot = self.snapshot()?;
        let ledger = self.0.ledger.load();
        Ok(freshness::data_state(
            &snapshot,
            &ledger,
            &self.0.configured,
            self.store_lost_ms(),
            self.audience(),
            Timestamp::now().as_millisecond(),
        ))
    }

    fn audience(&self) -> Audience {
        if self.0.open {
            Audience::Everyone
        } else {
            Audience::Readers
        }
    }

    /// Every item of the sources, unread ones first.
    ///
    /// # Errors
    /// [`AppError::NotReady`].
    pub fn coverage(&self) -> Result<Vec<CoverageItem>, AppError> {
        let snapshot = self.snapshot()?;
        let zone = &snapshot.config.time_zone;
        let ledger = self.0.ledger.load();
        Ok(freshness::coverage(zone, &ledger, self.audience()))
    }

    /// # Errors
    /// [`AppError::NotReady`] until the first snapshot is loaded.
    pub fn snapshot(&self) -> Result<Arc<Snapshot>, AppError> {
        self.0.snapshot.load_full().ok_or(AppError::NotReady)
    }

    /// A figure for a selection, if it is cached.
    ///
    /// # Errors
    /// An unknown id or value, or no snapshot.
    pub async fn cached_figure(
        &self,
        id: &str,
        selection: &Selection,
    ) -> Result<Option<Arc<CachedFigure>>, AppError> {
        let figure = figures::find(id).ok_or_else(|| AppError::unknown_figure(id))?;
        let snapshot = self.selected(selection)?;
        Ok(self
            .0
            .figures
            .cached(figure, &snapshot, selection.clone())
            .await)
    }

    /// A figure for a selection, from the cache or computed.
    ///
    /// # Errors
    /// An unknown id or value, no snapshot, or a failed computation.
    pub async fn figure(
        &self,
        id: &str,
        selection: &Selection,
    ) -> Result<Arc<CachedFigure>, AppError> {
        let figure = figures::find(id).ok_or_else(|| AppError::unknown_figure(id))?;
        let snapshot = self.selected(selection)?;
        self.0
            .figures
            .read(figure, snapshot, selection.clone())
            .await
    }

    /// The chart of a figure as an SVG document; a sentence in it says why there is nothing to draw.
    ///
    /// # Errors
    /// An unknown id or value, no snapshot, or a failed computation.
    pub async fn picture(&self, id: &str, selection: &Selection) -> Result<Arc<str>, AppError> {
        let figure = figures::find(id).ok_or_else(|| AppError::unknown_figure(id))?;
        let snapshot = self.selected(selection)?;
        let figures = &self.0.figures;
        figures.document(figure, snapshot, selection.clone()).await
    }

    /// The title, filters and cards of a page, or of the page of a single figure.
    ///
    /// # Errors
    /// An unknown page, figure or value, or no snapshot.
    pub fn overview(&self, page: &str, selection: &Selection) -> Result<Overview, AppError> {
        let snapshot = self.selected(selection)?;
        let pipeline = (page == "pipeline").then(|| pipeline::name(&snapshot, selection));
        let (page, figures) = match Page::from_name(page) {
            None if pipeline.is_some() => (Page::Pipelines, Vec::new()),
            Some(page) => (page, figure_infos(&snapshot, Some(page))),
            None => {
                let figure = figures::find(page).ok_or_else(|| AppError::unknown_figure(page))?;
                (figure.page, vec![figure.info(&snapshot)])
            }
        };
        Ok(Overview {
            title: snapshot.config.title.clone(),
            page: page.as_str().to_owned(),
            projects: snapshot.config.project_choices(),
            figures,
            pipeline: pipeline.transpose()?,
        })
    }

    /// The headline for a selection, if it is cached.
    ///
    /// # Errors
    /// An unknown value, or no snapshot.
    pub async fn cached_headline(
        &self,
        selection: &Selection,
    ) -> Result<Option<Arc<CachedHeadline>>, AppError> {
        let snapshot = self.selected(selection)?;
        Ok(self.0.headlines.cached(&snapshot, selection.clone()).await)
    }

    /// The headline for a selection, from the cache or computed.
    ///
    /// # Errors
    /// An unknown value, no snapshot, or a failed computation.
    pub async fn headline(&self, selection: &Selection) -> Result<Arc<CachedHeadline>, AppError> {
        let snapshot = self.selected(selection)?;
        self.0.headlines.read(snapshot, selection.clone()).await
    }

    /// Returns whether there is a problem that is not snoozed.
    pub fn needs_attention(&self) -> bool {
        self.snapshot().is_ok_and(|snapshot| {
            let ledger = self.0.ledger.load();
            let now_ms = Timestamp::now().as_millisecond();
            problems::needs_attention(&snapshot, &ledger.snoozes, now_ms)
        })
    }

    /// The parts that all pages share; none until the first snapshot is loaded.
    pub fn site(&self) -> Option<Site> {
        let snapshot = self.snapshot().ok()?;
        let config = &snapshot.config;
        Some(Site {
            title: config.title.clone(),
            projects: config.project_choices(),
            teams: self.0.teams.teams(&snapshot),
            source_url: config.source_url.clone(),
            live: self.0.live.borrow().clone().unwrap_or_default(),
            reader: None,
            open: self.0.open,
            attention: self.needs_attention(),
        })
    }

    /// The snapshot, if it can answer for a selection.
    ///
    /// # Errors
    /// An unknown value, or no snapshot.
    pub fn selected(&self, selection: &Selection) -> Result<Arc<Snapshot>, AppError> {
        selection.check()?;
        let snapshot = self.snapshot()?;
        snapshot.check(selection)?;
        Ok(snapshot)
    }
}

/// The figures of a page, or of all pages.
pub fn figure_infos(snapshot: &Snapshot, page: Option<Page>) -> Vec<FigureInfo> {
    match page {
        Some(page) => figures::of_page(page)
            .map(|figure| figure.info(snapshot))
            .collect(),
        None => figures::ALL
            .iter()
            .map(|figure| figure.info(snapshot))
            .collect(),
    }
}
