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
    pub steps: StepRules,
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
        any_matches(&self.final_steps, name)
    }

    /// Returns whether a step begins an attempt.
    pub fn is_first(&self, name: &str) -> bool {
        any_matches(&self.first_steps, name)
    }

    /// Returns the number of the group of parallel steps that a step is in.
    pub fn group(&self, name: &str) -> Option<usize> {
        self.parallel
            .iter()
            .position(|group| any_matches(group, name))
    }
}

fn any_matches(patterns: &[String], name: &str) -> bool {
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
        format!(
            "2|{}|{}|{}|{}|{:?}",
            self.nightly,
            self.not_steps.join("\u{1f}"),
            self.smoke_test_step,
            self.functional_test_step,
            self.steps,
        )
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
