//! Node.js versions in use, by repository.
//!
//! Reads `node_version` of the repositories that are not archived.

use super::{
    Context, Figure, Page, Rows, opens,
    versions::{self, Platform},
};
use crate::{api::Width, selection::Selection, server::snapshot::Snapshot};

pub const FIGURE: Figure = Figure {
    id: "node_versions",
    page: Page::Security,
    width: Width::Half,
    height: 440,
    title: "Node.js versions in use",
    help: "Repositories that are not archived and state a Node.js version. The major version is the \
           first number of the stated version; release lines such as “lts” have none and are \
           unknown. Select a rectangle to zoom in. The chart shows up to 500 \
           repositories; if there are more, the 200 most frequent versions.",
    rows,
    summary,
    plot,
    opens: opens::nothing,
    marks: opens::no_marks,
};

const NODE: Platform = Platform {
    name: "Node.js",
    version: |facts| facts.node_version.as_deref(),
    major: versions::first_number,
};

fn rows(snapshot: &Snapshot, _: &Selection) -> Rows {
    NODE.rows(snapshot)
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    NODE.summary(rows, context)
}

fn plot(rows: &Rows, _: &Context<'_>) -> plotly::Plot {
    NODE.plot(rows)
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
    fn the_treemap_holds_majors_versions_and_repositories_below_one_root() {
        let facts = vec![using("a", "8.1"), using("<b>", "8.1"), using("c", "10")];
        let plot = plot(&FIGURE, &security(facts), &Selection::default());
        let map = &plot["data"][0];
        assert_eq!(map["type"], "treemap");
        assert_eq!(
            map["labels"],
            serde_json::json!([
                "3 repositories",
                "Node.js 10 (1)",
                "10 (1)",
                "c",
                "Node.js 8 (2)",
                "8.1 (2)",
                "&lt;b&gt;",
                "a"
            ])
        );
        assert_eq!(
            map["parents"],
            serde_json::json!(["", "0", "1", "2", "0", "4", "5", "5"])
        );
    }

    #[test]
    fn many_repositories_are_drawn_as_their_most_frequent_versions() {
        let name = |number: usize| format!("r{number}");
        // 600 repositories of a version, one of each of 300 others.
        let mut facts: Vec<_> = (0..600).map(|number| using(&name(number), "8.1")).collect();
        facts.extend((0..300).map(|minor| using(&name(600 + minor), &format!("9.{minor}"))));
        let plot = plot(&FIGURE, &security(facts), &Selection::default());
        let map = &plot["data"][0];
        assert_eq!(
            map["labels"],
            serde_json::json!([
                "900 repositories",
                "Node.js 8 (600)",
                "8.1 (600)",
                "other versions (300)"
            ])
        );
        assert_eq!(map["values"], serde_json::json!([0, 0, 600, 300]));
        assert_eq!(map["parents"], serde_json::json!(["", "0", "1", "0"]));
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
