//! How events become builds.

use regex::Regex;

/// The rules of the roll-up. The store remembers which rules it rolled up with.
#[derive(Clone, Debug)]
pub struct Rules {
    pub nightly: Regex,
    pub not_steps: Vec<String>,
    pub smoke_test_step: String,
    pub functional_test_step: String,
}

impl Rules {
    /// Changes whenever builds would be rolled up differently.
    pub fn fingerprint(&self) -> String {
        format!(
            "1|{}|{}|{}|{}",
            self.nightly,
            self.not_steps.join("\u{1f}"),
            self.smoke_test_step,
            self.functional_test_step
        )
    }

    /// Whether a step's name is that of a step, and not a warning published as one.
    pub fn is_step(&self, name: &str) -> bool {
        !name.is_empty() && !self.not_steps.iter().any(|other| other == name)
    }
}
