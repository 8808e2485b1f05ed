//! Security facts of a repository in a file for `import security`.

use jiff::{Timestamp, civil::Date};
use serde::Deserialize;

use crate::server::{
    model::{RepositoryFacts, Suppression},
    sources::{
        fields::{Field, instant, missing, object},
        rejection::{FaultKind, Rejection},
    },
};

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, default)]
    collected_at: Field<'a>,
}

/// The facts, and the time of their collection (Unix ms).
#[derive(Debug, PartialEq, Eq)]
pub struct Collected {
    pub at_ms: i64,
    pub facts: RepositoryFacts,
}

/// Parses facts from the text of a JSON object. Unreadable suppressions are left out and passed to
/// `reject`; the rest is kept.
///
/// # Errors
/// The whole object cannot be used.
pub fn parse(
    text: &str,
    now: Timestamp,
    reject: &mut dyn FnMut(Rejection),
) -> Result<Collected, Rejection> {
    let document: Document<'_> = object(text)?;
    let at_ms = instant("collected_at", document.collected_at, now)?;
    let mut facts: RepositoryFacts = object(text)?;
    if facts.repository.trim().is_empty() {
        return Err(missing("repository"));
    }
    facts.suppressions = facts
        .suppressions
        .into_iter()
        .filter_map(|suppression| checked(suppression, reject))
        .collect();
    Ok(Collected {
        at_ms: at_ms.unwrap_or_else(|| now.as_millisecond()),
        facts: facts.bounded(),
    })
}

fn checked(suppression: Suppression, reject: &mut dyn FnMut(Rejection)) -> Option<Suppression> {
    let cve = suppression.cve.trim().to_uppercase();
    if !is_cve(&cve) {
        let shown: String = cve.chars().take(40).collect();
        reject(Rejection::of(
            "cve",
            FaultKind::BadCve,
            format!("“{shown}” is not a CVE id such as CVE-2019-12384"),
        ));
        return None;
    }
    // An unreadable end must not hide that the CVE is suppressed.
    let until = suppression.until.and_then(|until| {
        let date = date(&until);
        if date.is_none() && !until.trim().is_empty() {
            let shown: String = until.chars().take(40).collect();
            reject(Rejection::of(
                "until",
                FaultKind::BadDate,
                format!("until “{shown}” is not a date such as 2020-01-31; treated as no end"),
            ));
        }
        date
    });
    Some(Suppression { cve, until })
}

/// `CVE-YYYY-N…`, with 4 to 19 digits at the end.
pub fn is_cve(id: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    id.strip_prefix("CVE-")
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(year, number)| {
            year.len() == 4 && digits(year) && (4..=19).contains(&number.len()) && digits(number)
        })
}

/// The date at the beginning, as in `2020-01-31` and `2020-01-31T00:00:00Z`, with the zone that directly
/// follows it, as in `2020-01-31Z` and `2020-01-31+01:00`: it decides when that day ends.
pub fn date(text: &str) -> Option<String> {
    let (date, rest) = text.trim().split_at_checked("2020-01-31".len())?;
    let date: Date = date.parse().ok()?;
    // The offset alone, without a name in brackets.
    let rest = rest.split('[').next().unwrap_or_default();
    let is_zone = format!("{date}T00:00:00{rest}")
        .parse::<Timestamp>()
        .is_ok();
    let zone = if is_zone { rest } else { "" };
    Some(format!("{date}{zone}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2019-11-01T12:00:00Z".parse().expect("an instant")
    }

    fn read(text: &str) -> (Result<Collected, Rejection>, Vec<FaultKind>) {
        let mut kinds = Vec::new();
        let collected = parse(text, now(), &mut |rejection| kinds.push(rejection.kind));
        (collected, kinds)
    }

    #[test]
    fn cve_ids_are_trimmed_converted_to_upper_case_and_checked() {
        let (collected, kinds) = read(
            r#"{"repository":"ccd-api","suppressions":[{"cve":" cve-2019-12384 "},{"cve":"CVE-19-1"},
            {"cve":"CVE-2019-123"},{"cve":"CVE-2019-12345678901234567890"},{"cve":"CVE-2019-1000001","until":"2020-01-31Z"}]}"#,
        );
        let suppression = |cve: &str, until: Option<&str>| Suppression {
            cve: cve.to_owned(),
            until: until.map(str::to_owned),
        };
        let facts = collected.expect("facts").facts;
        assert_eq!(
            facts.suppressions,
            [
                suppression("CVE-2019-12384", None),
                suppression("CVE-2019-1000001", Some("2020-01-31Z")),
            ]
        );
        assert_eq!(kinds, [FaultKind::BadCve; 3]);
    }

    #[test]
    fn a_date_keeps_its_zone_and_nothing_else() {
        let cases = [
            ("2020-01-31", Some("2020-01-31")),
            (" 2020-01-31Z\n", Some("2020-01-31Z")),
            ("2020-01-31+01:00", Some("2020-01-31+01:00")),
            ("2020-01-31-05:30", Some("2020-01-31-05:30")),
            (
                "2020-01-31+01:00[America/Argentina/ComodRivadavia]",
                Some("2020-01-31+01:00"),
            ),
            ("2020-01-31T12:00:00Z", Some("2020-01-31")),
            ("2020-01-31 or so", Some("2020-01-31")),
            ("2020-01-31+99:00", Some("2020-01-31")),
            ("2020-13-31Z", None),
            ("ääääääääää", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(date(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn an_unreadable_end_is_reported_and_dropped() {
        let (collected, kinds) = read(
            r#"{"repository":"a","suppressions":[{"cve":"CVE-2019-12384","until":"next year"}]}"#,
        );
        assert_eq!(collected.expect("facts").facts.suppressions[0].until, None);
        assert_eq!(kinds, [FaultKind::BadDate]);
    }

    #[test]
    fn long_versions_are_cut() {
        let long = "8".repeat(100_000);
        let (collected, kinds) = read(&format!(
            r#"{{"repository":"a","node_version":"{long}","stated":{{"engines_node":"{long}"}}}}"#
        ));
        let facts = collected.expect("facts").facts;
        for version in [facts.node_version, facts.stated.engines_node] {
            assert_eq!(version.expect("a version").chars().count(), 40);
        }
        assert_eq!(kinds, []);
    }

    #[test]
    fn facts_without_a_collection_time_are_of_now() {
        let at = |text| read(text).0.expect("facts").at_ms;
        assert_eq!(at(r#"{"repository":"a"}"#), now().as_millisecond());
        let named = at(r#"{"repository":"a","collected_at":"2019-10-25T17:15:00Z"}"#);
        assert_eq!(named, 1_572_023_700_000);
    }

    #[test]
    fn facts_without_a_repository_or_of_the_wrong_form_are_refused() {
        let kind = |text| read(text).0.expect_err("a fault").kind;
        assert_eq!(kind(r#"{"repository":" "}"#), FaultKind::MissingField);
        assert_eq!(kind(r#"{}"#), FaultKind::WrongType);
        assert_eq!(
            kind(r#"{"repository":"a","checks":["magic"]}"#),
            FaultKind::WrongType
        );
    }
}
