//! The suppression rules of the sample, and since when they exist.

use super::{
    SampleOptions,
    random::{Random, mix},
    risks::risks,
};
use crate::server::model::{
    RepositoryFacts, RuleFormat, Selector, SelectorKind, Suppression, SuppressionRule,
};

const OWASP: &str = "config/owasp/suppressions.xml";
/// The lines of an entry.
const LINES: u32 = 6;
/// Percentage of repositories with rules that were removed, and of JavaScript repositories with files of other tools.
const WITH_REMOVED: u32 = 40;
const WITH_OTHER: u32 = 25;
/// Percentage of repositories that suppress whatever has a low score.
const WITH_SCORE: u32 = 4;

/// A rule with its life, in days before today.
pub struct Ruled {
    pub rule: SuppressionRule,
    pub since: u32,
    pub removed: Option<u32>,
    /// No scan finds what it suppresses.
    pub unused: bool,
}

impl Ruled {
    /// Returns whether it was there so many days ago.
    pub fn is_there(&self, days: u32) -> bool {
        days <= self.since && self.removed.is_none_or(|removed| days > removed)
    }
}

/// Returns the rules of a repository, those of today as its suppressions say.
pub fn rules(options: &SampleOptions, today: &RepositoryFacts, random: &mut Random) -> Vec<Ruled> {
    let mut rules = Vec::new();
    for suppression in &today.suppressions {
        let rule = rule(&suppression.cve, suppression.until.clone(), today, random);
        rules.push(ruled(rule, None, random));
    }
    if random.percent(WITH_REMOVED) && (today.javascript || today.java_version.is_some()) {
        for number in 0..random.between([1, 2]) {
            let cve = format!(
                "CVE-2021-{}",
                60_000 + mix(options.seed ^ u64::from(number)) % 9_000
            );
            let rule = rule(&cve, None, today, random);
            let removed = random.between([4, 150]);
            rules.push(ruled(rule, Some(removed), random));
        }
    }
    if random.percent(WITH_SCORE) && today.java_version.is_some() {
        let rule = SuppressionRule {
            file: OWASP.to_owned(),
            cvss_below: Some("4.0".to_owned()),
            notes: Some(risks().reasons[2].clone()),
            ..SuppressionRule::default()
        };
        rules.push(ruled(rule, None, random));
    }
    if today.javascript && random.percent(WITH_OTHER) {
        rules.push(other(random));
    }
    for (line, ruled) in (3..).step_by(LINES as usize).zip(&mut rules) {
        ruled.rule.line = line;
        ruled.rule.last_line = line + LINES - 1;
    }
    rules
}

/// Returns the suppressions that a file of dependency-check with these rules has.
pub fn suppressions(rules: &[SuppressionRule]) -> Vec<Suppression> {
    let owasp = rules.iter().filter(|rule| rule.file == OWASP);
    let entries = owasp.flat_map(|rule| {
        let until = rule
            .until
            .clone()
            .filter(|until| until.starts_with(|c: char| c.is_ascii_digit()));
        let ids = rule.ids.iter();
        ids.map(move |cve| Suppression {
            cve: cve.clone(),
            until: until.clone(),
        })
    });
    entries.collect()
}

fn ruled(rule: SuppressionRule, removed: Option<u32>, random: &mut Random) -> Ruled {
    let age = random.between([1, 400]);
    Ruled {
        rule,
        since: removed.map_or(age, |removed| removed + random.between([20, 120])),
        removed,
        unused: random.percent(risks().unused),
    }
}

fn rule(
    cve: &str,
    until: Option<String>,
    today: &RepositoryFacts,
    random: &mut Random,
) -> SuppressionRule {
    let risks = risks();
    let drawn = random.below(100);
    let selector = |kind, text: String, regex| vec![Selector { kind, text, regex }];
    let package = package_of(cve, today.java_version.is_some());
    let (catch_all, none) = (risks.catch_all, risks.catch_all + risks.no_selector);
    let selectors = if drawn < catch_all {
        selector(SelectorKind::PackageUrl, "^.*$".to_owned(), true)
    } else if drawn < none {
        Vec::new()
    } else if drawn < none + risks.cpe {
        selector(
            SelectorKind::Cpe,
            format!("cpe:/a:sample:{}", package.replace([':', '.'], "_")),
            false,
        )
    } else if drawn.is_multiple_of(2) {
        selector(
            SelectorKind::PackageUrl,
            format!("^{}@.*$", package_url(package).replace('.', "\\.")),
            true,
        )
    } else if package.contains(':') {
        selector(SelectorKind::Gav, package.to_owned(), false)
    } else {
        selector(SelectorKind::PackageUrl, package_url(package), false)
    };
    let unreadable = until.is_none() && random.percent(risks.unreadable);
    let reason = random.index(risks.reasons.len());
    SuppressionRule {
        file: OWASP.to_owned(),
        ids: vec![cve.to_owned()],
        selectors,
        until: if unreadable {
            Some("next release".to_owned())
        } else {
            until
        },
        notes: (!random.percent(risks.no_reason)).then(|| risks.reasons[reason].clone()),
        ..SuppressionRule::default()
    }
}

/// A rule of another tool than dependency-check.
fn other(random: &mut Random) -> Ruled {
    let id = format!(
        "GHSA-{:04}-{:04}-{:04}",
        random.below(9_999),
        random.below(9_999),
        random.below(9_999)
    );
    let package = package_of(&id, false).to_owned();
    let selectors = vec![Selector {
        kind: SelectorKind::Package,
        text: package,
        regex: false,
    }];
    let (format, file, selectors, notes) = match random.below(4) {
        0 => (RuleFormat::Trivy, ".trivyignore.yaml", Vec::new(), true),
        1 => (RuleFormat::OsvScanner, "osv-scanner.toml", Vec::new(), true),
        2 => (RuleFormat::Snyk, ".snyk", selectors, true),
        _ => (
            RuleFormat::YarnAudit,
            "yarn-audit-known-issues",
            selectors,
            false,
        ),
    };
    let rule = SuppressionRule {
        format,
        file: file.to_owned(),
        ids: vec![id],
        selectors,
        notes: notes.then(|| risks().reasons[2].clone()),
        ..SuppressionRule::default()
    };
    ruled(rule, None, random)
}

/// The package that an invented vulnerability is in.
pub fn package_of(id: &str, java: bool) -> &'static str {
    let packages = if java {
        &risks().java_packages
    } else {
        &risks().javascript_packages
    };
    let hash = id.bytes().fold(0, |hash, byte| mix(hash ^ u64::from(byte)));
    let index = usize::try_from(hash % packages.len() as u64).unwrap_or_default();
    &packages[index]
}

pub fn package_url(package: &str) -> String {
    match package.split_once(':') {
        Some((group, artefact)) => format!("pkg:maven/{group}/{artefact}"),
        None => format!("pkg:npm/{package}"),
    }
}
