//! Fuzz targets of reference data.

use super::{at_ms, table};
use crate::server::{
    fuzz_target::Target,
    model::{EndOfLife, Epss, KnownExploited, Product},
    store::Reference,
};

pub const TARGETS: &[Target] = &[
    ("end_of_life", end_of_life),
    ("reference_lists", reference_lists),
];

/// A KEV catalogue or EPSS scores: what is accepted can be kept and read again.
fn reference_lists(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(list) = table(Reference::KnownExploited, text) {
        let again = KnownExploited::from_json(&list.json).expect("a catalogue");
        assert_eq!(again.vulnerabilities.len() as u64, list.entries);
        let _ = at_ms(list.as_of);
    }
    if let Ok(list) = table(Reference::Epss, text) {
        let again = Epss::from_json(&list.json).expect("scores");
        assert_eq!(again.scores.len() as u64, list.entries);
        let _ = at_ms(list.as_of);
    }
}

/// A table of ends of support, as kept or as answered by endoflife.date, and a version.
fn end_of_life(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(table) = EndOfLife::from_json(text) {
        let again = EndOfLife::from_json(&table.to_json());
        assert_eq!(again.expect("a table"), table);
    }
    let _ = EndOfLife::from_toml(text);
    if let Ok(product) = Product::from_api(text) {
        assert!(
            product
                .cycles
                .iter()
                .all(|cycle| cycle.name.chars().count() <= 40)
        );
    }
    for product in ["nodejs", "debian", "eclipse-temurin"] {
        EndOfLife::built_in().cycle_of(product, text);
    }
}
