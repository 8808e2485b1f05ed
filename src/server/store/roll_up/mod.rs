//! The roll-up: the events of one build become one row. Pure and independent of the events' order.

mod steps;

use super::row::Row;
use crate::server::model::{Build, BuildResult, Provenance, Rules};

/// Rolls up the events of one build; needs at least one.
pub fn roll_up<'a>(rows: &[&'a Row<'a>], rules: &Rules) -> Build<'a> {
    let mut by_time = rows.to_vec();
    by_time.sort_by(|a, b| a.by_time(b));
    let earliest = by_time.first().expect("a build has at least one event");
    let latest = by_time.last().expect("a build has at least one event");
    let url = last(&by_time, |row| row.url.as_deref());
    let is_nightly = |text: &str| rules.nightly.is_match(text);
    let scheduled_ms = latest.scheduled_ms;
    Build {
        job: latest.job,
        number: last(&by_time, |row| row.number.as_deref()),
        branch: last(&by_time, |row| row.branch),
        url,
        nightly: is_nightly(latest.job) || url.is_some_and(is_nightly),
        result: latest.result,
        started_ms: scheduled_ms.unwrap_or(earliest.stage_ms),
        finished_ms: latest.stage_ms,
        duration_ms: latest.duration_ms,
        failing_step: latest
            .result
            .is_failed()
            .then(|| failing_step(&by_time, rules))
            .flatten(),
        smoke_ms: passed_ms(rows, &rules.smoke_test_step),
        functional_ms: passed_ms(rows, &rules.functional_test_step),
        events: rows.len(),
        ended: rows
            .iter()
            .any(|row| row.step.is_some_and(|step| rules.steps.is_final(step))),
        start_delay_ms: start_delay_ms(earliest),
        git_commit: last(&by_time, |row| row.details.git_commit.as_deref()),
        node: last(&by_time, |row| row.details.node.as_deref()),
        codebase: from_latest(&by_time, |row| &*row.details.codebase),
        toolchain: from_latest(&by_time, |row| &*row.details.toolchain),
        steps: steps::steps(&by_time, scheduled_ms, rules),
    }
}

/// Returns the value of the latest event that has one.
fn last<'a>(
    by_time: &[&'a Row<'a>],
    value: impl Fn(&'a Row<'a>) -> Option<&'a str>,
) -> Option<&'a str> {
    by_time.iter().rev().find_map(|row| value(row))
}

/// Returns a group of values, each from the latest event that has it.
fn from_latest<'a, T: Provenance + 'a>(
    by_time: &[&'a Row<'a>],
    values: impl Fn(&'a Row<'a>) -> &'a T,
) -> T {
    let known = by_time.iter().rev().map(|row| values(row));
    let mut known = known.filter(|values| !values.is_empty());
    let mut latest = known.next().cloned().unwrap_or_default();
    for earlier in known {
        if latest.is_complete() {
            break;
        }
        latest.complete(earlier);
    }
    latest
}

/// The duration of a build so far begins with it, so that the rest of the time since its schedule is delay.
fn start_delay_ms(earliest: &Row<'_>) -> Option<i64> {
    let since_schedule_ms = earliest.stage_ms - earliest.scheduled_ms?;
    Some((since_schedule_ms - earliest.duration_ms?).max(0))
}

/// Returns the first step that failed by itself; if there is none, the last step that counts.
fn failing_step<'a>(by_time: &[&'a Row<'a>], rules: &Rules) -> Option<&'a str> {
    let is_step = |row: &&&Row<'_>| row.step.is_some_and(|step| rules.is_step(step));
    let mut failed = by_time.iter().filter(is_step);
    failed
        .find(|row| row.result == BuildResult::Failure)
        .or_else(|| by_time.iter().rev().find(is_step))
        .and_then(|row| row.step)
}

