//! The columns, and functions to reorder and merge whole rows.

use std::ops::Range;

use super::{BuildIds, Steps};
use crate::server::model::BuildResult;

/// Values of builds, one row per build.
pub trait Column: Default {
    fn with_capacity(builds: usize) -> Self;

    /// Appends some rows of another column.
    fn append(&mut self, other: &Self, rows: Range<usize>);

    /// Returns the rows in another order.
    fn ordered(self, order: &[u32]) -> Self;

    fn bytes(&self) -> usize;
}

impl<T: Copy> Column for Vec<T> {
    fn with_capacity(builds: usize) -> Self {
        Self::with_capacity(builds)
    }

    fn append(&mut self, other: &Self, rows: Range<usize>) {
        self.extend_from_slice(&other[rows]);
    }

    fn ordered(self, order: &[u32]) -> Self {
        // A column that is filled later is empty.
        let row = |&row: &u32| self.get(row as usize).copied();
        order.iter().filter_map(row).collect()
    }

    fn bytes(&self) -> usize {
        size_of_val(&**self)
    }
}

/// Consecutive rows, of the previous or of the new ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Kept(Range<usize>),
    New(Range<usize>),
}

/// Declares the columns of builds: one line each.
macro_rules! columns {
    ($($(#[$doc:meta])* $column:ident: $kind:ty,)*) => {
        /// One column per attribute of a build, all of the same length.
        #[derive(Debug, Default)]
        pub struct Builds {
            $($(#[$doc])* pub $column: $kind,)*
        }

        impl Builds {
            pub fn with_capacity(builds: usize) -> Self {
                Self { $($column: Column::with_capacity(builds),)* }
            }

            /// Reorders the rows. It works column by column, so that only one is in memory twice.
            pub fn ordered(self, order: &[u32]) -> Self {
                Self { $($column: Column::ordered(self.$column, order),)* }
            }

            /// Merges some of these rows with new ones, as the pieces say.
            pub fn spliced(&self, new: &Self, pieces: &[Piece]) -> Self {
                Self { $($column: splice(&self.$column, &new.$column, pieces),)* }
            }

            pub fn bytes(&self) -> usize {
                [$(Column::bytes(&self.$column)),*].iter().sum()
            }
        }
    };
}

columns! {
    /// The number of the build in the store; not used by figures.
    stored: Vec<u32>,
    /// Unix ms of the latest event; ascending.
    finished_ms: Vec<i64>,
    /// Unix ms when the build was scheduled.
    started_ms: Vec<i64>,
    /// [`super::UNKNOWN_DURATION`] if the source gives none.
    duration_ms: Vec<u32>,
    /// Index in [`super::Snapshot::pipelines`].
    pipeline: Vec<u32>,
    /// The result of the latest event: that of the build so far.
    latest_result: Vec<BuildResult>,
    nightly: Vec<bool>,
    /// For failed builds: index in [`super::Snapshot::steps`] of the step that failed first, or
    /// [`super::UNKNOWN_STEP`].
    failing_step: Vec<u16>,
    /// From the end of the smoke test to the end of the functional test, or [`super::NO_TEST`].
    functional_test_ms: Vec<i64>,
    /// The source's id of the build.
    build_id: BuildIds,
    /// An event says that the build ended.
    ended: Vec<bool>,
    /// From schedule to start, or [`super::UNKNOWN_DURATION`].
    start_delay_ms: Vec<u32>,
    /// See [`super::commit_number`]; 0 if the commit is unknown.
    commit: Vec<u64>,
    /// Index in [`super::Snapshot::nodes`], or [`super::UNKNOWN_NODE`].
    node: Vec<u16>,
    /// Index in [`super::Snapshot::codebases`].
    codebase: Vec<u32>,
    /// Index in [`super::Snapshot::toolchains`].
    toolchain: Vec<u32>,
    /// The steps of builds of the last [`super::STEP_DAYS`] days.
    steps: Steps,
    /// The local hour of `finished_ms`: weekday × 24 + hour, Monday first. Derived, like `day`, once the
    /// other columns are in order.
    hour_of_week: Vec<u8>,
    /// The local date of `finished_ms`, in days since 1970-01-01.
    day: Vec<i32>,
    /// The result of the build. Derived for all rows when those of other builds or the time of the data
    /// change; see [`super::truth`].
    result: Vec<BuildResult>,
}

impl Builds {
    pub fn len(&self) -> usize {
        self.finished_ms.len()
    }

    pub fn is_empty(&self) -> bool {
        self.finished_ms.is_empty()
    }
}

fn splice<C: Column>(old: &C, new: &C, pieces: &[Piece]) -> C {
    let rows = pieces.iter().map(|piece| match piece {
        Piece::Kept(rows) | Piece::New(rows) => rows.len(),
    });
    let mut column = C::with_capacity(rows.sum());
    for piece in pieces {
        match piece {
            Piece::Kept(rows) => column.append(old, rows.clone()),
            Piece::New(rows) => column.append(new, rows.clone()),
        }
    }
    column
}
