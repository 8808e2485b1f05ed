//! `import scan FILE…`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use jiff::Timestamp;

use super::{Defaults, MAX_REPORT_BYTES, Scanned, parse};
use crate::server::{
    sources::{
        file::{Faults, Report, file_name, read_text},
        rejection::{FaultKind, Rejection},
    },
    store::Store,
};

/// Imports reports of scanners, each file whole or not at all. Reports of other branches than
/// `default_branches` are left out; one that names no branch counts.
///
/// # Errors
/// A file cannot be read, or the store failed; files before it are kept.
pub async fn import(
    store: &mut Store,
    paths: &[PathBuf],
    defaults: &Defaults,
    default_branches: &[String],
    now: Timestamp,
) -> Result<Report> {
    let mut report = Report::default();
    let mut faults = Faults::default();
    for (number, path) in paths.iter().enumerate() {
        let name = file_name(path);
        let file = (number, name.as_str());
        let scanned = match read(path, defaults, now).await? {
            Ok(scanned) => scanned,
            Err(rejection) => {
                report.read += 1;
                report.rejected += 1;
                faults.add(file, 1, rejection);
                continue;
            }
        };
        let mut reports = Vec::with_capacity(scanned.len());
        for scanned in scanned {
            report.read += 1;
            let Scanned {
                report: scan,
                branch,
                incomplete,
                ..
            } = scanned;
            let is_default = |branch: &String| default_branches.contains(branch);
            if !branch.as_ref().is_none_or(is_default) {
                report.rejected += 1;
                let reason = "a report of another branch than the default ones";
                faults.add(file, 1, Rejection::new(FaultKind::OtherBranch, reason));
                continue;
            }
            if let Some(reason) = incomplete {
                let reason = format!("not complete, so it resolves nothing: {reason}");
                faults.add(file, 1, Rejection::new(FaultKind::Incomplete, reason));
            }
            reports.push(scan);
        }
        report.ingested += store.put_scan_reports(&reports).await?;
    }
    report.faults = faults.into_vec();
    Ok(report)
}

/// Reads and parses a file; the inner error refuses its content.
async fn read(
    path: &Path,
    defaults: &Defaults,
    now: Timestamp,
) -> Result<Result<Vec<Scanned>, Rejection>> {
    let (path, defaults) = (path.to_owned(), defaults.clone());
    let read = tokio::task::spawn_blocking(move || {
        let text = read_text(&path, MAX_REPORT_BYTES)?;
        Ok(parse(&text, &defaults, now))
    });
    read.await.context("the reading thread failed")?
}
