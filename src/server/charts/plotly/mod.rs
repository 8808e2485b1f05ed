//! Charts for plotly.js. The only module that names the plotly crate.

mod cells;
mod drawn;
mod plane;

use jiff::{Timestamp, fmt::temporal::DateTimePrinter, tz::TimeZone};
use plotly::common::{Font, Title};

pub use drawn::{Drawn, Encoded, Marks, Points};

use super::Chart;

pub fn draw(chart: &Chart, zone: &TimeZone) -> Drawn {
    match chart {
        Chart::Plane(plane) => plane::draw(plane, zone),
        Chart::Cells(cells) => cells::draw(cells),
    }
}

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

/// The title of an axis in the size of the other text.
fn axis_title(text: &str) -> Title {
    Title::with_text(text).font(Font::new().size(12))
}
