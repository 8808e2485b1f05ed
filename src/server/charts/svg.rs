//! Charts as pictures: SVG that fits any width.
//!
//! Positions along the width are percentages and heights are pixels, so that text keeps its size at every width. The
//! drawing overflows its plane: names and ticks stand in margins, which style/_chart.scss (on a card) or the document
//! around it ([`document`]) leaves free. Colours are references to custom properties; a document has their values.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use maud::{Markup, PreEscaped, html};

use super::{
    BELOW, Base, Cells, Chart, Colour, KEY, Mark, Panel, Plane, ROW, Series, Shape, Unit, labels,
    ticks, tokens,
};

/// The margins on the left and right of a document.
const LEFT: usize = 64;
const LEFT_OF_NAMES: usize = 250;
const RIGHT: usize = 96;
const WIDTH: usize = 900;
/// The characters of a name on a wide card, and on a narrow one.
const WIDE_NAME: usize = 34;
const NARROW_NAME: usize = 18;
/// The units of the view box of lines, which stretches over the plane.
const UNITS: f64 = 1000.0;
/// The height above and below planes along time and numbers.
const TOP: f64 = 24.0;
const BOTTOM: f64 = 40.0;
/// The same of cells, above which a scale stands, and below which names of columns may stand at a slant.
const TOP_OF_CELLS: f64 = 40.0;
const BELOW_SLANTED: f64 = 92.0;
/// The characters of such a name.
const SLANTED_NAME: usize = 16;
/// The height between panels, and the part of the last one.
const GAP: f64 = 16.0;
const LAST_PANEL: f64 = 0.24;

/// The picture of a chart for a card: its key, which breaks into lines, and its plane, for a place of so many pixels of
/// height.
pub fn picture(chart: &Chart, zone: &TimeZone, height: u16) -> Markup {
    let widths = [("wide", WIDE_NAME), ("narrow", NARROW_NAME)];
    let frame = Frame {
        height,
        widths: &widths,
        has_key: false,
    };
    let drawn = Drawing::of(chart, zone, &frame);
    html! {
        @let key = keyed(chart);
        @if !key.is_empty() {
            ul class={ "chart-key " (drawn.class) } aria-hidden="true" {
                @for series in key {
                    li {
                        svg width="12" height="10" focusable="false" { (PreEscaped(shape(series))) }
                        " " (crate::markup::visible(&series.name))
                    }
                }
            }
        }
        svg class={ "picture " (drawn.class) } width="100%" height=(drawn.height) aria-hidden="true" focusable="false" {
            (PreEscaped(drawn.body))
        }
    }
}

/// The chart as a document of its own, with its title, in the light colours. Many programs that show SVG know neither
/// custom properties nor styles.
pub fn document(chart: &Chart, zone: &TimeZone, height: u16, title: &str) -> String {
    let frame = Frame {
        height,
        widths: &[("wide", WIDE_NAME)],
        has_key: true,
    };
    let drawn = Drawing::of(chart, zone, &frame);
    let left = match drawn.class {
        "of-names" | "of-matrix" => LEFT_OF_NAMES,
        _ => LEFT,
    };
    let width = WIDTH - left - RIGHT;
    let markup = html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(WIDTH) height=(drawn.height) viewBox={ "0 0 " (WIDTH) " " (drawn.height) }
            role="img" aria-labelledby="title" font-family="sans-serif" font-size="12" {
            title id="title" { (title) }
            rect width="100%" height="100%" fill="var(--surface)" {}
            svg x=(left) width=(width) height=(drawn.height) overflow="visible" { (PreEscaped(drawn.body)) }
        }
    };
    tokens::with_light_colours(&markup.into_string())
}

/// A document with a sentence in the place of a chart.
pub fn sentence(title: &str, sentence: &str) -> String {
    let markup = html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(WIDTH) height="40" viewBox={ "0 0 " (WIDTH) " 40" }
            role="img" aria-labelledby="title" font-family="sans-serif" font-size="14" {
            title id="title" { (title) }
            rect width="100%" height="100%" fill="var(--surface)" {}
            text x="8" y="25" fill="var(--text)" { (crate::markup::visible(sentence)) }
        }
    };
    tokens::with_light_colours(&markup.into_string())
}

