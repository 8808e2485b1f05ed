//! Pipelines with the most failed builds.
//!
//! Reads `pipeline` and `result`. Each build counts once, even if several of its steps failed.

use plotly::{
    Bar, Plot, Scatter,
    common::{Font, HoverInfo, Marker, Mode, Orientation, Position},
    layout::{Axis, BarMode},
};

use super::{
    Column, Context, Figure, Marks, Opens, Page, Points, Rows, Values, opens, ranking, theme, words,
};
use crate::server::model::BuildResult;
use crate::server::statistics::percent;
use crate::{
    api::Width,
    selection::Selection,
    server::{attributes::select, snapshot::Snapshot},
};

pub const FIGURE: Figure = Figure {
    id: "most_failing",
    page: Page::Pipelines,
    width: Width::Full,
    height: ranking::HEIGHT,
    title: "Pipelines that fail most",
    help: "Builds that finished in the window with failure or aborted, by pipeline. Each counts \
           once. The percentage beside a bar is the share of the pipeline's builds that failed. Shows \
           the 50 pipelines with the most failed builds.",
    rows,
    summary,
    plot,
    opens,
    marks,
};

#[derive(Clone, Copy, Default)]
struct Counts {
    builds: u64,
    failure: u64,
    aborted: u64,
}

impl Counts {
    const fn failed(self) -> u64 {
        self.failure + self.aborted
    }
}

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let columns = &snapshot.builds;
    let mut counts = vec![Counts::default(); snapshot.pipelines.len()];
    let mut builds = 0;
    select(snapshot, selection).each(|build| {
        let result = columns.result[build];
        let counts = &mut counts[columns.pipeline[build] as usize];
        counts.builds += 1;
        counts.failure += u64::from(result == BuildResult::Failure);
        counts.aborted += u64::from(result == BuildResult::Aborted);
        builds += 1;
    });
    let mut failing: Vec<(&str, Counts)> = snapshot
        .pipelines
        .iter()
        .map(|pipeline| &*pipeline.label)
        .zip(counts)
        .filter(|(_, counts)| counts.failed() > 0)
        .collect();
    ranking::keep_first(&mut failing, |(name, counts), (other, others)| {
        let by_count = others.failed().cmp(&counts.failed());
        by_count.then_with(|| name.cmp(other))
    });
    let count = |of: fn(Counts) -> u64| {
        Values::Count(failing.iter().map(|&(_, counts)| of(counts)).collect())
    };
    let names = failing.iter().map(|&(name, _)| name.to_owned());
    let percents = failing
        .iter()
        .map(|(_, counts)| percent(counts.failed(), counts.builds));
    Rows {
        columns: vec![
            Column::new("pipeline", "Pipeline", Values::Text(names.collect())),
            Column::new("failure", "Failure", count(|counts| counts.failure)),
            Column::new("aborted", "Aborted", count(|counts| counts.aborted)),
            Column::new("failed", "Failed", count(Counts::failed)),
            Column::new("builds", "Builds", count(|counts| counts.builds)),
            Column::new(
                "failure_percent",
                "Failure percent",
                Values::Percent(percents.collect()),
            ),
        ],
        builds,
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    if rows.builds == 0 {
        return words::no_builds(context);
    }
    let (scope, window) = (words::scope(context), words::window(context));
    if rows.is_empty() {
        let builds = words::counted(rows.builds, "build", "builds");
        return format!("None of {builds}{scope} failed {window}.");
    }
    format!(
        "{} failed most often {window}: {} of {} ({}).",
        words::name(&rows.text("pipeline")[0]),
        words::thousands(rows.count("failed")[0]),
        words::counted(rows.count("builds")[0], "build", "builds"),
        words::percent(rows.percent("failure_percent")[0].unwrap_or(0.0)),
    )
}

