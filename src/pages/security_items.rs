//! `/security/items`: what a number of a security figure counts.

use leptos::prelude::*;

use super::fragment_page::fragment_page;
use crate::components::{use_selection, use_view};

#[component]
pub fn SecurityItems() -> impl IntoView {
    fragment_page(
        "security-items-page",
        Signal::stored("What a number counts".to_owned()),
        "security-items",
        "The list could not be loaded",
        use_selection(),
        use_view(&["column", "figure", "row"]),
    )
}
