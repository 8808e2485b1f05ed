//! `/security`: figures about vulnerabilities and dependencies.

use leptos::prelude::*;

use super::board::{Board, SECURITY};

#[component]
pub fn Security() -> impl IntoView {
    view! { <Board page=SECURITY heading="Security" /> }
}
