//! The ends of builds, what breaks them, and the description of both.

use super::*;

#[test]
fn every_ended_build_has_one_final_step_and_it_is_the_last() {
    let rules = rules();
    for sample in samples() {
        let (mut ended, mut others) = (0, 0);
        let silent = &sample.truth.silent;
        let telling = |build: &&Vec<Event>| !silent.contains(&build[0].job_name);
        for build in sample.on_page().filter(telling) {
            let is_final = |event: &&Event| {
                let step = event.step.as_deref();
                step.is_some_and(|step| rules.steps.is_final(step))
            };
            let finals: Vec<&Event> = build.iter().filter(is_final).collect();
            let last = last(build);
            let Some(step) = finals.first().and_then(|event| event.step.as_deref()) else {
                others += 1;
                continue;
            };
            assert!(finals == [last], "{last:?}");
            assert!(last.node_name.is_none() && last.git_commit.is_none());
            let expected = match last.result {
                Success | Unstable | Unknown => step == "Pipeline Succeeded",
                Failure | NotBuilt => step == "Pipeline Failed",
                // Of a build that stopped itself, or that was interrupted.
                Aborted => step.starts_with("AUTO_ABORT") || step == "Pipeline Failed",
                Lost | Running => false,
            };
            assert!(expected, "{last:?}");
            ended += 1;
        }
        assert!(ended > 50 * others, "{ended} {others}");
    }
}

#[test]
fn builds_that_did_not_come_to_their_end_are_described() {
    use crate::server::sample::builds::Stop;

    let rules = rules();
    for sample in samples() {
        let truth = &sample.truth;
        assert!((3..30).contains(&truth.silent.len()), "{:?}", truth.silent);
        let mut found = BTreeSet::new();
        for build in sample.on_page() {
            let is_silent = truth.silent.contains(&build[0].job_name);
            let ended = is_ended(build, &rules);
            assert!(!(is_silent && ended), "{:?}", last(build));
            if !is_silent && !ended {
                found.insert(identity(build));
            }
        }
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        let mut described = BTreeSet::new();
        for unfinished in &truth.unfinished {
            let identity = (unfinished.pipeline.as_str(), unfinished.number);
            let builds = sample.of_pipeline(&unfinished.pipeline).into_iter();
            let mut builds = builds.filter(|build| self::identity(build) == identity);
            let last = last(builds.next().expect("a build"));
            assert_eq!(ms(&unfinished.latest_event), last.stage_ms);
            let age_ms = sample.options.as_of_ms - last.stage_ms;
            let waits = if age_ms > 330 * 60_000 {
                "LOST"
            } else {
                "RUNNING"
            };
            let expected = match unfinished.stop {
                Stop::Interrupted if last.result == Aborted => "ABORTED",
                _ if last.result == Failure && age_ms > 30 * 60_000 => "FAILURE",
                _ => waits,
            };
            assert_eq!(unfinished.result, expected, "{unfinished:?}");
            if expected != "ABORTED" {
                described.insert(identity);
            }
            *counts
                .entry(format!("{:?} {expected}", unfinished.stop))
                .or_default() += 1;
        }
        assert_eq!(found, described);
        for (kind, least) in [
            ("Running RUNNING", 1),
            ("Lost LOST", 15),
            ("TimedOut FAILURE", 15),
            ("Interrupted LOST", 15),
            ("Interrupted ABORTED", 1),
        ] {
            let count = counts.get(kind).copied().unwrap_or_default();
            assert!(count >= least, "{kind}: {counts:?}");
        }
    }
}

#[test]
fn builds_that_ran_again_repeat_their_steps_under_one_tag() {
    for sample in samples() {
        let again = |build: &&Vec<Event>| {
            let checkouts = build.iter();
            let checkouts = checkouts.filter(|event| event.step.as_deref() == Some("checkout"));
            checkouts.count() > 1
        };
        let found: BTreeSet<_> = sample
            .on_page()
            .filter(again)
            .map(|build| identity(build))
            .collect();
        let retried = sample.truth.retried.iter();
        let described = retried.map(|retried| (retried.pipeline.as_str(), retried.number));
        assert_eq!(found, described.collect());
        assert!(found.len() > 15, "{}", found.len());
    }
}

