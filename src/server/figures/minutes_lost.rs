//! The minutes of reruns, lost and failed builds by step, the most first, with their running share.
//!
//! Reads duration, result, reruns of flaky failures and prices of agents. Each minute counts once.

use super::{Column, Context, Figure, Opens, Page, Rows, Topic, Values, opens, ranking, words};
use crate::server::charts::{Base, Chart, Colour, MAX_NAMES, Mark, Panel, Plane, Series, Unit};
use crate::{
    api::Width,
    selection::Selection,
    server::{
        attributes::{UNKNOWN, select},
        insight::minutes_lost::{self, Loss, Sum},
        snapshot::Snapshot,
        statistics::to_two_decimals,
    },
};
use foldhash::HashMap;

pub const FIGURE: Figure = Figure {
    id: "minutes_lost",
    page: Page::Platform,
    topic: Topic::Cost,
    width: Width::Full,
    height: ranking::HEIGHT,
    title: "Minutes lost by step",
    help: "The minutes of builds that finished in the window without a use: reruns of flaky failures, \
           lost builds until their latest event, and failed or aborted ones. All minutes of a build \
           count once: those of a failed or aborted build at the step that failed first, those of a \
           rerun at the step of the failure that it repeated, and those of a lost build at “unknown”, \
           because no event says where it stopped. Builds of unknown duration add no minutes. Where agents have a price, \
           the cost is that of their builds, by the whole minute. The running share is that of all \
           minutes lost down to the row. The table has the 50 steps that lost most.",
    rows,
    summary,
    chart,
    opens,
};

/// The ways of losing minutes, by their names in selections, in the order of sums.
const KINDS: [(&str, &str, Colour); 3] = [
    ("rerun", "Reruns", Colour::Unstable),
    ("lost", "Lost builds", Colour::Lost),
    ("failed", "Failed builds", Colour::Failure),
];

/// The columns of their minutes.
const MINUTES: [(&str, &str); 3] = [
    ("rerun_minutes", "Minutes of reruns"),
    ("lost_minutes", "Minutes of lost builds"),
    ("failed_minutes", "Minutes of failed builds"),
];

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    rows_by(snapshot, selection, "step", "Step", |loss| {
        snapshot.step_label(loss.step).to_owned()
    })
}

/// The losses by step or team.
pub fn rows_by(
    snapshot: &Snapshot,
    selection: &Selection,
    id: &'static str,
    title: &'static str,
    name: impl Fn(&Loss) -> String,
) -> Rows {
    let lost = minutes_lost::compute(snapshot, &select(snapshot, selection));
    let mut sums: HashMap<String, [Sum; 3]> = HashMap::default();
    for loss in &lost.losses {
        let sum = sums.entry(name(loss)).or_default();
        for (sum, kind) in sum.iter_mut().zip(&loss.kinds) {
            *sum = sum.plus(kind);
        }
    }
    let all = |kinds: &[Sum; 3]| {
        kinds
            .iter()
            .fold(Sum::default(), |sum, kind| sum.plus(kind))
    };
    let total = sums.values().map(|kinds| all(kinds).ms).sum::<u64>();
    let builds = sums.values().map(|kinds| all(kinds).builds).sum();
    let mut found: Vec<(String, [Sum; 3])> = sums.into_iter().collect();
    ranking::keep_first(&mut found, |(name, kinds), (other, others)| {
        let by_minutes = all(others).ms.cmp(&all(kinds).ms);
        by_minutes.then_with(|| name.cmp(other))
    });
    let minutes = |of: &dyn Fn(&[Sum; 3]) -> Sum| {
        let minutes = found
            .iter()
            .map(|(_, kinds)| to_two_decimals(of(kinds).minutes()));
        Values::Number(minutes.collect())
    };
    let names = found.iter().map(|(name, _)| name.clone()).collect();
    let mut columns = vec![Column::new(id, title, Values::Text(names))];
    for (index, (id, title, _)) in KINDS.into_iter().enumerate() {
        let counts = found.iter().map(|(_, kinds)| kinds[index].builds).collect();
        columns.push(Column::new(id, title, Values::Count(counts)));
    }
    for (index, (id, title)) in MINUTES.into_iter().enumerate() {
        columns.push(Column::new(id, title, minutes(&|kinds| kinds[index])));
    }
    columns.push(Column::new("minutes", "Minutes", minutes(&all)));
    let mut running = 0;
    let shares = found.iter().map(|(_, kinds)| {
        running += all(kinds).ms;
        (total > 0).then(|| to_two_decimals(100.0 * running as f64 / total as f64))
    });
    columns.push(Column::new(
        "running_percent",
        "Running share (%)",
        Values::Percent(shares.collect()),
    ));
    if !snapshot.config.insight.rates.is_empty() {
        let costs = found
            .iter()
            .map(|(_, kinds)| to_two_decimals(all(kinds).cost));
        columns.push(Column::new("cost", "Cost", Values::Number(costs.collect())));
    }
    Rows { columns, builds }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    summary_by(rows, context, "step", "at")
}

