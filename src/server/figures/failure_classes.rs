//! The classes of failed and lost builds by day.
//!
//! Reads the class and `day`, the local date of a build's end; days without such builds have no row.

use plotly::{
    Bar, Plot,
    common::{Anchor, Marker, Orientation},
    layout::{Axis, BarMode, HoverMode, Legend, Margin, RangeMode, TraceOrder},
};

use super::{
    Column, Context, Figure, Marks, Opens, Page, Points, Rows, Values, opens, rows::date_text,
    theme, time_axis, words,
};
use crate::{
    api::Width,
    selection::Selection,
    server::{
        attributes::select,
        snapshot::{Class, Snapshot},
    },
};

pub const FIGURE: Figure = Figure {
    id: "failure_classes",
    page: Page::Platform,
    width: Width::Full,
    height: 420,
    title: "Why builds failed",
    help: "Builds that finished in the window with failure, or were lost, by date and class: the first \
           rule that holds. Lost: the events stopped. Agent: it ran again after it lost its agent, or \
           failed at the checkout. Incident: several pipelines failed at the step at the same time. \
           Flaky: a good build of the same commit followed. Broken: the failure before or after it \
           was at the same step. Once: the next build, of another commit, was good. A class can \
           change when later builds arrive.",
    rows,
    summary,
    plot,
    opens,
    marks,
};

/// The classes of the columns, and of the parts of a bar from the bottom up.
const CLASSES: [Class; 7] = [
    Class::Lost,
    Class::Agent,
    Class::Incident,
    Class::Flaky,
    Class::Broken,
    Class::Once,
    Class::Unknown,
];

const fn colour(class: Class) -> &'static str {
    match class {
        Class::None | Class::Unknown => theme::GREY,
        Class::Lost => theme::DARK_GREY,
        Class::Agent => theme::PURPLE,
        Class::Incident => theme::RED,
        Class::Flaky => theme::YELLOW,
        Class::Broken => theme::ORANGE,
        Class::Once => theme::BLUE,
    }
}

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let classes = &snapshot.insight.classes;
    let mut days: Vec<(i32, [u64; CLASSES.len()])> = Vec::new();
    select(snapshot, selection).each(|build| {
        let class = classes[build];
        let Some(index) = CLASSES.iter().position(|&known| known == class) else {
            return;
        };
        // Builds are sorted by instant, so their dates ascend.
        let day = snapshot.builds.day[build];
        match days.last_mut() {
            Some((latest, counts)) if *latest == day => counts[index] += 1,
            _ => {
                let mut counts = [0; CLASSES.len()];
                counts[index] = 1;
                days.push((day, counts));
            }
        }
    });
    let dates = days.iter().map(|&(day, _)| day).collect();
    let mut columns = vec![Column::new("date", "Date", Values::Date(dates))];
    for (index, class) in CLASSES.into_iter().enumerate() {
        let counts = days.iter().map(|(_, counts)| counts[index]).collect();
        columns.push(Column::new(
            class.as_str(),
            class.label(),
            Values::Count(counts),
        ));
    }
    Rows {
        columns,
        builds: days.iter().flat_map(|(_, counts)| counts).sum(),
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    let (scope, window) = (words::scope(context), words::window(context));
    if rows.is_empty() {
        return if context.as_of_ms.is_none() {
            words::no_builds(context)
        } else {
            format!("No build{scope} failed or was lost {window}.")
        };
    }
    let sum = |class: Class| rows.count(class.as_str()).iter().sum::<u64>();
    let known = CLASSES.into_iter().filter(|&class| class != Class::Unknown);
    // The first of equal classes.
    let most = known
        .rev()
        .max_by_key(|&class| sum(class))
        .unwrap_or_default();
    format!(
        "Of {}{scope} {window}, {} {} {}; the reason of {} is unknown.",
        words::counted(rows.builds, "failed or lost build", "failed or lost builds"),
        words::thousands(sum(most)),
        if sum(most) == 1 {
            "has the class"
        } else {
            "have the class"
        },
        most.label().to_lowercase(),
        words::percent(100.0 * sum(Class::Unknown) as f64 / rows.builds as f64),
    )
}

