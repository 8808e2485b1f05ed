//! The selection of the page's URL.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::selection::Selection;

/// The selection of the current URL. Its values are unchecked; the server reports unknown ones and lists the known
/// ones.
pub fn use_selection() -> Memo<Selection> {
    let query = use_location().search;
    Memo::new(move |_| query.with(|query| Selection::read(query)))
}
