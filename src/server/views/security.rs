//! The head of the Security page: suppressions that are due, and repositories without a check.

use foldhash::HashMap;

use crate::{
    api::{DueClass, DueSuppression, SecurityHead, UncheckedRepository},
    server::{
        attributes::repository_of,
        charts::shorten,
        figures::{
            suppressions::{self, Suppressed},
            words,
        },
        model::DAY_MS,
        snapshot::Snapshot,
    },
};

/// The rows of each list, and the characters of names, which anyone may choose.
const MAX_DUE: usize = 300;
const MAX_UNCHECKED: usize = 200;
const MAX_NAME: usize = 60;
/// The classes, in their order.
pub const CLASSES: [&str; 5] = ["expired", "30-days", "90-days", "later", "no-end"];

/// Describes the facts. Ends are those at the time of the facts.
pub fn security_head(snapshot: &Snapshot) -> SecurityHead {
    let as_of_ms = snapshot.security.as_of_ms.unwrap_or_default();
    let mut suppressed: Vec<(usize, Suppressed<'_>)> = suppressions::suppressed(snapshot)
        .into_iter()
        .map(|known| (class(&known, as_of_ms), known))
        .collect();
    // Suppressions come sorted by repository and CVE, and the sort is stable.
    suppressed.sort_by_key(|(class, known)| (*class, known.ends_ms));
    let classes = CLASSES.iter().enumerate().map(|(number, class)| DueClass {
        class: (*class).to_owned(),
        suppressions: suppressed
            .iter()
            .filter(|(known, _)| *known == number)
            .count() as u64,
    });
    let due = suppressed
        .iter()
        .take(MAX_DUE)
        .map(|(class, known)| DueSuppression {
            class: CLASSES[*class].to_owned(),
            cve: known.cve.clone(),
            repository: shorten(known.repository, MAX_NAME),
            team: shorten(known.team, MAX_NAME),
            until: known.ends_ms.map(|ms| words::instant(Some(ms))),
        });
    let javascript = || suppressions::repositories(snapshot).filter(|facts| facts.javascript);
    let mut unchecked: Vec<&str> = javascript()
        .filter(|facts| facts.checks.is_empty())
        .map(|facts| &*facts.repository)
        .collect();
    unchecked.sort_unstable();
    let addresses = addresses(snapshot);
    let listed = unchecked
        .iter()
        .take(MAX_UNCHECKED)
        .map(|&repository| UncheckedRepository {
            repository: shorten(repository, MAX_NAME),
            team: shorten(snapshot.config.owners.team(repository), MAX_NAME),
            href: addresses
                .get(repository)
                .and_then(|address| snapshot.config.links.href(address)),
        });
    SecurityHead {
        as_of: words::instant(snapshot.security.as_of_ms),
        repositories: suppressions::repositories(snapshot).count() as u64,
        javascript: javascript().count() as u64,
        classes: classes.collect(),
        due: due.collect(),
        unreadable: suppressed
            .iter()
            .filter(|(_, known)| known.unreadable)
            .count() as u64,
        unchecked_total: unchecked.len() as u64,
        unchecked: listed.collect(),
    }
}

/// The index in [`CLASSES`].
fn class(known: &Suppressed<'_>, as_of_ms: i64) -> usize {
    match known.ends_ms {
        None => 4,
        Some(ms) if ms <= as_of_ms => 0,
        Some(ms) if ms <= as_of_ms + 30 * DAY_MS => 1,
        Some(ms) if ms <= as_of_ms + 90 * DAY_MS => 2,
        Some(_) => 3,
    }
}

/// Returns the addresses of repositories that builds name, by the names of the repositories.
fn addresses(snapshot: &Snapshot) -> HashMap<&str, &str> {
    let urls = snapshot.codebases.iter();
    let urls = urls.filter_map(|codebase| codebase.git_url.as_deref());
    urls.filter_map(|url| Some((repository_of(url)?, url)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selection::Selection;
    use crate::server::{
        figures::{
            self,
            testing::{security, suppressing, table},
        },
        model::{Check, RepositoryFacts},
    };

    const A: &str = "CVE-2019-0001";
    const B: &str = "CVE-2018-1258";

    #[test]
    fn suppressions_are_due_by_the_latest_of_their_entries() {
        // As of 25 October 2019, 12:00.
        let snapshot = security(vec![
            suppressing("a-api", &[(A, Some("2019-10-24")), (B, Some("2019-10-25"))]),
            suppressing("b-api", &[(A, Some("2019-10-01")), (A, Some("2019-12-31"))]),
            suppressing(
                "c-api",
                &[(A, Some("2019-10-01")), (A, None), (B, Some("soon"))],
            ),
            suppressing("d-api", &[(A, Some("2020-06-30"))]),
        ]);
        let head = security_head(&snapshot);
        let counts: Vec<(&str, u64)> = head
            .classes
            .iter()
            .map(|known| (&*known.class, known.suppressions))
            .collect();
        let expected = [
            ("expired", 1),
            ("30-days", 1),
            ("90-days", 1),
            ("later", 1),
            ("no-end", 2),
        ];
        assert_eq!(counts, expected);
        assert_eq!(head.unreadable, 1);
        let listed: Vec<(&str, &str, Option<&str>)> = head
            .due
            .iter()
            .map(|known| (&*known.repository, &*known.cve, known.until.as_deref()))
            .collect();
        let expected = [
            ("a-api", A, Some("2019-10-25T00:00:00Z")),
            ("a-api", B, Some("2019-10-26T00:00:00Z")),
            ("b-api", A, Some("2020-01-01T00:00:00Z")),
            ("d-api", A, Some("2020-07-01T00:00:00Z")),
            ("c-api", B, None),
            ("c-api", A, None),
        ];
        assert_eq!(listed[..4], expected[..4]);
        assert_eq!(listed.len(), 6);
    }

    #[test]
    fn repositories_without_a_check_are_those_that_the_figure_counts() {
        let javascript = |name: &str, checks: &[Check], archived| RepositoryFacts {
            repository: name.to_owned(),
            javascript: true,
            checks: checks.to_vec(),
            archived,
            ..RepositoryFacts::default()
        };
        let snapshot = security(vec![
            javascript("z-web", &[], false),
            javascript("b-web", &[Check::Snyk], false),
            javascript("a-web", &[], false),
            javascript("old-web", &[], true),
            suppressing("a-api", &[]),
        ]);
        let head = security_head(&snapshot);
        let names: Vec<&str> = head
            .unchecked
            .iter()
            .map(|known| &*known.repository)
            .collect();
        assert_eq!(names, ["a-web", "z-web"]);
        assert_eq!(
            (head.repositories, head.javascript, head.unchecked_total),
            (4, 3, 2)
        );
        let figure = figures::find("js_checks").expect("a figure");
        let rows = table(figure, &snapshot, &Selection::default());
        assert!(
            rows.last().is_some_and(|row| row.starts_with("none | 2 ")),
            "{rows:?}"
        );
    }

    #[test]
    fn many_repositories_are_counted_and_the_first_are_listed() {
        let facts = (0..600).map(|number| RepositoryFacts {
            repository: format!("r{number:03}"),
            javascript: true,
            suppressions: suppressing("x", &[(A, None)]).suppressions,
            ..RepositoryFacts::default()
        });
        let head = security_head(&security(facts.collect()));
        assert_eq!(
            (head.unchecked.len(), head.unchecked_total),
            (MAX_UNCHECKED, 600)
        );
        assert_eq!(
            (head.due.len(), head.classes[4].suppressions),
            (MAX_DUE, 600)
        );
    }
}
