//! A small grammar of charts: figures say what they show, and two modules draw it.
//!
//! A [`Chart`] is marks on a plane: each has a position on the base (a name, an instant or a number) and a value. Cells
//! have two positions and a percentage. [`plotly`] draws a chart for the browser, [`svg`] as a picture. Colours are
//! [`Colour`]s: names of the tokens of style/_tokens.scss, which the page resolves.

mod labels;
pub mod plotly;
pub mod svg;

mod colour;
mod ticks;
mod tokens;

pub use colour::Colour;
pub use labels::{escape, shorten};

use std::collections::BTreeMap;

use crate::selection::Selection;

/// The most rows of a chart with names; the table has the others.
pub const MAX_NAMES: usize = 20;

/// The height in CSS pixels of a row with a name, of the axis, the key and the title above the rows, and of the margin
/// below them.
const ROW: usize = 20;
const AXIS: usize = 26;
const KEY: usize = 22;
const TITLE: usize = 20;
const BELOW: usize = 8;
/// The height of the highest chart of bars beside names.
pub const MAX_HEIGHT: u16 = (AXIS + KEY + TITLE + MAX_NAMES * ROW + BELOW) as u16;

/// The content of a chart.
#[derive(Clone, Debug)]
pub enum Chart {
    Plane(Plane),
    Cells(Cells),
}

/// Panels with a common base: side by side along names, one above the other along time and numbers.
#[derive(Clone, Debug)]
pub struct Plane {
    pub base: Base,
    pub panels: Vec<Panel>,
}

/// The axis of positions.
#[derive(Clone, Debug)]
pub enum Base {
    /// Rows with names, the first on top. Positions are row numbers.
    Names(Vec<String>),
    /// Positions are Unix ms, shown in the organisation's time zone.
    Time { from_ms: i64, to_ms: i64 },
    /// Positions are numbers.
    Numbers {
        title: &'static str,
        from: f64,
        to: f64,
    },
}

/// Series with a common axis of values.
#[derive(Clone, Debug)]
pub struct Panel {
    /// The meaning of the values, where the unit is not obvious.
    pub title: &'static str,
    pub unit: Unit,
    /// The end of the axis; none for the greatest value.
    pub most: Option<f64>,
    /// Bars at one position stand on one another.
    pub stacked: bool,
    pub series: Vec<Series>,
}

/// The unit of values, as ticks show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Count,
    Number,
    Percent,
}

#[derive(Clone, Debug)]
pub struct Series {
    /// Empty for the only series of a panel that needs no name.
    pub name: String,
    pub colour: Colour,
    pub shape: Shape,
    /// The column whose numbers the marks open; empty if they open nothing.
    pub opens: &'static str,
    pub marks: Vec<Mark>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// Bars from 0. The width is in units of the base; bars begin at their position, those of names lie around it.
    Bars { width: f64 },
    /// A line with a dot at each mark, and a band where marks have intervals.
    Line,
    /// A thin dashed line without dots: the period before.
    Dashed,
    /// A line of steps: each value holds until the next position.
    Steps,
    /// Crosses.
    Crosses,
}

/// A value at a position.
#[derive(Clone, Debug, Default)]
pub struct Mark {
    pub at: f64,
    /// None is a gap in a line.
    pub value: Option<f64>,
    /// The 95% interval.
    pub interval: Option<(f64, f64)>,
    /// Another colour than that of the series.
    pub colour: Option<Colour>,
    /// Text beside the mark.
    pub label: String,
    /// Lines of text for a reader who points at it; the first is the heading.
    pub hover: String,
    pub opens: Opens,
}

/// The builds that a mark opens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Opens {
    #[default]
    Nothing,
    /// Those of a row of the table.
    Row(usize),
    /// Those of conditions, for a mark that is no row.
    Builds(Selection),
    /// No builds but a list of items, by the key of its row.
    Items(String),
}

/// A grid whose cells show percentages.
#[derive(Clone, Debug)]
pub struct Cells {
    pub columns: Vec<String>,
    pub rows: Vec<String>,
    /// The meaning of the percentage.
    pub title: &'static str,
    /// The percentage of the last colour.
    pub most: f64,
    pub opens: &'static str,
    pub cells: Vec<Cell>,
}

#[derive(Clone, Debug)]
pub struct Cell {
    pub column: usize,
    pub row: usize,
    pub percent: f64,
    /// Too few to tell: small and pale.
    pub uncertain: bool,
    /// Text in the cell; short, because cells are narrow on phones.
    pub label: String,
    pub hover: String,
    pub opens: Opens,
}

impl Cells {
    /// The colour of a percentage.
    fn colour(&self, percent: f64) -> Colour {
        Colour::of_rate(100.0 * percent / self.most)
    }

    /// Returns whether rows have names rather than dates or weekdays.
    fn has_long_rows(&self) -> bool {
        self.rows.iter().any(|name| name.chars().count() > 6)
    }

    /// Returns whether columns have names, which stand at a slant, rather than hours.
    fn has_long_columns(&self) -> bool {
        self.columns.iter().any(|name| name.chars().count() > 3)
    }
}

impl Plane {
    pub fn new(base: Base, panels: Vec<Panel>) -> Self {
        Self { base, panels }
    }

    /// The height in CSS pixels above bars beside names: their axis, and a key and titles where there are some.
    fn top_of_names(&self) -> usize {
        let has_key = self.panels.iter().any(Panel::has_key);
        let has_title = self.panels.iter().any(|panel| !panel.title.is_empty());
        AXIS + KEY * usize::from(has_key) + TITLE * usize::from(has_title)
    }

