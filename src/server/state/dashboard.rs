//! Implements the server functions' interface to the state.

use super::AppState;
use crate::{
    api::{BoxFuture, Dashboard, FigureData, HtmlFragment, Overview},
    error::AppError,
};

impl Dashboard for AppState {
    fn figure<'a>(
        &'a self,
        id: &'a str,
        project: Option<&'a str>,
        build_type: Option<&'a str>,
        days: Option<&'a str>,
    ) -> BoxFuture<'a, Result<FigureData, AppError>> {
        Box::pin(async move {
            let figure = Self::figure(self, id, project, build_type, days).await?;
            Ok(figure.data.clone())
        })
    }

    fn overview(
        &self,
        page: &str,
        project: Option<&str>,
        build_type: Option<&str>,
        days: Option<&str>,
    ) -> Result<Overview, AppError> {
        Self::overview(self, page, project, build_type, days)
    }

    fn fragments(
        &self,
        of: &str,
        project: Option<&str>,
        build_type: Option<&str>,
        days: Option<&str>,
    ) -> Result<Vec<HtmlFragment>, AppError> {
        Self::fragments(self, of, project, build_type, days)
    }
}
