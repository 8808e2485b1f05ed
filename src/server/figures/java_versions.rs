//! Java versions in use, by repository.
//!
//! Reads `java_version` of the repositories that are not archived.

use super::{
    Context, Figure, Page, Rows, Topic, opens,
    versions::{self, Platform},
};
use crate::{
    api::Width,
    selection::Selection,
    server::{charts::Chart, snapshot::Snapshot},
};

pub const FIGURE: Figure = Figure {
    id: "java_versions",
    page: Page::Security,
    topic: Topic::Runtimes,
    width: Width::Half,
    height: 440,
    title: "Java versions in use",
    help: "Repositories that are not archived and state a Java version. The major version is the \
           first number of the stated version; 1.8 is Java 8. Versions without a number are \
           unknown. The table lists the repositories.",
    rows,
    summary,
    chart,
    opens: opens::nothing,
};

pub(super) const JAVA: Platform = Platform {
    name: "Java",
    version: |facts| facts.java_version.as_deref(),
    major,
};

/// The first number; versions up to Java 8 are written as `1.8`.
fn major(version: &str) -> Option<u64> {
    let first = versions::first_number(version)?;
    let old = || {
        let (_, after) = version.split_once("1.")?;
        let end = after.find(|c: char| !c.is_ascii_digit());
        after[..end.unwrap_or(after.len())].parse().ok()
    };
    if first == 1 {
        old().or(Some(1))
    } else {
        Some(first)
    }
}

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    JAVA.rows(snapshot, selection)
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    JAVA.summary(rows, context)
}

fn chart(rows: &Rows, _: &Context<'_>) -> Chart {
    JAVA.chart(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        figures::testing::{security, table},
        model::RepositoryFacts,
    };

    #[test]
    fn old_versions_are_written_after_a_one() {
        let read = [
            ("1.8", 8),
            ("1.8.0_212", 8),
            ("openjdk-8u191-jre", 8),
            ("11", 11),
            ("11.0.4", 11),
            ("1", 1),
        ];
        for (version, expected) in read {
            assert_eq!(major(version), Some(expected), "{version}");
        }
        assert_eq!(major("latest"), None);
    }

    #[test]
    fn differently_written_versions_share_a_major() {
        let using = |repository: &str, version: &str| RepositoryFacts {
            repository: repository.to_owned(),
            java_version: Some(version.to_owned()),
            ..RepositoryFacts::default()
        };
        let snapshot = security(vec![using("a", "1.8"), using("b", "8"), using("c", "11")]);
        let rows = table(&FIGURE, &snapshot, &Selection::default());
        assert_eq!(rows, ["11 | 11 | c", "8 | 1.8 | a", "8 | 8 | b"]);
    }
}
