//! The bar of filters under the header: a form that works without JavaScript, and that changes the URL directly with
//! it. Its values are kept from page to page.

use leptos::{prelude::*, task::spawn_local};
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};

use crate::{
    api::{View, fragments},
    base::use_base,
    numbers,
    selection::{self, ALL_PROJECTS, BuildType, DAYS, DEFAULT_DAYS, Selection},
};

/// The filters that links carry, and the choices of projects: slugs and labels.
#[derive(Clone, Copy)]
pub struct Carried {
    pub selection: Memo<Selection>,
    projects: StoredValue<Vec<(String, String)>>,
    teams: StoredValue<Vec<String>>,
}

/// Provides the filters of the current URL. A page of one thing has none in its URL, and keeps those of the page before.
pub fn provide_carried(mut projects: Vec<(String, String)>, teams: Vec<String>) {
    if projects.is_empty() {
        projects.push((ALL_PROJECTS.to_owned(), "All".to_owned()));
    }
    let location = use_location();
    let page = use_page();
    let projects = StoredValue::new(projects);
    let selection = Memo::new(move |before: Option<&Selection>| {
        let given = location
            .search
            .with(|query| valid(&Selection::read(query), &projects.read_value()));
        let is_kept =
            given == Selection::default() && page.with(|page| filters_of(page) != Some(true));
        before.filter(|_| is_kept).cloned().unwrap_or(given)
    });
    provide_context(Carried {
        selection,
        projects,
        teams: StoredValue::new(teams),
    });
}

/// The filters of a selection that other pages can have, without unknown values, so that links lead out of an error.
fn valid(selection: &Selection, projects: &[(String, String)]) -> Selection {
    let carried = selection.carried();
    let is_project = |slug: &str| projects.iter().any(|(known, _)| known == slug);
    let is_type = |name: &str| BuildType::EVERY.iter().any(|known| known.as_str() == name);
    let is_days = |text: &str| DAYS.iter().any(|days| days.to_string() == text);
    let is_valid = carried.values("project").all(is_project)
        && carried.values("type").all(is_type)
        && carried.values("days").all(is_days);
    if is_valid {
        carried
    } else {
        Selection::default()
    }
}

/// The filters that links carry.
///
/// # Panics
/// Outside of the app, which provides the context.
pub fn use_carried() -> Carried {
    expect_context()
}

impl Carried {
    /// The label of the selected project, or the selected team; none for all.
    pub fn scope(self) -> Option<String> {
        self.selection
            .with(|selection| scope(selection, &self.projects.read_value()))
    }

    /// The selected team; none for all. The page of security knows no projects.
    pub fn team(self) -> Option<String> {
        self.selection.with(of_team)
    }
}

/// The first part of the current path, under the base path: `pipelines`; empty for the start.
pub fn use_page() -> Memo<String> {
    let location = use_location();
    let base = use_base();
    Memo::new(move |_| {
        location.pathname.with(|path| {
            let path = path.strip_prefix(base.as_str()).unwrap_or(path);
            let mut parts = path.split('/').filter(|part| !part.is_empty());
            parts.next().unwrap_or_default().to_owned()
        })
    })
}

/// Returns whether a page's filters change the page itself; those of a page of one thing lead to the pipelines. None if
/// it has no filters. The page of a figure knows itself whether it has.
fn filters_of(page: &str) -> Option<bool> {
    match page {
        "" | "builds" | "compare" | "explore" | "figures" | "pipelines" | "platform" | "week" => {
            Some(true)
        }
        "build" | "pipeline" => Some(false),
        _ => None,
    }
}

/// Returns whether the range matters to a page.
fn has_range(page: &str) -> bool {
    !matches!(page, "" | "week")
}

/// Returns whether the conditions of a page have links that remove them here; other pages have their own.
fn has_conditions(page: &str) -> bool {
    !matches!(page, "build" | "builds" | "compare" | "pipeline")
}

/// The bar of every page about builds. The page of a figure places its own.
#[component]
pub fn FilterBar() -> impl IntoView {
    let page = use_page();
    move || {
        let shown = page.with(|page| page != "figures" && filters_of(page).is_some());
        shown.then(|| view! { <div class="frame filter-place"><Filters /></div> })
    }
}

