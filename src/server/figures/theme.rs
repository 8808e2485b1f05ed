//! The charts' theme: colours by meaning (GOV.UK palette), margins, hovers, escaping.
//!
//! Colours of text, grid and background are set by the page, because they depend on its colour mode.

use std::{array, sync::LazyLock};

use plotly::{
    Layout,
    common::{
        Anchor, ColorBar, ColorScale, ColorScaleElement, Font, Orientation, Pattern, PatternShape,
        Side, ThicknessMode, TickMode, Title, color::Color,
    },
    layout::{Annotation, Axis, Legend, Margin, UniformText, UniformTextMode},
};
use serde::Serialize;

use crate::server::model::BuildResult;

pub const GREEN: &str = "#00703c";
pub const RED: &str = "#d4351c";
pub const ORANGE: &str = "#f47738";
pub const YELLOW: &str = "#ffdd00";
pub const BLUE: &str = "#5694ca";
pub const PURPLE: &str = "#6f72af";
pub const GREY: &str = "#b1b4b6";
pub const DARK_GREY: &str = "#6f777b";

/// Colours without a meaning, for categories; readable on light and dark.
pub const CATEGORIES: [&str; 12] = [
    "#28a197", "#5694ca", "#f47738", "#6f72af", "#d53880", "#85994b", "#b58840", "#912b88",
    "#f499be", "#1d70b8", "#ffbf47", "#6f777b",
];

/// Characters of a name in one line of a hover.
const HOVER_LINE: usize = 42;

/// The remainder when a chart shows only the largest parts.
pub const OTHER: &str = GREY;

pub const fn result_colour(result: BuildResult) -> &'static str {
    match result {
        BuildResult::Success => GREEN,
        BuildResult::Unstable => YELLOW,
        BuildResult::Failure => RED,
        BuildResult::Aborted => ORANGE,
        BuildResult::NotBuilt => BLUE,
        BuildResult::Running => DARK_GREY,
        BuildResult::Lost | BuildResult::Unknown => GREY,
    }
}

/// The pattern over the colours of results: those of lost builds are hatched.
pub fn result_pattern(results: &[BuildResult]) -> Pattern {
    let shape = |result: &BuildResult| match result {
        BuildResult::Lost => PatternShape::RightDiagonalLine,
        _ => PatternShape::None,
    };
    let shapes = results.iter().map(shape).collect();
    // Without a mode, lines have the colour of the slice: plotly.js warns about colours of an overlay.
    Pattern::new().shape_array(shapes)
}

/// A result's label for readers.
pub const fn result_label(result: BuildResult) -> &'static str {
    match result {
        BuildResult::Success => "Success",
        BuildResult::Unstable => "Unstable",
        BuildResult::Failure => "Failure",
        BuildResult::Aborted => "Aborted",
        BuildResult::NotBuilt => "Not built",
        BuildResult::Lost => "Lost",
        BuildResult::Running => "Running",
        BuildResult::Unknown => "Unknown",
    }
}

/// Green, yellow and red for 0%, 50% and 100% failed.
const FAILURE_COLOURS: [[u8; 3]; 3] = [[0x85, 0x99, 0x4b], [0xff, 0xdd, 0x00], [0xd4, 0x35, 0x1c]];

/// Blue, purple and red, from unremarkable to remarkable. White text is readable on all mixtures.
const ATTENTION_COLOURS: [[u8; 3]; 3] =
    [[0x1d, 0x70, 0xb8], [0x6f, 0x72, 0xaf], [0xd4, 0x35, 0x1c]];

/// 0% green, 50% yellow, 100% red.
pub fn failure_scale() -> ColorScale {
    let stop = |percent| ColorScaleElement(percent / 100.0, failure_colour(percent).to_owned());
    ColorScale::Vector([0.0, 50.0, 100.0].map(stop).to_vec())
}

/// The colour of a percentage on [`failure_scale`], in steps of 5%, the smallest visible difference.
pub fn failure_colour(percent: f64) -> &'static str {
    static STEPS: LazyLock<[String; 21]> =
        LazyLock::new(|| array::from_fn(|step| mixed(&FAILURE_COLOURS, step as f64 / 20.0)));
    &STEPS[((percent / 5.0).round() as usize).min(20)]
}

/// The colours of values, from blue for the least to red for the greatest.
pub fn attention_colours(values: &[f64]) -> Vec<String> {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let range = greatest - least;
    let share = |value: f64| {
        if range > 0.0 {
            (value - least) / range
        } else {
            0.0
        }
    };
    let colour = |&value: &f64| mixed(&ATTENTION_COLOURS, share(value));
    values.iter().map(colour).collect()
}

/// Mixes the colour at a share (0 to 1) of the way from the first via the second to the third. Bars have
/// colours instead of numbers on a scale, because plotly.js 4.1 warns about each such number.
fn mixed(colours: &[[u8; 3]; 3], share: f64) -> String {
    let way = share.clamp(0.0, 1.0) * 2.0;
    let half = usize::from(way > 1.0);
    let part = way - half as f64;
    let channel = |index: usize| {
        let (from, to) = (colours[half][index], colours[half + 1][index]);
        (f64::from(from) + (f64::from(to) - f64::from(from)) * part).round() as u8
    };
    format!("#{:02x}{:02x}{:02x}", channel(0), channel(1), channel(2))
}

/// The base layout of every chart. A figure whose axes, legends or sliders need more room sets its
/// margin; otherwise plotly.js notices while drawing, and draws everything twice.
pub fn layout() -> Layout {
    Layout::new()
        .auto_size(true)
        .font(Font::new().size(13))
        .margin(Margin::new().left(48).right(16).top(16).bottom(40))
}

