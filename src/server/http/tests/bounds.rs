//! Pages, their fragments and their figures stay small, whatever the data.

use super::*;
use crate::{
    markup::MAX_ROWS,
    server::{
        figures::{self, testing::crowded},
        model::{Codebase, Event, RepositoryFacts, Suppression, System, Toolchain},
        store::Store,
    },
};

const MOST: usize = 2_000_000;
const FINISHED_MS: i64 = 1_572_000_000_000;

/// The pages with data.
const PAGES: [&str; 5] = ["/", "/pipelines", "/security", "/sources", "/wall"];

fn of(snapshot: Snapshot) -> Router {
    let state = AppState::default();
    state.swap(snapshot);
    router(state, Settings::default())
}

/// Asserts that every page and figure is small.
async fn assert_small(router: &Router) {
    let figures = figures::ALL.iter();
    let pages = figures
        .clone()
        .map(|figure| format!("/figures/{}", figure.id));
    let data = figures.map(|figure| format!("/api/figure?id={}&rows=page", figure.id));
    let fragments = ["headline", "sources", "freshness", "security", "today"];
    let fragments = fragments.map(|of| format!("/api/fragments?of={of}"));
    let uris = PAGES.map(str::to_owned).into_iter().chain(pages);
    for uri in uris.chain(data).chain(fragments) {
        let response = get(router, &uri).await;
        assert_eq!(response.status, StatusCode::OK, "{uri}");
        let bytes = response.body.len();
        assert!(bytes < MOST, "{uri}: {bytes} bytes");
        let rows = response.text().matches("<tr>").count();
        // Only some of a page's figures and lists can be long.
        assert!(rows < 5 * MAX_ROWS, "{uri}: {rows} rows");
    }
}

/// The rows of a figure's table on its page, and the bytes of its CSV's lines.
async fn shown_and_exported(router: &Router, id: &str) -> (usize, usize) {
    let page = get(router, &format!("/figures/{id}")).await;
    let csv = get(router, &format!("/figures/{id}.csv")).await;
    // Without the rows of titles.
    let shown = page.text().matches("<tr>").count() - 1;
    (shown, csv.text().lines().count() - 1)
}

#[tokio::test]
async fn pages_end_at_so_many_rows_and_exports_have_all() {
    let router = of(crowded(2_000));
    assert_small(&router).await;
    for (id, all) in [
        ("cve_most_frequent", 1_998),
        ("cve_per_team", 2_000),
        ("timeline_short", 2_001),
    ] {
        assert_eq!(
            shown_and_exported(&router, id).await,
            (figures::MAX_PAGE_ROWS, all),
            "{id}"
        );
    }
    // Names of 300 characters that have to be escaped can reach the limit of bytes first.
    for (id, all) in [
        ("failing_steps", 2_000),
        ("node_versions", 2_000),
        ("java_versions", 2_000),
    ] {
        let (shown, exported) = shown_and_exported(&router, id).await;
        assert!(
            (50..=figures::MAX_PAGE_ROWS).contains(&shown),
            "{id}: {shown}"
        );
        assert_eq!(exported, all, "{id}");
    }
}

