//! `/sources`: where the data come from, how the last syncs went, and what could not be read.

use leptos::prelude::*;

use crate::components::{Fragments, PageHeading};

#[component]
pub fn Sources() -> impl IntoView {
    view! {
        <div class="frame sources">
            <PageHeading text="Sources" />
            <p>
                "Where the data come from, how old they are, and how much could be read. What was "
                "never read is in no figure and counts as nothing, least of all as safe; what could "
                "not be read again counts as it was read last. Both are listed here."
            </p>
            <Fragments of="sources" failed="What is known of the sources could not be loaded" />
        </div>
    }
}
