//! How old and how complete the data are.

use leptos::prelude::*;

use crate::api::{DataState, freshness};

#[component]
pub fn FreshnessLine() -> impl IntoView {
    let state = Resource::new(|| (), |()| freshness());
    view! {
        <Transition>
            {move || Suspend::new(async move { state.await.map(line).ok() })}
        </Transition>
    }
}

fn line(state: DataState) -> impl IntoView {
    let items = state
        .kinds
        .into_iter()
        .map(|kind| {
            let joint = if kind.as_of.is_some() {
                " as of "
            } else {
                ": "
            };
            let (at, text) = kind.as_of.map_or_else(
                || (None, "no data yet".to_owned()),
                |moment| (Some(moment.at), moment.text),
            );
            view! {
                <li>
                    {kind.label} {joint} <time datetime=at>{text}</time>
                    <span class="coverage">{kind.rests_on}</span>
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
