//! Parts of pages that are nothing but text, such as what is known of sources: made as strings of
//! HTML, like the tables of figures. Nothing of them is sent a second time for hydration, and to the
//! client they cost a fraction of what elements of the framework do.

use std::{pin::Pin, sync::Arc};

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{ask_again_when_heard, data_table::escape};
use crate::{api::Moment, error::AppError, live::use_told};

#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Part {
    pub class: String,
    #[serde(skip)]
    pub html: Arc<str>,
    /// Whether there is something to unfold.
    pub folds: bool,
    /// What says so, and what is unfolded.
    #[serde(skip)]
    pub summary: Arc<str>,
    #[serde(skip)]
    pub folded: Arc<str>,
}

pub type Parts = Pin<Box<dyn Future<Output = Result<Vec<Part>, AppError>> + Send>>;

/// The parts that `load` makes: again whenever other data or other news of sources are there, with
/// what the reader has unfolded left open.
#[component]
pub fn Texts(load: fn() -> Parts) -> impl IntoView {
    let told = use_told();
    let parts = Resource::new(move || told.live(), move |_| load());
    view! {
        <Transition>
            {move || Suspend::new(async move {
                let parts = parts
                    .await
                    .unwrap_or_else(|error| {
                        ask_again_when_heard(&error, move || parts.refetch());
                        vec![failed(&error)]
                    });
                parts.into_iter().map(part).collect_view()
            })}
        </Transition>
    }
}

fn part(part: Part) -> impl IntoView {
    view! {
        <div class=part.class>
            <div inner_html=part.html></div>
            <details hidden=!part.folds>
                <summary inner_html=part.summary></summary>
                <div inner_html=part.folded></div>
            </details>
        </div>
    }
}

fn failed(error: &AppError) -> Part {
    let mut html = String::from(
        "<p class=\"error-heading\">What is known of the sources could not be loaded</p><p>",
    );
    escape(&mut html, &error.to_string());
    html.push_str("</p>");
    Part {
        class: "error-panel".to_owned(),
        html: html.into(),
        ..Part::default()
    }
}

/// An instant for readers and programs.
pub fn time(html: &mut String, moment: &Moment) {
    html.push_str("<time datetime=\"");
    escape(html, &moment.at);
    html.push_str("\">");
    escape(html, &moment.text);
    html.push_str("</time>");
}

/// Text with a full stop, unless it ends already.
pub fn sentence(html: &mut String, text: &str) {
    escape(html, text);
    if !text.ends_with(['.', '!', '?']) {
        html.push('.');
    }
}
