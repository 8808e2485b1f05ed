//! A figure's card: heading, sentence, chart, table, explanation and downloads.

use std::sync::Arc;

use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_location;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    ask_again_when_heard,
    chart::{Chart, Drawing},
};
use crate::{
    api::{Cell, FigureData, FigureInfo, TableRows, Width, figure},
    base::{Base, use_base},
    error::AppError,
    live::use_told,
    markup, numbers,
    selection::Selection,
};

/// The parts of a figure that a card needs. The table is not serialised, because the page's HTML has it;
/// after a refetch it is rendered from the rows.
#[derive(Clone, Serialize, Deserialize)]
struct CardData {
    summary: String,
    as_of: String,
    builds: u64,
    rows: u64,
    /// The rows in the table on the page.
    shown: u64,
    plot: Arc<RawValue>,
    #[serde(skip)]
    table: Arc<str>,
    /// The chart as the server draws it, which stands until plotly.js has drawn it. After a refetch it is empty.
    #[serde(skip)]
    picture: Arc<str>,
}

impl CardData {
    /// A figure on a page of a selection.
    fn new(figure: FigureData, selection: &Selection, base: &Base, is_of_builds: bool) -> Self {
        let opens = figure.opens();
        let first_row = usize::try_from(figure.first_row).unwrap_or(0);
        let address = |row: usize, column: &str| {
            if !is_of_builds {
                let index = figure.columns.iter().position(|known| known.id == column)?;
                let debts = debts_of(base, selection, column, &figure.rows[row][index]);
                if debts.is_some() {
                    return debts;
                }
            }
            let opened = opens.address(selection, first_row + row, column)?;
            Some(base.path(&opened))
        };
        let table = markup::table(&figure.title, &figure.columns, &figure.rows, address);
        Self {
            shown: table.rows as u64,
            table: table.html.into_string().into(),
            rows: figure.row_count,
            summary: figure.summary,
            as_of: figure.as_of,
            builds: figure.builds,
            plot: figure.page_plot.unwrap_or(figure.plot),
            picture: figure.picture,
        }
    }
}

/// The debts of the team or repository that a cell names, as of the same day.
fn debts_of(base: &Base, selection: &Selection, column: &str, cell: &Cell) -> Option<String> {
    let Cell::Text(name) = cell else {
        return None;
    };
    // Any other character would have to be encoded in a path.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    match column {
        "team" => {
            let of_team = selection.with("team", name);
            Some(format!("{}{}", base.path("/security"), of_team.query()))
        }
        "repository" if name.bytes().all(is_plain) => {
            let day = selection.value("as_of").map(|day| ("as_of", day));
            let day: Selection = day.into_iter().collect();
            let path = base.path("/repositories/");
            Some(format!("{path}{name}{}", day.query()))
        }
        _ => None,
    }
}

type Loaded = Resource<Result<CardData, AppError>>;

#[component]
pub fn Card(
    info: FigureInfo,
    selection: Memo<Selection>,
    /// The noun for the items that figures count, singular and plural.
    unit: (&'static str, &'static str),
    /// On a figure's own page, the heading is the title and the table is open.
    #[prop(optional)]
    alone: bool,
    /// The number of its topic among those of the page.
    #[prop(optional)]
    topic: Option<usize>,
) -> impl IntoView {
    let id = StoredValue::new(info.id.clone());
    let base = StoredValue::new(use_base());
    let is_of_builds = unit.0 == "build";
    let told = use_told();
    let figure: Loaded = Resource::new(
        move || (selection.get(), told.version()),
        move |(selection, _)| async move {
            let rows = Some(TableRows::Page.as_str().to_owned());
            let base = base.get_value();
            let loaded = figure(id.get_value(), selection.clone(), rows).await;
            loaded.map(|figure| CardData::new(figure, &selection, &base, is_of_builds))
        },
    );
    // Set where the figure is awaited. Read anywhere else, a pending figure would reset the whole page to
    // “Loading”.
    let drawing = RwSignal::new(None);
    let (busy, set_busy) = signal(false);
    let width = match info.width {
        _ if alone => "full",
        Width::Third => "third",
        Width::Half => "half",
        Width::Full => "full",
    };
    let csv = {
        let figures = use_base().path("/figures/");
        Memo::new(move |_| {
            let query = selection.with(Selection::query);
            format!("{figures}{}.csv{query}", id.get_value())
        })
    };
    let title_id = format!("{}-title", info.id);

    view! {
        <article
            id=info.id.clone()
            class=format!("figure-card {width}")
            class:alone=alone
            data-figure=info.id.clone()
            data-topic=topic
            aria-labelledby=title_id.clone()
            aria-busy=move || busy.get().then_some("true")
        >
            <h2 id=title_id.clone() class:visually-hidden=alone>
                {info.title.clone()}
            </h2>
            <Transition fallback=loading set_pending=set_busy>
                {move || Suspend::new(async move {
                    let loaded = figure.await;
                    drawing.set(drawable(&loaded, selection));
                    sentence(loaded, id.get_value(), figure, selection)
                })}
            </Transition>
            <Chart
                id=format!("{}-chart", info.id)
                described_by=format!("{}-sentence", info.id)
                height=info.height
                base=base.get_value().as_str().to_owned()
                drawing=drawing.into()
            />
            <Transition>
                {
                    let title = info.title.clone();
                    move || {
                        let title = title.clone();
                        Suspend::new(async move {
                            let loaded = figure.await.ok();
                            loaded.map(|figure| table(figure, title, unit, alone, csv))
                        })
                    }
                }
            </Transition>
            <Menu id selection csv help=info.help />
        </article>
    }
}