/// Returns when a step last succeeded.
fn passed_ms(rows: &[&Row<'_>], step: &str) -> Option<i64> {
    rows.iter()
        .filter(|row| row.result == BuildResult::Success && row.step == Some(step))
        .map(|row| row.stage_ms)
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        config::Config,
        model::Event,
        store::test_events::{event, failing_at},
    };

    fn check(events: &[Event], check: impl Fn(Build<'_>)) {
        let rows: Vec<Row<'_>> = events.iter().map(Row::new).collect();
        let forwards: Vec<&Row<'_>> = rows.iter().collect();
        check(roll_up(&forwards, &Config::built_in().rules));
        let backwards: Vec<&Row<'_>> = rows.iter().rev().collect();
        check(roll_up(&backwards, &Config::built_in().rules));
    }

    fn with_result(id: &str, stage_ms: i64, result: BuildResult) -> Event {
        Event {
            result,
            ..event(id, stage_ms)
        }
    }

    #[test]
    fn counts_latest_event_by_stamp_then_ts_then_id() {
        let mut late = with_result("a", 20, BuildResult::Aborted);
        late.received_s = None;
        let mut later = with_result("b", 20, BuildResult::Failure);
        later.received_s = Some(7);
        let mut last = with_result("c", 20, BuildResult::Unstable);
        last.received_s = Some(7);
        let early = with_result("z", 10, BuildResult::Success);
        let events = [early, late, later, last];
        for (count, result) in [
            (1, BuildResult::Success),
            (2, BuildResult::Aborted),
            (3, BuildResult::Failure),
            (4, BuildResult::Unstable),
        ] {
            check(&events[..count], |build| {
                assert_eq!(build.result, result);
                assert_eq!(build.events, count);
            });
        }
    }

    #[test]
    fn starts_when_the_latest_event_was_scheduled_else_at_the_earliest_stamp() {
        let mut first = event("a", 10);
        first.scheduled_ms = Some(3);
        let last = event("b", 20);
        check(&[first.clone(), last.clone()], |build| {
            assert_eq!((build.started_ms, build.finished_ms), (10, 20));
        });
        let scheduled = Event {
            scheduled_ms: Some(5),
            ..last
        };
        check(&[first, scheduled], |build| assert_eq!(build.started_ms, 5));
    }

    #[test]
    fn duration_of_the_latest_event_stays_unknown_where_it_has_none() {
        let mut first = event("a", 10);
        first.duration_ms = Some(1000);
        check(&[first, event("b", 20)], |build| {
            assert_eq!(build.duration_ms, None);
        });
    }

    #[test]
    fn first_failing_step_skips_pipeline_failed() {
        let events = [
            event("a", 1),
            failing_at("b", 2, "Pipeline Failed"),
            failing_at("c", 3, ""),
            failing_at("d", 4, "pipelineWarning"),
            failing_at("e", 5, "test"),
            failing_at("f", 6, "deploy"),
            failing_at("g", 7, "Pipeline Failed"),
        ];
        check(&events, |build| {
            assert_eq!(build.failing_step, Some("test"));
        });
    }

    #[test]
    fn failing_step_is_the_last_step_where_no_step_failed_itself() {
        let named = |id: &str, at, step: &str| Event {
            step: Some(step.to_owned()),
            ..event(id, at)
        };
        let events = [
            named("a", 1, "build"),
            named("b", 2, "test"),
            failing_at("c", 3, "Pipeline Failed"),
        ];
        check(&events, |build| {
            assert_eq!(build.failing_step, Some("test"));
        });
        check(&events[2..], |build| assert_eq!(build.failing_step, None));
    }

    #[test]
    fn only_failed_builds_have_a_failing_step() {
        let events = [failing_at("a", 1, "test"), event("b", 2)];
        check(&events, |build| {
            assert_eq!(build.result, BuildResult::Success);
            assert_eq!(build.failing_step, None);
        });
    }

    #[test]
    fn tests_count_by_their_last_success() {
        let test = |id: &str, at, step: &str, result| Event {
            step: Some(step.to_owned()),
            ..with_result(id, at, result)
        };
        let events = [
            test("a", 1, "smoketest:aat", BuildResult::Success),
            test("b", 2, "smoketest:aat", BuildResult::Success),
            test("c", 3, "smoketest:aat", BuildResult::Failure),
            test("d", 9, "functionalTest:aat", BuildResult::Success),
        ];
        check(&events, |build| {
            assert_eq!((build.smoke_ms, build.functional_ms), (Some(2), Some(9)));
        });
    }

    #[test]
    fn branch_number_and_url_are_of_the_latest_event_that_has_them() {
        let mut first = event("a", 1);
        first.branch = Some("master".to_owned());
        first.build_url = Some("https://ci.example/nightly/1".to_owned());
        let mut last = event("b", 2);
        (last.branch, last.build_id) = (None, None);
        check(&[first, last], |build| {
            assert_eq!(build.branch, Some("master"));
            assert_eq!(build.number, Some("1"));
            assert_eq!(build.url, Some("https://ci.example/nightly/1"));
        });
    }

    #[test]
    fn nightly_is_by_job_name_or_by_url() {
        check(&[event("a", 1)], |build| assert!(!build.nightly));
        let by_name = Event {
            job_name: "HMCTS_a_to_c_Nightly/api".to_owned(),
            ..event("a", 1)
        };
        check(&[by_name], |build| assert!(build.nightly));
        let by_url = Event {
            build_url: Some("https://ci.example/NIGHTLY/api/1".to_owned()),
            ..event("a", 1)
        };
        check(&[by_url], |build| assert!(build.nightly));
    }
}
