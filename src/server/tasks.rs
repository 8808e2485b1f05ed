//! Work that is done to its end, whoever waits for it.

use tokio::task::JoinError;
use tracing::{Instrument as _, instrument::WithSubscriber as _};

/// Runs on, whether or not somebody still waits; its log lines belong to whoever asked.
///
/// # Errors
/// Where it panics.
pub async fn run_to_completion<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, JoinError> {
    tokio::spawn(work.in_current_span().with_current_subscriber()).await
}
