//! The filters: a form that works without JavaScript, and that changes the URL directly with it.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};

use crate::selection::{self, BuildType, DAYS, Selection};

#[component]
pub fn Filters(
    /// Slugs and labels.
    projects: Vec<(String, String)>,
    selection: Memo<Selection>,
) -> impl IntoView {
    let location = use_location();
    let navigate = use_navigate();
    // Only the form without JavaScript needs its button.
    let alive = RwSignal::new(false);
    Effect::new(move |_| alive.set(true));

    let choose = move |key: &'static str| {
        let navigate = navigate.clone();
        Callback::new(move |event: leptos::ev::Event| {
            let value = event_target_value(&event);
            let changed = match (key, value.parse()) {
                ("days", Ok(days)) => selection.with_untracked(|known| known.with_days(days)),
                _ => selection.with_untracked(|known| known.with(key, &value)),
            };
            let url = format!("{}{}", location.pathname.get_untracked(), changed.query());
            let stay = NavigateOptions {
                scroll: false,
                // The URL already includes the base path.
                resolve: false,
                ..Default::default()
            };
            navigate(&url, stay);
        })
    };
    let types = BuildType::EVERY
        .map(|kind| (kind.as_str().to_owned(), kind.label().to_owned()))
        .to_vec();
    let windows = DAYS
        .map(|days| {
            let label = if days == 1 {
                "Last day".to_owned()
            } else {
                format!("Last {days} days")
            };
            (days.to_string(), label)
        })
        .into_iter()
        // Shown while bounds limit the range.
        .chain([(String::new(), "Chosen range".to_owned())])
        .collect();

    view! {
        <form
            class="filters"
            method="get"
            action=location.pathname
            autocomplete="off"
            role="search"
            aria-label="Filters"
        >
            <Choice
                name="project"
                label="Project"
                choices=projects
                chosen=Signal::derive(move || selection.with(|known| known.project().to_owned()))
                on_change=choose("project")
            />
            <Choice
                name="type"
                label="Kind"
                choices=types
                chosen=Signal::derive(move || {
                    selection.with(|known| known.build_type().as_str().to_owned())
                })
                on_change=choose("type")
            />
            <Choice
                name="days"
                label="Window"
                choices=windows
                chosen=Signal::derive(move || {
                    selection.with(|known| known.days().map_or_else(String::new, |days| days.to_string()))
                })
                on_change=choose("days")
            />
            {move || further(&selection.get()).map(hidden_input).collect_view()}
            <button class="btn" type="submit" hidden=move || alive.get()>
                "Apply"
            </button>
        </form>
        <Conditions selection />
    }
}

/// The keys and values that have no choice of their own.
fn further(selection: &Selection) -> impl Iterator<Item = (String, String)> {
    let pairs = selection.pairs();
    let pairs = pairs.filter(|(key, _)| !matches!(*key, "project" | "type" | "days"));
    let pairs: Vec<(String, String)> = pairs
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    pairs.into_iter()
}

/// Keeps a condition when the form is sent.
fn hidden_input((key, value): (String, String)) -> impl IntoView {
    view! { <input type="hidden" name=key value=value /> }
}

/// The conditions that have no choice of their own, each with a link that removes it.
#[component]
fn Conditions(selection: Memo<Selection>) -> impl IntoView {
    let path = use_location().pathname;
    let chip = move |(key, value): (String, String)| {
        let label = selection::find(&key).map_or("", |known| known.label);
        let without = selection.with(|known| known.without_value(&key, &value).query());
        let href = format!("{}{without}", path.get());
        view! {
            <li class="chip">
                <span>{label} ": " <strong>{value.clone()}</strong></span>
                <a href=href>
                    <span aria-hidden="true">"×"</span>
                    <span class="visually-hidden">{format!("Remove {label}: {value}")}</span>
                </a>
            </li>
        }
    };
    let chips = move || selection.with(|known| further(known).map(chip).collect_view());
    view! {
        <ul
            class="chips"
            aria-label="Conditions"
            hidden=move || selection.with(|known| further(known).next().is_none())
        >
            {chips}
        </ul>
    }
}

#[component]
fn Choice(
    name: &'static str,
    label: &'static str,
    /// Values and labels.
    choices: Vec<(String, String)>,
    chosen: Signal<String>,
    on_change: Callback<leptos::ev::Event>,
) -> impl IntoView {
    let id = format!("filter-{name}");
    let options = choices
        .into_iter()
        .map(|(value, label)| {
            let is_chosen = {
                let value = value.clone();
                move || chosen.with(|chosen| *chosen == value)
            };
            view! {
                <option disabled=value.is_empty() value=value selected=is_chosen>
                    {label}
                </option>
            }
        })
        .collect_view();
    view! {
        <div class="choice">
            <label for=id.clone()>{label}</label>
            <select
                id=id
                name=name
                class="form-select"
                prop:value=move || chosen.get()
                on:change=move |event| on_change.run(event)
            >
                {options}
            </select>
        </div>
    }
}
