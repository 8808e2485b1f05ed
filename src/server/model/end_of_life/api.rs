//! Products as the API of endoflife.date (version 1) describes them.

use anyhow::{Context as _, Result, ensure};
use jiff::civil::Date;
use serde::Deserialize;

use super::{Cycle, MAX_CYCLES, Product};

#[derive(Deserialize)]
struct Answer {
    result: Described,
}

#[derive(Deserialize)]
struct Described {
    #[serde(default)]
    links: Links,
    releases: Vec<Release>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Links {
    html: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Release {
    name: String,
    codename: Option<String>,
    is_eol: bool,
    eol_from: Option<Date>,
}

impl Product {
    /// Reads the answer of `/api/v1/products/{id}`.
    ///
    /// # Errors
    /// It is no such answer, or too large.
    pub fn from_api(text: &str) -> Result<Self> {
        let answer: Answer = serde_json::from_str(text).context("no product of endoflife.date")?;
        let Described { links, releases } = answer.result;
        ensure!(
            releases.len() <= MAX_CYCLES,
            "more than {MAX_CYCLES} releases of a product"
        );
        let mut product = Self {
            source: links.html.unwrap_or_default(),
            cycles: releases.into_iter().map(Release::into_cycle).collect(),
        };
        product.bound();
        Ok(product)
    }
}

impl Release {
    fn into_cycle(self) -> Cycle {
        let codename = self.codename.unwrap_or_default().to_lowercase();
        let codename = codename.split_whitespace().next().map(str::to_owned);
        Cycle {
            name: self.name,
            codename,
            ends: self.eol_from,
            ended: self.is_eol && self.eol_from.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const UBUNTU: &str = r#"{
        "schema_version": "1.2.0",
        "generated_at": "2026-11-01T00:00:00+00:00",
        "last_modified": "2026-10-20T00:00:00+00:00",
        "result": {
            "name": "ubuntu",
            "label": "Ubuntu",
            "links": { "html": "https://endoflife.date/ubuntu" },
            "releases": [
                { "name": "24.04", "codename": "Noble Numbat", "label": "24.04 LTS", "isLts": true,
                  "isEol": false, "eolFrom": "2029-05-31", "isMaintained": true },
                { "name": "28.04", "codename": null, "isEol": false, "eolFrom": null },
                { "name": "4.10", "codename": "Warty Warthog", "isEol": true, "eolFrom": null }
            ]
        }
    }"#;

    #[test]
    fn products_of_the_api_are_read() {
        let product = Product::from_api(UBUNTU).expect("a product");
        assert_eq!(product.source, "https://endoflife.date/ubuntu");
        let cycle = |name: &str, codename: Option<&str>, ends, ended| Cycle {
            name: name.to_owned(),
            codename: codename.map(str::to_owned),
            ends,
            ended,
        };
        let expected = [
            cycle("24.04", Some("noble"), Some(date(2029, 5, 31)), false),
            cycle("28.04", None, None, false),
            cycle("4.10", Some("warty"), None, true),
        ];
        assert_eq!(product.cycles, expected);
    }

    #[test]
    fn other_answers_are_refused() {
        for text in ["", "<html>", "{}", r#"{"result":{"releases":[{}]}}"#] {
            assert!(Product::from_api(text).is_err(), "{text}");
        }
    }
}
