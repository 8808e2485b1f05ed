//! Ends of suppression rules, of the support of runtimes and of the time for findings, by week from now on.
//!
//! Reads the rules, runtimes and open findings of the repositories that are not archived.

use super::{
    Column, Context, Figure, Page, Rows, Topic, Values, opens,
    weeks::{self, WEEK_MS},
    words,
};
use crate::server::charts::{Chart, Colour, Mark, Panel, Plane, Series, Shape, Unit};
use crate::{
    api::Width,
    selection::Selection,
    server::{
        insight::security::{overdue_since_ms, selected},
        snapshot::{RuleEnd, Snapshot},
    },
};

/// 182 days.
const WEEKS: usize = 26;

pub const FIGURE: Figure = Figure {
    id: "security_calendar",
    page: Page::Security,
    topic: Topic::Dates,
    width: Width::Half,
    height: 320,
    title: "What ends in the next half year",
    help: "By weeks of seven days from the time of the facts: suppression rules whose end is then, runtimes whose \
           support ends then (each once per repository), and open findings that become overdue then, by their \
           severity or by the date of CISA's catalogue. What has ended or is overdue already is not there, nor is \
           what has no end.",
    rows,
    summary,
    chart,
    opens: opens::nothing,
};

/// The columns after the week, and the colours of their bars.
const SERIES: [(&str, &str, Colour); 3] = [
    ("suppressions", "Suppressions", Colour::Category(0)),
    ("runtimes", "Runtimes", Colour::Category(1)),
    ("findings", "Findings", Colour::Category(2)),
];

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let selected = selected(snapshot, selection);
    let (state, now_ms) = (&selected.state, selected.state.at_ms);
    let mut counts = [[0_u64; SERIES.len()]; WEEKS];
    let mut count = |series: usize, at_ms: i64| {
        let week = usize::try_from((at_ms - now_ms - 1).div_euclid(WEEK_MS));
        if let Some(week) = week.ok().and_then(|week| counts.get_mut(week)) {
            week[series] += 1;
        }
    };
    for rule in &state.rules {
        if let RuleEnd::At(ends_ms) = rule.end {
            count(0, ends_ms);
        }
    }
    for ends_ms in state.runtimes.iter().filter_map(|runtime| runtime.ends_ms) {
        count(1, ends_ms);
    }
    for finding in selected.open() {
        if let Some(since_ms) = overdue_since_ms(
            finding,
            &snapshot.security,
            &snapshot.config,
            selected.state.at_ms,
        ) {
            count(2, since_ms);
        }
    }
    let sum: u64 = counts.iter().flatten().sum();
    let weeks = if sum == 0 { 0 } else { WEEKS };
    let starts = (0..weeks as i64).map(|week| now_ms + week * WEEK_MS);
    let mut columns = vec![Column::new(
        "week_start",
        "Week from",
        Values::Instant(starts.collect()),
    )];
    for (index, (id, title, _)) in SERIES.into_iter().enumerate() {
        let counts = counts[..weeks].iter().map(|week| week[index]).collect();
        columns.push(Column::new(id, title, Values::Count(counts)));
    }
    Rows {
        columns,
        builds: state.repositories.len() as u64,
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    if rows.is_empty() {
        let none = "No suppression, runtime or finding ends in the next half year.";
        return words::no_facts(context, none.to_owned());
    }
    let sum = |column: &str, weeks: usize| rows.count(column)[..weeks].iter().sum::<u64>();
    // Four whole weeks, not 30 days.
    let soon: u64 = SERIES.iter().map(|(id, ..)| sum(id, 4)).sum();
    format!(
        "{}, {} and {} end in the next half year, {} of them within four weeks.",
        words::counted(sum("suppressions", WEEKS), "suppression", "suppressions"),
        words::counted(sum("runtimes", WEEKS), "runtime", "runtimes"),
        words::counted(
            sum("findings", WEEKS),
            "time for a finding",
            "times for findings"
        ),
        words::thousands(soon),
    )
}

fn chart(rows: &Rows, context: &Context<'_>) -> Chart {
    let starts = rows.instant("week_start");
    let bars = |(id, title, colour): (&'static str, &'static str, Colour)| {
        let counts = rows.count(id);
        let mark = |row: usize| {
            let day = words::local_instant(context.time_zone, starts[row]);
            let count = words::thousands(counts[row]);
            Mark::new(starts[row] as f64, counts[row] as f64)
                .hover(format!("Week from {day}\n{title}: {count}"))
        };
        let width = WEEK_MS as f64 * 0.9;
        Series::new(title, colour, Shape::Bars { width }).with((0..rows.len()).map(mark))
    };
    let panel = Panel::new(Unit::Count, "", SERIES.map(bars).into());
    Plane::new(weeks::base(starts), vec![panel.stacked()]).into()
}
