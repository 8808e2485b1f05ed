//! `yarn-audit-known-issues`: what an earlier audit found. One JSON text per line, of `yarn audit` or of
//! `yarn npm audit` (Yarn 2 and later), or one object with all advisories.

use serde_json::Value;

use super::{FileRules, add_id, advisory_of_url, filled, rule};
use crate::server::{
    model::{RuleFormat, Selector, SelectorKind, SuppressionRule},
    sources::position::{Lines, json_members},
};

pub fn parse(path: &str, text: &str) -> FileRules {
    let mut found = FileRules::default();
    let text = text.trim_start_matches('\u{feff}');
    if let Some(advisories) = advisories(text) {
        let mut lines = Lines::new(text);
        for (id, advisory) in advisories {
            let mut rule = rule(RuleFormat::YarnAudit, path, lines.of(advisory));
            let advisory = serde_json::from_str(advisory).unwrap_or_default();
            fill(&mut rule, &advisory, &id);
            found.push(rule);
        }
        return found;
    }
    for (line, number) in text.lines().zip(1..) {
        if line.trim().is_empty() {
            continue;
        }
        let Ok(json) = serde_json::from_str::<Value>(line) else {
            found.fault(format!("line {number} is not JSON"));
            continue;
        };
        let mut rule = rule(RuleFormat::YarnAudit, path, (number, number));
        if json["type"] == "auditAdvisory" {
            let advisory = &json["data"]["advisory"];
            let id = &json["data"]["resolution"]["id"];
            fill(&mut rule, advisory, &number_or_text(id));
        } else if json["children"].is_object() {
            let issue = &json["children"];
            add_url(&mut rule, &issue["URL"]);
            if rule.ids.is_empty() {
                add_id(&mut rule, &number_or_text(&issue["ID"]));
            }
            add_package(&mut rule, &json["value"]);
        } else {
            // A summary, or a message of the tool.
            continue;
        }
        if rule.ids.is_empty() && rule.selectors.is_empty() {
            found.fault(format!("line {number} names no advisory"));
            continue;
        }
        found.push(rule);
    }
    found
}

/// Returns the advisories of a report as one object, by their number.
fn advisories(text: &str) -> Option<Vec<(String, &str)>> {
    let members = json_members(text).ok()?;
    let advisories = members.into_iter().find(|(name, _)| name == "advisories")?;
    json_members(advisories.1).ok()
}

/// Adds the ids and the package of an advisory; its number only if it has no other id.
fn fill(rule: &mut SuppressionRule, advisory: &Value, number: &str) {
    for cve in advisory["cves"].as_array().into_iter().flatten() {
        add_id(rule, cve.as_str().unwrap_or_default());
    }
    match advisory["github_advisory_id"].as_str() {
        Some(id) => add_id(rule, id),
        None => add_url(rule, &advisory["url"]),
    }
    if rule.ids.is_empty() {
        add_id(rule, number);
    }
    add_package(rule, &advisory["module_name"]);
}

fn add_url(rule: &mut SuppressionRule, url: &Value) {
    if let Some(id) = url.as_str().and_then(advisory_of_url) {
        add_id(rule, &id);
    }
}

fn add_package(rule: &mut SuppressionRule, name: &Value) {
    if let Some(text) = name.as_str().and_then(filled) {
        rule.selectors.push(Selector {
            kind: SelectorKind::Package,
            text,
            regex: false,
        });
    }
}

fn number_or_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> (Vec<String>, Vec<String>) {
        let read = parse("yarn-audit-known-issues", text);
        let line = |rule: &SuppressionRule| {
            let package = rule.selectors.first().map_or("-", |one| &one.text);
            format!(
                "{}-{} {} {package}",
                rule.line,
                rule.last_line,
                rule.ids.join(",")
            )
        };
        (read.rules.iter().map(line).collect(), read.faults)
    }

    #[test]
    fn all_three_forms_are_read() {
        let first = r#"{"type":"auditAdvisory","data":{"resolution":{"id":1065,"path":"a>lodash"},"advisory":{"module_name":"lodash","cves":["CVE-2019-10744"],"github_advisory_id":"GHSA-jf85-cpcp-j695"}}}
{"type":"auditAdvisory","data":{"resolution":{"id":28,"path":"qs"},"advisory":{"module_name":"qs","cves":[],"url":"https://npmjs.com/advisories/28"}}}
{"type":"auditSummary","data":{}}
"#;
        assert_eq!(
            lines(first),
            (
                vec![
                    "1-1 CVE-2019-10744,GHSA-JF85-CPCP-J695 lodash".to_owned(),
                    "2-2 28 qs".to_owned(),
                ],
                vec![]
            )
        );
        let tree = r#"{"value":"ip","children":{"ID":1101851,"Issue":"x","URL":"https://github.com/advisories/GHSA-2p57-rm9w-gvfp","Severity":"high"}}
{"value":"old","children":{"ID":"old (deprecation)","Issue":"x","Severity":"moderate"}}"#;
        assert_eq!(
            lines(tree).0,
            ["1-1 GHSA-2P57-RM9W-GVFP ip", "2-2 OLD (DEPRECATION) old"]
        );
        let object = "{\"actions\":[],\n\"advisories\":{\n\"1065\":{\n\"module_name\":\"lodash\"},\"9\":{}},\"muted\":[]}";
        assert_eq!(lines(object).0, ["3-4 1065 lodash", "4-4 9 -"]);
        assert_eq!(lines("{\"advisories\":{}}"), (vec![], vec![]));
    }

    #[test]
    fn a_line_that_is_no_json_is_a_fault() {
        let (rules, faults) = lines("https://example.org/x\n\n{\"value\":1,\"children\":{}}\n");
        assert!(rules.is_empty());
        assert_eq!(faults, ["line 1 is not JSON", "line 3 names no advisory"]);
    }
}
