//! How old and how complete the data are, in a few lines below a page's heading.

use leptos::prelude::*;

use crate::{
    api::{DataState, Freshness, SourceState, freshness},
    live::use_told,
};

#[component]
pub fn FreshnessLine() -> impl IntoView {
    let told = use_told();
    let state = Resource::new(move || told.live(), |_| freshness());
    view! {
        <Transition>
            {move || Suspend::new(async move { state.await.map(lines).ok() })}
        </Transition>
    }
}

fn lines(state: DataState) -> impl IntoView {
    let warnings: Vec<_> = state.kinds.iter().flat_map(warnings).collect();
    view! {
        <div class="freshness">
            {state.sample.then(sample_notice)}
            <ul aria-label="How old and how complete the data are">
                {state.kinds.into_iter().map(line).collect_view()}
            </ul>
            {warnings}
        </div>
    }
}

fn line(kind: Freshness) -> impl IntoView {
    let sources = kind.sources.into_iter().map(source).collect_view();
    view! {
        <li>
            <strong>{kind.label}</strong>
            {match kind.as_of {
                Some(moment) => (" as of ", Some(view! { <time datetime=moment.at>{moment.text}</time> })),
                None => (": no data yet", None),
            }}
            <span class="part">{kind.rests_on}</span>
            {sources}
        </li>
    }
}

/// How complete it is, which leads to what is missing, and when it was read last.
fn source(source: SourceState) -> impl IntoView {
    let text = match source.coverage {
        Some(coverage) => format!("{}: {}", source.label, coverage.text),
        None => source.label,
    };
    let under_way = source.last_success.is_none() && source.last_failure.is_none();
    view! {
        <span class="part">
            <a href="/sources">{text}</a>
            {under_way.then_some(", first refresh under way")}
            {source
                .last_success
                .map(|moment| {
                    view! {
                        ", refreshed "
                        <time datetime=moment.at>{moment.text}</time>
                    }
                })}
        </span>
    }
}

/// What readers have to know who go by these data.
fn warnings(kind: &Freshness) -> Vec<impl IntoView + use<>> {
    let failing = kind.sources.iter().filter(|source| source.failing);
    failing
        .filter_map(|source| {
            let failure = source.last_failure.clone()?;
            let heading = format!("Refreshing from {} failed", source.label);
            let good = source.last_success.as_ref().or(kind.as_of.as_ref());
            let shown = match good {
                Some(moment) => format!("The data shown are those of {}.", moment.text),
                None => "There are no data of it yet.".to_owned(),
            };
            Some(view! {
                <p class="warning">
                    <strong>{heading}</strong>
                    " at "
                    <time datetime=failure.moment.at>{failure.moment.text}</time>
                    {format!(": {} ", sentence(failure.reason))}
                    {shown}
                </p>
            })
        })
        .collect()
}

pub fn sample_notice() -> impl IntoView {
    view! {
        <p class="sample">
            <strong>"Sample data. "</strong>
            "Every build and every fact is made up; the first import or sync takes their place."
        </p>
    }
}

/// With a full stop, unless it ends already.
pub fn sentence(mut text: String) -> String {
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}