/// The drawing of a figure with rows.
fn drawable(loaded: &Result<CardData, AppError>, selection: Memo<Selection>) -> Option<Drawing> {
    let card = loaded.as_ref().ok()?;
    (card.rows > 0).then(|| Drawing {
        plot: Arc::clone(&card.plot),
        view: selection.with_untracked(Selection::query),
    })
}

fn loading() -> impl IntoView {
    view! { <p class="sentence loading">"Loading…"</p> }
}

/// The sentence, or the error with a button to try again.
fn sentence(
    loaded: Result<CardData, AppError>,
    id: String,
    figure: Loaded,
    selection: Memo<Selection>,
) -> impl IntoView {
    let id = format!("{id}-sentence");
    match loaded {
        Ok(card) => Either::Left(view! {
            <p id=id class="sentence" class:empty=card.rows == 0>
                {card.summary}
            </p>
            <div class="picture-frame" inner_html=card.picture></div>
        }),
        Err(error) => {
            ask_again_when_heard(&error, move || figure.refetch());
            let closed = error == AppError::SignInNeeded;
            let path = use_location().pathname;
            let href = move || format!("{}{}", path.get(), selection.with(Selection::query));
            Either::Right(view! {
                <div
                    id=id
                    class="error-panel"
                    class:passing=error.is_passing() || closed
                    role="alert"
                >
                    <p class="error-heading">"This figure could not be loaded"</p>
                    <p>{error.to_string()}</p>
                    <a
                        class="btn"
                        href=href
                        rel="external"
                        on:click=move |event| {
                            // Reloading the page redirects to the sign-in.
                            if !closed {
                                event.prevent_default();
                                figure.refetch();
                            }
                        }
                    >
                        {if closed { "Sign in again" } else { "Try again" }}
                    </a>
                </div>
            })
        }
    }
}

fn table(
    card: CardData,
    title: String,
    (one, many): (&str, &str),
    open: bool,
    csv: Memo<String>,
) -> impl IntoView {
    let undated = card.as_of.is_empty();
    let basis = (!undated).then(|| {
        let as_of = numbers::instant(&card.as_of);
        let basis = numbers::counted(card.builds, one, many);
        view! {
            "As of "
            <time datetime=card.as_of>{as_of}</time>
            {format!(" · {basis}")}
        }
    });
    let rows = numbers::counted(card.rows, "row", "rows");
    let more = (card.shown < card.rows).then(|| {
        let shown = numbers::thousands(card.shown);
        view! {
            <p class="more">
                {format!("{shown} of {rows}. ")}
                <a href=csv download>
                    {format!("All {rows} as CSV")}
                </a>
            </p>
        }
    });
    view! {
        <details class="table" open=open hidden=card.rows == 0>
            <summary>{format!("View as table ({rows})")}</summary>
            <div
                class="table-scroll"
                tabindex="0"
                role="region"
                aria-label=format!("Table: {title}")
            >
                <table class="table" inner_html=card.table></table>
            </div>
            {more}
        </details>
        <p class="basis" hidden=undated>
            {basis}
        </p>
    }
}

/// The figure's CSV, JSON and own page for the current filter, and what counts.
#[component]
fn Menu(
    id: StoredValue<String>,
    selection: Memo<Selection>,
    csv: Memo<String>,
    help: String,
) -> impl IntoView {
    let filter = move || selection.with(Selection::query);
    let figure = use_base().path("/figures/");
    let endpoint = use_base().path("/api/figure");
    let page = move || format!("{figure}{}{}", id.get_value(), filter());
    let json = move || {
        let parameters = filter().replacen('?', "&", 1);
        format!("{endpoint}?id={}{parameters}", id.get_value())
    };
    view! {
        // With one name, opening a menu closes the others.
        <details class="menu" name="figure-menu">
            <summary>"More"</summary>
            <ul>
                <li>
                    <a href=csv download>
                        "CSV"
                    </a>
                </li>
                <li>
                    <a href=json rel="external">
                        "JSON"
                    </a>
                </li>
                <li>
                    <a href=page>"Link" <span class="visually-hidden">" to this figure"</span></a>
                </li>
                <li class="help">
                    <strong>"What counts"</strong>
                    {help}
                </li>
            </ul>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn teams_and_repositories_lead_to_their_debts_of_the_same_day() {
        let base = Base::new("/rse");
        let of = |query: &str, column: &str, name: &str| {
            let cell = Cell::Text(name.to_owned());
            debts_of(&base, &Selection::read(query), column, &cell)
        };
        for (query, column, name, address) in [
            ("", "team", "A & B", "/rse/security?team=A+%26+B"),
            (
                "as_of=2019-10-01&team=x",
                "team",
                "y",
                "/rse/security?as_of=2019-10-01&team=y",
            ),
            ("team=x", "repository", "a-api", "/rse/repositories/a-api"),
            (
                "as_of=2019-10-01",
                "repository",
                "a.b",
                "/rse/repositories/a.b?as_of=2019-10-01",
            ),
        ] {
            assert_eq!(of(query, column, name).as_deref(), Some(address));
        }
        assert_eq!(of("", "repository", "a/b"), None);
        assert_eq!(of("", "rules", "a"), None);
        assert_eq!(
            debts_of(&base, &Selection::default(), "team", &Cell::Count(1)),
            None
        );
    }
}
