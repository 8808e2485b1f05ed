//! Dependency checks of JavaScript repositories, and the number of repositories without any.
//!
//! Reads `javascript` and `checks` of the repositories that are not archived.

use plotly::{
    Bar, Plot,
    common::{Marker, Orientation, TextPosition, Title},
    layout::Axis,
};

use super::{
    Column, Context, Figure, Page, Rows, Values, opens, ranking, suppressions, theme, words,
};
use crate::server::model::Check;
use crate::{
    api::Width,
    selection::Selection,
    server::{snapshot::Snapshot, statistics::percent},
};

/// The name of the row of repositories without any check.
const NONE: &str = "none";

pub const FIGURE: Figure = Figure {
    id: "js_checks",
    page: Page::Security,
    width: Width::Half,
    height: 440,
    title: "Security checks of JavaScript projects",
    help: "Repositories with a package.json that are not archived, by the tools that check their \
           dependencies. A repository may have several, so the percentages can add up to more than \
           100. None means none of these tools.",
    rows,
    summary,
    plot,
    opens: opens::nothing,
    marks: opens::no_marks,
};

fn rows(snapshot: &Snapshot, _: &Selection) -> Rows {
    let mut counts = [0; Check::ALL.len()];
    let (mut without, mut repositories) = (0, 0);
    for facts in suppressions::repositories(snapshot) {
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
        "{} of {} have no security check of their dependencies ({}).",
        words::thousands(without),
        words::counted(
            rows.builds,
            "JavaScript repository",
            "JavaScript repositories"
        ),
        words::percent(100.0 * without as f64 / rows.builds as f64),
    )
}

fn colour(check: Option<Check>) -> &'static str {
    match check {
        Some(Check::Snyk) => theme::BLUE,
        Some(Check::Dependabot) => theme::PURPLE,
        Some(Check::Renovate) => theme::CATEGORIES[0],
        Some(Check::Nsp) => theme::ORANGE,
        None => theme::RED,
    }
}

fn plot(rows: &Rows, _: &Context<'_>) -> Plot {
    let checks = Check::ALL.into_iter().map(Some).chain([None]);
    let names: Vec<&str> = checks
        .clone()
        .map(|check| check.map_or("None", Check::label))
        .collect();
    let repositories = rows.count("repositories");
    let percents = rows.percent("percent");
    let share = |row: usize| words::percent(percents[row].unwrap_or_default());
    let label = |row: usize| format!("{} ({})", words::thousands(repositories[row]), share(row));
    let hover = |row: usize| {
        format!(
            "<b>{}</b><br>{} of {}, {}",
            names[row],
            words::thousands(repositories[row]),
            words::counted(
                rows.builds,
                "JavaScript repository",
                "JavaScript repositories"
            ),
            share(row),
        )
    };
    let bars = Bar::new(repositories.to_vec(), ranking::positions(rows.len()))
        .orientation(Orientation::Horizontal)
        .text_array((0..rows.len()).map(label).collect())
        .text_position(TextPosition::Outside)
        .text_angle(0.0)
        .hover_text_array((0..rows.len()).map(hover).collect())
        .hover_template("%{hovertext}<extra></extra>")
        .marker(Marker::new().color_array(checks.map(colour).collect()));
    // Leaves room for the text beside the longest bar.
    let most = 1.4 * repositories.iter().copied().max().unwrap_or_default() as f64;
    let names_axis = Axis::new()
        .tick_values((0..rows.len()).map(|row| row as f64).collect())
        .tick_text(names)
        .range(vec![rows.len() as f64 - 0.5, -0.5])
        .auto_margin(true)
        .show_grid(false)
        .fixed_range(true);
    let values_axis = Axis::new()
        .title(Title::with_text("Repositories"))
        .range(vec![0.0, most.max(1.0)])
        .tick_format("d")
        .n_ticks(5)
        .auto_margin(true)
        .fixed_range(true);
    let mut plot = Plot::new();
    plot.add_trace(bars);
    plot.set_layout(
        theme::layout()
            .x_axis(values_axis)
            .y_axis(names_axis)
            .bar_gap(0.3),
    );
    plot
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
            "1 of 3 JavaScript repositories have no security check of their dependencies (33%)."
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
