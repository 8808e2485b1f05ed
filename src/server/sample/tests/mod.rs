//! The properties of the sample, checked on its events and facts.

mod planted;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fmt::Write as _,
    hash::{DefaultHasher, Hasher as _},
};

use super::*;
use crate::server::{
    config::Config,
    model::{BuildResult, Check, DAY_MS, HOUR_MS, RepositoryFacts, RuleFormat, SuppressionRule},
    store::Store,
};

/// Friday 2019-10-25, 17:15 UTC.
const AS_OF_MS: i64 = 1_572_023_700_000;

fn options(days: u16) -> SampleOptions {
    SampleOptions {
        seed: 1,
        days,
        scale: 1.0,
        as_of_ms: AS_OF_MS,
    }
}

/// Returns the length and hash of all events, facts and what is planted, as text.
fn fingerprint(options: &SampleOptions) -> (usize, u64) {
    let mut text = String::new();
    for event in events(options) {
        writeln!(text, "{event:?}").expect("a string takes everything");
    }
    let History { readings, reports } = history(options);
    let facts = serde_json::to_string(&readings).expect("facts are JSON") + &format!("{reports:?}");
    let truth = serde_json::to_string(&truth(options)).expect("the description is JSON");
    let mut hasher = DefaultHasher::new();
    hasher.write(text.as_bytes());
    hasher.write(facts.as_bytes());
    hasher.write(truth.as_bytes());
    (text.len() + facts.len() + truth.len(), hasher.finish())
}

/// Returns the latest event of every build.
fn builds(options: &SampleOptions) -> Vec<Event> {
    let mut latest = BTreeMap::new();
    for event in events(options) {
        latest.insert(event.build_tag.clone(), event);
    }
    latest.into_values().collect()
}

fn on_page(event: &Event) -> bool {
    let branch = event.branch.as_deref();
    branch.is_none_or(|branch| branch == "master" || branch == "main")
}

#[test]
fn same_seed_gives_the_same_bytes() {
    let first = fingerprint(&options(20));
    assert_eq!(fingerprint(&options(20)), first);
    let other_seed = SampleOptions {
        seed: 2,
        ..options(20)
    };
    assert_ne!(fingerprint(&other_seed), first);
}

#[test]
fn promotions_come_before_the_deployment_and_some_fail() {
    let mut builds: BTreeMap<Option<String>, Vec<Event>> = BTreeMap::new();
    for event in events(&options(90)).filter(on_page) {
        builds
            .entry(event.build_tag.clone())
            .or_default()
            .push(event);
    }
    let is = |event: &Event, name: &str| event.step.as_deref() == Some(name);
    let (mut promoted, mut failed) = (0, 0);
    for events in builds.values() {
        let is_promotion = |event: &Event| is(event, "prod:promotion");
        let Some(at) = events.iter().position(is_promotion) else {
            continue;
        };
        let deployed = events[at + 1..]
            .iter()
            .any(|event| is(event, "deploy:prod"));
        match events[at].result {
            BuildResult::Failure => failed += u32::from(!deployed),
            _ => promoted += u32::from(deployed),
        }
    }
    assert!(
        failed > 0 && promoted > 20 * failed,
        "{promoted} and {failed}"
    );
}

#[test]
fn every_default_project_has_pipelines_and_few_are_unowned() {
    let config = Config::built_in();
    let jobs: BTreeSet<String> = events(&options(30))
        .filter(on_page)
        .map(|event| event.job_name)
        .collect();
    let mut by_project = HashMap::new();
    for job in &jobs {
        *by_project.entry(config.project_of(job)).or_insert(0) += 1;
    }
    assert!((165..=180).contains(&jobs.len()), "{}", jobs.len());
    assert!((10..=25).contains(&by_project[&None]), "{by_project:?}");
    for project in 0..config.projects.len() {
        assert!((3..=20).contains(&by_project[&Some(project)]));
    }
    for scheme in [
        "HMCTS_CMC/",
        "HMCTS_Nightly_CMC/",
        "HMCTS_a_to_c/",
        "HMCTS_j_to_z_Nightly/",
    ] {
        assert!(jobs.iter().any(|job| job.starts_with(scheme)), "{scheme}");
    }
}

#[test]
fn names_do_not_hide_a_nightly_pipeline_among_the_others() {
    let nightly = Config::built_in().rules.nightly;
    for event in events(&options(30)) {
        let (folder, rest) = event.job_name.split_once('/').expect("a folder");
        assert!(!nightly.is_match(rest), "{folder}/{rest}");
    }
}

