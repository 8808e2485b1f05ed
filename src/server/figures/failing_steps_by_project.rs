//! The failure rate of projects by the step that failed first: a matrix of steps and projects.
//!
//! Reads `result`, `failing_step` and the project of the pipeline. A step at which no build of a project failed has no row
//! with that project.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    Column, Context, Figure, Opens, Page, Rows, Topic, Values, hours::MIN_DECIDED, opens, words,
};
use crate::server::charts::{Cell, Cells, Chart, MAX_NAMES, Opens as Opened};
use crate::server::model::BuildResult;
use crate::server::statistics::percent;
use crate::{
    api::Width,
    selection::Selection,
    server::{
        attributes::{UNKNOWN, select},
        config::{UNOWNED, slug},
        snapshot::{Snapshot, UNKNOWN_STEP},
    },
};

/// The percentages at which the scale of colours may end: few builds fail at one step.
const SCALES: [f64; 4] = [10.0, 20.0, 50.0, 100.0];
/// The most projects of the chart, so that its columns fit a phone.
const MAX_PROJECTS: usize = 12;

pub const FIGURE: Figure = Figure {
    id: "failing_steps_by_project",
    page: Page::Platform,
    topic: Topic::Causes,
    width: Width::Full,
    height: 560,
    title: "Steps where the builds of projects fail",
    help: "The share of a project's decided builds (success, unstable, failure, aborted) in the window that ended with \
           failure and failed first at a step, with the number of decided builds. A step at which no build of a project \
           failed is blank; cells of projects with fewer than five decided builds are small and pale; the last colour stands for 10, 20, 50 or 100%. A step that fails \
           in many projects is a fault of the platform rather than of one of them. The chart has the 20 steps and the \
           12 projects with the most failures, the table all.",
    rows,
    summary,
    chart,
    opens,
};

/// A step and a project, by their numbers.
struct Pair<'a> {
    step: &'a str,
    project: usize,
    failed: u64,
}

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let columns = &snapshot.builds;
    let projects = &snapshot.config.projects;
    let mut decided = vec![0_u64; projects.len() + 1];
    let mut failed: BTreeMap<(&str, usize), u64> = BTreeMap::new();
    select(snapshot, selection).each(|build| {
        let result = columns.result[build];
        let pipeline = &snapshot.pipelines[columns.pipeline[build] as usize];
        let project = pipeline.project.unwrap_or(projects.len());
        decided[project] += u64::from(result.is_decided());
        if result == BuildResult::Failure {
            let step = match columns.failing_step[build] {
                UNKNOWN_STEP => UNKNOWN,
                step => &*snapshot.steps[step as usize],
            };
            *failed.entry((step, project)).or_default() += 1;
        }
    });
    let label = |project: usize| projects.get(project).map_or(UNOWNED, |known| &known.label);
    let pairs = failed.into_iter();
    let mut pairs: Vec<Pair<'_>> = pairs
        .map(|((step, project), failed)| Pair {
            step,
            project,
            failed,
        })
        .collect();
    pairs.sort_by_key(|pair| (Reverse(pair.failed), pair.step, label(pair.project)));
    let text = |of: &dyn Fn(&Pair<'_>) -> String| Values::Text(pairs.iter().map(of).collect());
    let percents = pairs
        .iter()
        .map(|pair| percent(pair.failed, decided[pair.project]));
    let slug_of = |pair: &Pair<'_>| match projects.get(pair.project) {
        Some(project) => project.slug.clone(),
        None => slug(UNOWNED),
    };
    let counts = |of: &dyn Fn(&Pair<'_>) -> u64| Values::Count(pairs.iter().map(of).collect());
    Rows {
        columns: vec![
            Column::new("step", "Step", text(&|pair| pair.step.to_owned())),
            Column::new(
                "project",
                "Project",
                text(&|pair| label(pair.project).to_owned()),
            ),
            Column::new("failed", "Failed", counts(&|pair| pair.failed)),
            Column::new(
                "decided",
                "Decided builds of the project",
                counts(&|pair| decided[pair.project]),
            ),
            Column::new(
                "failure_percent",
                "Failure percent",
                Values::Percent(percents.collect()),
            ),
            Column::unlisted("slug", text(&slug_of)),
        ],
        builds: decided.iter().sum(),
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    if rows.builds == 0 {
        return words::no_builds(context);
    }
    let (scope, window) = (words::scope(context), words::window(context));
    let builds = words::counted(rows.builds, "decided build", "decided builds");
    if rows.is_empty() {
        return format!("None of {builds}{scope} {window} ended with failure.");
    }
    let steps = totals(rows, "step");
    let projects = |step: &str| {
        let known = rows.text("step").iter();
        known.filter(|known| *known == step).count() as u64
    };
    let (step, failed) = &steps[0];
    format!(
        "Of {builds}{scope} {window}, {} failed first at {}, in {}.",
        words::thousands(*failed),
        words::name(step),
        words::counted(projects(step), "project", "projects"),
    )
}

/// The failed builds of each value of a column, the most first.
fn totals(rows: &Rows, column: &str) -> Vec<(String, u64)> {
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, failed) in rows.text(column).iter().zip(rows.count("failed")) {
        *sums.entry(name).or_default() += failed;
    }
    let mut totals: Vec<(String, u64)> = sums
        .into_iter()
        .map(|(name, failed)| (name.to_owned(), failed))
        .collect();
    totals.sort_by_key(|(_, failed)| Reverse(*failed));
    totals
}