/// The place of a drawing.
struct Frame<'a> {
    height: u16,
    /// Classes of texts for different widths, and the characters of names there.
    widths: &'a [(&'a str, usize)],
    /// The key is a part of the drawing.
    has_key: bool,
}

impl Frame<'_> {
    /// The height that the key of a plane takes outside of the drawing.
    fn outside(&self, plane: &Plane) -> usize {
        let is_outside = !self.has_key && plane.panels.iter().any(Panel::has_key);
        KEY * usize::from(is_outside)
    }
}

/// The series that a key tells apart.
fn keyed(chart: &Chart) -> Vec<&Series> {
    let Chart::Plane(plane) = chart else {
        return Vec::new();
    };
    let panels = plane.panels.iter().filter(|panel| panel.has_key());
    let series = panels.flat_map(|panel| &panel.series);
    series.filter(|series| !series.name.is_empty()).collect()
}

/// The shape of a series in the key, 12 × 10 pixels.
fn shape(series: &Series) -> String {
    let fill = fill(series.colour);
    match series.shape {
        Shape::Bars { .. } => format!("<rect width=\"10\" height=\"10\" fill=\"{fill}\"/>"),
        Shape::Line | Shape::Steps => {
            format!("<circle cx=\"5\" cy=\"5\" r=\"4\" fill=\"{fill}\"/>")
        }
        Shape::Dashed => format!(
            "<line x2=\"12\" y1=\"5\" y2=\"5\" stroke-width=\"2\" stroke-dasharray=\"5 2\" stroke=\"{fill}\"/>"
        ),
        Shape::Crosses => {
            format!("<line x1=\"5\" x2=\"5\" y2=\"10\" stroke-width=\"1.5\" stroke=\"{fill}\"/>")
        }
    }
}

struct Drawing {
    class: &'static str,
    height: usize,
    body: String,
}

impl Drawing {
    fn of(chart: &Chart, zone: &TimeZone, frame: &Frame<'_>) -> Self {
        let mut drawing = match chart {
            Chart::Plane(plane) => match &plane.base {
                Base::Names(names) => Self::of_names(plane, names, frame),
                _ => Self::along(plane, zone, frame),
            },
            Chart::Cells(cells) => Self::of_cells(cells, frame),
        };
        if frame.has_key {
            drawing.key(&keyed(chart));
        }
        drawing
    }

    fn new(class: &'static str, height: usize) -> Self {
        let mut drawing = Self {
            class,
            height,
            body: String::new(),
        };
        // The hatching of lost builds.
        drawing.push(
            "<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
             patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" fill=\"var(--other)\"/>\
             <rect width=\"2\" height=\"6\" fill=\"var(--surface)\"/></pattern></defs>",
        );
        drawing
    }

    /// Horizontal bars, the panels side by side.
    fn of_names(plane: &Plane, names: &[String], frame: &Frame<'_>) -> Self {
        let outside = frame.outside(plane);
        let top = plane.top_of_names() - outside;
        let height = plane.height_of_names(names.len()) - outside;
        let mut drawing = Self::new("of-names", height);
        for &(class, most) in frame.widths {
            for (row, name) in labels::names(names, most).iter().enumerate() {
                let y = row_middle(top, row as f64) + 4.0;
                drawing.text(
                    &format!("class=\"{class}\" x=\"-8\" y=\"{y:.0}\" text-anchor=\"end\""),
                    name,
                );
            }
        }
        let panels = plane.panels.len().max(1) as f64;
        let width = (100.0 - 6.0 * (panels - 1.0)) / panels;
        for (number, panel) in plane.panels.iter().enumerate() {
            let left = number as f64 * (width + 6.0);
            let scale = Scale {
                from: 0.0,
                to: panel.greatest(),
                start: left,
                end: left + width,
            };
            drawing.horizontal(panel, &scale, (top, height - BELOW));
        }
        drawing
    }

