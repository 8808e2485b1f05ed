//! Fuzz targets of reports: what is read is bounded, whatever the text.

use jiff::Timestamp;

use super::{Defaults, FORMATS, Shape, cve_report, package_url, parse};
use crate::server::{fuzz_target::Target, model::MAX_FINDINGS};

pub const TARGETS: &[Target] = &[
    ("scan_reports", scan_reports),
    ("package_urls", package_urls),
];

/// Reasons for readers hold only the beginning of a text from outside.
const MAX_REASON: usize = 1_000;

/// A file for `import scan`: as its own format, as every other one, and as a document of Cosmos DB.
fn scan_reports(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let now = Timestamp::from_second(1_800_000_000).expect("an instant of 2027");
    let defaults = Defaults {
        repository: Some("a".to_owned()),
        ..Defaults::default()
    };
    match parse(text, &defaults, now) {
        Ok(scanned) => {
            for scanned in scanned {
                let report = scanned.report;
                assert_eq!(report.complete, scanned.incomplete.is_none());
                assert!(report.findings.len() <= MAX_FINDINGS);
                for finding in report.findings {
                    assert!(!finding.id.is_empty());
                    assert!(finding.id.chars().count() <= 40);
                    assert!(finding.package.chars().count() <= 300);
                }
            }
        }
        Err(rejection) => assert!(rejection.reason.len() < MAX_REASON),
    }
    for format in FORMATS {
        let _ = (format.parse)(text);
    }
    let _ = cve_report::document(text);
    let _ = Shape::of(text);
}

/// A package URL: its parts are no longer than the URL.
fn package_urls(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Some(package) = package_url::package(text) {
        assert!(!package.name.is_empty());
        // A damaged escape becomes a replacement character of three bytes.
        assert!(package.name.len() <= 3 * text.len());
    }
}
