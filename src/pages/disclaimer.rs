//! `/disclaimer`: what the figures are good for, and what they are not.

use leptos::prelude::*;

use crate::{base::use_base, components::PageHeading};

#[component]
pub fn Disclaimer() -> impl IntoView {
    let base = use_base();
    view! {
        <div class="frame prose">
            <PageHeading text="Disclaimer" />
            <p>
                "This dashboard shows what the CI system and the source repositories report. "
                "It helps to see where to look; it does not replace looking there."
            </p>
            <h2>"The data may be late or incomplete"</h2>
            <p>
                "Each page says how old its data are, and each figure what it rests on. Builds that "
                "the source has not reported, or reported without a result, a duration or a step, "
                "cannot be counted as they should. Only builds of the default branches are shown."
            </p>
            <h2>"The figures follow their definitions"</h2>
            <p>
                "What counts as failed, nightly, a project or a team is defined, and may differ from "
                "what you expect. “What counts” below each figure on the "
                <a href=base.path("/pipelines")>"Pipelines"</a>" and "<a href=base.path("/security")>"Security"</a>
                " pages explains it. A red pipeline or a suppressed vulnerability says nothing about "
                "the people who work on it."
            </p>
            <h2>"No warranty"</h2>
            <p>
                "The dashboard is provided as it is, without warranty of any kind. Nobody is liable "
                "for decisions that are made on the strength of it."
            </p>
        </div>
    }
}
