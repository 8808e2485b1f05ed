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

    /// Takes from `other` what is missing here.
    pub fn complete(&mut self, other: &Self) {
        for (own, other) in self.values_mut().into_iter().zip(other.values()) {
            if own.is_none() {
                *own = other.map(str::to_owned);
            }
        }
    }
}
