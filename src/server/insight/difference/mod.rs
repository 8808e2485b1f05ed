//! The differences between two sets of builds: values that one has more often, or less often.
//!
//! Every value of every attribute with enough builds is tested; those whose false discovery rate is small differ. The
//! counts of an attribute take one pass over its column.

mod slow;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use slow::slow;

use super::transitions::transitions;
use crate::{
    selection::Selection,
    server::{
        attributes::{self, Attribute, UNKNOWN, select},
        significance::Rate,
        snapshot::Snapshot,
        statistics::{Table, fisher_exact, q_values},
    },
};

/// The attributes that are compared. None follows from the result of a build, as its failed step does.
const COMPARED: [&str; 11] = [
    "pipeline",
    "project",
    "team",
    "hour",
    "weekday",
    "type",
    "agent",
    "node",
    "library",
    "product",
    "component",
];
/// Keys of a selection that only builds that failed have, or whose values follow from the result.
const OF_RESULT: [&str; 6] = [
    "class",
    "domain",
    "episode",
    "failed_step",
    "incident",
    "result",
];
/// An attribute with more values than this, for each of more builds than that, only tells builds apart.
const MAX_VALUES_PER_BUILD: f64 = 0.9;
const FEW_BUILDS: u64 = 20;

/// Two sets of builds without a common one, as sorted rows of the columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sets {
    pub a: Vec<u32>,
    pub b: Vec<u32>,
    /// Builds that were in both sets, and are in the first only.
    pub common: u64,
}

/// The values that differ between two sets of builds.
#[derive(Default)]
pub struct Difference {
    /// The greatest differences of shares first.
    pub values: Vec<Different>,
    /// The number of values that were tested.
    pub tested: usize,
    /// Attributes that have another value for nearly every build.
    pub hidden: Vec<&'static Attribute>,
}

/// A value that differs: how many builds of each set have it.
pub struct Different {
    pub property: Property,
    /// The value for readers; [`UNKNOWN`] where it is missing.
    pub value: String,
    /// Of the builds whose property is known, where the property is a time; else of all.
    pub a: Rate,
    pub b: Rate,
    /// The false discovery rate of differences that are at least as improbable.
    pub q: f64,
}

/// A property of builds that two sets are compared by.
pub enum Property {
    Attribute(&'static Attribute),
    /// The time until the first step had ended.
    FirstStep,
    /// The duration of a step with this name.
    Step(String),
}

impl Property {
    /// The name in APIs.
    pub fn id(&self) -> &'static str {
        match self {
            Self::Attribute(attribute) => attribute.id,
            Self::FirstStep => "first_step",
            Self::Step(_) => "step_duration",
        }
    }

    /// The name for readers.
    pub fn label(&self) -> String {
        match self {
            Self::Attribute(attribute) => attribute.label.to_owned(),
            Self::FirstStep => "Time to first step".to_owned(),
            Self::Step(step) => format!("Duration of {step}"),
        }
    }
}

impl Different {
    /// The share in the first set less that in the second.
    pub fn difference(&self) -> f64 {
        self.a.share().unwrap_or_default() - self.b.share().unwrap_or_default()
    }

    /// The share in the first set as a multiple of that in the second; none if the second has none.
    pub fn lift(&self) -> Option<f64> {
        let (a, b) = self.a.share().zip(self.b.share())?;
        (b > 0.0).then(|| a / b)
    }

    fn order(&self, other: &Self) -> Ordering {
        let size = |value: &Self| value.difference().abs();
        let name = |value: &Self| (value.property.id(), value.property.label());
        size(other)
            .total_cmp(&size(self))
            .then(self.q.total_cmp(&other.q))
            .then_with(|| name(self).cmp(&name(other)))
            .then_with(|| self.value.cmp(&other.value))
    }
}

impl Sets {
    /// The builds of two selections. Those of both are in the first set only.
    pub fn of_selections(snapshot: &Snapshot, a: &Selection, b: &Selection) -> Self {
        let a = rows(snapshot, a, |_| true);
        let mut in_a = a.iter().copied().peekable();
        let mut common = 0;
        let b = rows(snapshot, b, |row| {
            while in_a.next_if(|&known| known < row).is_some() {}
            let is_common = in_a.peek() == Some(&row);
            common += u64::from(is_common);
            !is_common
        });
        Self { a, b, common }
    }

