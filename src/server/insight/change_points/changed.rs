//! Other changes at a change point: the commit, the library, the agent and the node of the builds within its
//! interval. Read on demand, for display.

use foldhash::HashSet;

use crate::server::{
    attributes::{self, Attribute, Values},
    snapshot::{Snapshot, change_points::ChangePoint},
};

/// Attributes whose changes are named, beside the commit.
const ATTRIBUTES: [&str; 3] = ["library", "agent", "node"];

/// A value that changed within an interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// `commit` or the id of an attribute.
    pub attribute: &'static str,
    /// The name for readers.
    pub label: &'static str,
    /// The value of the last build before.
    pub from: String,
    /// The value of the last build of the interval; none if it is unknown.
    pub to: Option<String>,
    /// The number of distinct values in the interval that are not the value before.
    pub values: u32,
}

/// Returns what changed within the intervals of change points, in the order of `ATTRIBUTES` after the commit.
pub fn changed(snapshot: &Snapshot, points: &[ChangePoint]) -> Vec<Vec<Changed>> {
    let read = |id| {
        let attribute = attributes::find(id)?;
        Some((attribute, (attribute.read)(snapshot)))
    };
    let attributes: Vec<(&Attribute, Values<'_>)> =
        ATTRIBUTES.into_iter().filter_map(read).collect();
    let of = |point: &ChangePoint| {
        let rows = rows(snapshot, point);
        let commits = &snapshot.builds.commit;
        let commit = distinct(&rows, |row| {
            Some(commits[row]).filter(|&number| number != 0)
        });
        let commit =
            commit.map(|known| known.named("commit", "Commit", |number| format!("{number:016x}")));
        let others = attributes.iter().filter_map(|(attribute, values)| {
            let known = distinct(&rows, |row| values.number(row))?;
            Some(known.named(attribute.id, attribute.label, |number| {
                values.labels()[number].to_string()
            }))
        });
        commit.into_iter().chain(others).collect()
    };
    points.iter().map(of).collect()
}

/// The builds of the pipeline from the last one before the change to the last one of its interval.
fn rows(snapshot: &Snapshot, point: &ChangePoint) -> Vec<usize> {
    let rows = point.after_row as usize..=point.until_row as usize;
    let pipelines = &snapshot.builds.pipeline;
    rows.filter(|&row| pipelines[row] == point.pipeline)
        .collect()
}

/// The values of an attribute over the builds of an interval.
struct Distinct<T> {
    from: T,
    to: Option<T>,
    values: usize,
}

impl<T: Copy> Distinct<T> {
    fn named(
        &self,
        attribute: &'static str,
        label: &'static str,
        name: impl Fn(T) -> String,
    ) -> Changed {
        Changed {
            attribute,
            label,
            from: name(self.from),
            to: self.to.map(&name),
            values: u32::try_from(self.values).unwrap_or(u32::MAX),
        }
    }
}

/// Returns the values if that of the first build is known and any other one is not the same.
fn distinct<T: Copy + Eq + std::hash::Hash>(
    rows: &[usize],
    value: impl Fn(usize) -> Option<T>,
) -> Option<Distinct<T>> {
    let (&first, rest) = rows.split_first()?;
    let from = value(first)?;
    let others = rest.iter().filter_map(|&row| value(row));
    let others: HashSet<T> = others.filter(|&known| known != from).collect();
    let to = rest.last().and_then(|&row| value(row));
    (!others.is_empty()).then_some(Distinct {
        from,
        to,
        values: others.len(),
    })
}