fn plot(rows: &Rows, _: &Context<'_>) -> Plot {
    let dates: Vec<String> = rows
        .date("date")
        .iter()
        .map(|&day| date_text(day))
        .collect();
    let mut plot = Plot::new();
    for class in drawn(rows) {
        let bars = Bar::new(dates.clone(), rows.count(class.as_str()).to_vec())
            .name(class.label())
            .hover_template("%{y:,}")
            .marker(Marker::new().color(colour(class)));
        plot.add_trace(bars);
    }
    plot.set_layout(
        theme::layout()
            .margin(Margin::new().left(48).right(8).top(56).bottom(32))
            .bar_mode(BarMode::Stack)
            .bar_gap(0.08)
            .hover_mode(HoverMode::XUnified)
            .show_legend(true)
            .legend(
                Legend::new()
                    .orientation(Orientation::Horizontal)
                    .x(1.0)
                    .x_anchor(Anchor::Right)
                    .y(1.02)
                    .y_anchor(Anchor::Bottom)
                    .trace_order(TraceOrder::Normal),
            )
            .x_axis(
                Axis::new()
                    .type_(plotly::layout::AxisType::Date)
                    .hover_format("%a %-d %b %Y"),
            )
            .y_axis(
                Axis::new()
                    .title(theme::axis_title("Builds"))
                    .range_mode(RangeMode::ToZero)
                    .fixed_range(true),
            ),
    );
    plot
}

/// The classes with builds.
fn drawn(rows: &Rows) -> impl Iterator<Item = Class> {
    let has_builds = |class: &Class| rows.count(class.as_str()).iter().any(|&count| count > 0);
    CLASSES.into_iter().filter(has_builds)
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    let window = context.window;
    let row = |&day: &i32| {
        let start_ms = time_axis::start_of_day_ms(day, context.time_zone).max(window.start_ms);
        let end_ms = time_axis::start_of_day_ms(day + 1, context.time_zone).min(window.end_ms);
        opens::finished(start_ms, end_ms)
    };
    let column = |class: Class| (class.as_str(), opens::one("class", class.as_str()));
    Opens {
        rows: rows.date("date").iter().map(row).collect(),
        columns: CLASSES.map(column).into(),
    }
}

fn marks(rows: &Rows, _: &Context<'_>) -> Vec<Marks> {
    let marks = drawn(rows).map(|class| Marks {
        column: class.as_str(),
        points: Points::EveryRow,
    });
    marks.collect()
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{build, snapshot, summary, table},
        *,
    };
    use crate::server::{model::BuildResult::*, snapshot::BuildRecord};

    #[test]
    fn failed_builds_by_date_and_class() {
        let failed = |at, step| BuildRecord {
            failing_step: Some(step),
            ..build("a", Failure, at)
        };
        let snapshot = snapshot(&[
            build("a", Success, "2019-10-20T12:00:00Z"),
            failed("2019-10-21T12:00:00Z", "test"),
            failed("2019-10-21T13:00:00Z", "test"),
            failed("2019-10-22T13:00:00Z", "checkout"),
            build("a", Aborted, "2019-10-23T12:00:00Z"),
            failed("2019-10-24T13:00:00Z", "build"),
        ]);
        let all = Selection::default();
        assert_eq!(
            table(&FIGURE, &snapshot, &all),
            [
                "2019-10-21 | 0 | 0 | 0 | 0 | 2 | 0 | 0",
                "2019-10-22 | 0 | 1 | 0 | 0 | 0 | 0 | 0",
                "2019-10-24 | 0 | 0 | 0 | 0 | 0 | 0 | 1",
            ]
        );
        assert_eq!(
            summary(&FIGURE, &snapshot, &all),
            "Of 4 failed or lost builds in the last 14 days, 2 have the class broken; the reason of 25% is unknown."
        );
        assert_eq!(
            summary(&FIGURE, &snapshot, &all.with("project", "cmc")),
            "No build of CMC pipelines failed or was lost in the last 14 days."
        );
    }
}
