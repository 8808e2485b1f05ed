//! `/sources`: the sources of the data, their last syncs, and their coverage.

use leptos::prelude::*;

use crate::components::{Fragments, PageHeading};

#[component]
pub fn Sources() -> impl IntoView {
    view! {
        <div class="frame sources">
            <PageHeading text="Sources" />
            <p>
                "The sources of the data, its age and its coverage. Data that has never been read is "
                "excluded from all figures and never counted as safe. Data that could not be read "
                "again counts as last read. Both are listed here."
            </p>
            <Fragments of="sources" failed="The state of the sources could not be loaded" />
        </div>
    }
}
