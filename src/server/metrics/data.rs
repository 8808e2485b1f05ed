//! The data that are served: how many, how large, how old.

use prometheus_client::{
    encoding::EncodeLabelSet,
    registry::{Registry, Unit},
};

use super::{Scrape, count, number, numbers, seconds};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

pub fn register(registry: &mut Registry, scrape: &Scrape) {
    let ready = f64::from(u8::from(scrape.ready));
    let help = "Whether the server is ready: 1, or 0";
    number(registry, "ready", help, None, ready);
    let lost = f64::from(u8::from(scrape.store_lost));
    let help = "Whether the store cannot be reached: 1, or 0";
    number(registry, "store_lost", help, None, lost);
    let Some(snapshot) = &scrape.snapshot else {
        return;
    };
    let sample = f64::from(u8::from(snapshot.sample));
    let counts = [
        (
            "snapshot_builds",
            "Builds in the snapshot",
            snapshot.builds.len(),
        ),
        (
            "snapshot_pipelines",
            "Pipelines in the snapshot",
            snapshot.pipelines.len(),
        ),
        (
            "snapshot_repositories",
            "Repositories in the snapshot",
            snapshot.security.repositories.len(),
        ),
    ];
    for (name, help, value) in counts {
        number(registry, name, help, None, count(value));
    }
    number(
        registry,
        "snapshot",
        "Memory of the snapshot, about",
        Some(Unit::Bytes),
        count(snapshot.bytes()),
    );
    let help = "Whether the data are made up: 1, or 0";
    number(registry, "sample_data", help, None, sample);
    let as_of = [
        ("events", snapshot.as_of_ms),
        ("security", snapshot.security.as_of_ms),
    ];
    numbers(
        registry,
        "data_as_of_timestamp",
        "When the data were last brought in, Unix time",
        Some(Unit::Seconds),
        as_of.map(|(kind, as_of_ms)| (Kind { kind }, as_of_ms.map(seconds))),
    );
}
