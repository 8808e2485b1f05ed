//! `/explore`: all figures by page, each with its own page.

use leptos::prelude::*;

use super::fragment_page::fragment_page;
use crate::components::{use_selection, use_view};

#[component]
pub fn Explore() -> impl IntoView {
    fragment_page(
        "",
        Signal::stored("Explore".to_owned()),
        "explore",
        "The figures could not be loaded",
        use_selection(),
        use_view(&[]),
    )
}
