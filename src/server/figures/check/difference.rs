//! The differences of failures a second way: plain loops over the exported builds and steps, and sums of
//! probabilities from logarithms of factorials. And whether it finds what is planted in the sample.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde_json::Value;

use super::*;
use crate::{
    api::BuildDifference,
    server::{
        export::{self, Format},
        model::{DAY_MS, WEEKDAYS},
        views::difference,
    },
};

const DAYS: u16 = 28;

/// A sample of as many builds as a small organisation has, so that rare values are found.
async fn large_sample(seed: u64) -> Sample {
    sample_of(seed, 42, 1.0, |events| events).await
}

/// A build from the export, with the properties that are compared.
struct Exported {
    finished_ms: i64,
    pipeline: String,
    result: String,
    values: BTreeMap<&'static str, String>,
    /// Times in ms by step; that of the first step under an empty name.
    times: BTreeMap<String, i64>,
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).expect("text");
    let line = |line: &str| serde_json::from_str(line).expect("JSON");
    text.lines().map(line).collect()
}

async fn exported(sample: &Sample) -> Vec<Exported> {
    let config = &sample.snapshot.config;
    let (mut builds, mut steps) = (Vec::new(), Vec::new());
    let written = export::builds(&sample.store, config, Format::Ndjson, &mut builds).await;
    written.expect("builds are written");
    let written = export::steps(&sample.store, Format::Ndjson, &mut steps).await;
    written.expect("steps are written");
    let mut by_build: HashMap<String, Vec<Value>> = HashMap::new();
    for step in lines(&steps) {
        by_build
            .entry(step["build_tag"].to_string())
            .or_default()
            .push(step);
    }
    let mut found = Vec::new();
    for build in lines(&builds) {
        let text = |field: &str| build[field].as_str().map(str::to_owned);
        if !["master", "main"].contains(&&*text("branch_name").unwrap_or_else(|| "main".to_owned()))
        {
            continue;
        }
        let at = |value: &Value| -> i64 {
            let instant: Timestamp = value
                .as_str()
                .expect("an instant")
                .parse()
                .expect("RFC 3339");
            instant.as_millisecond()
        };
        let (started_ms, finished_ms) = (at(&build["started_at"]), at(&build["finished_at"]));
        let local = Timestamp::from_millisecond(finished_ms).expect("an instant");
        let local = local.to_zoned_datetime(config.time_zone.clone());
        let pipeline = text("job_name").expect("a name");
        let mut projects = config.projects.iter();
        let project = projects.find(|known| known.pattern.is_match(&pipeline));
        let repository = text("git_url").map_or_else(
            || pipeline.rsplit('/').nth(1).map(str::to_owned),
            |url| {
                url.rsplit('/')
                    .next()
                    .map(|name| name.trim_end_matches(".git").to_owned())
            },
        );
        let library = match (text("shared_library_name"), text("shared_library_version")) {
            (Some(name), Some(version)) => Some(format!("{name}@{version}")),
            (name, version) => name.or(version),
        };
        let weekday = WEEKDAYS[local.weekday().to_monday_zero_offset() as usize];
        let nightly = build["type"] == "nightly";
        let values = [
            ("pipeline", Some(pipeline.clone())),
            (
                "project",
                Some(project.map_or("Unowned", |known| &known.label).to_owned()),
            ),
            (
                "team",
                repository.map(|name| config.owners.team(&name).to_owned()),
            ),
            ("hour", Some(format!("{:02}", local.hour()))),
            ("weekday", Some(weekday.to_owned())),
            (
                "type",
                Some(if nightly { "Nightly" } else { "Non-nightly" }.to_owned()),
            ),
            ("agent", text("node_labels")),
            ("node", text("node_name")),
            ("library", library),
            ("product", text("product")),
            ("component", text("component")),
        ];
        let mut times: BTreeMap<String, i64> = BTreeMap::new();
        let steps = by_build
            .remove(&build["build_tag"].to_string())
            .unwrap_or_default();
        let ends = steps.iter().map(|step| at(&step["ended_at"]));
        if let Some(first) = ends.min().filter(|end| *end >= started_ms) {
            times.insert(String::new(), first - started_ms);
        }
        for step in &steps {
            if let Some(ms) = step["duration_ms"].as_i64() {
                let name = step["step"].as_str().expect("a name").to_owned();
                let longest = times.entry(name).or_default();
                *longest = ms.max(*longest);
            }
        }
        let known =
            |(id, value): (_, Option<String>)| (id, value.unwrap_or_else(|| "unknown".to_owned()));
        found.push(Exported {
            finished_ms,
            pipeline,
            result: text("result").expect("a result"),
            values: values.map(known).into(),
            times,
        });
    }
    found.sort_by_key(|build| build.finished_ms);
    found
}