    fn horizontal(&mut self, panel: &Panel, scale: &Scale, (above, bottom): (usize, usize)) {
        let top = above as f64;
        let most = ticks::numbers(0.0, scale.to, panel.unit);
        for (number, (value, text)) in most.iter().enumerate() {
            let x = scale.at(*value);
            // Every second of several fits a phone.
            let class = if most.len() > 3 && number % 2 == 1 {
                " class=\"wide\""
            } else {
                ""
            };
            let _ = write!(
                self.body,
                "<line class=\"grid\" stroke=\"var(--grid)\" x1=\"{x:.2}%\" x2=\"{x:.2}%\" y1=\"{top}\" y2=\"{bottom}\"/>"
            );
            self.text(
                &format!(
                    "x=\"{x:.2}%\" y=\"{}\" text-anchor=\"middle\"{class}",
                    top - 6.0
                ),
                text,
            );
        }
        if !panel.title.is_empty() {
            let (x, y) = (scale.start, top - 22.0);
            let is_only = scale.end - scale.start > 99.0;
            let class = if is_only { " class=\"wide\"" } else { "" };
            self.text(&format!("x=\"{x:.2}%\" y=\"{y}\"{class}"), panel.title);
            // On a phone, the space over the names is its, too.
            if is_only {
                self.text(
                    &format!("x=\"100%\" dx=\"72\" y=\"{y}\" text-anchor=\"end\" class=\"narrow\""),
                    panel.title,
                );
            }
        }
        let groups = if panel.stacked {
            1
        } else {
            panel.series.len().max(1)
        };
        let thickness = (ROW as f64 - 5.0) / groups as f64;
        let mut stack = panel.stack();
        for (number, series) in panel.series.iter().enumerate() {
            for mark in &series.marks {
                let value = mark.value.unwrap_or_default();
                let start = stack.start(mark);
                let group = if panel.stacked { 0 } else { number };
                let y = row_middle(above, mark.at) - thickness * groups as f64 / 2.0
                    + group as f64 * thickness;
                let (x, end) = (scale.at(start), scale.at(start + value));
                let fill = fill(mark.colour.unwrap_or(series.colour));
                let _ = write!(
                    self.body,
                    "<rect x=\"{x:.2}%\" y=\"{y:.1}\" width=\"{:.2}%\" height=\"{thickness:.1}\" fill=\"{fill}\"/>",
                    (end - x).max(0.0),
                );
                self.interval_of_row(mark, scale, row_middle(above, mark.at));
                if !mark.label.is_empty() {
                    let end = mark.interval.map_or(start + value, |(_, high)| high);
                    let (x, y) = (scale.at(end), row_middle(above, mark.at) + 4.0);
                    self.text(&format!("x=\"{x:.2}%\" dx=\"6\" y=\"{y:.0}\""), &mark.label);
                }
            }
        }
    }

    fn interval_of_row(&mut self, mark: &Mark, scale: &Scale, y: f64) {
        let Some((low, high)) = mark.interval else {
            return;
        };
        let (low, high) = (scale.at(low), scale.at(high));
        let _ = write!(
            self.body,
            "<line class=\"interval\" stroke=\"var(--text)\" stroke-width=\"1.5\" x1=\"{low:.2}%\" x2=\"{high:.2}%\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>"
        );
    }

    /// Panels along time or numbers, one above the other.
    fn along(plane: &Plane, zone: &TimeZone, frame: &Frame<'_>) -> Self {
        let height = usize::from(frame.height).saturating_sub(frame.outside(plane));
        let mut drawing = Self::new("along", height);
        let bottom = height as f64 - BOTTOM;
        let (from, to) = plane.base.range();
        let base = Scale {
            from,
            to,
            start: 0.0,
            end: 100.0,
        };
        let heights = match plane.panels.len() {
            0 | 1 => vec![(TOP, bottom)],
            _ => {
                let last = (bottom - TOP) * LAST_PANEL;
                vec![(TOP, bottom - last - GAP), (bottom - last, bottom)]
            }
        };
        for (panel, (top, bottom)) in plane.panels.iter().zip(heights) {
            drawing.vertical(panel, &base, top, bottom);
        }
        drawing.base(&plane.base, &base, zone, bottom);
        drawing
    }