#[test]
fn results_stick() {
    for event in samples().iter().flat_map(|sample| &sample.builds) {
        assert!(event.is_sorted_by_key(|event| event.result as u8));
    }
}

#[test]
fn a_pool_fails_builds_since_last_tuesday() {
    for sample in samples() {
        let bad = &sample.truth.bad_agent;
        let since_ms = ms(&bad.since);
        let fails = |build: &Vec<Event>| bad.steps.iter().any(|step| failed_at(build, step));
        let on = |build: &&Vec<Event>| labels(build) == Some(bad.labels);
        let recent = |build: &&Vec<Event>| {
            let scheduled_ms = build[0].scheduled_ms;
            scheduled_ms.is_some_and(|at_ms| at_ms >= since_ms)
        };
        let all = || {
            sample
                .builds
                .iter()
                .filter(|build| build[0].branch.is_some())
        };
        let (there, count) = share(all().filter(on).filter(recent), fails);
        let (elsewhere, _) = share(all().filter(|build| !on(build)).filter(recent), fails);
        let (before, _) = share(all().filter(on).filter(|build| !recent(build)), fails);
        assert!(count > 80 && there > 22.0, "{there} of {count}");
        assert!(elsewhere < 4.0 && before < 4.0, "{elsewhere} {before}");
        // The failures that others would have had are not counted.
        let failed = sample.on_page().filter(on).filter(recent);
        let failed = failed.filter(|build| fails(build)).count();
        let planted = bad.failed as usize;
        assert!(
            planted > 20 && (planted..planted + 12).contains(&failed),
            "{planted} {failed}"
        );
    }
}

#[test]
fn a_release_breaks_a_step_until_the_next_one() {
    for sample in samples() {
        let bad = sample.truth.bad_release.as_ref().expect("a bad release");
        let version = |build: &[Event]| build[0].toolchain.shared_library_version.clone();
        let uses = |build: &&Vec<Event>| version(build).as_deref() == Some(&*bad.version);
        let reaches = |build: &&Vec<Event>| has_step(build, bad.step);
        let fails = |build: &Vec<Event>| failed_at(build, bad.step);
        let (with, count) = share(sample.on_page().filter(uses).filter(reaches), fails);
        let (without, _) = share(
            sample
                .on_page()
                .filter(|build| !uses(build))
                .filter(reaches),
            fails,
        );
        assert!(count > 300 && with > 5.0, "{with} of {count}");
        assert!(without < 2.0, "{without}");
        let failed = sample.on_page().filter(uses).filter(|build| fails(build));
        let (failed, planted) = (failed.count(), bad.failed as usize);
        assert!(
            planted > 20 && (planted..planted + 20).contains(&failed),
            "{planted} {failed}"
        );
        let (from_ms, lag_ms) = (ms(&bad.from), i64::from(bad.lag_hours) * HOUR_MS);
        let used = from_ms..ms(&bad.until) + lag_ms;
        for build in sample.builds.iter().filter(uses) {
            assert!(used.contains(&build[0].scheduled_ms.expect("a time")));
        }
    }
}

#[test]
fn incidents_fail_most_builds_that_come_to_a_step() {
    for sample in samples() {
        assert_eq!(sample.truth.incidents.len(), 2);
        for incident in &sample.truth.incidents {
            let within = ms(&incident.from)..ms(&incident.until);
            let comes = |build: &&Vec<Event>| {
                build.iter().any(|event| {
                    event.step.as_deref() == Some(incident.step) && within.contains(&event.stage_ms)
                })
            };
            let fails = |build: &Vec<Event>| failed_at(build, incident.step);
            let (percent, _) = share(sample.on_page().filter(comes), fails);
            assert!(percent > 75.0, "{percent}");
            let failed = sample
                .on_page()
                .filter(comes)
                .filter(|build| fails(build))
                .count();
            assert!(
                failed.abs_diff(incident.failed as usize) < 6,
                "{failed} {incident:?}"
            );
            assert!(incident.failed > 10);
        }
    }
}

