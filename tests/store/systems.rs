//! The system as a part of a build's identity.

use rse_dashboard::server::model::{Event, System};

use crate::support::{content, event, load, open, runtime};

fn of(system: &str, position: usize) -> Event {
    Event {
        system: System::new(system).expect("a name"),
        ..event(0, 0, position)
    }
}

#[test]
fn equal_jobs_and_tags_of_two_systems_are_two_builds_and_two_pipelines() {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let mut store = open(dir.path()).await;
        let events = [of("jenkins", 0), of("sds", 1), of("jenkins", 2)];
        store.ingest(&events).await.expect("ingested");
        let (builds, events) = content(&store).await;
        let counts =
            builds.matches("\"events\":2").count() + builds.matches("\"events\":1").count();
        assert_eq!(counts, 2, "{builds}");
        assert_eq!(events.matches("\"system\":\"sds\"").count(), 1);
        let snapshot = load(&store).await;
        let pipelines = snapshot.pipelines.iter();
        let pipelines: Vec<_> = pipelines
            .map(|pipeline| (&*pipeline.name, pipeline.system.as_str(), &*pipeline.label))
            .collect();
        let name = "HMCTS_CMC/job0/master";
        let labels = [format!("{name} (jenkins)"), format!("{name} (sds)")];
        assert_eq!(
            pipelines,
            [(name, "jenkins", &*labels[0]), (name, "sds", &*labels[1])]
        );
        assert_eq!(snapshot.builds.len(), 2);
    });
}

#[test]
fn a_build_that_is_polled_and_imported_is_one_build() {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let mut store = open(dir.path()).await;
        let plain = event(0, 0, 0);
        let detailed = Event {
            git_commit: Some("c0ffee".to_owned()),
            ..plain.clone()
        };
        store
            .ingest(std::slice::from_ref(&plain))
            .await
            .expect("ingested");
        let counts = store
            .ingest(std::slice::from_ref(&detailed))
            .await
            .expect("ingested");
        assert_eq!((counts.new, counts.replaced), (0, 1));
        let counts = store.ingest(&[plain, detailed]).await.expect("ingested");
        assert_eq!((counts.new, counts.unchanged), (0, 2));
        let (builds, _) = content(&store).await;
        assert!(builds.contains("\"git_commit\":\"c0ffee\""), "{builds}");
    });
}

#[test]
fn two_readings_that_know_different_details_complete_each_other() {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let mut store = open(dir.path()).await;
        let plain = event(0, 0, 0);
        let mut product = plain.clone();
        product.codebase.product = Some("cmc".to_owned());
        let mut component = plain;
        component.codebase.component = Some("claim-store".to_owned());
        store.ingest(&[product]).await.expect("ingested");
        store.ingest(&[component]).await.expect("ingested");
        let (builds, events) = content(&store).await;
        for text in [builds, events] {
            let both = "\"product\":\"cmc\",\"component\":\"claim-store\"";
            assert!(text.contains(both), "{text}");
        }
    });
}
