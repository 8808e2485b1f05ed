//! Reads lists and reports of a selection from the snapshot.

use jiff::Timestamp;

use super::AppState;
use crate::{
    api::{
        BuildList, IncidentList, InsightTable, PipelineList, ProblemList, SearchResults,
        SecurityHead, Today, View, WeekReport,
    },
    error::AppError,
    selection::Selection,
    server::views::{
        build_list, insight_table, pipeline_list, problems, search, security, today, week,
    },
};

impl AppState {
    /// The builds of a selection.
    ///
    /// # Errors
    /// An unknown value, or no snapshot.
    pub fn builds(&self, selection: &Selection, view: &View) -> Result<BuildList, AppError> {
        let snapshot = self.selected(selection)?;
        build_list::build_list(&snapshot, selection, view)
    }

    /// The pipelines of a selection.
    ///
    /// # Errors
    /// An unknown value, or no snapshot.
    pub fn pipelines(&self, selection: &Selection, view: &View) -> Result<PipelineList, AppError> {
        let snapshot = self.selected(selection)?;
        pipeline_list::pipeline_list(&snapshot, selection, view)
    }

    /// The incidents of a selection.
    ///
    /// # Errors
    /// An unknown value, or no snapshot.
    pub fn incidents(&self, selection: &Selection, view: &View) -> Result<IncidentList, AppError> {
        let snapshot = self.selected(selection)?;
        insight_table::incident_list(&snapshot, selection, view)
    }

    /// A kind of insight about a selection; none if there is no such kind.
    ///
    /// # Errors
    /// An unknown value, or no snapshot.
    pub fn insight(
        &self,
        kind: &str,
        selection: &Selection,
        view: &View,
    ) -> Result<Option<InsightTable>, AppError> {
        let snapshot = self.selected(selection)?;
        let ledger = self.0.ledger.load();
        let now_ms = Timestamp::now().as_millisecond();
        insight_table::insight_table(&snapshot, kind, selection, view, &ledger.snoozes, now_ms)
    }

    /// The results of a search.
    ///
    /// # Errors
    /// Too long a text, or no snapshot.
    pub fn search(&self, view: &View) -> Result<SearchResults, AppError> {
        search::search(&*self.snapshot()?, view, &self.0.base)
    }

    /// A week of a selection's pipelines.
    ///
    /// # Errors
    /// An unknown value, or no snapshot.
    pub fn week(&self, selection: &Selection, view: &View) -> Result<WeekReport, AppError> {
        let snapshot = self.selected(selection)?;
        week::week(&snapshot, selection, view)
    }

    /// The problems of a selection.
    ///
    /// # Errors
    /// An unknown value, or no snapshot.
    pub fn problems(&self, selection: &Selection) -> Result<ProblemList, AppError> {
        let snapshot = self.selected(selection)?;
        let ledger = self.0.ledger.load();
        let now_ms = Timestamp::now().as_millisecond();
        Ok(problems::problem_list(
            &snapshot,
            selection,
            &ledger.snoozes,
            now_ms,
        ))
    }

    /// The start page of a selection, without the addresses of builds.
    ///
    /// # Errors
    /// An unknown value, or no snapshot.
    pub fn today(&self, selection: &Selection) -> Result<Today, AppError> {
        let snapshot = self.selected(selection)?;
        let ledger = self.0.ledger.load();
        let now_ms = Timestamp::now().as_millisecond();
        Ok(today::today(&snapshot, selection, &ledger.snoozes, now_ms))
    }

    /// The debts of security of a selection's team.
    ///
    /// # Errors
    /// An unknown value, or no snapshot.
    pub fn security(&self, selection: &Selection) -> Result<SecurityHead, AppError> {
        let snapshot = self.selected(selection)?;
        Ok(security::security_head(&snapshot, selection))
    }
}
