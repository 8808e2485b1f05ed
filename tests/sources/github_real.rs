//! The facts of real repositories, if they are available: replayed in two states, and the figures
//! compared with a second computation from the facts themselves.

use std::collections::{BTreeMap, BTreeSet};

use rse_dashboard::server::model::{CoverageState, RepositoryFacts, RuleFormat};
use rse_dashboard::{
    api::Cell,
    selection::Selection,
    server::{figures, snapshot::Snapshot},
};
use serde_json::{Value, json};

use crate::{
    github_support::{Bench, StandIn},
    shared::shared_file,
};

const TEST: &str = "real_repositories_in_two_states_give_the_figures_of_their_facts";
const FILE: &str = "github-facts/hmcts.json";
/// The suppression files that are read, in their order.
const PLACES: [&str; 3] = [
    "dependency-check-suppressions.xml",
    "config/owasp/suppressions.xml",
    "config/owasp/dependency-check-suppressions.xml",
];
/// The states with their dates.
const STATES: [(&str, &str, &str); 2] = [
    ("2019", "as_of_2019_10_25", "2019-10-25T17:15:00Z"),
    ("head", "head", "2026-11-23T12:00:00Z"),
];

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> Option<&str> {
    value.as_str()
}

/// Returns the rows of a figure as text, in their order.
fn rows(snapshot: &Snapshot, figure: &str) -> Vec<String> {
    let figure = figures::find(figure).expect(figure);
    let data = figure
        .compute(snapshot, &Selection::default())
        .expect("computed");
    let cell = |cell: &Cell| match cell {
        Cell::Count(number) => number.to_string(),
        Cell::Number(number) => format!("{number}"),
        Cell::Text(text) => text.clone(),
        Cell::Missing => "-".to_owned(),
    };
    let row = |row: &Vec<Cell>| row.iter().map(cell).collect::<Vec<_>>().join(" | ");
    data.rows.iter().map(row).collect()
}

/// A state of a repository, evaluated in the simplest way.
struct Plain<'a> {
    name: &'a str,
    team: &'a str,
    state: &'a Value,
}

