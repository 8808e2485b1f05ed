//! Ids of vulnerabilities.

use crate::server::{model::Severity, sources::file::is_cve};

/// Returns the CVE among these names, else the first of them, in upper case.
pub fn identifier<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut first = None;
    for name in names {
        let name = name.trim();
        if let Some(cve) = cve(name) {
            return Some(cve);
        }
        if first.is_none() && !name.is_empty() {
            first = Some(name.to_uppercase());
        }
    }
    first
}

/// Returns the CVE id in a text: `CVE-2021-3807` of `CVE-2021-3807-ansi-regex`.
fn cve(text: &str) -> Option<String> {
    // Longer names are sentences.
    const MAX: usize = 200;
    let text = text.get(..MAX).unwrap_or(text).to_ascii_uppercase();
    let start = text.find("CVE-")?;
    let rest = &text[start + 4..];
    let (year, number) = rest.split_once('-')?;
    let digits = number
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(number.len());
    let id = format!("CVE-{year}-{}", &number[..digits]);
    is_cve(&id).then_some(id)
}

/// Returns the GitHub advisory in an address (`https://github.com/advisories/GHSA-93q8-gq69-wqmw`).
pub fn advisory(url: &str) -> Option<&str> {
    let name = url.trim_end_matches('/').rsplit('/').next()?;
    let is_advisory = name
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case("GHSA-"));
    is_advisory.then_some(name)
}

/// The severity of a CVSS score, by the ranges of CVSS 3.
pub fn severity_of_score(score: f64) -> Severity {
    match score {
        9.0..=10.0 => Severity::Critical,
        7.0..9.0 => Severity::High,
        4.0..7.0 => Severity::Medium,
        0.1..4.0 => Severity::Low,
        _ => Severity::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cve_goes_before_other_ids() {
        let id = |names: &[&str]| identifier(names.iter().copied());
        assert_eq!(
            id(&["GHSA-a", "cve-2021-3807"]).as_deref(),
            Some("CVE-2021-3807")
        );
        assert_eq!(id(&["ghsa-a", "PYSEC-1"]).as_deref(), Some("GHSA-A"));
        assert_eq!(id(&["", " "]), None);
        assert_eq!(
            id(&["CVE-2021-3807-ansi-regex"]).as_deref(),
            Some("CVE-2021-3807")
        );
        assert_eq!(id(&["CVE-21-3807"]).as_deref(), Some("CVE-21-3807"));
        assert_eq!(id(&["CVE-é"]).as_deref(), Some("CVE-É"));
    }

    #[test]
    fn advisories_are_read_from_addresses() {
        let url = "https://github.com/advisories/GHSA-93q8-gq69-wqmw";
        assert_eq!(advisory(url), Some("GHSA-93q8-gq69-wqmw"));
        assert_eq!(advisory("https://npmjs.com/advisories/755"), None);
        assert_eq!(advisory("éééé"), None);
    }

    #[test]
    fn scores_are_severities_by_the_ranges_of_cvss() {
        let cases = [
            (10.0, Severity::Critical),
            (9.0, Severity::Critical),
            (8.9, Severity::High),
            (4.0, Severity::Medium),
            (3.9, Severity::Low),
            (0.0, Severity::Unknown),
            (11.0, Severity::Unknown),
            (f64::NAN, Severity::Unknown),
        ];
        for (score, expected) in cases {
            assert_eq!(severity_of_score(score), expected, "{score}");
        }
    }
}
