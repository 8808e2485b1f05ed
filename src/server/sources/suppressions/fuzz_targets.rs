//! Fuzz targets of the files that silence dependency scanners.

use super::{FILES, FileRules, MAX_FAULTS, dependency_check::parse};
use crate::server::{fuzz_target::Target, model::MAX_RULES, sources::file::is_cve};

pub const TARGETS: &[Target] = &[
    ("dependency_check", suppressions),
    ("trivy", |data| file(".trivyignore", data)),
    ("trivy_yaml", |data| file(".trivyignore.yaml", data)),
    ("osv_scanner", |data| file("osv-scanner.toml", data)),
    ("yarn_audit", |data| file("yarn-audit-known-issues", data)),
    ("snyk", |data| file(".snyk", data)),
    ("nsp", |data| file(".nsprc", data)),
];

/// Reasons for readers hold only the beginning of a text from outside.
const MAX_REASON: usize = 400;

/// Every entry names a CVE once, and faults do not grow with the file.
fn suppressions(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let found = parse("s.xml", text);
    assert!(found.entries.iter().all(|entry| is_cve(&entry.cve)));
    assert!(found.entries.len() <= text.len());
    check(text, &found.rules);
}

fn file(path: &str, data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let known = FILES.into_iter().find(|(known, _)| *known == path);
    let (_, parse) = known.expect("the path is one of them");
    check(text, &parse(path, text));
}

/// A rule has lines of the file, and something that it silences.
fn check(text: &str, found: &FileRules) {
    assert!(found.rules.len() <= MAX_RULES && found.faults.len() <= MAX_FAULTS);
    for fault in &found.faults {
        assert!(fault.chars().count() <= MAX_REASON, "{fault}");
    }
    let lines = text.lines().count().max(1);
    for rule in &found.rules {
        let (first, last) = (rule.line as usize, rule.last_line as usize);
        assert!(1 <= first && first <= last && last <= lines + 1, "{rule:?}");
        let silences =
            !rule.ids.is_empty() || !rule.selectors.is_empty() || rule.cvss_below.is_some();
        assert!(silences, "{rule:?}");
    }
}
