//! `/repositories/{name}`: one repository.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::fragment_page::{fragment_page, no_selection};
use crate::{components::use_view, markup::visible};

#[component]
pub fn Repository() -> impl IntoView {
    let params = use_params_map();
    let day = use_view(&["as_of"]);
    let name = move || params.with(|params| params.get("name").unwrap_or_default());
    fragment_page(
        "repository-page",
        Signal::derive(move || visible(&name()).into_owned()),
        "repository",
        "The repository could not be loaded",
        no_selection(),
        Memo::new(move |_| day.with(|day| day.with("name", &name()))),
    )
}
