//! One build: what the store and the snapshot know of it, and the builds around it.

use anyhow::Result;
use foldhash::{HashSet, HashSetExt as _};

use super::build_list::summaries;
use crate::{
    api::{BuildDetails, BuildStep, BuildSummary, ExternalAddress, RelatedBuilds, View},
    error::AppError,
    selection::Selection,
    server::{
        attributes::{repository_of, select},
        config::UNOWNED,
        figures::words,
        model::{Build, DAY_MS, DEFAULT_SYSTEM, HOUR_MS, Step, System, split_step},
        snapshot::{Class, Pipeline, Snapshot, UNKNOWN_DURATION, commit_number},
        store::{StoredBuild, WantedBuild},
    },
};

/// The parameters of a build's address.
pub const PARAMETERS: [&str; 4] = ["name", "number", "system", "tag"];
/// The most steps that are listed.
const MAX_STEPS: usize = 500;
/// The most other builds that are listed beside a count.
const MAX_OTHERS: usize = 10;
/// Failures at the same step are near if they are at most so far apart.
const NEAR_MS: i64 = HOUR_MS;
const LATEST_EVENT: &str = "the result of the latest event";

/// Reads the address of a build.
///
/// # Errors
/// [`AppError::UnknownBuild`] if it names none.
pub fn wanted(view: &View, keep_months: u16) -> Result<WantedBuild, AppError> {
    let text = |name: &str| view.get(name).unwrap_or_default().to_owned();
    let system = view.get("system").unwrap_or(DEFAULT_SYSTEM);
    let (tag, name, number) = (text("tag"), text("name"), text("number"));
    let unknown = || {
        let id = match (&*tag, &*name) {
            ("", name) => format!("{name} #{number}"),
            (tag, _) => tag.to_owned(),
        };
        AppError::unknown_build(&id, keep_months)
    };
    let system = System::new(system).map_err(|_| unknown())?;
    if !tag.is_empty() {
        Ok(WantedBuild::Tag(system, tag))
    } else if !name.is_empty() {
        Ok(WantedBuild::Number(system, name, number))
    } else {
        Err(unknown())
    }
}

/// Returns the error of a build that is not known.
pub fn unknown(wanted: &WantedBuild, keep_months: u16) -> AppError {
    match wanted {
        WantedBuild::Tag(_, tag) => AppError::unknown_build(tag, keep_months),
        WantedBuild::Number(_, name, number) => {
            AppError::unknown_build(&format!("{name} #{number}"), keep_months)
        }
        WantedBuild::Ordinal(ordinal) => AppError::unknown_build(&ordinal.to_string(), keep_months),
    }
}

/// Returns the row of a build with this number in its pipeline, the latest if there are several.
pub fn row_of(snapshot: &Snapshot, system: &System, name: &str, number: &str) -> Option<usize> {
    let pipeline = pipeline_of(snapshot, system, name)?;
    let builds = &snapshot.builds;
    let of_pipeline = (0..builds.len()).rev();
    let mut of_pipeline = of_pipeline.filter(|&build| builds.pipeline[build] == pipeline);
    of_pipeline.find(|&build| builds.build_id.get(build) == number)
}

/// Returns the number of a pipeline.
pub fn pipeline_of(snapshot: &Snapshot, system: &System, name: &str) -> Option<u32> {
    let key = |pipeline: &Pipeline| {
        (&*pipeline.name, pipeline.system.as_str()).cmp(&(name, system.as_str()))
    };
    let found = snapshot.pipelines.binary_search_by(key).ok()?;
    u32::try_from(found).ok()
}

/// Returns the row of a build by its number in the store.
pub fn row_of_stored(snapshot: &Snapshot, stored: u32) -> Option<usize> {
    snapshot
        .builds
        .stored
        .iter()
        .position(|&known| known == stored)
}

/// Returns whether the store still holds the build of a row under its number.
pub fn is_same(snapshot: &Snapshot, row: usize, stored: &StoredBuild) -> Result<bool> {
    let pipeline = &snapshot.pipelines[snapshot.builds.pipeline[row] as usize];
    let same_system = stored.key()?.system == pipeline.system;
    Ok(same_system && stored.build()?.job == &*pipeline.name)
}

