//! Differences and comparisons of builds, computed off the threads that serve requests.

use std::sync::Arc;

use super::AppState;
use crate::{
    api::{BuildDifference, Comparison, View},
    error::AppError,
    selection::{Pair, Selection},
    server::{
        snapshot::Snapshot,
        views::{comparison, difference},
    },
};

impl AppState {
    /// The values that differ between the new failures of a selection and its good builds.
    ///
    /// # Errors
    /// An unknown value, or no snapshot.
    pub async fn difference(&self, selection: &Selection) -> Result<BuildDifference, AppError> {
        let (snapshot, selection) = (self.selected(selection)?, selection.clone());
        in_background(move || difference::of_failures(&snapshot, &selection)).await
    }

    /// The values that differ between two selections.
    ///
    /// # Errors
    /// An unknown value, or no snapshot.
    pub async fn difference_of(&self, pair: Pair) -> Result<BuildDifference, AppError> {
        let snapshot = self.selected_pair(&pair)?;
        in_background(move || difference::of_selections(&snapshot, &pair)).await
    }

    /// Two selections side by side.
    ///
    /// # Errors
    /// An unknown value, or no snapshot.
    pub async fn comparison(&self, pair: Pair) -> Result<Comparison, AppError> {
        let snapshot = self.selected_pair(&pair)?;
        in_background(move || comparison::comparison(&snapshot, &pair)).await
    }

    /// The snapshot, if it can answer for both selections.
    ///
    /// # Errors
    /// An unknown value, or no snapshot.
    pub fn selected_pair(&self, pair: &Pair) -> Result<Arc<Snapshot>, AppError> {
        self.selected(&pair.a)?;
        self.selected(&pair.b)
    }
}

/// The selections in the parameters `a` and `b`.
///
/// # Errors
/// An unknown key or value.
pub(super) fn pair(view: &View) -> Result<Pair, AppError> {
    let selection = |name| Selection::parse(view.get(name).unwrap_or_default());
    Ok(Pair {
        a: selection("a")?,
        b: selection("b")?,
    })
}

async fn in_background<T: Send + 'static>(
    compute: impl FnOnce() -> T + Send + 'static,
) -> Result<T, AppError> {
    tokio::task::spawn_blocking(compute).await.map_err(|error| {
        tracing::error!("comparing builds panicked: {error}");
        AppError::Internal
    })
}
