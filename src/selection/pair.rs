//! Two selections in one address: keys that begin with `a.` or `b.` are those of the first or the second one, others
//! hold for both.

use super::{KEYS, Selection, encoded, find, pairs};
use crate::error::AppError;

/// The prefixes of the keys of the first and of the second selection.
const PREFIXES: [&str; 2] = ["a.", "b."];
/// Keys that limit the range: one of them in a selection replaces all that hold for both.
const RANGE: [&str; 3] = ["days", "from", "to"];

/// Two selections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pair {
    pub a: Selection,
    pub b: Selection,
}

impl Pair {
    /// Reads a query. Unknown keys are left out; values are as given, see [`Selection::check`].
    pub fn read(query: &str) -> Self {
        let given: Vec<_> = pairs(query).collect();
        let [a, b] = PREFIXES.map(|prefix| {
            let own = given
                .iter()
                .filter_map(|(key, value)| Some((key.strip_prefix(prefix)?, value)));
            let has = |key: &str| {
                let mut own = own.clone();
                own.any(|(known, _)| known == key || RANGE.contains(&known) && RANGE.contains(&key))
            };
            let both = given.iter().map(|(key, value)| (&**key, value));
            let both = both.filter(|(key, _)| !has(key));
            let all = both.chain(own.clone());
            all.map(|(key, value)| (key, value.to_string())).collect()
        });
        Self { a, b }
    }

    /// Reads a query whose every key must be known.
    ///
    /// # Errors
    /// [`AppError::UnknownParameter`], and those of [`Selection::check`].
    pub fn parse(query: &str) -> Result<Self, AppError> {
        for (key, _) in pairs(query) {
            if find(without_prefix(&key)).is_none() {
                let known: Vec<String> = Self::keys().collect();
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                return Err(AppError::unknown_parameter(&key, &known));
            }
        }
        let pair = Self::read(query);
        pair.a.check()?;
        pair.b.check()?;
        Ok(pair)
    }

    /// Every key of an address: those of both selections, then those of each.
    pub fn keys() -> impl Iterator<Item = String> {
        let prefixes = [""].into_iter().chain(PREFIXES);
        prefixes.flat_map(|prefix| KEYS.iter().map(move |key| format!("{prefix}{}", key.id)))
    }

    /// Returns whether a query has keys of only one of the selections.
    pub fn is_given(query: &str) -> bool {
        pairs(query).any(|(key, _)| without_prefix(&key).len() < key.len())
    }

    /// The query without its question mark. A key that has the same values in both selections has no prefix.
    pub fn encoded(&self) -> String {
        let of = |selection: &Selection, keys: &[&str]| {
            let pairs = selection.pairs().filter(|(key, _)| keys.contains(key));
            let pairs = pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
            pairs.collect::<Vec<_>>()
        };
        let mut all = Vec::new();
        let single = KEYS
            .iter()
            .map(|key| key.id)
            .filter(|key| !RANGE.contains(key));
        let single: Vec<[&str; 1]> = single.map(|key| [key]).collect();
        for keys in single.iter().map(|key| &key[..]).chain([&RANGE[..]]) {
            let (a, b) = (of(&self.a, keys), of(&self.b, keys));
            if a == b {
                all.extend(a);
                continue;
            }
            for (prefix, own) in PREFIXES.into_iter().zip([a, b]) {
                let own = own.into_iter();
                all.extend(own.map(|(key, value)| (format!("{prefix}{key}"), value)));
            }
        }
        all.sort_unstable();
        encoded(
            all.iter()
                .map(|(key, value)| (key.as_str(), value.as_str())),
        )
    }
}

fn without_prefix(key: &str) -> &str {
    let mut prefixes = PREFIXES.iter();
    prefixes
        .find_map(|prefix| key.strip_prefix(prefix))
        .unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    fn queries(query: &str) -> (String, String) {
        let pair = Pair::parse(query).expect("two selections");
        (pair.a.encoded(), pair.b.encoded())
    }

    #[test]
    fn keys_without_a_prefix_hold_for_both() {
        for (query, a, b) in [
            ("", "", ""),
            ("project=cmc", "project=cmc", "project=cmc"),
            ("a.project=cmc&days=7", "days=7&project=cmc", "days=7"),
            ("a.project=cmc&project=sscs", "project=cmc", "project=sscs"),
            // A default of one selection replaces the value for both.
            ("a.days=14&days=28", "", "days=28"),
            ("b.project=all&project=cmc", "project=cmc", ""),
            ("a.from=2019-10-01&days=7", "from=2019-10-01", "days=7"),
            (
                "b.result=FAILURE&b.result=ABORTED",
                "",
                "result=ABORTED&result=FAILURE",
            ),
        ] {
            assert_eq!(queries(query), (a.to_owned(), b.to_owned()), "{query}");
        }
    }

    #[test]
    fn an_address_has_one_form() {
        for (query, canonical) in [
            ("a.project=cmc&b.project=cmc", "project=cmc"),
            (
                "b.project=sscs&a.project=cmc&x=1",
                "a.project=cmc&b.project=sscs",
            ),
            ("a.days=14&days=28", "b.days=28"),
            (
                "a.from=2019-10-01&b.days=7&type=nightly",
                "a.from=2019-10-01&b.days=7&type=nightly",
            ),
        ] {
            assert_eq!(Pair::read(query).encoded(), canonical, "{query}");
        }
    }

    #[test]
    fn unknown_keys_and_values_are_named() {
        for (query, words) in [
            ("a.colour=red", "a.colour"),
            ("c.project=cmc", "c.project"),
            ("a.a.project=cmc", "a.a.project"),
            ("b.days=15", "days"),
            ("a.result=red", "FAILURE"),
        ] {
            let error = Pair::parse(query).expect_err(query).to_string();
            assert!(error.contains(words), "{query}: {error}");
        }
        assert!(Pair::is_given("days=7&a.project=cmc") && !Pair::is_given("days=7"));
        assert_eq!(Pair::keys().count(), 3 * KEYS.len());
    }

    proptest! {
        #[test]
        fn a_query_reads_back_as_the_same_pair(
            given in vec((select(&["", "a.", "b."][..]), select(KEYS), "\\PC{0,6}|all|14|7"), 0..10)
        ) {
            let given: Vec<_> = given.iter().map(|(prefix, key, value)| (format!("{prefix}{}", key.id), value)).collect();
            let query = encoded(given.iter().map(|(key, value)| (key.as_str(), value.as_str())));
            let pair = Pair::read(&query);
            let canonical = pair.encoded();
            prop_assert_eq!(&Pair::read(&canonical), &pair);
            prop_assert_eq!(Pair::read(&canonical).encoded(), canonical);
        }
    }
}
