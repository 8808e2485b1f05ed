//! The things behind the numbers of a figure, mostly builds: a click on a number opens them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::selection::{Selection, encoded, find, pairs};

/// The conditions under which a figure's builds are the builds of one of its numbers. A number of a row and a
/// column has the conditions of both; they replace those of the page with the same keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Opens {
    /// The page that lists what is behind the numbers; left out if it is that of builds.
    #[serde(default, skip_serializing_if = "OpenedPage::is_builds")]
    pub page: OpenedPage,
    /// The index of the first of `rows` in the whole table.
    pub first_row: u64,
    /// Conditions by row: `hour=9&weekday=friday`; the rows that a page shows.
    pub rows: Vec<String>,
    pub columns: Vec<ColumnConditions>,
    /// The marks of the chart, by trace. Only JavaScript reads them.
    #[serde(skip_deserializing)]
    pub marks: Vec<Marks>,
    /// The time zone of the chart's time axis: an IANA name.
    #[serde(skip_deserializing)]
    pub zone: String,
}

/// A page that lists what is behind numbers, by its path below the base path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum OpenedPage {
    #[default]
    #[serde(rename = "/builds")]
    Builds,
    /// Repositories, rules, runtimes and findings. Its parameters `figure`, `row` and `column` are no conditions of
    /// builds.
    #[serde(rename = "/security/items")]
    Items,
    #[serde(rename = "/security")]
    Security,
}

impl OpenedPage {
    pub const fn path(self) -> &'static str {
        match self {
            Self::Builds => "/builds",
            Self::Items => "/security/items",
            Self::Security => "/security",
        }
    }

    const fn is_builds(&self) -> bool {
        matches!(self, Self::Builds)
    }
}

/// The conditions of a column that counts builds: `result=ABORTED&result=FAILURE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ColumnConditions {
    pub column: String,
    pub conditions: String,
}

/// The marks of a trace, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Marks {
    /// The column that the marks show; empty if they are not numbers of builds.
    pub column: String,
    /// The row of each mark; null where a mark has none. Without it, marks are rows in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<Vec<Option<u32>>>,
    /// Conditions by mark, where marks are no rows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<String>,
}

impl Opens {
    /// The address behind a number without the base path, on a page of `page`; none if the number opens nothing.
    pub fn address(&self, page: &Selection, row: usize, column: &str) -> Option<String> {
        let row = row.checked_sub(usize::try_from(self.first_row).ok()?)?;
        let row = self.rows.get(row)?;
        let mut columns = self.columns.iter();
        let column = columns.find(|known| known.column == column)?;
        let conditions = [row.as_str(), &column.conditions].join("&");
        let selection = page.narrowed(&Selection::read(&conditions));
        let own: Vec<_> = pairs(&conditions)
            .filter(|(key, _)| find(key).is_none())
            .collect();
        let own = own.iter().map(|(key, value)| (&**key, &**value));
        let mut all: Vec<(&str, &str)> = selection.pairs().chain(own).collect();
        all.sort_unstable();
        let path = self.page.path();
        Some(match encoded(all) {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        })
    }
}
