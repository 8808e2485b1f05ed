//! `.nsprc`: the exceptions of nsp, or the object of better-npm-audit with a reason and an end for each id.

use jiff::Timestamp;
use serde_json::Value;

use super::{FileRules, add_id, advisory_of_url, filled, rule, shown};
use crate::server::{
    model::{RuleFormat, SuppressionRule},
    sources::{
        file::date,
        position::{Lines, json_members},
    },
};

pub fn parse(path: &str, text: &str) -> FileRules {
    let mut found = FileRules::default();
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return found;
    }
    let members = match json_members(text) {
        Ok(members) => members,
        Err(error) => {
            found.fault(format!("not a JSON object on line {}", error.line()));
            return found;
        }
    };
    let mut lines = Lines::new(text);
    for (name, value) in members {
        let lines = lines.of(value);
        let value: Value = serde_json::from_str(value).unwrap_or_default();
        let rule = || rule(RuleFormat::Nsp, path, lines);
        match &value {
            Value::Array(exceptions) if name == "exceptions" => {
                for exception in exceptions.iter().filter_map(Value::as_str) {
                    let mut rule = rule();
                    let id = advisory_of_url(exception);
                    add_id(&mut rule, id.as_deref().unwrap_or(exception));
                    found.push(rule);
                }
            }
            // A reason alone.
            Value::String(reason) => {
                let mut rule = rule();
                add_id(&mut rule, &name);
                rule.notes = filled(reason);
                found.push(rule);
            }
            Value::Object(entry) if entry.get("active") != Some(&Value::Bool(false)) => {
                let mut rule = rule();
                add_id(&mut rule, &name);
                rule.notes = entry.get("notes").and_then(Value::as_str).and_then(filled);
                rule.until = entry.get("expiry").and_then(until);
                check_until(&rule, &mut found);
                found.push(rule);
            }
            _ => {}
        }
    }
    found
}

/// Returns an end as written; a number of milliseconds as its date.
fn until(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => filled(text),
        Value::Number(number) => {
            let instant = number.as_i64().map(Timestamp::from_millisecond);
            let instant = instant.and_then(Result::ok);
            Some(instant.map_or_else(|| number.to_string(), |instant| instant.to_string()))
        }
        _ => None,
    }
}

fn check_until(rule: &SuppressionRule, found: &mut FileRules) {
    if let Some(until) = &rule.until
        && date(until).is_none()
    {
        found.fault(format!("expiry “{}” is not a date", shown(until)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> (Vec<String>, Vec<String>) {
        let read = parse(".nsprc", text);
        let line = |rule: &SuppressionRule| {
            let (until, notes) = (rule.until.as_deref(), rule.notes.as_deref());
            format!(
                "{}-{} {} {} {}",
                rule.line,
                rule.last_line,
                rule.ids.join(","),
                until.unwrap_or("-"),
                notes.unwrap_or("-"),
            )
        };
        (read.rules.iter().map(line).collect(), read.faults)
    }

    #[test]
    fn both_forms_are_read() {
        let nsp = "{\n \"exceptions\": [\n  \"https://nodesecurity.io/advisories/12\", \"x\"],\n \"exclude\": []}";
        assert_eq!(lines(nsp).0, ["2-3 12 - -", "2-3 X - -"]);
        let newer = "{\n\"1337\": {\"active\": true, \"notes\": \"later\", \"expiry\": \"2026-01-01\"},\n\
                     \"GHSA-ww39-953v-wcq6\": \"not used\",\n\"3\": {\"active\": false},\n\
                     \"4\": {\n\"expiry\": 1767225600000 },\n\"5\": {\"expiry\": \"in May\"}, \"6\": 7}";
        let (rules, faults) = lines(newer);
        assert_eq!(
            rules,
            [
                "2-2 1337 2026-01-01 later",
                "3-3 GHSA-WW39-953V-WCQ6 - not used",
                "5-6 4 2026-01-01T00:00:00Z -",
                "7-7 5 in May -",
            ]
        );
        assert_eq!(faults, ["expiry “in May” is not a date"]);
        assert_eq!(lines("{}\n"), (vec![], vec![]));
        assert_eq!(lines("[]").1, ["not a JSON object on line 1"]);
    }
}
