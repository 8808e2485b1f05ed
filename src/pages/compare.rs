//! `/compare`: two selections of builds side by side.

use leptos::prelude::*;

use super::fragment_page::{fragment_page, no_selection};
use crate::components::use_pair;

#[component]
pub fn Compare() -> impl IntoView {
    fragment_page(
        "",
        Signal::stored("Compare builds".to_owned()),
        "compare",
        "The builds could not be compared",
        no_selection(),
        use_pair(),
    )
}
