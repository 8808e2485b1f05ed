//! Horizontal bars with a name each: one per row, the first row on top.

use plotly::{
    common::{AxisSide, Font, Title},
    layout::Axis,
};

use super::theme;

/// Characters of a name beside its bar; more would leave no room for bars on a phone.
const LONGEST_NAME: usize = 30;

/// Where the bars stand. Numbers, because plotly draws two names that read the same as one.
pub fn positions(rows: usize) -> Vec<usize> {
    (0..rows).collect()
}

/// The axis of the names. A chart's height is fixed: with room for at least `least` bars, a few
/// of them stay bars and do not become blocks.
pub fn names_axis<'a>(names: impl Iterator<Item = &'a str>, least: usize) -> Axis {
    let labels: Vec<String> = names
        .map(|name| theme::short_label(name, LONGEST_NAME))
        .collect();
    let last = labels.len().max(least) as f64 - 0.5;
    Axis::new()
        .tick_values((0..labels.len()).map(|row| row as f64).collect())
        .tick_text(labels)
        .tick_font(Font::new().size(11))
        .range(vec![last, -0.5])
        .auto_margin(true)
        .fixed_range(true)
        .show_grid(false)
        .zero_line(false)
}

/// The axis of the values, on top where a list is read from.
pub fn values_axis(title: &str) -> Axis {
    Axis::new()
        .title(Title::with_text(title).font(Font::new().size(12)))
        .side(AxisSide::Top)
        .fixed_range(true)
        .auto_margin(true)
        .n_ticks(8)
}

/// A pipeline's name without its branch, which is a default one for every pipeline on the page.
pub fn pipeline_name<'a>(name: &'a str, default_branches: &[String]) -> &'a str {
    let folder = |branch: &String| name.strip_suffix(branch.as_str())?.strip_suffix('/');
    let folders = default_branches.iter().find_map(folder);
    folders.filter(|rest| !rest.is_empty()).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_default_branch_at_the_end_is_left_out() {
        let branches = ["master".to_owned(), "main".to_owned()];
        assert_eq!(pipeline_name("A/b/master", &branches), "A/b");
        assert_eq!(pipeline_name("A/b/main", &branches), "A/b");
        assert_eq!(pipeline_name("A/webmaster", &branches), "A/webmaster");
        assert_eq!(pipeline_name("master", &branches), "master");
        assert_eq!(pipeline_name("/master", &branches), "/master");
    }
}
