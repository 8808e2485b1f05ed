//! Security facts, reports and reference data as a snapshot holds them.

use std::{collections::HashSet, sync::Arc};

use anyhow::{Context as _, Result};

use super::{
    Ingested, Reference, Store, documents, engine::Transaction, facts, ledger, meta, scan_reports,
};
use crate::server::{
    model::{Checkpoint, EndOfLife, Epss, KnownExploited, ScanReport, end_of_day_ms},
    snapshot::{
        Snapshot,
        security::{Listed, ReportSeries, Security},
    },
};

impl Store {
    /// Writes reports of scanners, all or none.
    ///
    /// # Errors
    /// If the store cannot be written to; nothing is kept then.
    pub async fn put_scan_reports(&mut self, reports: &[ScanReport]) -> Result<Ingested> {
        self.put_reports(reports, None).await
    }

    /// Writes reports of scanners together with their source's checkpoint, all or none.
    ///
    /// # Errors
    /// If the store cannot be written to; nothing is kept then.
    pub async fn put_scan_reports_from(
        &mut self,
        reports: &[ScanReport],
        checkpoint: &Checkpoint<'_>,
    ) -> Result<Ingested> {
        self.put_reports(reports, Some(checkpoint)).await
    }

    async fn put_reports(
        &mut self,
        reports: &[ScanReport],
        checkpoint: Option<&Checkpoint<'_>>,
    ) -> Result<Ingested> {
        let mut transaction = self.begin().await?;
        let cleared = self
            .clear_sample(&mut transaction, !reports.is_empty())
            .await?;
        let (counts, mut changed) = scan_reports::put(&mut transaction, reports)
            .await
            .context("cannot write reports of scanners to the store")?;
        if changed {
            meta::mark_security(&mut transaction).await?;
        }
        if let Some(checkpoint) = checkpoint {
            changed |= ledger::save_checkpoint(&mut transaction, checkpoint).await?;
        }
        if changed || cleared {
            meta::count_change(&mut transaction).await?;
        }
        transaction.commit().await?;
        Ok(counts)
    }

    /// Puts reference data in the place of older data; `text` is the JSON of its model. Returns whether it
    /// changed.
    ///
    /// # Errors
    /// If the store cannot be written to; nothing is kept then.
    pub async fn put_reference(
        &mut self,
        reference: Reference,
        at_ms: i64,
        text: &str,
    ) -> Result<bool> {
        let mut transaction = self.begin().await?;
        let changed = documents::put(&mut transaction, reference, self.sample, at_ms, text).await?;
        if changed {
            meta::mark_security(&mut transaction).await?;
            meta::count_change(&mut transaction).await?;
        }
        transaction.commit().await?;
        Ok(changed)
    }

    /// Returns reference data and its date, Unix ms.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn reference(&self, reference: Reference) -> Result<Option<(i64, String)>> {
        documents::read(&mut self.begin_reading().await?, reference).await
    }
}

/// Reads stored reference data. What cannot be read is as if it was not there: pages say without which data they are.
async fn reference<T>(
    transaction: &mut Transaction,
    reference: Reference,
    parse: fn(&str) -> Result<T>,
) -> Result<Option<T>> {
    let Some((_, text)) = documents::read(transaction, reference).await? else {
        return Ok(None);
    };
    let parsed = parse(&text).inspect_err(|error| {
        let name = reference.as_str();
        tracing::warn!("the stored {name} data cannot be read; import it again: {error:#}");
    });
    Ok(parsed.ok())
}

/// The vulnerabilities of a catalogue.
fn listed(kev: &KnownExploited) -> impl Iterator<Item = (String, Listed)> {
    kev.vulnerabilities.iter().map(|(id, exploited)| {
        let added = exploited.added.and_then(|day| day.yesterday().ok());
        let listed = Listed {
            added_ms: added.and_then(end_of_day_ms),
            due_ms: exploited.due.and_then(end_of_day_ms),
        };
        (id.clone(), listed)
    })
}

/// Keeps the scores of the vulnerabilities that reports name: there are several hundred thousand others.
fn scores_of(reports: &[ReportSeries], mut epss: Epss) -> Epss {
    let reports = reports.iter().flat_map(|series| &series.reports);
    let findings = reports.flat_map(|report| &*report.findings);
    let named: HashSet<&str> = findings.map(|finding| &*finding.id).collect();
    epss.scores.retain(|id, _| named.contains(&**id));
    epss
}

/// Loads everything about security, or shares it with an earlier snapshot of the same store since which none of
/// it changed.
pub async fn load(
    transaction: &mut Transaction,
    previous: Option<&Snapshot>,
) -> Result<Arc<Security>> {
    let changed = meta::number(transaction, meta::SECURITY_CHANGE).await?;
    if let Some(previous) = previous
        && changed.is_none_or(|changed| changed <= previous.origin.changes)
    {
        return Ok(Arc::clone(&previous.security));
    }
    let histories = facts::load(transaction).await?;
    let newest = histories
        .iter()
        .filter_map(|history| history.versions.last());
    let reports = scan_reports::load(transaction).await?;
    let kev = reference(
        transaction,
        Reference::KnownExploited,
        KnownExploited::from_json,
    )
    .await?;
    let epss = reference(transaction, Reference::Epss, Epss::from_json).await?;
    let ends = reference(transaction, Reference::EndOfLife, EndOfLife::from_json).await?;
    Ok(Arc::new(Security {
        as_of_ms: meta::number(transaction, meta::SECURITY_AS_OF).await?,
        repositories: newest.filter_map(|(_, facts)| facts.clone()).collect(),
        histories,
        end_of_life: ends.filter(|stored| stored.as_of >= EndOfLife::built_in().as_of),
        known_exploited: kev.iter().flat_map(listed).collect(),
        kev_as_of: kev.as_ref().map(|kev| kev.as_of),
        epss: epss.map(|epss| scores_of(&reports, epss)),
        reports,
    }))
}
