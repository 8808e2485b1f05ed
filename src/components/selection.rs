//! The selection of the page's URL, and the page's other parameters.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::{
    api::View,
    selection::{self, Selection},
};

/// The selection of the current URL. Its values are unchecked; the server reports unknown ones and lists the known
/// ones.
pub fn use_selection() -> Memo<Selection> {
    let query = use_location().search;
    Memo::new(move |_| query.with(|query| Selection::read(query)))
}

/// These parameters of the current URL.
pub fn use_view(names: &'static [&'static str]) -> Memo<View> {
    let query = use_location().search;
    Memo::new(move |_| query.with(|query| View::read(selection::pairs(query), names)))
}
