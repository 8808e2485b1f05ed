//! Redirects, statuses and CSV downloads, decided by a page's address.

use std::{borrow::Cow, sync::OnceLock};

use axum::{
    extract::{Request, State},
    http::{Method, StatusCode, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
    routing::{MethodRouter, get},
};

use super::{
    ServerState,
    api::{self, Parameters, Refusal},
    builds, canonical,
    queue::Turn,
};
use leptos::context::{provide_context, use_context};
use leptos_axum::{AxumRouteListing, generate_route_list_with_exclusions};
use leptos_router::location::RequestUrl;
use percent_encoding::percent_decode_str;

use crate::{
    api::View,
    app::App,
    base::Base,
    error::AppError,
    pages::Overviews,
    selection::{self, Pair, Selection},
    server::{
        export::Format,
        figures::{self, items},
        state::AppState,
        views::{addresses, build, build_list, pipeline, pipeline_list, repository, search, week},
    },
};

/// The pages of a selection.
const SELECTING: [&str; 12] = [
    "/",
    "/builds",
    "/explore",
    "/pipelines",
    "/pipelines/list",
    "/platform",
    "/security",
    SECURITY_ITEMS,
    "/wall",
    "/wall/pipelines",
    "/wall/today",
    "/week",
];
/// The page of what a number of a security figure counts.
const SECURITY_ITEMS: &str = "/security/items";
/// The page of two selections.
const COMPARING: &str = "/compare";
/// The pages that have no parameters but the filters that links carry.
const PLAIN: [&str; 2] = ["/sources", "/disclaimer"];
/// The pages of one thing or of a search, and their parameters.
const OF_ONE_THING: [(&str, &[&str]); 3] = [
    ("/build", &build::PARAMETERS),
    ("/pipeline", &pipeline::PARAMETERS),
    ("/search", &["q"]),
];

/// The folder of pages of repositories.
const REPOSITORIES: &str = "/repositories/";

/// The parameters of a page.
pub struct PageParameters {
    pub selections: Selections,
    /// Its own, each with one value.
    pub own: &'static [&'static str],
}

/// The selections whose keys are parameters of a page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Selections {
    /// Only the filters that links carry to other pages.
    Carried,
    One,
    /// Two, whose keys have prefixes where they differ.
    Two,
}

/// Server functions with handlers of their own, which set statuses and ETags.
const WITH_HANDLERS: [&str; 4] = [
    "/api/figure",
    "/api/overview",
    "/api/headline",
    "/api/fragments",
];

/// The start page shows the problems. 307, which browsers do not keep.
pub async fn to_today(uri: Uri) -> Redirect {
    Redirect::temporary(&with_query("/", &uri))
}

/// The old address of the pipelines.
pub async fn to_pipelines(uri: Uri) -> Redirect {
    Redirect::temporary(&with_query("/pipelines", &uri))
}

/// The repositories stand on Security; each has a page of its own.
pub async fn to_security(uri: Uri) -> Redirect {
    Redirect::temporary(&with_query("/security", &uri))
}

/// The pages of the app. Listed once: while Leptos lists them, pages that are being rendered anywhere in
/// the process get no data.
pub fn routes() -> Vec<AxumRouteListing> {
    static ROUTES: OnceLock<Vec<AxumRouteListing>> = OnceLock::new();
    let list = || {
        let own = WITH_HANDLERS.map(str::to_owned).to_vec();
        generate_route_list_with_exclusions(App, Some(own))
    };
    ROUTES.get_or_init(list).clone()
}

/// Returns whether there is a page at a path.
pub fn exists(path: &str) -> bool {
    match (figure(path), repository_path(path)) {
        (Some(id), _) => figures::find(id).is_some(),
        (None, Some(canonical)) => canonical == path,
        (None, None) => parameters(path).is_some(),
    }
}

/// The canonical path of the page of a repository, whose name may be encoded.
pub fn repository_path(path: &str) -> Option<String> {
    repository_name(path).map(|name| addresses::repository_path(&name))
}

/// The repository that a page's path names.
fn repository_name(path: &str) -> Option<Cow<'_, str>> {
    let name = path.strip_prefix(REPOSITORIES)?;
    let is_one = !name.is_empty() && !name.contains('/');
    let name = is_one.then(|| percent_decode_str(name).decode_utf8());
    name?.ok()
}

