//! Snyk's policy `.snyk`: one rule for each path below an ignored id.

use super::{FileRules, add_id, rule, shown, yaml};
use crate::server::{
    model::{RuleFormat, Selector, SelectorKind},
    sources::file::date,
};

pub fn parse(path: &str, text: &str) -> FileRules {
    let mut found = FileRules::default();
    let root = yaml::parse(text, &mut found);
    let ignored = root.get("ignore").map(yaml::Node::members);
    for (id, paths) in ignored.into_iter().flatten() {
        let Some(id) = id.text() else {
            continue;
        };
        for entry in paths.items().iter().flat_map(yaml::Node::members) {
            let (dependency, settings) = entry;
            let lines = (
                dependency.line,
                dependency.lines().1.max(settings.lines().1),
            );
            let mut rule = rule(RuleFormat::Snyk, path, lines);
            add_id(&mut rule, id);
            let package = dependency.text().and_then(package);
            rule.selectors.extend(package.map(|text| Selector {
                kind: SelectorKind::Package,
                text,
                regex: false,
            }));
            let text = |name| settings.get(name).and_then(yaml::Node::text);
            rule.notes = text("reason").map(str::to_owned);
            rule.until = text("expires").map(str::to_owned);
            if let Some(until) = &rule.until
                && date(until).is_none()
            {
                found.fault(format!("expires “{}” is not a date", shown(until)));
            }
            found.push(rule);
        }
    }
    found
}

/// Returns the package at the end of a path such as `mongoose > ms@2.0.0`, without its version; none if it
/// may be any.
fn package(path: &str) -> Option<String> {
    let last = path.rsplit(" > ").next()?.trim();
    // The name of a scoped package begins with the sign that precedes a version.
    let end = last.rfind('@').filter(|&end| end > 0);
    let name = &last[..end.unwrap_or(last.len())];
    (!matches!(name, "*" | "")).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::model::SuppressionRule;

    #[test]
    fn each_path_of_an_id_is_a_rule() {
        let text = "# Snyk\nversion: v1.25.0\nignore:\n  SNYK-JS-LODASH-567746:\n    - '*':\n        reason: No fix yet\n        \
                    expires: 2026-01-01T00:00:00.000Z\n        created: 2025-01-01T00:00:00.000Z\n    - a > @b/c@1.0.0:\n        \
                    reason:\n  'npm:ms:20170412':\n    - mongoose > ms:\n        expires: 'soon'\npatch: {}\n";
        let read = parse(".snyk", text);
        let line = |rule: &SuppressionRule| {
            let package = rule.selectors.first().map_or("-", |one| &one.text);
            let (until, notes) = (rule.until.as_deref(), rule.notes.as_deref());
            format!(
                "{}-{} {} {package} {} {}",
                rule.line,
                rule.last_line,
                rule.ids.join(","),
                until.unwrap_or("-"),
                notes.unwrap_or("-"),
            )
        };
        assert_eq!(
            read.rules.iter().map(line).collect::<Vec<_>>(),
            [
                "5-8 SNYK-JS-LODASH-567746 - 2026-01-01T00:00:00.000Z No fix yet",
                "9-10 SNYK-JS-LODASH-567746 @b/c - -",
                "12-13 NPM:MS:20170412 ms soon -",
            ]
        );
        assert_eq!(read.faults, ["expires “soon” is not a date"]);
    }

    #[test]
    fn a_policy_without_ignored_ids_holds_no_rules() {
        for text in ["version: v1.13.5\n", "ignore: {}\n", "ignore:\n"] {
            assert_eq!(parse(".snyk", text), FileRules::default(), "{text}");
        }
    }
}
