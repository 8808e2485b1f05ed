//! Trivy's `.trivyignore.yaml`.

use super::{FileRules, add_id, rule, shown, yaml};
use crate::server::{
    model::{RuleFormat, Selector, SelectorKind},
    sources::file::date,
};

/// The sections about security; the other one is about licences.
const SECTIONS: [&str; 3] = ["vulnerabilities", "misconfigurations", "secrets"];

pub fn parse(path: &str, text: &str) -> FileRules {
    let mut found = FileRules::default();
    let root = yaml::parse(text, &mut found);
    for section in SECTIONS {
        let entries = root.get(section).map(yaml::Node::items);
        for entry in entries.into_iter().flatten() {
            let mut rule = rule(RuleFormat::Trivy, path, entry.lines());
            let text = |name| entry.get(name).and_then(yaml::Node::text);
            let Some(id) = text("id") else {
                found.fault(format!("line {}: an entry without an id", entry.line));
                continue;
            };
            add_id(&mut rule, id);
            let lists = [
                ("paths", SelectorKind::FilePath),
                ("purls", SelectorKind::PackageUrl),
            ];
            for (name, kind) in lists {
                let texts = entry.get(name).map(yaml::Node::items);
                let texts = texts.into_iter().flatten().filter_map(yaml::Node::text);
                rule.selectors.extend(texts.map(|text| Selector {
                    kind,
                    text: text.to_owned(),
                    regex: false,
                }));
            }
            rule.until = text("expired_at").map(str::to_owned);
            if let Some(until) = &rule.until
                && date(until).is_none()
            {
                found.fault(format!("expired_at “{}” is not a date", shown(until)));
            }
            rule.notes = text("statement").map(str::to_owned);
            found.push(rule);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_have_targets_ends_and_statements() {
        let text = "# ours\nvulnerabilities:\n  - id: cve-2022-40897\n    paths:\n      - \"usr/local/a/METADATA\"\n    \
                    purls: [\"pkg:pypi/setuptools@1\"]\n    expired_at: 2026-12-01\n    statement: >\n      Accept\n      the risk\n\
                    \nmisconfigurations:\n  - id: AVD-DS-0001\n  - paths: [x]\nlicenses:\n  - id: GPL-3.0\n";
        let read = parse(".trivyignore.yaml", text);
        assert_eq!(read.rules.len(), 2);
        let first = &read.rules[0];
        assert_eq!((first.line, first.last_line), (3, 10));
        assert_eq!(first.ids, ["CVE-2022-40897"]);
        assert_eq!(first.until.as_deref(), Some("2026-12-01"));
        assert_eq!(first.notes.as_deref(), Some("Accept the risk"));
        let selectors: Vec<_> = first
            .selectors
            .iter()
            .map(|one| (one.kind, one.text.as_str()))
            .collect();
        assert_eq!(
            selectors,
            [
                (SelectorKind::FilePath, "usr/local/a/METADATA"),
                (SelectorKind::PackageUrl, "pkg:pypi/setuptools@1"),
            ]
        );
        assert_eq!((read.rules[1].line, read.rules[1].last_line), (13, 13));
        assert_eq!(read.faults, ["line 14: an entry without an id"]);
    }
}
