//! A week as Markdown, to paste into a message or a document.

use std::fmt::Write as _;

use super::{
    duration,
    week::{Number, numbers},
};
use crate::{
    api::{WeekPipeline, WeekReport},
    markup::visible,
    numbers as dates,
    server::figures::words,
};

/// Writes the content of the page of a week.
pub fn week_markdown(week: &WeekReport) -> String {
    let mut text = format!("# {}\n\n{}\n\n", plain(&week.title), plain(&week.summary));
    text.push_str("| number | this week | | change |\n| --- | --- | --- | --- |\n");
    for Number {
        label,
        value,
        note,
        change,
        ..
    } in numbers(week)
    {
        line(
            &mut text,
            &format!("| {label} | **{value}** | {note} | {change} |"),
        );
    }
    section(
        &mut text,
        "Newly red",
        week.newly_red_count,
        week.newly_red.iter().map(turned),
    );
    section(
        &mut text,
        "Fixed",
        week.fixed_count,
        week.fixed.iter().map(turned),
    );
    let slower = week.slower.iter().map(|known| {
        let (before, after) = (duration(known.before_ms), duration(known.after_ms));
        format!(
            "{}: from {before} to **{after}** since {}",
            pipeline(&known.short_name, &known.project),
            at(&known.at)
        )
    });
    section(&mut text, "What became slower", week.slower_count, slower);
    let incidents = week.incidents.iter().map(|known| {
        let failures = words::counted(known.failures, "failure", "failures");
        format!(
            "{}, from {}, {failures}",
            plain(&known.title),
            at(&known.from)
        )
    });
    section(&mut text, "Incidents", week.incident_count, incidents);
    text
}

fn section(text: &mut String, heading: &str, count: u64, items: impl Iterator<Item = String>) {
    line(
        text,
        &format!("\n## {heading}: {}\n", words::thousands(count)),
    );
    let mut shown = 0;
    for item in items {
        line(text, &format!("- {item}"));
        shown += 1;
    }
    if count > shown {
        line(
            text,
            &format!("- and {} more", words::thousands(count - shown)),
        );
    }
}

fn turned(known: &WeekPipeline) -> String {
    let name = pipeline(&known.short_name, &known.project);
    let when = match known.red_ms {
        Some(ms) => format!("{}, after {}", at(&known.at), duration(ms)),
        None => format!("since {}", at(&known.at)),
    };
    let step = known
        .step
        .as_ref()
        .map(|step| format!(", first at {}", plain(step)));
    format!("{name}: {when}{}", step.unwrap_or_default())
}

fn pipeline(short_name: &str, project: &str) -> String {
    format!("**{}** ({})", plain(short_name), plain(project))
}

fn at(instant: &str) -> String {
    plain(&dates::instant(instant))
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("memory");
}

/// Text from data on one line, without a meaning in Markdown or HTML.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in visible(text).chars() {
        match character {
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            '&' => plain.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '!' | '~' => {
                plain.push('\\');
                plain.push(character);
            }
            '\n' | '\r' => plain.push(' '),
            _ => plain.push(character),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::fragments::{testing::hostile, week::tests::week};

    #[test]
    fn a_week_is_written_as_it_is_shown() {
        let text = week_markdown(&week("a"));
        for part in [
            "# Week 42, 14–20 Oct 2019\n\na\n\n",
            "| Failure rate | **25%** | 300 of 1,200 decided builds failed | higher than in the four weeks before (20%) |\n",
            "\n## Newly red: 17\n\n- **a** (a): since 15 Oct 2019, 12:00 UTC, first at a\n- and 16 more\n",
            "- **a** (a): 15 Oct 2019, 12:00 UTC, after 3 days 4 h, first at a\n",
            "- **a** (a): from 1 min to **2 min** since 15 Oct 2019, 12:00 UTC\n",
            "- a, from 15 Oct 2019, 12:00 UTC, 12 failures\n",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }

    #[test]
    fn text_from_data_has_no_meaning() {
        let text = week_markdown(&week(&format!("{}\n# x|[a](b)", hostile())));
        assert!(
            !text.contains("<script") && !text.contains('\u{202e}'),
            "{text}"
        );
        assert!(
            text.contains("&lt;script&gt;") && text.contains(r"\# x\|\[a\](b)"),
            "{text}"
        );
        assert_eq!(
            text.lines().filter(|line| line.starts_with("# ")).count(),
            1,
            "{text}"
        );
    }
}