fn plot(rows: &Rows, _: &Context<'_>) -> Plot {
    let names = rows.text("pipeline");
    let positions = ranking::positions(rows.len());
    let hovers: Vec<String> = (0..rows.len())
        .map(|row| {
            format!(
                "<b>{}</b><br>{} of {} failed",
                theme::hover_label(&names[row]),
                words::thousands(rows.count("failed")[row]),
                words::counted(rows.count("builds")[row], "build", "builds"),
            )
        })
        .collect();
    let mut plot = Plot::new();
    for (result, column) in [
        (BuildResult::Failure, "failure"),
        (BuildResult::Aborted, "aborted"),
    ] {
        let bars = Bar::new(rows.count(column).to_vec(), positions.clone())
            .name(theme::result_label(result))
            .orientation(Orientation::Horizontal)
            .hover_text_array(hovers.clone())
            .hover_template("%{hovertext}<br>%{x:,} with %{fullData.name}<extra></extra>")
            .marker(Marker::new().color(theme::result_colour(result)));
        plot.add_trace(bars);
    }
    let percents = rows.percent("failure_percent").iter();
    // A no-break space keeps the text off the bar.
    let percents =
        percents.map(|percent| format!("\u{a0}{}", words::percent(percent.unwrap_or(0.0))));
    let shares = Scatter::new(rows.count("failed").to_vec(), positions)
        .mode(Mode::Text)
        .text_array(percents.collect())
        .text_position(Position::MiddleRight)
        .text_font(Font::new().size(11))
        .clip_on_axis(false)
        .hover_info(HoverInfo::Skip)
        .show_legend(false);
    plot.add_trace(shares);
    let most = rows.count("failed")[0] as f64;
    plot.set_layout(
        ranking::layout(names, Axis::new().range(vec![0.0, most]))
            .bar_mode(BarMode::Stack)
            .legend(ranking::legend(rows.len())),
    );
    plot
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    let only = |wanted| opens::results(context, |result| result == wanted);
    Opens {
        rows: pipelines(rows),
        columns: vec![
            ("failure", only(BuildResult::Failure)),
            ("aborted", only(BuildResult::Aborted)),
            ("failed", opens::failed(context)),
            ("builds", Selection::default()),
        ],
    }
}

/// The conditions of rows that are pipelines.
pub fn pipelines(rows: &Rows) -> Vec<Selection> {
    let names = rows.text("pipeline").iter();
    names.map(|name| opens::one("pipeline", name)).collect()
}

fn marks(_: &Rows, _: &Context<'_>) -> Vec<Marks> {
    let column = |column| Marks {
        column,
        points: Points::EveryRow,
    };
    ["failure", "aborted", ""].map(column).into()
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{build, plot, snapshot, summary, table},
        *,
    };
    use crate::server::model::BuildResult::*;

    #[test]
    fn failed_descending_then_pipeline_and_the_good_ones_left_out() {
        let at = "2019-10-25T11:00:00Z";
        let snapshot = snapshot(&[
            build("b", Failure, at),
            build("b", Unknown, at),
            build("a", Aborted, at),
            build("c", Failure, at),
            build("c", Aborted, at),
            build("d", Success, at),
        ]);
        assert_eq!(
            table(&FIGURE, &snapshot, &Selection::default()),
            [
                "c | 1 | 1 | 2 | 2 | 100",
                "a | 0 | 1 | 1 | 1 | 100",
                "b | 1 | 0 | 1 | 2 | 50"
            ]
        );
        assert_eq!(
            summary(&FIGURE, &snapshot, &Selection::default()),
            "c failed most often in the last 14 days: 2 of 2 builds (100%)."
        );
    }

    #[test]
    fn builds_before_the_window_do_not_count() {
        let snapshot = snapshot(&[
            build("a", Failure, "2019-10-11T12:00:00Z"),
            build("a", Success, "2019-10-11T12:00:01Z"),
        ]);
        let filter = Selection::default();
        assert!(table(&FIGURE, &snapshot, &filter).is_empty());
        assert_eq!(
            summary(&FIGURE, &snapshot, &filter),
            "None of 1 build failed in the last 14 days."
        );
    }

    #[test]
    fn at_most_fifty_pipelines_and_each_its_own_bar() {
        let names: Vec<String> = (0..60)
            .map(|number| format!("{}{number:02}{}", "x".repeat(50), "y".repeat(50)))
            .collect();
        let builds = names
            .iter()
            .map(|name| build(name, Failure, "2019-10-25T11:00:00Z"));
        let snapshot = snapshot(&builds.collect::<Vec<_>>());
        let rows = table(&FIGURE, &snapshot, &Selection::default());
        assert_eq!(rows.len(), 50);
        assert!(rows[49].starts_with(&names[49]));
        let plot = plot(&FIGURE, &snapshot, &Selection::default());
        let positions = plot["data"][0]["y"].as_array().expect("positions");
        assert_eq!(positions.len(), 50);
        assert_eq!(positions[49], 49);
    }
}
