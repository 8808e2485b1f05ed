//! The header and the footer.

use leptos::prelude::*;
use leptos_router::components::A;

use crate::base::use_base;

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
    view! {
        <header class="site-header">
            <div class="frame">
                <a class="brand" href=base.path("/")>
                    <Logo />
                    <span>{title}</span>
                </a>
                <nav aria-label="Pages">
                    <ul>
                        <li>
                            <A href=base.path("/") exact=true>"Today"</A>
                        </li>
                        <li>
                            <A href=base.path("/pipelines")>"Pipelines"</A>
                        </li>
                        <li>
                            <A href=base.path("/builds")>"Builds"</A>
                        </li>
                        <li>
                            <A href=base.path("/platform")>"Platform"</A>
                        </li>
                        <li>
                            <A href=base.path("/security")>"Security"</A>
                        </li>
                    </ul>
                </nav>
                {reader}
            </div>
        </header>
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
                    </ul>
                </nav>
                {open}
            </div>
        </footer>
    }
}
