//! The unchecked filter values of the page's URL.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::filter::{Filter, FilterQuery};

/// Unchecked values; the server reports unknown ones and lists the known ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    pub project: Option<String>,
    pub build_type: Option<String>,
    pub days: Option<String>,
}

impl Query {
    /// The parsed filter, or the default if a value is unknown.
    pub fn filter(&self) -> Filter {
        self.values().parse().unwrap_or_default()
    }

    pub fn values(&self) -> FilterQuery<'_> {
        FilterQuery::new(&self.project, &self.build_type, &self.days)
    }
}

/// The filter values of the current URL.
pub fn use_query() -> Memo<Query> {
    let query = use_query_map();
    Memo::new(move |_| {
        query.with(|query| Query {
            project: query.get("project"),
            build_type: query.get("type"),
            days: query.get("days"),
        })
    })
}
