//! Implements the server functions' interface to the state.

use super::AppState;
use crate::{
    api::{BoxFuture, Dashboard, FigureData, HtmlFragment, Overview, TableRows, View},
    error::AppError,
    selection::Selection,
    server::figures,
};

impl Dashboard for AppState {
    fn figure<'a>(
        &'a self,
        id: &'a str,
        selection: &'a Selection,
        rows: TableRows,
    ) -> BoxFuture<'a, Result<FigureData, AppError>> {
        Box::pin(async move {
            let figure = Self::figure(self, id, selection).await?;
            Ok(match rows {
                TableRows::All => figure.data.clone(),
                TableRows::Page => figures::for_page(&figure.data),
            })
        })
    }

    fn overview(&self, page: &str, selection: &Selection) -> Result<Overview, AppError> {
        Self::overview(self, page, selection)
    }

    fn fragments<'a>(
        &'a self,
        of: &'a str,
        selection: &'a Selection,
        view: &'a View,
    ) -> BoxFuture<'a, Result<Vec<HtmlFragment>, AppError>> {
        Box::pin(Self::fragments(self, of, selection, view))
    }
}
