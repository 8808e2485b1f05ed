//! Measures over sets of builds.

use crate::{
    api::CellKind,
    server::{
        snapshot::{Snapshot, UNKNOWN_DURATION},
        statistics::{percent, percentile, to_two_decimals},
    },
};

/// A number that is computed over a set of builds.
pub struct Measure {
    /// The name in APIs and exports.
    pub id: &'static str,
    /// The name for readers.
    pub label: &'static str,
    pub unit: Unit,
    /// The value over builds of the snapshot; none if there is none to compute it from.
    pub compute: fn(&Snapshot, &[u32]) -> Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Count,
    Percent,
    Minutes,
}

impl Unit {
    /// The kind of a column of such values.
    pub const fn cell_kind(self) -> CellKind {
        match self {
            Self::Count => CellKind::Count,
            Self::Percent => CellKind::Percent,
            Self::Minutes => CellKind::Number,
        }
    }
}

/// Every measure, in the order of tables.
pub const MEASURES: &[Measure] = &[
    Measure {
        id: "builds",
        label: "Builds",
        unit: Unit::Count,
        compute: |_, builds| Some(builds.len() as f64),
    },
    Measure {
        id: "failed",
        label: "Failed",
        unit: Unit::Count,
        compute: |snapshot, builds| Some(failed(snapshot, builds) as f64),
    },
    Measure {
        id: "failed_percent",
        label: "Failed (%)",
        unit: Unit::Percent,
        compute: |snapshot, builds| {
            let decided = builds
                .iter()
                .filter(|&&build| snapshot.builds.result[build as usize].is_decided());
            percent(failed(snapshot, builds) as u64, decided.count() as u64)
        },
    },
    Measure {
        id: "duration_p50_min",
        label: "Median (min)",
        unit: Unit::Minutes,
        compute: |snapshot, builds| minutes(&snapshot.builds.duration_ms, builds, 0.5),
    },
    Measure {
        id: "duration_p95_min",
        label: "95th percentile (min)",
        unit: Unit::Minutes,
        compute: |snapshot, builds| minutes(&snapshot.builds.duration_ms, builds, 0.95),
    },
    Measure {
        id: "start_delay_p50_min",
        label: "Median start delay (min)",
        unit: Unit::Minutes,
        compute: |snapshot, builds| minutes(&snapshot.builds.start_delay_ms, builds, 0.5),
    },
];

fn failed(snapshot: &Snapshot, builds: &[u32]) -> usize {
    let results = &snapshot.builds.result;
    let failed = builds
        .iter()
        .filter(|&&build| results[build as usize].is_failed());
    failed.count()
}

/// A percentile of the known times of builds, by linear interpolation.
fn minutes(column_ms: &[u32], builds: &[u32], share: f64) -> Option<f64> {
    let times = builds.iter().map(|&build| column_ms[build as usize]);
    let mut known: Vec<u32> = times.filter(|&ms| ms != UNKNOWN_DURATION).collect();
    if known.is_empty() {
        return None;
    }
    Some(to_two_decimals(percentile(&mut known, share) / 60_000.0))
}
