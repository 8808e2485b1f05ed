//! The topics of a page's figures. On phones one topic is shown at a time; elsewhere and on paper all are.

use leptos::{
    prelude::*,
    web_sys::{Element, Event},
};

use crate::api::FigureInfo;

/// The topics of figures, each once, in the order of the figures.
pub fn topics(figures: &[FigureInfo]) -> Vec<String> {
    let mut topics: Vec<String> = Vec::new();
    for figure in figures {
        if !topics.contains(&figure.topic) {
            topics.push(figure.topic.clone());
        }
    }
    topics
}

/// Scrolls to the first figure of the topic that was chosen.
fn to_the_first(event: Event) {
    let cards = event_target::<Element>(&event).closest(".cards");
    if let Ok(Some(cards)) = cards {
        cards.scroll_into_view();
    }
}

/// The choice of a topic, which the style sheet applies: it works before and without JavaScript.
#[component]
pub fn Topics(topics: Vec<String>) -> impl IntoView {
    let choice = |(number, topic)| {
        view! {
            <label>
                <input
                    type="radio"
                    name="topic"
                    value=number
                    checked=number == 0
                    autocomplete="off"
                />
                <span>{topic}</span>
            </label>
        }
    };
    let choices = topics.into_iter().enumerate().map(choice).collect_view();
    view! {
        <fieldset class="topics" on:change=to_the_first>
            <legend class="visually-hidden">"Topic of the figures"</legend>
            {choices}
        </fieldset>
    }
}
