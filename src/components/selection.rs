//! The selection of the page's URL, and the page's other parameters.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::{
    api::View,
    selection::{self, Pair, Selection},
};

/// The selection of the current URL. Its values are unchecked; the server reports unknown ones and lists the known
/// ones.
pub fn use_selection() -> Memo<Selection> {
    while_shown(Selection::read)
}

/// These parameters of the current URL.
pub fn use_view(names: &'static [&'static str]) -> Memo<View> {
    while_shown(move |query| View::read(selection::pairs(query), names))
}

/// The two selections of the current URL, as the parameters `a` and `b`.
pub fn use_pair() -> Memo<View> {
    while_shown(|query| {
        let Pair { a, b } = Pair::read(query);
        let pairs = [("a", a.encoded()), ("b", b.encoded())];
        View::read(pairs, &["a", "b"])
    })
}

/// Reads the query of the page's own URL. On the way to another page, the query changes before this page is gone; it
/// must not request the other page's data.
fn while_shown<T: Clone + PartialEq + Send + Sync + 'static>(
    read: impl Fn(&str) -> T + Send + Sync + 'static,
) -> Memo<T> {
    let location = use_location();
    let own = page(&location.pathname.get_untracked()).to_owned();
    Memo::new(move |before: Option<&T>| {
        let shown = location.pathname.with(|path| page(path) == own);
        let query = location.search;
        match before {
            Some(before) if !shown => before.clone(),
            _ => query.with(|query| read(query)),
        }
    })
}

/// The part of a path that tells pages apart: all figures are one page, as are all repositories.
fn page(path: &str) -> &str {
    let folders = ["/figures/", "/repositories/"].into_iter();
    let mut ends = folders.filter_map(|folder| Some(path.find(folder)? + folder.len()));
    ends.next().map_or(path, |end| &path[..end])
}
