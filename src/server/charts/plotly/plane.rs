//! Bars, lines and points on axes.

use jiff::tz::TimeZone;
use plotly::{
    Bar, Layout, Plot, Scatter,
    common::{
        Anchor, AxisSide, ErrorData, ErrorType, Fill, Font, HoverInfo, Line, LineShape, Marker,
        MarkerSymbol, Mode, Orientation, Pattern, PatternShape, Position, TickMode,
    },
    layout::{Annotation, Axis, AxisType, BarMode, HoverMode, Margin},
};
use serde::Serialize;

use super::{
    axis_title,
    drawn::{Drawn, Marks, marks, no_marks},
    local_minute,
};
use crate::server::{
    charts::{BELOW, Base, Colour, KEY, Mark, Panel, Plane, Series, Shape, Unit, escape, labels},
    model::DAY_MS,
};

/// The characters of a name that fit beside its bar on a phone.
const NAME: usize = 38;
/// The part of a chart that the last of several panels takes.
const LAST_PANEL: f64 = 0.24;
const GAP: f64 = 0.1;
/// The count below which an axis names each one.
const FEW: f64 = 5.0;
/// The range of time from which on an axis shows days alone.
const TIMES_OF_DAY_MS: i64 = 3 * DAY_MS;
/// The width of a shape of the key, of the space after a name, and about that of a character, in CSS pixels.
const KEY_SHAPE: f64 = 14.0;
const KEY_GAP: f64 = 16.0;
const KEY_CHARACTER: f64 = 7.2;

pub fn draw(plane: &Plane, zone: &TimeZone) -> Drawn {
    Drawing::new(plane, zone).finish()
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
                // The second line stands where it changes.
                let base = base.tick_format(match to_ms - from_ms {
                    0..TIMES_OF_DAY_MS => "%H:%M\n%-d %b",
                    _ => "%-d %b\n%Y",
                });
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
                Shape::Bars { .. } if series.colour.is_hatched() => "▨",
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
        // Fractions would be rounded to the same counts.
        Unit::Count if panel.greatest() < FEW => axis.tick_format(",d").dtick(1.0),
        Unit::Count => axis.tick_format(",d"),
        Unit::Number => axis,
    }
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
