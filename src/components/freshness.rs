//! How old the data of each source are.

use leptos::prelude::*;

use crate::api::Freshness;

#[component]
pub fn FreshnessLine(sources: Vec<Freshness>) -> impl IntoView {
    let items = sources
        .into_iter()
        .map(|source| {
            let joint = if source.as_of.is_some() {
                " as of "
            } else {
                ": "
            };
            view! {
                <li>
                    {source.source} {joint}
                    <time datetime=source.as_of>{source.as_of_text}</time>
                    <span class="coverage">{source.coverage}</span>
                </li>
            }
        })
        .collect_view();
    view! {
        <ul class="freshness" aria-label="How old the data are">
            {items}
        </ul>
    }
}
