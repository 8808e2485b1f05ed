//! Cells of failure rates.

use plotly::{
    HeatMap, Layout, Plot, Scatter,
    common::{
        Anchor, ColorBar, ColorScale, ColorScaleElement, Font, HoverInfo, Mode, Orientation, Side,
        ThicknessMode, TickMode,
    },
    layout::{Axis, Margin},
};

use super::{
    axis_title,
    drawn::{Drawn, marks, no_marks},
};
use crate::server::charts::{Cell, Cells, Opens, colour::RATES, escape, labels};

/// The characters of a name beside a row of cells, and below a column.
const NAME_OF_ROW: usize = 20;
const NAME_OF_COLUMN: usize = 16;
/// The height of names at a slant.
const SLANTED: usize = 96;

/// Cells as two heat maps: those that tell something fill their place, the others are small and pale.
pub fn draw(chart: &Cells) -> Drawn {
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
