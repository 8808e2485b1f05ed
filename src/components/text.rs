//! Pieces of pages that are nothing but text, such as what is known of sources: HTML that the server
//! made. Nothing of them is sent a second time for hydration, and to the client they cost a fraction
//! of what elements of the framework do.

use std::sync::Arc;

use leptos::{either::Either, prelude::*};
use serde::{Deserialize, Serialize};

use super::ask_again_when_heard;
use crate::{
    api::{Text, texts},
    error::AppError,
    live::use_told,
};

/// A text as the page needs it: what is in its HTML already is not sent again.
#[derive(Clone, Serialize, Deserialize)]
struct Part {
    class: String,
    folds: bool,
    #[serde(skip)]
    html: Arc<str>,
    #[serde(skip)]
    summary: Arc<str>,
    #[serde(skip)]
    folded: Arc<str>,
}

impl From<Text> for Part {
    fn from(text: Text) -> Self {
        Self {
            class: text.class,
            folds: !text.folded.is_empty(),
            html: text.html.into(),
            summary: text.summary.into(),
            folded: text.folded.into(),
        }
    }
}

type Loaded = Resource<Result<Vec<Part>, AppError>>;

/// The texts of a name: again whenever other data or other news of sources are there, with what the
/// reader has unfolded left open.
#[component]
pub fn Texts(of: &'static str) -> impl IntoView {
    let told = use_told();
    let parts: Loaded = Resource::new(
        move || told.live(),
        move |_| async move {
            let texts = texts(of.to_owned()).await?;
            Ok(texts.into_iter().map(Part::from).collect())
        },
    );
    view! {
        <Transition>
            {move || Suspend::new(async move {
                match parts.await {
                    Ok(parts) => Either::Left(parts.into_iter().map(part).collect_view()),
                    Err(error) => {
                        ask_again_when_heard(&error, move || parts.refetch());
                        Either::Right(failed(&error))
                    }
                }
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

fn failed(error: &AppError) -> impl IntoView + use<> {
    view! {
        <div class="error-panel">
            <p class="error-heading">"What is known of the sources could not be loaded"</p>
            <p>{error.to_string()}</p>
        </div>
    }
}
