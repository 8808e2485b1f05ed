//! Computes statistics of given numbers for `make test-proofs`, which compares them with those of other programs.
//!
//! Reads a JSON object per line and writes one for each, in the same order. `compute` is the name of a computation.

use std::io::{BufRead as _, Write as _};

use anyhow::{Context as _, Result, bail};
use rse_dashboard::server::{
    config::Config,
    insight::{
        self,
        change_points::{
            Series,
            durations::{self, DurationChange, Limits, Part},
            failure_rate::{self, RateChange},
        },
        time_to_green::{curve, reached},
    },
    sample::{self, SampleOptions},
    significance::{Interval, Rate, difference},
    statistics::{Table, fisher_exact, q_values, upper_tail},
    store::Store,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// Friday 2019-10-25, 17:15 UTC.
const AS_OF_MS: i64 = 1_572_023_700_000;

#[derive(Deserialize)]
#[serde(tag = "compute", rename_all = "snake_case", deny_unknown_fields)]
enum Case {
    /// Change points of durations.
    DurationChanges {
        values: Vec<f64>,
        window: usize,
        max_p: f64,
        min_magnitude: f64,
        /// The least number of values between changes that last; none for all changes.
        lasting: Option<usize>,
    },
    /// Change points of results; true is a failure.
    RateChanges { failed: Vec<bool> },
    /// The survival curve of episodes: for each its length, and whether it closed.
    TimeToGreen { times: Vec<(i64, bool)> },
    /// The interval of a rate.
    Wilson { part: u64, whole: u64 },
    /// The interval of a difference of two rates, as part and whole.
    Newcombe { a: (u64, u64), b: (u64, u64) },
    /// The probability of at least so many successes of so many trials.
    BinomialTail { least: u64, trials: u64, p: f64 },
    /// Two-sided p value of a table of two rows.
    Fisher { table: [[u64; 2]; 2] },
    /// q values of p values.
    FalseDiscovery { p_values: Vec<f64> },
    /// The durations and results of the pipelines of a sample, and what is planted in it.
    Sample { seed: u64, scale: f64 },
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut output = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let case = serde_json::from_str(&line).with_context(|| format!("not a case: {line}"))?;
        writeln!(output, "{}", computed(case).await?)?;
    }
    Ok(())
}

async fn computed(case: Case) -> Result<Value> {
    Ok(match case {
        Case::DurationChanges {
            values,
            window,
            max_p,
            min_magnitude,
            lasting,
        } => {
            let limits = Limits {
                window,
                max_p,
                min_magnitude,
            };
            let mut finder = durations::Finder::new(limits);
            let found = match lasting {
                Some(least) => finder.lasting(&values, least),
                None => finder.find(&values),
            };
            found.iter().map(duration_change).collect()
        }
        Case::RateChanges { failed } => {
            let found = failure_rate::Finder::new(failed.len()).find(&failed);
            found.iter().map(rate_change).collect()
        }
        Case::TimeToGreen { mut times } => {
            let curve = curve(&mut times);
            let steps = curve.iter().map(|step| (step.time_ms, step.still_red));
            json!({
                "curve": steps.collect::<Vec<_>>(),
                "median": reached(curve.iter().copied(), 0.5),
                "p90": reached(curve.iter().copied(), 0.1),
            })
        }
        Case::Wilson { part, whole } => interval(Rate { part, whole }.interval()),
        Case::Newcombe { a, b } => {
            let rate = |(part, whole)| Rate { part, whole };
            interval(difference(rate(a), rate(b)))
        }
        Case::BinomialTail { least, trials, p } => json!(upper_tail(least, trials, p)),
        Case::Fisher {
            table: [first, second],
        } => json!(fisher_exact(Table { first, second })),
        Case::FalseDiscovery { p_values } => json!(q_values(&p_values)),
        Case::Sample { seed, scale } => sampled(seed, scale).await?,
    })
}

fn duration_change(change: &DurationChange) -> Value {
    let part = |part: &Part| {
        json!({
            "start": part.values.start,
            "end": part.values.end,
            "mean": part.mean,
            "deviation": part.deviation,
        })
    };
    json!({
        "index": change.index,
        "p": change.p,
        "before": part(&change.before),
        "after": part(&change.after),
    })
}

fn rate_change(change: &RateChange) -> Value {
    json!({
        "index": change.index,
        "gain": change.gain,
        "first": change.first,
        "last": change.last,
        "failed": [change.before.failed, change.after.failed],
    })
}

fn interval(interval: Option<Interval>) -> Value {
    interval.map_or(Value::Null, |known| json!([known.low, known.high]))
}

async fn sampled(seed: u64, scale: f64) -> Result<Value> {
    let directory = tempfile::tempdir()?;
    let config = Config::built_in();
    let mut store = Store::open(directory.path(), &config).await?;
    let options = SampleOptions {
        seed,
        days: 180,
        scale,
        as_of_ms: AS_OF_MS,
    };
    let events: Vec<_> = sample::events(&options).collect();
    for batch in events.chunks(10_000) {
        store.ingest(batch).await?;
    }
    let most = config.insight.change_point_builds as usize;
    let snapshot = insight::load(&store, config.into()).await?;
    if snapshot.builds.is_empty() {
        bail!("the sample has no builds");
    }
    let series = Series::of(&snapshot, most);
    let finished = |rows: &[u32]| {
        let finished = rows
            .iter()
            .map(|&row| snapshot.builds.finished_ms[row as usize]);
        finished.collect::<Vec<i64>>()
    };
    let pipelines = snapshot.pipelines.iter().zip(&series);
    let pipelines = pipelines.map(|(pipeline, series)| {
        json!({
            "name": pipeline.name,
            "durations": series.durations(&snapshot),
            "timed_ms": finished(&series.timed),
            "failed": series.failures(&snapshot),
            "decided_ms": finished(&series.decided),
        })
    });
    let pipelines: Value = pipelines.collect();
    Ok(json!({ "pipelines": pipelines, "truth": sample::truth(&options) }))
}
