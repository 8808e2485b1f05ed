//! `rse-dashboard problems`: what needs attention.
//!
//! Exit code 1 if a problem escalates.

use std::{io::Write as _, process::ExitCode, sync::Arc};

use anyhow::{Context as _, Result};
use clap::Args;
use jiff::Timestamp;

use crate::{
    api::{ProblemList, ProblemSummary},
    numbers,
    selection::Selection,
    server::{
        config::Config,
        insight,
        model::text::visible,
        store::{Location, Store},
        views::problems,
    },
};

#[derive(Args)]
pub struct Options {
    /// Only problems of this project, as named in URLs
    #[arg(long)]
    project: Option<String>,
    /// Only problems of pipelines that match, as in the query of a page: 'team=cmc&type=nightly'
    #[arg(long)]
    selection: Option<String>,
    /// Print JSON, as /api/problems
    #[arg(long)]
    json: bool,
}

pub async fn run(options: Options, location: &Location, config: Config) -> Result<ExitCode> {
    let mut selection = Selection::parse(options.selection.as_deref().unwrap_or_default())?;
    if let Some(project) = &options.project {
        selection = selection.with("project", project);
    }
    selection.check()?;
    let store = Store::open_to_read(location, &config).await?;
    let ledger = store.ledger().await?;
    let snapshot = insight::load(&store, Arc::new(config)).await?;
    snapshot.check(&selection)?;
    let now_ms = Timestamp::now().as_millisecond();
    let list = problems::problem_list(&snapshot, &selection, &ledger.snoozes, now_ms);
    let text = if options.json {
        serde_json::to_string_pretty(&list)?
    } else {
        text(&list)
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").context("cannot write to standard output")?;
    let escalates = list
        .problems
        .iter()
        .any(|known| known.state == "escalating");
    Ok(if escalates {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// The list for readers: a line for each problem.
fn text(list: &ProblemList) -> String {
    let mut text = list.summary.clone();
    for problem in &list.problems {
        let is = if problem.overdue.is_some() {
            "overdue"
        } else {
            "red"
        };
        let least = if problem.at_least { "at least " } else { "" };
        text.push_str(&format!(
            "\n{:<10}  {}: {is} {least}since {}, {}",
            problem.state,
            visible(&problem.title),
            numbers::instant(&problem.since),
            detail(problem),
        ));
    }
    text
}

/// Returns the things that are overdue, or how many builds failed and where.
fn detail(problem: &ProblemSummary) -> String {
    if let Some(overdue) = &problem.overdue {
        return problems::in_words(overdue);
    }
    let step = problem.failed_step.as_deref().unwrap_or("an unknown step");
    format!(
        "{} of {} builds failed, first at {} ({})",
        problem.failures,
        problem.builds,
        visible(step),
        problem.class.as_deref().unwrap_or("unknown"),
    )
}
