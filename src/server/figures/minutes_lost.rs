//! The minutes of reruns, lost and failed builds by step, the most first, with their running share.
//!
//! Reads duration, result, reruns of flaky failures and prices of agents. Each minute counts once.

use foldhash::HashMap;
use plotly::{
    Bar, Plot, Scatter,
    common::{HoverInfo, Marker, Mode, Orientation},
    layout::{Axis, BarMode},
};

use super::{
    Column, Context, Figure, Marks, Opens, Page, Points, Rows, Values, opens, ranking, theme, words,
};
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

pub const FIGURE: Figure = Figure {
    id: "minutes_lost",
    page: Page::Platform,
    width: Width::Full,
    height: ranking::HEIGHT,
    title: "Minutes lost by step",
    help: "The minutes of builds that finished in the window without a use: reruns of flaky failures, \
           lost builds until their latest event, and failed or aborted ones. All minutes of a build \
           count once: those of a failed or aborted build at the step that failed first, those of a \
           rerun at the step of the failure that it repeated, and those of a lost build at “unknown”, \
           because no event says where it stopped. Builds of unknown duration add no minutes. Where agents have a price, \
           the cost is that of their builds, by the whole minute. The running share is that of all \
           minutes lost down to the row. Shows the 50 steps that lost most.",
    rows,
    summary,
    plot,
    opens,
    marks,
};

/// The ways of losing minutes, by their names in selections, in the order of sums.
const KINDS: [(&str, &str, &str); 3] = [
    ("rerun", "Reruns", theme::YELLOW),
    ("lost", "Lost builds", theme::DARK_GREY),
    ("failed", "Failed builds", theme::RED),
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
        "{}{scope} lost {} minutes {window}, {} of them {at} {}.",
        words::counted(rows.builds, "build", "builds"),
        words::thousands(all.round() as u64),
        words::percent(share[0].unwrap_or(0.0)),
        match &*rows.text(id)[0] {
            UNKNOWN => format!("unknown {id}s"),
            name => words::name(name),
        },
    )
}

fn plot(rows: &Rows, _: &Context<'_>) -> Plot {
    plot_by(rows, "step")
}

pub fn plot_by(rows: &Rows, id: &str) -> Plot {
    let names = rows.text(id);
    let positions = ranking::positions(rows.len());
    let hovers: Vec<String> = (0..rows.len())
        .map(|row| {
            format!(
                "<b>{}</b><br>{} of all minutes lost down to here",
                theme::hover_label(&names[row]),
                words::percent(rows.percent("running_percent")[row].unwrap_or(0.0)),
            )
        })
        .collect();
    let mut plot = Plot::new();
    for ((_, label, colour), (column, _)) in KINDS.into_iter().zip(MINUTES) {
        let bars = Bar::new(rows.number(column).to_vec(), positions.clone())
            .name(label)
            .orientation(Orientation::Horizontal)
            .hover_text_array(hovers.clone())
            .hover_template("%{hovertext}<br>%{x:,.0f} min by %{fullData.name}<extra></extra>")
            .marker(Marker::new().color(colour));
        plot.add_trace(bars);
    }
    let most = rows
        .number("minutes")
        .first()
        .copied()
        .unwrap_or(1.0)
        .max(1.0);
    let running = rows.percent("running_percent").iter();
    let line = Scatter::new(
        running
            .map(|share| share.unwrap_or(0.0) / 100.0 * most)
            .collect(),
        positions,
    )
    .name("Running share")
    .mode(Mode::LinesMarkers)
    .hover_info(HoverInfo::Skip)
    .marker(Marker::new().color(theme::DARK_GREY).size(5));
    plot.add_trace(line);
    let axis = Axis::new()
        .range(vec![0.0, most])
        .title(theme::axis_title("Minutes"));
    plot.set_layout(
        ranking::layout(names, axis)
            .bar_mode(BarMode::Stack)
            .legend(ranking::legend(rows.len())),
    );
    plot
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    opens_by(rows, context, "step", "loss_step")
}

pub fn opens_by(rows: &Rows, _: &Context<'_>, id: &str, key: &str) -> Opens {
    let names = rows.text(id).iter();
    let column = |(kind, ..): (&'static str, &str, &str)| (kind, opens::one("loss", kind));
    Opens {
        rows: names.map(|name| opens::one(key, name)).collect(),
        columns: KINDS.map(column).into(),
    }
}

/// Bars are as long as their minutes, and open the builds of their kind.
pub fn marks(_: &Rows, _: &Context<'_>) -> Vec<Marks> {
    let bars = KINDS.map(|(column, ..)| Marks {
        column,
        points: Points::EveryRow,
    });
    bars.into()
}
