//! Pages that consist of fragments: a heading, the state of the data, and what the server made.

use leptos::prelude::*;

use super::{board::Freshness, overview::use_overview};
use crate::{
    api::View,
    components::{Fragments, PageHeading},
    markup::visible,
    selection::Selection,
};

/// The pages that show the builds up to an instant.
const PINNED: [&str; 2] = ["builds", "pipelines"];

/// A page of the fragments of a name. A function and no component, so that its code exists once.
pub fn fragment_page(
    class: &'static str,
    heading: Signal<String>,
    of: &'static str,
    failed: &'static str,
    selection: Memo<Selection>,
    view: Memo<View>,
) -> AnyView {
    let heading = move || view! { <PageHeading text=heading.get() /> }.into_any();
    under(heading, class, of, failed, selection, view)
}

/// The same page of a pipeline, by `name` and `system` of the view, or of a build of it with its number. The heading is
/// `whole` until the short name is known, and where there is no such pipeline.
pub fn pipeline_page(
    class: &'static str,
    whole: Signal<String>,
    of: &'static str,
    failed: &'static str,
    view: Memo<View>,
) -> AnyView {
    let pipeline = Memo::new(move |_| {
        view.with(|view| {
            let given = |name: &str| view.get(name).unwrap_or_default().to_owned();
            [("pipeline", given("name")), ("system", given("system"))]
                .into_iter()
                .collect::<Selection>()
        })
    });
    let overview = use_overview(Signal::stored("pipeline".to_owned()), pipeline);
    let heading = move || {
        let known = overview.with(|overview| match overview {
            Some(Ok(known)) => known.pipeline.clone(),
            _ => None,
        });
        let Some(known) = known else {
            return view! { <PageHeading text=whole.get() /> }.into_any();
        };
        let number = view.with(|view| view.get("number").map(|number| format!(" #{number}")));
        let text = known.short_name + &number.unwrap_or_default();
        let (text, label) = (
            visible(&text).into_owned(),
            visible(&known.project).into_owned(),
        );
        view! { <PageHeading text whole=whole.get() label /> }.into_any()
    };
    under(heading, class, of, failed, no_selection(), view)
}

fn under(
    heading: impl Fn() -> AnyView + Send + 'static,
    class: &'static str,
    of: &'static str,
    failed: &'static str,
    selection: Memo<Selection>,
    view: Memo<View>,
) -> AnyView {
    view! {
        <div class=format!("frame builds-page {class}")>
            {heading}
            <Freshness selection can_be_pinned=PINNED.contains(&of) />
            <Fragments of failed selection view />
        </div>
    }
    .into_any()
}

/// The selection of a page that has none.
pub fn no_selection() -> Memo<Selection> {
    Memo::new(|_| Selection::default())
}
