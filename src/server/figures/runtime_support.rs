//! Runtimes and base images by version and by the support of that version.
//!
//! Reads the runtimes of the repositories that are not archived.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    Column, Context, Figure, Page, Rows, Topic, Values, opens, rows::UNKNOWN,
    security_words::product, words,
};
use crate::server::charts::{Base, Chart, Colour, MAX_NAMES, Mark, Panel, Plane, Series, Unit};
use crate::{
    api::Width,
    selection::Selection,
    server::{
        charts,
        insight::security::selected,
        snapshot::{Snapshot, Support},
    },
};

pub const FIGURE: Figure = Figure {
    id: "runtime_support",
    page: Page::Security,
    topic: Topic::Runtimes,
    width: Width::Half,
    height: charts::MAX_HEIGHT,
    title: "Runtimes and their support",
    help: "Runtimes and base images of the repositories, by version: supported, due (support ends within the days of \
           the configuration, 180 by default), ended, or unknown. A version is unknown if it cannot be read, if it is \
           a name such as lts, or if the image of Java does not name its vendor, whose dates differ. The dates are \
           those of the built-in table or of endoflife.date, whichever is newer. The chart shows the first 20 versions: \
           those whose support has ended, then due, unknown and supported ones.",
    rows,
    summary,
    chart,
    opens: opens::nothing,
};

pub const fn label(support: Support) -> &'static str {
    match support {
        Support::Ended => "Ended",
        Support::Due => "Due",
        Support::Unknown => "Unknown",
        Support::Supported => "Supported",
    }
}

const fn colour(support: Support) -> Colour {
    match support {
        Support::Ended => Colour::Category(3),
        Support::Due => Colour::Category(1),
        Support::Unknown => Colour::Other,
        Support::Supported => Colour::Neutral,
    }
}

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let state = selected(snapshot, selection).state;
    // Repositories and the end, by product, version and support.
    let mut found: BTreeMap<(&str, &str, Support), (u64, Option<i64>)> = BTreeMap::new();
    for known in &state.runtimes {
        let version = known.cycle.as_deref().unwrap_or(UNKNOWN);
        let key = (&*known.runtime.product, version, known.support);
        let (count, ends_ms) = found.entry(key).or_default();
        *count += 1;
        *ends_ms = known.ends_ms;
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by_key(|((product, version, support), (count, _))| {
        (*support, Reverse(*count), *product, *version)
    });
    let text = |of: fn(&(&str, &str, Support)) -> String| {
        Values::Text(found.iter().map(|(key, _)| of(key)).collect())
    };
    let ends = found
        .iter()
        .map(|(_, (_, ends_ms))| ends_ms.map_or_else(String::new, |ms| words::date(last_day(ms))));
    Rows {
        columns: vec![
            Column::new("product", "Product", text(|key| key.0.to_owned())),
            Column::new("version", "Version", text(|key| key.1.to_owned())),
            Column::new("support", "Support", text(|key| key.2.as_str().to_owned())),
            Column::new("ends", "Last day", Values::Text(ends.collect())),
            Column::new(
                "repositories",
                "Repositories",
                Values::Count(found.iter().map(|(_, (count, _))| *count).collect()),
            ),
        ],
        builds: state.repositories.len() as u64,
    }
}

/// The day before an end at midnight in UTC, in days since 1970-01-01.
fn last_day(ends_ms: i64) -> i32 {
    let day = (ends_ms - 1).div_euclid(crate::server::model::DAY_MS);
    i32::try_from(day).unwrap_or(i32::MAX)
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    if rows.is_empty() {
        let none = "No runtime of a repository that is not archived is known.";
        return words::no_facts(context, none.to_owned());
    }
    let sum = |support: Support| {
        let of = rows.text("support").iter().zip(rows.count("repositories"));
        let of = of.filter(|(known, _)| *known == support.as_str());
        of.map(|(_, count)| *count).sum::<u64>()
    };
    let unknown = match sum(Support::Unknown) {
        0 => String::new(),
        unknown => format!("; unknown for {}", words::thousands(unknown)),
    };
    format!(
        "Support has ended for {} of {} and ends soon for {}{unknown}.",
        words::thousands(sum(Support::Ended)),
        words::counted(
            rows.count("repositories").iter().sum(),
            "runtime",
            "runtimes"
        ),
        words::thousands(sum(Support::Due)),
    )
}

fn chart(rows: &Rows, _: &Context<'_>) -> Chart {
    let (products, versions) = (rows.text("product"), rows.text("version"));
    let (support, counts) = (rows.text("support"), rows.count("repositories"));
    let name = |row: usize| format!("{} {}", product(&products[row]), versions[row]);
    let drawn = rows.len().min(MAX_NAMES);
    let bars = |of: Support| {
        let marks = (0..drawn)
            .filter(|&row| support[row] == of.as_str())
            .map(|row| {
                let ends = match &*rows.text("ends")[row] {
                    "" => String::new(),
                    ends => format!("\nlast day of support {ends}"),
                };
                let count = words::counted(counts[row], "repository", "repositories");
                Mark::new(row as f64, counts[row] as f64)
                    .counting(row)
                    .label(words::thousands(counts[row]))
                    .hover(format!(
                        "{}\n{count}, {}{ends}",
                        name(row),
                        label(of).to_lowercase()
                    ))
            });
        Series::bars(label(of), colour(of))
            .opening("repositories")
            .with(marks)
    };
    let panel = Panel::new(Unit::Count, "", Support::ALL.map(bars).into());
    let names = (0..drawn).map(name).collect();
    Plane::new(Base::Names(names), vec![panel.stacked()]).into()
}