/// The new failures and the good builds of the last days.
fn sets(builds: &[Exported], as_of_ms: i64) -> [Vec<&Exported>; 2] {
    let mut was_good: HashMap<&str, bool> = HashMap::new();
    let mut sets = [Vec::new(), Vec::new()];
    for build in builds {
        let is_good = ["SUCCESS", "UNSTABLE"].contains(&&*build.result);
        if ["RUNNING", "LOST"].contains(&&*build.result) {
            continue;
        }
        let before = was_good.insert(&build.pipeline, is_good);
        if build.finished_ms <= as_of_ms - i64::from(DAYS) * DAY_MS {
            continue;
        }
        if is_good {
            sets[1].push(build);
        } else if build.result == "FAILURE" && before == Some(true) {
            sets[0].push(build);
        }
    }
    sets
}

/// A line for each value that was tested: its name, counts and p value.
fn tested([a, b]: &[Vec<&Exported>; 2]) -> Vec<(String, [usize; 4], f64)> {
    let mut tested = Vec::new();
    for id in a[0].values.keys() {
        let mut counts: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
        for (set, builds) in [a, b].into_iter().enumerate() {
            for build in builds {
                counts.entry(&build.values[id]).or_default()[set] += 1;
            }
        }
        let distinct = counts.keys().filter(|value| **value != "unknown").count();
        if distinct as f64 > 0.9 * (a.len() + b.len()) as f64 {
            continue;
        }
        for (value, [in_a, in_b]) in counts {
            tested.push((format!("{id} {value}"), [in_a, a.len(), in_b, b.len()]));
        }
    }
    let names: BTreeSet<&String> = a
        .iter()
        .chain(b)
        .flat_map(|build| build.times.keys())
        .collect();
    for name in names {
        let times = |set: &Vec<&Exported>| {
            let mut times: Vec<i64> = set
                .iter()
                .filter_map(|build| build.times.get(name).copied())
                .collect();
            times.sort_unstable();
            times
        };
        let (of_a, of_b) = (times(a), times(b));
        if of_a.is_empty() || of_b.is_empty() {
            continue;
        }
        let position = 0.95 * (of_b.len() - 1) as f64;
        let (low, high) = (
            of_b[position.floor() as usize],
            of_b[position.ceil() as usize],
        );
        let limit = low as f64 + position.fract() * (high - low) as f64;
        let above = |times: &[i64]| times.iter().filter(|&&ms| ms as f64 > limit).count();
        let label = if name.is_empty() {
            "first_step".to_owned()
        } else {
            format!("step_duration Duration of {name}")
        };
        tested.push((label, [above(&of_a), of_a.len(), above(&of_b), of_b.len()]));
    }
    tested.retain(|(_, [in_a, _, in_b, _])| in_a + in_b >= 5);
    let most = a.len() + b.len();
    let mut factorial = vec![0.0; most + 1];
    for n in 1..=most {
        factorial[n] = factorial[n - 1] + (n as f64).ln();
    }
    let p = |[in_a, of_a, in_b, of_b]: [usize; 4]| {
        let choose = |n: usize, k: usize| factorial[n] - factorial[k] - factorial[n - k];
        let with = in_a + in_b;
        let of =
            |x: usize| (choose(of_a, x) + choose(of_b, with - x) - choose(of_a + of_b, with)).exp();
        let observed = of(in_a);
        let possible = with.saturating_sub(of_b)..=with.min(of_a);
        possible
            .map(of)
            .filter(|p| *p <= observed * (1.0 + 1e-7))
            .sum::<f64>()
            .min(1.0)
    };
    tested
        .into_iter()
        .map(|(name, counts)| (name, counts, p(counts)))
        .collect()
}