#[test]
fn half_a_year_has_the_expected_number_of_events_and_builds() {
    let (mut on_weekdays, mut at_weekends) = (Vec::new(), Vec::new());
    let mut by_day: BTreeMap<i64, u32> = BTreeMap::new();
    for event in events(&options(180)) {
        *by_day.entry(calendar::day_of(event.stage_ms)).or_default() += 1;
    }
    let total: u32 = by_day.values().sum();
    assert!((270_000..=310_000).contains(&total), "{total}");
    // The first and the last day are incomplete.
    let whole = by_day.len() - 1;
    for (day, count) in by_day.into_iter().take(whole).skip(1) {
        match calendar::weekday_of(day) {
            0..=4 => on_weekdays.push(count),
            _ => at_weekends.push(count),
        }
    }
    let within = |counts: &[u32], band: std::ops::RangeInclusive<u32>| {
        let outside: Vec<_> = counts
            .iter()
            .filter(|count| !band.contains(count))
            .collect();
        assert!(outside.is_empty(), "{outside:?} not in {band:?}");
    };
    within(&on_weekdays, 1400..=2700);
    within(&at_weekends, 290..=760);
    let builds = builds(&options(180)).len();
    assert!((33_000..=40_000).contains(&builds), "{builds}");
}

#[test]
fn results_have_plausible_shares() {
    let builds: Vec<Event> = builds(&options(180)).into_iter().filter(on_page).collect();
    let percent = |result| {
        let found = builds.iter().filter(|build| build.result == result);
        100.0 * found.count() as f64 / builds.len() as f64
    };
    let bands = [
        (BuildResult::Success, 73.0..83.0),
        (BuildResult::Unstable, 1.5..3.0),
        (BuildResult::Failure, 14.0..20.0),
        (BuildResult::Aborted, 0.8..2.0),
        (BuildResult::NotBuilt, 0.4..1.2),
        (BuildResult::Unknown, 0.1..0.6),
    ];
    for (result, band) in bands {
        let percent = percent(result);
        assert!(band.contains(&percent), "{result:?}: {percent}");
    }
}

#[test]
fn builds_of_other_branches_add_about_a_tenth() {
    let (page, elsewhere): (Vec<_>, Vec<_>) = events(&options(90)).partition(on_page);
    let percent = 100 * elsewhere.len() / page.len();
    assert!((5..=12).contains(&percent), "{percent}");
    let pull_request = |event: &Event| event.job_name.contains("/PR-");
    assert!(elsewhere.iter().any(pull_request));
    assert!(!elsewhere.iter().all(pull_request));
}

#[test]
fn events_are_in_order_unique_and_within_the_days() {
    let (mut ids, mut last_ms) = (HashSet::new(), i64::MIN);
    for event in events(&options(60)) {
        assert!(event.stage_ms >= last_ms);
        last_ms = event.stage_ms;
        assert!(event.stage_ms > AS_OF_MS - 60 * DAY_MS && event.stage_ms <= AS_OF_MS);
        assert!(event.received_s.is_some_and(|ts| ts * 1000 <= AS_OF_MS));
        assert!(ids.insert(event.id), "an id twice");
    }
}

#[test]
fn builds_are_running_at_any_end_of_the_sample() {
    for hours in (0..7 * 24).step_by(5) {
        let options = SampleOptions {
            as_of_ms: AS_OF_MS + i64::from(hours) * HOUR_MS + 123,
            ..options(2)
        };
        let rules = Config::built_in().rules;
        let has_ended = |build: &Event| {
            let step = build.step.as_deref();
            step.is_some_and(|step| rules.steps.is_final(step))
        };
        let silent = truth(&options).silent;
        let recent = |build: &Event| build.stage_ms > options.as_of_ms - HOUR_MS;
        let running = builds(&options).into_iter().filter(|build| {
            let good = build.result == BuildResult::Success;
            let running = good && !has_ended(build) && recent(build);
            running && on_page(build) && !silent.contains(&build.job_name)
        });
        assert!((1..=60).contains(&running.count()), "after {hours} hours");
    }
}

