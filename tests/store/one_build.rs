//! Single builds, as pages read them.

use rse_dashboard::server::{
    model::{Codebase, Event, System},
    store::{StoredBuild, WantedBuild},
};

use crate::support::{content, event, load, open, runtime};

fn detailed(job: usize, build: usize, position: usize) -> Event {
    Event {
        git_commit: Some("c0ffee".to_owned()),
        node_name: Some("node".to_owned()),
        build_url: Some("https://build.example/1".to_owned()),
        codebase: Codebase {
            product: Some(format!("product {job}")),
            ..Codebase::default()
        },
        ..event(job, build, position)
    }
}

fn wanted_tag(system: &str, tag: &str) -> WantedBuild {
    WantedBuild::Tag(System::new(system).expect("a name"), tag.to_owned())
}

fn steps(found: &StoredBuild) -> Vec<String> {
    let build = found.build().expect("a build");
    let steps = build.steps.iter().map(|step| step.name.to_owned());
    steps.collect()
}

#[test]
fn a_build_is_read_by_its_tag_its_number_and_its_row() {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let mut store = open(dir.path()).await;
        let mut events: Vec<Event> = (0..4)
            .flat_map(|job| (0..3).map(move |position| detailed(job, 1, position)))
            .collect();
        let sds = System::new("sds").expect("a name");
        events.push(Event {
            system: sds.clone(),
            ..event(0, 1, 7)
        });
        events.push(Event {
            build_tag: None,
            ..event(9, 2, 5)
        });
        store.ingest(&events).await.expect("ingested");
        let reader = store.build_reader();
        let read = async |wanted| reader.read(wanted).await.expect("readable");

        let tag = "jenkins-HMCTS_CMC-job2-master-1";
        let found = read(wanted_tag("jenkins", tag)).await.expect("a build");
        assert_eq!(steps(&found), ["step 0", "step 1", "step 2"]);
        let key = found.key().expect("a key");
        assert_eq!((key.system, key.tag), (System::default(), Some(tag)));
        let build = found.build().expect("a build");
        assert_eq!(build.job, "HMCTS_CMC/job2/master");
        assert_eq!(build.git_commit, Some("c0ffee"));
        assert_eq!(build.codebase.product.as_deref(), Some("product 2"));
        assert_eq!(build.url, Some("https://build.example/1"));

        let other = wanted_tag("sds", "jenkins-HMCTS_CMC-job0-master-1");
        let other = read(other).await.expect("a build");
        assert_eq!(steps(&other), ["step 7"]);
        assert_eq!(other.key().expect("a key").system, sds);

        let job = "HMCTS_CMC/job9/master".to_owned();
        let number = WantedBuild::Number(System::default(), job, "2".to_owned());
        let untagged = read(number).await.expect("a build");
        assert_eq!(steps(&untagged), ["step 5"]);
        assert_eq!(untagged.key().expect("a key").tag, None);

        // By the numbers of the snapshot, each build is its own.
        let snapshot = load(&store).await;
        assert_eq!(snapshot.builds.len(), 6);
        for row in 0..snapshot.builds.len() {
            let ordinal = snapshot.builds.stored[row];
            let found = read(WantedBuild::Ordinal(ordinal)).await.expect("a build");
            assert_eq!(found.ordinal, ordinal);
            let pipeline = &snapshot.pipelines[snapshot.builds.pipeline[row] as usize];
            assert_eq!(found.build().expect("a build").job, &*pipeline.name);
            assert_eq!(found.key().expect("a key").system, pipeline.system);
        }

        for unknown in [
            wanted_tag("sds", tag),
            wanted_tag("jenkins", ""),
            wanted_tag("jenkins", "~made:1:a#1"),
            wanted_tag("jenkins", "' OR 1=1 --"),
            WantedBuild::Ordinal(u32::MAX),
        ] {
            assert!(read(unknown.clone()).await.is_none(), "{unknown:?}");
        }
        let addresses = store.build_addresses(10).await.expect("readable");
        assert_eq!(addresses, ["https://build.example/1"; 4]);
        let few = store.build_addresses(3).await.expect("readable");
        assert_eq!(
            few.len(),
            1,
            "of the latest three builds, one has an address"
        );
        let (builds, _) = content(&store).await;
        assert!(builds.contains("product 3"), "the store is unchanged");
    });
}

#[test]
fn a_reader_of_a_closed_store_fails_and_does_not_wait() {
    let dir = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let store = open(dir.path()).await;
        let reader = store.build_reader();
        store.close().await;
        assert!(reader.read(WantedBuild::Ordinal(1)).await.is_err());
    });
}
