//! Writes what readers put aside.

use std::sync::Arc;

use anyhow::{Context as _, Result};

use super::AppState;
use crate::{
    error::AppError,
    server::{
        model::{Snooze, SnoozeEnd},
        store::SnoozeWriter,
        views::problems,
    },
};

impl AppState {
    /// Sets what writes snoozes to the store.
    pub fn set_snooze_writer(&self, writer: SnoozeWriter) {
        self.0.snooze_writer.store(Some(Arc::new(writer)));
    }

    /// Snoozes a problem. The failures that end a snooze are counted from now on.
    ///
    /// # Errors
    /// [`AppError::UnknownValue`] if there is no such problem, or [`AppError::Internal`] if the store cannot be written
    /// to; the log has the reason.
    pub async fn snooze(&self, mut snooze: Snooze) -> Result<(), AppError> {
        let snapshot = self.snapshot()?;
        let Some(problem) = problems::find(&snapshot, &snooze.problem) else {
            return Err(AppError::unknown_value(
                "problem",
                &snooze.problem,
                Vec::new(),
            ));
        };
        snooze.problem = snapshot.problem_id(problem);
        if let SnoozeEnd::Failures(failures) = &mut snooze.end {
            *failures += i64::from(problem.failures);
        }
        let written = async { self.snooze_writer()?.snooze(snooze).await };
        self.finish(written.await).await
    }

    /// Ends the snooze of a problem, even if the problem has ended by itself.
    ///
    /// # Errors
    /// [`AppError::Internal`] if the store cannot be written to; the log has the reason.
    pub async fn unsnooze(&self, problem: &str) -> Result<(), AppError> {
        let known = self.snapshot().ok().and_then(|snapshot| {
            let problem = problems::find(&snapshot, problem)?;
            Some(snapshot.problem_id(problem))
        });
        let problem = known.as_deref().unwrap_or(problem);
        let written = async { self.snooze_writer()?.end(problem).await };
        self.finish(written.await.map(drop)).await
    }

    /// Reads the ledger again, so that the reader's next page shows the change.
    async fn finish(&self, written: Result<()>) -> Result<(), AppError> {
        let ledger = async {
            written?;
            self.snooze_writer()?.ledger().await
        };
        match ledger.await {
            Ok(ledger) => {
                self.swap_ledger(ledger);
                Ok(())
            }
            Err(error) => {
                tracing::error!("cannot write a snooze: {error:#}");
                Err(AppError::Internal)
            }
        }
    }

    fn snooze_writer(&self) -> Result<Arc<SnoozeWriter>> {
        self.0.snooze_writer.load_full().context("no store is open")
    }
}
