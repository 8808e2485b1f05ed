//! A selection: a set of builds, as the query of an address.
//!
//! `project=cmc&result=FAILURE&days=7` selects the failed builds of CMC of the last 7 days. A key that is given more
//! than once means “or”, different keys mean “and”, an empty value is the default. Pure, and shared by server and
//! client: names of projects are configured and instants are local, so only their form is checked here.

mod keys;
mod pair;
mod query;

pub use keys::{KEYS, Key, Kind, find, minutes};
pub use pair::Pair;
pub use query::{encoded, pairs};

use crate::error::AppError;

/// The choices of the range, in days.
pub const DAYS: [u16; 6] = [1, 7, 14, 28, 90, 180];
/// The range of an address without one.
pub const DEFAULT_DAYS: u16 = 14;
/// The value of `project` that selects all projects.
pub const ALL_PROJECTS: &str = "all";
/// The keys whose values links carry from page to page.
pub const CARRIED: [&str; 6] = ["days", "from", "project", "team", "to", "type"];
/// The maximum length of a project's name in addresses, in bytes.
pub const MAX_PROJECT: usize = 100;
/// The maximum length of any value, in bytes: names in the data have at most 300 characters.
pub const MAX_VALUE: usize = 1200;
/// The maximum number of values.
pub const MAX_VALUES: usize = 200;

/// The kind of pipelines: all, nightly, or all others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BuildType {
    #[default]
    All,
    Nightly,
    NonNightly,
}

impl BuildType {
    pub const EVERY: [Self; 3] = [Self::All, Self::Nightly, Self::NonNightly];

    /// The name in URLs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Nightly => "nightly",
            Self::NonNightly => "non-nightly",
        }
    }

    /// The name for readers.
    pub const fn label(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Nightly => "Nightly",
            Self::NonNightly => "Non-nightly",
        }
    }
}

/// Keys and values, sorted and distinct, without defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Selection(Vec<(&'static str, String)>);

impl Selection {
    /// Reads a query. Unknown keys are left out; values are as given, see [`Self::check`].
    pub fn read(query: &str) -> Self {
        pairs(query).collect()
    }

    /// Reads a query whose every key must be known.
    ///
    /// # Errors
    /// [`AppError::UnknownParameter`], and those of [`Self::check`].
    pub fn parse(query: &str) -> Result<Self, AppError> {
        for (key, _) in pairs(query) {
            if find(&key).is_none() {
                let known: Vec<&str> = KEYS.iter().map(|key| key.id).collect();
                return Err(AppError::unknown_parameter(&key, &known));
            }
        }
        Self::from_pairs(pairs(query))
    }

    /// Makes a selection of keys and values.
    ///
    /// # Errors
    /// Those of [`Self::check`].
    pub fn from_pairs<K: AsRef<str>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, AppError> {
        let selection: Self = pairs.into_iter().collect();
        selection.check()?;
        Ok(selection)
    }

    /// Checks the form of the values.
    ///
    /// # Errors
    /// [`AppError::UnknownValue`] names the key and the known values.
    pub fn check(&self) -> Result<(), AppError> {
        if let Some((key, value)) = self.0.get(MAX_VALUES) {
            return Err(AppError::unknown_value(key, value, Vec::new()));
        }
        for (id, value) in &self.0 {
            let key = find(id).ok_or(AppError::Internal)?;
            let repeated = !key.kind.is_repeatable() && self.values(id).count() > 1;
            if repeated || value.len() > MAX_VALUE || !key.kind.accepts(value) {
                return Err(AppError::unknown_value(id, value, key.kind.choices()));
            }
        }
        Ok(())
    }

    /// The query: `?days=28&project=cmc`, or empty. Keys and values are sorted.
    pub fn query(&self) -> String {
        let query = self.encoded();
        if query.is_empty() {
            query
        } else {
            format!("?{query}")
        }
    }

    /// The query without its question mark.
    pub fn encoded(&self) -> String {
        encoded(self.pairs())
    }

