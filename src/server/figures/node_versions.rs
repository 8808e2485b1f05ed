//! Node.js versions in use, by repository.
//!
//! Reads `node_version` of the repositories that are not archived.

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
    id: "node_versions",
    page: Page::Security,
    topic: Topic::Runtimes,
    width: Width::Half,
    height: 440,
    title: "Node.js versions in use",
    help: "Repositories that are not archived and state a Node.js version. The major version is the \
           first number of the stated version; release lines such as “lts” have none and are \
           unknown. The table lists the repositories.",
    rows,
    summary,
    chart,
    opens: opens::nothing,
};

pub(super) const NODE: Platform = Platform {
    name: "Node.js",
    version: |facts| facts.node_version.as_deref(),
    major: versions::first_number,
};

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    NODE.rows(snapshot, selection)
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    NODE.summary(rows, context)
}

fn chart(rows: &Rows, _: &Context<'_>) -> Chart {
    NODE.chart(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        figures::testing::{plot, security, summary, table},
        model::RepositoryFacts,
    };

    fn using(repository: &str, version: &str) -> RepositoryFacts {
        RepositoryFacts {
            repository: repository.to_owned(),
            node_version: Some(version.to_owned()),
            ..RepositoryFacts::default()
        }
    }

    #[test]
    fn majors_descend_as_numbers_then_versions_then_repositories_and_unknown_is_last() {
        let snapshot = security(vec![
            using("a", "lts"),
            using("b", "v8.12.0"),
            using("c", "12"),
            using("d", "8.9.4"),
            using("e", "8.12.0"),
            using("f", "8.12.0"),
            using("g", " "),
            RepositoryFacts {
                archived: true,
                ..using("h", "6")
            },
            RepositoryFacts::default(),
        ]);
        assert_eq!(
            table(&FIGURE, &snapshot, &Selection::default()),
            [
                "12 | 12 | c",
                "8 | 8.9.4 | d",
                "8 | 8.12.0 | e",
                "8 | 8.12.0 | f",
                "8 | v8.12.0 | b",
                "unknown | lts | a",
                "unknown | unknown | g",
            ]
        );
        assert_eq!(
            summary(&FIGURE, &snapshot, &Selection::default()),
            "7 repositories use Node.js, 4 of them version 8; 2 versions cannot be read."
        );
    }

    #[test]
    fn the_chart_has_a_bar_for_each_major_version() {
        let facts = vec![using("a", "8.1"), using("<b>", "8.1"), using("c", "10")];
        let plot = plot(&FIGURE, &security(facts), &Selection::default());
        assert_eq!(plot["data"][0]["x"], serde_json::json!([1.0, 2.0]));
        let names = &plot["layout"]["yaxis"]["ticktext"];
        assert_eq!(*names, serde_json::json!(["Node.js 10", "Node.js 8"]));
    }

    #[test]
    fn an_empty_table_says_why() {
        let say = |facts| summary(&FIGURE, &security(facts), &Selection::default());
        assert_eq!(
            say(vec![RepositoryFacts::default()]),
            "No repository that is not archived states a Node.js version."
        );
        assert_eq!(
            say(vec![using("a", "lts")]),
            "1 repository uses Node.js; 1 version cannot be read."
        );
    }
}
