//! Ends of support of runtimes and operating systems.

mod api;
mod version;

use std::{collections::BTreeMap, sync::LazyLock};

use anyhow::{Context as _, Result, ensure};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::text::{MAX_NAME, MAX_VERSION, cut_to};

/// The most products of one table.
const MAX_PRODUCTS: usize = 100;
/// The most cycles of one product.
const MAX_CYCLES: usize = 500;

const BUILT_IN: &str = include_str!("../../../../data/eol.toml");

/// The ends of support of products, by their ids at endoflife.date (`nodejs`, `eclipse-temurin`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndOfLife {
    /// The date of the table.
    pub as_of: Date,
    pub products: BTreeMap<String, Product>,
}

/// The cycles of one product.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// The address of the page that states the dates.
    pub source: String,
    pub cycles: Vec<Cycle>,
}

/// One line of releases that ends as a whole: Node.js 20, Python 3.12, Debian 12.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cycle {
    /// The version that its releases begin with (`20`, `3.12`).
    pub name: String,
    /// The first word of its name, in lower case (`bookworm`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codename: Option<String>,
    /// The day on which regular support ends; none if that is not announced or not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Date>,
    /// Support has ended on a day that is not known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ended: bool,
}

impl EndOfLife {
    /// The table that the program comes with.
    pub fn built_in() -> &'static Self {
        static TABLE: LazyLock<EndOfLife> = LazyLock::new(|| {
            EndOfLife::from_toml(BUILT_IN).expect("a test parses the table that is built in")
        });
        &TABLE
    }

    /// Reads a table from TOML.
    ///
    /// # Errors
    /// It is no such table, or too large.
    pub fn from_toml(text: &str) -> Result<Self> {
        toml::from_str::<Self>(text)
            .context("no table of ends of support")?
            .bounded()
    }

    /// Reads a table as [`Self::to_json`] writes it.
    ///
    /// # Errors
    /// It is no such table, or too large.
    pub fn from_json(text: &str) -> Result<Self> {
        serde_json::from_str::<Self>(text)
            .context("no table of ends of support")?
            .bounded()
    }

    /// Writes the table for the store.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a table of texts and dates is JSON")
    }

    /// Returns the cycle that a version of a product belongs to. The version is as written in a repository:
    /// a number (`v20.11.1`, `8u191`), the name of a cycle (`bookworm-slim`, `lts/iron`) or a range, of which
    /// the least version counts (`>=8.9.0 <9`). None for `lts` and `latest`, for a number that several cycles
    /// begin with (`3`), for an unknown product, and for `java`, whose dates differ by vendor.
    pub fn cycle_of(&self, product: &str, version: &str) -> Option<&Cycle> {
        let cycles = &self.products.get(product)?.cycles;
        let named = |cycle: &&Cycle| {
            let codename = cycle.codename.as_deref();
            codename.is_some_and(|codename| version::names(version, codename))
        };
        if let Some(cycle) = cycles.iter().find(named) {
            return Some(cycle);
        }
        let mut number = version::least(version)?;
        // Java 1.8 is Java 8.
        if version::is_java(product) && number.len() > 1 && number[0] == 1 {
            number.remove(0);
        }
        let matching = cycles.iter().filter_map(|cycle| {
            let name = version::number(&cycle.name)?;
            number.starts_with(&name).then_some((name.len(), cycle))
        });
        matching
            .max_by_key(|(length, _)| *length)
            .map(|(_, cycle)| cycle)
    }

    /// Cuts every text to its limit.
    fn bounded(mut self) -> Result<Self> {
        ensure!(
            self.products.len() <= MAX_PRODUCTS,
            "more than {MAX_PRODUCTS} products"
        );
        for (id, product) in &mut self.products {
            ensure!(
                id.len() <= MAX_VERSION,
                "a product's id is longer than {MAX_VERSION} characters"
            );
            product.bound();
        }
        Ok(self)
    }
}

