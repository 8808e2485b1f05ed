//! Any other path.

use leptos::prelude::*;

use crate::{base::use_base, components::PageHeading};

#[component]
pub fn NotFound() -> impl IntoView {
    let base = use_base();
    view! {
        <div class="frame prose">
            <PageHeading text="Page not found" />
            <p>"There is no page at this address. It may have been typed or copied incompletely."</p>
            <p>
                "What there is: "<a href=base.path("/pipelines")>"Pipelines"</a>", "
                <a href=base.path("/security")>"Security"</a>" and the "
                <a href=base.path("/disclaimer")>"disclaimer"</a>"."
            </p>
        </div>
    }
}
