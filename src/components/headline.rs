//! Above the figures: what a team lead wants in five seconds.

use leptos::{either::Either, prelude::*};

use super::{ErrorPanel, Query, ask_again_when_heard, numbers};
use crate::{
    api::{Headline, RedPipeline, headline},
    live::use_told,
};

/// How many red pipelines stand there without being asked for.
const FIRST_RED: usize = 6;
/// Percent points below which a share counts as unchanged; it is shown to one decimal.
const UNCHANGED: f64 = 0.05;

#[component]
pub fn HeadlineBand(query: Memo<Query>) -> impl IntoView {
    let told = use_told();
    let state = Resource::new(
        move || (query.get(), told.version()),
        |(query, _)| headline(query.project, query.build_type, query.days),
    );
    let (busy, set_busy) = signal(false);
    view! {
        <section
            class="headline"
            aria-label="At a glance"
            aria-busy=move || busy.get().then_some("true")
        >
            <Transition
                fallback=|| view! { <p class="loading">"Loading…"</p> }
                set_pending=set_busy
            >
                {move || Suspend::new(async move {
                    match state.await {
                        Ok(headline) => Either::Left(tiles(headline)),
                        Err(error) => {
                            ask_again_when_heard(&error, move || state.refetch());
                            Either::Right(
                                view! {
                                    <ErrorPanel
                                        heading="The summary could not be loaded"
                                        error
                                        href="/pipelines"
                                        action="Show all pipelines"
                                    />
                                },
                            )
                        }
                    }
                })}
            </Transition>
        </section>
    }
}

fn tiles(headline: Headline) -> impl IntoView {
    let window = window(headline.days);
    let share = headline
        .failure_percent
        .map_or_else(|| "–".to_owned(), |percent| format!("{percent:.1} %"));
    let failed = format!(
        "{} of {} failed {window}",
        numbers::thousands(headline.failed),
        numbers::counted(headline.builds, "build", "builds"),
    );
    let change = change(&headline);
    let red = numbers::thousands(headline.red_total);
    let of = match headline.pipelines {
        0 => format!("No pipeline ran to its end {window}"),
        pipelines => format!(
            "of {} that ran {window}",
            numbers::counted(pipelines, "pipeline", "pipelines"),
        ),
    };
    view! {
        <div class="tile">
            <h2>"Failed builds"</h2>
            <p class="figure-of-merit">{share}</p>
            <p>{failed}</p>
            {change}
        </div>
        <div class="tile" class:bad=headline.red_total != 0>
            <h2>"Red right now"</h2>
            <p class="figure-of-merit">{red}</p>
            <p>{of}</p>
            <p class="note" hidden=headline.pipelines == 0>
                "A pipeline is red while its latest finished build failed"
            </p>
        </div>
        <div class="tile wide">
            <h2>"Red for longest"</h2>
            {red_list(headline.red, headline.red_total, headline.pipelines)}
        </div>
    }
}

/// Better or worse than before, in words, by a sign and by colour.
fn change(headline: &Headline) -> impl IntoView + use<> {
    let before = if headline.days == 1 {
        "the day before".to_owned()
    } else {
        format!("the {} days before", headline.days)
    };
    let (class, sign, text) = match (headline.failure_percent, headline.failure_percent_before) {
        (Some(now), Some(then)) if (now - then).abs() < UNCHANGED => {
            ("same", "=", format!("The same as in {before}"))
        }
        (Some(now), Some(then)) => {
            let (class, sign, word) = if now > then {
                ("worse", "▲", "worse")
            } else {
                ("better", "▼", "better")
            };
            let points = (now - then).abs();
            let text = format!("{points:.1} points {word} than in {before} ({then:.1} %)");
            (class, sign, text)
        }
        (None, Some(then)) => ("same", "", format!("{then:.1} % in {before}")),
        (_, None) => ("same", "", format!("There are no builds of {before}")),
    };
    let sign = (!sign.is_empty()).then(|| view! { <span aria-hidden="true">{sign}</span> });
    view! {
        <p class=format!("change {class}")>
            {sign}
            {text}
        </p>
    }
}

fn red_list(mut red: Vec<RedPipeline>, total: u64, pipelines: u64) -> impl IntoView {
    if red.is_empty() {
        let (class, text) = if pipelines == 0 {
            ("note", "No pipeline ran to its end.")
        } else {
            (
                "all-good",
                "None: the latest build of every pipeline is good.",
            )
        };
        return Either::Left(view! { <p class=class>{text}</p> });
    }
    let listed = red.len() as u64;
    let more = red.split_off(red.len().min(FIRST_RED));
    let more = (!more.is_empty()).then(|| {
        view! {
            <details>
                <summary>{format!("Show {} more", more.len())}</summary>
                <ul class="red-list">{more.into_iter().map(red_item).collect_view()}</ul>
            </details>
        }
    });
    let rest = (total > listed).then(|| {
        let text = format!(
            "{} more are not listed here",
            numbers::thousands(total - listed)
        );
        view! { <p class="note">{text}</p> }
    });
    Either::Right(view! {
        <ul class="red-list">{red.into_iter().map(red_item).collect_view()}</ul>
        {more}
        {rest}
    })
}

fn red_item(red: RedPipeline) -> impl IntoView {
    let times = if red.failed_in_a_row == 1 {
        "once".to_owned()
    } else {
        format!("{} times in a row", numbers::thousands(red.failed_in_a_row))
    };
    let step = red.step.map(|step| {
        view! {
            " at "
            <span class="step">{step}</span>
        }
    });
    view! {
        <li>
            <span class="pipeline">{red.pipeline}</span>
            <span class="detail">
                {red.project} " · failed " {times} ", since "
                <time datetime=red.since>{red.since_text}</time> {step}
            </span>
        </li>
    }
}

fn window(days: u16) -> String {
    if days == 1 {
        "in the last day".to_owned()
    } else {
        format!("in the last {days} days")
    }
}