    fn base(&mut self, axis: &Base, scale: &Scale, zone: &TimeZone, bottom: f64) {
        let marks: Vec<(f64, String)> = match axis {
            Base::Time { from_ms, to_ms } => {
                let times = ticks::times(*from_ms, *to_ms, zone).into_iter();
                times.map(|(at_ms, text)| (at_ms as f64, text)).collect()
            }
            Base::Numbers { from, to, .. } => ticks::numbers(*from, *to, Unit::Number),
            Base::Names(_) => Vec::new(),
        };
        for (at, text) in marks {
            let x = scale.at(at);
            let (end, y) = (bottom + 5.0, bottom + 18.0);
            let _ = write!(
                self.body,
                "<line class=\"grid\" stroke=\"var(--grid)\" x1=\"{x:.2}%\" x2=\"{x:.2}%\" y1=\"{bottom}\" y2=\"{end}\"/>"
            );
            self.text(
                &format!("x=\"{x:.2}%\" y=\"{y}\" text-anchor=\"middle\""),
                &text,
            );
        }
        if let Base::Numbers { title, .. } = axis {
            let y = bottom + 34.0;
            self.text(
                &format!("x=\"50%\" y=\"{y}\" text-anchor=\"middle\""),
                title,
            );
        }
    }

    fn vertical(&mut self, panel: &Panel, base: &Scale, top: f64, bottom: f64) {
        let values = Scale {
            from: 0.0,
            to: panel.greatest() * 1.04,
            start: bottom,
            end: top,
        };
        let few = if bottom - top < 120.0 { 3 } else { 1 };
        let all = ticks::numbers(0.0, values.to, panel.unit);
        for (value, text) in all.iter().step_by(few) {
            let y = values.at(*value);
            let _ = write!(
                self.body,
                "<line class=\"grid\" stroke=\"var(--grid)\" x1=\"0\" x2=\"100%\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>"
            );
            self.text(
                &format!("x=\"-8\" y=\"{:.1}\" text-anchor=\"end\"", y + 4.0),
                text,
            );
        }
        if !panel.title.is_empty() {
            self.text(
                &format!("x=\"-8\" y=\"{:.1}\" text-anchor=\"end\"", top - 8.0),
                panel.title,
            );
        }
        let mut stack = panel.stack();
        for series in &panel.series {
            match series.shape {
                Shape::Bars { width } => {
                    for mark in &series.marks {
                        let value = mark.value.unwrap_or_default();
                        let start = stack.start(mark);
                        let (x, end) = (base.at(mark.at), base.at(mark.at + width));
                        let (y, floor) = (values.at(start + value), values.at(start));
                        let fill = fill(mark.colour.unwrap_or(series.colour));
                        // A gap between bars that are wide enough.
                        let wide = (end - x) * if end - x > 0.5 { 0.92 } else { 1.0 };
                        let _ = write!(
                            self.body,
                            "<rect x=\"{x:.2}%\" y=\"{y:.1}\" width=\"{wide:.2}%\" height=\"{:.1}\" fill=\"{fill}\"/>",
                            (floor - y).max(0.0),
                        );
                    }
                }
                Shape::Crosses => {
                    for mark in &series.marks {
                        let (x, y) = (base.at(mark.at), values.at(mark.value.unwrap_or_default()));
                        let _ = write!(
                            self.body,
                            "<line class=\"cross\" stroke=\"var(--aborted)\" stroke-width=\"1.5\" x1=\"{x:.2}%\" x2=\"{x:.2}%\" y1=\"{:.1}\" y2=\"{:.1}\"/>",
                            y - 5.0,
                            y + 5.0
                        );
                    }
                }
                Shape::Line | Shape::Dashed | Shape::Steps => {
                    self.line(series, base, &values, top, bottom)
                }
            }
        }
    }

