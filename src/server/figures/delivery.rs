//! Frequency, duration and results of builds, and promotions, beside published references.
//!
//! Reads `result`, `duration_ms` and the steps of the last 90 days.

use super::{Column, Context, Figure, Opens, Page, Rows, Topic, Values, opens, words};
use crate::server::charts::{Base, Chart, Colour, Mark, Panel, Plane, Series, Unit};
use crate::{
    api::Width,
    selection::Selection,
    server::{
        attributes::{days_of, select},
        insight::delivery,
        snapshot::{Snapshot, UNKNOWN_DURATION},
        statistics::{percent, percentile, to_two_decimals},
    },
};

/// CircleCI's “State of Software Delivery” names these as what teams should reach.
const DURATION_MINUTES: f64 = 10.0;
const GOOD_PERCENT: f64 = 90.0;
const BUILDS_A_DAY: f64 = 1.0;
/// The rows of the table.
const MEASURES: [&str; 4] = [
    "Median minutes of good builds",
    "Good percent of decided builds",
    "Builds a day of each pipeline",
    "Promotions a day",
];

pub const FIGURE: Figure = Figure {
    id: "delivery",
    page: Page::Platform,
    topic: Topic::Recovery,
    width: Width::Half,
    height: 300,
    title: "Delivery beside references",
    help: "Builds that finished in the window: their median duration, the good share, how often pipelines run, and \
           builds whose promotion step succeeded. References are those of CircleCI's State of Software Delivery: 10 \
           minutes, 90% good on the default branch, one run a day; there is none for promotions. These are not the \
           DORA metrics, which need deployments and commit times.",
    rows,
    summary,
    chart,
    opens,
};

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let columns = &snapshot.builds;
    let selected = select(snapshot, selection);
    let days = f64::from(days_of(snapshot, snapshot.window(selection)));
    let (mut builds, mut decided, mut good, mut durations) = (0, 0, 0, Vec::new());
    let mut pipelines = vec![false; snapshot.pipelines.len()];
    selected.each(|build| {
        let result = columns.result[build];
        builds += 1;
        pipelines[columns.pipeline[build] as usize] = true;
        decided += u64::from(result.is_decided());
        good += u64::from(result.is_good());
        if result.is_good() && columns.duration_ms[build] != UNKNOWN_DURATION {
            durations.push(columns.duration_ms[build]);
        }
    });
    let pipelines = pipelines.into_iter().filter(|known| *known).count();
    let promotes = delivery::promotion_steps(snapshot);
    let with_promotion = selected.iter().filter(|&build| {
        let mut steps = columns.steps.of(build);
        steps.any(|step| promotes.get(usize::from(step.name)) == Some(&true))
    });
    let with_promotion = with_promotion.count() as u64;
    let promoted = delivery::compute(snapshot, &selected).promoted.len() as f64;
    let timed = durations.len() as u64;
    let median = (timed > 0).then(|| percentile(&mut durations, 0.5) / 60_000.0);
    let runs = (pipelines > 0).then(|| builds as f64 / days / pipelines as f64);
    let promotions = (with_promotion > 0).then_some(promoted / days);
    let values = [median, percent(good, decided), runs, promotions];
    let shown = if builds == 0 { 0 } else { MEASURES.len() };
    let names = MEASURES[..shown].iter().map(|name| (*name).to_owned());
    let values = values[..shown]
        .iter()
        .map(|value| value.map(to_two_decimals));
    let references = [
        Some(DURATION_MINUTES),
        Some(GOOD_PERCENT),
        Some(BUILDS_A_DAY),
        None,
    ];
    let values: Vec<Option<f64>> = values.collect();
    let shares = values
        .iter()
        .zip(references)
        .map(|(value, reference)| Some(to_two_decimals(100.0 * (*value)? / reference?)));
    let counts = [timed, decided, builds, with_promotion];
    Rows {
        columns: vec![
            Column::new("measure", "Measure", Values::Text(names.collect())),
            Column::new("value", "Value", Values::Measured(values.clone())),
            Column::new(
                "reference",
                "Reference",
                Values::Measured(references[..shown].into()),
            ),
            Column::new(
                "reference_percent",
                "Percent of the reference",
                Values::Percent(shares.collect()),
            ),
            Column::new("builds", "Builds", Values::Count(counts[..shown].into())),
        ],
        builds,
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    if rows.is_empty() {
        return words::no_builds(context);
    }
    let values = rows.measured("value");
    let number = |index: usize, unit: &str| {
        values[index].map_or_else(|| "unknown".to_owned(), |value| format!("{value}{unit}"))
    };
    let promotions = match values[3] {
        Some(1.0) => "builds were promoted once a day".to_owned(),
        Some(a_day) => format!("builds were promoted {a_day} times a day"),
        None => "no promotion step is known".to_owned(),
    };
    format!(
        "Good builds{} {} took {} at the median, {} of decided builds were good, and {promotions}.",
        words::scope(context),
        words::window(context),
        number(0, " min"),
        number(1, "%"),
    )
}

