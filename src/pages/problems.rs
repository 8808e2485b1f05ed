//! `/problems`: what needs attention, and how urgently.

use leptos::prelude::*;

use super::fragment_page::fragment_page;
use crate::components::{use_selection, use_view};

#[component]
pub fn Problems() -> impl IntoView {
    fragment_page(
        "",
        Signal::stored("Problems".to_owned()),
        "problems",
        "The problems could not be loaded",
        use_selection(),
        use_view(&[]),
    )
}