/// A sentence about all losses, and the first row.
pub fn summary_by(rows: &Rows, context: &Context<'_>, id: &str, at: &str) -> String {
    let (scope, window) = (words::scope(context), words::window(context));
    if rows.is_empty() {
        return if context.as_of_ms.is_none() {
            words::no_builds(context)
        } else {
            format!("No build{scope} lost minutes {window}.")
        };
    }
    let share = rows.percent("running_percent");
    let minutes = rows.number("minutes");
    let shown: f64 = minutes.iter().sum();
    let all = match share[share.len() - 1] {
        Some(percent) if percent > 0.0 => shown * 100.0 / percent,
        _ => shown,
    };
    format!(
        "{}{scope} lost {} {window}, {} of them {at} {}.",
        words::counted(rows.builds, "build", "builds"),
        words::counted(all.round() as u64, "minute", "minutes"),
        words::percent(share[0].unwrap_or(0.0)),
        match &*rows.text(id)[0] {
            UNKNOWN => format!("unknown {id}s"),
            name => words::name(name),
        },
    )
}

fn chart(rows: &Rows, _: &Context<'_>) -> Chart {
    chart_by(rows, "step")
}

pub fn chart_by(rows: &Rows, id: &str) -> Chart {
    let names = rows.text(id);
    let running = rows.percent("running_percent");
    let kinds = KINDS.into_iter().zip(MINUTES).enumerate();
    let bars = kinds.map(|(index, ((kind, label, colour), (column, _)))| {
        let minutes = rows.number(column);
        let mark = |row: usize| {
            let running = words::percent(running[row].unwrap_or(0.0));
            let mark = Mark::of_row(row, minutes[row]).hover(format!(
                "{}\n{:.0} min by {label}\n{running} of all minutes lost down to here",
                names[row], minutes[row],
            ));
            // The running share stands behind the last part of the bar.
            if index + 1 == KINDS.len() {
                mark.label(running)
            } else {
                mark
            }
        };
        Series::bars(label, colour)
            .opening(kind)
            .with((0..rows.len().min(MAX_NAMES)).map(mark))
    });
    let panel = Panel::new(
        Unit::Number,
        "Minutes, and the running share of all",
        bars.collect(),
    );
    Plane::new(Base::names(names), vec![panel.stacked()]).into()
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    opens_by(rows, context, "step", "loss_step")
}

pub fn opens_by(rows: &Rows, _: &Context<'_>, id: &str, key: &str) -> Opens {
    let names = rows.text(id).iter();
    let column = |(kind, ..): (&'static str, &str, Colour)| (kind, opens::one("loss", kind));
    Opens {
        rows: names.map(|name| opens::one(key, name)).collect(),
        columns: KINDS.map(column).into(),
    }
}
