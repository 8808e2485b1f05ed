//! The CVEs that most teams suppress, where one fix helps many.
//!
//! Reads the suppressions of the repositories that are not archived. A repository counts once for
//! a CVE, however many entries name it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Column, Context, Figure, Page, Rows, Topic, Values, opens, suppressions, words};
use crate::server::charts::{Base, Chart, Colour, MAX_NAMES, Mark, Panel, Plane, Series, Unit};
use crate::{
    api::Width,
    selection::Selection,
    server::{insight::security::selected, snapshot::Snapshot},
};

pub const FIGURE: Figure = Figure {
    id: "cve_most_frequent",
    page: Page::Security,
    topic: Topic::Suppressions,
    width: Width::Full,
    height: 420,
    title: "Most frequent CVE suppressions",
    help: "CVEs suppressed by more teams than the configured number, from the OWASP \
           dependency-check suppression files of repositories that are not archived. Each \
           repository counts once per CVE. If all its entries for a CVE have expired (“until”), it \
           counts only as expired; an unreadable date does not expire. The chart shows the 20 most \
           frequent CVEs.",
    rows,
    summary,
    chart,
    opens: opens::nothing,
};

/// The teams and repositories that suppress a CVE.
#[derive(Default)]
struct Suppressors<'a> {
    teams: BTreeSet<&'a str>,
    repositories: u64,
    /// Repositories whose entries have all expired.
    expired: u64,
}

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let state = selected(snapshot, selection).state;
    let suppressed = suppressions::suppressed(snapshot, &state);
    let mut by_cve: BTreeMap<&str, Suppressors<'_>> = BTreeMap::new();
    for one in &suppressed {
        let suppressors = by_cve.entry(&one.cve).or_default();
        if one.expired {
            suppressors.expired += 1;
        } else {
            suppressors.teams.insert(one.team);
            suppressors.repositories += 1;
        }
    }
    let least = snapshot.config.security.cve_teams_more_than as usize;
    let frequent = by_cve.into_iter().filter(|(_, by)| by.teams.len() > least);
    let mut frequent: Vec<_> = frequent.collect();
    // The sort is stable: CVEs with equal numbers of teams stay in order of their ids.
    frequent.sort_by_key(|(_, by)| by.teams.len());
    let cves = frequent.iter().map(|(cve, _)| (*cve).to_owned());
    let teams = frequent.iter().map(|(_, by)| by.teams.len() as u64);
    let repositories = frequent.iter().map(|(_, by)| by.repositories);
    let expired = frequent.iter().map(|(_, by)| by.expired);
    Rows {
        columns: vec![
            Column::new("cve", "CVE", Values::Text(cves.collect())),
            Column::new("teams", "Teams", Values::Count(teams.collect())),
            Column::new(
                "repositories",
                "Repositories",
                Values::Count(repositories.collect()),
            ),
            Column::new(
                "expired",
                "Repositories with expired entries only",
                Values::Count(expired.collect()),
            ),
        ],
        builds: suppressions::repositories(&state).count() as u64,
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    let least = u64::from(context.config.security.cve_teams_more_than);
    let teams = words::counted(least, "team", "teams");
    let repositories = words::counted(rows.builds, "examined repository", "examined repositories");
    let (Some(cve), Some(&most)) = (rows.text("cve").last(), rows.count("teams").last()) else {
        let none = format!("No CVE in {repositories} is suppressed by more than {teams}.");
        return words::none_of(context, rows.builds, none);
    };
    let cves = words::counted(rows.len() as u64, "CVE is", "CVEs are");
    format!("In {repositories}, {cves} suppressed by more than {teams}; {cve} by {most}, the most.")
}

/// The most frequent CVEs, the most frequent first.
fn chart(rows: &Rows, _: &Context<'_>) -> Chart {
    let drawn: Vec<usize> = (0..rows.len()).rev().take(MAX_NAMES).collect();
    let teams = rows.count("teams");
    let mark = |(at, &row): (usize, &usize)| {
        let expired = match rows.count("expired")[row] {
            0 => String::new(),
            expired => format!(
                "\nexpired in {}",
                words::counted(expired, "more repository", "more repositories")
            ),
        };
        let repositories = rows.count("repositories")[row];
        Mark::new(at as f64, teams[row] as f64)
            .counting(row)
            .label(words::thousands(teams[row]))
            .hover(format!(
                "{}\n{}\nin {}{expired}",
                rows.text("cve")[row],
                words::counted(teams[row], "team", "teams"),
                words::counted(repositories, "repository", "repositories")
            ))
    };
    let bars = Series::bars("", Colour::Neutral)
        .opening("teams")
        .with(drawn.iter().enumerate().map(mark));
    let names = drawn.iter().map(|&row| rows.text("cve")[row].clone());
    let panel = Panel::new(Unit::Count, "Teams", vec![bars]);
    Plane::new(Base::Names(names.collect()), vec![panel]).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::figures::testing::{security, summary, suppressing, table};

    const A: &str = "CVE-2019-0001";
    const B: &str = "CVE-2018-1258";

    #[test]
    fn only_cves_of_more_than_two_teams_are_listed_by_teams_then_cve() {
        let snapshot = security(vec![
            suppressing("a-api", &[(A, None), (B, None), ("CVE-2020-9999", None)]),
            suppressing("a-web", &[(A, None)]),
            suppressing("b-api", &[(A, None), (B, None), ("CVE-2020-9999", None)]),
            suppressing("c-api", &[(A, None), (B, None)]),
            suppressing("d-api", &[("cve-2018-1258 ", None)]),
        ]);
        let rows = table(&FIGURE, &snapshot, &Selection::default());
        assert_eq!(
            rows,
            ["CVE-2019-0001 | 3 | 4 | 0", "CVE-2018-1258 | 4 | 4 | 0"]
        );
        assert_eq!(
            summary(&FIGURE, &snapshot, &Selection::default()),
            "In 5 examined repositories, 2 CVEs are suppressed by more than 2 teams; CVE-2018-1258 by 4, the most."
        );
    }

    #[test]
    fn expired_entries_count_only_as_expired() {
        let over = Some("2019-10-24");
        let today = Some("2019-10-25");
        let snapshot = security(vec![
            suppressing("a-api", &[(A, today)]),
            suppressing("b-api", &[(A, Some("never"))]),
            suppressing("c-api", &[(A, over), (A, None)]),
            suppressing("d-api", &[(A, over), (A, over)]),
        ]);
        assert_eq!(
            table(&FIGURE, &snapshot, &Selection::default()),
            ["CVE-2019-0001 | 3 | 3 | 1"]
        );
    }

    #[test]
    fn archived_repositories_are_left_out() {
        let mut facts: Vec<_> = ["a", "b", "c"]
            .map(|name| suppressing(name, &[(A, None)]))
            .into();
        facts[2].archived = true;
        let snapshot = security(facts);
        assert!(table(&FIGURE, &snapshot, &Selection::default()).is_empty());
        assert_eq!(
            summary(&FIGURE, &snapshot, &Selection::default()),
            "No CVE in 2 examined repositories is suppressed by more than 2 teams."
        );
    }
}
