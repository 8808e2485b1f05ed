//! `/security`: figures about vulnerabilities and dependencies.

use leptos::prelude::*;

use super::board::Board;

#[component]
pub fn Security() -> impl IntoView {
    view! { <Board page="security" heading="Security" /> }
}
