//! The columns, and functions to reorder and merge whole rows.

use std::ops::Range;

use super::BuildIds;
use crate::server::model::BuildResult;

/// One column per attribute of a build, all of the same length.
#[derive(Debug, Default)]
pub struct Builds {
    /// The number of the build in the store; not used by figures.
    pub stored: Vec<u32>,
    /// Unix ms of the latest event; ascending.
    pub finished_ms: Vec<i64>,
    /// Unix ms when the build was scheduled.
    pub started_ms: Vec<i64>,
    /// [`super::UNKNOWN_DURATION`] if the source gives none.
    pub duration_ms: Vec<u32>,
    /// Index in [`super::Snapshot::pipelines`].
    pub pipeline: Vec<u32>,
    pub result: Vec<BuildResult>,
    pub nightly: Vec<bool>,
    /// For failed builds: index in [`super::Snapshot::steps`] of the step that failed first, or
    /// [`super::UNKNOWN_STEP`].
    pub failing_step: Vec<u32>,
    /// From the end of the smoke test to the end of the functional test, or [`super::NO_TEST`].
    pub functional_test_ms: Vec<i64>,
    /// The source's id of the build.
    pub build_id: BuildIds,
    /// The local hour of `finished_ms`: weekday × 24 + hour, Monday first.
    pub hour_of_week: Vec<u8>,
    /// The local date of `finished_ms`, in days since 1970-01-01.
    pub day: Vec<i32>,
}

/// Consecutive rows, of the previous or of the new ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Kept(Range<usize>),
    New(Range<usize>),
}

impl Builds {
    pub fn with_capacity(builds: usize) -> Self {
        Self {
            stored: Vec::with_capacity(builds),
            finished_ms: Vec::with_capacity(builds),
            started_ms: Vec::with_capacity(builds),
            duration_ms: Vec::with_capacity(builds),
            pipeline: Vec::with_capacity(builds),
            result: Vec::with_capacity(builds),
            nightly: Vec::with_capacity(builds),
            failing_step: Vec::with_capacity(builds),
            functional_test_ms: Vec::with_capacity(builds),
            build_id: BuildIds::with_capacity(builds),
            // These two are derived once the others are in order.
            hour_of_week: Vec::new(),
            day: Vec::new(),
        }
    }

    pub fn len(&self) -> usize {
        self.finished_ms.len()
    }

    pub fn is_empty(&self) -> bool {
        self.finished_ms.is_empty()
    }

    /// Reorders the rows. It works column by column, so that only one is in memory twice.
    pub fn ordered(self, order: &[u32]) -> Self {
        fn pick<T: Copy>(column: Vec<T>, order: &[u32]) -> Vec<T> {
            order.iter().map(|&row| column[row as usize]).collect()
        }
        let mut build_id = BuildIds::with_capacity(order.len());
        build_id.extend(&self.build_id, order.iter().map(|&row| row as usize));
        Self {
            stored: pick(self.stored, order),
            finished_ms: pick(self.finished_ms, order),
            started_ms: pick(self.started_ms, order),
            duration_ms: pick(self.duration_ms, order),
            pipeline: pick(self.pipeline, order),
            result: pick(self.result, order),
            nightly: pick(self.nightly, order),
            failing_step: pick(self.failing_step, order),
            functional_test_ms: pick(self.functional_test_ms, order),
            build_id,
            hour_of_week: self.hour_of_week,
            day: self.day,
        }
    }

    /// Merges some of these rows with new ones, as the pieces say.
    pub fn spliced(&self, new: &Self, pieces: &[Piece]) -> Self {
        let rows = pieces.iter().map(|piece| match piece {
            Piece::Kept(rows) | Piece::New(rows) => rows.len(),
        });
        let rows = rows.sum();
        let splice = Splice { pieces, rows };
        let mut build_id = BuildIds::with_capacity(rows);
        for piece in pieces {
            match piece {
                Piece::Kept(rows) => build_id.extend(&self.build_id, rows.clone()),
                Piece::New(rows) => build_id.extend(&new.build_id, rows.clone()),
            }
        }
        Self {
            stored: splice.column(&self.stored, &new.stored),
            finished_ms: splice.column(&self.finished_ms, &new.finished_ms),
            started_ms: splice.column(&self.started_ms, &new.started_ms),
            duration_ms: splice.column(&self.duration_ms, &new.duration_ms),
            pipeline: splice.column(&self.pipeline, &new.pipeline),
            result: splice.column(&self.result, &new.result),
            nightly: splice.column(&self.nightly, &new.nightly),
            failing_step: splice.column(&self.failing_step, &new.failing_step),
            functional_test_ms: splice.column(&self.functional_test_ms, &new.functional_test_ms),
            build_id,
            hour_of_week: splice.column(&self.hour_of_week, &new.hour_of_week),
            day: splice.column(&self.day, &new.day),
        }
    }

    pub fn bytes(&self) -> usize {
        size_of_val(&*self.stored)
            + size_of_val(&*self.finished_ms)
            + size_of_val(&*self.started_ms)
            + size_of_val(&*self.duration_ms)
            + size_of_val(&*self.pipeline)
            + size_of_val(&*self.result)
            + size_of_val(&*self.nightly)
            + size_of_val(&*self.failing_step)
            + size_of_val(&*self.functional_test_ms)
            + self.build_id.bytes()
            + size_of_val(&*self.hour_of_week)
            + size_of_val(&*self.day)
    }
}

struct Splice<'a> {
    pieces: &'a [Piece],
    rows: usize,
}

impl Splice<'_> {
    fn column<T: Copy>(&self, old: &[T], new: &[T]) -> Vec<T> {
        let mut column = Vec::with_capacity(self.rows);
        for piece in self.pieces {
            match piece {
                Piece::Kept(rows) => column.extend_from_slice(&old[rows.clone()]),
                Piece::New(rows) => column.extend_from_slice(&new[rows.clone()]),
            }
        }
        column
    }
}