#[test]
fn every_failed_or_lost_build_has_one_cause() {
    let rules = rules();
    for sample in samples() {
        let completed = |build: &Vec<Event>| is_completed(sample, build, &rules);
        let failed = sample
            .on_page()
            .filter(|build| completed(build) && last(build).result == Failure);
        let failed: BTreeSet<_> = failed.map(|build| identity(build)).collect();
        let lost = sample.truth.unfinished.iter();
        let lost = lost.filter(|build| build.result == "LOST");
        let lost: BTreeSet<_> = lost
            .map(|build| (build.pipeline.as_str(), build.number))
            .collect();
        let mut caused = BTreeSet::new();
        for known in &sample.truth.causes {
            assert_eq!(known.incident.is_some(), known.cause == "incident");
            for &number in &known.numbers {
                let build = (known.pipeline.as_str(), number);
                assert!(caused.insert(build), "two causes: {build:?}");
                assert_eq!(lost.contains(&build), known.cause == "lost", "{build:?}");
            }
        }
        assert_eq!(caused, failed.union(&lost).copied().collect());
        let causes: BTreeSet<&str> = sample
            .truth
            .causes
            .iter()
            .map(|known| known.cause)
            .collect();
        assert_eq!(causes.len(), 10, "{causes:?}");
    }
}

#[test]
fn described_reruns_are_those_of_the_events() {
    let rules = rules();
    for sample in samples() {
        let mut by_commit: BTreeMap<_, Vec<&Vec<Event>>> = BTreeMap::new();
        for build in sample.on_page() {
            let ends = is_completed(sample, build, &rules)
                && (is_good(build) || last(build).result == Failure);
            if let Some(commit) = build[0].git_commit.as_deref().filter(|_| ends) {
                let key = (build[0].job_name.as_str(), commit);
                by_commit.entry(key).or_default().push(build);
            }
        }
        by_commit.retain(|_, builds| builds.len() > 1);
        assert_eq!(by_commit.len(), sample.truth.repeated_commits as usize);
        by_commit.retain(|_, builds| builds.iter().any(|build| !is_good(build)));
        assert_eq!(by_commit.len(), sample.truth.reruns.len());
        let (mut flaky, mut again) = (0, 0);
        for rerun in &sample.truth.reruns {
            let builds = &by_commit[&(&*rerun.pipeline, &*rerun.commit)];
            let numbers = |wanted: &dyn Fn(&[Event]) -> bool| {
                let wanted = builds.iter().filter(|build| wanted(build));
                let numbers = wanted.map(|build| build[0].build_id.as_deref().expect("a number"));
                let mut numbers: Vec<u32> = numbers.map(|id| id.parse().expect("digits")).collect();
                numbers.sort_unstable();
                numbers
            };
            assert_eq!(rerun.good, numbers(&is_good));
            assert_eq!(rerun.failed, numbers(&|build| !is_good(build)));
            let is_flaky = |failed: &[Event]| {
                builds.iter().any(|good| {
                    let after_ms = last(good).stage_ms - last(failed).stage_ms;
                    is_good(good) && after_ms > 0 && after_ms <= DAY_MS
                })
            };
            assert_eq!(
                rerun.flaky,
                numbers(&|build| !is_good(build) && is_flaky(build))
            );
            flaky += rerun.flaky.len();
            again += usize::from(rerun.good.is_empty());
        }
        assert!(flaky > 150 && again > 50, "{flaky} {again}");
    }
}

