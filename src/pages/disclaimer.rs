//! `/disclaimer`: the limits of the figures.

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
                "It shows where to look, and does not replace looking there."
            </p>
            <h2>"The data may be late or incomplete"</h2>
            <p>
                "Each page shows the age of its data, and each figure the number of builds or "
                "repositories it is based on. Builds that the CI system did not report, or reported "
                "without a result, a duration or a step, are missing from some figures. Only builds "
                "of the default branches are shown."
            </p>
            <h2>"The figures follow their definitions"</h2>
            <p>
                "The definitions of failed, nightly, project and team may differ from what you expect. "
                "“More” below each figure on the "
                <a href=base.path("/pipelines")>"Pipelines"</a>" and "<a href=base.path("/security")>"Security"</a>
                " pages says what counts. A red pipeline or a suppressed vulnerability says nothing about "
                "the people who work on it."
            </p>
            <h2>"No warranty"</h2>
            <p>
                "The dashboard is provided as is, without warranty of any kind. Nobody is liable for "
                "decisions based on it."
            </p>
        </div>
    }
}