/// Bars in percent of the reference.
fn chart(rows: &Rows, context: &Context<'_>) -> Chart {
    let compared = compared(rows);
    let (values, references) = (rows.measured("value"), rows.measured("reference"));
    let shares = rows.percent("reference_percent");
    let measures = rows.text("measure");
    let mark = |(at, &row): (usize, &usize)| {
        let text = values[row].zip(references[row]);
        let text = text.map_or_else(String::new, |(value, reference)| {
            format!("{value} of {reference}")
        });
        Mark::new(at as f64, shares[row])
            .opening(row)
            .label(text.clone())
            .hover(format!("{}\n{text}", measures[row]))
    };
    // A selection cannot ask for two known values or two steps of a build.
    let narrows = ["known", "step"]
        .iter()
        .any(|key| context.selection.has(key));
    let bars = Series::bars("", Colour::Neutral).opening(if narrows { "" } else { "builds" });
    let bars = bars.with(compared.iter().enumerate().map(mark));
    let names = compared.iter().map(|&row| measures[row].clone()).collect();
    let panel = Panel::new(Unit::Percent, "of the reference", vec![bars]);
    Plane::new(Base::Names(names), vec![panel]).into()
}

/// The rows that have a value and a reference, the first at the top.
fn compared(rows: &Rows) -> Vec<usize> {
    let (values, references) = (rows.measured("value"), rows.measured("reference"));
    let both = |row: &usize| values[*row].is_some() && references[*row].is_some();
    (0..rows.len()).filter(both).collect()
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    // A selection cannot ask for two known values or two steps of a build.
    if rows.is_empty()
        || ["known", "step"]
            .iter()
            .any(|key| context.selection.has(key))
    {
        return Opens::default();
    }
    let good = opens::results(context, |result| result.is_good());
    let promoting = &context.config.insight.promotion_steps;
    let mut rows = vec![
        good.narrowed(&opens::one("known", "duration")),
        opens::results(context, |result| result.is_decided()),
        Selection::default(),
    ];
    // A selection names whole steps.
    if !promoting.iter().any(|step| step.ends_with('*')) {
        rows.push(
            promoting
                .iter()
                .map(|step| ("step", step.as_str()))
                .collect(),
        );
    }
    Opens {
        rows,
        columns: vec![("builds", Selection::default())],
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{build, snapshot, summary, table},
        *,
    };
    use crate::server::{
        model::{
            BuildResult::{Failure, Running, Success},
            Step,
        },
        snapshot::{BuildDetails, BuildRecord},
    };

    #[test]
    fn values_stand_beside_their_references() {
        let promotion = Step {
            name: "prod:promotion",
            end_ms: 0,
            result: Success,
            attempt: 1,
            duration: None,
        };
        let promoted = BuildRecord {
            details: BuildDetails {
                steps: vec![promotion],
                ..BuildDetails::default()
            },
            ..build("a", Success, "2019-10-25T11:00:00Z")
        };
        let builds = [
            promoted,
            build("a", Failure, "2019-10-25T10:00:00Z"),
            build("b", Success, "2019-10-25T09:00:00Z"),
            build("b", Running, "2019-10-25T09:00:00Z"),
        ];
        let snapshot = snapshot(&builds);
        let day = Selection::default().with_days(1);
        assert_eq!(
            table(&FIGURE, &snapshot, &day),
            [
                "Median minutes of good builds | 15 | 10 | 150 | 2",
                "Good percent of decided builds | 66.67 | 90 | 74.08 | 3",
                "Builds a day of each pipeline | 2 | 1 | 200 | 4",
                "Promotions a day | 1 | – | – | 1",
            ]
        );
        assert_eq!(
            summary(&FIGURE, &snapshot, &day),
            "Good builds in the last day took 15 min at the median, 66.67% of decided builds were good, and builds \
             were promoted once a day."
        );
    }
}
