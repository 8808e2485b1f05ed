//! SARIF 2.1.0: one report for each tool whose run the file holds.
//!
//! Complete: the run has its list of results, and none of its invocations failed
//! (`executionSuccessful: false`).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    Findings, Format, Parsed,
    identifier::{identifier, severity_of_score},
    items::Items,
    repository_of_url, text,
};
use crate::server::{
    model::{ReportedFinding, Severity},
    sources::{
        fields::{Field, object},
        rejection::{FaultKind, Rejection},
    },
};

/// The most runs of one file.
const MAX_RUNS: usize = 50;

pub const FORMAT: Format = Format {
    name: "SARIF",
    detect: |shape| shape.has(&["version", "runs"]),
    parse,
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Log<'a> {
    #[serde(borrow)]
    runs: Items<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RunLog<'a> {
    #[serde(borrow)]
    tool: Option<Tool<'a>>,
    #[serde(borrow)]
    results: Option<Items<'a>>,
    #[serde(borrow)]
    invocations: Items<'a>,
    #[serde(borrow)]
    version_control_provenance: Items<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tool<'a> {
    #[serde(borrow)]
    driver: Option<Driver<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Driver<'a> {
    #[serde(borrow)]
    name: Field<'a>,
    #[serde(borrow)]
    rules: Items<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Rule<'a> {
    #[serde(borrow)]
    id: Field<'a>,
    #[serde(borrow)]
    properties: Option<RuleProperties<'a>>,
    #[serde(borrow)]
    default_configuration: Option<RuleConfiguration<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RuleProperties<'a> {
    #[serde(borrow, rename = "security-severity")]
    score: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RuleConfiguration<'a> {
    #[serde(borrow)]
    level: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Invocation<'a> {
    execution_successful: Option<bool>,
    #[serde(borrow)]
    end_time_utc: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Provenance<'a> {
    #[serde(borrow)]
    repository_uri: Field<'a>,
    #[serde(borrow)]
    branch: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Outcome<'a> {
    #[serde(borrow)]
    rule_id: Field<'a>,
    #[serde(borrow)]
    rule_index: Field<'a>,
    #[serde(borrow)]
    kind: Field<'a>,
    #[serde(borrow)]
    level: Field<'a>,
    #[serde(borrow)]
    baseline_state: Field<'a>,
    #[serde(borrow)]
    locations: Items<'a>,
    #[serde(borrow)]
    suppressions: Items<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Location<'a> {
    #[serde(borrow)]
    physical_location: Option<PhysicalLocation<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PhysicalLocation<'a> {
    #[serde(borrow)]
    artifact_location: Option<ArtifactLocation<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ArtifactLocation<'a> {
    #[serde(borrow)]
    uri: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Suppressed<'a> {
    #[serde(borrow)]
    status: Field<'a>,
}

/// The severities of rules, by their numbers and by their ids.
struct Rules {
    ids: Vec<String>,
    severities: BTreeMap<String, Severity>,
}

fn parse(text: &str) -> Result<Vec<Parsed>, Rejection> {
    let log: Log<'_> = object(text)?;
    if log.runs.values.len() > MAX_RUNS {
        let reason = format!("more than {MAX_RUNS} runs");
        return Err(Rejection::of("runs", FaultKind::TooLong, reason));
    }
    let runs = log.runs.values.iter().map(|run| {
        let run = serde_json::from_str::<RunLog<'_>>(run.get());
        let run = run
            .map_err(|_| Rejection::of("runs", FaultKind::WrongType, "a run has the wrong form"))?;
        Ok(run.into_parsed())
    });
    runs.collect()
}

impl RunLog<'_> {
    fn into_parsed(self) -> Parsed {
        let mut findings = Findings::default();
        let driver = self.tool.and_then(|tool| tool.driver).unwrap_or_default();
        let rules = Rules::of(&driver.rules);
        match &self.results {
            Some(results) => findings.each(results, "results", |findings, outcome| {
                add(findings, outcome, &rules);
            }),
            None => findings.incomplete("its list of results is missing"),
        }
        let mut ended = None;
        findings.each(
            &self.invocations,
            "invocations",
            |findings, call: Invocation<'_>| {
                if call.execution_successful == Some(false) {
                    findings.incomplete("the tool failed (executionSuccessful)");
                }
                ended = text(call.end_time_utc).or(ended.take());
            },
        );
        let provenance = self.version_control_provenance.first::<Provenance<'_>>();
        let Provenance {
            repository_uri,
            branch,
        } = provenance.unwrap_or_default();
        let address = text(repository_uri);
        let scanner = text(driver.name).unwrap_or_default().to_lowercase();
        let words: Vec<&str> = scanner.split_whitespace().collect();
        Parsed {
            scanner: match words[..] {
                [] => "sarif".to_owned(),
                _ => words.join("-"),
            },
            codebase_type: None,
            repository: address.as_deref().and_then(repository_of_url),
            branch: text(branch),
            id: None,
            at: ended,
            findings,
        }
    }
}

impl Rules {
    fn of(items: &Items<'_>) -> Self {
        let mut rules = Self {
            ids: Vec::with_capacity(items.values.len()),
            severities: BTreeMap::new(),
        };
        for item in &items.values {
            let rule: Rule<'_> = serde_json::from_str(item.get()).unwrap_or_default();
            let id = text(rule.id).unwrap_or_default();
            let score = rule.properties.and_then(|said| text(said.score));
            let score = score.and_then(|score| score.parse().ok());
            let level = rule.default_configuration.and_then(|said| text(said.level));
            let severity = match (score, level) {
                (Some(score), _) => severity_of_score(score),
                (None, Some(level)) => Severity::of(&level),
                (None, None) => Severity::Unknown,
            };
            rules.severities.insert(id.clone(), severity);
            rules.ids.push(id);
        }
        rules
    }
}

