//! Words that the sentences of several figures share.

use jiff::{Timestamp, tz::TimeZone};

use super::{Context, rows, theme};

pub use crate::numbers::{counted, thousands};

/// An instant in RFC 3339, or nothing.
pub fn instant(at_ms: Option<i64>) -> String {
    at_ms.map_or_else(String::new, rows::instant_text)
}

/// `22 Oct 2019, 14:05 BST`, in the organisation's zone.
pub fn local_instant(zone: &TimeZone, at_ms: i64) -> String {
    let at = Timestamp::from_millisecond(at_ms).unwrap_or_default();
    let local = at.to_zoned_datetime(zone.clone());
    local.strftime("%-d %b %Y, %H:%M %Z").to_string()
}

/// A percentage as a sentence has it: `14 %`, `0.4 %`.
pub fn percent(percent: f64) -> String {
    if percent > 0.0 && percent < 1.0 || percent > 99.0 && percent < 100.0 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    }
}

/// `in the last 14 days`, `in the last day`.
pub fn window(days: u16) -> String {
    if days == 1 {
        "in the last day".to_owned()
    } else {
        format!("in the last {days} days")
    }
}

/// ` of nightly CMC pipelines`, or nothing where the filter leaves everything.
pub fn scope(context: &Context<'_>) -> String {
    use crate::filter::BuildType;

    let kind = match context.filter.build_type {
        BuildType::All => "",
        BuildType::Nightly => "nightly ",
        BuildType::NonNightly => "non-nightly ",
    };
    match context.project {
        Some(project) => format!(" of {kind}{project} pipelines"),
        None if kind.is_empty() => String::new(),
        None => format!(" of {kind}pipelines"),
    }
}

/// A local hour for readers: `09:00–10:00`.
pub fn hour(hour: u64) -> String {
    format!("{hour:02}:00–{:02}:00", hour + 1)
}

/// A name from data in a sentence: whole, unless it is as long as no name is.
pub fn name(text: &str) -> String {
    theme::shorten(text, 100)
}

/// The sentence of a figure that rests on no builds.
pub fn no_builds(context: &Context<'_>, days: u16) -> String {
    if context.as_of_ms.is_none() {
        return "There are no build events yet; import some, or make sample data.".to_owned();
    }
    format!("No builds{} finished {}.", scope(context), window(days))
}

/// The sentence of a figure that rests on no repositories; `reason` where there are facts.
pub fn no_facts(context: &Context<'_>, reason: String) -> String {
    if context.as_of_ms.is_none() {
        return "There are no security facts yet; import some, or make sample data.".to_owned();
    }
    reason
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(percent(14.4), "14 %");
        assert_eq!(percent(0.44), "0.4 %");
        assert_eq!(counted(1, "build", "builds"), "1 build");
    }
}
