//! The rules that turn events into builds.

use regex::Regex;

use super::MINUTE_MS;

/// The rules of builds, from `[rules]` in `dashboard.toml`.
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
    pub steps: StepRules,
    pub ends: EndRules,
}

/// The rules that decide whether a build without a final step has ended. They depend on the time of the
/// data, so they apply to snapshots and exports, and not to the roll-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndRules {
    /// The age of a latest event with a bad result from which the build has ended with it.
    pub failed_after_ms: i64,
    /// The age of the latest event from which a build is lost.
    pub lost_after_ms: i64,
}

impl EndRules {
    pub const DEFAULT: Self = Self {
        failed_after_ms: 30 * MINUTE_MS,
        lost_after_ms: 330 * MINUTE_MS,
    };
}

/// The rules that read steps from events. Names are whole texts, or prefixes that end in `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRules {
    /// Entries that end a build. They are no steps.
    pub final_steps: Vec<String>,
    /// Steps that begin an attempt: the CI system repeats a build's steps when it loses the agent.
    pub first_steps: Vec<String>,
    /// Groups of steps that may run at the same time.
    pub parallel: Vec<Vec<String>>,
}

impl Default for StepRules {
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Self {
            final_steps: names(&["Pipeline Succeeded", "Pipeline Failed", "AUTO_ABORT*"]),
            first_steps: names(&["checkout"]),
            parallel: vec![names(&[
                "test",
                "sonarscan",
                "securitychecks",
                "techstack",
                "dockerbuild",
                "dockertestbuild",
            ])],
        }
    }
}

impl StepRules {
    /// Returns whether an entry ends a build.
    pub fn is_final(&self, name: &str) -> bool {
        is_named(&self.final_steps, name)
    }

    /// Returns whether a step begins an attempt.
    pub fn is_first(&self, name: &str) -> bool {
        is_named(&self.first_steps, name)
    }

    /// Returns the number of the group of parallel steps that a step is in.
    pub fn group(&self, name: &str) -> Option<usize> {
        self.parallel.iter().position(|group| is_named(group, name))
    }
}

/// Returns whether a name is one of these texts, or begins with one that ends in `*`.
pub fn is_named(patterns: &[String], name: &str) -> bool {
    patterns
        .iter()
        .any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == pattern,
        })
}

impl Rules {
    /// A text that differs between rules that roll up differently. The store keeps the fingerprint that
    /// its builds were rolled up with, and rolls up again when it differs.
    pub fn fingerprint(&self) -> String {
        let Self {
            nightly,
            not_steps,
            smoke_test_step,
            functional_test_step,
            steps,
            // The roll-up does not read them.
            ends: EndRules { .. },
        } = self;
        let not_steps = not_steps.join("\u{1f}");
        format!("2|{nightly}|{not_steps}|{smoke_test_step}|{functional_test_step}|{steps:?}")
    }

    /// Returns whether `name` is a step: not empty, not listed in `not_steps`, and no final step.
    pub fn is_step(&self, name: &str) -> bool {
        !name.is_empty()
            && !self.not_steps.iter().any(|other| other == name)
            && !self.steps.is_final(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_steps_are_whole_texts_or_prefixes() {
        let rules = StepRules::default();
        for (name, is_final) in [
            ("Pipeline Failed", true),
            ("Pipeline Failed again", false),
            ("AUTO_ABORT", true),
            ("AUTO_ABORT: newer build", true),
            ("build", false),
        ] {
            assert_eq!(rules.is_final(name), is_final, "{name}");
        }
        assert!(rules.is_first("checkout") && !rules.is_first("checkout:aat"));
        assert_eq!(rules.group("sonarscan"), Some(0));
        assert_eq!(rules.group("smoketest:aat"), None);
    }
}
