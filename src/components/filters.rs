//! The filters: a form that works without JavaScript, and that changes the URL directly with it.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};

use super::Query;
use crate::filter::{BuildType, DAYS, Filter};

#[component]
pub fn Filters(
    /// Slugs and labels.
    projects: Vec<(String, String)>,
    query: Memo<Query>,
) -> impl IntoView {
    let filter = Memo::new(move |_| query.with(Query::filter));
    let location = use_location();
    let navigate = use_navigate();
    // Only the form without JavaScript needs its button.
    let alive = RwSignal::new(false);
    Effect::new(move |_| alive.set(true));

    let go = Callback::new(move |changed: Filter| {
        let url = format!("{}{}", location.pathname.get_untracked(), changed.query());
        let stay = NavigateOptions {
            scroll: false,
            // The URL already includes the base path.
            resolve: false,
            ..Default::default()
        };
        navigate(&url, stay);
    });
    let choose = move |change: fn(&mut Filter, String)| {
        move |event: leptos::ev::Event| {
            let mut changed = filter.get_untracked();
            change(&mut changed, event_target_value(&event));
            go.run(changed);
        }
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
        .to_vec();

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
                chosen=Signal::derive(move || filter.with(|filter| filter.project.clone()))
                on_change=Callback::new(choose(|filter, value| filter.project = value))
            />
            <Choice
                name="type"
                label="Kind"
                choices=types
                chosen=Signal::derive(move || filter.with(|f| f.build_type.as_str().to_owned()))
                on_change=Callback::new(
                    choose(|filter, value| {
                        let mut known = BuildType::EVERY.into_iter();
                        filter.build_type = known
                            .find(|kind| kind.as_str() == value)
                            .unwrap_or_default();
                    }),
                )
            />
            <Choice
                name="days"
                label="Window"
                choices=windows
                chosen=Signal::derive(move || filter.with(|filter| filter.days.to_string()))
                on_change=Callback::new(
                    choose(|filter, value| filter.days = value.parse().unwrap_or(filter.days)),
                )
            />
            <button class="btn" type="submit" hidden=move || alive.get()>
                "Apply"
            </button>
        </form>
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
                <option value=value selected=is_chosen>
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
