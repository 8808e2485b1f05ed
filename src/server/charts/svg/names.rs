//! Bars beside names.

use std::fmt::Write as _;

use super::{Drawing, Frame, Scale, fill};
use crate::server::charts::{BELOW, Mark, Panel, Plane, ROW, labels, ticks};

impl Drawing {
    /// Horizontal bars, the panels side by side.
    pub(super) fn of_names(plane: &Plane, names: &[String], frame: &Frame<'_>) -> Self {
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
}

fn row_middle(top: usize, row: f64) -> f64 {
    top as f64 + (row + 0.5) * ROW as f64
}
