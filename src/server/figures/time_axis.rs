//! Time axes: local time for plotly.js, the range slider and the range buttons.

use jiff::{
    Timestamp,
    civil::{Date, Time},
    fmt::temporal::DateTimePrinter,
    tz::TimeZone,
};
use plotly::{
    common::Anchor,
    layout::{Axis, AxisType, RangeSelector, RangeSlider, SelectorButton, SelectorStep, StepMode},
};

use super::rows::date_text;

/// `2019-10-25 17:15` in the organisation's time zone. plotly.js has no time zones.
pub fn local_minute(at_ms: i64, zone: &TimeZone) -> String {
    const PRINTER: DateTimePrinter = DateTimePrinter::new().separator(b' ');
    let at = Timestamp::from_millisecond(at_ms).unwrap_or_default();
    let mut text = PRINTER.datetime_to_string(&zone.to_datetime(at));
    if let Some((minute, _)) = text.rsplit_once(':') {
        text.truncate(minute.len());
    }
    text
}

/// `Fri 25 Oct 2019, 17:15` in the organisation's time zone, for sentences.
pub fn local_words(at_ms: i64, zone: &TimeZone) -> String {
    let at = Timestamp::from_millisecond(at_ms).unwrap_or_default();
    let local = at.to_zoned_datetime(zone.clone());
    local.strftime("%a %-d %b %Y, %H:%M").to_string()
}

/// A button that shows the last `count` steps before the right end of the view.
pub fn last(count: usize, step: SelectorStep, label: &str) -> SelectorButton {
    SelectorButton::new()
        .count(count)
        .step(step)
        .step_mode(StepMode::Backward)
        .label(label)
}

/// A time axis with a slider below and buttons above: `all`, then `buttons`.
pub fn sliding(buttons: Vec<SelectorButton>) -> Axis {
    let all = SelectorButton::new().step(SelectorStep::All).label("all");
    let buttons = std::iter::once(all).chain(buttons).collect();
    Axis::new()
        .type_(AxisType::Date)
        .range_slider(RangeSlider::new().visible(true).thickness(0.12))
        .range_selector(
            RangeSelector::new()
                .buttons(buttons)
                .x(0.0)
                .x_anchor(Anchor::Left)
                .y(1.02)
                .y_anchor(Anchor::Bottom),
        )
}

/// The first instant of a local date (days since 1970-01-01), in Unix ms.
pub fn start_of_day_ms(day: i32, zone: &TimeZone) -> i64 {
    let date = date_text(day).parse::<Date>().unwrap_or_default();
    let start = zone.to_ambiguous_zoned_datetime(date.to_datetime(Time::midnight()));
    start
        .compatible()
        .map_or(0, |start| start.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::{super::testing::at, *};

    #[test]
    fn axis_texts_are_local_time_without_offset() {
        let london = TimeZone::get("Europe/London").expect("a zone");
        let text = |instant| local_minute(at(instant), &london);
        assert_eq!(text("2019-10-25T17:15:00Z"), "2019-10-25 18:15");
        assert_eq!(text("2019-10-28T17:15:00Z"), "2019-10-28 17:15");
    }
}