    /// The new failures of a selection and its good builds. Conditions that only failed builds meet do not hold for
    /// the good ones.
    pub fn of_failures(snapshot: &Snapshot, selection: &Selection) -> Self {
        let is_new = new_failures(snapshot);
        let results = &snapshot.builds.result;
        Self {
            a: rows(snapshot, selection, |row| is_new[row as usize]),
            b: rows(snapshot, &of_any_result(selection), |row| {
                results[row as usize].is_good()
            }),
            common: 0,
        }
    }

    pub fn is_either_empty(&self) -> bool {
        self.a.is_empty() || self.b.is_empty()
    }
}

/// A selection without the conditions that follow from the results of builds.
pub fn of_any_result(selection: &Selection) -> Selection {
    OF_RESULT
        .iter()
        .fold(selection.clone(), |selection, key| selection.without(key))
}

fn rows(snapshot: &Snapshot, selection: &Selection, mut keep: impl FnMut(u32) -> bool) -> Vec<u32> {
    let selected = select(snapshot, selection);
    let mut rows = Vec::new();
    selected.each(|build| {
        let row = u32::try_from(build).expect("fewer builds than u32::MAX");
        if keep(row) {
            rows.push(row);
        }
    });
    rows
}

/// Tells which builds failed although their pipeline's completed build before was good.
fn new_failures(snapshot: &Snapshot) -> Vec<bool> {
    let mut is_new = vec![false; snapshot.builds.len()];
    for kind in transitions(snapshot) {
        for position in kind.failures {
            is_new[kind.rows[position as usize] as usize] = true;
        }
    }
    is_new
}

/// Finds the values that differ between two sets of builds.
pub fn difference(snapshot: &Snapshot, sets: &Sets) -> Difference {
    if sets.is_either_empty() {
        return Difference::default();
    }
    let rules = &snapshot.config.insight;
    let mut found = Difference::default();
    let mut tested = Vec::new();
    for attribute in COMPARED.iter().filter_map(|id| attributes::find(id)) {
        match counted(snapshot, sets, attribute) {
            Some(values) => tested.extend(values),
            None => found.hidden.push(attribute),
        }
    }
    tested.extend(slow(snapshot, sets));
    tested.retain(|value| value.a.part + value.b.part >= u64::from(rules.difference_min_builds));
    let p_values: Vec<f64> = tested
        .iter()
        .map(|value| p_value(value.a, value.b))
        .collect();
    found.tested = tested.len();
    for (value, q) in tested.into_iter().zip(q_values(&p_values)) {
        if q < rules.difference_q {
            found.values.push(Different { q, ..value });
        }
    }
    found.values.sort_by(Different::order);
    found
}

/// The values of an attribute with their builds; none if nearly every build has another one.
fn counted(
    snapshot: &Snapshot,
    sets: &Sets,
    attribute: &'static Attribute,
) -> Option<Vec<Different>> {
    let values = (attribute.read)(snapshot);
    let (a, b) = (values.count(&sets.a), values.count(&sets.b));
    let (of_a, of_b) = (sets.a.len() as u64, sets.b.len() as u64);
    let counts = a
        .iter()
        .zip(&b)
        .map(|(&a, &b)| (u64::from(a), u64::from(b)));
    let known = counts.clone().take(values.labels().len());
    let distinct = known.filter(|(a, b)| a + b > 0).count();
    let builds = of_a + of_b;
    if builds > FEW_BUILDS && distinct as f64 > MAX_VALUES_PER_BUILD * builds as f64 {
        return None;
    }
    let least = u64::from(snapshot.config.insight.difference_min_builds);
    let labels = values.labels().iter().map(|label| &**label);
    let labelled = labels.chain([UNKNOWN]).zip(counts);
    let values = labelled.filter(|(_, (a, b))| a + b >= least);
    let different = |(label, (a, b)): (&str, (u64, u64))| Different {
        property: Property::Attribute(attribute),
        value: label.to_owned(),
        a: Rate {
            part: a,
            whole: of_a,
        },
        b: Rate {
            part: b,
            whole: of_b,
        },
        q: 1.0,
    };
    Some(values.map(different).collect())
}

fn p_value(a: Rate, b: Rate) -> f64 {
    let cells = |rate: Rate| [rate.part, rate.whole - rate.part];
    fisher_exact(Table {
        first: cells(a),
        second: cells(b),
    })
}