impl Product {
    fn bound(&mut self) {
        cut_to(&mut self.source, MAX_NAME);
        self.cycles.truncate(MAX_CYCLES);
        for cycle in &mut self.cycles {
            cut_to(&mut cycle.name, MAX_VERSION);
            if let Some(codename) = &mut cycle.codename {
                cut_to(codename, MAX_VERSION);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn name(product: &str, version: &str) -> Option<&'static str> {
        let cycle = EndOfLife::built_in().cycle_of(product, version);
        cycle.map(|cycle| cycle.name.as_str())
    }

    #[test]
    fn the_built_in_table_is_complete_and_well_formed() {
        let table = EndOfLife::built_in();
        let expected = [
            "alpine-linux",
            "amazon-corretto",
            "azul-zulu",
            "debian",
            "dotnet",
            "eclipse-temurin",
            "go",
            "microsoft-build-of-openjdk",
            "nodejs",
            "openjdk-builds-from-oracle",
            "oracle-jdk",
            "php",
            "python",
            "red-hat-build-of-openjdk",
            "ruby",
            "ubuntu",
        ];
        assert_eq!(table.products.keys().collect::<Vec<_>>(), expected);
        for (id, product) in &table.products {
            assert!(product.source.starts_with("https://"), "{id}");
            let names: BTreeSet<_> = product.cycles.iter().map(|cycle| &cycle.name).collect();
            assert_eq!(names.len(), product.cycles.len(), "{id}");
            for cycle in &product.cycles {
                let found = table.cycle_of(id, &cycle.name);
                assert_eq!(found, Some(cycle), "{id} {}", cycle.name);
            }
        }
    }

    #[test]
    fn a_table_survives_the_store() {
        let table = EndOfLife::built_in();
        let read = EndOfLife::from_json(&table.to_json()).expect("a table");
        assert_eq!(&read, table);
    }

    #[test]
    fn dates_are_those_of_the_sources() {
        let ends = |product, version| {
            let cycle = EndOfLife::built_in().cycle_of(product, version);
            cycle.and_then(|cycle| cycle.ends)
        };
        let cases = [
            ("nodejs", "20", Some(date(2026, 4, 30))),
            ("nodejs", "22.11.0", Some(date(2027, 4, 30))),
            ("eclipse-temurin", "21", Some(date(2029, 12, 31))),
            ("amazon-corretto", "8", Some(date(2030, 12, 31))),
            ("python", "3.9", Some(date(2025, 10, 31))),
            ("go", "1.25", Some(date(2026, 8, 19))),
            ("go", "1.27", None),
            ("debian", "bookworm", Some(date(2026, 7, 11))),
        ];
        for (product, version, expected) in cases {
            assert_eq!(ends(product, version), expected, "{product} {version}");
        }
    }

    #[test]
    fn versions_belong_to_the_cycle_that_they_begin_with() {
        let cases = [
            ("nodejs", "20.11.1", "20"),
            ("nodejs", "v18", "18"),
            ("nodejs", "V18.x", "18"),
            ("nodejs", "18.*", "18"),
            ("nodejs", "0.12.7", "0.12"),
            ("nodejs", "node-20", "20"),
            ("python", "3.9", "3.9"),
            ("python", "3.10.4-slim", "3.10"),
            ("go", "1.21.3", "1.21"),
            ("go", "go1.21", "1.21"),
            ("dotnet", "8.0", "8"),
            ("dotnet", "net8.0", "8"),
            ("dotnet", "netcoreapp3.1", "3.1"),
            ("ruby", "ruby-3.2.2", "3.2"),
            ("php", "8.1-fpm", "8.1"),
            ("debian", "12.4", "12"),
            ("debian", "12-slim", "12"),
            ("ubuntu", "22.04", "22.04"),
            ("alpine-linux", "3.18.4", "3.18"),
            ("eclipse-temurin", "17.0.2+8", "17"),
            ("azul-zulu", "8u191", "8"),
        ];
        for (product, version, expected) in cases {
            assert_eq!(
                name(product, version),
                Some(expected),
                "{product} {version}"
            );
        }
    }

    #[test]
    fn the_least_version_of_a_range_counts() {
        let cases = [
            ("nodejs", "^18.17.0", "18"),
            ("nodejs", ">=8.9.0 <9.0", "8"),
            ("nodejs", ">= 8.9.0 < 9", "8"),
            ("nodejs", "~16", "16"),
            ("nodejs", "20 || ^18.2", "18"),
            ("nodejs", "14 - 16", "14"),
            ("python", ">=3.8,<4", "3.8"),
            ("python", "~=3.9.2", "3.9"),
            ("python", "==3.11.*", "3.11"),
            ("eclipse-temurin", "[17,18)", "17"),
        ];
        for (product, version, expected) in cases {
            assert_eq!(
                name(product, version),
                Some(expected),
                "{product} {version}"
            );
        }
        for version in ["<9", "<=16 || >=18", "!=3.8", "(,17]", "*", "x"] {
            assert_eq!(name("nodejs", version), None, "{version}");
        }
    }

    #[test]
    fn codenames_are_cycles() {
        let cases = [
            ("debian", "bookworm", "12"),
            ("debian", "Bookworm-20240110-slim", "12"),
            ("debian", "stretch", "9"),
            ("ubuntu", "jammy", "22.04"),
            ("ubuntu", "focal-20240110", "20.04"),
            ("nodejs", "lts/iron", "20"),
        ];
        for (product, version, expected) in cases {
            assert_eq!(
                name(product, version),
                Some(expected),
                "{product} {version}"
            );
        }
        assert_eq!(name("debian", "bookworms"), None);
    }

    #[test]
    fn java_versions_of_before_9_lose_their_1() {
        assert_eq!(name("eclipse-temurin", "1.8"), Some("8"));
        assert_eq!(name("azul-zulu", "1.8.0_191"), Some("8"));
        assert_eq!(name("go", "1.8"), None, "only Java's");
    }

    #[test]
    fn unknown_versions_and_products_have_no_cycle() {
        let cases = [
            ("nodejs", "lts"),
            ("nodejs", "lts/*"),
            ("nodejs", "lts-alpine3.14"),
            ("nodejs", "latest"),
            ("nodejs", "unknown"),
            ("nodejs", ""),
            ("nodejs", "99"),
            ("nodejs", "99999999999999999999"),
            ("python", "3"),
            ("ubuntu", "22"),
            ("java", "17"),
            ("cobol", "1"),
        ];
        for (product, version) in cases {
            assert_eq!(name(product, version), None, "{product} {version}");
        }
    }

    #[test]
    fn a_table_that_is_too_large_is_refused() {
        let mut table = EndOfLife::built_in().clone();
        for number in 0..=MAX_PRODUCTS {
            let product = Product::default();
            table.products.insert(number.to_string(), product);
        }
        let error = EndOfLife::from_json(&table.to_json()).expect_err("too many products");
        assert!(error.to_string().contains("products"), "{error}");
    }

    proptest! {
        #[test]
        fn no_version_causes_a_panic(version in "[v0-9.x*<>=~^|, \\-a-zé]{0,30}") {
            for product in ["nodejs", "debian", "eclipse-temurin"] {
                EndOfLife::built_in().cycle_of(product, &version);
            }
        }
    }
}