/// Compares the difference of failures with loops over the exports; returns the number of values that differ.
async fn compare_with_loops(sample: &Sample, seed: u64) -> usize {
    let selection = Selection::default().with_days(DAYS);
    let found = difference::of_failures(&sample.snapshot, &selection);
    let builds = exported(sample).await;
    let sets = sets(&builds, sample.snapshot.as_of_ms.expect("there are builds"));
    assert_eq!(
        [found.a.builds, found.b.builds],
        [sets[0].len() as u64, sets[1].len() as u64]
    );

    let mut tested = tested(&sets);
    assert_eq!(found.tested, tested.len() as u64, "seed {seed}");
    tested.sort_by(|(.., p), (.., other)| p.total_cmp(other));
    let tests = tested.len() as f64;
    let mut expected = BTreeMap::new();
    for (rank, (name, counts, _)) in tested.iter().enumerate() {
        let later = tested[rank..].iter().zip(rank + 1..);
        let q = later
            .map(|((.., p), rank)| p * tests / rank as f64)
            .fold(1.0, f64::min);
        if q < 0.01 {
            expected.insert(name.clone(), (*counts, q));
        }
    }
    assert_eq!(found.found as usize, expected.len(), "seed {seed}");
    let compared = expected.len();
    for value in &found.values {
        let name = match &*value.attribute {
            "first_step" => "first_step".to_owned(),
            "step_duration" => format!("step_duration {}", value.label),
            id => format!("{id} {}", value.value),
        };
        let (counts, q) = expected
            .remove(&name)
            .unwrap_or_else(|| panic!("{name}, seed {seed}"));
        let found = [value.a, value.of_a, value.b, value.of_b];
        assert_eq!(
            found,
            counts.map(|count| count as u64),
            "{name}, seed {seed}"
        );
        assert!((value.q / q - 1.0).abs() < 1e-6, "{name}: {} {q}", value.q);
    }
    let size = |value: &crate::api::DifferentValue| (value.a_percent - value.b_percent).abs();
    let sizes: Vec<f64> = found.values.iter().map(size).collect();
    assert!(sizes.windows(2).all(|pair| pair[0] >= pair[1]), "{sizes:?}");
    compared
}

/// The rank of a value, from 1.
fn rank(found: &BuildDifference, attribute: &str, value: &str) -> Option<usize> {
    let mut values = found.values.iter();
    let place = values.position(|known| known.attribute == attribute && known.value == value);
    place.map(|place| place + 1)
}

/// Checks that the bad agent and the bad release that are planted in a sample are the first differences.
fn check_planted(sample: &Sample, seed: u64) {
    let truth = crate::server::sample::truth(&sample.options);
    let failures = |query: &str| {
        let selection = Selection::parse(query).expect("a selection");
        difference::of_failures(&sample.snapshot, &selection)
    };
    // The agent is bad since the last Tuesday, and breaks several steps.
    let found = failures("days=7");
    let agent = rank(&found, "agent", truth.bad_agent.labels);
    assert_eq!(agent, Some(1), "seed {seed}: {:?}", found.values);
    // The release was in use for a week, and breaks one.
    let release = truth.bad_release.expect("a sample of weeks has it");
    let found = failures(&format!("days=14&failed_step={}", release.step));
    let library = format!("{}@{}", release.library, release.version);
    assert_eq!(
        rank(&found, "library", &library),
        Some(1),
        "seed {seed}: {:?}",
        found.values
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_difference_of_failures_agrees_with_loops_over_the_exports_and_finds_what_is_planted() {
    let mut compared = 0;
    for seed in 1..=5 {
        let sample = large_sample(seed).await;
        check_planted(&sample, seed);
        if seed <= 3 {
            compared += compare_with_loops(&sample, seed).await;
        }
    }
    assert!(compared > 5, "{compared} differences in all");
}
