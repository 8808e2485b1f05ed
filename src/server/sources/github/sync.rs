//! One sync: lists the repositories, reads them in batches, and writes each batch with its coverage.

use std::collections::HashSet;

use anyhow::{Context as _, anyhow};
use jiff::Timestamp;

use super::{
    Github, NAME, alerts, facts,
    files::{FileRequest, Files},
    read::{ReadFailure, ReadMode},
    repositories::{self, Repository},
    response::GithubFailure,
};
use crate::server::{
    model::{Coverage, CoverageState, RepositoryFacts},
    sources::{Run, SourceError, SyncReport},
    store::Store,
};

pub async fn sync(
    github: &Github,
    store: &mut Store,
    run: &Run<'_>,
) -> Result<SyncReport, SourceError> {
    let Github { settings, client } = github;
    let mut used = HashSet::new();
    if run.since_ms.is_some() {
        // To read everything again, the cache is emptied first.
        store.prune_responses(NAME, &used).await?;
    }
    let mut wanted = repositories::list(client, store, &settings.organisation, &mut used).await?;
    if wanted.is_empty() {
        // Must not mark everything known as gone.
        let name = &settings.organisation;
        let problem = anyhow!("this token can see no repository of {name}");
        return Err(SourceError::Other(problem));
    }
    wanted.retain(|repository| settings.forks || !repository.fork);

    let what = format!("repositories of {}", settings.organisation);
    let total = wanted.len() as u64;
    (run.progress)(0, Some(total), &what);
    let mode = match settings.graphql {
        true => ReadMode::Graphql,
        false => ReadMode::Rest,
    };
    let mut report = SyncReport::default();
    let mut done = 0;
    while done < wanted.len() {
        let end = wanted.len().min(done + mode.batch());
        let batch = &wanted[done..end];
        let read = read_batch(github, store, run, &mode, batch, &mut used).await?;
        match read {
            Ok(more) => {
                report.read += more.read;
                report.ingested += more.ingested;
            }
            Err(failure) => {
                give_up(store, run, &wanted[done..], &failure).await?;
                return Err(failure.into());
            }
        }
        done = end;
        (run.progress)(done as u64, Some(total), &what);
    }
    if report.read == 0 && total > 0 {
        let problem =
            anyhow!("none of {total} {what} could be read; see their list for the reasons");
        return Err(SourceError::Other(problem));
    }
    alerts::sync(github, store, run, &wanted, &mut used).await?;
    let names = still_there(github, store, &wanted).await?;
    store.retire_others(NAME, &names, run.started_ms).await?;
    store.prune_responses(NAME, &used).await?;
    report.requests_left = client.requests_left();
    Ok(report)
}

/// Reads and writes a batch. The inner error ends the sync.
async fn read_batch(
    github: &Github,
    store: &mut Store,
    run: &Run<'_>,
    mode: &ReadMode,
    batch: &[Repository],
    used: &mut HashSet<String>,
) -> Result<Result<SyncReport, GithubFailure>, SourceError> {
    let Github { settings, client } = github;
    let mut known = Vec::new();
    for repository in batch {
        let Some(key) = mode.key(client, repository) else {
            known.push(None);
            continue;
        };
        known.push(store.cached_response(NAME, &key).await?);
        used.insert(key);
    }
    let wanted = FileRequest::new(&settings.suppression_files);
    let outcomes = match mode.read(client, &wanted, batch, &known).await {
        Ok(outcomes) => outcomes,
        Err(failure) => return Ok(Err(failure)),
    };
    if let Some(why) = failed_all(&outcomes.files) {
        let what = format!("none of {} repositories could be read: {why}", batch.len());
        return Ok(Err(GithubFailure::Server(what)));
    }
    let files = batch.iter().cloned().zip(outcomes.files).collect();
    let suppression_files = settings.suppression_files.clone();
    // Files of megabytes would hold up the threads that handle requests.
    let parsing = tokio::task::spawn_blocking(move || parse(files, &suppression_files));
    let (all_facts, coverage) = parsing.await.context("a parser panicked")?;
    let put = store.put_facts_from(&all_facts, run.started_ms, NAME, &coverage);
    let ingested = put.await?;
    store.keep_responses(NAME, &outcomes.responses).await?;
    Ok(Ok(SyncReport {
        read: all_facts.len() as u64,
        ingested,
        requests_left: None,
    }))
}

