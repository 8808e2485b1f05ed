//! Trivy's `.trivyignore`: one id per line, with an end after `exp:`. A comment above ids, without a blank
//! line between them, is their reason.

use super::{FileRules, add_id, filled, rule, shown};
use crate::server::{model::RuleFormat, sources::file::date};

/// A line of a comment is cut to as many characters, and a longer comment takes no further line: it is copied
/// for each id below it, and facts hold less.
const MAX_COMMENT: usize = 1_000;

pub fn parse(path: &str, text: &str) -> FileRules {
    let mut found = FileRules::default();
    let mut comment = String::new();
    // A comment after ids begins a new reason.
    let mut is_open = false;
    for (line, number) in text.trim_start_matches('\u{feff}').lines().zip(1..) {
        let line = line.trim();
        if line.is_empty() {
            comment.clear();
            is_open = false;
            continue;
        }
        if let Some(more) = line.strip_prefix('#') {
            let more: String = more.chars().take(MAX_COMMENT).collect();
            if !std::mem::replace(&mut is_open, true) {
                comment.clear();
            }
            if comment.len() < MAX_COMMENT {
                if !comment.is_empty() {
                    comment.push(' ');
                }
                comment.push_str(more.trim_start_matches('#').trim());
            }
            continue;
        }
        is_open = false;
        let (entry, after) = line.split_once(" #").unwrap_or((line, ""));
        let mut words = entry.split_whitespace();
        let mut rule = rule(RuleFormat::Trivy, path, (number, number));
        add_id(&mut rule, words.next().unwrap_or_default());
        let until = words.find_map(|word| word.strip_prefix("exp:"));
        rule.until = until.and_then(filled);
        if let Some(until) = &rule.until
            && date(until).is_none()
        {
            found.fault(format!("exp:{} is not a date", shown(until)));
        }
        rule.notes = filled(after).or_else(|| filled(&comment));
        found.push(rule);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_ends_and_the_comments_above_them() {
        let text = "# Accepted by the\n# security team\nCVE-2022-40897\ncve-2023-2650 exp:2026-01-01 # until the base image\n\
                    # Another\nAVD-DS-0002\n\nprivate-key exp:soon\n# at the end\n";
        let read = parse(".trivyignore", text);
        let lines: Vec<_> = read
            .rules
            .iter()
            .map(|rule| {
                let until = rule.until.as_deref().unwrap_or("-");
                let notes = rule.notes.as_deref().unwrap_or("-");
                format!("{} {} {until} {notes}", rule.line, rule.ids.join(","))
            })
            .collect();
        assert_eq!(
            lines,
            [
                "3 CVE-2022-40897 - Accepted by the security team",
                "4 CVE-2023-2650 2026-01-01 until the base image",
                "6 AVD-DS-0002 - Another",
                "8 PRIVATE-KEY soon -",
            ]
        );
        assert_eq!(read.faults, ["exp:soon is not a date"]);
    }
}
