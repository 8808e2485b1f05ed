//! One refresh: lists the repositories, reads them batch by batch, and writes each batch with what
//! became of it.

use std::collections::HashSet;

use anyhow::anyhow;
use jiff::Timestamp;

use super::{
    Github, NAME,
    client::Failure,
    facts,
    files::Wanted,
    read::{Trouble, Way},
    repositories::{self, Repository},
};
use crate::server::{
    sources::{Brought, Coverage, CoverageState, Run, SourceError},
    store::Store,
};

/// What is counted while a refresh runs.
struct Counts {
    brought: Brought,
    /// Why the first repository that failed did.
    trouble: Option<String>,
}

pub async fn sync(
    github: &Github,
    store: &mut Store,
    run: &Run<'_>,
) -> Result<Brought, SourceError> {
    let Github { settings, client } = github;
    let mut used = HashSet::new();
    let listed = repositories::list(client, store, &settings.organisation, &mut used).await?;
    let mut wanted = listed;
    wanted.retain(|repository| settings.forks || !repository.fork);

    let what = format!("repositories of {}", settings.organisation);
    let total = wanted.len() as u64;
    (run.progress)(0, Some(total), &what);
    let way = match settings.graphql {
        true => Way::Graphql,
        false => Way::Rest,
    };
    let mut counts = Counts {
        brought: Brought::default(),
        trouble: None,
    };
    let mut done = 0;
    while done < wanted.len() {
        let end = wanted.len().min(done + way.batch());
        let batch = &wanted[done..end];
        let read = read_batch(github, store, run, &way, batch, &mut counts, &mut used).await?;
        if let Err(failure) = read {
            give_up(store, run, &wanted[done..], &failure).await?;
            return Err(failure.into());
        }
        done = end;
        (run.progress)(done as u64, Some(total), &what);
    }
    if counts.brought.read == 0
        && let Some(trouble) = counts.trouble
    {
        return Err(anyhow!("none of {total} {what} could be read: {trouble}").into());
    }
    let names = still_there(github, store, &wanted).await?;
    store.retire_others(NAME, &names, run.started_ms).await?;
    store.prune_answers(NAME, &used).await?;
    counts.brought.requests_left = client.requests_left();
    Ok(counts.brought)
}

/// Reads a batch and writes it. The inner error is one that ends the refresh.
async fn read_batch(
    github: &Github,
    store: &mut Store,
    run: &Run<'_>,
    way: &Way,
    batch: &[Repository],
    counts: &mut Counts,
    used: &mut HashSet<String>,
) -> Result<Result<(), Failure>, SourceError> {
    let Github { settings, client } = github;
    let mut known = Vec::new();
    for repository in batch {
        let Some(key) = way.key(client, repository) else {
            known.push(None);
            continue;
        };
        known.push(store.answer(NAME, &key).await?);
        used.insert(key);
    }
    let wanted = Wanted::new(&settings.suppression_files);
    let outcomes = match way.read(client, &wanted, batch, &known).await {
        Ok(outcomes) => outcomes,
        Err(failure) => return Ok(Err(failure)),
    };
    let (mut all_facts, mut coverage) = (Vec::new(), Vec::new());
    for (repository, outcome) in batch.iter().zip(outcomes.files) {
        let trouble = match outcome {
            Ok(files) => {
                let read = facts::facts(repository, &files, &settings.suppression_files);
                all_facts.push(read.0);
                coverage.push(read.1);
                continue;
            }
            Err(trouble) => trouble,
        };
        coverage.push(not_read(repository, &trouble));
        counts.trouble.get_or_insert_with(|| trouble.reason());
    }
    let put = store.put_facts_from(&all_facts, run.started_ms, NAME, &coverage);
    counts.brought.ingested += put.await?;
    counts.brought.read += all_facts.len() as u64;
    store.keep_answers(NAME, &outcomes.answers).await?;
    Ok(Ok(()))
}

fn not_read(repository: &Repository, trouble: &Trouble) -> Coverage {
    Coverage {
        item: repository.name.clone(),
        state: trouble.state(),
        reason: Some(trouble.reason()),
    }
}

/// Notes of all that were not reached why, so that nobody takes them for read. A token that is not
/// accepted says nothing of a repository.
async fn give_up(
    store: &mut Store,
    run: &Run<'_>,
    left: &[Repository],
    failure: &Failure,
) -> Result<(), SourceError> {
    let (state, reason) = match failure {
        Failure::Limited { retry_after } => {
            let until = Timestamp::now() + *retry_after;
            let until = until.strftime("%Y-%m-%d %H:%M UTC");
            let reason = format!("GitHub grants no more requests until {until}");
            (CoverageState::RateLimited, reason)
        }
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

/// The names of the repositories that there are. One that is missing in the list may have been
/// passed over while the list was changing: it is gone when it cannot be found by its name either.
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
    for name in missing.filter(|name| !listed.contains(name)) {
        let url = client.url(&["repos", &settings.organisation, &name]);
        let found = match client.get(url, None).await {
            Ok(reply) => serde_json::from_slice::<Repository>(&reply.body).ok(),
            Err(Failure::NotFound(_)) => None,
            // Whoever cannot be asked for is not declared gone.
            Err(_) => Some(Repository {
                name: name.clone(),
                ..Repository::default()
            }),
        };
        // A redirect leads to the new name of what was renamed.
        let same = |found: &Repository| found.name == name && (settings.forks || !found.fork);
        if found.as_ref().is_some_and(same) {
            names.push(name);
        }
    }
    Ok(names)
}
