//! CVE suppressions by team.
//!
//! Reads the suppressions of the repositories that are not archived. A CVE counts once per team,
//! however many of its repositories name it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Column, Context, Figure, Page, Rows, Topic, Values, opens, suppressions, words};
use crate::server::charts::{
    self, Base, Chart, Colour, MAX_NAMES, Mark, Panel, Plane, Series, Unit,
};
use crate::{
    api::Width,
    selection::Selection,
    server::{insight::security::selected, snapshot::Snapshot},
};

pub const FIGURE: Figure = Figure {
    id: "cve_per_team",
    page: Page::Security,
    topic: Topic::Suppressions,
    width: Width::Half,
    height: 440,
    title: "CVE suppressions by team",
    help: "Distinct CVEs suppressed by a team's repositories, from the OWASP dependency-check \
           suppression files of repositories that are not archived. Only repositories that suppress \
           at least one CVE are counted. CVEs whose entries have expired (“until”) in all of the \
           team's repositories count only as expired; a team without other CVEs has no row. The \
           configuration assigns repositories to teams; otherwise the team is the part of the \
           repository's name before the first hyphen. The chart shows the 20 teams with the most CVEs.",
    rows,
    summary,
    chart,
    opens: opens::nothing,
};

/// The suppressions of a team.
#[derive(Default)]
struct Suppressions<'a> {
    cves: BTreeSet<&'a str>,
    repositories: BTreeSet<&'a str>,
    /// CVEs of expired entries, including those that another entry still suppresses.
    ran_out: BTreeSet<&'a str>,
}

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let state = selected(snapshot, selection).state;
    let suppressed = suppressions::suppressed(snapshot, &state);
    let mut by_team: BTreeMap<&str, Suppressions<'_>> = BTreeMap::new();
    for one in &suppressed {
        let team = by_team.entry(one.team).or_default();
        if one.expired {
            team.ran_out.insert(&one.cve);
        } else {
            team.cves.insert(&one.cve);
            team.repositories.insert(one.repository);
        }
    }
    let mut teams: Vec<_> = by_team
        .into_iter()
        .filter(|(_, of)| !of.cves.is_empty())
        .collect();
    // The sort is stable: teams with equal numbers of CVEs stay in order of their names.
    teams.sort_by_key(|(_, of)| std::cmp::Reverse(of.cves.len()));
    let names = teams.iter().map(|(team, _)| (*team).to_owned());
    let cves = teams.iter().map(|(_, of)| of.cves.len() as u64);
    let repositories = teams.iter().map(|(_, of)| of.repositories.len() as u64);
    let expired = teams
        .iter()
        .map(|(_, of)| of.ran_out.difference(&of.cves).count() as u64);
    Rows {
        columns: vec![
            Column::new("team", "Team", Values::Text(names.collect())),
            Column::new("cves", "CVEs", Values::Count(cves.collect())),
            Column::new(
                "repositories",
                "Repositories",
                Values::Count(repositories.collect()),
            ),
            Column::new("expired", "Expired CVEs", Values::Count(expired.collect())),
        ],
        builds: suppressions::repositories(&state).count() as u64,
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    let repositories = words::counted(rows.builds, "repository", "repositories");
    let (Some(team), Some(&most)) = (rows.text("team").first(), rows.count("cves").first()) else {
        let none = format!("None of {repositories} suppresses a CVE.");
        return words::none_of(context, rows.builds, none);
    };
    // A repository has one team, so the teams' numbers of repositories add up.
    let suppressing = rows.count("repositories").iter().sum();
    format!(
        "{} in {} of {repositories}; {} suppresses the most, {}.",
        words::counted(
            rows.len() as u64,
            "team suppresses CVEs",
            "teams suppress CVEs"
        ),
        words::thousands(suppressing),
        charts::shorten(team, 60),
        words::counted(most, "CVE", "CVEs"),
    )
}

fn chart(rows: &Rows, _: &Context<'_>) -> Chart {
    let teams = rows.text("team");
    let cves = rows.count("cves");
    let mark = |row: usize| {
        let expired = match rows.count("expired")[row] {
            0 => String::new(),
            expired => format!("\n{} expired", words::thousands(expired)),
        };
        Mark::new(row as f64, cves[row] as f64)
            .counting(row)
            .label(words::thousands(cves[row]))
            .hover(format!(
                "{}\n{}\nin {}{expired}",
                teams[row],
                words::counted(cves[row], "CVE", "CVEs"),
                words::counted(
                    rows.count("repositories")[row],
                    "repository",
                    "repositories"
                ),
            ))
    };
    let bars = Series::bars("", Colour::Neutral).opening("cves");
    let bars = bars.with((0..rows.len().min(MAX_NAMES)).map(mark));
    let panel = Panel::new(Unit::Count, "CVEs", vec![bars]);
    Plane::new(Base::names(teams), vec![panel]).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::figures::testing::{plot, security, summary, suppressing, table};

    const A: &str = "CVE-2019-0001";
    const B: &str = "CVE-2018-1258";

    #[test]
    fn a_cve_counts_once_for_a_team_and_teams_descend() {
        let snapshot = security(vec![
            suppressing("a-api", &[(A, None)]),
            suppressing("b-api", &[(A, None), (B, None)]),
            suppressing("b-web", &[(A, None), (A, None)]),
            suppressing("b-docs", &[]),
            suppressing("c-api", &[(B, None)]),
        ]);
        let rows = table(&FIGURE, &snapshot, &Selection::default());
        assert_eq!(rows, ["b | 2 | 2 | 0", "a | 1 | 1 | 0", "c | 1 | 1 | 0"]);
        assert_eq!(
            summary(&FIGURE, &snapshot, &Selection::default()),
            "3 teams suppress CVEs in 4 of 5 repositories; b suppresses the most, 2 CVEs."
        );
    }

    #[test]
    fn a_cve_is_expired_for_a_team_when_all_its_entries_are() {
        let over = Some("2019-10-01");
        let snapshot = security(vec![
            suppressing("a-api", &[(A, over), (B, over)]),
            suppressing("a-web", &[(A, None)]),
            suppressing("b-api", &[(A, over)]),
        ]);
        assert_eq!(
            table(&FIGURE, &snapshot, &Selection::default()),
            ["a | 1 | 1 | 1"]
        );
    }

    #[test]
    fn a_chart_has_the_first_teams() {
        let teams: Vec<String> = (0..30).map(|team| format!("team{team:02}-a")).collect();
        let facts = teams.iter().map(|name| suppressing(name, &[(A, None)]));
        let plot = plot(&FIGURE, &security(facts.collect()), &Selection::default());
        assert_eq!(
            plot["data"][0]["x"].as_array().map(Vec::len),
            Some(MAX_NAMES)
        );
    }

    #[test]
    fn teams_with_equal_labels_stay_apart_in_the_chart() {
        let name = |end: &str| format!("{}{end}{}", "a".repeat(40), "b".repeat(40));
        let facts = ["1", "2"].map(|end| suppressing(&name(end), &[(A, None)]));
        let plot = plot(&FIGURE, &security(facts.into()), &Selection::default());
        let labels = &plot["layout"]["yaxis"]["ticktext"];
        assert_eq!(labels[0], labels[1]);
        assert_ne!(plot["data"][0]["y"][0], plot["data"][0]["y"][1]);
    }

    #[test]
    fn an_empty_table_says_why() {
        let say = |facts| summary(&FIGURE, &security(facts), &Selection::default());
        assert_eq!(
            say(vec![suppressing("a", &[])]),
            "None of 1 repository suppresses a CVE."
        );
    }
}
