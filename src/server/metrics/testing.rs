//! A strict parser of the OpenMetrics text format, independent of the encoder.

use std::collections::{BTreeMap, BTreeSet};

/// The series of a text and their values, by name and labels as written.
pub type Series = BTreeMap<String, f64>;

struct Family<'a> {
    name: &'a str,
    kind: &'a str,
}

/// Parses a text into its series. Panics at any violation of the format.
pub fn read(text: &str) -> Series {
    let lines = text.strip_suffix("# EOF\n").expect("it ends with EOF");
    let mut series = Series::new();
    let mut names = BTreeSet::new();
    let mut helped = None;
    let mut family: Option<Family<'_>> = None;
    for line in lines.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').expect("a name and words");
            assert!(
                words.len() > 1 && names.insert(name),
                "once, with words: {line}"
            );
            helped = Some(name);
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').expect("a name and a type");
            assert_eq!(helped.take(), Some(name), "after its help: {line}");
            family = Some(Family { name, kind });
        } else if let Some(unit) = line.strip_prefix("# UNIT ") {
            let (name, unit) = unit.split_once(' ').expect("a name and a unit");
            let family = family.as_ref().expect("a type before the unit");
            assert_eq!(family.name, name, "{line}");
            assert!(name.ends_with(&format!("_{unit}")), "{line}");
        } else {
            let family = family.as_ref().expect("a type before a sample");
            let (written, value) = sample(line, family);
            assert!(series.insert(written, value).is_none(), "once: {line}");
        }
    }
    check_histograms(&series);
    series
}

fn sample(line: &str, family: &Family<'_>) -> (String, f64) {
    let (written, value) = line.rsplit_once(' ').expect("a series and a value");
    let value: f64 = value.parse().expect("a number");
    let (name, labels) = written
        .split_once('{')
        .map_or((written, None), |(name, rest)| {
            let labels = rest.strip_suffix('}').expect("closed braces");
            (name, Some(labels))
        });
    assert!(
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'),
        "a name of small letters: {line}"
    );
    let suffix = name.strip_prefix(family.name).expect("its family's name");
    let suffixes: &[&str] = match family.kind {
        "counter" => &["_total"],
        "gauge" => &[""],
        "info" => &["_info"],
        "histogram" => &["_sum", "_count", "_bucket"],
        other => panic!("an unknown type: {other}"),
    };
    assert!(suffixes.contains(&suffix), "{line} of a {}", family.kind);
    assert!(family.kind == "gauge" || value >= 0.0, "{line}");
    if let Some(labels) = labels {
        check_labels(labels);
    }
    (written.to_owned(), value)
}

/// `name="value",…` with `\`, `"` and line ends escaped, no name twice.
fn check_labels(mut rest: &str) {
    let mut names = BTreeSet::new();
    loop {
        let (name, value) = rest.split_once("=\"").expect("a name and a value");
        assert!(names.insert(name), "a label twice: {name}");
        let mut escaped = false;
        let end = value.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        rest = &value[end.expect("a closed value") + 1..];
        if rest.is_empty() {
            return;
        }
        rest = rest.strip_prefix(',').expect("a comma between labels");
    }
}

/// Checks that buckets are cumulative and that the last one equals the count.
fn check_histograms(series: &Series) {
    let mut buckets: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    for (written, value) in series {
        let Some((before, rest)) = written.split_once("le=\"") else {
            continue;
        };
        let (bound, after) = rest.split_once('"').expect("a bound");
        let labels = format!("{}{}", before, after.trim_start_matches(','));
        let bound = bound.parse().expect("a bound");
        buckets.entry(labels).or_default().push((bound, *value));
    }
    for (labels, mut buckets) in buckets {
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(buckets.is_sorted_by_key(|(_, count)| *count), "{labels}");
        let count = labels
            .replace("_bucket{", "_count{")
            .replace(",}", "}")
            .replace("{}", "");
        let (last, all) = buckets.last().expect("a bucket");
        assert_eq!(
            (*last, Some(all)),
            (f64::INFINITY, series.get(&count)),
            "{count}"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn malformed_text_is_rejected() {
        let head = "# HELP a Words.\n# TYPE a counter\n";
        assert_eq!(
            read(&format!("{head}a_total{{b=\"c\\\"}},\"}} 1\n# EOF\n")).len(),
            1
        );
        for wrong in [
            format!("{head}a_total 1\n"),
            format!("{head}a 1\n# EOF\n"),
            format!("{head}a_total 1\na_total 2\n# EOF\n"),
            format!("{head}a_total -1\n# EOF\n"),
            format!("{head}a_total{{b=\"c\",b=\"d\"}} 1\n# EOF\n"),
            format!("{head}{head}# EOF\n"),
            "# TYPE a counter\na_total 1\n# EOF\n".to_owned(),
            "# HELP a Words.\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_count 1\n# EOF\n".to_owned(),
        ] {
            assert!(std::panic::catch_unwind(|| read(&wrong)).is_err(), "{wrong}");
        }
    }
}