    /// The height in CSS pixels of bars beside names, with what stands above and below them.
    fn height_of_names(&self, rows: usize) -> usize {
        self.top_of_names() + rows * ROW + BELOW
    }

    pub const fn has_names(&self) -> bool {
        matches!(self.base, Base::Names(_))
    }
}

impl From<Plane> for Chart {
    fn from(plane: Plane) -> Self {
        Self::Plane(plane)
    }
}

impl Base {
    /// The first names of a column.
    pub fn names(names: &[String]) -> Self {
        Self::Names(names.iter().take(MAX_NAMES).cloned().collect())
    }

    /// The first and the last position. Rows with names reach half a row beyond them.
    fn range(&self) -> (f64, f64) {
        match self {
            Self::Names(names) => (-0.5, names.len() as f64 - 0.5),
            Self::Time { from_ms, to_ms } => (*from_ms as f64, (*to_ms).max(from_ms + 1) as f64),
            Self::Numbers { from, to, .. } => (*from, to.max(from + f64::EPSILON)),
        }
    }
}

impl Panel {
    pub fn new(unit: Unit, title: &'static str, series: Vec<Series>) -> Self {
        Self {
            title,
            unit,
            most: None,
            stacked: false,
            series,
        }
    }

    #[must_use]
    pub const fn stacked(mut self) -> Self {
        self.stacked = true;
        self
    }

    #[must_use]
    pub const fn up_to(mut self, most: f64) -> Self {
        self.most = Some(most);
        self
    }

    /// The end of the axis: at least that of every value, interval and stack.
    fn greatest(&self) -> f64 {
        let mut greatest = 0.0_f64;
        let mut stack = self.stack();
        for mark in self.series.iter().flat_map(|series| &series.marks) {
            greatest = greatest.max(stack.start(mark) + mark.value.unwrap_or_default());
            if let (false, Some((_, high))) = (self.stacked, mark.interval) {
                greatest = greatest.max(high);
            }
        }
        match self.most {
            Some(most) => most,
            None if greatest > 0.0 => greatest,
            None => 1.0,
        }
    }

    /// The stack of the panel's bars, before the first one.
    fn stack(&self) -> Stack {
        Stack {
            is_stacked: self.stacked,
            ends: BTreeMap::new(),
        }
    }

    /// The sum of the values of all series at a position.
    fn stack_at(&self, at: f64) -> f64 {
        let marks = self.series.iter().flat_map(|series| &series.marks);
        let there = marks.filter(|mark| mark.at.to_bits() == at.to_bits());
        there.filter_map(|mark| mark.value).sum()
    }

    /// Returns whether a key tells the series apart.
    fn has_key(&self) -> bool {
        self.series
            .iter()
            .filter(|series| !series.name.is_empty())
            .count()
            > 1
    }
}

/// The ends of the bars so far, by position.
struct Stack {
    is_stacked: bool,
    ends: BTreeMap<u64, f64>,
}

impl Stack {
    /// The start of the next bar: the end of the one that it stands on, or 0.
    fn start(&mut self, mark: &Mark) -> f64 {
        if !self.is_stacked {
            return 0.0;
        }
        let end = self.ends.entry(mark.at.to_bits()).or_default();
        let start = *end;
        *end += mark.value.unwrap_or_default();
        start
    }
}

impl Series {
    pub fn new(name: impl Into<String>, colour: Colour, shape: Shape) -> Self {
        Self {
            name: name.into(),
            colour,
            shape,
            opens: "",
            marks: Vec::new(),
        }
    }

    /// Bars along names.
    pub fn bars(name: impl Into<String>, colour: Colour) -> Self {
        Self::new(name, colour, Shape::Bars { width: 0.8 })
    }

    #[must_use]
    pub const fn opening(mut self, column: &'static str) -> Self {
        self.opens = column;
        self
    }

    #[must_use]
    pub fn with(mut self, marks: impl IntoIterator<Item = Mark>) -> Self {
        self.marks.extend(marks);
        self
    }
}

impl Mark {
    pub fn new(at: f64, value: impl Into<Option<f64>>) -> Self {
        Self {
            at,
            value: value.into(),
            ..Self::default()
        }
    }

    /// The value of a row of the table, at the position of its number.
    pub fn of_row(row: usize, value: impl Into<Option<f64>>) -> Self {
        Self::new(row as f64, value).opening(row)
    }

    #[must_use]
    pub fn opening(mut self, row: usize) -> Self {
        self.opens = Opens::Row(row);
        self
    }

    /// Opens a row of the table unless the value is zero or unknown: nothing is behind that.
    #[must_use]
    pub fn counting(self, row: usize) -> Self {
        match self.value {
            Some(value) if value != 0.0 => self.opening(row),
            _ => self,
        }
    }

    #[must_use]
    pub fn opening_items(mut self, row: impl Into<String>) -> Self {
        self.opens = Opens::Items(row.into());
        self
    }

    #[must_use]
    pub fn opening_builds(mut self, builds: Selection) -> Self {
        self.opens = Opens::Builds(builds);
        self
    }

    #[must_use]
    pub fn hover(mut self, hover: impl Into<String>) -> Self {
        self.hover = hover.into();
        self
    }

    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    #[must_use]
    pub const fn interval(mut self, interval: Option<(f64, f64)>) -> Self {
        self.interval = interval;
        self
    }

    #[must_use]
    pub const fn colour(mut self, colour: Colour) -> Self {
        self.colour = Some(colour);
        self
    }
}
