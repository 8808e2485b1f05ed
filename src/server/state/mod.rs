//! What requests share: the current snapshot, what is known of its sources, the cache of figures.

mod dashboard;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use arc_swap::{ArcSwap, ArcSwapOption};
use jiff::Timestamp;
use tokio::{sync::watch, time::Instant};

use super::{
    cache::{CachedFigure, FigureCache},
    figures::{self, Page},
    fragments,
    metrics::{Metrics, Scrape},
    snapshot::Snapshot,
    store::Ledger,
    views::{freshness, headline},
};
use crate::{
    api::{CoverageItem, DataState, FigureInfo, Headline, HtmlFragment, Live, Overview, Site},
    base::Base,
    error::AppError,
    filter::Filter,
};

/// Cheap to clone; every request has several.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

#[derive(Clone)]
struct Shared {
    snapshot: Arc<ArcSwapOption<Snapshot>>,
    ledger: Arc<ArcSwap<Ledger>>,
    /// The sources that this server collects from, by name.
    configured: Arc<[&'static str]>,
    base: Base,
    /// What open pages are told; none once the server stops.
    live: watch::Sender<Option<Live>>,
    /// Since when the store cannot be reached, Unix ms; 0 while it can.
    store_lost: Arc<AtomicI64>,
    /// Why nothing could be loaded yet, where that is known.
    not_ready_reason: Arc<ArcSwapOption<String>>,
    looks: watch::Sender<Option<Instant>>,
    figures: FigureCache,
    metrics: Arc<Metrics>,
}

/// Why the server is not ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unready {
    Stopping,
    Loading,
    /// Why nothing can be loaded.
    Hindered(Arc<String>),
    NoData,
}