/// Describes a build by its row in the snapshot, which builds of other branches do not have, and by what the store
/// holds, if it could be read. One of the two is there.
///
/// # Errors
/// The store is damaged, or neither is there.
pub fn details(
    snapshot: &Snapshot,
    row: Option<usize>,
    stored: Option<&StoredBuild>,
) -> Result<BuildDetails> {
    let (before, after) = row.map_or((None, None), |row| neighbours(snapshot, row));
    let commit = stored.map(StoredBuild::build).transpose()?;
    let commit = match commit.as_ref().and_then(|build| build.git_commit) {
        Some(commit) => Some(commit.to_owned()),
        None => row.and_then(|row| commit_text(snapshot, row)),
    };
    let same_commit = commit.and_then(|commit| same_commit(snapshot, &commit, row));
    let same_failure = row.and_then(|row| same_failure(snapshot, row));
    // All at once: reading the attributes of a snapshot takes longer than their values of a few builds.
    let around = [row, before, after].into_iter().flatten();
    let others = [&same_commit, &same_failure].into_iter().flatten();
    let others = others.flat_map(|found| found.others.iter().copied());
    let wanted: Vec<usize> = around.chain(others).collect();
    let mut listed = summaries(snapshot, &wanted).into_iter();
    let mut next = |row: Option<usize>| row.and_then(|_| listed.next());
    let (own, before, after) = (next(row), next(before), next(after));
    let mut related = |found: Option<Found>| {
        found.map(|found| RelatedBuilds {
            others: listed.by_ref().take(found.others.len()).collect(),
            ..found.related
        })
    };
    let mut details = BuildDetails {
        complete: stored.is_some(),
        evidence: LATEST_EVENT.to_owned(),
        before,
        after,
        same_commit: related(same_commit),
        same_failure: related(same_failure),
        as_of: words::instant(snapshot.as_of_ms),
        version: snapshot.version.to_string(),
        ..BuildDetails::default()
    };
    if let Some(row) = row {
        of_row(&mut details, snapshot, row);
    }
    match stored {
        Some(stored) => {
            let build = stored.build()?;
            let key = stored.key()?;
            details.build = own.unwrap_or_else(|| summary(snapshot, &key.system, key.tag, &build));
            details.tag = key.tag.map(str::to_owned);
            of_stored(&mut details, snapshot, &build);
        }
        None => details.build = own.unwrap_or_default(),
    }
    Ok(details)
}

/// The first digits of a build's commit.
fn commit_text(snapshot: &Snapshot, row: usize) -> Option<String> {
    let commit = snapshot.builds.commit[row];
    (commit != 0).then(|| format!("{commit:016x}"))
}

/// Adds what the snapshot knows beside the summary.
fn of_row(details: &mut BuildDetails, snapshot: &Snapshot, row: usize) {
    let builds = &snapshot.builds;
    let delay_ms = builds.start_delay_ms[row];
    details.start_delay_ms = (delay_ms != UNKNOWN_DURATION).then(|| delay_ms.into());
    if let Some(evidence) = snapshot.evidence(row) {
        details.evidence = evidence.words().to_owned();
    }
    let class = snapshot.insight.classes.get(row).copied();
    let class = class.filter(|&class| class != Class::None);
    details.class_rule = class.map(|class| class.words().to_owned());
    let codebase = snapshot.codebases.get(builds.codebase[row] as usize);
    let git_url = codebase.and_then(|known| known.git_url.as_deref());
    details.repository_address = git_url.map(|url| address(snapshot, url));
    let started_ms = builds.started_ms[row];
    let steps = builds.steps.of(row).map(|step| {
        let name = snapshot.steps.get(usize::from(step.name));
        let step = Step {
            name: name.map_or("", |name| name),
            end_ms: started_ms + i64::from(step.end_ms),
            result: step.result,
            attempt: step.attempt,
            duration: step.duration,
        };
        self::step(&step, started_ms)
    });
    details.steps = steps.collect();
    details.step_count = details.steps.len() as u64;
    details.steps.truncate(MAX_STEPS);
}

/// Adds what only the store knows.
fn of_stored(details: &mut BuildDetails, snapshot: &Snapshot, build: &Build<'_>) {
    details.branch = build.branch.map(str::to_owned);
    details.commit = build.git_commit.map(str::to_owned);
    details.start_delay_ms = build.start_delay_ms.and_then(|ms| u64::try_from(ms).ok());
    details.build_address = build.url.map(|url| address(snapshot, url));
    let git_url = build.codebase.git_url.as_deref();
    details.repository_address = git_url.map(|url| address(snapshot, url));
    let links = &snapshot.config.links;
    details.commit_address = git_url
        .zip(build.git_commit)
        .map(|(url, commit)| ExternalAddress {
            text: commit.to_owned(),
            href: links.commit(url, commit),
        });
    let steps = build.steps.iter().take(MAX_STEPS);
    details.steps = steps
        .map(|step| self::step(step, build.started_ms))
        .collect();
    details.step_count = build.steps.len() as u64;
}

pub fn address(snapshot: &Snapshot, text: &str) -> ExternalAddress {
    ExternalAddress {
        text: text.to_owned(),
        href: snapshot.config.links.href(text),
    }
}

fn step(step: &Step<'_>, started_ms: i64) -> BuildStep {
    let duration = step.duration;
    BuildStep {
        name: step.name.to_owned(),
        environment: split_step(step.name).1.map(str::to_owned),
        result: step.result.as_str().to_owned(),
        attempt: step.attempt,
        ended_at: words::instant(Some(step.end_ms)),
        ended_after_ms: step.end_ms - started_ms,
        duration_ms: duration.and_then(|duration| u64::try_from(duration.ms).ok()),
        at_most: duration.is_some_and(|duration| !duration.stated),
    }
}

