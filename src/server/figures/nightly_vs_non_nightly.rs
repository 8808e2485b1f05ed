//! Failed builds by kind, nightly or not, regardless of the page's kind filter.
//!
//! Reads `result` and `nightly`. The table also has the failed share of each kind's own builds.

use super::{Column, Context, Figure, Opens, Page, Rows, Topic, Values, opens, words};
use crate::server::charts::{Base, Chart, Colour, Mark, Panel, Plane, Series, Unit};
use crate::server::{significance::Rate, statistics::percent};
use crate::{
    api::Width,
    selection::{BuildType, Selection},
    server::{attributes::select, snapshot::Snapshot},
};

/// The kinds, in the order of the table.
const KINDS: [BuildType; 2] = [BuildType::Nightly, BuildType::NonNightly];

pub const FIGURE: Figure = Figure {
    id: "nightly_vs_non_nightly",
    page: Page::Pipelines,
    topic: Topic::Results,
    width: Width::Third,
    height: 300,
    title: "Failed builds by kind",
    help: "Builds that finished in the window with failure or aborted, of nightly and of other \
           pipelines. The kind filter has no effect here. The table also shows the failed share of \
           each kind's own builds.",
    rows,
    summary,
    chart,
    opens,
};

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let columns = &snapshot.builds;
    let mut builds = [0_u64; 2];
    let mut failed = [0_u64; 2];
    let both = selection.with_build_type(BuildType::All);
    select(snapshot, &both).each(|build| {
        let kind = usize::from(!columns.nightly[build]);
        builds[kind] += 1;
        failed[kind] += u64::from(columns.result[build].is_failed());
    });
    let total = builds.iter().sum();
    let shown = if total == 0 { 0 } else { KINDS.len() };
    let kinds = KINDS.map(|kind| kind.label().to_owned());
    let percents = [0, 1].map(|kind| percent(failed[kind], builds[kind]));
    Rows {
        columns: vec![
            Column::new("kind", "Kind", Values::Text(kinds[..shown].to_vec())),
            Column::new("failed", "Failed", Values::Count(failed[..shown].to_vec())),
            Column::new("builds", "Builds", Values::Count(builds[..shown].to_vec())),
            Column::new(
                "failure_percent",
                "Failure percent",
                Values::Percent(percents[..shown].to_vec()),
            ),
        ],
        builds: total,
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    let both = context.selection.with_build_type(BuildType::All);
    let context = &Context {
        selection: &both,
        ..context.clone()
    };
    if rows.is_empty() {
        return words::no_builds(context);
    }
    let (failed, builds) = (rows.count("failed"), rows.count("builds"));
    let of = |kind: usize, one, many| {
        let share = rows.percent("failure_percent")[kind];
        let share = share.map_or_else(String::new, |share| format!(" ({})", words::percent(share)));
        let builds = words::counted(builds[kind], one, many);
        format!("{} of {builds}{share}", words::thousands(failed[kind]))
    };
    let project = context.project.as_deref();
    let project = project.map_or_else(String::new, |project| format!(" of {project}"));
    format!(
        "{} and {}{project} failed {}.",
        of(0, "nightly build", "nightly builds"),
        of(1, "other build", "other builds"),
        words::window(context),
    )
}

/// The failure rate of each kind with its interval.
fn chart(rows: &Rows, _: &Context<'_>) -> Chart {
    let kinds = rows.text("kind");
    let (failed, builds) = (rows.count("failed"), rows.count("builds"));
    let percents = rows.percent("failure_percent");
    let mark = |row: usize| {
        let rate = Rate {
            part: failed[row],
            whole: builds[row],
        };
        let interval = rate.interval();
        let percent = percents[row].map_or_else(|| "–".to_owned(), words::percent);
        Mark::of_row(row, percents[row])
            .interval(interval.map(|interval| (100.0 * interval.low, 100.0 * interval.high)))
            .label(format!("{percent} ({})", words::thousands(builds[row])))
            .hover(format!(
                "{}\n{} of {} failed, {percent}",
                kinds[row],
                words::thousands(failed[row]),
                words::counted(builds[row], "build", "builds"),
            ))
    };
    let bars = Series::bars("", Colour::Failure).opening("failed");
    let bars = bars.with((0..rows.len()).map(mark));
    let panel = Panel::new(
        Unit::Percent,
        "Builds that failed, with the 95% interval",
        vec![bars],
    );
    Plane::new(Base::names(kinds), vec![panel]).into()
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    let kinds = KINDS[..rows.len()].iter();
    Opens {
        rows: kinds
            .map(|kind| opens::one("type", kind.as_str()))
            .collect(),
        columns: vec![
            ("failed", opens::failed(context)),
            ("builds", Selection::default()),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{build, plot, snapshot, summary, table},
        *,
    };
    use crate::server::{model::BuildResult::*, snapshot::BuildRecord};

    fn nightly(result: crate::server::model::BuildResult) -> BuildRecord<'static> {
        BuildRecord {
            nightly: true,
            ..build("a", result, "2019-10-25T02:00:00Z")
        }
    }

    #[test]
    fn labels_are_of_their_own_kind_and_the_type_filter_is_ignored() {
        let other = build("b", Success, "2019-10-25T11:00:00Z");
        let snapshot = snapshot(&[nightly(Aborted), nightly(Unknown), other.clone(), other]);
        for build_type in BuildType::EVERY {
            let filter = Selection::default().with_build_type(build_type);
            let expected = ["Nightly | 1 | 2 | 50", "Non-nightly | 0 | 2 | 0"];
            assert_eq!(table(&FIGURE, &snapshot, &filter), expected);
            assert_eq!(
                summary(&FIGURE, &snapshot, &filter),
                "1 of 2 nightly builds (50%) and 0 of 2 other builds (0%) failed in the last 14 days."
            );
        }
    }

    #[test]
    fn a_kind_without_builds_has_no_percentage() {
        let snapshot = snapshot(&[nightly(Success)]);
        let rows = table(&FIGURE, &snapshot, &Selection::default());
        assert_eq!(rows, ["Nightly | 0 | 1 | 0", "Non-nightly | 0 | 0 | –"]);
        let plot = plot(&FIGURE, &snapshot, &Selection::default());
        assert_eq!(plot["data"][0]["x"][0], 0.0);
    }
}
