//! The header and the footer.

use leptos::prelude::*;
use leptos_router::components::A;

use super::filters::{use_carried, use_page};
use crate::{base::use_base, selection::Selection};

/// The pages of the navigation: the name in addresses, the label, and the key that goes there after `g`.
const PAGES: [(&str, &str, Option<&str>); 8] = [
    ("", "Today", Some("t")),
    ("pipelines", "Pipelines", Some("p")),
    ("builds", "Builds", None),
    ("platform", "Platform", None),
    ("security", "Security", Some("s")),
    ("week", "Week", None),
    ("explore", "Explore", None),
    ("sources", "Sources", None),
];

#[component]
pub fn Header(title: String, reader: Option<String>) -> impl IntoView {
    let base = use_base();
    let reader = reader.map(|name| {
        view! {
            <form class="reader" method="post" action=base.path("/sign-out")>
                <span>{name}</span>
                <button class="btn" type="submit">
                    "Sign out"
                </button>
            </form>
        }
    });
    let carried = use_carried().selection;
    let current = use_page();
    let link = |(page, label, key): (&'static str, &'static str, Option<&'static str>)| {
        let path = base.path(&format!("/{page}"));
        let href = move || format!("{path}{}", carried.with(Selection::query));
        let is_current = move || current.with(|current| current == page).then_some("page");
        view! {
            <li>
                <a href=href aria-current=is_current data-go=key>
                    {label}
                </a>
            </li>
        }
    };
    let home = base.path("/");
    view! {
        <header class="site-header">
            <div class="frame">
                <a class="brand" href=move || format!("{home}{}", carried.with(Selection::query))>
                    <Logo />
                    <span>{title}</span>
                </a>
                <nav aria-label="Pages">
                    <ul>{PAGES.map(link).collect_view()}</ul>
                </nav>
                <Search />
                {reader}
            </div>
        </header>
    }
}

/// The search box: a form that works without JavaScript. `keys.js` lists results under it while the reader types.
#[component]
fn Search() -> impl IntoView {
    let base = use_base();
    view! {
        <form class="site-search" method="get" action=base.path("/search") role="search" aria-label="Search">
            <label class="visually-hidden" for="search">
                "Search pipelines, builds, figures"
            </label>
            <input
                id="search"
                class="form-control"
                type="text"
                name="q"
                maxlength="200"
                placeholder="Search"
                enterkeyhint="search"
                autocomplete="off"
                data-results=base.path("/api/search")
            />
        </form>
    }
}

/// A pipeline as a pulse that breaks off: the same drawing as `logo.svg`.
#[component]
fn Logo() -> impl IntoView {
    view! {
        <svg class="logo" viewBox="0 0 40 40" aria-hidden="true" focusable="false">
            <rect width="40" height="40" rx="9" fill="#1d70b8" />
            <path
                d="M5 21h6l3.2-9 5 17 4.2-12.5 2 4.5H29"
                fill="none"
                stroke="#fff"
                stroke-width="3"
                stroke-linecap="round"
                stroke-linejoin="round"
            />
            <circle cx="32.5" cy="21" r="3.5" fill="#ffdd00" />
        </svg>
    }
}

#[component]
pub fn Footer(source_url: String, open: bool) -> impl IntoView {
    let base = use_base();
    let source = (!source_url.is_empty()).then(|| {
        view! {
            <li>
                <a href=source_url>"Source code"</a>
            </li>
        }
    });
    let open = open.then(|| {
        view! { <p>"Open to everyone who can reach this server"</p> }
    });
    view! {
        <footer class="site-footer">
            <div class="frame">
                <nav aria-label="About">
                    <ul>
                        <li>
                            <A href=base.path("/disclaimer")>"Disclaimer"</A>
                        </li>
                        <li>
                            <A href=base.path("/sources")>"Sources"</A>
                        </li>
                        {source}
                        // Shown by `keys.js`, which opens the list of keys.
                        <li hidden>
                            <button type="button" class="link-button" data-keys="">
                                "Keys"
                            </button>
                        </li>
                    </ul>
                </nav>
                {open}
            </div>
        </footer>
    }
}
