//! A chart as plotly.js draws it, and what its marks open.

use anyhow::{Context as _, Result};
use plotly::Plot;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::{api, selection::encoded, server::charts::Opens};

/// The builds that the marks of a trace open: the numbers of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    pub column: &'static str,
    pub points: Points,
}

impl Marks {
    /// The number of rows up to the last one that a mark opens.
    pub fn rows(&self) -> usize {
        match &self.points {
            Points::First(rows) => *rows,
            Points::Rows(rows) => rows.iter().flatten().max().map_or(0, |row| row + 1),
            Points::Conditions(_) => 0,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Points {
    /// So many first rows, in order.
    First(usize),
    /// The row of each mark, if it has one.
    Rows(Vec<Option<usize>>),
    /// Marks that are no rows, with their conditions, encoded.
    Conditions(Vec<String>),
}

/// A chart as plotly.js draws it, and what the marks of its traces open.
pub struct Drawn {
    pub(super) plot: Plot,
    pub marks: Vec<Marks>,
}

impl Drawn {
    /// Encodes the plot once, for any number of documents.
    ///
    /// # Errors
    /// A plot that cannot be encoded as JSON.
    pub fn encode(&self) -> Result<Encoded> {
        Ok(Encoded {
            data: to_raw_value(self.plot.data()).context("cannot write a plot as JSON")?,
            layout: to_raw_value(self.plot.layout()).context("cannot write a plot as JSON")?,
        })
    }
}

/// `data` and `layout` as JSON, without members that plotly.js does not need.
pub struct Encoded {
    data: Box<RawValue>,
    layout: Box<RawValue>,
}

impl Encoded {
    /// The plot with what a click opens.
    ///
    /// # Errors
    /// Conditions that cannot be encoded as JSON.
    pub fn opening(&self, opens: &api::Opens) -> Result<Box<RawValue>> {
        #[derive(Serialize)]
        struct Parts<'a> {
            data: &'a RawValue,
            layout: &'a RawValue,
            opens: &'a api::Opens,
        }
        let parts = Parts {
            data: &self.data,
            layout: &self.layout,
            opens,
        };
        to_raw_value(&parts).context("cannot write a plot as JSON")
    }
}

/// Those of a trace that opens nothing.
pub const fn no_marks() -> Marks {
    Marks {
        column: "",
        points: Points::Rows(Vec::new()),
    }
}

pub fn marks<'a>(column: &'static str, opens: impl ExactSizeIterator<Item = &'a Opens>) -> Marks {
    let opens: Vec<&Opens> = opens.collect();
    let conditions = opens
        .iter()
        .any(|opens| matches!(opens, Opens::Builds(_) | Opens::Items(_)));
    let row = |opens: &&Opens| match opens {
        Opens::Row(row) => Some(*row),
        Opens::Nothing | Opens::Builds(_) | Opens::Items(_) => None,
    };
    let points = if conditions {
        let conditions = opens.iter().map(|opens| match opens {
            Opens::Builds(builds) => builds.encoded(),
            Opens::Items(row) => encoded([("row", &**row)]),
            Opens::Nothing | Opens::Row(_) => String::new(),
        });
        Points::Conditions(conditions.collect())
    } else if opens
        .iter()
        .enumerate()
        .all(|(number, opens)| row(opens) == Some(number))
    {
        Points::First(opens.len())
    } else {
        Points::Rows(opens.iter().map(row).collect())
    };
    Marks { column, points }
}
