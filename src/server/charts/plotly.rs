//! Charts for plotly.js. The only module that names the plotly crate.

use anyhow::{Context as _, Result};
use jiff::{Timestamp, fmt::temporal::DateTimePrinter, tz::TimeZone};
use plotly::{
    Bar, HeatMap, Layout, Plot, Scatter,
    common::{
        Anchor, AxisSide, ColorBar, ColorScale, ColorScaleElement, ErrorData, ErrorType, Fill,
        Font, HoverInfo, Line, LineShape, Marker, MarkerSymbol, Mode, Orientation, Pattern,
        PatternShape, Position, Side, ThicknessMode, TickMode, Title,
    },
    layout::{Annotation, Axis, AxisType, BarMode, HoverMode, Margin},
};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::{
    BELOW, Base, Cell, Cells, Chart, Colour, KEY, Mark, Opens, Panel, Plane, Series, Shape, Unit,
    colour::RATES, escape, labels,
};
use crate::{api, selection::Selection};

/// The characters of a name that fit beside its bar on a phone.
const NAME: usize = 38;
/// The characters of a name beside a row of cells, and below a column.
const NAME_OF_ROW: usize = 20;
const NAME_OF_COLUMN: usize = 16;
/// The height of names at a slant.
const SLANTED: usize = 96;
/// The part of a chart that the last of several panels takes.
const LAST_PANEL: f64 = 0.24;
const GAP: f64 = 0.1;
/// The width of a shape of the key, of the space after a name, and about that of a character, in CSS pixels.
const KEY_SHAPE: f64 = 14.0;
const KEY_GAP: f64 = 16.0;
const KEY_CHARACTER: f64 = 7.2;

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
    /// Marks that are no rows, with their conditions.
    Conditions(Vec<Selection>),
}

/// A chart as plotly.js draws it, and what the marks of its traces open.
pub struct Drawn {
    plot: Plot,
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

pub fn draw(chart: &Chart, zone: &TimeZone) -> Drawn {
    match chart {
        Chart::Plane(plane) => Drawing::new(plane, zone).finish(),
        Chart::Cells(cells) => draw_cells(cells),
    }
}

/// `2019-10-25 17:15` in the organisation's time zone. plotly.js has no time zones.
pub fn local_minute(at_ms: i64, zone: &TimeZone) -> String {
    const PRINTER: DateTimePrinter = DateTimePrinter::new().separator(b' ');
    let at = Timestamp::from_millisecond(at_ms).unwrap_or_default();
    let mut text = PRINTER.datetime_to_string(&zone.to_datetime(at));
    if let Some((minute, _)) = text.rsplit_once(':') {
        text.truncate(minute.len());
    }
    text
}

struct Drawing<'a> {
    plane: &'a Plane,
    zone: &'a TimeZone,
    plot: Plot,
    marks: Vec<Marks>,
}

impl<'a> Drawing<'a> {
    fn new(plane: &'a Plane, zone: &'a TimeZone) -> Self {
        Self {
            plane,
            zone,
            plot: Plot::new(),
            marks: Vec::new(),
        }
    }

    fn finish(mut self) -> Drawn {
        for (number, panel) in self.plane.panels.iter().enumerate() {
            for series in &panel.series {
                self.series(series, number);
            }
        }
        self.plot.set_layout(self.layout());
        Drawn {
            plot: self.plot,
            marks: self.marks,
        }
    }

    fn series(&mut self, series: &Series, panel: usize) {
        match series.shape {
            Shape::Bars { width } => self.bars(series, width, panel),
            Shape::Line => {
                if series.marks.iter().any(|mark| mark.interval.is_some()) {
                    self.band(series, panel);
                }
                let line = Line::new().color(series.colour.reference());
                self.line(series, line, Mode::LinesMarkers, panel);
            }
            Shape::Dashed => {
                let line = Line::new()
                    .color(series.colour.reference())
                    .width(1.5)
                    .dash(plotly::common::DashType::Dash);
                self.line(series, line, Mode::Lines, panel);
            }
            Shape::Steps => {
                let line = Line::new()
                    .color(series.colour.reference())
                    .shape(LineShape::Hv);
                self.line(series, line, Mode::LinesMarkers, panel);
            }
            Shape::Crosses => {
                self.line(series, Line::new(), Mode::Markers, panel);
            }
        }
    }

