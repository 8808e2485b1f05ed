//! Exports of builds and of their steps: one line per column.

use std::io::Write;

use anyhow::Result;

use super::{Format, instant, number, table::Table, text};
use crate::{
    api::Cell,
    selection::BuildType,
    server::{
        config::Config,
        model::{Build, Step, split_step},
        store::{BuildKey, Store},
    },
};

type BuildColumn = (&'static str, fn(&BuildKey<'_>, &Build<'_>) -> Cell);
type StepColumn = (&'static str, fn(&BuildKey<'_>, &Step<'_>) -> Cell);

const BUILDS: &[BuildColumn] = &[
    ("build_tag", |key, _| text(key.tag)),
    ("job_name", |_, build| text(Some(build.job))),
    ("build_id", |_, build| text(build.number)),
    ("branch_name", |_, build| text(build.branch)),
    ("build_url", |_, build| text(build.url)),
    ("type", |_, build| text(Some(build_type(build).as_str()))),
    ("result", |_, build| text(Some(build.result.as_str()))),
    ("started_at", |_, build| instant(Some(build.started_ms))),
    ("finished_at", |_, build| instant(Some(build.finished_ms))),
    ("duration_ms", |_, build| number(build.duration_ms)),
    ("failing_step", |_, build| text(build.failing_step)),
    ("smoke_test_passed_at", |_, build| instant(build.smoke_ms)),
    ("functional_test_passed_at", |_, build| {
        instant(build.functional_ms)
    }),
    ("events", |_, build| {
        number(i64::try_from(build.events).ok())
    }),
    ("system", |key, _| text(Some(key.system.as_str()))),
    ("ended", |_, build| {
        text(Some(if build.ended { "true" } else { "false" }))
    }),
    ("start_delay_ms", |_, build| number(build.start_delay_ms)),
    ("git_commit", |_, build| text(build.git_commit)),
    ("git_url", |_, build| {
        text(build.codebase.git_url.as_deref())
    }),
    ("node_name", |_, build| text(build.node)),
    ("node_labels", |_, build| {
        text(build.toolchain.node_labels.as_deref())
    }),
    ("shared_library_name", |_, build| {
        text(build.toolchain.shared_library_name.as_deref())
    }),
    ("shared_library_version", |_, build| {
        text(build.toolchain.shared_library_version.as_deref())
    }),
    ("product", |_, build| {
        text(build.codebase.product.as_deref())
    }),
    ("component", |_, build| {
        text(build.codebase.component.as_deref())
    }),
];

const STEPS: &[StepColumn] = &[
    ("system", |key, _| text(Some(key.system.as_str()))),
    ("build_tag", |key, _| text(key.tag)),
    ("step", |_, step| text(Some(step.name))),
    ("name", |_, step| text(Some(split_step(step.name).0))),
    ("environment", |_, step| text(split_step(step.name).1)),
    ("ended_at", |_, step| instant(Some(step.end_ms))),
    ("result", |_, step| text(Some(step.result.as_str()))),
    ("attempt", |_, step| number(Some(step.attempt.into()))),
    ("duration_ms", |_, step| {
        number(step.duration.map(|duration| duration.ms))
    }),
    ("duration_is", |_, step| {
        let duration = step.duration.as_ref();
        text(duration.map(|duration| if duration.stated { "stated" } else { "derived" }))
    }),
];

/// Writes all builds with their results as of the store's data, ordered by build tag.
///
/// # Errors
/// The store cannot be read, or `out` cannot be written.
pub async fn builds(
    store: &Store,
    config: &Config,
    format: Format,
    out: &mut impl Write,
) -> Result<()> {
    let names: Vec<&str> = BUILDS.iter().map(|(name, _)| *name).collect();
    let mut table = Table::new(format, &names, out)?;
    let mut row = |key: &BuildKey<'_>, build: &Build<'_>| {
        let cells = BUILDS.iter().map(|(_, cell)| cell(key, build));
        table.row(&cells.collect::<Vec<_>>())
    };
    store.each_decided_build(config, &mut row).await?;
    table.finish()
}

/// Writes the steps of all builds, ordered by build tag and end.
///
/// # Errors
/// The store cannot be read, or `out` cannot be written.
pub async fn steps(store: &Store, format: Format, out: &mut impl Write) -> Result<()> {
    let names: Vec<&str> = STEPS.iter().map(|(name, _)| *name).collect();
    let mut table = Table::new(format, &names, out)?;
    let mut rows = |key: &BuildKey<'_>, build: &Build<'_>| {
        build.steps.iter().try_for_each(|step| {
            let cells = STEPS.iter().map(|(_, cell)| cell(key, step));
            table.row(&cells.collect::<Vec<_>>())
        })
    };
    store.each_build(&mut rows).await?;
    table.finish()
}

const fn build_type(build: &Build<'_>) -> BuildType {
    if build.nightly {
        BuildType::Nightly
    } else {
        BuildType::NonNightly
    }
}
