//! The facts of the sample's repositories: suppressed CVEs, checks and versions.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Span, civil::Date};

use super::{
    SampleOptions,
    calendar::day_of,
    catalogue::{Code, catalogue, code, ends_with_any},
    random::Random,
};
use crate::server::model::{Check, RepositoryFacts, Suppression};

/// Separates the random numbers of the facts from those of the pipelines.
const KEY: u64 = 0x00fa_c757;
/// Percentage of Java repositories with a `package.json` for their tests.
const JAVA_WITH_JAVASCRIPT: u32 = 6;
/// Percentage of repositories that state which version they use.
const VERSION_KNOWN: u32 = 94;

/// Draws the facts, in a fixed order.
struct Facts {
    code: &'static Code,
    today: i64,
    random: Random,
}

/// Returns the facts of every repository, sorted by name, independent of the scale.
pub fn facts(options: &SampleOptions) -> Vec<RepositoryFacts> {
    let mut facts = Facts {
        code: code(),
        today: day_of(options.as_of_ms),
        random: Random::of(&[options.seed, KEY]),
    };
    let mut repositories: Vec<RepositoryFacts> = names()
        .into_iter()
        .map(|name| facts.repository(name))
        .collect();
    facts.suppress_frequent(&mut repositories);
    facts.suppress_rare(&mut repositories);
    repositories
}

/// Returns the repositories with pipelines, except those with only tests, and some others.
fn names() -> BTreeSet<&'static str> {
    let (catalogue, code) = (catalogue(), code());
    let folders = catalogue.folders.iter();
    let built = folders.flat_map(|folder| &folder.repositories);
    let names = built.chain(&code.more_repositories);
    names.map(String::as_str).collect()
}

impl Facts {
    fn repository(&mut self, name: &str) -> RepositoryFacts {
        let code = self.code;
        let plain = ends_with_any(name, &code.plain_endings);
        let frontend = ends_with_any(name, &code.javascript_endings);
        let java = !plain && !frontend;
        let javascript = frontend || java && self.random.percent(JAVA_WITH_JAVASCRIPT);
        RepositoryFacts {
            repository: name.to_owned(),
            suppressions: Vec::new(),
            javascript,
            checks: self.checks(javascript),
            node_version: self.version(javascript, &code.node_versions),
            java_version: self.version(java, &code.java_versions),
            archived: code.archived.iter().any(|archived| archived == name),
            ..RepositoryFacts::default()
        }
    }

    fn checks(&mut self, javascript: bool) -> Vec<Check> {
        let shares = &self.code.checks;
        let mut checks = Vec::new();
        for check in Check::ALL {
            let share = match check {
                Check::Snyk => shares.snyk,
                Check::Dependabot => shares.dependabot,
                Check::Renovate => shares.renovate,
                Check::Nsp => shares.nsp,
            };
            if javascript && self.random.percent(share) {
                checks.push(check);
            }
        }
        checks
    }

    fn version(&mut self, used: bool, versions: &'static [String]) -> Option<String> {
        let index = self.random.index(versions.len());
        let known = self.random.percent(VERSION_KNOWN);
        (used && known).then(|| versions[index].clone())
    }

    /// Suppresses each frequent CVE in as many teams as the catalogue says; in another it has expired.
    fn suppress_frequent(&mut self, repositories: &mut [RepositoryFacts]) {
        let mut teams: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, facts) in repositories.iter().enumerate() {
            if may_suppress(facts) {
                let team = facts.repository.split('-').next().unwrap_or_default();
                teams.entry(team.to_owned()).or_default().push(index);
            }
        }
        for (cve, &holds_in) in &self.code.suppressions.frequent {
            let mut teams: Vec<&Vec<usize>> = teams.values().collect();
            for position in 0..(holds_in + 1).min(teams.len()) {
                let other = position + self.random.index(teams.len() - position);
                teams.swap(position, other);
                let team = teams[position];
                let holds = position < holds_in;
                let until = if holds { self.future() } else { self.past() };
                let some = 1 + self.random.index(team.len().min(3));
                for &index in &team[..some] {
                    repositories[index].suppressions.push(Suppression {
                        cve: cve.clone(),
                        until: until.clone(),
                    });
                }
            }
        }
    }

    fn suppress_rare(&mut self, repositories: &mut [RepositoryFacts]) {
        let shares = &self.code.suppressions;
        let rare: Vec<String> = (0..shares.rare).map(|_| self.cve()).collect();
        for facts in repositories.iter_mut().filter(|facts| may_suppress(facts)) {
            let share = if facts.java_version.is_some() {
                shares.java
            } else {
                shares.javascript
            };
            if !self.random.percent(share) {
                continue;
            }
            for _ in 0..self.random.between([1, shares.most]) {
                let cve = rare[self.random.index(rare.len())].clone();
                let until = match self.random.percent(shares.ended) {
                    true => self.past(),
                    false => self.future(),
                };
                facts.suppressions.push(Suppression { cve, until });
            }
        }
    }

    fn cve(&mut self) -> String {
        let year = self.random.between(self.code.suppressions.years);
        format!("CVE-{year}-{}", self.random.between([1000, 49_999]))
    }

    /// Draws the last day of an entry that is in force, or none.
    fn future(&mut self) -> Option<String> {
        let endless = self.random.percent(self.code.suppressions.endless);
        let days = i64::from(self.random.between([3, 400]));
        (!endless).then(|| self.date(days))
    }

    fn past(&mut self) -> Option<String> {
        let days = i64::from(self.random.between([1, 500]));
        Some(self.date(-days))
    }

    /// Returns the date this many days after the sample's last one.
    fn date(&self, days: i64) -> String {
        let epoch = Date::constant(1970, 1, 1);
        let date = epoch.saturating_add(Span::new().days(self.today + days));
        date.to_string()
    }
}

/// Only repositories with code have dependencies with suppressible vulnerabilities.
fn may_suppress(facts: &RepositoryFacts) -> bool {
    facts.javascript || facts.java_version.is_some()
}
