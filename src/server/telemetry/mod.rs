//! Telemetry: log lines, the audit log among them, and traces if a collector is named. (Counters are in `metrics`.)

pub mod audit;
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

/// Must be ended with the program, or the last traces are lost.
pub struct Telemetry(Option<Traces>);

impl Telemetry {
    /// # Errors
    /// The variable with the wrong value.
    pub fn start(environment: &Environment, runtime: &Handle) -> Result<Self> {
        let lines = log::to_standard_error(environment)?;
        let traces = Traces::of(environment, runtime)?;
        tracing_subscriber::registry()
            .with(lines)
            .with(traces.as_ref().map(Traces::layer))
            .init();
        Ok(Self(traces))
    }

    /// Sends the remaining traces. The runtime must still exist.
    pub fn end(self) {
        if let Some(traces) = self.0 {
            traces.end();
        }
    }
}
