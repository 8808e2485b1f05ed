//! Dependency checks of JavaScript repositories, and the number of repositories without any.
//!
//! Reads `javascript` and `checks` of the repositories that are not archived.

use super::{Column, Context, Figure, Page, Rows, Topic, Values, opens, suppressions, words};
use crate::server::charts::{Base, Chart, Colour, Mark, Panel, Plane, Series, Unit};
use crate::server::model::Check;
use crate::{
    api::Width,
    selection::Selection,
    server::{insight::security::selected, snapshot::Snapshot, statistics::percent},
};

/// The name of the row of repositories without any check.
pub(super) const NONE: &str = "none";

pub const FIGURE: Figure = Figure {
    id: "js_checks",
    page: Page::Security,
    topic: Topic::Findings,
    width: Width::Half,
    height: 440,
    title: "Security checks of JavaScript projects",
    help: "Repositories with a package.json that are not archived, by the tools that check their \
           dependencies. A repository may have several, so the percentages can add up to more than \
           100. None means that a repository is configured for none of these four tools; reports of scanners \
           do not count here.",
    rows,
    summary,
    chart,
    opens: opens::nothing,
};

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let state = selected(snapshot, selection).state;
    let mut counts = [0; Check::ALL.len()];
    let (mut without, mut repositories) = (0, 0);
    for facts in suppressions::repositories(&state) {
        if !facts.javascript {
            continue;
        }
        repositories += 1;
        without += u64::from(facts.checks.is_empty());
        for (count, check) in counts.iter_mut().zip(Check::ALL) {
            *count += u64::from(facts.checks.contains(&check));
        }
    }
    let mut checks: Vec<String> = Vec::new();
    let mut counted = Vec::new();
    if repositories > 0 {
        checks.extend(Check::ALL.map(|check| check.label().to_owned()));
        checks.push(NONE.to_owned());
        counted.extend(counts);
        counted.push(without);
    }
    let percents = counted
        .iter()
        .map(|&count| percent(count, repositories))
        .collect();
    Rows {
        columns: vec![
            Column::new("check", "Check", Values::Text(checks)),
            Column::new("repositories", "Repositories", Values::Count(counted)),
            Column::new("percent", "Percent", Values::Percent(percents)),
        ],
        builds: repositories,
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    let Some(&without) = rows.count("repositories").last() else {
        let none = "No repository that is not archived has a package.json.";
        return words::no_facts(context, none.to_owned());
    };
    format!(
        "{} of {} {} configured for none of Snyk, Dependabot, Renovate and nsp ({}).",
        words::thousands(without),
        words::counted(
            rows.builds,
            "JavaScript repository",
            "JavaScript repositories"
        ),
        words::verb(without.max(u64::from(rows.builds == 1)), "is", "are"),
        words::percent(100.0 * without as f64 / rows.builds as f64),
    )
}

/// Only results have the colours of results.
const fn colour(check: Option<Check>) -> Colour {
    match check {
        Some(_) => Colour::Neutral,
        None => Colour::Other,
    }
}

fn chart(rows: &Rows, _: &Context<'_>) -> Chart {
    let checks: Vec<Option<Check>> = Check::ALL.into_iter().map(Some).chain([None]).collect();
    let name = |row: usize| checks[row].map_or("None", Check::label);
    let repositories = rows.count("repositories");
    let percents = rows.percent("percent");
    let mark = |row: usize| {
        let share = words::percent(percents[row].unwrap_or_default());
        Mark::new(row as f64, repositories[row] as f64)
            .counting(row)
            .colour(colour(checks[row]))
            .label(format!("{} ({share})", words::thousands(repositories[row])))
            .hover(format!(
                "{}\n{} of {}, {share}",
                name(row),
                words::thousands(repositories[row]),
                words::counted(
                    rows.builds,
                    "JavaScript repository",
                    "JavaScript repositories"
                ),
            ))
    };
    let bars = Series::bars("", Colour::Neutral)
        .opening("repositories")
        .with((0..rows.len()).map(mark));
    let names = (0..rows.len()).map(|row| name(row).to_owned()).collect();
    let panel = Panel::new(Unit::Count, "Repositories", vec![bars]);
    Plane::new(Base::Names(names), vec![panel]).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        figures::testing::{security, summary, table},
        model::RepositoryFacts,
    };

    fn checked(repository: &str, checks: &[Check]) -> RepositoryFacts {
        RepositoryFacts {
            repository: repository.to_owned(),
            javascript: true,
            checks: checks.to_vec(),
            ..RepositoryFacts::default()
        }
    }

    #[test]
    fn a_repository_counts_for_each_of_its_checks_and_one_without_for_none() {
        let snapshot = security(vec![
            checked("a", &[Check::Snyk, Check::Renovate]),
            checked("b", &[Check::Snyk]),
            checked("c", &[]),
            RepositoryFacts {
                javascript: false,
                ..checked("java", &[Check::Dependabot])
            },
            RepositoryFacts {
                archived: true,
                ..checked("old", &[Check::Nsp])
            },
        ]);
        assert_eq!(
            table(&FIGURE, &snapshot, &Selection::default()),
            [
                "Snyk | 2 | 66.67",
                "Dependabot | 0 | 0",
                "Renovate | 1 | 33.33",
                "nsp (deprecated) | 0 | 0",
                "none | 1 | 33.33",
            ]
        );
        assert_eq!(
            summary(&FIGURE, &snapshot, &Selection::default()),
            "1 of 3 JavaScript repositories is configured for none of Snyk, Dependabot, Renovate and nsp (33%)."
        );
    }

    #[test]
    fn without_javascript_repositories_there_are_no_rows() {
        let snapshot = security(vec![RepositoryFacts::default()]);
        assert!(table(&FIGURE, &snapshot, &Selection::default()).is_empty());
        assert_eq!(
            summary(&FIGURE, &snapshot, &Selection::default()),
            "No repository that is not archived has a package.json."
        );
    }
}
