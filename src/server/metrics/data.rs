//! The served data: its amount, size and age.

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
    let help = "1 if the server is ready, otherwise 0";
    number(registry, "ready", help, None, ready);
    let lost = f64::from(u8::from(scrape.store_lost));
    let help = "1 if the store is unreachable, otherwise 0";
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
        "Approximate memory of the snapshot",
        Some(Unit::Bytes),
        count(snapshot.bytes()),
    );
    let help = "1 if the data is sample data, otherwise 0";
    number(registry, "sample_data", help, None, sample);
    let as_of = [
        ("events", snapshot.as_of_ms),
        ("security", snapshot.security.as_of_ms),
    ];
    numbers(
        registry,
        "data_as_of_timestamp",
        "Time of the last sync or import, as Unix time",
        Some(Unit::Seconds),
        as_of.map(|(kind, as_of_ms)| (Kind { kind }, as_of_ms.map(seconds))),
    );
}
