//! Pages that consist of fragments: a heading, the state of the data, and what the server made.

use leptos::prelude::*;

use super::board::Freshness;
use crate::{
    api::View,
    components::{Fragments, PageHeading},
    selection::Selection,
};

/// A page of the fragments of a name. A function and no component, so that its code exists once.
pub fn fragment_page(
    class: &'static str,
    heading: Signal<String>,
    of: &'static str,
    failed: &'static str,
    selection: Memo<Selection>,
    view: Memo<View>,
) -> AnyView {
    view! {
        <div class=format!("frame builds-page {class}")>
            {move || view! { <PageHeading text=heading.get() /> }}
            <Freshness />
            <Fragments of failed selection view />
        </div>
    }
    .into_any()
}

/// The selection of a page that has none.
pub fn no_selection() -> Memo<Selection> {
    Memo::new(|_| Selection::default())
}