/// Returns the facts of the repositories that were read, and the coverage of all.
fn parse(
    files: Vec<(Repository, Result<Files, ReadFailure>)>,
    suppression_files: &[String],
) -> (Vec<RepositoryFacts>, Vec<Coverage>) {
    let (mut all_facts, mut coverage) = (Vec::new(), Vec::new());
    for (repository, outcome) in files {
        match outcome {
            Ok(files) => {
                let read = facts::facts(&repository, &files, suppression_files);
                all_facts.push(read.0);
                coverage.push(read.1);
            }
            Err(failure) => coverage.push(not_read(&repository, &failure)),
        }
    }
    (all_facts, coverage)
}

/// Returns the reason if a whole batch failed, because the next ones would fail, too.
fn failed_all(outcomes: &[Result<Files, ReadFailure>]) -> Option<String> {
    let why = |outcome: &Result<Files, ReadFailure>| match outcome {
        Err(ReadFailure::Failed(why)) => Some(why.clone()),
        _ => None,
    };
    let whys: Option<Vec<String>> = outcomes.iter().map(why).collect();
    // A single failure says nothing about the others.
    let whys = whys.filter(|whys| whys.len() > 1)?;
    whys.into_iter().next()
}

fn not_read(repository: &Repository, failure: &ReadFailure) -> Coverage {
    Coverage {
        item: repository.name.clone(),
        state: failure.state(),
        reason: Some(failure.reason()),
    }
}

/// Saves the reason for all repositories that were not reached, so that none counts as read.
async fn give_up(
    store: &mut Store,
    run: &Run<'_>,
    left: &[Repository],
    failure: &GithubFailure,
) -> Result<(), SourceError> {
    let (state, reason) = match failure {
        GithubFailure::Limited { retry_after } => {
            let until = Timestamp::now().checked_add(*retry_after);
            let until = until.unwrap_or(Timestamp::MAX);
            let until = until.strftime("%Y-%m-%d %H:%M UTC");
            let reason = format!("GitHub allows no more requests until {until}");
            (CoverageState::RateLimited, reason)
        }
        GithubFailure::Forbidden(message) => (CoverageState::NoAccess, message.clone()),
        failure => (CoverageState::Failed, failure.to_string()),
    };
    let coverage = left.iter().map(|repository| Coverage {
        item: repository.name.clone(),
        state,
        reason: Some(reason.clone()),
    });
    let coverage: Vec<Coverage> = coverage.collect();
    let put = store.put_facts_from(&[], run.started_ms, NAME, &coverage);
    put.await?;
    Ok(())
}

/// Returns the names of the repositories that still exist. The list may miss some while it is being
/// changed: a repository is gone only if it cannot be found by name either.
async fn still_there(
    github: &Github,
    store: &Store,
    wanted: &[Repository],
) -> Result<Vec<String>, SourceError> {
    let Github { settings, client } = github;
    let mut names: Vec<String> = wanted.iter().map(|one| one.name.clone()).collect();
    let ledger = store.ledger().await?;
    let known = ledger.coverage.into_iter();
    let known = known.filter(|covered| covered.source == NAME);
    let listed: HashSet<String> = names.iter().cloned().collect();
    let missing = known.map(|covered| covered.coverage.item);
    let mut asking = true;
    for name in missing.filter(|name| !listed.contains(name)) {
        let is_there = !asking || {
            let url = client.url(&["repos", &settings.organisation, &name]);
            match client.get(url, None).await {
                // A redirect leads to the new name of a renamed repository, or to the new owner of a
                // transferred one.
                Ok(reply) => serde_json::from_slice(&reply.body).is_ok_and(|found: Repository| {
                    let owner = &found.owner.login;
                    found.name == name
                        && owner.eq_ignore_ascii_case(&settings.organisation)
                        && (settings.forks || !found.fork)
                }),
                Err(GithubFailure::NotFound(_)) => false,
                // A repository that cannot be checked counts as present; no more requests are sent.
                Err(_) => {
                    asking = false;
                    true
                }
            }
        };
        if is_there {
            names.push(name);
        }
    }
    Ok(names)
}
