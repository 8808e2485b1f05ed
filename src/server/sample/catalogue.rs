//! The generator's input: `data/sample/`, built into the program.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

/// The invented organisation and its habits.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    pub folders: Vec<Folder>,
    pub pools: Vec<Pool>,
    pub flows: Vec<Flow>,
    pub flows_elsewhere: FlowsElsewhere,
    pub library: Library,
    pub when: When,
    pub results: Results,
    pub habits: Habits,
}

impl Catalogue {
    /// Returns the index of the pool with these labels.
    pub fn pool(&self, labels: &str) -> usize {
        let mut pools = self.pools.iter();
        let found = pools.position(|pool| pool.labels == labels);
        found.expect("named pools are tested to exist")
    }
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

/// Nodes with the same labels.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    pub labels: String,
    /// The name of each node without its number.
    pub node: String,
    pub nodes: u32,
    /// The longest wait for a node at night and in the busiest hour.
    pub wait_seconds: [u32; 2],
}

/// The relative frequency of pools, by labels.
pub type Shares = BTreeMap<String, u32>;

/// The steps of repositories whose names have one of these endings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    pub endings: Vec<String>,
    pub pools: Shares,
    /// Its builds publish their end also if they are interrupted.
    #[serde(default)]
    pub ends_always: bool,
    pub steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowsElsewhere {
    pub nightly_pools: Shares,
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

/// The library of steps that all pipelines use.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Library {
    pub name: String,
    pub latest_hours: [u32; 2],
    pub release_hours: [u32; 2],
    pub lag_hours: u32,
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
    pub timed_out: u32,
    pub interrupted: u32,
    pub retried: u32,
    pub unreported: u32,
    pub nameless_failures: u32,
    pub warnings: u32,
    pub warning_steps: Vec<String>,
    pub succeeded_step: String,
    pub failed_step: String,
    pub aborted_steps: Vec<String>,
    /// Days before the last one, and percent.
    pub trend: Vec<[i64; 2]>,
    pub incidents: Vec<Incident>,
    pub bad_pool: BadPool,
    pub bad_release: BadRelease,
}

/// A pool whose nodes have been faulty since last Tuesday.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BadPool {
    pub labels: String,
    pub steps: Vec<String>,
    pub percent: u32,
}

/// A release that breaks a step.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BadRelease {
    pub step: String,
    pub percent: u32,
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
    pub checkout_step: String,
    pub checkouts: u32,
    pub parallel: u32,
    pub parallel_steps: Vec<String>,
    pub silent: u32,
    pub promotion: Promotion,
    pub reruns: Reruns,
    pub nightly_commits: u32,
    pub duration_shifts: Shifts,
    pub failure_shifts: Shifts,
}

/// A step before a deployment.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promotion {
    pub step: String,
    pub before: String,
    /// The share of pipelines that have it.
    pub share: u32,
    pub seconds: [u32; 2],
    pub fails_percent: u32,
}

/// The shares of builds that repeat the commit of the build before.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reruns {
    pub flaky: u32,
    pub failed: u32,
    pub good: u32,
    pub hours: u32,
}

/// The share of pipelines that change on some day, and by how much.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shifts {
    pub share: u32,
    pub up: [u32; 2],
    pub down: [u32; 2],
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
    fn pools_are_known_and_have_labels_in_order() {
        let catalogue = catalogue();
        let known = |labels: &str| catalogue.pools.iter().any(|pool| pool.labels == labels);
        let flows = catalogue.flows.iter().map(|flow| &flow.pools);
        let shares = flows.chain([&catalogue.flows_elsewhere.nightly_pools]);
        for labels in shares.flat_map(BTreeMap::keys) {
            assert!(known(labels), "{labels}");
        }
        assert!(known(&catalogue.results.bad_pool.labels));
        for pool in &catalogue.pools {
            assert!(pool.labels.split(' ').is_sorted(), "{}", pool.labels);
            assert!((1..=256).contains(&pool.nodes));
        }
    }

    #[test]
    fn there_are_rare_and_frequent_cves() {
        let suppressions = &code().suppressions;
        assert!(suppressions.frequent.len() >= 12 && suppressions.rare > 100);
    }
}
