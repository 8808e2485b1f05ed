//! What the program tells of its own running: log lines, and traces where somebody collects them.
//! (What it counts is in `metrics`.)

mod json;
mod log;
#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;
mod traces;

use anyhow::Result;
use tokio::runtime::Handle;
use tracing_subscriber::{layer::SubscriberExt as _, util::SubscriberInitExt as _};

use traces::Traces;
pub use traces::{answered, continue_trace};

use super::environment::Environment;

/// To be ended with the program: what is told last is lost otherwise.
pub struct Telemetry(Option<Traces>);

impl Telemetry {
    /// # Errors
    /// Names the variable that is wrong.
    pub fn start(environment: &Environment, runtime: &Handle) -> Result<Self> {
        let lines = log::to_standard_error(environment)?;
        let traces = Traces::of(environment, runtime)?;
        tracing_subscriber::registry()
            .with(lines)
            .with(traces.as_ref().map(Traces::layer))
            .init();
        Ok(Self(traces))
    }

    /// Sends what was not sent yet. The runtime must still be there.
    pub fn end(self) {
        if let Some(traces) = self.0 {
            traces.end();
        }
    }
}
