//! The steps of a build: one for each event whose entry is a step, in order of time.

use crate::server::{
    model::{BuildResult, Rules, Step, StepDuration},
    store::row::Row,
};

/// Returns the steps of a build from its events in order of time. `started_ms` is none where no event says
/// when the build was scheduled.
pub fn steps<'a>(rows: &[&'a Row<'a>], started_ms: Option<i64>, rules: &Rules) -> Vec<Step<'a>> {
    let mut steps: Vec<Step<'a>> = Vec::new();
    let mut attempts = 0;
    // The build's result so far, which an event repeats.
    let mut so_far = BuildResult::Success;
    for (index, row) in rows.iter().enumerate() {
        let result = own_result(row.result, so_far);
        if row.result != BuildResult::Unknown {
            so_far = row.result;
        }
        let Some(name) = row.step.filter(|name| rules.is_step(name)) else {
            continue;
        };
        attempts += u8::from(rules.steps.is_first(name) && attempts < u8::MAX);
        let duration = row.details.step_duration_ms.map_or_else(
            || {
                let before_ms = began_after(name, &rows[..index], &steps, started_ms, rules)?;
                let ms = (row.stage_ms - before_ms).max(0);
                Some(StepDuration { ms, stated: false })
            },
            |ms| {
                let ms = ms.max(0);
                Some(StepDuration { ms, stated: true })
            },
        );
        steps.push(Step {
            name,
            end_ms: row.stage_ms,
            result,
            attempt: attempts.max(1),
            duration,
        });
    }
    steps
}

/// Returns the result of a step from the build's result after it and before it. A result sticks, so only a
/// worse one is the step's own.
fn own_result(after: BuildResult, before: BuildResult) -> BuildResult {
    match (severity(after), severity(before)) {
        (Some(0), _) => BuildResult::Success,
        (Some(after_severity), Some(before)) if after_severity > before => after,
        _ => BuildResult::Unknown,
    }
}

const fn severity(result: BuildResult) -> Option<u8> {
    Some(match result {
        BuildResult::Success => 0,
        BuildResult::Unstable => 1,
        BuildResult::Failure => 2,
        BuildResult::NotBuilt => 3,
        BuildResult::Aborted => 4,
        BuildResult::Unknown | BuildResult::Lost | BuildResult::Running => return None,
    })
}

/// Returns the latest instant that a step can have begun after: the previous event; for a step that runs in
/// parallel with others of its group, the end of the last step outside of the group.
fn began_after(
    name: &str,
    earlier: &[&Row<'_>],
    steps: &[Step<'_>],
    started_ms: Option<i64>,
    rules: &Rules,
) -> Option<i64> {
    let before = match rules.steps.group(name) {
        None => earlier.last().map(|row| row.stage_ms),
        group => {
            let mut outside = steps.iter().rev();
            outside
                .find(|step| rules.steps.group(step.name) != group)
                .map(|step| step.end_ms)
        }
    };
    before.or(started_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        config::Config,
        model::Event,
        store::test_events::{event, failing_at},
    };

    /// Steps as name, result, attempt and duration.
    fn read(
        events: &[Event],
        started_ms: Option<i64>,
    ) -> Vec<(String, BuildResult, u8, Option<i64>)> {
        let rows: Vec<Row<'_>> = events.iter().map(Row::new).collect();
        let rows: Vec<&Row<'_>> = rows.iter().collect();
        let steps = steps(&rows, started_ms, &Config::built_in().rules);
        let fields = |step: &Step<'_>| {
            assert!(step.duration.is_none_or(|duration| !duration.stated));
            let ms = step.duration.map(|duration| duration.ms);
            (step.name.to_owned(), step.result, step.attempt, ms)
        };
        steps.iter().map(fields).collect()
    }

    fn step(at_ms: i64, name: &str, result: BuildResult) -> Event {
        Event {
            result,
            ..failing_at(&at_ms.to_string(), at_ms, name)
        }
    }

    #[test]
    fn a_result_that_sticks_is_not_that_of_later_steps() {
        use BuildResult::{Aborted, Failure, Success, Unknown, Unstable};
        let events = [
            step(10, "build", Success),
            step(20, "test", Unstable),
            step(30, "smoketest:aat", Unstable),
            step(40, "functionalTest:aat", Failure),
            step(50, "Pipeline Failed", Failure),
            step(60, "deploy", Aborted),
            step(70, "later", Success),
            step(80, "last", Unknown),
        ];
        let results = read(&events, Some(0)).into_iter();
        let results: Vec<_> = results.map(|(name, result, ..)| (name, result)).collect();
        let expected = [
            ("build", Success),
            ("test", Unstable),
            ("smoketest:aat", Unknown),
            ("functionalTest:aat", Failure),
            ("deploy", Aborted),
            ("later", Success),
            ("last", Unknown),
        ];
        assert_eq!(
            results,
            expected.map(|(name, result)| (name.to_owned(), result))
        );
    }

    #[test]
    fn parallel_steps_are_measured_from_the_last_step_outside_of_their_group() {
        let good = |at_ms, name| step(at_ms, name, BuildResult::Success);
        let events = [
            good(100, "checkout"),
            good(300, "build"),
            good(350, "sonarscan"),
            good(400, "test"),
            good(900, "securitychecks"),
            good(1000, "Publish Helm chart"),
        ];
        let durations = |started| -> Vec<Option<i64>> {
            read(&events, started)
                .into_iter()
                .map(|(.., ms)| ms)
                .collect()
        };
        let expected = [
            Some(60),
            Some(200),
            Some(50),
            Some(100),
            Some(600),
            Some(100),
        ];
        assert_eq!(durations(Some(40)), expected);
        assert_eq!(durations(None)[0], None);
        // A clock that is behind makes no duration negative.
        assert_eq!(durations(Some(200))[0], Some(0));
    }

    #[test]
    fn a_step_of_no_group_is_measured_from_any_previous_event() {
        let events = [
            step(100, "checkout", BuildResult::Success),
            step(250, "pipelineWarning", BuildResult::Success),
            step(300, "build", BuildResult::Success),
        ];
        assert_eq!(read(&events, Some(0))[1].3, Some(50));
    }

    #[test]
    fn a_first_step_begins_an_attempt() {
        let names = ["build", "checkout", "build", "checkout", "build"];
        let events = (0..).zip(names);
        let events: Vec<Event> = events
            .map(|(at_ms, name)| step(at_ms, name, BuildResult::Success))
            .collect();
        let attempts: Vec<u8> = read(&events, None).iter().map(|step| step.2).collect();
        assert_eq!(attempts, [1, 1, 1, 2, 2]);
    }

    #[test]
    fn a_stated_duration_is_kept() {
        let stated = Event {
            step: Some("build".to_owned()),
            step_duration_ms: Some(7),
            ..event("a", 100)
        };
        let row = Row::new(&stated);
        let steps = steps(&[&row], Some(0), &Config::built_in().rules);
        let duration = StepDuration {
            ms: 7,
            stated: true,
        };
        assert_eq!(steps[0].duration, Some(duration));
    }
}
