//! A page's heading, and its title, which names the selected project. After a navigation within the app, the heading takes the focus, so that
//! screen readers announce the page.

use leptos::{html::H1, prelude::*};
use leptos_meta::Title;

use super::filters::{use_carried, use_page};

/// Set once a page has been shown in the document.
#[derive(Clone, Copy)]
pub struct Visited(StoredValue<bool>);

impl Default for Visited {
    fn default() -> Self {
        Self(StoredValue::new(false))
    }
}

#[component]
pub fn PageHeading(
    #[prop(into)] text: String,
    /// The whole name of what the text names in short.
    #[prop(optional)]
    whole: Option<String>,
    /// The text's label, such as a project.
    #[prop(optional, into)]
    label: String,
) -> impl IntoView {
    let heading = NodeRef::<H1>::new();
    let visited = use_context::<Visited>();
    Effect::new(move |_| {
        let Some(heading) = heading.get() else { return };
        let Some(Visited(visited)) = visited else {
            return;
        };
        if visited.get_value() {
            // Fails only for an element that has left the document, which is harmless.
            request_animation_frame(move || {
                let _ = heading.focus();
            });
        }
        visited.set_value(true);
    });
    let (carried, page) = (use_carried(), use_page());
    let title = {
        let text = text.clone();
        let scope = move || match page.with(|page| page == "security") {
            true => carried.team(),
            false => carried.scope(),
        };
        move || match scope() {
            Some(scope) => format!("{scope} · {text}"),
            None => text.clone(),
        }
    };
    let label = (!label.is_empty()).then(|| {
        view! {
            " "
            <span class="muted">{label}</span>
        }
    });
    view! {
        <Title text=title />
        <h1 node_ref=heading tabindex="-1" title=whole>
            {text}
            {label}
        </h1>
    }
}