impl fmt::Display for Unready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stopping => "stopping",
            Self::Loading => "loading",
            Self::Hindered(reason) => reason,
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
    /// A state without data; `configured` names the sources that this server collects from.
    pub fn new(configured: &[&'static str]) -> Self {
        let metrics = Arc::<Metrics>::default();
        Self(Arc::new(Shared {
            snapshot: Arc::default(),
            ledger: Arc::default(),
            configured: configured.into(),
            base: Base::default(),
            live: watch::Sender::new(Some(Live::default())),
            store_lost: Arc::default(),
            not_ready_reason: Arc::default(),
            looks: watch::Sender::new(None),
            figures: FigureCache::new(Arc::clone(&metrics)),
            metrics,
        }))
    }

    /// The same state, for pages below a base path.
    #[must_use]
    pub fn below(self, base: Base) -> Self {
        let shared = Shared::clone(&self.0);
        Self(Arc::new(Shared { base, ..shared }))
    }

    /// Computes of a snapshot what was asked for of the last one, before it is put in its place.
    pub async fn prepare(&self, snapshot: &Arc<Snapshot>) {
        if let Ok(last) = self.snapshot() {
            self.0.figures.prepare(snapshot, &last.version).await;
        }
    }

    /// Puts a snapshot in the place of the last one; running requests keep theirs.
    pub fn swap(&self, snapshot: impl Into<Arc<Snapshot>>) {
        self.0.snapshot.store(Some(snapshot.into()));
        self.broadcast();
    }

    /// Puts what is known of the sources in the place of what was known before.
    pub fn swap_ledger(&self, ledger: Ledger) {
        self.0.ledger.store(Arc::new(ledger));
        self.broadcast();
    }

    /// What is known of the sources now.
    pub fn ledger(&self) -> Arc<Ledger> {
        self.0.ledger.load_full()
    }

    /// What was counted since the process began.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.0.metrics
    }

    /// The state as metrics report it.
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

    /// The data that the server is ready to answer from.
    ///
    /// # Errors
    /// Why it is not, or should not be asked any more.
    pub fn readiness(&self) -> Result<Arc<Snapshot>, Unready> {
        if self.0.live.borrow().is_none() {
            return Err(Unready::Stopping);
        }
        let snapshot = self.snapshot().map_err(|_| {
            let not_ready_reason = self.0.not_ready_reason.load_full();
            not_ready_reason.map_or(Unready::Loading, Unready::Hindered)
        })?;
        if snapshot.is_empty() {
            return Err(Unready::NoData);
        }
        Ok(snapshot)
    }

    /// Notes why nothing can be loaded yet.
    pub fn set_not_ready(&self, reason: String) {
        self.0.not_ready_reason.store(Some(Arc::new(reason)));
    }

    /// Notes that the store cannot be reached; says whether that is new.
    pub fn store_lost(&self) -> bool {
        let now_ms = Timestamp::now().as_millisecond();
        let lost = &self.0.store_lost;
        let new = lost.compare_exchange(0, now_ms, Ordering::Relaxed, Ordering::Relaxed);
        self.broadcast();
        new.is_ok()
    }

    /// Notes that a look at the store, which began then, found nothing newer than what is shown by
    /// now. Says whether the store had been lost before.
    pub fn record_store_check(&self, began: Instant) -> bool {
        self.0.looks.send_replace(Some(began));
        let new = self.0.store_lost.swap(0, Ordering::Relaxed) != 0;
        if new {
            self.broadcast();
        }
        new
    }

    /// When the last look at the store began that found nothing newer.
    pub fn looks(&self) -> watch::Receiver<Option<Instant>> {
        self.0.looks.subscribe()
    }

    pub fn is_store_lost(&self) -> bool {
        self.store_lost_ms().is_some()
    }

    /// The data version that is shown; none until there is one.
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

    /// What open pages were told last; none once the server stops.
    pub fn current_live(&self) -> Option<Live> {
        self.0.live.borrow().clone()
    }

    /// What open pages are to be told, from now on; none once the server stops.
    pub fn live(&self) -> watch::Receiver<Option<Live>> {
        self.0.live.subscribe()
    }

    /// Lets go of the pages that wait to be told something.
    pub fn stop(&self) {
        self.0.live.send_replace(None);
    }

    /// How old and how complete the data are.
    ///
    /// # Errors
    /// Where nothing is loaded.
    pub fn data_state(&self) -> Result<DataState, AppError> {
        let snapshot = self.snapshot()?;
        let ledger = self.0.ledger.load();
        Ok(freshness::data_state(
            &snapshot,
            &ledger,
            &self.0.configured,
            self.store_lost_ms(),
        ))
    }

    /// Everything that the sources should cover, what was not read first.
    ///
    /// # Errors
    /// Where nothing is loaded.
    pub fn coverage(&self) -> Result<Vec<CoverageItem>, AppError> {
        let snapshot = self.snapshot()?;
        let zone = &snapshot.config.time_zone;
        Ok(freshness::coverage(zone, &self.0.ledger.load()))
    }

    /// # Errors
    /// [`AppError::NotReady`] until the first snapshot is there.
    pub fn snapshot(&self) -> Result<Arc<Snapshot>, AppError> {
        self.0.snapshot.load_full().ok_or(AppError::NotReady)
    }

    /// A figure for a filter, from the cache or computed.
    ///
    /// # Errors
    /// Where the id or a value is unknown, nothing is loaded, or the computation fails.
    pub async fn figure(
        &self,
        id: &str,
        project: Option<&str>,
        build_type: Option<&str>,
        days: Option<&str>,
    ) -> Result<Arc<CachedFigure>, AppError> {
        let figure = figures::find(id).ok_or_else(|| AppError::unknown_figure(id))?;
        let (snapshot, filter) = self.filtered(project, build_type, days)?;
        self.0.figures.read(figure, snapshot, filter).await
    }

    /// What a page, or the page of a single figure, shows around its figures.
    ///
    /// # Errors
    /// Where the page, the figure or a value is unknown, or nothing is loaded.
    pub fn overview(
        &self,
        page: &str,
        project: Option<&str>,
        build_type: Option<&str>,
        days: Option<&str>,
    ) -> Result<Overview, AppError> {
        let (snapshot, _) = self.filtered(project, build_type, days)?;
        let (page, figures) = match Page::from_name(page) {
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
        })
    }

    /// The state of the builds in the window.
    ///
    /// # Errors
    /// Where a value is unknown, or nothing is loaded.
    pub fn headline(
        &self,
        project: Option<&str>,
        build_type: Option<&str>,
        days: Option<&str>,
    ) -> Result<Headline, AppError> {
        let (snapshot, filter) = self.filtered(project, build_type, days)?;
        Ok(headline::headline(&snapshot, &filter))
    }

    /// What is the same on every page; none until the first snapshot is there.
    pub fn site(&self) -> Option<Site> {
        let config = Arc::clone(&self.snapshot().ok()?.config);
        Some(Site {
            // Leptos writes it into the document's <title> without escaping it.
            title: config.title.replace('<', "‹"),
            source_url: config.source_url.clone(),
            live: self.0.live.borrow().clone().unwrap_or_default(),
            reader: None,
        })
    }

    /// What stands on pages beside figures, as text; only the headline depends on the filter.
    ///
    /// # Errors
    /// Where there is no such text, a value is unknown, or nothing is loaded.
    pub fn fragments(
        &self,
        of: &str,
        project: Option<&str>,
        build_type: Option<&str>,
        days: Option<&str>,
    ) -> Result<Vec<HtmlFragment>, AppError> {
        let (snapshot, filter) = self.filtered(project, build_type, days)?;
        match of {
            "freshness" => Ok(fragments::freshness(&self.data_state()?, &self.0.base)),
            "headline" => Ok(fragments::headline(&headline::headline(&snapshot, &filter))),
            "sources" => Ok(fragments::sources(&self.data_state()?, &self.coverage()?)),
            _ => {
                let known = fragments::NAMES.map(str::to_owned);
                Err(AppError::unknown_value("of", of, known.to_vec()))
            }
        }
    }

    fn filtered(
        &self,
        project: Option<&str>,
        build_type: Option<&str>,
        days: Option<&str>,
    ) -> Result<(Arc<Snapshot>, Filter), AppError> {
        let filter = Filter::parse(project, build_type, days)?;
        let snapshot = self.snapshot()?;
        snapshot.check(&filter)?;
        Ok((snapshot, filter))
    }
}

/// The figures of a page, or of all pages.
pub fn figure_infos(snapshot: &Snapshot, page: Option<Page>) -> Vec<FigureInfo> {
    figures::ALL
        .iter()
        .filter(|figure| page.is_none_or(|page| figure.page == page))
        .map(|figure| figure.info(snapshot))
        .collect()
}