/// The parameters that the page at a path depends on; `None` if the path is not that of a page.
pub fn parameters(path: &str) -> Option<PageParameters> {
    if let Some((_, own)) = OF_ONE_THING.iter().find(|(known, _)| *known == path) {
        let selections = Selections::Carried;
        return Some(PageParameters { selections, own });
    }
    if repository_name(path).is_some() {
        return Some(PageParameters {
            selections: Selections::Carried,
            own: &["as_of"],
        });
    }
    let selections = if SELECTING.contains(&path) || figure(path).is_some() {
        Selections::One
    } else if path == COMPARING {
        Selections::Two
    } else {
        Selections::Carried
    };
    (selections != Selections::Carried || PLAIN.contains(&path)).then_some(PageParameters {
        selections,
        own: match path {
            "/builds" => &["columns", "cursor", "difference", "sort"],
            "/pipelines/list" => &["page", "sort", "state"],
            SECURITY_ITEMS => &items::PARAMETERS,
            "/week" => &["week"],
            _ => &[],
        },
    })
}

/// The figure that a page's path names.
fn figure(path: &str) -> Option<&str> {
    let id = path.strip_prefix("/figures/")?;
    (!id.is_empty() && !id.contains('/') && !is_file(id)).then_some(id)
}

/// Tells whether the last part of a figure's address names a file of it.
fn is_file(id: &str) -> bool {
    [".csv", ".svg"].iter().any(|ending| id.ends_with(ending))
}

/// Gives pages direct access to their overviews.
pub fn overviews(state: AppState) -> Overviews {
    Overviews::new(move |page, selection| state.overview(page, selection))
}

/// Routes pages by the address that the browser shows, with the base path.
pub fn provide_request_url(base: &Base) {
    if let Some(parts) = use_context::<Parts>()
        && let Some(address) = parts.uri.path_and_query()
    {
        provide_context(RequestUrl::new(&base.path(address.as_str())));
    }
}

