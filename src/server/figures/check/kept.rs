//! A figure as the text that its snapshot keeps: each value, or a digest of it where there are many.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::api::FigureData;

/// A list of more characters than this is kept by its ends and a digest of the whole.
const MAX_CHARACTERS: usize = 200;
/// Of how many rows at most each one is kept.
const MAX_ROWS: usize = 10;

pub fn text(data: &FigureData) -> String {
    let mut text = format!(
        "title: {}\nsummary: {}\nas of: {}\nbuilds: {}\ncolumns: {}\n",
        data.title,
        data.summary,
        serde_json::to_string(&data.as_of).expect("an instant"),
        data.builds,
        data.columns
            .iter()
            .map(|column| column.id.as_str())
            .collect::<Vec<_>>()
            .join(", "),
    );
    let rows = data
        .rows
        .iter()
        .map(|row| serde_json::to_string(row).expect("a row"));
    let rows: Vec<String> = rows.collect();
    writeln!(text, "rows: {}, {}", rows.len(), digest(&rows.join("\n"))).expect("memory");
    for row in ends(&rows, MAX_ROWS) {
        writeln!(text, "  {row}").expect("memory");
    }
    let plot: Value = serde_json::from_str(data.plot.get()).expect("a plot");
    values("plot", &plot, &mut text);
    text
}

/// The values of an object, a line each with its path.
fn values(path: &str, value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                values(&format!("{path}.{name}"), value, text);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (index, item) in items.iter().enumerate() {
                values(&format!("{path}[{index}]"), item, text);
            }
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(Value::to_string).collect();
            writeln!(text, "{path}: {}", listed(&items)).expect("memory");
        }
        value => writeln!(text, "{path}: {}", value).expect("memory"),
    }
}

fn listed(items: &[String]) -> String {
    let all = items.join(", ");
    if all.len() <= MAX_CHARACTERS {
        return format!("[{all}]");
    }
    let ends = ends(items, 3).join(", ");
    format!("[{ends}] {} values, {}", items.len(), digest(&all))
}

/// All items, or the first and the last ones around an ellipsis.
fn ends(items: &[String], most: usize) -> Vec<&str> {
    let items = items.iter().map(String::as_str);
    if items.len() <= most {
        return items.collect();
    }
    let last = items.clone().next_back();
    items.take(most - 1).chain(["…"]).chain(last).collect()
}

fn digest(text: &str) -> String {
    let digest = Sha256::digest(text);
    digest[..6]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kept(value: &Value) -> String {
        let mut text = String::new();
        values("plot", value, &mut text);
        text
    }

    #[test]
    fn few_values_are_all_kept() {
        let plot =
            json!({"data": [{"y": [1, 2.5, null], "marker": {"color": ["var(--failure)"]}}]});
        assert_eq!(
            kept(&plot),
            "plot.data[0].marker.color: [\"var(--failure)\"]\nplot.data[0].y: [1, 2.5, null]\n"
        );
    }

    #[test]
    fn any_changed_value_of_many_changes_what_is_kept() {
        let heights: Vec<u32> = (0..1000).collect();
        let before = kept(&json!({ "y": heights }));
        assert!(before.len() < 100, "{before}");
        for changed in [0, 500, 999] {
            let mut heights = heights.clone();
            heights[changed] += 1;
            assert_ne!(kept(&json!({ "y": heights })), before, "{changed}");
        }
    }
}