impl Plain<'_> {
    /// Returns every suppressed CVE, and whether all of its entries have expired.
    fn suppressed(&self, day: &str) -> BTreeMap<String, bool> {
        let mut all = BTreeMap::new();
        for file in list(&self.state["suppression_files"]) {
            if !PLACES.contains(&text(&file["path"]).expect("a path")) {
                continue;
            }
            for entry in list(&file["suppress"]) {
                let over = text(&entry["until"]).is_some_and(|until| &until[..10] < day);
                let ids = list(&entry["cve_ids"]).chain(list(&entry["ids_in_vulnerabilityName"]));
                for id in ids.filter_map(text).filter(|id| id.starts_with("CVE-")) {
                    *all.entry(id.to_owned()).or_insert(true) &= over;
                }
            }
        }
        all
    }

    /// Returns the base image of the last stage, with its arguments replaced.
    fn image(&self) -> Option<String> {
        let file = &self.state["dockerfiles"][0];
        let stages: Vec<&Value> = list(&file["from"]).collect();
        let mut stage = *stages.last()?;
        while stage["stage_ref"] == true {
            let named = |other: &&&Value| text(&other["alias"]) == text(&stage["image"]);
            stage = stages.iter().find(named).expect("a stage of that name");
        }
        let mut image = text(&stage["image"])?.to_owned();
        let defaults = file["arg_defaults_used_in_from"].as_object();
        for (name, default) in defaults.into_iter().flatten() {
            let default = text(default).unwrap_or_default().trim_matches('"');
            image = image.replace(&format!("${{{name}}}"), default);
        }
        if let Some((_, default)) = image.split_once(":-") {
            image = default.trim_end_matches('}').to_owned();
        }
        Some(image)
    }

    /// Returns the version in the tag of an image of the platform.
    fn of_image(&self, words: &[&str]) -> Option<String> {
        let image = self.image()?;
        let (path, tag) = image.rsplit_once(':')?;
        let last = path.split_once(".io/").map_or(path, |(_, path)| path);
        words.iter().any(|word| last.contains(word)).then(|| {
            let tag = tag.trim_start_matches("openjdk-");
            tag.split('-').next().expect("a part").to_owned()
        })
    }

    fn node(&self) -> Option<String> {
        let stated = || {
            let nvmrc = text(&self.state["nvmrc"]).map(str::trim);
            let nvmrc = nvmrc.map(|version| version.trim_start_matches('v'));
            let engines = text(&self.state["package_json"]["engines_node"]);
            nvmrc.or(engines).map(str::to_owned)
        };
        let has = self.state["package_json"]["present"] == true;
        let version = self.of_image(&["node"]).or_else(stated);
        version.or_else(|| has.then(|| "unknown".to_owned()))
    }

    fn java(&self) -> Option<String> {
        let stated = self.state["java"]["version"]
            .as_i64()
            .map(|version| version.to_string());
        let mut files = list(&self.state["build_files"]);
        let has = files.any(|file| file != "package.json");
        let version = self.of_image(&["java", "jdk", "temurin"]).or(stated);
        version.or_else(|| has.then(|| "unknown".to_owned()))
    }

    /// Returns the rules of the read files: ids, number of selectors, end, and whether there is a reason.
    fn rules(&self) -> Vec<String> {
        let mut rules = Vec::new();
        for place in PLACES {
            let files = list(&self.state["suppression_files"]);
            for file in files.filter(|file| text(&file["path"]) == Some(place)) {
                rules.extend(list(&file["suppress"]).map(|entry| {
                    let named = list(&entry["ids_in_vulnerabilityName"]).filter_map(text);
                    let named: Vec<&str> = named.collect();
                    let count = |name: &str| entry["other_counts"][name].as_u64().unwrap_or(0);
                    let selectors = [
                        "cpe",
                        "gav",
                        "packageUrl",
                        "sha1",
                        "filePath",
                        "vulnerabilityName",
                    ];
                    let selectors: u64 = selectors.iter().map(|name| count(name)).sum();
                    let selectors = selectors - named.len() as u64;
                    let ids = list(&entry["cve_ids"]).filter_map(text).chain(named);
                    let ids: BTreeSet<String> = ids.map(str::to_uppercase).collect();
                    let until = text(&entry["until"]).unwrap_or("-");
                    format!("{ids:?} {selectors} {until} {}", count("notes") > 0)
                }));
            }
        }
        rules
    }

    /// Returns the number of known issues of yarn.
    fn issues(&self) -> u64 {
        let issues = &self.state["yarn_audit_known_issues"];
        match text(&issues["format"]) {
            Some("ndjson-tree" | "ndjson-auditAdvisory") => {
                issues["lines"].as_u64().expect("a number")
            }
            _ => 0,
        }
    }

    /// Returns Node.js, Java by vendor, and the Linux of the base image.
    fn runtimes(&self) -> Vec<String> {
        let image = self.image().unwrap_or_default();
        let product = match &image {
            image if image.contains("temurin") => "eclipse-temurin",
            image if image.starts_with("openjdk:") => "openjdk-builds-from-oracle",
            _ => "java",
        };
        let linux = match &image {
            image if image.contains("alpine") => Some("alpine-linux unknown"),
            image if image.contains("stretch") => Some("debian stretch"),
            image if image.contains("distroless") => Some("debian unknown"),
            _ => None,
        };
        let node = self.node().map(|version| format!("nodejs {version}"));
        let java = self.java().map(|version| format!("{product} {version}"));
        let all = [node, java, linux.map(str::to_owned)];
        all.into_iter().flatten().collect()
    }

    fn checks(&self) -> Vec<usize> {
        let package = &self.state["package_json"];
        let places: Vec<&str> = list(&package["snyk_where"]).filter_map(text).collect();
        let installed = places.iter().any(|place| place.ends_with("ependencies"));
        let only_policy = self.state["snyk_policy"] == true && places.is_empty();
        let has = [
            installed || only_policy,
            list(&self.state["dependabot"]).next().is_some(),
            list(&self.state["renovate"]).next().is_some(),
            package["nsp"] == true,
        ];
        let checks = has.iter().enumerate().filter(|(_, has)| **has);
        checks.map(|(check, _)| check).collect()
    }
}

