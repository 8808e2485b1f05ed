//! The page for unknown paths.

use leptos::prelude::*;

use crate::{base::use_base, components::PageHeading};

#[component]
pub fn NotFound() -> impl IntoView {
    let base = use_base();
    view! {
        <div class="frame prose">
            <PageHeading text="Page not found" />
            <p>"There is no page at this address. Check that the address is complete."</p>
            <p>
                "Go to "<a href=base.path("/")>"Today"</a>", "
                <a href=base.path("/pipelines")>"Pipelines"</a>", "
                <a href=base.path("/builds")>"Builds"</a>", "
                <a href=base.path("/platform")>"Platform"</a>", "
                <a href=base.path("/security")>"Security"</a>", "
                <a href=base.path("/week")>"Week"</a>", "
                <a href=base.path("/explore")>"Explore"</a>", "
                <a href=base.path("/sources")>"Sources"</a>" or the "
                <a href=base.path("/disclaimer")>"disclaimer"</a>"."
            </p>
        </div>
    }
}
