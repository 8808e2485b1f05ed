//! Reads the reports of scans of one container, window by window as its cursor says. There are few beside the
//! events, so reading and writing take turns.

use anyhow::{Context as _, Result};
use azure_data_cosmos::ContainerClient;
use jiff::Timestamp;

use super::{
    NAME,
    account::Feed,
    cursor::{Cursor, Window},
    query,
    query_pages::{Document, QueryPages, Rejected, rejected},
    sync::FeedError,
};
use crate::server::{
    model::{Checkpoint, Coverage, CoverageState, DAY_MS, ScanReport},
    sources::{
        Run, SyncReport,
        scan::{Defaults, cve_report},
    },
    store::Store,
};

pub struct ReportSync<'a> {
    pub item: String,
    pub container: ContainerClient,
    /// The branches whose reports are read.
    pub branches: &'a [String],
    pub first_days: u16,
    pub store: &'a mut Store,
    pub run: &'a Run<'a>,
}

impl ReportSync<'_> {
    /// Reads the windows that are not settled yet, newest first.
    ///
    /// # Errors
    /// The service or the store failed; reports written before are kept and not read again.
    pub async fn run(mut self, report: &mut SyncReport) -> Result<(), FeedError> {
        let kept = self.store.cursor(NAME, &self.item).await?;
        let fingerprint = query::reports_fingerprint(self.branches);
        let mut cursor = Cursor::of(kept.as_deref(), &fingerprint);
        let now = self.run.started_ms;
        let mut earliest = (now - i64::from(self.first_days) * DAY_MS).div_euclid(1000);
        if let Some(since_ms) = self.run.since_ms {
            let since = since_ms.div_euclid(1000);
            cursor.forget_from(since);
            earliest = earliest.min(since);
        }
        for window in cursor.windows(earliest, now.div_euclid(1000)) {
            self.window(window, &mut cursor, report).await?;
        }
        let summary = cursor.unreadable.summary();
        let coverage = Coverage {
            item: self.item.clone(),
            state: match summary {
                None => CoverageState::Read,
                Some(_) => CoverageState::Partial,
            },
            reason: summary,
        };
        self.write(&[], Some(&cursor), Some(&coverage), report)
            .await?;
        Ok(())
    }

    /// Reads the pages of a window, each in its own transaction, and then settles it.
    async fn window(
        &mut self,
        window: Window,
        cursor: &mut Cursor,
        report: &mut SyncReport,
    ) -> Result<(), FeedError> {
        let query = query::reports(window, self.branches).map_err(FeedError::Service)?;
        let mut pages = QueryPages::new(query);
        let mut newest = None;
        loop {
            let page = pages.next(&self.container).await;
            let Some(documents) = page.map_err(FeedError::Service)? else {
                break;
            };
            report.read += documents.len() as u64;
            let now_ms = self.run.started_ms;
            let page = tokio::task::spawn_blocking(move || parse(&documents, now_ms)).await;
            let page = page.context("the parsing thread failed")?;
            newest = newest.max(page.newest);
            for id in &page.read {
                cursor.unreadable.remove(id);
            }
            for rejected in page.rejected {
                cursor.unreadable.add(rejected);
            }
            self.write(&page.reports, None, None, report).await?;
        }
        cursor.settle(window, newest);
        self.write(&[], Some(cursor), None, report).await?;
        Ok(())
    }

    async fn write(
        &mut self,
        reports: &[ScanReport],
        cursor: Option<&Cursor>,
        coverage: Option<&Coverage>,
        report: &mut SyncReport,
    ) -> Result<()> {
        let state = cursor.map(Cursor::to_text);
        let checkpoint = Checkpoint {
            source: NAME,
            feed: &self.item,
            state: state.as_deref(),
            coverage: coverage.map(|coverage| (coverage, self.run.started_ms)),
            as_of_ms: None,
        };
        let written = self.store.put_scan_reports_from(reports, &checkpoint);
        report.ingested += written.await?;
        (self.run.progress)(report.read, None, &format!("reports of {}", self.item));
        Ok(())
    }
}

/// The reports of one page.
#[derive(Default)]
struct ReportPage {
    reports: Vec<ScanReport>,
    /// The ids of their documents.
    read: Vec<String>,
    rejected: Vec<Rejected>,
    newest: Option<i64>,
}

fn parse(documents: &[Document], now_ms: i64) -> ReportPage {
    let now = Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::MAX);
    let defaults = Defaults::default();
    let mut page = ReportPage::default();
    for document in documents {
        let parsed = cve_report(document.get());
        match parsed.and_then(|parsed| parsed.into_report(&defaults, now)) {
            Ok(scanned) => {
                page.newest = page.newest.max(Some(scanned.report.at_ms.div_euclid(1000)));
                page.read.extend(scanned.id);
                page.reports.push(scanned.report);
            }
            Err(rejection) => page.rejected.push(rejected(document, rejection)),
        }
    }
    page
}

/// Records that a database has no container of reports, which is no failure.
pub async fn note_missing(store: &mut Store, feed: &Feed, run: &Run<'_>) -> Result<()> {
    let item = feed.to_string();
    let coverage = Coverage {
        item: item.clone(),
        state: CoverageState::Read,
        reason: Some("not there: the database has no reports of scans".to_owned()),
    };
    let checkpoint = Checkpoint {
        source: NAME,
        feed: &item,
        state: None,
        coverage: Some((&coverage, run.started_ms)),
        as_of_ms: None,
    };
    store.put_scan_reports_from(&[], &checkpoint).await?;
    Ok(())
}