    fn bars(&mut self, series: &Series, width: f64, panel: usize) {
        let values = series
            .marks
            .iter()
            .map(|mark| mark.value.unwrap_or_default());
        let values: Vec<f64> = values.collect();
        if self.plane.has_names() {
            let at = series.marks.iter().map(|mark| mark.at).collect();
            let bars = self
                .styled(Bar::new(values, at), series)
                .orientation(Orientation::Horizontal)
                .x_axis(axis("x", panel));
            let bars = match errors(series) {
                Some(errors) => bars.error_x(errors),
                None => bars,
            };
            self.plot.add_trace(bars);
            self.opens(series);
            self.texts(series, panel);
            return;
        }
        // plotly.js centres bars unless their offset is given.
        let bars = self.styled(Bar::new(self.positions(series), values), series);
        let bars = bars.width(width).offset(0.0).y_axis(axis("y", panel));
        self.plot.add_trace(bars);
        self.opens(series);
    }

    fn styled<X, Y>(&self, bars: Box<Bar<X, Y>>, series: &Series) -> Box<Bar<X, Y>>
    where
        X: serde::Serialize + Clone,
        Y: serde::Serialize + Clone,
    {
        let colours = || {
            series
                .marks
                .iter()
                .map(|mark| mark.colour.unwrap_or(series.colour))
        };
        let marker = if series.marks.iter().any(|mark| mark.colour.is_some()) {
            Marker::new().color_array(colours().map(Colour::reference).collect())
        } else {
            Marker::new().color(series.colour.reference())
        };
        let marker = if colours().any(Colour::is_hatched) {
            let shape = |colour: Colour| match colour.is_hatched() {
                true => PatternShape::RightDiagonalLine,
                false => PatternShape::None,
            };
            // Without a mode, lines have the colour of the bar: plotly.js warns about colours of an overlay.
            marker.pattern(Pattern::new().shape_array(colours().map(shape).collect()))
        } else {
            marker
        };
        // Neighbours along time and numbers touch.
        let marker = if self.plane.has_names() {
            marker
        } else {
            marker.line(Line::new().color("var(--surface)").width(1.0))
        };
        bars.name(escape(&series.name))
            .hover_text_array(hovers(series))
            .hover_template("%{hovertext}<extra></extra>")
            .show_legend(false)
            .marker(marker)
    }

    /// Labels beside bars. They are a trace of their own, so that they stand beside the end of an interval.
    fn texts(&mut self, series: &Series, panel: usize) {
        if series.marks.iter().all(|mark| mark.label.is_empty()) {
            return;
        }
        let panel_of = &self.plane.panels[panel];
        let end = |mark: &Mark| {
            let value = mark.value.unwrap_or_default();
            if panel_of.stacked {
                return panel_of.stack_at(mark.at);
            }
            mark.interval.map_or(value, |(_, high)| high)
        };
        // A no-break space keeps the text off the bar.
        let text = |mark: &Mark| format!("\u{a0}{}", escape(&mark.label));
        let texts = Scatter::new(
            series.marks.iter().map(end).collect(),
            series.marks.iter().map(|mark| mark.at).collect(),
        )
        .mode(Mode::Text)
        .text_array(series.marks.iter().map(text).collect())
        .text_position(Position::MiddleRight)
        .text_font(Font::new().size(12))
        .clip_on_axis(false)
        .hover_info(HoverInfo::Skip)
        .show_legend(false)
        .x_axis(axis("x", panel));
        self.plot.add_trace(texts);
        self.no_marks();
    }