    /// A line in a view box that stretches over the plane, and its dots.
    fn line(&mut self, series: &Series, base: &Scale, values: &Scale, top: f64, bottom: f64) {
        let x = |mark: &Mark| base.at(mark.at) / 100.0 * UNITS;
        let y = |value: f64| values.at(value) - top;
        let mut path = String::new();
        let mut before: Option<f64> = None;
        for mark in &series.marks {
            let Some(value) = mark.value else {
                before = None;
                continue;
            };
            let (x, y) = (x(mark), y(value));
            let _ = match (series.shape, before) {
                (_, None) => write!(path, "M{x:.1} {y:.1}"),
                (Shape::Steps, Some(_)) => write!(path, "H{x:.1}V{y:.1}"),
                (_, Some(_)) => write!(path, "L{x:.1} {y:.1}"),
            };
            before = Some(value);
        }
        let with_bounds = series
            .marks
            .iter()
            .filter_map(|mark| Some((x(mark), mark.interval?)));
        let upper = with_bounds.clone().map(|(x, (_, high))| (x, y(high)));
        let lower = with_bounds.rev().map(|(x, (low, _))| (x, y(low)));
        let band: Vec<String> = upper
            .chain(lower)
            .map(|(x, y)| format!("{x:.1},{y:.1}"))
            .collect();
        let height = bottom - top;
        let _ = write!(
            self.body,
            "<svg y=\"{top}\" width=\"100%\" height=\"{height:.1}\" viewBox=\"0 0 {UNITS} {height:.1}\" \
             preserveAspectRatio=\"none\">"
        );
        if !band.is_empty() {
            let _ = write!(
                self.body,
                "<polygon fill=\"var(--band)\" points=\"{}\"/>",
                band.join(" ")
            );
        }
        let look = match series.shape {
            Shape::Dashed => "stroke-width=\"1.5\" stroke-dasharray=\"6 4\"",
            _ => "stroke-width=\"2\"",
        };
        let _ = write!(
            self.body,
            "<path fill=\"none\" {look} vector-effect=\"non-scaling-stroke\" stroke=\"{}\" d=\"{path}\"/></svg>",
            fill(series.colour)
        );
        if series.shape == Shape::Line {
            for mark in &series.marks {
                if let Some(value) = mark.value {
                    let (x, y) = (base.at(mark.at), values.at(value));
                    let fill = fill(mark.colour.unwrap_or(series.colour));
                    let _ = write!(
                        self.body,
                        "<circle cx=\"{x:.2}%\" cy=\"{y:.1}\" r=\"3\" fill=\"{fill}\"/>"
                    );
                }
            }
        }
    }