/// Computes the rows of the six figures from the facts alone; those of versions unordered.
fn expected(states: &[Plain<'_>], day: &str) -> BTreeMap<&'static str, Vec<String>> {
    let mut teams: BTreeMap<&str, [BTreeSet<String>; 3]> = BTreeMap::new();
    let mut cves: BTreeMap<String, (BTreeSet<&str>, u64, u64)> = BTreeMap::new();
    for plain in states {
        for (cve, over) in plain.suppressed(day) {
            let team = teams.entry(plain.team).or_default();
            let counts = cves.entry(cve.clone()).or_default();
            if over {
                team[2].insert(cve);
                counts.2 += 1;
            } else {
                team[0].insert(cve);
                team[1].insert(plain.name.to_owned());
                counts.0.insert(plain.team);
                counts.1 += 1;
            }
        }
    }
    let mut per_team: Vec<_> = teams
        .into_iter()
        .filter(|(_, [cves, ..])| !cves.is_empty())
        .collect();
    per_team.sort_by_key(|(_, [cves, ..])| std::cmp::Reverse(cves.len()));
    let per_team = per_team
        .into_iter()
        .map(|(team, [cves, repositories, over])| {
            let only_over = over.difference(&cves).count();
            format!(
                "{team} | {} | {} | {only_over}",
                cves.len(),
                repositories.len()
            )
        });
    let mut frequent: Vec<_> = cves
        .into_iter()
        .filter(|(_, (teams, ..))| teams.len() > 2)
        .collect();
    frequent.sort_by_key(|(_, (teams, ..))| teams.len());
    let frequent = frequent
        .into_iter()
        .map(|(cve, (teams, repositories, over))| {
            format!("{cve} | {} | {repositories} | {over}", teams.len())
        });
    let javascript: Vec<_> = states
        .iter()
        .filter(|plain| plain.state["package_json"]["present"] == true)
        .map(Plain::checks)
        .collect();
    let names = ["Snyk", "Dependabot", "Renovate", "nsp (deprecated)"];
    let mut checks: Vec<(&str, usize)> = Vec::new();
    for (check, name) in names.into_iter().enumerate() {
        let with = javascript.iter().filter(|checks| checks.contains(&check));
        checks.push((name, with.count()));
    }
    checks.push((
        "none",
        javascript.iter().filter(|checks| checks.is_empty()).count(),
    ));
    let checks = checks.into_iter().map(|(name, count)| {
        let percent = 100.0 * count as f64 / javascript.len() as f64;
        format!("{name} | {count} | {}", (percent * 100.0).round() / 100.0)
    });
    let versions = |version: &dyn Fn(&Plain<'_>) -> Option<String>| {
        let used = states.iter().filter_map(|plain| {
            let version = version(plain)?;
            Some(format!("{version} | {}", plain.name))
        });
        used.collect::<BTreeSet<String>>()
            .into_iter()
            .collect::<Vec<_>>()
    };
    BTreeMap::from([
        ("cve_per_team", per_team.collect()),
        ("cve_most_frequent", frequent.collect()),
        ("js_checks", checks.collect()),
        ("node_versions", versions(&|plain| plain.node())),
        ("java_versions", versions(&|plain| plain.java())),
    ])
}

/// Returns the rows of the figures; those of versions without the major version and sorted.
fn shown(snapshot: &Snapshot) -> BTreeMap<&'static str, Vec<String>> {
    let mut shown = BTreeMap::new();
    for figure in ["cve_per_team", "cve_most_frequent", "js_checks"] {
        shown.insert(figure, rows(snapshot, figure));
    }
    for figure in ["node_versions", "java_versions"] {
        let rows = rows(snapshot, figure).into_iter();
        let mut rows: Vec<String> = rows
            .map(|row| row.split_once(" | ").expect("a major").1.to_owned())
            .collect();
        rows.sort();
        shown.insert(figure, rows);
    }
    shown
}

/// Compares the stored rules and runtimes of a repository with those of its facts.
fn same_facts(plain: &Plain<'_>, facts: &RepositoryFacts) {
    let rules = facts.rules.as_deref().expect("read");
    let of_format = |format: RuleFormat| rules.iter().filter(move |rule| rule.format == format);
    let lines = of_format(RuleFormat::DependencyCheck).map(|rule| {
        let ids: BTreeSet<&String> = rule.ids.iter().collect();
        let until = rule.until.as_deref().unwrap_or("-");
        let (selectors, notes) = (rule.selectors.len(), rule.notes.is_some());
        format!("{ids:?} {selectors} {until} {notes}")
    });
    assert_eq!(lines.collect::<Vec<_>>(), plain.rules(), "{}", plain.name);
    let issues = of_format(RuleFormat::YarnAudit).count() as u64;
    assert_eq!(issues, plain.issues(), "{}", plain.name);
    let runtimes = facts.runtimes.iter().flatten();
    let lines = runtimes.map(|one| format!("{} {}", one.product, one.version));
    assert_eq!(
        lines.collect::<Vec<_>>(),
        plain.runtimes(),
        "{}",
        plain.name
    );
    let known = facts
        .runtimes
        .iter()
        .flatten()
        .all(|one| one.line > 0 || one.version == "unknown");
    assert!(known, "{:?}", facts.runtimes);
}

#[tokio::test]
async fn real_repositories_in_two_states_give_the_figures_of_their_facts() {
    let Some(path) = shared_file(TEST, FILE, "RSE_GITHUB_FACTS") else {
        return;
    };
    let facts: Value =
        serde_json::from_str(&std::fs::read_to_string(&path).expect("a file")).expect("JSON");
    let path = path.to_str().expect("UTF-8");
    let stand_in = StandIn::start(&["--facts", path, "--state", "2019"]);
    stand_in.control(json!({ "pageSize": 20 })).await;
    let (mut bench, mut by_rest) = (Bench::new().await, Bench::new().await);
    let mut before = BTreeMap::new();
    for (state, field, instant) in STATES {
        stand_in.control(json!({ "state": state })).await;
        let at: jiff::Timestamp = instant.parse().expect("an instant");
        let at_ms = at.as_millisecond();
        let (report, _) = bench.sync_at(&stand_in.source(true), at_ms).await;
        let report = report.expect("a sync");
        let plain = list(&facts).filter_map(|one| {
            let name = text(&one["name"]).expect("a name");
            let team = name.split('-').next().expect("a part");
            let state = one[field].is_object().then(|| &one[field])?;
            Some(Plain { name, team, state })
        });
        let plain: Vec<Plain<'_>> = plain.collect();
        assert_eq!(report.read, plain.len() as u64);
        let covered = bench.in_state(CoverageState::Read).await;
        assert_eq!(covered.len(), plain.len(), "{:?}", bench.coverage().await);

        for plain in &plain {
            let facts = bench.facts_of(plain.name).await;
            same_facts(plain, &facts);
        }
        let shown = shown(&bench.snapshot().await);
        for (figure, expected) in expected(&plain, &instant[..10]) {
            assert_eq!(shown[figure], expected, "{figure} in {state}");
        }
        assert_ne!(shown, before, "the figures change");
        let counts: Vec<_> = shown
            .iter()
            .map(|(figure, rows)| (*figure, rows.len()))
            .collect();
        eprintln!("{state}: {} repositories, rows: {counts:?}", plain.len());
        before = shown;

        let (report, _) = by_rest.sync_at(&stand_in.source(false), at_ms).await;
        report.expect("a sync");
        assert!(
            bench.content().await == by_rest.content().await,
            "REST gives the same"
        );
    }
}
