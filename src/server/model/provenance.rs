//! Repeating values that say what an event or a build belongs to, in groups that vary together: few
//! combinations of each group occur, so the store and the snapshot keep each combination once, and a new field
//! needs no column.

use std::hash::Hash;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A group of repeating values.
pub trait Provenance: Clone + Default + Eq + Ord + Hash + Serialize + DeserializeOwned {
    fn values(&self) -> impl Iterator<Item = Option<&str>>;

    fn values_mut(&mut self) -> impl Iterator<Item = &mut Option<String>>;

    /// Returns whether no field is known.
    fn is_empty(&self) -> bool {
        self.values().all(|value| value.is_none())
    }

    /// Returns whether every field is known.
    fn is_complete(&self) -> bool {
        self.values().all(|value| value.is_some())
    }

    /// Takes from `other` what is missing here.
    fn complete(&mut self, other: &Self) {
        for (own, other) in self.values_mut().zip(other.values()) {
            if own.is_none() {
                *own = other.map(str::to_owned);
            }
        }
    }

    /// Takes from `other` each value that is missing or less here, so that the order of joins does not matter.
    /// Returns whether there was one.
    fn join(&mut self, other: &Self) -> bool {
        let mut changed = false;
        for (own, other) in self.values_mut().zip(other.values()) {
            if other > own.as_deref() {
                *own = other.map(str::to_owned);
                changed = true;
            }
        }
        changed
    }
}

/// Declares a group: one line per field.
macro_rules! provenance {
    ($(#[$group_doc:meta])* $group:ident { $($(#[$doc:meta])* $field:ident,)* }) => {
        $(#[$group_doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(default)]
        pub struct $group {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<String>,)*
        }

        impl Provenance for $group {
            fn values(&self) -> impl Iterator<Item = Option<&str>> {
                [$(self.$field.as_deref()),*].into_iter()
            }

            fn values_mut(&mut self) -> impl Iterator<Item = &mut Option<String>> {
                [$(&mut self.$field),*].into_iter()
            }
        }
    };
}

provenance! {
    /// The code that is built.
    Codebase {
        /// The address of the repository: `https://github.com/hmcts/claim-store.git`.
        git_url,
        product,
        component,
    }
}

provenance! {
    /// The tools that build it.
    Toolchain {
        /// The labels of the node without its own name, sorted and joined by spaces.
        node_labels,
        shared_library_name,
        shared_library_version,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(git_url: Option<&str>, product: Option<&str>) -> Codebase {
        let [git_url, product] = [git_url, product].map(|text| text.map(str::to_owned));
        Codebase {
            git_url,
            product,
            ..Codebase::default()
        }
    }

    #[test]
    fn what_is_missing_is_completed_and_what_is_there_stays() {
        let mut known = of(Some("a"), None);
        known.complete(&of(Some("b"), Some("c")));
        assert_eq!(known, of(Some("a"), Some("c")));
    }

    #[test]
    fn a_join_takes_the_greater_values_in_any_order() {
        let (a, b) = (of(Some("a"), Some("z")), of(Some("b"), None));
        let (mut ab, mut ba) = (a.clone(), b.clone());
        assert!(ab.join(&b) && ba.join(&a));
        assert_eq!(ab, of(Some("b"), Some("z")));
        assert_eq!(ab, ba);
        assert!(!ab.join(&a));
    }
}