    fn line(&mut self, series: &Series, line: Line, mode: Mode, panel: usize) {
        let values: Vec<Option<f64>> = series.marks.iter().map(|mark| mark.value).collect();
        let marker = Marker::new().color(series.colour.reference());
        let marker = match series.shape {
            Shape::Crosses => marker.size(9).symbol(MarkerSymbol::CrossThinOpen),
            _ => marker.size(6),
        };
        let look = LineLook {
            line,
            marker,
            mode,
            axis: axis("y", panel),
        };
        if let Base::Time { .. } = self.plane.base {
            let line = Scatter::new(self.instants(series), values);
            self.plot.add_trace(look.on(line, series));
        } else {
            let at = series.marks.iter().map(|mark| mark.at).collect();
            let line: Box<Scatter<f64, Option<f64>>> = Scatter::new(at, values);
            self.plot.add_trace(look.on(line, series));
        }
        self.opens(series);
    }

    /// The intervals of a line: from the lower bounds to the upper ones.
    fn band(&mut self, series: &Series, panel: usize) {
        for (upper, fill) in [(false, Fill::None), (true, Fill::ToNextY)] {
            let bound = |mark: &Mark| {
                mark.interval
                    .map(|(low, high)| if upper { high } else { low })
            };
            let bounds: Vec<Option<f64>> = series.marks.iter().map(bound).collect();
            let bound = Scatter::new(self.positions(series), bounds)
                .mode(Mode::Lines)
                .line(Line::new().width(0.0).color(series.colour.reference()))
                .fill(fill)
                .fill_color("var(--band)")
                .hover_info(HoverInfo::Skip)
                .show_legend(false)
                .y_axis(axis("y", panel));
            self.plot.add_trace(bound);
            self.no_marks();
        }
    }

    /// Positions as text, which plotly.js reads as instants or numbers by the type of the axis.
    fn positions(&self, series: &Series) -> Vec<String> {
        match self.plane.base {
            Base::Time { .. } => self.instants(series),
            _ => series
                .marks
                .iter()
                .map(|mark| mark.at.to_string())
                .collect(),
        }
    }

    fn instants(&self, series: &Series) -> Vec<String> {
        let at = series.marks.iter().map(|mark| mark.at as i64);
        at.map(|at_ms| local_minute(at_ms, self.zone)).collect()
    }

    fn opens(&mut self, series: &Series) {
        self.marks.push(marks(
            series.opens,
            series.marks.iter().map(|mark| &mark.opens),
        ));
    }

    fn no_marks(&mut self) {
        self.marks.push(no_marks());
    }

    fn layout(&self) -> Layout {
        let layout = Layout::new()
            .auto_size(true)
            .font(Font::new().size(13))
            .show_legend(false)
            .hover_mode(HoverMode::Closest)
            .bar_mode(if self.plane.panels.iter().any(|panel| panel.stacked) {
                BarMode::Stack
            } else if self.plane.has_names() {
                BarMode::Group
            } else {
                BarMode::Overlay
            })
            .annotations(self.annotations());
        match &self.plane.base {
            Base::Names(names) => self.layout_of_names(layout, names),
            Base::Time { from_ms, to_ms } => {
                let range = [*from_ms, *to_ms].map(|at_ms| local_minute(at_ms, self.zone));
                let base = Axis::new().type_(AxisType::Date).range(range.to_vec());
                self.layout_above(layout, base.hover_format("%a %-d %b %Y, %H:%M"))
            }
            Base::Numbers { title, from, to } => {
                let base = Axis::new().type_(AxisType::Linear).range(vec![*from, *to]);
                self.layout_above(layout, base.title(axis_title(title)).fixed_range(true))
            }
        }
    }