#[test]
fn a_build_grows_and_once_failed_stays_failed() {
    let mut latest: HashMap<Option<String>, Event> = HashMap::new();
    let mut grown = 0;
    for event in events(&options(60)) {
        if let Some(before) = latest.get(&event.build_tag) {
            assert!(event.duration_ms >= before.duration_ms);
            assert_eq!(event.scheduled_ms, before.scheduled_ms);
            assert!(!before.result.is_failed() || event.result == before.result);
            assert!(event.stage_ms > before.stage_ms);
            grown += 1;
        }
        latest.insert(event.build_tag.clone(), event);
    }
    assert!(grown > latest.len(), "{grown}");
}

#[test]
fn smoke_tests_come_before_functional_tests_of_which_few_are_short() {
    let mut smoke = HashMap::new();
    let mut by_job: HashMap<String, Vec<i64>> = HashMap::new();
    for event in events(&options(90)) {
        if event.result != BuildResult::Success {
            continue;
        }
        match event.step.as_deref() {
            Some("smoketest:aat") => {
                smoke.insert(event.build_tag, event.stage_ms);
            }
            Some("functionalTest:aat") => {
                let after_ms = event.stage_ms - smoke[&event.build_tag];
                assert!(after_ms > 0);
                by_job.entry(event.job_name).or_default().push(after_ms);
            }
            _ => {}
        }
    }
    let is_short = |tests: &&Vec<i64>| tests.iter().sum::<i64>() < 60_000 * tests.len() as i64;
    let short = by_job.values().filter(is_short).count();
    assert!((4..=12).contains(&short), "{short}");
    let tests = by_job.values().flatten();
    let long = tests.filter(|&&after_ms| after_ms > 500_000).count();
    let all: usize = by_job.values().map(Vec::len).sum();
    assert!(long * 10 > all * 7, "{long} of {all}");
}

#[test]
fn a_pipeline_that_broke_last_tuesday_is_still_red() {
    let calendar = calendar::Calendar::new(catalogue::catalogue(), AS_OF_MS, 180);
    let broke_ms = calendar.last_tuesday_ms();
    let name = &catalogue::catalogue().habits.broken_tuesday.repository;
    let of_it = |build: &Event| build.job_name.ends_with(&format!("/{name}/master"));
    let builds: Vec<Event> = builds(&options(180))
        .into_iter()
        .filter(|build| of_it(build) && !build.job_name.contains("Nightly"))
        .collect();
    let since = |build: &&Event| build.scheduled_ms.is_some_and(|at| at >= broke_ms);
    assert!(builds.iter().filter(since).count() >= 2);
    let red = |build: &Event| build.result == BuildResult::Failure;
    assert!(builds.iter().filter(since).all(red));
    assert!(!builds.iter().all(red));
}

#[test]
fn an_incident_hits_many_pipelines_at_one_step() {
    // 2019-10-16, 14:00 to 16:00.
    let from_ms = 1_571_234_400_000;
    let hit: HashSet<String> = events(&options(30))
        .filter(|event| (from_ms..from_ms + 2 * HOUR_MS).contains(&event.stage_ms))
        .filter(|event| event.result == BuildResult::Failure)
        .filter(|event| event.step.as_deref() == Some("aat deploy"))
        .map(|event| event.job_name)
        .collect();
    assert!(hit.len() >= 12, "{}", hit.len());
}

#[test]
fn scale_multiplies_pipelines_and_events() {
    let count = |scale| {
        let options = SampleOptions {
            scale,
            ..options(14)
        };
        let (mut jobs, mut total) = (HashSet::new(), 0);
        for event in events(&options) {
            total += 1;
            jobs.insert(event.job_name);
        }
        (jobs.len(), total)
    };
    let (jobs, total) = count(1.0);
    let (jobs_3, total_3) = count(3.0);
    assert!(jobs_3 > 2 * jobs && (total * 5 / 2..total * 7 / 2).contains(&total_3));
    let (jobs_half, total_half) = count(0.5);
    assert!(jobs_half < jobs && (total / 3..total * 2 / 3).contains(&total_half));
}

#[test]
fn new_job_folders_have_urls_and_old_systems_report_less() {
    for event in events(&options(14)) {
        assert_eq!(event.build_url.is_some(), event.job_name.contains("_to_"));
    }
    assert!(events(&options(14)).any(|event| event.branch.is_none()));
}

