//! `/builds`: the builds of a selection.

use leptos::prelude::*;

use super::board::Freshness;
use crate::components::{Fragments, PageHeading, use_selection, use_view};

#[component]
pub fn Builds() -> impl IntoView {
    let selection = use_selection();
    let view = use_view(&["columns", "cursor", "sort"]);
    view! {
        <div class="frame builds-page">
            <PageHeading text="Builds" />
            <Freshness />
            <Fragments of="builds" failed="The builds could not be loaded" selection view />
        </div>
    }
}
