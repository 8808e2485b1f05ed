//! The rules that turn events into builds.

use regex::Regex;

/// The rules of the roll-up, from `[rules]` in `dashboard.toml`.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Matches the job name or the URL of a nightly build.
    pub nightly: Regex,
    /// Entries that the CI system publishes as steps, such as warnings.
    pub not_steps: Vec<String>,
    /// The step whose success starts the measured time of a functional test.
    pub smoke_test_step: String,
    /// The step whose success ends it.
    pub functional_test_step: String,
}

impl Rules {
    /// A text that differs between rules that roll up differently. The store keeps the fingerprint that
    /// its builds were rolled up with, and rolls up again when it differs.
    pub fn fingerprint(&self) -> String {
        format!(
            "1|{}|{}|{}|{}",
            self.nightly,
            self.not_steps.join("\u{1f}"),
            self.smoke_test_step,
            self.functional_test_step
        )
    }

    /// Returns whether `name` is a step: not empty, and not listed in `not_steps`.
    pub fn is_step(&self, name: &str) -> bool {
        !name.is_empty() && !self.not_steps.iter().any(|other| other == name)
    }
}