    /// Panels side by side, their axes above them.
    fn layout_of_names(&self, layout: Layout, names: &[String]) -> Layout {
        let rows = names.len();
        let labels = labels::names(names, NAME);
        let base = Axis::new()
            .tick_mode(TickMode::Array)
            .tick_values((0..rows).map(|row| row as f64).collect())
            .tick_text(labels.iter().map(|label| escape(label)).collect())
            .tick_font(Font::new().size(12))
            .range(vec![rows as f64 - 0.5, -0.5])
            .auto_margin(true)
            .show_grid(false)
            .zero_line(false)
            .fixed_range(true);
        let has_labels = |panel: &Panel| {
            let marks = panel.series.iter().flat_map(|series| &series.marks);
            marks.into_iter().any(|mark| !mark.label.is_empty())
        };
        let right = if self.plane.panels.iter().any(has_labels) {
            88
        } else {
            24
        };
        let values = |panel: &Panel, domain: [f64; 2]| {
            value_axis(panel)
                .side(AxisSide::Top)
                .n_ticks(5)
                .domain(&domain)
        };
        let layout = layout
            .height(self.plane.height_of_names(rows))
            .margin(
                Margin::new()
                    .left(8)
                    .right(right)
                    .top(self.plane.top_of_names())
                    .bottom(BELOW),
            )
            .bar_gap(0.25)
            .y_axis(base);
        match self.plane.panels.as_slice() {
            [first, second, ..] => layout
                .x_axis(values(first, [0.0, 0.5 - GAP / 2.0]))
                .x_axis2(values(second, [0.5 + GAP / 2.0, 1.0]).anchor("y")),
            [only] => layout.x_axis(values(only, [0.0, 1.0])),
            [] => layout,
        }
    }

    /// Panels one above the other.
    fn layout_above(&self, layout: Layout, base: Axis) -> Layout {
        let has_key = self.plane.panels.iter().any(Panel::has_key);
        let top = if has_key { 36 } else { 12 };
        let layout = layout
            .margin(Margin::new().left(56).right(16).top(top).bottom(40))
            .bar_gap(0.0);
        match self.plane.panels.as_slice() {
            [first, second, ..] => layout
                .x_axis(base.anchor("y2"))
                .y_axis(value_axis(first).domain(&[LAST_PANEL + GAP, 1.0]))
                .y_axis2(value_axis(second).n_ticks(3).domain(&[0.0, LAST_PANEL])),
            [only] => layout.x_axis(base).y_axis(value_axis(only)),
            [] => layout,
        }
    }

    /// The key: for each series a shape in its colour and its name, side by side.
    fn annotations(&self) -> Vec<Annotation> {
        let keyed = self.plane.panels.iter().filter(|panel| panel.has_key());
        let series = keyed.flat_map(|panel| &panel.series);
        let mut left = 0.0;
        let mut key = Vec::new();
        for series in series.filter(|series| !series.name.is_empty()) {
            let shape = match series.shape {
                Shape::Dashed => "╌",
                Shape::Line | Shape::Steps => "●",
                Shape::Crosses => "+",
                Shape::Bars { .. } => "■",
            };
            let colour = Font::new().size(13).color(series.colour.reference());
            key.push(self.of_key(shape, left).font(colour));
            key.push(self.of_key(&escape(&series.name), left + KEY_SHAPE));
            left += KEY_SHAPE + KEY_GAP + series.name.chars().count() as f64 * KEY_CHARACTER;
        }
        key
    }

    /// A text of the key, so many pixels from the left end of the plane.
    fn of_key(&self, text: &str, left: f64) -> Annotation {
        Annotation::new()
            .text(text)
            .show_arrow(false)
            .x_ref("paper")
            .y_ref("paper")
            .x(0.0)
            .x_anchor(Anchor::Left)
            .x_shift(left)
            .y(1.0)
            .y_anchor(Anchor::Bottom)
            .y_shift(if self.plane.has_names() {
                (self.plane.top_of_names() - KEY) as f64
            } else {
                6.0
            })
    }
}

/// The look of a line, whatever its positions are.
struct LineLook {
    line: Line,
    marker: Marker,
    mode: Mode,
    axis: String,
}

