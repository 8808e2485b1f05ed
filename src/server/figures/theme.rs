//! What every chart shares: colours by meaning (GOV.UK palette), margins, hovers, escaping.
//!
//! Colours of text, grid and background are not here: the page gives them, by its colour mode.

use plotly::{
    Layout,
    common::{ColorScale, ColorScaleElement, Font},
    layout::Margin,
};

use crate::server::snapshot::BuildResult;

pub const GREEN: &str = "#00703c";
pub const RED: &str = "#d4351c";
pub const ORANGE: &str = "#f47738";
pub const YELLOW: &str = "#ffdd00";
pub const BLUE: &str = "#5694ca";
pub const PURPLE: &str = "#6f72af";
pub const GREY: &str = "#b1b4b6";
pub const DARK_GREY: &str = "#6f777b";

/// Colours without a meaning, for things that only have to differ; readable on light and dark.
pub const CATEGORIES: [&str; 12] = [
    "#28a197", "#5694ca", "#f47738", "#6f72af", "#d53880", "#85994b", "#b58840", "#912b88",
    "#f499be", "#1d70b8", "#ffbf47", "#6f777b",
];

/// Characters of a name in one line of a hover.
const HOVER_LINE: usize = 42;

/// What remains when a chart shows only the largest parts.
pub const OTHER: &str = GREY;

pub const fn result_colour(result: BuildResult) -> &'static str {
    match result {
        BuildResult::Success => GREEN,
        BuildResult::Unstable => YELLOW,
        BuildResult::Failure => RED,
        BuildResult::Aborted => ORANGE,
        BuildResult::NotBuilt => BLUE,
        BuildResult::Unknown => GREY,
    }
}

/// A result in friendlier words than the CI system's.
pub const fn result_label(result: BuildResult) -> &'static str {
    match result {
        BuildResult::Success => "Success",
        BuildResult::Unstable => "Unstable",
        BuildResult::Failure => "Failure",
        BuildResult::Aborted => "Aborted",
        BuildResult::NotBuilt => "Not built",
        BuildResult::Unknown => "Unknown",
    }
}

/// 0 % green, 50 % yellow, 100 % red.
pub fn failure_scale() -> ColorScale {
    ColorScale::Vector(vec![
        ColorScaleElement(0.0, "#85994b".to_owned()),
        ColorScaleElement(0.5, YELLOW.to_owned()),
        ColorScaleElement(1.0, RED.to_owned()),
    ])
}

/// The more there is of it, the more it deserves a look: from unremarkable blue to red.
pub fn attention_scale() -> ColorScale {
    ColorScale::Vector(vec![
        ColorScaleElement(0.0, BLUE.to_owned()),
        ColorScaleElement(0.5, PURPLE.to_owned()),
        ColorScaleElement(1.0, RED.to_owned()),
    ])
}

/// The layout that every chart begins with.
pub fn layout() -> Layout {
    Layout::new()
        .auto_size(true)
        .font(Font::new().size(13))
        .margin(Margin::new().left(48).right(16).top(16).bottom(40))
}

/// Text from data for plotly, which reads a subset of HTML in labels and hovers.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Text of at most `most` characters: the middle is left out, the ends say most.
pub fn shorten(text: &str, most: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= most {
        return text.to_owned();
    }
    let head = (most - 1) / 2;
    let tail = most - 1 - head;
    let start: String = characters[..head].iter().collect();
    let end: String = characters[characters.len() - tail..].iter().collect();
    format!("{start}…{end}")
}

/// A label of at most `most` characters for plotly.
pub fn short_label(text: &str, most: usize) -> String {
    escape(&shorten(text, most))
}

/// A name for a hover, which plotly does not wrap: whole unless it is absurdly long, in lines that
/// fit a phone.
pub fn hover_label(text: &str) -> String {
    let characters: Vec<char> = shorten(text, HOVER_LINE * 5).chars().collect();
    let mut lines = Vec::new();
    let mut rest = characters.as_slice();
    while rest.len() > HOVER_LINE {
        let breaks_after = |c: &char| matches!(c, '/' | '-' | '_' | '.' | ' ');
        let best = rest[..HOVER_LINE].iter().rposition(breaks_after);
        // A break in the first half would leave more lines than it is worth.
        let end = best.filter(|&at| at >= HOVER_LINE / 2);
        let (line, after) = rest.split_at(end.map_or(HOVER_LINE, |at| at + 1));
        lines.push(line);
        rest = after;
    }
    lines.push(rest);
    let lines = lines
        .into_iter()
        .map(|line| line.iter().collect::<String>());
    lines
        .map(|line| escape(&line))
        .collect::<Vec<_>>()
        .join("<br>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_data_stays_text() {
        assert_eq!(escape("<b>&"), "&lt;b&gt;&amp;");
        assert_eq!(short_label(&"a".repeat(10_000), 41).chars().count(), 41);
        assert_eq!(short_label("ab", 2), "ab");
    }

    #[test]
    fn a_hover_names_whole_in_lines() {
        let name = "HMCTS_Nightly_CMC/cmc-legal-frontend-of-some-length/master";
        let lines = hover_label(name);
        assert_eq!(lines.replace("<br>", ""), name);
        assert_eq!(lines.split("<br>").count(), 2);
        assert_eq!(hover_label("<b>"), "&lt;b&gt;");
        assert_eq!(hover_label(&"ä".repeat(10_000)).split("<br>").count(), 5);
    }
}