fn add(findings: &mut Findings, outcome: Outcome<'_>, rules: &Rules) {
    let kind = text(outcome.kind);
    let is_finding = matches!(kind.as_deref(), None | Some("fail"));
    // Of an earlier run, and no longer there.
    let is_gone = text(outcome.baseline_state).as_deref() == Some("absent");
    if !is_finding || is_gone {
        return;
    }
    let index = outcome.rule_index.number().ok().flatten();
    let index = index.and_then(|index| usize::try_from(index).ok());
    let by_index = || rules.ids.get(index?).cloned();
    let rule = text(outcome.rule_id).or_else(by_index);
    let rule = rule.filter(|rule| !rule.is_empty());
    let location = outcome.locations.first::<Location<'_>>();
    let location = location.and_then(|location| location.physical_location);
    let location = location.and_then(|location| location.artifact_location);
    let path = location.and_then(|location| text(location.uri));
    let Some(rule) = rule else {
        return findings.incomplete("one of its results names no rule");
    };
    let Some(id) = identifier([rule.as_str()]) else {
        return findings.incomplete("one of its results names no rule");
    };
    let of_rule = rules.severities.get(&rule).copied().unwrap_or_default();
    let severity = match (of_rule, text(outcome.level)) {
        (Severity::Unknown, Some(level)) => Severity::of(&level),
        // The default of a result without a level.
        (Severity::Unknown, None) => Severity::Medium,
        (of_rule, _) => of_rule,
    };
    findings.push(ReportedFinding {
        id,
        package: path.clone().unwrap_or_default(),
        severity,
        suppressed: is_suppressed(&outcome.suppressions),
        file_path: path,
        ..ReportedFinding::default()
    });
}

/// A result is suppressed unless one of its suppressions waits for a review or was rejected.
fn is_suppressed(suppressions: &Items<'_>) -> bool {
    let mut all = suppressions.values.iter();
    !suppressions.is_empty()
        && all.all(|item| {
            let read = serde_json::from_str::<Suppressed<'_>>(item.get());
            let status = read.ok().map(|suppressed| text(suppressed.status));
            matches!(status, Some(None))
                || matches!(status, Some(Some(status)) if status == "accepted")
        })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{lines, report, reports};
    use super::super::{Defaults, parse, tests::now};

    #[test]
    fn results_are_findings_by_rule_and_file() {
        let scanned = report(
            r#"{"$schema":"s","version":"2.1.0","runs":[{"tool":{"driver":{"name":"Code QL","rules":[
                    {"id":"js/xss","properties":{"security-severity":"7.8","tags":["security"]}},
                    {"id":"js/eval","defaultConfiguration":{"level":"error"}},
                    {"id":"CVE-2021-3807-ansi-regex"}]}},
                "results":[
                    {"ruleId":"js/xss","ruleIndex":0,"level":"warning","message":{"text":"m"},
                     "locations":[{"physicalLocation":{"artifactLocation":{"uri":"src/a.js"},"region":{"startLine":7}}}]},
                    {"ruleIndex":1,"locations":[{"physicalLocation":{"artifactLocation":{"uri":"src/b.js"}}}],
                     "suppressions":[{"kind":"inSource"}]},
                    {"ruleId":"CVE-2021-3807-ansi-regex","level":"note","suppressions":[{"kind":"external","status":"underReview"}]},
                    {"ruleId":"style","kind":"pass"},
                    {"ruleId":"gone","baselineState":"absent"}],
                "versionControlProvenance":[{"repositoryUri":"https://github.com/hmcts/other"}],
                "invocations":[{"executionSuccessful":true,"endTimeUtc":"2026-11-28T10:00:00Z"}]}]}"#,
        );
        assert_eq!(scanned.incomplete, None);
        let report = &scanned.report;
        assert_eq!(
            (&*report.scanner, &*report.repository),
            ("code-ql", "other")
        );
        assert_eq!(report.at_ms, 1_795_860_000_000);
        let expected = [
            "CVE-2021-3807  - - low",
            "JS/EVAL src/b.js - - high suppressed",
            "JS/XSS src/a.js - - high",
        ];
        assert_eq!(lines(&scanned), expected);
    }

    #[test]
    fn each_run_is_a_report() {
        let scanned = reports(
            r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"A"}},"results":[]},
                {"tool":{"driver":{"name":"B"}},"results":null}]}"#,
        );
        let scanners = scanned.iter().map(|scanned| &*scanned.report.scanner);
        assert_eq!(scanners.collect::<Vec<_>>(), ["a", "b"]);
        let complete = scanned.iter().map(|scanned| scanned.report.complete);
        assert_eq!(complete.collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn a_failed_run_is_incomplete() {
        let text = r#"{"version":"2.1.0","runs":[{"results":[],"invocations":[{"executionSuccessful":false}]}]}"#;
        let scanned = report(text);
        assert!(!scanned.report.complete);
        assert_eq!(scanned.report.scanner, "sarif");
    }

    #[test]
    fn too_many_runs_are_refused() {
        let runs = vec!["{}"; 51].join(",");
        let text = format!(r#"{{"version":"2.1.0","runs":[{runs}]}}"#);
        assert!(parse(&text, &Defaults::default(), now()).is_err());
    }
}
