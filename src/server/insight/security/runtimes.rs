//! Runtimes at an instant: the end of their support.

use std::sync::Arc;

use crate::server::{
    config::Config,
    model::{DAY_MS, RepositoryFacts, Runtime, end_of_day_ms},
    snapshot::{RuntimeState, Support, security::Security},
};

/// Adds the runtimes of a repository at an instant. Facts from before runtimes were read know the versions of
/// Node.js and Java only.
pub fn add(
    runtimes: &mut Vec<RuntimeState>,
    security: &Security,
    config: &Config,
    facts: &Arc<RepositoryFacts>,
    at_ms: i64,
) {
    let known = facts.runtimes.clone().unwrap_or_else(|| stated(facts));
    for runtime in known {
        let cycle = security
            .end_of_life()
            .cycle_of(&runtime.product, &runtime.version);
        let ends_ms = cycle.and_then(|cycle| cycle.ends).and_then(end_of_day_ms);
        let due_ms = at_ms + i64::from(config.security.runtime_due_days) * DAY_MS;
        let support = match (cycle, ends_ms) {
            (None, _) => Support::Unknown,
            (Some(cycle), None) if cycle.ended => Support::Ended,
            (_, Some(ends)) if ends <= at_ms => Support::Ended,
            (_, Some(ends)) if ends <= due_ms => Support::Due,
            _ => Support::Supported,
        };
        runtimes.push(RuntimeState {
            facts: Arc::clone(facts),
            cycle: cycle.map(|cycle| cycle.name.clone()),
            runtime,
            ends_ms,
            support,
        });
    }
}

fn stated(facts: &RepositoryFacts) -> Vec<Runtime> {
    let versions = [
        ("nodejs", &facts.node_version),
        ("java", &facts.java_version),
    ];
    let known = versions.into_iter().filter_map(|(product, version)| {
        let version = version.as_ref()?.clone();
        let product = product.to_owned();
        Some(Runtime {
            product,
            version,
            ..Runtime::default()
        })
    });
    known.collect()
}