    fn of_cells(cells: &Cells, frame: &Frame<'_>) -> Self {
        let (class, widths) = if cells.has_long_rows() {
            ("of-matrix", frame.widths)
        } else {
            ("of-cells", &[("", WIDE_NAME)][..])
        };
        let mut drawing = Self::new(class, usize::from(frame.height));
        let is_slanted = cells.has_long_columns();
        let below = if is_slanted { BELOW_SLANTED } else { BOTTOM };
        let (columns, rows) = (
            cells.columns.len().max(1) as f64,
            cells.rows.len().max(1) as f64,
        );
        let bottom = f64::from(frame.height) - below;
        let (width, tall) = (100.0 / columns, (bottom - TOP_OF_CELLS) / rows);
        drawing.push("<svg x=\"100%\" overflow=\"visible\">");
        drawing.text("x=\"0\" y=\"12\" text-anchor=\"end\"", cells.title);
        drawing.text("x=\"-150\" y=\"30\" text-anchor=\"end\"", "0%");
        for step in 0..6 {
            let (x, fill) = (f64::from(step) * 18.0 - 144.0, fill(Colour::Rate(step)));
            let _ = write!(
                drawing.body,
                "<rect stroke=\"var(--line)\" x=\"{x}\" y=\"20\" width=\"18\" height=\"11\" fill=\"{fill}\"/>"
            );
        }
        drawing.text(
            "x=\"0\" y=\"30\" text-anchor=\"end\"",
            &format!("{}%", cells.most),
        );
        drawing.push("</svg>");
        for &(class, most) in widths {
            for (row, name) in cells.rows.iter().enumerate() {
                let y = TOP_OF_CELLS + (row as f64 + 0.5) * tall + 4.0;
                drawing.text(
                    &format!("class=\"{class}\" x=\"-8\" y=\"{y:.1}\" text-anchor=\"end\""),
                    &labels::shorten(name, most),
                );
            }
        }
        // Every third of many short names.
        let every = if cells.columns.len() > 12 && !is_slanted {
            3
        } else {
            1
        };
        for (column, name) in cells.columns.iter().enumerate().step_by(every) {
            let x = (column as f64 + 0.5) * width;
            if is_slanted {
                let y = bottom + 12.0;
                let _ = write!(
                    drawing.body,
                    "<svg x=\"{x:.2}%\" y=\"{y}\" overflow=\"visible\">"
                );
                drawing.text(
                    "x=\"4\" text-anchor=\"end\" transform=\"rotate(-50)\"",
                    &labels::shorten(name, SLANTED_NAME),
                );
                drawing.push("</svg>");
                continue;
            }
            let y = bottom + 16.0;
            drawing.text(
                &format!("x=\"{x:.2}%\" y=\"{y}\" text-anchor=\"middle\""),
                name,
            );
        }
        for cell in &cells.cells {
            let (mut x, mut y) = (
                cell.column as f64 * width,
                TOP_OF_CELLS + cell.row as f64 * tall,
            );
            let (mut wide, mut high) = (width, tall);
            let mut opacity = 1.0;
            if cell.uncertain {
                (x, y) = (x + width * 0.15, y + tall * 0.15);
                (wide, high) = (wide * 0.7, high * 0.7);
                opacity = 0.6;
            }
            let colour = cells.colour(cell.percent);
            let fill = fill(colour);
            let _ = write!(
                drawing.body,
                "<rect stroke=\"var(--grid)\" opacity=\"{opacity}\" x=\"{x:.2}%\" y=\"{y:.1}\" width=\"{wide:.2}%\" height=\"{high:.1}\" fill=\"{fill}\"/>"
            );
            if !cell.label.is_empty() {
                let (middle, y) = (x + wide / 2.0, y + high / 2.0 + 4.0);
                let label = html! { (crate::markup::visible(&cell.label)) }.into_string();
                let ink = colour.ink();
                let _ = write!(
                    drawing.body,
                    "<text fill=\"{ink}\" x=\"{middle:.2}%\" y=\"{y:.1}\" text-anchor=\"middle\">{label}</text>"
                );
            }
        }
        drawing
    }

    /// The key in one line at the top.
    fn key(&mut self, all: &[&Series]) {
        let mut x = 0.0;
        for series in all {
            let shape = shape(series);
            let _ = write!(
                self.body,
                "<svg x=\"{x:.0}\" y=\"4\" width=\"12\" height=\"10\">{shape}</svg>"
            );
            self.text(&format!("x=\"{:.0}\" y=\"13\"", x + 15.0), &series.name);
            x += 31.0 + series.name.chars().count() as f64 * 6.6;
        }
    }

    /// Adds markup of this module.
    fn push(&mut self, markup: &str) {
        self.body.push_str(markup);
    }

    /// Adds text, escaped. Attributes are those of this module.
    fn text(&mut self, attributes: &str, text: &str) {
        let text = html! { (crate::markup::visible(text)) }.into_string();
        let _ = write!(
            self.body,
            "<text fill=\"var(--text)\" {attributes}>{text}</text>"
        );
    }
}

/// From values to positions: percentages of the width, or pixels.
struct Scale {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
}

impl Scale {
    fn at(&self, value: f64) -> f64 {
        let share = (value - self.from) / (self.to - self.from);
        let share = if share.is_finite() {
            share.clamp(0.0, 1.0)
        } else {
            0.0
        };
        self.start + share * (self.end - self.start)
    }
}

fn row_middle(top: usize, row: f64) -> f64 {
    top as f64 + (row + 0.5) * ROW as f64
}