#[tokio::test]
async fn a_page_shows_the_rows_that_matter_most_and_links_to_all() {
    let router = of(crowded(2_000));
    let page = get(&router, "/figures/timeline_short").await;
    assert!(page.text().contains("120 of 2,001 rows"), "the note");
    assert!(page.text().contains("All 2,001 rows as CSV"), "the link");
    let rows = async |rows: &str| {
        let uri = format!("/api/figure?id=timeline_short&rows={rows}");
        let figure: FigureData = serde_json::from_str(get(&router, &uri).await.text())
            .unwrap_or_else(|error| panic!("{uri}: {error}"));
        assert_eq!(figure.row_count, 2_001);
        figure.rows
    };
    let (all, page) = (rows("all").await, rows("page").await);
    assert_eq!(all.len(), 2_001);
    assert_eq!(
        page,
        all[all.len() - figures::MAX_PAGE_ROWS..],
        "the latest slots"
    );
    assert_eq!(rows("").await, all);
    let wrong = get(&router, "/api/figure?id=timeline_short&rows=10").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn pages_stay_small_with_many_repositories_steps_and_suppressions() {
    let mut repositories = Vec::new();
    for number in 0..50_000 {
        repositories.push(RepositoryFacts {
            repository: format!("team{}-repository-{number}", number % 5_000),
            javascript: true,
            node_version: Some(format!("{}.{number}", number % 30)),
            java_version: Some("17".to_owned()),
            ..RepositoryFacts::default()
        });
    }
    for team in ["a", "b", "c", "d"] {
        let cve = |number: usize| Suppression {
            cve: format!("CVE-2019-{number:05}"),
            until: None,
        };
        repositories.push(RepositoryFacts {
            repository: format!("{team}-api"),
            suppressions: (0..38_000).map(cve).collect(),
            ..RepositoryFacts::default()
        });
    }
    let mut builder = SnapshotBuilder::new(Arc::new(Config::built_in()));
    for number in 0..200_000 {
        builder.push_record(&BuildRecord {
            job_name: "HMCTS_CMC/claim-store/master",
            build_id: &number.to_string(),
            branch: Some("master"),
            result: BuildResult::Failure,
            nightly: false,
            started_ms: FINISHED_MS - 60_000,
            finished_ms: FINISHED_MS,
            duration_ms: Some(60_000),
            failing_step: Some(&format!("a step with the number {number}")),
            functional_test_ms: None,
            details: crate::server::snapshot::BuildDetails::default(),
        });
    }
    let snapshot = builder.finish(
        "v1".to_owned(),
        Some(FINISHED_MS),
        Security::of(Some(FINISHED_MS), repositories),
    );
    let router = of(insight::filled(snapshot));
    assert_small(&router).await;
    let (shown, exported) = shown_and_exported(&router, "failing_steps").await;
    assert!(exported >= 65_535, "{exported}");
    assert_eq!(shown, figures::MAX_PAGE_ROWS);
    for (id, all) in [("cve_most_frequent", 38_000), ("node_versions", 50_000)] {
        assert_eq!(
            shown_and_exported(&router, id).await,
            (figures::MAX_PAGE_ROWS, all),
            "{id}"
        );
    }
}

#[tokio::test]
async fn pages_stay_small_with_stored_names_of_any_length() {
    let dir = tempfile::tempdir().expect("a directory");
    let config = Arc::new(Config::built_in());
    let opened = Store::open(dir.path(), &config).await;
    let mut store = opened.expect("the store opens");
    // Many names of 10 kB, and a few of 1 MB.
    let lengths = std::iter::repeat_n(10_000, 600).chain(std::iter::repeat_n(1_000_000, 4));
    let name =
        |what: &str, number: usize, length: usize| format!("{what}{number}-{}", "<".repeat(length));
    let (mut events, mut facts) = (Vec::new(), Vec::new());
    for (number, length) in lengths.enumerate() {
        events.push(Event {
            id: Some(number.to_string()),
            build_tag: Some(format!("tag {number}")),
            job_name: name("job", number, length),
            build_id: Some("1".to_owned()),
            branch: Some("master".to_owned()),
            step: Some(name("step", number, length)),
            result: BuildResult::Failure,
            stage_ms: FINISHED_MS,
            received_s: None,
            scheduled_ms: None,
            duration_ms: None,
            build_url: None,
            step_duration_ms: None,
            git_commit: None,
            node_name: None,
            correlation_id: None,
            system: System::default(),
            codebase: Codebase::default(),
            toolchain: Toolchain::default(),
        });
        facts.push(
            RepositoryFacts {
                repository: name("repository", number, length),
                javascript: true,
                node_version: Some("9".repeat(length)),
                java_version: Some("9".repeat(length)),
                suppressions: vec![Suppression {
                    cve: "CVE-2019-0001".to_owned(),
                    until: Some("9".repeat(length)),
                }],
                ..RepositoryFacts::default()
            }
            .bounded(),
        );
    }
    store.ingest(&events).await.expect("ingested");
    store.put_facts(&facts, FINISHED_MS).await.expect("stored");
    let snapshot = insight::load(&store, config).await.expect("a snapshot");
    let router = of(snapshot);
    assert_small(&router).await;
    let (shown, exported) = shown_and_exported(&router, "failing_steps").await;
    assert!(
        (50..=figures::MAX_PAGE_ROWS).contains(&shown),
        "{shown} rows"
    );
    assert_eq!(exported, 604);
    let csv = get(&router, "/figures/failing_steps.csv").await;
    assert!(csv.body.len() < 604 * 400, "{} bytes", csv.body.len());
}
