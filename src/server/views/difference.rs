//! The attributes that set apart the new failures of a selection, or one of two selections.

use crate::{
    api::{BuildDifference, BuildSet, DifferentValue},
    selection::{Pair, Selection, encoded},
    server::{
        figures::words,
        insight::difference::{self, Different, Property, Sets},
        significance::Rate,
        snapshot::Snapshot,
    },
};

/// The most values that are listed.
const MAX_VALUES: usize = 100;

/// Compares the new failures of a selection whose values were checked with its good builds.
pub fn of_failures(snapshot: &Snapshot, selection: &Selection) -> BuildDifference {
    let sets = Sets::of_failures(snapshot, selection);
    let good = difference::of_any_result(selection).with_values("result", ["SUCCESS", "UNSTABLE"]);
    let names = [
        ("new failures", selection.encoded()),
        ("good builds", good.encoded()),
    ];
    described(snapshot, &sets, names)
}

/// Compares two selections whose values were checked.
pub fn of_selections(snapshot: &Snapshot, pair: &Pair) -> BuildDifference {
    let sets = Sets::of_selections(snapshot, &pair.a, &pair.b);
    described(snapshot, &sets, names(pair))
}

/// The names and addresses of two selections.
pub fn names(pair: &Pair) -> [(&'static str, String); 2] {
    [
        ("builds of A", pair.a.encoded()),
        ("builds of B", pair.b.encoded()),
    ]
}

/// Compares two sets with these names and addresses.
pub fn described(snapshot: &Snapshot, sets: &Sets, names: [(&str, String); 2]) -> BuildDifference {
    let found = difference::difference(snapshot, sets);
    let [a, b] = names;
    let set = |(label, selection): (&str, String), rows: &[u32]| BuildSet {
        label: label.to_owned(),
        selection,
        builds: rows.len() as u64,
    };
    let (a, b) = (set(a, &sets.a), set(b, &sets.b));
    let shown = found.values.iter().take(MAX_VALUES);
    BuildDifference {
        summary: summary(&a, &b, found.tested, found.values.len()),
        as_of: words::instant(snapshot.as_of_ms),
        version: snapshot.version.to_string(),
        a,
        b,
        common: sets.common,
        tested: found.tested as u64,
        found: found.values.len() as u64,
        values: shown
            .map(|value| described_value(snapshot, value))
            .collect(),
        hidden: found
            .hidden
            .iter()
            .map(|attribute| attribute.label.to_owned())
            .collect(),
    }
}

fn summary(a: &BuildSet, b: &BuildSet, tested: usize, found: usize) -> String {
    let [of_a, of_b] = [a, b].map(|set| format!("{} {}", words::thousands(set.builds), set.label));
    let tested = words::counted(tested as u64, "value", "values");
    match (a.builds, b.builds) {
        (0, _) => format!("There are no {} to compare.", a.label),
        (_, 0) => format!("There are no {} to compare the {of_a} with.", b.label),
        _ if found == 0 => {
            format!("No clear difference between {of_a} and {of_b}: {tested} tested.")
        }
        _ => {
            let verb = if found == 1 { "differs" } else { "differ" };
            let found = words::thousands(found as u64);
            format!("{found} of {tested} tested {verb} clearly between {of_a} and {of_b}.")
        }
    }
}

fn described_value(snapshot: &Snapshot, value: &Different) -> DifferentValue {
    let percent = |rate: Rate| 100.0 * rate.share().unwrap_or_default();
    let condition = match value.property {
        Property::Attribute(attribute) => {
            let wanted = attribute.address_value(&snapshot.config, &value.value);
            Some(encoded([(attribute.id, wanted.as_str())]))
        }
        Property::FirstStep | Property::Step(_) => None,
    };
    DifferentValue {
        attribute: value.property.id().to_owned(),
        label: value.property.label(),
        value: value.value.clone(),
        a: value.a.part,
        of_a: value.a.whole,
        b: value.b.part,
        of_b: value.b.whole,
        a_percent: percent(value.a),
        b_percent: percent(value.b),
        lift: value.lift(),
        q: value.q,
        condition,
    }
}