fn fill(colour: Colour) -> String {
    if colour.is_hatched() {
        "url(#hatch)".to_owned()
    } else {
        colour.reference()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(values: &[f64], name: &str) -> Chart {
        let marks = values.iter().enumerate();
        let marks = marks.map(|(row, &value)| Mark::of_row(row, value).label(name));
        let series = Series::bars("", Colour::Failure).with(marks);
        let names = values.iter().map(|_| name.to_owned()).collect();
        let panel = Panel::new(Unit::Count, "", vec![series]);
        Plane::new(Base::Names(names), vec![panel]).into()
    }

    fn drawn(chart: &Chart) -> String {
        picture(chart, &TimeZone::UTC, 300).into_string()
    }

    #[test]
    fn bars_are_as_long_as_their_values() {
        let svg = drawn(&bars(&[10.0, 5.0], "a"));
        assert!(
            svg.contains("width=\"100.00%\" height=\"15.0\" fill=\"var(--failure)\""),
            "{svg}"
        );
        assert!(svg.contains("width=\"50.00%\" height=\"15.0\""), "{svg}");
    }

    #[test]
    fn names_are_text() {
        let svg = drawn(&bars(&[1.0], "<script>\u{202e}"));
        assert!(
            !svg.contains("<script") && !svg.contains('\u{202e}'),
            "{svg}"
        );
        let whole = document(&bars(&[1.0], "<b>"), &TimeZone::UTC, 300, "<i>");
        assert!(!whole.contains("<b>") && !whole.contains("<i>"), "{whole}");
    }

    #[test]
    fn a_key_stands_above_the_plane_on_a_card_and_in_a_document() {
        let series = |name: &str| Series::bars(name, Colour::Failure).with([Mark::of_row(0, 1.0)]);
        let panel = Panel::new(Unit::Count, "", vec![series("<b>"), series("Others")]);
        let base = Base::Names(vec!["a".to_owned()]);
        let chart = Plane::new(base, vec![panel.stacked()]).into();
        let card = drawn(&chart);
        assert_eq!(card.matches("<li>").count(), 2, "{card}");
        assert!(card.contains("&lt;b&gt;</li>"), "{card}");
        let (key, plane) = card.split_once("</ul>").expect("a key");
        assert!(
            key.contains("of-names") && !plane.contains("Others"),
            "{card}"
        );
        let whole = document(&chart, &TimeZone::UTC, 300, "A title");
        assert!(whole.contains(">Others</text>"), "{whole}");
        // With one line of key, both are as high.
        let height = |svg: &str| -> usize {
            let text = svg.split(" height=\"").nth(1).expect("a height");
            text.split('"')
                .next()
                .unwrap_or_default()
                .parse()
                .expect("a number")
        };
        assert_eq!(height(plane) + KEY, height(&whole));
    }

    #[test]
    fn lines_have_gaps_bands_and_steps() {
        let mark = |at: f64, value: Option<f64>| {
            Mark::new(at, value).interval(value.map(|value| (value / 2.0, value * 2.0)))
        };
        let marks = [
            (0.0, Some(1.0)),
            (1.0, None),
            (2.0, Some(2.0)),
            (3.0, Some(1.0)),
        ];
        let line = |shape| {
            let series = Series::new("", Colour::Neutral, shape);
            let series = series.with(marks.map(|(at, value)| mark(at, value)));
            let base = Base::Numbers {
                title: "Hours",
                from: 0.0,
                to: 3.0,
            };
            let panel = Panel::new(Unit::Number, "", vec![series]);
            drawn(&Plane::new(base, vec![panel]).into())
        };
        let svg = line(Shape::Line);
        assert_eq!(svg.matches("<circle").count(), 3, "{svg}");
        assert!(svg.contains("<polygon"), "{svg}");
        let path = |svg: &str| {
            svg.split(" d=\"")
                .nth(1)
                .map(|rest| rest.split('"').next().unwrap_or("").to_owned())
        };
        let drawn = path(&svg).unwrap_or_default();
        assert_eq!(
            (drawn.matches('M').count(), drawn.matches('L').count()),
            (2, 1),
            "{drawn}"
        );
        assert!(path(&line(Shape::Steps)).unwrap_or_default().contains('H'));
    }

    #[test]
    fn values_without_bounds_stay_on_the_plane() {
        for value in [f64::NAN, f64::INFINITY, -1.0, f64::MAX] {
            let svg = drawn(&bars(&[value, 1.0], "a"));
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}
