//! Shared incidents: the step, time, pipelines and what the failures share.
//!
//! Reads the incidents with a member among the selected builds. Their probabilities and shared values are those of all
//! members, whatever is selected.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::{Column, Context, Figure, Opens, Page, Rows, Topic, Values, opens, ranking, words};
use crate::server::charts::{Base, Chart, Colour, MAX_NAMES, Mark, Panel, Plane, Series, Unit};
use crate::{
    api::Width,
    selection::Selection,
    server::{
        attributes::select,
        snapshot::{Incident, Snapshot},
    },
};

pub const FIGURE: Figure = Figure {
    id: "incidents",
    page: Page::Platform,
    topic: Topic::Times,
    width: Width::Full,
    height: ranking::HEIGHT,
    title: "Shared incidents",
    help: "Times in which builds failed anew at the same step in at least 4 pipelines within an hour, so \
           many that the usual rate of the 28 days before explains them with a probability below \
           0.00001. Builds counts the new failures in the window. Shared names an agent, node, \
           library, environment or project that at least 75% of the failures have, and clearly more \
           often than other builds: an association, not a proven cause. The latest come first; \
           shows 50.",
    rows,
    summary,
    chart,
    opens,
};

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let selected = select(snapshot, selection);
    let mut found: Vec<(&Incident, u64)> = Vec::new();
    for incident in &snapshot.insight.incidents {
        let members = incident.members.iter();
        let members = members
            .filter(|&&row| selected.contains(row as usize))
            .count();
        if members > 0 {
            found.push((incident, members as u64));
        }
    }
    let builds = found.iter().map(|(_, members)| members).sum();
    found.sort_by_key(|(incident, _)| Reverse(incident.from_ms));
    found.truncate(ranking::MAX_ROWS);
    let text = |of: &dyn Fn(&Incident) -> String| {
        Values::Text(found.iter().map(|(known, _)| of(known)).collect())
    };
    let count = |of: fn(&Incident) -> u32| {
        Values::Count(found.iter().map(|(known, _)| of(known).into()).collect())
    };
    let at = |of: fn(&Incident) -> i64| {
        Values::Instant(found.iter().map(|(known, _)| of(known)).collect())
    };
    let members = found.iter().map(|&(_, members)| members).collect();
    Rows {
        columns: vec![
            Column::new(
                "incident",
                "Incident",
                text(&|known| snapshot.incident_id(known)),
            ),
            Column::new(
                "step",
                "Step",
                text(&|known| snapshot.step_label(known.step).to_owned()),
            ),
            Column::new("from", "From", at(|known| known.from_ms)),
            Column::new("to", "To", at(|known| known.to_ms)),
            Column::new("builds", "Builds", Values::Count(members)),
            Column::new("pipelines", "Pipelines", count(|known| known.pipelines)),
            Column::new("shared", "Shared", text(&shared)),
            Column::new(
                "state",
                "State",
                text(&|known| if known.over { "over" } else { "open" }.to_owned()),
            ),
        ],
        builds,
    }
}

/// The shared values of an incident in words: `agent spot ubuntu-docker (12 of 14)`.
fn shared(incident: &Incident) -> String {
    let all = incident.members.len();
    let values = incident.shared.iter();
    let values = values.map(|known| {
        let (attribute, value, members) = (known.attribute, &known.value, known.members);
        format!("{attribute} {value} ({members} of {all})")
    });
    let values: Vec<String> = values.collect();
    if values.is_empty() {
        "nothing".to_owned()
    } else {
        values.join(", ")
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    let (scope, window) = (words::scope(context), words::window(context));
    if rows.is_empty() {
        return if context.as_of_ms.is_none() {
            words::no_builds(context)
        } else {
            format!("No shared incident{scope} {window}.")
        };
    }
    let open = rows
        .text("state")
        .iter()
        .filter(|state| *state == "open")
        .count();
    format!(
        "{} with {}{scope} {window}, {} open; the latest at {}.",
        words::counted(rows.len() as u64, "shared incident", "shared incidents"),
        words::counted(rows.builds, "new failure", "new failures"),
        words::thousands(open as u64),
        words::name(&rows.text("step")[0]),
    )
}

fn chart(rows: &Rows, context: &Context<'_>) -> Chart {
    let builds = rows.count("builds");
    let mark = |row: usize| {
        let from = words::local_instant(context.time_zone, rows.instant("from")[row]);
        let pipelines = words::counted(rows.count("pipelines")[row], "pipeline", "pipelines");
        Mark::of_row(row, builds[row] as f64)
            .label(pipelines.clone())
            .hover(format!(
                "{}\n{from}\n{pipelines}; shared: {}\n{}",
                rows.text("step")[row],
                rows.text("shared")[row],
                words::counted(builds[row], "build", "builds"),
            ))
    };
    let bars = Series::bars("", Colour::Failure).opening("builds");
    let bars = bars.with((0..rows.len().min(MAX_NAMES)).map(mark));
    let panel = Panel::new(Unit::Count, "Builds", vec![bars]);
    let names: Vec<String> = (0..rows.len())
        .map(|row| name(rows, row, context))
        .collect();
    Plane::new(Base::names(&names), vec![panel]).into()
}

/// `sonarscan, 21 Oct 10:21`.
fn name(rows: &Rows, row: usize, context: &Context<'_>) -> String {
    let from = Timestamp::from_millisecond(rows.instant("from")[row]).unwrap_or_default();
    let from = from.to_zoned_datetime(context.time_zone.clone());
    format!(
        "{}, {}",
        rows.text("step")[row],
        from.strftime("%-d %b %H:%M")
    )
}

fn opens(rows: &Rows, _: &Context<'_>) -> Opens {
    let incidents = rows.text("incident").iter();
    Opens {
        rows: incidents.map(|id| opens::one("incident", id)).collect(),
        columns: vec![("builds", Selection::default())],
    }
}
