//! Cells of failure rates, and their scale.

use std::fmt::Write as _;

use maud::html;

use super::{Drawing, Frame, WIDE_NAME, fill};
use crate::server::charts::{Cells, Colour, labels};

/// The height above cells, where a scale stands, and below, where names of columns may stand at a slant.
const TOP: f64 = 40.0;
const BOTTOM: f64 = 40.0;
const BELOW_SLANTED: f64 = 92.0;
/// The characters of such a name.
const SLANTED_NAME: usize = 16;

impl Drawing {
    pub(super) fn of_cells(cells: &Cells, frame: &Frame<'_>) -> Self {
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
        let (width, tall) = (100.0 / columns, (bottom - TOP) / rows);
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
                let y = TOP + (row as f64 + 0.5) * tall + 4.0;
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
            let (mut x, mut y) = (cell.column as f64 * width, TOP + cell.row as f64 * tall);
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
}