/// A build that is not in the snapshot in short.
fn summary(
    snapshot: &Snapshot,
    system: &System,
    tag: Option<&str>,
    build: &Build<'_>,
) -> BuildSummary {
    let config = &snapshot.config;
    let project = config.project_of(build.job);
    let of_address = build.codebase.git_url.as_deref().and_then(repository_of);
    let repository = of_address.or_else(|| build.job.rsplit('/').nth(1));
    let tools = &build.toolchain;
    let library = (
        tools.shared_library_name.as_deref(),
        tools.shared_library_version.as_deref(),
    );
    let owned = |text: &Option<String>| text.clone();
    BuildSummary {
        system: system.as_str().to_owned(),
        name: build.job.to_owned(),
        pipeline: build.job.to_owned(),
        short_name: pipeline_of(snapshot, system, build.job).map_or_else(
            || build.job.to_owned(),
            |pipeline| snapshot.pipelines[pipeline as usize].short.to_string(),
        ),
        number: build.number.or(tag).unwrap_or_default().to_owned(),
        project: project.map_or_else(
            || UNOWNED.to_owned(),
            |index| config.projects[index].label.clone(),
        ),
        result: build.result.as_str().to_owned(),
        started_at: words::instant(Some(build.started_ms)),
        finished_at: words::instant(Some(build.finished_ms)),
        duration_ms: build.duration_ms.and_then(|ms| u64::try_from(ms).ok()),
        failed_step: build.failing_step.map(str::to_owned),
        class: None,
        domain: None,
        incident: None,
        commit: build
            .git_commit
            .map(|commit| format!("{:016x}", commit_number(commit))),
        repository: repository.map(str::to_owned),
        team: repository.map(|name| config.owners.team(name).to_owned()),
        agent: owned(&tools.node_labels),
        node: build.node.map(str::to_owned),
        library: match library {
            (Some(name), Some(version)) => Some(format!("{name}@{version}")),
            (name, version) => name.or(version).map(str::to_owned),
        },
        product: owned(&build.codebase.product),
        component: owned(&build.codebase.component),
    }
}

/// The rows of the pipeline's builds before and after a build.
fn neighbours(snapshot: &Snapshot, row: usize) -> (Option<usize>, Option<usize>) {
    let pipelines = &snapshot.builds.pipeline;
    let own = pipelines[row];
    let before = pipelines[..row].iter().rposition(|&known| known == own);
    let after = pipelines[row + 1..].iter().position(|&known| known == own);
    (before, after.map(|distance| row + 1 + distance))
}

/// Builds that share something with another one: counted, and the rows of those to list.
struct Found {
    related: RelatedBuilds,
    others: Vec<usize>,
}

/// All builds of a commit; none if there is at most this one.
fn same_commit(snapshot: &Snapshot, commit: &str, row: Option<usize>) -> Option<Found> {
    let number = commit_number(commit);
    let first = snapshot
        .builds
        .commit
        .iter()
        .position(|&known| known == number)?;
    let first_ms = snapshot.builds.finished_ms[first];
    let pairs = [
        ("commit", commit.to_owned()),
        ("from", start_of_day(first_ms)),
    ];
    let found = found(snapshot, &pairs.into_iter().collect(), row);
    (!found.others.is_empty()).then_some(found)
}

/// The builds whose first failed step is the same, around a build.
fn same_failure(snapshot: &Snapshot, row: usize) -> Option<Found> {
    let step = snapshot.builds.failing_step[row];
    let step = snapshot.steps.get(usize::from(step))?;
    let at_ms = snapshot.builds.finished_ms[row];
    let pairs = [
        ("failed_step", step.to_string()),
        ("from", words::instant(Some(at_ms - NEAR_MS))),
        // The end is not in the range.
        ("to", words::instant(Some(at_ms + NEAR_MS + 1))),
    ];
    Some(found(snapshot, &pairs.into_iter().collect(), Some(row)))
}

/// The builds of a selection; `row` is not among those to list.
fn found(snapshot: &Snapshot, selection: &Selection, row: Option<usize>) -> Found {
    let selected = select(snapshot, selection);
    let mut pipelines = HashSet::new();
    let mut builds = 0;
    selected.each(|build| {
        builds += 1;
        pipelines.insert(snapshot.builds.pipeline[build]);
    });
    let others = selected.iter().rev().filter(|&build| Some(build) != row);
    Found {
        others: others.take(MAX_OTHERS).collect(),
        related: RelatedBuilds {
            selection: selection.encoded(),
            builds,
            pipelines: pipelines.len() as u64,
            others: Vec::new(),
        },
    }
}

/// The start of an instant's day, for the beginning of a range.
pub fn start_of_day(at_ms: i64) -> String {
    words::instant(Some(at_ms - at_ms.rem_euclid(DAY_MS)))
}
