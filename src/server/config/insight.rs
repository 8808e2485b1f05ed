//! The limits of red and dormant pipelines.

use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Insight {
    /// An aborted build makes a pipeline red, as a failed one does.
    pub aborted_is_red: bool,
    /// A pipeline without a completed build for so many days is dormant.
    pub dormant_days: u16,
}

impl Default for Insight {
    fn default() -> Self {
        Self {
            aborted_is_red: false,
            dormant_days: 28,
        }
    }
}
