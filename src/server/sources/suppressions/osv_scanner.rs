//! OSV-Scanner's `osv-scanner.toml`. As there, the case of names does not count.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::{FileRules, add_id, filled, rule, shown};
use crate::server::{
    model::{RuleFormat, Selector, SelectorKind, SuppressionRule},
    sources::{
        file::date,
        position::{Lines, toml, toml_extent, toml_scalar},
    },
};

pub fn parse(path: &str, text: &str) -> FileRules {
    let mut found = FileRules::default();
    let text = text.trim_start_matches('\u{feff}');
    let root = match toml(text) {
        Ok(root) => root,
        Err(fault) => {
            found.fault(fault);
            return found;
        }
    };
    let mut rules = Vec::new();
    for (entry, span) in tables(&root, "IgnoredVulns") {
        let mut rule = start(path, entry);
        if let Some(id) = value(entry, "id") {
            add_id(&mut rule, &id);
        }
        rule.until = value(entry, "ignoreUntil");
        rules.push((span, rule));
    }
    for (entry, span) in tables(&root, "PackageOverrides") {
        let is = |table: &DeTable<'_>| value(table, "ignore").as_deref() == Some("true");
        let vulnerability = get(entry, "vulnerability").and_then(DeValue::as_table);
        if !is(entry) && !vulnerability.is_some_and(is) {
            continue;
        }
        let mut rule = start(path, entry);
        let name = value(entry, "name");
        rule.selectors.push(Selector {
            kind: SelectorKind::Package,
            // Without a name it applies to every package.
            regex: name.is_none(),
            text: name.unwrap_or_else(|| ".*".to_owned()),
        });
        rule.until = value(entry, "effectiveUntil");
        rules.push((span, rule));
    }
    rules.sort_by_key(|(span, _)| span.start);
    let (mut first, mut last) = (Lines::new(text), Lines::new(text));
    for (span, mut rule) in rules {
        rule.line = first.at(span.start as u64);
        rule.last_line = last.at(span.end.saturating_sub(1) as u64).max(rule.line);
        if rule.ids.is_empty() && rule.selectors.is_empty() {
            found.fault(format!("line {}: an entry without an id", rule.line));
        }
        if let Some(until) = &rule.until
            && date(until).is_none()
        {
            found.fault(format!("“{}” is not a date", shown(until)));
        }
        found.push(rule);
    }
    found
}

/// Creates a rule with the reason of an entry.
fn start(path: &str, entry: &DeTable<'_>) -> SuppressionRule {
    let mut rule = rule(RuleFormat::OsvScanner, path, (0, 0));
    rule.notes = value(entry, "reason");
    rule
}

/// Returns the tables of a list, each with the bytes that it covers.
fn tables<'a, 'i>(root: &'a DeTable<'i>, name: &str) -> Vec<(&'a DeTable<'i>, Range<usize>)> {
    let list = get(root, name).and_then(DeValue::as_array);
    let entries = list.into_iter().flat_map(|list| list.iter());
    let tables = entries.filter_map(|entry| {
        let table = entry.get_ref().as_table()?;
        Some((table, toml_extent(entry.span(), table)))
    });
    tables.collect()
}

fn get<'a, 'i>(table: &'a DeTable<'i>, name: &str) -> Option<&'a DeValue<'i>> {
    let mut members = table.iter();
    let (_, value) = members.find(|(known, _)| known.get_ref().eq_ignore_ascii_case(name))?;
    Some(value.get_ref())
}

fn value(table: &DeTable<'_>, name: &str) -> Option<String> {
    filled(&toml_scalar(get(table, name)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vulnerabilities_and_packages_are_ignored() {
        let text = "# ours\n[[IgnoredVulns]]\nid = \"go-2022-0968\"\nignoreUntil = 2026-11-09\nreason = \"No ssh servers\"\n\n\
                    [[PackageOverrides]]\nname = \"lib\"\necosystem = \"Go\"\nignore = true\neffectiveUntil = 2026-11-09T00:00:00Z\n\n\
                    [[PackageOverrides]]\necosystem = \"npm\"\nvulnerability.ignore = true\n\
                    [[PackageOverrides]]\nname = \"other\"\nlicense.override = [\"MIT\"]\n\
                    [[ignoredvulns]]\nid = \"GHSA-1\"\nignoreUntil = \"soon\"\n[[IgnoredVulns]]\nreason = \"x\"\n";
        let read = parse("osv-scanner.toml", text);
        let lines: Vec<String> = read
            .rules
            .iter()
            .map(|rule| {
                let selectors: Vec<&str> =
                    rule.selectors.iter().map(|one| one.text.as_str()).collect();
                format!(
                    "{}-{} {:?} {selectors:?} {:?} {:?}",
                    rule.line, rule.last_line, rule.ids, rule.until, rule.notes
                )
            })
            .collect();
        assert_eq!(
            lines,
            [
                r#"2-5 ["GO-2022-0968"] [] Some("2026-11-09") Some("No ssh servers")"#,
                r#"7-11 [] ["lib"] Some("2026-11-09T00:00:00Z") None"#,
                r#"13-15 [] [".*"] None None"#,
            ]
        );
        assert_eq!(read.faults, ["line 22: an entry without an id"]);
    }

    #[test]
    fn a_file_that_is_no_toml_is_a_fault() {
        let read = parse("osv-scanner.toml", "[[IgnoredVulns]]\nid =");
        assert!(read.rules.is_empty());
        assert!(
            read.faults[0].starts_with("malformed TOML on line 2"),
            "{read:?}"
        );
    }
}
