//! Charts as pictures: SVG that fits any width.
//!
//! Positions along the width are percentages and heights are pixels, so that text keeps its size at every width. The
//! drawing overflows its plane: names and ticks stand in margins, which style/_chart.scss (on a card) or the document
//! around it ([`document`]) leaves free. Colours are references to custom properties; a document has their values.

mod along;
mod cells;
mod names;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use maud::{Markup, PreEscaped, html};

use super::{Base, Chart, Colour, KEY, Panel, Plane, Series, Shape, tokens};

/// The margins on the left and right of a document.
const LEFT: usize = 64;
const LEFT_OF_NAMES: usize = 250;
const RIGHT: usize = 96;
const WIDTH: usize = 900;
/// The characters of a name on a wide card, and on a narrow one.
const WIDE_NAME: usize = 34;
const NARROW_NAME: usize = 18;

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

fn fill(colour: Colour) -> String {
    if colour.is_hatched() {
        "url(#hatch)".to_owned()
    } else {
        colour.reference()
    }
}
