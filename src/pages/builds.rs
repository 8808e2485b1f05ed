//! `/builds`: the builds of a selection.

use leptos::prelude::*;

use super::fragment_page::fragment_page;
use crate::components::{use_selection, use_view};

#[component]
pub fn Builds() -> impl IntoView {
    fragment_page(
        "",
        Signal::stored("Builds".to_owned()),
        "builds",
        "The builds could not be loaded",
        use_selection(),
        use_view(&["columns", "cursor", "difference", "sort"]),
    )
}