    /// The keys and values, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (*key, value.as_str()))
    }

    /// The values of a key, in order.
    pub fn values<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        let pairs = self.0.iter();
        pairs
            .filter(move |(known, _)| *known == key)
            .map(|(_, value)| value.as_str())
    }

    /// The only value of a key; none without one, or with several.
    pub fn value<'a>(&'a self, key: &'a str) -> Option<&'a str> {
        let mut values = self.values(key);
        values.next().filter(|_| values.next().is_none())
    }

    pub fn has(&self, key: &str) -> bool {
        self.values(key).next().is_some()
    }

    /// The same selection with only this value of a key. The default value removes the key.
    #[must_use]
    pub fn with(&self, key: &str, value: &str) -> Self {
        self.with_values(key, [value])
    }

    /// The same selection with only these values of a key.
    #[must_use]
    pub fn with_values<'a>(&self, key: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        let kept = self.without(key);
        let kept = kept
            .0
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value));
        let new = values
            .into_iter()
            .map(|value| (key.to_owned(), value.to_owned()));
        kept.chain(new).collect()
    }

    #[must_use]
    pub fn without(&self, key: &str) -> Self {
        let pairs = self.0.iter().filter(|(known, _)| *known != key);
        Self(pairs.cloned().collect())
    }

    /// The same selection without one value of a key.
    #[must_use]
    pub fn without_value(&self, key: &str, value: &str) -> Self {
        let pairs = self.0.iter();
        let pairs = pairs.filter(|(known, held)| *known != key || held != value);
        Self(pairs.cloned().collect())
    }

    /// The part of the selection that links carry to other pages.
    #[must_use]
    pub fn carried(&self) -> Self {
        let pairs = self.0.iter().filter(|(key, _)| CARRIED.contains(key));
        Self(pairs.cloned().collect())
    }

    /// The same selection with other values for each key of `conditions`. Bounds replace `days`; a list of builds is
    /// compared with nothing.
    #[must_use]
    pub fn narrowed(&self, conditions: &Self) -> Self {
        let bounded = conditions.has("from") || conditions.has("to");
        let kept = self.0.iter().filter(|(key, _)| {
            let replaced = conditions.has(key) || *key == "compare";
            !(replaced || bounded && matches!(*key, "days" | "from" | "to"))
        });
        let mut pairs: Vec<_> = kept.chain(&conditions.0).cloned().collect();
        pairs.sort_unstable();
        Self(pairs)
    }

    #[must_use]
    pub fn with_days(&self, days: u16) -> Self {
        let unbounded = self.without("from").without("to");
        unbounded.with("days", &days.to_string())
    }

    #[must_use]
    pub fn with_build_type(&self, build_type: BuildType) -> Self {
        self.with("type", build_type.as_str())
    }

    /// The project's name in addresses; [`ALL_PROJECTS`] for all or for several.
    pub fn project(&self) -> &str {
        self.value("project").unwrap_or(ALL_PROJECTS)
    }

    /// The kind of pipelines; several are all.
    pub fn build_type(&self) -> BuildType {
        let value = self.value("type");
        let mut known = BuildType::EVERY.into_iter();
        known
            .find(|known| Some(known.as_str()) == value)
            .unwrap_or_default()
    }

    /// The number of days up to the latest data; none if only bounds limit the range.
    pub fn days(&self) -> Option<u16> {
        let given = self.value("days").and_then(|days| days.parse().ok());
        let bounded = self.has("from") || self.has("to");
        given.or((!bounded).then_some(DEFAULT_DAYS))
    }

    /// Returns whether charts also show the period before.
    pub fn is_compared(&self) -> bool {
        self.has("compare")
    }

    /// The keys that select builds, beside those of the filters, in order.
    pub fn further_keys(&self) -> Vec<&'static str> {
        let mut keys: Vec<&str> = self.0.iter().map(|(key, _)| *key).collect();
        keys.dedup();
        let others = ["as_of", "compare", "days", "from", "project", "to", "type"];
        keys.retain(|key| !others.contains(key));
        keys
    }
}

impl<K: AsRef<str>, V: Into<String>> FromIterator<(K, V)> for Selection {
    /// Collects keys and values; unknown keys, empty values and defaults are left out.
    fn from_iter<T: IntoIterator<Item = (K, V)>>(pairs: T) -> Self {
        let mut kept: Vec<(&str, String)> = Vec::new();
        let mut unlimited = Vec::new();
        for (key, value) in pairs {
            let value: String = value.into();
            match find(key.as_ref()) {
                Some(key) if key.kind.is_default(&value) => unlimited.push(key.id),
                Some(key) if !value.is_empty() => kept.push((key.id, value)),
                _ => {}
            }
        }
        // All or one is all.
        kept.retain(|(key, _)| !unlimited.contains(key));
        let bounded = |(key, _): &(&str, String)| matches!(*key, "from" | "to");
        // Beside bounds, the default range limits the selection further.
        if !kept.iter().any(bounded) {
            let default = DEFAULT_DAYS.to_string();
            kept.retain(|(key, value)| *key != "days" || *value != default);
        }
        kept.sort_unstable();
        kept.dedup();
        Self(kept)
    }
}

#[cfg(test)]
mod tests;
