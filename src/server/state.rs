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
    api::{FigureInfo, Overview},
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

    /// What a page shows around its figures.
    ///
    /// # Errors
    /// Where the page or a value is unknown, or nothing is loaded.
    pub fn overview(
        &self,
        page: &str,
        project: Option<&str>,
        build_type: Option<&str>,
        days: Option<&str>,
    ) -> Result<Overview, AppError> {
        let known = || vec!["pipelines".to_owned(), "security".to_owned()];
        let page =
            Page::from_name(page).ok_or_else(|| AppError::unknown_value("page", page, known()))?;
        let (snapshot, filter) = self.filtered(project, build_type, days)?;
        Ok(Overview {
            title: snapshot.config.title.clone(),
            projects: snapshot.config.project_choices(),
            figures: figure_infos(&snapshot, Some(page)),
            headline: (page == Page::Pipelines).then(|| headline::headline(&snapshot, &filter)),
            freshness: headline::freshness(&snapshot),
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
