//! Texts that give expired rules a new end, and rules without a reason a place for it.

use jiff::{Timestamp, tz::TimeZone};

use super::describe::Place;
use crate::{
    api::RuleRenewal,
    server::{
        figures::security_words::rule_name,
        model::{DAY_MS, RuleFormat, SuppressionRule},
        snapshot::RuleState,
    },
};

/// The texts that are listed.
const MAX_RENEWALS: usize = 100;
/// The days until a new end.
const DAYS: i64 = 90;
/// The place of a reason.
const REASON: &str = "Why the risk is accepted, and by whom";

/// Returns the texts for the first rules in the order of their files, and the number of all.
pub fn renewals(
    rules: &[RuleState],
    at_ms: i64,
    zone: &TimeZone,
    place: &Place<'_>,
) -> (Vec<RuleRenewal>, u64) {
    let day = Timestamp::from_millisecond(at_ms + DAYS * DAY_MS).unwrap_or_default();
    let day = day.to_zoned_datetime(zone.clone()).date().to_string();
    let wanted = rules
        .iter()
        .filter(|known| known.expired || known.no_reason);
    let texts = wanted.filter_map(|known| {
        let rule = known.rule();
        let (text, note) = text(rule, known.expired.then_some(&day), known.no_reason)?;
        Some(RuleRenewal {
            what: rule_name(rule),
            place: place.of(&rule.file, rule.line),
            text,
            note: note.to_owned(),
        })
    });
    let texts: Vec<RuleRenewal> = texts.collect();
    let count = texts.len() as u64;
    (texts.into_iter().take(MAX_RENEWALS).collect(), count)
}

/// Returns the lines of an entry and where they go; none if the format has neither ends nor reasons.
fn text(
    rule: &SuppressionRule,
    until: Option<&String>,
    has_no_reason: bool,
) -> Option<(String, &'static str)> {
    let is_yaml = rule.file.ends_with(".yaml") || rule.file.ends_with(".yml");
    let (end, reason, note): (Option<String>, String, &str) = match rule.format {
        RuleFormat::DependencyCheck => (
            until.map(|day| format!("<suppress until=\"{day}Z\">")),
            format!("<notes><![CDATA[{REASON}]]></notes>"),
            match (until, has_no_reason) {
                (Some(_), true) => {
                    "Replace the start tag, whose other attributes stay; notes are the first element after it."
                }
                (Some(_), false) => "Replace the start tag, whose other attributes stay.",
                (None, _) => "Add the notes as the first element after the start tag.",
            },
        ),
        RuleFormat::Trivy if is_yaml => (
            until.map(|day| format!("expired_at: {day}")),
            format!("statement: {REASON}"),
            "Replace or add these keys of the entry.",
        ),
        RuleFormat::Trivy => (
            until.map(|day| format!("exp:{day}")),
            format!("# {REASON}"),
            match (until, has_no_reason) {
                (Some(_), true) => {
                    "The end follows the id in its line; the comment is the line before."
                }
                (Some(_), false) => "The end follows the id in its line.",
                (None, _) => "The comment is the line before the id.",
            },
        ),
        RuleFormat::OsvScanner => {
            let key = if rule.ids.is_empty() {
                "effectiveUntil"
            } else {
                "ignoreUntil"
            };
            (
                until.map(|day| format!("{key} = {day}")),
                format!("reason = \"{REASON}\""),
                "Replace or add these keys of the entry.",
            )
        }
        RuleFormat::Snyk => (
            until.map(|day| format!("expires: {day}T00:00:00.000Z")),
            format!("reason: {REASON}"),
            "Replace or add these keys of the entry.",
        ),
        RuleFormat::YarnAudit | RuleFormat::Nsp => return None,
    };
    let reason = has_no_reason.then_some(reason);
    let lines: Vec<String> = end.into_iter().chain(reason).collect();
    Some((lines.join("\n"), note))
}
