//! Builds grouped by an attribute, with every measure.

use super::{Attribute, MEASURES, UNKNOWN, Unit, Values, select};
use crate::{
    api::{Cell, CellKind, ColumnInfo},
    selection::Selection,
    server::snapshot::Snapshot,
};

/// A table: a row per value of an attribute that the selected builds have.
pub struct Groups {
    pub columns: Vec<ColumnInfo>,
    /// Sorted by number of builds, most first, then by value.
    pub rows: Vec<Vec<Cell>>,
}

/// Groups the builds of a selection by an attribute. Builds without a value are one group.
pub fn group(snapshot: &Snapshot, selection: &Selection, attribute: &Attribute) -> Groups {
    let values = (attribute.read)(snapshot);
    let mut groups: Vec<Vec<u32>> = vec![Vec::new(); values.labels().len() + 1];
    let unknown = values.labels().len();
    select(snapshot, selection).each(|build| {
        let number = values.number(build).unwrap_or(unknown);
        groups[number].push(u32::try_from(build).unwrap_or(u32::MAX));
    });
    let labelled = |(number, builds)| (label(&values, number), builds);
    let groups = groups.into_iter().enumerate().map(labelled);
    let mut groups: Vec<(&str, Vec<u32>)> =
        groups.filter(|(_, builds)| !builds.is_empty()).collect();
    groups.sort_by(|(a, of_a), (b, of_b)| of_b.len().cmp(&of_a.len()).then_with(|| a.cmp(b)));
    let row = |(label, builds): &(&str, Vec<u32>)| {
        let measured = MEASURES.iter().map(|measure| {
            let value = (measure.compute)(snapshot, builds);
            value.map_or(Cell::Missing, |value| match measure.unit {
                Unit::Count => Cell::Count(value as i64),
                Unit::Percent | Unit::Minutes => Cell::Number(value),
            })
        });
        let label = Cell::Text((*label).to_owned());
        std::iter::once(label).chain(measured).collect()
    };
    let measures = MEASURES.iter().map(|measure| ColumnInfo {
        id: measure.id.to_owned(),
        title: measure.label.to_owned(),
        kind: measure.unit.cell_kind(),
    });
    let value = ColumnInfo {
        id: attribute.id.to_owned(),
        title: attribute.label.to_owned(),
        kind: CellKind::Text,
    };
    Groups {
        columns: std::iter::once(value).chain(measures).collect(),
        rows: groups.iter().map(row).collect(),
    }
}

fn label<'a>(values: &'a Values<'_>, number: usize) -> &'a str {
    values.labels().get(number).map_or(UNKNOWN, |label| label)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::server::{
        attributes::find,
        config::Config,
        model::{BuildResult, Codebase, System, Toolchain},
        snapshot::{BuildDetails, BuildRecord, SnapshotBuilder, security::Security},
    };

    const AS_OF_MS: i64 = 1_600_000_000_000;

    fn record<'a>(result: BuildResult, minutes: i64, details: BuildDetails<'a>) -> BuildRecord<'a> {
        BuildRecord {
            job_name: "HMCTS_CMC/claim-store/master",
            build_id: "1",
            branch: None,
            result,
            nightly: false,
            started_ms: AS_OF_MS - 3_600_000,
            finished_ms: AS_OF_MS - 60_000,
            duration_ms: Some(minutes * 60_000),
            failing_step: None,
            functional_test_ms: None,
            details,
        }
    }

    fn table(by: &str, builds: &[BuildRecord<'_>]) -> Vec<String> {
        let mut builder = SnapshotBuilder::new(Arc::new(Config::built_in()));
        for build in builds {
            builder.push_record(build);
        }
        let snapshot = builder.finish("v".to_owned(), Some(AS_OF_MS), Security::default());
        let groups = group(
            &snapshot,
            &Selection::default(),
            find(by).expect("an attribute"),
        );
        let cell = |cell: &Cell| match cell {
            Cell::Text(text) => text.clone(),
            Cell::Count(count) => count.to_string(),
            Cell::Number(number) => number.to_string(),
            Cell::Missing => "–".to_owned(),
        };
        let row = |row: &Vec<Cell>| row.iter().map(cell).collect::<Vec<_>>().join(" | ");
        groups.rows.iter().map(row).collect()
    }

    #[test]
    fn builds_are_grouped_with_their_measures() {
        let other = Codebase {
            git_url: Some("https://github.com/hmcts/other.git".to_owned()),
            ..Codebase::default()
        };
        let java = Toolchain {
            node_labels: Some("java".to_owned()),
            ..Toolchain::default()
        };
        let delayed = BuildDetails {
            codebase: Some(&other),
            toolchain: Some(&java),
            start_delay_ms: Some(30_000),
            ..BuildDetails::default()
        };
        let builds = [
            record(BuildResult::Success, 10, delayed.clone()),
            record(BuildResult::Failure, 20, delayed.clone()),
            record(BuildResult::Unknown, 60, delayed.clone()),
            record(BuildResult::Success, 5, BuildDetails::default()),
        ];
        assert_eq!(
            table("agent", &builds),
            [
                "java | 3 | 1 | 50 | 20 | 56 | 0.5",
                "unknown | 1 | 0 | 0 | 5 | 5 | –"
            ]
        );
        let repositories = table("repository", &builds);
        assert!(repositories[0].starts_with("other | 3"), "{repositories:?}");
        assert!(
            repositories[1].starts_with("claim-store | 1"),
            "{repositories:?}"
        );
    }

    #[test]
    fn every_attribute_groups_every_build_once() {
        let sds = BuildDetails {
            system: System::new("sds").expect("a name"),
            node: Some("vm-1"),
            ..BuildDetails::default()
        };
        let failed = BuildRecord {
            failing_step: Some("test"),
            ..record(BuildResult::Failure, 1, sds)
        };
        let builds = [
            failed,
            record(BuildResult::Success, 1, BuildDetails::default()),
        ];
        for attribute in crate::server::attributes::ATTRIBUTES {
            let rows = table(attribute.id, &builds);
            let counts = rows
                .iter()
                .filter_map(|row| row.split(" | ").nth(1)?.parse::<u32>().ok());
            assert_eq!(counts.sum::<u32>(), 2, "{}: {rows:?}", attribute.id);
        }
        for (by, first) in [
            ("system", "jenkins"),
            ("node", "unknown"),
            ("failed_step", "test"),
        ] {
            assert!(
                table(by, &builds).iter().any(|row| row.starts_with(first)),
                "{by}"
            );
        }
    }
}
