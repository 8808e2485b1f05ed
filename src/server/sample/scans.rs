//! The reports of the sample's scanners: weekly scans, and the alerts of Dependabot.

use super::{
    SampleOptions,
    catalogue::code,
    random::{Random, mix},
    risks::{Repository, risks, weighted},
    rules::{package_of, package_url},
};
use crate::server::model::{
    Check, DAY_MS, HOUR_MS, ReportedFinding, RuleFormat, ScanReport, Severity,
};

/// Separates the random numbers of scans.
const KEY: u64 = 0x0000_5ca2;
/// The number of weekly scans.
const SCANS: u32 = 20;
/// A scanner that fails now and then fails every so many weeks.
const FAILS: u32 = 6;
/// Percentage of vulnerabilities that other repositories suppress.
const SUPPRESSED_ELSEWHERE: u32 = 6;

/// A vulnerability with its life, in days before today.
struct Vulnerability {
    finding: ReportedFinding,
    since: u32,
    resolved: Option<u32>,
}

/// Returns the reports about a repository.
pub fn reports(options: &SampleOptions, repository: &Repository) -> Vec<ScanReport> {
    let mut random = Random::of(&[options.seed, KEY, repository.number]);
    let scans = &risks().scans;
    let facts = &repository.today;
    let java = facts.java_version.is_some();
    let share = if java { scans.java } else { scans.javascript };
    let mut all = Vec::new();
    if !(java || facts.javascript) || facts.archived {
        return all;
    }
    let vulnerabilities = vulnerabilities(java, &mut random);
    let unreliable = random.percent(scans.unreliable);
    let scanned = random.percent(share);
    let report = |scanner: &str, weeks: u32, complete, findings| ScanReport {
        repository: facts.repository.clone(),
        scanner: scanner.to_owned(),
        codebase_type: if java { "java" } else { "node" }.to_owned(),
        // At night, on a weekday of its own.
        at_ms: options.as_of_ms - i64::from(days(weeks, repository.number)) * DAY_MS - HOUR_MS,
        complete,
        findings,
    };
    let scanner = if java {
        "dependency-check"
    } else {
        "yarn-audit"
    };
    for weeks in (0..SCANS).rev().filter(|_| scanned) {
        let at = days(weeks, repository.number);
        if unreliable && weeks % FAILS == FAILS - 1 {
            all.push(report(scanner, weeks, false, Vec::new()).bounded());
            continue;
        }
        let open = vulnerabilities.iter().filter(|known| known.is_open(at));
        let mut findings: Vec<ReportedFinding> = open.map(|known| known.finding.clone()).collect();
        findings.extend(suppressed(repository, java, at));
        all.push(report(scanner, weeks, true, findings).bounded());
    }
    if facts.checks.contains(&Check::Dependabot) {
        for weeks in (0..SCANS / 2).rev() {
            let at = days(weeks, repository.number);
            let open = vulnerabilities.iter().filter(|known| known.is_open(at));
            let alerts = open.map(|known| ReportedFinding {
                opened_ms: Some(options.as_of_ms - i64::from(known.since) * DAY_MS),
                ..known.finding.clone()
            });
            all.push(report("dependabot", weeks, true, alerts.collect()).bounded());
        }
    }
    all
}

/// The days before today of the scan so many weeks ago.
fn days(weeks: u32, number: u64) -> u32 {
    weeks * 7 + u32::try_from(number % 7).unwrap_or_default()
}

impl Vulnerability {
    fn is_open(&self, days: u32) -> bool {
        days <= self.since && self.resolved.is_none_or(|resolved| days > resolved)
    }
}

fn vulnerabilities(java: bool, random: &mut Random) -> Vec<Vulnerability> {
    let scans = &risks().scans;
    let count = random.below(scans.findings + 1);
    (0..count)
        .map(|_| {
            // Some of what many suppress is found elsewhere.
            let frequent = &code().suppressions.frequent;
            let id = match random.percent(SUPPRESSED_ELSEWHERE) {
                true => frequent.keys().nth(random.index(frequent.len())).cloned(),
                false => None,
            };
            let (year, number) = (
                random.between([2020, 2026]),
                random.between([10_000, 12_500]),
            );
            let id = id.unwrap_or_else(|| format!("CVE-{year}-{number}"));
            let since = random.between([2, 139]);
            let resolved = random.percent(scans.resolved).then(|| random.below(since));
            let severity = Severity::of(weighted(&scans.severities, random));
            let fixed = random.percent(70);
            let finding = ReportedFinding {
                fixed_in: fixed
                    .then(|| format!("{}.{}.0", random.between([2, 5]), random.below(10))),
                ..found(&id, java, severity)
            };
            Vulnerability {
                finding,
                since,
                resolved,
            }
        })
        .collect()
}

/// The findings that the repository's rules suppress.
fn suppressed(
    repository: &Repository,
    java: bool,
    days: u32,
) -> impl Iterator<Item = ReportedFinding> {
    let format = if java {
        RuleFormat::DependencyCheck
    } else {
        RuleFormat::YarnAudit
    };
    let rules = repository
        .rules
        .iter()
        .filter(move |ruled| ruled.rule.format == format && ruled.is_there(days) && !ruled.unused);
    let ids = rules.flat_map(|ruled| &ruled.rule.ids);
    ids.map(move |id| {
        let drawn = id.bytes().fold(1, |hash, byte| mix(hash ^ u64::from(byte)));
        let severity = Severity::ALL[usize::try_from(drawn % 3).unwrap_or_default()];
        ReportedFinding {
            suppressed: true,
            ..found(id, java, severity)
        }
    })
}

fn found(id: &str, java: bool, severity: Severity) -> ReportedFinding {
    let package = package_of(id, java);
    let version = "1.4.2";
    ReportedFinding {
        id: id.to_owned(),
        package: package.to_owned(),
        version: Some(version.to_owned()),
        severity,
        package_url: Some(format!("{}@{version}", package_url(package))),
        ..ReportedFinding::default()
    }
}
