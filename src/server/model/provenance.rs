//! Repeating values that say what an event or a build belongs to.

use serde::{Deserialize, Serialize};

/// Declares [`Provenance`]: one line per field.
macro_rules! provenance {
    ($($(#[$doc:meta])* $field:ident,)*) => {
        /// The source, agent and product of an event or a build. Few combinations occur, so the store and the
        /// snapshot keep each once, and a new field needs no column.
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Provenance {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<String>,)*
        }

        impl Provenance {
            /// The names of the fields, in the order of [`Self::values`].
            pub const FIELDS: [&'static str; [$(stringify!($field)),*].len()] = [$(stringify!($field)),*];

            pub fn values(&self) -> [Option<&str>; Self::FIELDS.len()] {
                [$(self.$field.as_deref()),*]
            }

            fn values_mut(&mut self) -> [&mut Option<String>; Self::FIELDS.len()] {
                [$(&mut self.$field),*]
            }
        }
    };
}

provenance! {
    /// The address of the repository: `https://github.com/hmcts/claim-store.git`.
    git_url,
    /// The labels of the node without its own name, sorted and joined by spaces.
    node_labels,
    shared_library_name,
    shared_library_version,
    product,
    component,
}

impl Provenance {
    /// Returns whether no field is known.
    pub fn is_empty(&self) -> bool {
        self.values().iter().all(Option::is_none)
    }

    /// Returns whether every field is known.
    pub fn is_complete(&self) -> bool {
        self.values().iter().all(Option::is_some)
    }

    /// Takes from `other` what is missing here.
    pub fn complete(&mut self, other: &Self) {
        for (own, other) in self.values_mut().into_iter().zip(other.values()) {
            if own.is_none() {
                *own = other.map(str::to_owned);
            }
        }
    }

    /// Takes from `other` each value that is missing or less here, so that the order of joins does not matter.
    /// Returns whether there was one.
    pub fn join(&mut self, other: &Self) -> bool {
        let mut changed = false;
        for (own, other) in self.values_mut().into_iter().zip(other.values()) {
            if other > own.as_deref() {
                *own = other.map(str::to_owned);
                changed = true;
            }
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(git_url: Option<&str>, product: Option<&str>) -> Provenance {
        let [git_url, product] = [git_url, product].map(|text| text.map(str::to_owned));
        Provenance {
            git_url,
            product,
            ..Provenance::default()
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
