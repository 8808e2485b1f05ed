//! Tasks that run to completion even if their client leaves.

use tokio::task::JoinError;
use tracing::{Instrument as _, instrument::WithSubscriber as _};

/// Runs even if nobody waits any more; its log lines keep the span of the caller.
///
/// # Errors
/// The work panicked.
pub async fn run_to_completion<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, JoinError> {
    tokio::spawn(work.in_current_span().with_current_subscriber()).await
}
