//! Rules, runtimes and findings in words.

use crate::server::{
    charts::shorten,
    model::{Runtime, SuppressionRule},
    snapshot::Finding,
};

/// The ids and selectors that name a rule, and the characters of each.
const MAX_NAMED: usize = 3;
const MAX_LENGTH: usize = 80;

/// The name of a rule: its ids, else what else it selects.
pub fn rule_name(rule: &SuppressionRule) -> String {
    if !rule.ids.is_empty() {
        return listed(rule.ids.iter().map(String::as_str));
    }
    match (&rule.cvss_below, rule.selectors.is_empty()) {
        (Some(score), true) => format!("everything below a score of {score}"),
        (None, true) => "no named vulnerability".to_owned(),
        (_, false) => listed(rule.selectors.iter().map(|selector| &*selector.text)),
    }
}

/// `Node.js 18`.
pub fn runtime_name(runtime: &Runtime) -> String {
    format!("{} {}", product(&runtime.product), runtime.version)
}

/// `CVE-2024-1234 in lodash (high)`.
pub fn finding_name(finding: &Finding) -> String {
    let severity = finding.severity.as_str();
    format!("{} in {} ({severity})", finding.id, finding.package)
}

/// `dependency-check (java)`.
pub fn scanner_name(finding: &Finding) -> String {
    match &*finding.codebase_type {
        "" => finding.scanner.clone(),
        kind => format!("{} ({kind})", finding.scanner),
    }
}

/// `a, b, c and 2 more`.
pub fn listed<'a>(texts: impl ExactSizeIterator<Item = &'a str>) -> String {
    let count = texts.len();
    let first = texts.take(MAX_NAMED).map(|text| shorten(text, MAX_LENGTH));
    let first: Vec<String> = first.collect();
    let first = first.join(", ");
    match count.saturating_sub(MAX_NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// The name of a product by its id at endoflife.date.
pub fn product(id: &str) -> &str {
    match id {
        "nodejs" => "Node.js",
        "java" => "Java",
        "eclipse-temurin" => "Eclipse Temurin",
        "oracle-jdk" => "Oracle JDK",
        "amazon-corretto" => "Amazon Corretto",
        "azul-zulu" => "Azul Zulu",
        "microsoft-build-of-openjdk" => "Microsoft Build of OpenJDK",
        "redhat-build-of-openjdk" => "Red Hat build of OpenJDK",
        "python" => "Python",
        "go" => "Go",
        "dotnet" => ".NET",
        "ruby" => "Ruby",
        "php" => "PHP",
        "debian" => "Debian",
        "ubuntu" => "Ubuntu",
        "alpine" | "alpine-linux" => "Alpine Linux",
        other => other,
    }
}
