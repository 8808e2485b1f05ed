//! A figure's table by column: the source of the page's table, CSV, JSON and the chart.

use jiff::{Timestamp, tz::TimeZone};

use crate::api::{Cell, CellKind, ColumnInfo};
use crate::server::model::DAY_MS;

/// The cell of an unreadable value.
pub const UNKNOWN: &str = "unknown";

#[derive(Clone, Debug)]
pub struct Rows {
    pub columns: Vec<Column>,
    /// The number of builds or repositories that the figure is based on; without rows, the number
    /// examined.
    pub builds: u64,
}

#[derive(Clone, Debug)]
pub struct Column {
    /// The name in JSON and CSV.
    pub id: &'static str,
    /// The name for readers.
    pub title: &'static str,
    pub values: Values,
    /// Shown in the table. Some columns are for the chart only.
    listed: bool,
}

/// The values of a column, one per row.
#[derive(Clone, Debug)]
pub enum Values {
    Text(Vec<String>),
    Count(Vec<u64>),
    /// A number that is a name, such as a major version; none if unreadable.
    Major(Vec<Option<u64>>),
    Number(Vec<f64>),
    /// The same; none if it is unknown.
    Measured(Vec<Option<f64>>),
    /// 0 to 100; none for a share of nothing.
    Percent(Vec<Option<f64>>),
    /// Unix ms.
    Instant(Vec<i64>),
    /// Days since 1970-01-01.
    Date(Vec<i32>),
}

impl Rows {
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, |column| column.values.len())
    }

    /// The values of a text column.
    pub fn text(&self, id: &str) -> &[String] {
        match self.values(id) {
            Values::Text(values) => values,
            _ => panic!("column {id} is not text"),
        }
    }

    /// The values of a column of counts.
    pub fn count(&self, id: &str) -> &[u64] {
        match self.values(id) {
            Values::Count(values) => values,
            _ => panic!("column {id} does not count"),
        }
    }

    /// The values of a column of major versions.
    pub fn major(&self, id: &str) -> &[Option<u64>] {
        match self.values(id) {
            Values::Major(values) => values,
            _ => panic!("column {id} has no major versions"),
        }
    }

    /// The values of a column of numbers with decimals.
    pub fn number(&self, id: &str) -> &[f64] {
        match self.values(id) {
            Values::Number(values) => values,
            _ => panic!("column {id} has no numbers"),
        }
    }

    /// The values of a column of numbers with decimals that may be unknown.
    pub fn measured(&self, id: &str) -> &[Option<f64>] {
        match self.values(id) {
            Values::Measured(values) => values,
            _ => panic!("column {id} has no such numbers"),
        }
    }

    /// The values of a column of percentages.
    pub fn percent(&self, id: &str) -> &[Option<f64>] {
        match self.values(id) {
            Values::Percent(values) => values,
            _ => panic!("column {id} has no percentages"),
        }
    }

    /// The values of a column of instants, Unix ms.
    pub fn instant(&self, id: &str) -> &[i64] {
        match self.values(id) {
            Values::Instant(values) => values,
            _ => panic!("column {id} has no instants"),
        }
    }

    /// The values of a column of dates, days since 1970-01-01.
    pub fn date(&self, id: &str) -> &[i32] {
        match self.values(id) {
            Values::Date(values) => values,
            _ => panic!("column {id} has no dates"),
        }
    }

    fn values(&self, id: &str) -> &Values {
        let column = self.columns.iter().find(|column| column.id == id);
        &column.expect("a figure names its own columns").values
    }

    pub fn column_infos(&self) -> Vec<ColumnInfo> {
        let info = |column: &Column| ColumnInfo {
            id: column.id.to_owned(),
            title: column.title.to_owned(),
            kind: column.values.kind(),
        };
        let listed = self.columns.iter().filter(|column| column.listed);
        listed.map(info).collect()
    }

    /// The table row by row, as in the API.
    pub fn cells(&self) -> Vec<Vec<Cell>> {
        let row = |index| {
            let listed = self.columns.iter().filter(|column| column.listed);
            listed.map(|column| column.values.cell(index)).collect()
        };
        (0..self.len()).map(row).collect()
    }
}

impl Column {
    pub fn new(id: &'static str, title: &'static str, values: Values) -> Self {
        Self {
            id,
            title,
            values,
            listed: true,
        }
    }

    /// Creates a column for the chart only.
    pub fn unlisted(id: &'static str, values: Values) -> Self {
        Self {
            listed: false,
            ..Self::new(id, "", values)
        }
    }
}

impl Values {
    fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Count(values) => values.len(),
            Self::Major(values) => values.len(),
            Self::Number(values) => values.len(),
            Self::Measured(values) | Self::Percent(values) => values.len(),
            Self::Instant(values) => values.len(),
            Self::Date(values) => values.len(),
        }
    }

    const fn kind(&self) -> CellKind {
        match self {
            Self::Text(_) | Self::Major(_) => CellKind::Text,
            Self::Count(_) => CellKind::Count,
            Self::Number(_) | Self::Measured(_) => CellKind::Number,
            Self::Percent(_) => CellKind::Percent,
            Self::Instant(_) => CellKind::Instant,
            Self::Date(_) => CellKind::Date,
        }
    }

    fn cell(&self, index: usize) -> Cell {
        match self {
            Self::Text(values) => Cell::Text(values[index].clone()),
            Self::Count(values) => Cell::Count(values[index].cast_signed()),
            Self::Major(values) => match values[index] {
                Some(major) => Cell::Count(major.cast_signed()),
                None => Cell::Text(UNKNOWN.to_owned()),
            },
            Self::Number(values) => Cell::Number(values[index]),
            Self::Measured(values) | Self::Percent(values) => {
                values[index].map_or(Cell::Missing, Cell::Number)
            }
            Self::Instant(values) => Cell::Text(instant_text(values[index])),
            Self::Date(values) => Cell::Text(date_text(values[index])),
        }
    }
}

/// RFC 3339 in UTC, with fractions of a second only if there are any.
pub fn instant_text(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).map_or_else(|_| String::new(), |at| at.to_string())
}

/// ISO 8601.
pub fn date_text(day: i32) -> String {
    let midnight = Timestamp::from_second(i64::from(day) * DAY_MS / 1000);
    midnight.map_or_else(
        |_| String::new(),
        |at| TimeZone::UTC.to_datetime(at).date().to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_and_dates_are_iso_8601() {
        assert_eq!(instant_text(1_572_023_700_000), "2019-10-25T17:15:00Z");
        assert_eq!(date_text(18_194), "2019-10-25");
    }
}
