//! The parameters of a page beside its selection.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};

/// Names and values of parameters, sorted; none is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct View(Vec<(String, String)>);

impl View {
    /// Takes the last value of each of these parameters.
    pub fn read<K: AsRef<str>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (K, V)>,
        names: &[&str],
    ) -> Self {
        let mut kept: Vec<(String, String)> = Vec::new();
        for (name, value) in pairs {
            let (name, value) = (name.as_ref(), value.into());
            if names.contains(&name) {
                kept.retain(|(known, _)| known != name);
                kept.push((name.to_owned(), value));
            }
        }
        kept.retain(|(_, value)| !value.is_empty());
        kept.sort_unstable();
        Self(kept)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        Some(value)
    }

    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The same parameters with another value of one; without it if the value is empty.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut pairs = self.0.clone();
        pairs.retain(|(known, _)| known != name);
        if !value.is_empty() {
            pairs.push((name.to_owned(), value.to_owned()));
            pairs.sort_unstable();
        }
        Self(pairs)
    }
}

impl Serialize for View {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.pairs())
    }
}

impl<'de> Deserialize<'de> for View {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = View;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("names and values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<View, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                pairs.sort_unstable();
                Ok(View(pairs))
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_of_each_known_parameter_counts() {
        let pairs = [("sort", "a"), ("x", "y"), ("cursor", ""), ("sort", "b")];
        let view = View::read(pairs, &["cursor", "sort"]);
        assert_eq!(view.pairs().collect::<Vec<_>>(), [("sort", "b")]);
        assert_eq!(view.with("cursor", "1").get("cursor"), Some("1"));
        assert_eq!(view.with("sort", ""), View::default());
    }
}
