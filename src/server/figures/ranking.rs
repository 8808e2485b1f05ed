//! Shared parts of rankings: horizontal bars, one per pipeline, the largest on top.
//!
//! Bars are positioned by row number, so that two names shortened to the same text stay two bars.

use std::cmp::Ordering;

use plotly::{
    Layout,
    common::{Anchor, AxisSide, Font, Orientation, TickMode},
    layout::{Axis, Legend, Margin, TraceOrder},
};

use super::theme;

/// The most rows of a ranking.
pub const MAX_ROWS: usize = 50;
const ROW_PIXELS: usize = 18;
const TOP_PIXELS: usize = 72;
const BOTTOM_PIXELS: usize = 8;
/// The height of a chart with [`MAX_ROWS`] rows.
pub const HEIGHT: u16 = (TOP_PIXELS + MAX_ROWS * ROW_PIXELS + BOTTOM_PIXELS) as u16;
/// The characters of a name that fit beside its bar on a phone.
const LABEL_CHARACTERS: usize = 38;

/// Keeps the first [`MAX_ROWS`], sorted. Selects them first, so that only these are sorted.
pub fn keep_first<T>(rows: &mut Vec<T>, mut compare: impl FnMut(&T, &T) -> Ordering) {
    if rows.len() > MAX_ROWS {
        rows.select_nth_unstable_by(MAX_ROWS, &mut compare);
        rows.truncate(MAX_ROWS);
    }
    rows.sort_unstable_by(compare);
}

/// The positions of the bars.
pub fn positions(rows: usize) -> Vec<usize> {
    (0..rows).collect()
}

/// The layout for these names; its height depends on the number of rows, at most [`HEIGHT`].
pub fn layout(names: &[String], value_axis: Axis) -> Layout {
    let rows = names.len();
    let name_axis = Axis::new()
        .tick_mode(TickMode::Array)
        .tick_values((0..rows).map(|row| row as f64).collect())
        .tick_text(labels(names))
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
        .x_axis(value_axis.side(AxisSide::Top).fixed_range(true))
        .y_axis(name_axis)
}

/// A legend above the value axis, for any number of rows.
pub fn legend(rows: usize) -> Legend {
    const AXIS_PIXELS: f64 = 24.0;
    Legend::new()
        .orientation(Orientation::Horizontal)
        .trace_order(TraceOrder::Normal)
        .x(1.0)
        .x_anchor(Anchor::Right)
        .y(1.0 + AXIS_PIXELS / (rows * ROW_PIXELS) as f64)
        .y_anchor(Anchor::Bottom)
}

/// Labels: names without their common prefix and without the default branch at the end, shortened.
fn labels(names: &[String]) -> Vec<String> {
    let common = common_start(names);
    let label = |name: &String| {
        let name = &name[common..];
        let branch = ["/master", "/main"];
        let short = branch.iter().find_map(|branch| name.strip_suffix(branch));
        theme::short_label(short.unwrap_or(name), LABEL_CHARACTERS)
    };
    names.iter().map(label).collect()
}

/// The length in bytes of the common prefix, in whole words (`HMCTS_`).
fn common_start(names: &[String]) -> usize {
    let (Some(first), true) = (names.first(), names.len() > 1) else {
        return 0;
    };
    let shared = |name: &String| {
        let pairs = first.bytes().zip(name.bytes());
        pairs.take_while(|(one, other)| one == other).count()
    };
    let common = names.iter().map(shared).min().unwrap_or(0);
    let mut bytes = first.as_bytes()[..common].iter();
    bytes.rposition(|&byte| byte == b'_').map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels_of(names: &[&str]) -> Vec<String> {
        labels(&names.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn labels_omit_the_common_prefix_and_the_branch() {
        assert_eq!(
            labels_of(&["HMCTS_CMC/claim-store/master"]),
            ["HMCTS_CMC/claim-store"]
        );
        assert_eq!(
            labels_of(&[
                "HMCTS_CMC/claim-store/master",
                "HMCTS_Nightly_CMC/a/main",
                "HMCTS_é"
            ]),
            ["CMC/claim-store", "Nightly_CMC/a", "é"]
        );
        assert_eq!(labels_of(&["a_b", "c_b"]), ["a_b", "c_b"]);
        let long = "a".repeat(10_000);
        assert_eq!(labels_of(&[&long])[0].chars().count(), LABEL_CHARACTERS);
    }
}
