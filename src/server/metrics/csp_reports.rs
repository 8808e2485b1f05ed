//! Violations of the Content-Security-Policy that browsers have reported.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Violated {
    directive: &'static str,
}

#[derive(Default)]
pub struct CspReports(Family<Violated, Counter>);

impl CspReports {
    pub fn count(&self, directive: &'static str) {
        self.0.get_or_create(&Violated { directive }).inc();
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "csp_reports",
            "Reported violations of the Content-Security-Policy",
            self.0.clone(),
        );
    }
}
