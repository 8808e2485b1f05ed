//! The CVEs that repositories suppress, for the CVE figures.
//!
//! Archived repositories are left out, as on the whole Security page: they are no longer in use.

use std::collections::BTreeMap;

use crate::server::{
    insight::security::ends_ms,
    model::RepositoryFacts,
    snapshot::{SecurityState, Snapshot},
};

/// A CVE that a repository suppresses, in one or more entries.
pub struct Suppressed<'a> {
    pub repository: &'a str,
    pub team: &'a str,
    pub cve: String,
    /// The end of the last of its entries, Unix ms; none if one of them has no end.
    pub ends_ms: Option<i64>,
    /// That entry has an end, but not one that can be read.
    pub unreadable: bool,
    /// All entries have expired.
    pub expired: bool,
}

/// The end of an entry, in the order in which a later one decides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    At(i64),
    Unreadable,
    Never,
}

/// The repositories of a state, as on the whole Security page.
pub fn repositories(state: &SecurityState) -> impl Iterator<Item = &RepositoryFacts> {
    state.repositories.iter().map(|known| &*known.facts)
}

/// Each pair of repository and CVE once, sorted.
pub fn suppressed<'a>(snapshot: &'a Snapshot, state: &'a SecurityState) -> Vec<Suppressed<'a>> {
    let config = &snapshot.config;
    let mut all = Vec::new();
    for facts in repositories(state) {
        let mut end_by_cve: BTreeMap<String, End> = BTreeMap::new();
        for entry in &facts.suppressions {
            let Some(cve) = cve_id(&entry.cve) else {
                continue;
            };
            let end = match entry.until.as_deref() {
                None => End::Never,
                Some(until) => ends_ms(until, &config.time_zone).map_or(End::Unreadable, End::At),
            };
            let last = end_by_cve.entry(cve).or_insert(end);
            *last = end.max(*last);
        }
        all.extend(end_by_cve.into_iter().map(|(cve, end)| {
            let ends_ms = match end {
                End::At(ms) => Some(ms),
                End::Unreadable | End::Never => None,
            };
            Suppressed {
                repository: &facts.repository,
                team: config.owners.team(&facts.repository),
                cve,
                ends_ms,
                unreadable: end == End::Unreadable,
                expired: ends_ms.is_some_and(|end| end <= state.at_ms),
            }
        }));
    }
    all
}

/// Parses `CVE-YYYY-N…` with at least four digits at the end; trimmed and in upper case.
fn cve_id(text: &str) -> Option<String> {
    let id = text.trim().to_ascii_uppercase();
    let (year, number) = id.strip_prefix("CVE-")?.split_once('-')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (year.len() == 4 && number.len() >= 4 && digits(year) && digits(number)).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_trimmed_upper_case_and_checked() {
        assert_eq!(
            cve_id(" cve-2019-12384\n"),
            Some("CVE-2019-12384".to_owned())
        );
        assert_eq!(cve_id("CVE-2019-1234"), Some("CVE-2019-1234".to_owned()));
        for wrong in [
            "",
            "CVE-2019-123",
            "CVE-19-12345",
            "CVE-2019-12a45",
            "XCVE-2019-1234",
            "CVE-2019-1234-5",
        ] {
            assert_eq!(cve_id(wrong), None, "{wrong}");
        }
    }
}
