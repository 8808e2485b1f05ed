//! Reports of scanners. A report that comes again replaces itself; their order does not matter.

use std::{collections::HashMap, sync::Arc};

use anyhow::{Context as _, Result};

use super::{Ingested, documents, engine::Transaction, meta};
use crate::server::{
    model::{ReportedFinding, ScanReport},
    snapshot::security::{Report, ReportSeries},
};

/// Writes reports inside the caller's transaction; returns the counts and whether anything changed.
pub async fn put(
    transaction: &mut Transaction,
    reports: &[ScanReport],
) -> Result<(Ingested, bool)> {
    let mut counts = Ingested::default();
    let mut newest = None;
    for report in reports {
        let text = serde_json::to_string(&report.findings).context("cannot write findings")?;
        let findings = documents::keep(transaction, &text).await?;
        let ScanReport {
            repository,
            scanner,
            codebase_type,
            at_ms,
            complete,
            ..
        } = report;
        let key = [
            repository.as_str().into(),
            scanner.as_str().into(),
            codebase_type.as_str().into(),
            (*at_ms).into(),
        ];
        let sql = "SELECT complete, findings FROM scan_reports WHERE repository = $1 \
                   AND scanner = $2 AND codebase_type = $3 AND at_ms = $4";
        let known: Option<(i64, String)> = transaction.optional(sql, &key).await?;
        let complete = i64::from(*complete);
        newest = newest.max(Some(*at_ms));
        // Of two reports of one instant the complete one counts, so that their order does not matter.
        let stays = |known: &(i64, String)| *known >= (complete, findings.clone());
        match &known {
            Some(known) if stays(known) => {
                counts.unchanged += 1;
                continue;
            }
            Some(_) => counts.replaced += 1,
            None => counts.new += 1,
        }
        let sql = "INSERT INTO scan_reports \
                   (repository, scanner, codebase_type, at_ms, complete, findings) \
                   VALUES ($1, $2, $3, $4, $5, $6) \
                   ON CONFLICT (repository, scanner, codebase_type, at_ms) \
                   DO UPDATE SET complete = excluded.complete, findings = excluded.findings";
        let [repository, scanner, codebase_type, at_ms] = key;
        let rest = [complete.into(), findings.as_str().into()];
        let values = [repository, scanner, codebase_type, at_ms, rest[0], rest[1]];
        transaction.execute(sql, &values).await?;
    }
    let raised = match newest {
        Some(at_ms) => meta::raise(transaction, meta::SECURITY_AS_OF, at_ms).await?,
        None => false,
    };
    Ok((counts, raised || counts.new + counts.replaced > 0))
}

/// Loads every report, by repository, scanner, kind of code and time.
pub async fn load(transaction: &mut Transaction) -> Result<Vec<ReportSeries>> {
    let sql = "SELECT name, body FROM documents WHERE at_ms = 0";
    let texts: Vec<(String, String)> = transaction.all(sql, &[]).await?;
    let mut findings: HashMap<String, Arc<[ReportedFinding]>> = HashMap::new();
    for (name, text) in texts {
        let read: Vec<ReportedFinding> = serde_json::from_str(&text)
            .context("the store is damaged: findings of a scan cannot be read")?;
        findings.insert(name, read.into());
    }
    type Row = (String, String, String, i64, i64, String);
    let sql = "SELECT repository, scanner, codebase_type, at_ms, complete, findings \
               FROM scan_reports ORDER BY repository, scanner, codebase_type, at_ms";
    let rows: Vec<Row> = transaction.all(sql, &[]).await?;
    let mut series: Vec<ReportSeries> = Vec::new();
    for (repository, scanner, codebase_type, at_ms, complete, name) in rows {
        let report = Report {
            at_ms,
            // Without its findings it says nothing.
            complete: complete != 0 && findings.contains_key(&name),
            findings: findings.get(&name).cloned().unwrap_or_default(),
        };
        match series.last_mut() {
            Some(last)
                if (&last.repository, &last.scanner, &last.codebase_type)
                    == (&repository, &scanner, &codebase_type) =>
            {
                last.reports.push(report);
            }
            _ => series.push(ReportSeries {
                repository,
                scanner,
                codebase_type,
                reports: vec![report],
            }),
        }
    }
    Ok(series)
}