#[test]
fn facts_cover_teams_suppressions_checks_and_versions() {
    let mut history = history(&options(180));
    let (at_ms, facts) = history.readings.pop().expect("a reading");
    assert_eq!(at_ms, options(180).as_of_ms);
    assert!((110..=130).contains(&facts.len()), "{}", facts.len());
    assert!(facts.is_sorted_by(|a, b| a.repository < b.repository));
    let team = |name: &str| name.split('-').next().unwrap_or_default().to_owned();
    let teams: BTreeSet<String> = facts.iter().map(|facts| team(&facts.repository)).collect();
    assert!((22..=30).contains(&teams.len()), "{}", teams.len());

    let today = "2019-10-25";
    let mut holders: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let (mut endless, mut held, mut ended) = (0, 0, 0);
    for facts in &facts {
        for suppression in &facts.suppressions {
            match suppression.until.as_deref() {
                Some(until) if until < today => {
                    ended += 1;
                    continue;
                }
                Some(_) => held += 1,
                None => endless += 1,
            }
            let holders = holders.entry(&suppression.cve).or_default();
            holders.insert(team(&facts.repository));
        }
    }
    assert!(endless > 50 && held > 50 && ended > 20);
    let frequent = holders.values().filter(|teams| teams.len() > 2).count();
    assert!((12..=45).contains(&frequent), "{frequent}");
    let most = holders.values().map(BTreeSet::len).max();
    assert_eq!(most, Some(14));

    let javascript = || facts.iter().filter(|facts| facts.javascript);
    for check in Check::ALL {
        assert!(javascript().any(|facts| facts.checks.contains(&check)));
    }
    assert!(javascript().any(|facts| facts.checks.is_empty()));
    let versions = |version: fn(&RepositoryFacts) -> Option<&String>| {
        let versions: BTreeSet<&String> = facts.iter().filter_map(version).collect();
        versions.len()
    };
    assert!(versions(|facts| facts.node_version.as_ref()) > 10);
    assert!(versions(|facts| facts.java_version.as_ref()) >= 5);
    assert!(facts.iter().filter(|facts| facts.archived).count() >= 1);
}

#[test]
fn rules_say_the_same_as_the_suppressions_of_the_seed() {
    for (_, facts) in &history(&options(180)).readings {
        for facts in facts.iter().filter(|facts| facts.rules.is_some()) {
            let rules = facts.rules.as_deref().unwrap_or_default();
            assert_eq!(
                super::rules::suppressions(rules),
                facts.suppressions,
                "{}",
                facts.repository
            );
        }
    }
}

#[test]
fn the_history_has_every_case_of_a_debt() {
    let options = options(180);
    let dir = tempfile::tempdir().expect("a directory");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let snapshot = runtime.block_on(async {
        let config = std::sync::Arc::new(Config::built_in());
        let mut store = Store::open(dir.path(), &config).await.expect("a store");
        fill_security(&mut store, &options).await.expect("filled");
        store.load(config).await.expect("a snapshot")
    });
    let security = &snapshot.security;
    let rules = || {
        security
            .repositories
            .iter()
            .flat_map(|facts| facts.rules.iter().flatten())
    };
    let count = |is: fn(&SuppressionRule) -> bool| rules().filter(|rule| is(rule)).count();
    assert!(count(|rule| rule.notes.is_none()) > 20);
    assert!(count(|rule| rule.selectors.is_empty()) > 5);
    assert!(count(|rule| rule.selectors.iter().any(|one| one.text == "^.*$")) > 5);
    assert!(count(|rule| rule.until.as_deref() == Some("next release")) > 2);
    assert!(count(|rule| rule.cvss_below.is_some()) > 0);
    assert!(count(|rule| rule.format != RuleFormat::DependencyCheck) > 2);
    let reports = || security.reports.iter().flat_map(|series| &series.reports);
    assert!(reports().count() > 1_000 && reports().any(|report| !report.complete));
    assert!(reports().any(|report| report.findings.iter().any(|known| known.suppressed)));
    let scanners: BTreeSet<&str> = security
        .reports
        .iter()
        .map(|series| &*series.scanner)
        .collect();
    assert_eq!(scanners.len(), 3, "{scanners:?}");
    let first = security
        .histories
        .iter()
        .map(|history| &history.versions[0].1);
    let mut first = first.map(|facts| facts.as_ref().expect("facts"));
    assert!(
        first.all(|facts| facts.rules.is_none()),
        "not read at first"
    );
    let changed = security
        .histories
        .iter()
        .filter(|history| history.versions.len() > 3)
        .count();
    assert!(changed > 40, "{changed}");
}