/// The title of an axis or a colour bar, in the size of the other text.
pub fn axis_title(text: &str) -> Title {
    Title::with_text(text).font(Font::new().size(13))
}

/// The font of the text inside slices of these colours.
pub fn font_on(colours: &[&str]) -> Font {
    Font::new().color(inks(colours.iter().copied()))
}

/// The colour bar of [`failure_scale`]: horizontal, in the upper right corner, where it takes no width.
pub fn failure_bar() -> ColorBar {
    ColorBar::new()
        .orientation(Orientation::Horizontal)
        .len_mode(ThicknessMode::Pixels)
        .len(188)
        .thickness(10)
        .outline_width(0)
        .title(axis_title("Builds that failed").side(Side::Top))
        .x(1.0)
        .x_anchor(Anchor::Right)
        .y(1.0)
        .x_pad(24.0)
        .y_anchor(Anchor::Bottom)
        .y_pad(4.0)
        .tick_mode(TickMode::Array)
        .tick_vals(vec![0.0, 50.0, 100.0])
        .tick_text(vec!["0%", "50%", "100%"])
}

/// The layout of a pie or ring: a horizontal legend; text that does not fit its slice is hidden.
pub fn pie_layout() -> Layout {
    layout()
        .margin(Margin::new().left(8).right(8).top(8).bottom(8))
        .legend(Legend::new().orientation(Orientation::Horizontal))
        .uniform_text(UniformText::new().mode(UniformTextMode::Hide).min_size(11))
}

/// The layout of a chart without anything to draw: a text instead.
pub fn nothing_to_draw(text: &str) -> Layout {
    let hidden = || Axis::new().visible(false).fixed_range(true);
    let note = Annotation::new().text(text).show_arrow(false);
    let font = Font::new().size(16);
    layout().x_axis(hidden()).y_axis(hidden()).annotations(vec![
        note.x_ref("paper").y_ref("paper").x(0.5).y(0.5).font(font),
    ])
}

/// Escapes text for plotly.js, which reads a subset of HTML in labels and hovers.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Shortens text to at most `most` characters by leaving out the middle.
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

/// An escaped label of at most `most` characters.
pub fn short_label(text: &str, most: usize) -> String {
    escape(&shorten(text, most))
}

/// An escaped name for a hover, in lines that fit a phone, because plotly.js does not wrap hovers.
/// Shortened only if extremely long.
pub fn hover_label(text: &str) -> String {
    wrap(&shorten(text, HOVER_LINE * 5), HOVER_LINE)
}

/// Escaped text in lines of at most `most` characters, broken after separators where possible.
pub fn wrap(text: &str, most: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut lines = Vec::new();
    let mut rest = characters.as_slice();
    while rest.len() > most {
        let breaks_after = |c: &char| matches!(c, '/' | '-' | '_' | '.' | ' ');
        let end = rest[..most].iter().rposition(breaks_after);
        let (line, after) = rest.split_at(end.map_or(most, |at| at + 1));
        lines.push(line);
        rest = after;
    }
    lines.push(rest);
    let escaped = |line: &[char]| escape(&line.iter().collect::<String>());
    lines
        .into_iter()
        .map(escaped)
        .collect::<Vec<_>>()
        .join("<br>")
}

/// A colour for each part of a chart, for members that take one colour or many.
#[derive(Clone, Debug, Serialize)]
pub struct Colours(Vec<&'static str>);

impl Color for Colours {}

impl FromIterator<&'static str> for Colours {
    fn from_iter<I: IntoIterator<Item = &'static str>>(colours: I) -> Self {
        Self(colours.into_iter().collect())
    }
}

/// The readable text colour for each background colour.
pub fn inks<'a>(colours: impl IntoIterator<Item = &'a str>) -> Colours {
    colours.into_iter().map(ink).collect()
}

/// Black or white, whichever has more contrast with a colour (`#rrggbb`).
pub fn ink(colour: &str) -> &'static str {
    // The luminance with equal contrasts to black and white.
    if luminance(colour) > 0.179 {
        "#000000"
    } else {
        "#ffffff"
    }
}

/// The relative luminance of WCAG 2.2, 0 to 1.
fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let hex = colour.get(at..at + 2).unwrap_or_default();
        let share = f64::from(u8::from_str_radix(hex, 16).unwrap_or_default()) / 255.0;
        if share <= 0.04045 {
            share / 12.92
        } else {
            ((share + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_goes_from_green_over_yellow_to_red() {
        assert_eq!(failure_colour(0.0), "#85994b");
        assert_eq!(failure_colour(48.0), YELLOW);
        assert_eq!(failure_colour(100.0), RED);
        assert_eq!(failure_colour(75.0), "#ea890e");
    }

    #[test]
    fn the_greatest_value_is_red_and_equals_are_blue() {
        assert_eq!(
            attention_colours(&[3.0, 7.0, 5.0]),
            ["#1d70b8", RED, PURPLE]
        );
        assert_eq!(attention_colours(&[2.0, 2.0]), ["#1d70b8", "#1d70b8"]);
    }

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

    #[test]
    fn text_is_readable_on_every_category() {
        let contrast = |a: f64, b: f64| (a.max(b) + 0.05) / (a.min(b) + 0.05);
        for (colour, ink) in CATEGORIES.into_iter().zip(inks(CATEGORIES).0) {
            let contrast = contrast(luminance(colour), luminance(ink));
            assert!(contrast >= 4.5, "{ink} on {colour}: {contrast}");
        }
    }
}