impl LineLook {
    fn on<X>(
        self,
        trace: Box<Scatter<X, Option<f64>>>,
        series: &Series,
    ) -> Box<Scatter<X, Option<f64>>>
    where
        X: Serialize + Clone + 'static,
    {
        trace
            .mode(self.mode)
            .line(self.line)
            .marker(self.marker)
            .name(escape(&series.name))
            .hover_text_array(hovers(series))
            .hover_template("%{hovertext}<extra></extra>")
            .show_legend(false)
            .y_axis(self.axis)
    }
}

fn value_axis(panel: &Panel) -> Axis {
    let axis = Axis::new()
        .range(vec![
            0.0,
            panel.greatest() * if panel.most.is_some() { 1.0 } else { 1.04 },
        ])
        .fixed_range(true);
    let axis = if panel.title.is_empty() {
        axis
    } else {
        axis.title(axis_title(panel.title))
    };
    match panel.unit {
        Unit::Percent => axis.tick_suffix("%"),
        Unit::Count => axis.tick_format(",d"),
        Unit::Number => axis,
    }
}

/// The title of an axis in the size of the other text.
fn axis_title(text: &str) -> Title {
    Title::with_text(text).font(Font::new().size(12))
}

/// The name of the axis of a panel.
fn axis(name: &str, panel: usize) -> String {
    if panel == 0 {
        name.to_owned()
    } else {
        format!("{name}{}", panel + 1)
    }
}

fn hovers(series: &Series) -> Vec<String> {
    series
        .marks
        .iter()
        .map(|mark| labels::hover(&mark.hover))
        .collect()
}

fn errors(series: &Series) -> Option<ErrorData> {
    if series.marks.iter().all(|mark| mark.interval.is_none()) {
        return None;
    }
    let distance = |upper: bool| {
        let marks = series.marks.iter();
        let distances = marks.map(move |mark| {
            let value = mark.value.unwrap_or_default();
            let (low, high) = mark.interval.unwrap_or((value, value));
            (if upper { high - value } else { value - low }).max(0.0)
        });
        distances.collect::<Vec<f64>>()
    };
    let errors = ErrorData::new(ErrorType::Data)
        .array(distance(true))
        .array_minus(distance(false))
        .symmetric(false)
        .color("var(--chart-text)")
        .thickness(1.5)
        .width(3);
    Some(errors)
}

/// Those of a trace that opens nothing.
const fn no_marks() -> Marks {
    Marks {
        column: "",
        points: Points::Rows(Vec::new()),
    }
}

