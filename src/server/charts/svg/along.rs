//! Bars and lines along time or numbers.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::{Drawing, Frame, Scale, fill};
use crate::server::charts::{Base, Mark, Panel, Plane, Series, Shape, Unit, ticks};

/// The units of the view box of lines, which stretches over the plane.
const UNITS: f64 = 1000.0;
/// The height above and below planes along time and numbers.
const TOP: f64 = 24.0;
const BOTTOM: f64 = 40.0;
/// The height between panels, and the part of the last one.
const GAP: f64 = 16.0;
const LAST_PANEL: f64 = 0.24;

impl Drawing {
    /// Panels along time or numbers, one above the other.
    pub(super) fn along(plane: &Plane, zone: &TimeZone, frame: &Frame<'_>) -> Self {
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
}
