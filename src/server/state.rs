//! What requests share: the current snapshot and the cache of figures.

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use super::{
    cache::{CachedFigure, FigureCache},
    figures::{self, Page},
    headline,
    snapshot::Snapshot,
};
use crate::{
    api::{FigureInfo, Headline, Overview, Site},
    error::AppError,
    filter::Filter,
};

/// Cheap to clone; every request has one.
#[derive(Clone, Default)]
pub struct AppState {
    snapshot: Arc<ArcSwapOption<Snapshot>>,
    figures: FigureCache,
}

impl AppState {
    /// Puts a snapshot in the place of the last one; running requests keep theirs.
    pub fn swap(&self, snapshot: Snapshot) {
        self.snapshot.store(Some(Arc::new(snapshot)));
    }

    /// # Errors
    /// [`AppError::NotReady`] until the first snapshot is there.
    pub fn snapshot(&self) -> Result<Arc<Snapshot>, AppError> {
        self.snapshot.load_full().ok_or(AppError::NotReady)
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
        self.figures.read(figure, snapshot, filter).await
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
            freshness: headline::freshness(&snapshot),
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
            title: config.title.clone(),
            source_url: config.source_url.clone(),
        })
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