fn marks<'a>(column: &'static str, opens: impl ExactSizeIterator<Item = &'a Opens>) -> Marks {
    let opens: Vec<&Opens> = opens.collect();
    let conditions = opens.iter().any(|opens| matches!(opens, Opens::Builds(_)));
    let row = |opens: &&Opens| match opens {
        Opens::Row(row) => Some(*row),
        Opens::Nothing | Opens::Builds(_) => None,
    };
    let points = if conditions {
        let conditions = opens.iter().map(|opens| match opens {
            Opens::Builds(builds) => builds.clone(),
            Opens::Nothing | Opens::Row(_) => Selection::default(),
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

/// Cells as two heat maps: those that tell something fill their place, the others are small and pale.
fn draw_cells(chart: &Cells) -> Drawn {
    let (columns, rows) = (chart.columns.len(), chart.rows.len());
    let mut plot = Plot::new();
    let mut all_marks = Vec::new();
    for uncertain in [false, true] {
        let mut percents = vec![vec![None; columns]; rows];
        let mut hovers = vec![vec![String::new(); columns]; rows];
        let mut opens = vec![Opens::Nothing; columns * rows];
        let drawn =
            |cell: &&Cell| cell.uncertain == uncertain && cell.row < rows && cell.column < columns;
        for cell in chart.cells.iter().filter(drawn) {
            percents[cell.row][cell.column] = Some(cell.percent);
            hovers[cell.row][cell.column] = labels::hover(&cell.hover);
            opens[cell.row * columns + cell.column] = cell.opens.clone();
        }
        if percents.iter().flatten().all(Option::is_none) {
            continue;
        }
        let positions = |count: usize| (0..count).collect::<Vec<usize>>();
        let cells = HeatMap::new(positions(columns), positions(rows), percents)
            .text_matrix(hovers)
            .color_scale(rate_scale())
            .zmin(0.0)
            .zmax(chart.most)
            .hover_on_gaps(false)
            .hover_template("%{text}<extra></extra>");
        plot.add_trace(if uncertain {
            cells.x_gap(6.0).y_gap(10.0).opacity(0.6).show_scale(false)
        } else {
            cells.x_gap(1.0).y_gap(1.0).color_bar(rate_bar(chart))
        });
        all_marks.push(marks(chart.opens, opens.iter()));
    }
    for ink in ["var(--text)", "var(--surface)"] {
        let inside = chart.cells.iter();
        let inside: Vec<&Cell> = inside
            .filter(|cell| !cell.label.is_empty() && chart.colour(cell.percent).ink() == ink)
            .collect();
        if inside.is_empty() {
            continue;
        }
        let texts = Scatter::new(
            inside.iter().map(|cell| cell.column).collect(),
            inside.iter().map(|cell| cell.row).collect(),
        )
        .mode(Mode::Text)
        .text_array(inside.iter().map(|cell| escape(&cell.label)).collect())
        .text_font(Font::new().size(12).color(ink))
        .hover_info(HoverInfo::Skip)
        .show_legend(false);
        plot.add_trace(texts);
        all_marks.push(no_marks());
    }
    let labelled = |names: &[String], most: usize| {
        Axis::new()
            .tick_mode(TickMode::Array)
            .tick_values((0..names.len()).map(|position| position as f64).collect())
            .tick_text(
                names
                    .iter()
                    .map(|name| escape(&labels::shorten(name, most)))
                    .collect(),
            )
            .show_grid(false)
            .zero_line(false)
            .fixed_range(true)
    };
    let base = labelled(&chart.columns, NAME_OF_COLUMN).range(vec![-0.5, columns as f64 - 0.5]);
    let (base, bottom) = if chart.has_long_columns() {
        (base.tick_angle(-50.0), SLANTED)
    } else {
        (base, 36)
    };
    // Too small a margin would make plotly.js draw everything again.
    let left = if chart.has_long_rows() { 160 } else { 64 };
    plot.set_layout(
        Layout::new()
            .auto_size(true)
            .font(Font::new().size(13))
            .margin(Margin::new().left(left).right(8).top(72).bottom(bottom))
            .x_axis(base)
            .y_axis(labelled(&chart.rows, NAME_OF_ROW).range(vec![rows as f64 - 0.5, -0.5])),
    );
    Drawn {
        plot,
        marks: all_marks,
    }
}

/// The six steps of the failure rate, as [`Colour::of_rate`] has them.
fn rate_scale() -> ColorScale {
    let last = (RATES.len() - 1) as f64;
    let steps = RATES.iter().enumerate().flat_map(|(step, token)| {
        let middle = step as f64;
        let ends = [middle - 0.5, middle + 0.5];
        ends.map(|end| {
            let colour = format!("var(--{token})");
            ColorScaleElement((end / last).clamp(0.0, 1.0), colour)
        })
    });
    ColorScale::Vector(steps.collect())
}

/// The key of [`rate_scale`]: horizontal, in the upper right corner, where it takes no width.
fn rate_bar(chart: &Cells) -> ColorBar {
    let ticks = [0.0, chart.most / 2.0, chart.most];
    ColorBar::new()
        .orientation(Orientation::Horizontal)
        .len_mode(ThicknessMode::Pixels)
        .len(188)
        .thickness(10)
        .outline_width(1)
        .title(axis_title(chart.title).side(Side::Top))
        .x(1.0)
        .x_anchor(Anchor::Right)
        .y(1.0)
        .x_pad(24.0)
        .y_anchor(Anchor::Bottom)
        .y_pad(4.0)
        .tick_mode(TickMode::Array)
        .tick_vals(ticks.to_vec())
        .tick_text(ticks.map(|percent| format!("{percent}%")).to_vec())
}
