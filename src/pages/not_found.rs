//! Any other path.

use leptos::prelude::*;

use crate::components::PageHeading;

#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <div class="frame prose">
            <PageHeading text="Page not found" />
            <p>"There is no page at this address. It may have been typed or copied incompletely."</p>
            <p>
                "What there is: "<a href="/pipelines">"Pipelines"</a>", "
                <a href="/security">"Security"</a>" and the "
                <a href="/disclaimer">"disclaimer"</a>"."
            </p>
        </div>
    }
}