fn chart(rows: &Rows, _: &Context<'_>) -> Chart {
    let names = |column: &str, most: usize| -> Vec<String> {
        let totals = totals(rows, column).into_iter().take(most);
        totals.map(|(name, _)| name).collect()
    };
    let (steps, projects) = (names("step", MAX_NAMES), names("project", MAX_PROJECTS));
    let (step, project) = (rows.text("step"), rows.text("project"));
    let (failed, decided) = (rows.count("failed"), rows.count("decided"));
    let percents = rows.percent("failure_percent");
    let cell = |row: usize| {
        let percent = percents[row]?;
        let uncertain = decided[row] < MIN_DECIDED;
        let too_few = if uncertain { "\ntoo few to tell" } else { "" };
        Some(Cell {
            column: projects.iter().position(|known| *known == project[row])?,
            row: steps.iter().position(|known| *known == step[row])?,
            percent,
            uncertain,
            label: match percent {
                few if few > 0.0 && few < 0.5 => "<1%".to_owned(),
                percent => format!("{percent:.0}%"),
            },
            hover: format!(
                "{} in {}\n{} of {} failed first here, {}{too_few}",
                step[row],
                project[row],
                words::thousands(failed[row]),
                words::counted(decided[row], "build", "builds"),
                words::percent(percent),
            ),
            opens: Opened::Row(row),
        })
    };
    let cells: Vec<Cell> = (0..rows.len()).filter_map(cell).collect();
    let certain = cells.iter().filter(|cell| !cell.uncertain);
    let greatest = certain.map(|cell| cell.percent).fold(0.0, f64::max);
    let most = SCALES.into_iter().find(|&most| most >= greatest);
    Chart::Cells(Cells {
        cells,
        most: most.unwrap_or(100.0),
        columns: projects,
        rows: steps,
        title: "Builds that failed first here",
        opens: "failed",
    })
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    let pairs = rows.text("step").iter().zip(rows.text("slug"));
    let pair = |(step, slug): (&String, &String)| {
        [("failed_step", step.as_str()), ("project", slug)]
            .into_iter()
            .collect()
    };
    Opens {
        rows: pairs.map(pair).collect(),
        columns: vec![(
            "failed",
            opens::results(context, |result| result == BuildResult::Failure),
        )],
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{build, plot, snapshot, summary, table},
        *,
    };
    use crate::server::{
        model::BuildResult::{Aborted, Failure, Success},
        snapshot::BuildRecord,
    };

    fn failed_at<'a>(job: &'a str, step: &'a str) -> BuildRecord<'a> {
        BuildRecord {
            failing_step: Some(step),
            ..build(job, Failure, "2019-10-25T11:00:00Z")
        }
    }

    const CMC: &str = "HMCTS_CMC/a/master";
    const DIV: &str = "HMCTS_DIV/a/master";

    #[test]
    fn a_rate_is_of_the_decided_builds_of_a_project() {
        let mut builds = vec![build(CMC, Success, "2019-10-25T10:00:00Z"); 7];
        builds.extend(["test", "test", "build"].map(|step| failed_at(CMC, step)));
        builds.push(failed_at(DIV, "test"));
        builds.push(BuildRecord {
            result: Aborted,
            ..failed_at(DIV, "test")
        });
        builds.push(build("b", Failure, "2019-10-25T11:00:00Z"));
        let snapshot = snapshot(&builds);
        assert_eq!(
            table(&FIGURE, &snapshot, &Selection::default()),
            [
                "test | CMC | 2 | 10 | 20",
                "build | CMC | 1 | 10 | 10",
                "test | DIV | 1 | 2 | 50",
                "unknown | Unowned | 1 | 1 | 100",
            ]
        );
        assert_eq!(
            summary(&FIGURE, &snapshot, &Selection::default()),
            "Of 13 decided builds in the last 14 days, 3 failed first at test, in 2 projects."
        );
        let plot = plot(&FIGURE, &snapshot, &Selection::default());
        let [certain, uncertain, ..] = &plot["data"].as_array().expect("traces")[..] else {
            panic!("two traces")
        };
        assert_eq!(
            (&certain["z"][0][0], &uncertain["z"][0][1]),
            (&20.0.into(), &50.0.into())
        );
        assert!(certain["z"][0][1].is_null());
        assert_eq!(certain["zmax"], 20.0);
    }

    #[test]
    fn names_of_rows_and_columns_stay_text_in_both_drawings() {
        let builds: Vec<_> = (0..30)
            .map(|_| failed_at(CMC, "<b>a very long name of a step</b>"))
            .collect();
        let figure = FIGURE
            .compute(&snapshot(&builds), &Selection::default())
            .expect("a figure");
        assert!(!figure.plot.get().contains("<b>a") && !figure.picture.contains("<b>a"));
        assert!(figure.picture.contains("of-matrix"), "{}", figure.picture);
    }
}
