//! Horizontal bars, one per pipeline, the largest on top: what such charts share.
//!
//! Bars stand at the numbers of their rows, so that two long names that are shortened to the same
//! text stay two bars.

use plotly::{
    Layout,
    common::{AxisSide, Font, TickMode, Title},
    layout::{Axis, Margin},
};

use super::theme;

/// How many rows such a figure has at most.
pub const MOST_ROWS: usize = 50;
const ROW_PIXELS: usize = 18;
const TOP_PIXELS: usize = 72;
const BOTTOM_PIXELS: usize = 8;
/// The height of a chart with [`MOST_ROWS`] rows.
pub const HEIGHT: u16 = (TOP_PIXELS + MOST_ROWS * ROW_PIXELS + BOTTOM_PIXELS) as u16;
/// As much of a name as a phone has room for, beside its bar.
const LABEL_CHARACTERS: usize = 34;

/// Where the bars of so many rows stand.
pub fn positions(rows: usize) -> Vec<usize> {
    (0..rows).collect()
}

/// The layout for these names; its height is that of the rows, at most [`HEIGHT`].
pub fn layout(names: &[String], value_axis: Axis, value_title: &str) -> Layout {
    let rows = names.len();
    let name_axis = Axis::new()
        .tick_mode(TickMode::Array)
        .tick_values((0..rows).map(|row| row as f64).collect())
        .tick_text(names.iter().map(|name| label(name)).collect())
        .tick_font(Font::new().size(11))
        .range(vec![rows as f64 - 0.5, -0.5])
        .auto_margin(true)
        .show_grid(false)
        .zero_line(false)
        .fixed_range(true);
    theme::layout()
        .height(TOP_PIXELS + rows * ROW_PIXELS + BOTTOM_PIXELS)
        .margin(
            Margin::new()
                .left(8)
                .right(48)
                .top(TOP_PIXELS)
                .bottom(BOTTOM_PIXELS),
        )
        .bar_gap(0.2)
        .x_axis(
            value_axis
                .side(AxisSide::Top)
                .title(Title::with_text(value_title))
                .fixed_range(true),
        )
        .y_axis(name_axis)
}

/// A pipeline's name without the branch at its end, which says nothing here, and shortened.
fn label(name: &str) -> String {
    let branch = ["/master", "/main"];
    let short = branch.iter().find_map(|branch| name.strip_suffix(branch));
    theme::short_label(short.unwrap_or(name), LABEL_CHARACTERS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_short_and_without_the_default_branch() {
        assert_eq!(
            label("HMCTS_CMC/claim-store/master"),
            "HMCTS_CMC/claim-store"
        );
        assert_eq!(label("master"), "master");
        assert_eq!(label(&"a".repeat(10_000)).chars().count(), LABEL_CHARACTERS);
    }
}