/// The filters of the current page.
#[component]
pub fn Filters() -> impl IntoView {
    let location = use_location();
    let page = use_page();
    let navigate = use_navigate();
    let base = use_base();
    let carried = use_carried();
    // Only the form without JavaScript needs its button.
    let alive = RwSignal::new(false);
    Effect::new(move |_| alive.set(true));
    let stays = Memo::new(move |_| page.with(|page| filters_of(page) != Some(false)));
    let selection = Memo::new(move |_| {
        if stays.get() {
            location.search.with(|query| Selection::read(query))
        } else {
            carried.selection.get()
        }
    });
    let action = {
        let pipelines = base.path("/pipelines");
        move || {
            if stays.get() {
                location.pathname.get()
            } else {
                pipelines.clone()
            }
        }
    };

    let choose = move |key: &'static str| {
        let navigate = navigate.clone();
        Callback::new(move |event: leptos::ev::Event| {
            if !stays.get_untracked() {
                return;
            }
            let value = event_target_value(&event);
            let query = location
                .search
                .with_untracked(|query| changed(query, key, &value));
            let url = format!("{}{query}", location.pathname.get_untracked());
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
    let ranges = DAYS
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
    let mut teams = carried.teams.get_value();
    let has_teams = teams.len() > 1;
    // A link outlives its data.
    let chosen = selection.with_untracked(team);
    teams.extend(chosen.filter(|team| !carried.teams.with_value(|known| known.contains(team))));
    let teams = std::iter::once((String::new(), "All".to_owned()))
        .chain(teams.into_iter().map(|team| (team.clone(), team)))
        .collect();
    let words = move || {
        let in_range = page.with(|page| has_range(page));
        selection.with(|known| in_words(known, &carried.projects.read_value(), in_range))
    };
    let hidden = move || {
        let query = if stays.get() {
            location.search.get()
        } else {
            selection.with(Selection::query)
        };
        kept(&query).into_iter().map(hidden_input).collect_view()
    };

    view! {
        <div class="filter-bar">
            // On phones it opens the form after it; printed, it says what was selected.
            <details class="filter-words">
                <summary>{words}</summary>
            </details>
            <form
                class="filters"
                method="get"
                action=action
                autocomplete="off"
                role="search"
                aria-label="Filters"
            >
                <Choice
                    name="project"
                    label="Project"
                    choices=carried.projects.get_value()
                    chosen=Signal::derive(move || selection.with(|known| known.project().to_owned()))
                    on_change=choose("project")
                />
                <Choice
                    name="team"
                    label="Team"
                    choices=teams
                    chosen=Signal::derive(move || selection.with(team).unwrap_or_default())
                    on_change=choose("team")
                    hidden=Signal::stored(!has_teams)
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
                    label="Range"
                    choices=ranges
                    chosen=Signal::derive(move || {
                        selection.with(|known| known.days().map_or_else(String::new, |days| days.to_string()))
                    })
                    on_change=choose("days")
                    hidden=Signal::derive(move || !page.with(|page| has_range(page)))
                />
                {hidden}
                <button class="btn" type="submit" hidden=move || alive.get() && stays.get()>
                    {move || if stays.get() { "Apply" } else { "Show pipelines" }}
                </button>
            </form>
            <Conditions selection />
            <Outcome selection />
        </div>
    }
}

/// Says to screen readers how many builds a changed filter selects.
#[component]
fn Outcome(selection: Memo<Selection>) -> impl IntoView {
    let page = use_page();
    let outcome = RwSignal::new(String::new());
    Effect::new(move |before: Option<(String, Selection)>| {
        let shown = (page.get(), selection.get());
        let is_changed =
            before.is_some_and(|(page, selection)| page == shown.0 && selection != shown.1);
        if is_changed {
            let asked = shown.1.clone();
            spawn_local(async move {
                let parts = fragments("summary".to_owned(), asked.clone(), View::default()).await;
                let still = selection.try_get_untracked() == Some(asked);
                if let (true, Ok(parts)) = (still, parts) {
                    outcome.set(parts.into_iter().map(|part| part.html).collect());
                }
            });
        }
        shown
    });
    view! { <p class="visually-hidden" role="status" inner_html=move || outcome.get()></p> }
}

/// A query with another value of a filter. It starts from the first page of a list.
pub fn changed(query: &str, key: &str, value: &str) -> String {
    let replaced: &[&str] = match key {
        "days" => &["days", "from", "to"],
        key => &[key],
    };
    let pairs = selection::pairs(query);
    let pairs = pairs.filter(|(known, _)| !(replaced.contains(&&**known) || is_place(known)));
    let mut pairs: Vec<(String, String)> = pairs
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    let is_default = value.is_empty()
        || key != "team" && value == ALL_PROJECTS
        || key == "days" && value == DEFAULT_DAYS.to_string();
    if !is_default {
        pairs.push((key.to_owned(), value.to_owned()));
    }
    pairs.sort_unstable();
    let query = selection::encoded(pairs.iter().map(|(key, value)| (&**key, &**value)));
    if query.is_empty() {
        query
    } else {
        format!("?{query}")
    }
}

/// Returns whether a parameter has a choice in the form.
fn has_choice(key: &str) -> bool {
    matches!(key, "project" | "team" | "type" | "days")
}

/// The selected team.
fn team(selection: &Selection) -> Option<String> {
    selection.value("team").map(str::to_owned)
}

/// Returns whether a parameter is a place in a list.
fn is_place(key: &str) -> bool {
    matches!(key, "cursor" | "page")
}

/// The parameters of a query that have no choice of their own.
fn kept(query: &str) -> Vec<(String, String)> {
    let pairs = selection::pairs(query);
    let pairs = pairs.filter(|(key, _)| !(has_choice(key) || is_place(key)));
    pairs
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect()
}

/// Keeps a condition when the form is sent.
fn hidden_input((key, value): (String, String)) -> impl IntoView {
    view! { <input type="hidden" name=key value=value /> }
}

/// `CMC · nightly · last 14 days · 2 conditions`.
fn in_words(selection: &Selection, projects: &[(String, String)], in_range: bool) -> String {
    let scope = scope(selection, projects).unwrap_or_else(|| "All projects".to_owned());
    let kind = match selection.build_type() {
        BuildType::All => None,
        kind => Some(kind.label().to_lowercase()),
    };
    let range = in_range.then(|| {
        match (
            selection.days(),
            selection.value("from"),
            selection.value("to"),
        ) {
            (Some(1), None, None) => "last day".to_owned(),
            (Some(days), None, None) => format!("last {days} days"),
            (_, from, to) => {
                let from = from.map(|at| format!("from {}", instant(at)));
                let to = to.map(|at| format!("before {}", instant(at)));
                from.into_iter().chain(to).collect::<Vec<_>>().join(" ")
            }
        }
    });
    let further = selection.further_keys();
    let further = further.iter().filter(|key| **key != "team").count() as u64;
    let further = (further > 0).then(|| numbers::counted(further, "condition", "conditions"));
    let parts = [Some(scope), kind, range, further];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// The label of the selected project, or the selected team.
fn scope(selection: &Selection, projects: &[(String, String)]) -> Option<String> {
    let project = selection.value("project").and_then(|slug| {
        let known = projects.iter().find(|(known, _)| known == slug);
        known.map(|(_, label)| label.clone())
    });
    project.or_else(|| of_team(selection))
}

fn of_team(selection: &Selection) -> Option<String> {
    selection.value("team").map(|team| format!("Team {team}"))
}

/// A date or an instant for readers.
fn instant(at: &str) -> String {
    if at.len() == 10 {
        numbers::date(at)
    } else {
        numbers::instant(at)
    }
}

/// The conditions that have no choice of their own, each with a link that removes it.
#[component]
fn Conditions(selection: Memo<Selection>) -> impl IntoView {
    let location = use_location();
    let page = use_page();
    let conditions = move || -> Vec<(String, String)> {
        if !page.with(|page| has_conditions(page)) {
            return Vec::new();
        }
        selection.with(|known| {
            let pairs = known.pairs().filter(|(key, _)| !has_choice(key));
            pairs
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect()
        })
    };
    let chip = move |(key, value): (String, String)| {
        let label = selection::find(&key).map_or("", |known| known.label);
        let without = selection.with(|known| known.without_value(&key, &value).query());
        let href = format!("{}{without}", location.pathname.get());
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
    view! {
        <ul class="chips" aria-label="Conditions" hidden=move || conditions().is_empty()>
            {move || conditions().into_iter().map(chip).collect_view()}
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
    /// It does not matter to the page, but is kept.
    #[prop(default = Signal::stored(false))]
    hidden: Signal<bool>,
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
                <option disabled=name == "days" && value.is_empty() value=value selected=is_chosen>
                    {label}
                </option>
            }
        })
        .collect_view();
    view! {
        <div class="choice" hidden=move || hidden.get()>
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_filter_keeps_everything_but_the_place_in_a_list() {
        for (query, key, value, expected) in [
            ("", "project", "cmc", "?project=cmc"),
            ("?project=cmc", "project", "all", ""),
            (
                "?cursor=1&project=cmc&sort=name",
                "type",
                "nightly",
                "?project=cmc&sort=name&type=nightly",
            ),
            (
                "?from=2019-10-01&page=3&q=a+b&to=2019-10-02",
                "days",
                "7",
                "?days=7&q=a+b",
            ),
            ("?days=7", "days", "14", ""),
            ("?page=2", "team", "all", "?team=all"),
            ("?project=cmc&team=all", "team", "", "?project=cmc"),
            (
                "?a.type=nightly&b.type=non-nightly&days=28",
                "project",
                "cmc",
                "?a.type=nightly&b.type=non-nightly&days=28&project=cmc",
            ),
        ] {
            assert_eq!(changed(query, key, value), expected, "{query}");
        }
    }

    #[test]
    fn filters_are_said_in_words() {
        let projects = [
            ("all".to_owned(), "All".to_owned()),
            ("cmc".to_owned(), "CMC".to_owned()),
        ];
        for (query, words) in [
            ("", "All projects · last 14 days"),
            (
                "?days=1&project=cmc&type=nightly",
                "CMC · nightly · last day",
            ),
            (
                "?from=2019-10-24&team=div&to=2019-10-25T12:00:00Z",
                "Team div · from 24 Oct 2019 before 25 Oct 2019, 12:00 UTC",
            ),
            (
                "?project=cmc&project=div&step=build&step=test&q=a",
                "All projects · last 14 days · 2 conditions",
            ),
        ] {
            assert_eq!(
                in_words(&Selection::read(query), &projects, true),
                words,
                "{query}"
            );
        }
        assert_eq!(
            in_words(&Selection::read("?project=cmc"), &projects, false),
            "CMC"
        );
    }
}