/// The page for unknown addresses, rendered by `render`.
pub fn missing<R, F>(render: R) -> MethodRouter
where
    R: Fn(Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send,
{
    get(async move |request: Request| {
        let mut response = render(request).await;
        *response.status_mut() = StatusCode::NOT_FOUND;
        response
    })
}

/// Handles addresses that are not routes: `/pipelines/` and other ways to write an address redirect to
/// the page, and `/figures/{id}.csv` is a figure's table and `/figures/{id}.svg` its chart, while the rest of `/figures/`
/// are pages.
pub async fn handle_unrouted(
    State(state): State<ServerState>,
    request: Request,
    next: Next,
) -> Response {
    let uri = request.uri();
    if let Some(redirect) = without_trailing_slash(uri) {
        return redirect.into_response();
    }
    let reads = request.method() == Method::GET || request.method() == Method::HEAD;
    if reads && let Some(redirect) = canonical::redirect(uri) {
        return redirect;
    }
    if reads && let Some(redirect) = to_first_page(&state, uri) {
        return redirect;
    }
    let format = match uri.path() {
        "/builds.csv" => Some(Format::Csv),
        "/builds.ndjson" => Some(Format::Ndjson),
        _ => None,
    };
    if let Some(format) = format {
        let write = async move |turn, query| builds::file(state.app, turn, query, format).await;
        return download(&request, &[], write).await;
    }
    if uri.path() == "/week.md" {
        let write = async move |turn, query| builds::week_file(state.app, turn, query).await;
        return download(&request, &["week"], write).await;
    }
    let name = uri.path().strip_prefix("/figures/");
    let file = name.and_then(|name| name.rsplit_once('.'));
    match file.map(|(id, ending)| (id.to_owned(), ending)) {
        Some((id, "csv")) => {
            let write = async move |turn, query| api::csv(state.app, turn, id, query).await;
            download(&request, &[], write).await
        }
        Some((id, "svg")) => {
            let write = async move |turn, query| api::svg(state.app, turn, id, query).await;
            download(&request, &[], write).await
        }
        _ => next.run(request).await,
    }
}

/// Redirects a page of the list of pipelines after the last one: with the data, lists become shorter.
fn to_first_page(state: &ServerState, uri: &Uri) -> Option<Response> {
    let query = uri.query().filter(|_| uri.path() == "/pipelines/list")?;
    let view = View::read(selection::pairs(query), parameters(uri.path())?.own);
    view.get("page")?;
    let selection = Selection::read(query);
    let snapshot = state.app.selected(&selection).ok()?;
    pipeline_list::is_past_the_end(&snapshot, &selection, &view).then(|| {
        let first = View::default()
            .with("sort", view.get("sort").unwrap_or_default())
            .with("state", view.get("state").unwrap_or_default());
        let address = addresses::list(uri.path().to_owned(), &selection, &first);
        let no_store = [(header::CACHE_CONTROL, "no-store")];
        (no_store, Redirect::temporary(&address)).into_response()
    })
}

fn without_trailing_slash(uri: &Uri) -> Option<Redirect> {
    let path = uri.path();
    let shorter = path.trim_end_matches('/');
    if shorter.len() == path.len() || shorter.is_empty() || shorter == "/dash" {
        return None;
    }
    // A path that begins with two slashes or backslashes would lead to another host.
    let local = format!("/{}", shorter.trim_start_matches(['/', '\\']));
    Some(Redirect::permanent(&with_query(&local, uri)))
}

/// Sends the file of a selection, and of parameters of its own.
fn download<F>(
    request: &Request,
    own: &[&'static str],
    write: impl FnOnce(Turn, Parameters) -> F,
) -> impl Future<Output = Response>
where
    F: Future<Output = Result<Response, Refusal>>,
{
    let reads = request.method() == Method::GET || request.method() == Method::HEAD;
    let query = api::parameters(request.uri(), own);
    let turn = Turn::of(request).ok_or(AppError::Internal);
    async move {
        if !reads {
            let allowed = [(header::ALLOW, "GET,HEAD")];
            return (StatusCode::METHOD_NOT_ALLOWED, allowed).into_response();
        }
        match (turn, query) {
            (Ok(turn), Ok(query)) => write(turn, query).await.into_response(),
            (Err(error), _) | (_, Err(error)) => error.into_response(),
        }
    }
}

/// Sets the status of a page whose address is wrong; the page itself renders the message.
pub async fn status(State(state): State<ServerState>, request: Request, next: Next) -> Response {
    let error = address_error(&state, request.uri()).await;
    let mut response = next.run(request).await;
    if let Some(error) = error
        && response.status() == StatusCode::OK
        && let Ok(status) = StatusCode::from_u16(error.status())
    {
        *response.status_mut() = status;
    }
    response
}

async fn address_error(state: &ServerState, uri: &Uri) -> Option<AppError> {
    let path = uri.path();
    let own = || {
        let names = parameters(path).map_or(&[][..], |known| known.own);
        let pairs = selection::pairs(uri.query().unwrap_or_default());
        View::read(pairs, names)
    };
    if path == "/build" {
        return state.app.build(&own()).await.err();
    }
    if path == "/search" {
        return search::check(&own()).err();
    }
    if path == "/pipeline" {
        let snapshot = state.app.snapshot().ok()?;
        return pipeline::find(&snapshot, &own()).err();
    }
    if path.starts_with(REPOSITORIES) {
        let name = repository_name(path).unwrap_or_default();
        let snapshot = state.app.snapshot().ok()?;
        return repository::find(&snapshot, &own().with("name", &name)).err();
    }
    if path == COMPARING {
        let pair = Pair::read(uri.query().unwrap_or_default());
        return state.app.selected_pair(&pair).err();
    }
    let figure = figure(path);
    if !SELECTING.contains(&path) && figure.is_none() {
        return None;
    }
    if let Some(id) = figure
        && figures::find(id).is_none()
    {
        return Some(AppError::unknown_figure(id));
    }
    let selection = Selection::read(uri.query().unwrap_or_default());
    let checked = selection
        .check()
        .and_then(|()| state.app.snapshot()?.check(&selection));
    let view = || match path {
        "/pipelines/list" => pipeline_list::check(&own()),
        "/week" => week::check(&own()),
        SECURITY_ITEMS => {
            let snapshot = state.app.snapshot()?;
            let own = own();
            let number = items::PARAMETERS.map(|name| own.get(name).unwrap_or_default());
            items::check(&snapshot, number)
        }
        _ => build_list::check(&own()),
    };
    checked.and_then(|()| view()).err()
}

fn with_query(path: &str, uri: &Uri) -> String {
    match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}
