//! Results of the builds in the window.
//!
//! Reads `result`. A build counts once.

use super::{Column, Context, Figure, Opens, Page, Rows, Topic, Values, opens, words};
use crate::server::charts::{Base, Chart, Colour, Mark, Panel, Plane, Series, Unit};
use crate::server::model::BuildResult;
use crate::server::statistics::percent;
use crate::{
    api::Width,
    selection::Selection,
    server::{
        attributes::{Selected, select},
        snapshot::Snapshot,
    },
};

pub const FIGURE: Figure = Figure {
    id: "build_status",
    page: Page::Pipelines,
    topic: Topic::Results,
    width: Width::Third,
    height: 300,
    title: "Build results",
    help: "Each build whose latest event is in the window counts once. Failed means failure or \
           aborted. Builds that did not say that they ended are running, or lost if nothing has been \
           heard of them for long. Unknown means that the CI system gave no result.",
    rows,
    summary,
    chart,
    opens,
};

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    rows_of(snapshot, &select(snapshot, selection))
}

/// The rows of selected builds.
pub fn rows_of(snapshot: &Snapshot, selected: &Selected<'_>) -> Rows {
    let mut counts = [0_u64; BuildResult::ALL.len()];
    selected.each(|build| {
        counts[snapshot.builds.result[build] as usize] += 1;
    });
    let builds = counts.iter().sum();
    let shown = if builds == 0 {
        &[]
    } else {
        &BuildResult::ALL[..]
    };
    let results = shown.iter().map(|result| result.as_str().to_owned());
    let results = results.collect();
    let counts: Vec<u64> = shown
        .iter()
        .map(|&result| counts[result as usize])
        .collect();
    let percents = counts.iter().map(|&count| percent(count, builds)).collect();
    Rows {
        columns: vec![
            Column::new("result", "Result", Values::Text(results)),
            Column::new("builds", "Builds", Values::Count(counts)),
            Column::new("percent", "Percent", Values::Percent(percents)),
        ],
        builds,
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    sentence(rows, context)
}

/// `31 of 214 builds failed in the last 14 days (14%).`
pub fn sentence(rows: &Rows, context: &Context<'_>) -> String {
    if rows.is_empty() {
        return words::no_builds(context);
    }
    let results = BuildResult::ALL.iter().zip(rows.count("builds"));
    let failed = results.filter(|(result, _)| result.is_failed());
    let failed: u64 = failed.map(|(_, count)| count).sum();
    format!(
        "{} of {}{} failed {} ({}).",
        words::thousands(failed),
        words::counted(rows.builds, "build", "builds"),
        words::scope(context),
        words::window(context),
        words::percent(100.0 * failed as f64 / rows.builds as f64),
    )
}

/// A bar for each result that has builds.
pub fn chart(rows: &Rows, _: &Context<'_>) -> Chart {
    let counts = rows.count("builds");
    let percents = rows.percent("percent");
    let drawn: Vec<usize> = (0..rows.len()).filter(|&row| counts[row] > 0).collect();
    let label = |row: usize| words::result_label(BuildResult::ALL[row]);
    let mark = |(at, &row): (usize, &usize)| {
        let share = words::percent(percents[row].unwrap_or_default());
        let builds = words::counted(counts[row], "build", "builds");
        Mark::new(at as f64, counts[row] as f64)
            .opening(row)
            .colour(Colour::of_result(BuildResult::ALL[row]))
            .label(format!("{share} ({})", words::thousands(counts[row])))
            .hover(format!("{}\n{builds}, {share}", label(row)))
    };
    let bars = Series::bars("", Colour::Neutral).opening("builds");
    let bars = bars.with(drawn.iter().enumerate().map(mark));
    let names = drawn.iter().map(|&row| label(row).to_owned());
    let panel = Panel::new(Unit::Count, "", vec![bars]);
    Plane::new(Base::Names(names.collect()), vec![panel]).into()
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    opens_in(rows, context, &Selection::default())
}

/// A result is a row; `window` holds the conditions of a window that is not the page's.
pub fn opens_in(rows: &Rows, context: &Context<'_>, window: &Selection) -> Opens {
    let of_result = |name: &String| {
        let only = opens::results(context, |result| result.as_str() == name);
        window.narrowed(&only)
    };
    Opens {
        rows: rows.text("result").iter().map(of_result).collect(),
        columns: vec![("builds", Selection::default())],
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{build, plot, snapshot, summary, table},
        *,
    };
    use crate::server::{
        model::BuildResult::*,
        snapshot::{BuildDetails, BuildRecord},
    };

    #[test]
    fn every_result_has_a_row_in_its_order() {
        let at = "2019-10-25T11:00:00Z";
        let builds = [Failure, Success, Aborted, Failure].map(|result| build("a", result, at));
        let snapshot = snapshot(&builds);
        assert_eq!(
            table(&FIGURE, &snapshot, &Selection::default()),
            [
                "SUCCESS | 1 | 25",
                "UNSTABLE | 0 | 0",
                "FAILURE | 2 | 50",
                "ABORTED | 1 | 25",
                "NOT_BUILT | 0 | 0",
                "LOST | 0 | 0",
                "RUNNING | 0 | 0",
                "UNKNOWN | 0 | 0"
            ]
        );
        assert_eq!(
            summary(&FIGURE, &snapshot, &Selection::default()),
            "3 of 4 builds failed in the last 14 days (75%)."
        );
        let plot = plot(&FIGURE, &snapshot, &Selection::default());
        assert_eq!(plot["data"][0]["marker"]["color"][1], "var(--failure)");
    }

    #[test]
    fn running_and_lost_builds_are_no_successes() {
        let ended = |number| BuildRecord {
            build_id: number,
            details: BuildDetails {
                ended: true,
                ..BuildDetails::default()
            },
            ..build("a", Success, "2019-10-24T12:00:00Z")
        };
        let mut builds: Vec<_> = ["1", "2", "3", "4", "5"].map(ended).into();
        builds.push(build("a", Success, "2019-10-25T11:59:00Z"));
        builds.push(build("a", Success, "2019-10-25T06:00:00Z"));
        builds.push(build("a", Failure, "2019-10-25T06:00:00Z"));
        assert_eq!(
            table(&FIGURE, &snapshot(&builds), &Selection::default()),
            [
                "SUCCESS | 5 | 62.5",
                "UNSTABLE | 0 | 0",
                "FAILURE | 1 | 12.5",
                "ABORTED | 0 | 0",
                "NOT_BUILT | 0 | 0",
                "LOST | 1 | 12.5",
                "RUNNING | 1 | 12.5",
                "UNKNOWN | 0 | 0"
            ]
        );
        assert_eq!(
            summary(&FIGURE, &snapshot(&builds), &Selection::default()),
            "1 of 8 builds failed in the last 14 days (12%)."
        );
    }

    #[test]
    fn the_window_is_open_at_its_start_and_closed_at_its_end() {
        let snapshot = snapshot(&[
            build("a", Failure, "2019-10-11T12:00:00Z"),
            build("a", Unstable, "2019-10-11T12:00:00.001Z"),
            build("a", Success, "2019-10-25T12:00:00Z"),
        ]);
        let rows = table(&FIGURE, &snapshot, &Selection::default());
        assert_eq!(
            rows[..3],
            ["SUCCESS | 1 | 50", "UNSTABLE | 1 | 50", "FAILURE | 0 | 0"]
        );
    }

    #[test]
    fn project_type_and_branch_narrow_what_counts() {
        let at = "2019-10-25T11:00:00Z";
        let nightly = BuildRecord {
            nightly: true,
            ..build("HMCTS_Nightly_CMC/a/master", Failure, at)
        };
        let branch = BuildRecord {
            branch: Some("feature"),
            ..nightly.clone()
        };
        let snapshot = snapshot(&[nightly, branch, build("HMCTS_CMC/a/master", Success, at)]);
        let total = |project, build_type| {
            let filter = Selection::parse(&format!("project={project}&type={build_type}"));
            (FIGURE.rows)(&snapshot, &filter.expect("known values")).builds
        };
        assert_eq!((total("all", "all"), total("cmc", "all")), (2, 2));
        assert_eq!((total("cmc", "nightly"), total("unowned", "all")), (1, 0));
        let filter = Selection::parse("project=unowned&type=nightly");
        assert_eq!(
            summary(&FIGURE, &snapshot, &filter.expect("known values")),
            "No builds of nightly Unowned pipelines finished in the last 14 days."
        );
    }
}
