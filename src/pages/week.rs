//! `/week`: a week against the four weeks before.

use leptos::prelude::*;

use super::fragment_page::fragment_page;
use crate::components::{use_selection, use_view};

#[component]
pub fn Week() -> impl IntoView {
    fragment_page(
        "week-page",
        Signal::stored("Week".to_owned()),
        "week",
        "The week could not be loaded",
        use_selection(),
        use_view(&["week"]),
    )
}
