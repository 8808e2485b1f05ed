//! What every chart shares: colours by meaning (GOV.UK palette), margins, hovers, escaping.
//!
//! Colours of text, grid and background are not here: the page gives them, by its colour mode.

use plotly::{
    Layout,
    common::{
        Anchor, ColorBar, ColorScale, ColorScaleElement, Font, Orientation, Side, ThicknessMode,
        TickMode, Title, color::Color,
    },
    layout::{Annotation, Axis, Legend, Margin, UniformText, UniformTextMode},
};
use serde::Serialize;

use super::words;
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

/// Green, yellow and red of 0 %, 50 % and 100 % failed.
const FAILURE_COLOURS: [[u8; 3]; 3] = [[0x85, 0x99, 0x4b], [0xff, 0xdd, 0x00], [0xd4, 0x35, 0x1c]];

/// 0 % green, 50 % yellow, 100 % red.
pub fn failure_scale() -> ColorScale {
    let stop = |percent| ColorScaleElement(percent / 100.0, failure_colour(percent));
    ColorScale::Vector([0.0, 50.0, 100.0].map(stop).to_vec())
}

/// The colour of a percentage on [`failure_scale`], in steps of 5 %: more is not seen.
pub fn failure_colour(percent: f64) -> String {
    let steps = (percent.clamp(0.0, 100.0) / 5.0).round();
    let (half, part) = match steps <= 10.0 {
        true => (0, steps / 10.0),
        false => (1, steps / 10.0 - 1.0),
    };
    let [from, to] = [FAILURE_COLOURS[half], FAILURE_COLOURS[half + 1]];
    let mixed = |index: usize| {
        let (from, to) = (f64::from(from[index]), f64::from(to[index]));
        (from + (to - from) * part).round() as u8
    };
    format!("#{:02x}{:02x}{:02x}", mixed(0), mixed(1), mixed(2))
}

/// The layout that every chart begins with.
pub fn layout() -> Layout {
    Layout::new()
        .auto_size(true)
        .font(Font::new().size(13))
        .margin(Margin::new().left(48).right(16).top(16).bottom(40))
}

/// The title of an axis or of a key: no larger than the rest of the text.
pub fn axis_title(text: &str) -> Title {
    Title::with_text(text).font(Font::new().size(13))
}

/// One colour per part of a pie; the crate's font takes only one for all.
#[derive(Clone, Debug, Serialize)]
struct TextColours(Vec<&'static str>);

impl Color for TextColours {}

/// The font of the text inside parts of these colours.
pub fn font_on(colours: &[&str]) -> Font {
    let texts = colours.iter().map(|colour| text_on(colour)).collect();
    Font::new().color(TextColours(texts))
}

/// Black or white, whichever is read better on a data colour.
fn text_on(colour: &str) -> &'static str {
    let channel = |at: usize| {
        let hex = colour.get(at..at + 2).unwrap_or("00");
        let value = f64::from(u8::from_str_radix(hex, 16).unwrap_or(0)) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    let luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
    // Where the contrast with black equals that with white.
    if luminance > 0.179 {
        "#0b0c0c"
    } else {
        "#ffffff"
    }
}

/// The key to [`failure_scale`]: flat, in the right upper corner, where it takes no width.
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
        .tick_text(vec!["0 %", "50 %", "100 %"])
}

/// The layout of a pie or a ring: the legend beside nothing but the text that fits in its slice.
pub fn pie_layout() -> Layout {
    layout()
        .margin(Margin::new().left(8).right(8).top(8).bottom(8))
        .legend(Legend::new().orientation(Orientation::Horizontal))
        .uniform_text(UniformText::new().mode(UniformTextMode::Hide).min_size(11))
}

/// The layout of a chart whose rows have nothing to draw: it says so instead.
pub fn nothing_to_draw(text: &str) -> Layout {
    let hidden = || Axis::new().visible(false).fixed_range(true);
    let note = Annotation::new().text(text).show_arrow(false);
    let font = Font::new().size(16);
    layout().x_axis(hidden()).y_axis(hidden()).annotations(vec![
        note.x_ref("paper").y_ref("paper").x(0.5).y(0.5).font(font),
    ])
}

/// Text from data for plotly, which reads a subset of HTML in labels and hovers.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// A label of at most `most` characters, escaped.
pub fn short_label(text: &str, most: usize) -> String {
    escape(&words::shortened(text, most))
}

/// The whole text for a hover, in lines; what no name is as long as is cut.
pub fn hover_label(text: &str) -> String {
    const LINE: usize = 80;
    const LINES: usize = 6;
    let characters: Vec<char> = text.chars().collect();
    let lines = characters.chunks(LINE).take(LINES);
    let mut lines: Vec<String> = lines
        .map(|line| escape(&line.iter().collect::<String>()))
        .collect();
    if characters.len() > LINE * LINES {
        lines.push("…".to_owned());
    }
    lines.join("<br>")
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
    fn text_on_a_data_colour_can_be_read() {
        assert_eq!(text_on(GREEN), "#ffffff");
        assert_eq!(text_on(RED), "#ffffff");
        assert_eq!(text_on(YELLOW), "#0b0c0c");
        assert_eq!(text_on(CATEGORIES[0]), "#0b0c0c");
    }

    #[test]
    fn hovers_are_whole_in_lines_and_end_somewhere() {
        assert_eq!(hover_label("a/b<c"), "a/b&lt;c");
        let two_lines = format!("{}<br>b", "a".repeat(80));
        assert_eq!(hover_label(&format!("{}b", "a".repeat(80))), two_lines);
        assert!(hover_label(&"a".repeat(10_000)).ends_with("<br>…"));
    }

    #[test]
    fn markup_in_data_stays_text() {
        assert_eq!(escape("<b>&"), "&lt;b&gt;&amp;");
        assert_eq!(short_label(&"a".repeat(10_000), 41).chars().count(), 41);
        assert_eq!(short_label("ab", 2), "ab");
    }
}