#[test]
fn durations_and_failures_shift_when_described() {
    for sample in described_pipelines() {
        let truth = &sample.truth;
        assert!(truth.duration_shifts.len() >= 3 && truth.failure_shifts.len() >= 3);
        for shift in &truth.duration_shifts {
            assert!(shift.factor >= 1.3 || shift.factor <= 0.7, "{shift:?}");
            let builds = sample.of_pipeline(&shift.pipeline);
            let (before, after): (Vec<_>, Vec<_>) = builds
                .into_iter()
                .filter(|build| last(build).result == Success)
                .partition(|build| build[0].scheduled_ms < Some(ms(&shift.at)));
            let median = |builds: &[&Vec<Event>]| {
                let mut durations: Vec<_> =
                    builds.iter().map(|build| last(build).duration_ms).collect();
                durations.sort_unstable();
                durations[durations.len() / 2].expect("a duration") as f64
            };
            let factor = median(&after) / median(&before);
            assert!(
                (factor / shift.factor - 1.0).abs() < 0.12,
                "{factor} {shift:?}"
            );
        }
        for shift in &truth.failure_shifts {
            let builds = sample.of_pipeline(&shift.pipeline).into_iter();
            let (before, after): (Vec<_>, Vec<_>) =
                builds.partition(|build| build[0].scheduled_ms < Some(ms(&shift.at)));
            let fails = |builds: Vec<&Vec<Event>>| {
                let failed = builds.iter().filter(|build| last(build).result == Failure);
                100.0 * failed.count() as f64 / builds.len() as f64
            };
            let (before, after) = (fails(before), fails(after));
            let up = shift.to_percent > shift.from_percent;
            let rise = if up { after - before } else { before - after };
            assert!(rise > 12.0, "{before} {after} {shift:?}");
        }
    }
}

#[test]
fn parallel_steps_end_in_any_order_in_many_pipelines() {
    for sample in samples() {
        let parallel = sample.truth.parallel_steps;
        let rules = rules();
        let groups: BTreeSet<_> = parallel
            .iter()
            .map(|step| rules.steps.group(step))
            .collect();
        assert_eq!(groups, BTreeSet::from([Some(0)]));
        let mut orders: BTreeMap<&str, BTreeSet<bool>> = BTreeMap::new();
        let mut after_failure = 0;
        for build in sample.on_page() {
            let position = |step: &str| {
                build
                    .iter()
                    .position(|event| event.step.as_deref() == Some(step))
            };
            if let (Some(scan), Some(check)) = (position("sonarscan"), position("securitychecks")) {
                orders
                    .entry(&build[0].job_name)
                    .or_default()
                    .insert(scan < check);
            }
            let mut failed = build.iter().skip_while(|event| event.result != Failure);
            let mut in_group = || {
                let step = failed.next().and_then(|event| event.step.as_deref());
                step.is_some_and(|step| rules.steps.group(step).is_some())
            };
            after_failure += usize::from(in_group() && in_group());
        }
        let both = orders.values().filter(|orders| orders.len() == 2).count();
        assert!(
            both * 2 > orders.len() && both < orders.len(),
            "{both} of {}",
            orders.len()
        );
        assert!(after_failure > 20, "{after_failure}");
    }
}

#[test]
fn red_and_flaky_pipelines_are_described() {
    for sample in described_pipelines() {
        let names = |names: &mut dyn Iterator<Item = &String>| names.cloned().collect::<Vec<_>>();
        let red = names(&mut sample.truth.red.iter().map(|red| &red.pipeline));
        assert_eq!(red.len(), 4);
        for red in &sample.truth.red {
            let since_ms = ms(&red.since);
            let builds = sample.of_pipeline(&red.pipeline);
            let since = builds
                .iter()
                .filter(|build| build[0].scheduled_ms >= Some(since_ms));
            assert!(since.clone().count() > 1 && !since.clone().any(|build| is_good(build)));
        }
        let flaky = names(&mut sample.truth.flaky.iter().map(|flaky| &flaky.pipeline));
        assert_eq!(flaky.len(), 6);
        for name in &flaky {
            let builds = sample.of_pipeline(name).into_iter();
            let (percent, _) = share(builds, |build| last(build).result == Failure);
            assert!(percent > 22.0, "{name}: {percent}");
        }
    }
}

#[test]
fn a_short_sample_describes_only_what_is_in_it() {
    let truth = truth(&options(1));
    assert!(truth.incidents.is_empty() && truth.bad_release.is_none());
}
