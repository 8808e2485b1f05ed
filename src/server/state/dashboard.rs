//! Implements the server functions' interface to the state.

use super::AppState;
use crate::{
    api::{BoxFuture, Dashboard, FigureData, HtmlFragment, Overview, TableRows},
    error::AppError,
    filter::FilterQuery,
    server::figures,
};

impl Dashboard for AppState {
    fn figure<'a>(
        &'a self,
        id: &'a str,
        filter: FilterQuery<'a>,
        rows: TableRows,
    ) -> BoxFuture<'a, Result<FigureData, AppError>> {
        Box::pin(async move {
            let figure = Self::figure(self, id, filter).await?;
            Ok(match rows {
                TableRows::All => figure.data.clone(),
                TableRows::Page => figures::for_page(&figure.data),
            })
        })
    }

    fn overview(&self, page: &str, filter: FilterQuery<'_>) -> Result<Overview, AppError> {
        Self::overview(self, page, filter)
    }

    fn fragments<'a>(
        &'a self,
        of: &'a str,
        filter: FilterQuery<'a>,
    ) -> BoxFuture<'a, Result<Vec<HtmlFragment>, AppError>> {
        Box::pin(Self::fragments(self, of, filter))
    }
}
