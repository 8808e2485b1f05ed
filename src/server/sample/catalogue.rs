//! The generator's input: `data/sample/`, built into the program.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

/// The invented organisation and its habits.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    pub folders: Vec<Folder>,
    pub flows: Vec<Flow>,
    pub flows_elsewhere: FlowsElsewhere,
    pub when: When,
    pub results: Results,
    pub habits: Habits,
}

/// A team's folder of jobs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folder {
    pub name: String,
    pub nightly_name: String,
    #[serde(default = "master")]
    pub branch: String,
    /// Its events carry the build's URL.
    #[serde(default)]
    pub urls: bool,
    pub repositories: Vec<String>,
    pub nightly: Vec<String>,
}

/// The steps of repositories whose names have one of these endings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    pub endings: Vec<String>,
    pub steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowsElsewhere {
    pub nightly: Vec<Step>,
    pub nightly_tests: Vec<Step>,
    pub nightly_tests_endings: Vec<String>,
    pub branch: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub name: String,
    pub seconds: u32,
    /// The relative probability that a failed build fails here.
    pub breaks: u32,
    /// The share of pipelines that have this step, per thousand.
    #[serde(default = "every")]
    pub share: u32,
    #[serde(default)]
    pub needs: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    pub builds_per_weekday: [u32; 2],
    pub elsewhere_percent: u32,
    pub weekdays: [u32; 7],
    pub hours: [u32; 24],
    pub nightly_hours: [u32; 24],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Results {
    pub breaks: [u32; 2],
    pub nightly_breaks: [u32; 2],
    pub elsewhere_breaks: u32,
    pub stays_broken: u32,
    pub aborted: u32,
    pub unstable: u32,
    pub not_built: u32,
    pub lost: u32,
    pub nameless_failures: u32,
    pub warnings: u32,
    pub warning_steps: Vec<String>,
    pub failed_step: String,
    /// Days before the last one, and percent.
    pub trend: Vec<[i64; 2]>,
    pub incidents: Vec<Incident>,
}

/// An incident: a few hours in which most builds fail at one step.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    pub days_before: i64,
    pub hours: [i64; 2],
    pub step: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Habits {
    pub flaky: Vec<String>,
    pub flaky_breaks: u32,
    pub slow: Vec<String>,
    pub slow_percent: u32,
    pub tested_step: String,
    pub short_tests: BTreeMap<String, u32>,
    pub terse: Vec<String>,
    pub broken_tuesday: Broken,
    pub red: Vec<Red>,
    pub other_branches: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Broken {
    pub repository: String,
    pub step: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Red {
    pub repository: String,
    pub days: i64,
    pub step: String,
}

/// The properties of the organisation's code.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    pub more_repositories: Vec<String>,
    pub archived: Vec<String>,
    pub javascript_endings: Vec<String>,
    pub plain_endings: Vec<String>,
    pub node_versions: Vec<String>,
    pub java_versions: Vec<String>,
    pub checks: Checks,
    pub suppressions: Suppressions,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checks {
    pub snyk: u32,
    pub dependabot: u32,
    pub renovate: u32,
    pub nsp: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suppressions {
    pub java: u32,
    pub javascript: u32,
    pub most: u32,
    pub rare: usize,
    pub years: [u32; 2],
    pub endless: u32,
    pub ended: u32,
    /// The number of teams that suppress a CVE, by CVE.
    pub frequent: BTreeMap<String, usize>,
}

fn master() -> String {
    "master".to_owned()
}

const fn every() -> u32 {
    1000
}

/// Returns the organisation's pipelines, parsed once.
pub fn catalogue() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
        let text = include_str!("../../../data/sample/pipelines.toml");
        toml::from_str(text).expect("the built-in pipelines are tested")
    });
    &CATALOGUE
}

/// Returns the organisation's code, parsed once.
pub fn code() -> &'static Code {
    static CODE: LazyLock<Code> = LazyLock::new(|| {
        let text = include_str!("../../../data/sample/security.toml");
        toml::from_str(text).expect("the built-in facts are tested")
    });
    &CODE
}

/// Returns whether a repository's name has one of the endings.
pub fn ends_with_any(name: &str, endings: &[String]) -> bool {
    endings.iter().any(|ending| name.ends_with(ending.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn habits_refer_to_existing_repositories() {
        let catalogue = catalogue();
        let habits = &catalogue.habits;
        let known = |name: &str| {
            let mut names = catalogue
                .folders
                .iter()
                .flat_map(|folder| &folder.repositories);
            names.any(|repository| repository == name)
        };
        let lists = [&habits.flaky, &habits.slow, &habits.terse];
        let named = lists.into_iter().flatten().map(String::as_str);
        let named = named
            .chain(habits.short_tests.keys().map(String::as_str))
            .chain(habits.red.iter().map(|red| red.repository.as_str()))
            .chain([habits.broken_tuesday.repository.as_str()]);
        for name in named {
            assert!(known(name), "{name}");
        }
    }

    #[test]
    fn there_are_rare_and_frequent_cves() {
        let suppressions = &code().suppressions;
        assert!(suppressions.frequent.len() >= 12 && suppressions.rare > 100);
    }
}
