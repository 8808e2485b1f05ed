//! `GET /api/openapi.json`: the parameters and responses of the endpoints, for programs and developers.
//!
//! Derived from the wire types, the registry of figures, the values of the filters and the projects of
//! the configuration.

mod parameters;
mod responses;
#[cfg(test)]
mod tests;

use axum::{Json, extract::State, http::Uri};
use utoipa::{
    OpenApi as _,
    openapi::{
        InfoBuilder, ObjectBuilder, OpenApi, Paths, PathsBuilder, RefOr, Response, Schema, Server,
        Type,
        path::{HttpMethod, OperationBuilder, Parameter, PathItem},
        schema::SchemaType,
    },
};

use super::{
    ServerState,
    api::{self, QueryError},
};
use crate::{
    api::{
        BuildDetails, BuildDifference, BuildList, Comparison, CoverageItem, DataState, FigureData,
        FigureInfo, Headline, HtmlFragment, IncidentList, InsightTable, Live, Overview,
        PipelineDetails, PipelineList, ProblemList, RepositoryDetails, SearchResults, SecurityHead,
        Today, WeekReport,
    },
    error::AppError,
    server::state::AppState,
};

/// The types that responses consist of, with the types inside them.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(
    BuildDetails,
    BuildDifference,
    BuildList,
    Comparison,
    CoverageItem,
    DataState,
    QueryError,
    FigureData,
    FigureInfo,
    Headline,
    Live,
    Overview,
    PipelineList,
    ProblemList,
    Today,
    PipelineDetails,
    RepositoryDetails,
    HtmlFragment,
    IncidentList,
    InsightTable,
    SearchResults,
    SecurityHead,
    WeekReport
)))]
struct Types;

pub async fn openapi(
    State(state): State<ServerState>,
    uri: Uri,
) -> Result<Json<OpenApi>, AppError> {
    api::no_parameters(&uri)?;
    Ok(Json(describe(&state.app, state.settings.base_path())))
}

fn describe(state: &AppState, base_path: &str) -> OpenApi {
    let mut description = Types::openapi();
    description.info = InfoBuilder::new()
        .title("RSE dashboard")
        .description(Some(env!("CARGO_PKG_DESCRIPTION")))
        .version(env!("CARGO_PKG_VERSION"))
        .build();
    let root = if base_path.is_empty() { "/" } else { base_path };
    description.servers = Some(vec![Server::new(root)]);
    description.paths = paths(state);
    if let Some(components) = &mut description.components {
        components.schemas.insert("Cell".to_owned(), cell());
    }
    description
}

/// A cell has one of these types; the derived schema would refuse a whole number, which matches two.
fn cell() -> RefOr<Schema> {
    let types = [Type::Number, Type::String, Type::Null];
    let cell = ObjectBuilder::new()
        .schema_type(SchemaType::from_iter(types))
        .description(Some(
            "A number, a string (text, a date or an instant) or null",
        ));
    cell.into()
}

/// An endpoint; all are requested with GET.
struct Endpoint {
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    parameters: Vec<Parameter>,
    /// By status.
    responses: Vec<(&'static str, Response)>,
}

fn paths(state: &AppState) -> Paths {
    let paths = endpoints(state)
        .into_iter()
        .fold(PathsBuilder::new(), |paths, endpoint| {
            let operation = OperationBuilder::new()
                .operation_id(Some(endpoint.id))
                .summary(Some(endpoint.summary))
                .parameters(Some(endpoint.parameters));
            let described = endpoint.responses.into_iter();
            let everywhere = responses::everywhere().into_iter();
            let operation = described
                .chain(everywhere)
                .fold(operation, |operation, (status, response)| {
                    operation.response(status, response)
                });
            paths.path(endpoint.path, PathItem::new(HttpMethod::Get, operation))
        });
    paths.build()
}

fn endpoints(state: &AppState) -> Vec<Endpoint> {
    let selection = || parameters::selection(state);
    let with_selection = |first: Parameter| [vec![first], selection()].concat();
    let not_ready = || ("503", responses::not_ready());
    let wrong = || ("400", responses::fault("An unknown parameter or value"));
    let missing = || ("404", responses::fault("An unknown figure"));
    vec![
        Endpoint {
            path: "/api/figures",
            id: "figures",
            summary: "The figures that exist, with columns and help",
            parameters: Vec::new(),
            responses: vec![("200", responses::list("FigureInfo")), wrong(), not_ready()],
        },
        Endpoint {
            path: "/api/figure",
            id: "figure",
            summary: "One figure: summary, rows and plot",
            parameters: [
                vec![parameters::figure("id"), parameters::rows()],
                selection(),
            ]
            .concat(),
            responses: vec![
                ("200", responses::tagged("FigureData")),
                ("304", responses::unchanged()),
                wrong(),
                missing(),
                not_ready(),
            ],
        },
        Endpoint {
            path: "/api/overview",
            id: "overview",
            summary: "The content of a page, or of the page of one figure, around its figures",
            parameters: with_selection(parameters::page()),
            responses: vec![
                ("200", responses::json("Overview")),
                wrong(),
                missing(),
                not_ready(),
            ],
        },
        Endpoint {
            path: "/api/headline",
            id: "headline",
            summary: "The number of failed builds, now and before, and the pipelines that are red",
            parameters: selection(),
            responses: vec![("200", responses::json("Headline")), wrong(), not_ready()],
        },
        Endpoint {
            path: "/api/build",
            id: "build",
            summary: "One build by its tag, or by its pipeline and number: its steps, and the builds around it",
            parameters: parameters::build(state),
            responses: vec![
                ("200", responses::tagged("BuildDetails")),
                ("304", responses::unchanged()),
                wrong(),
                ("404", responses::fault("An unknown build")),
                not_ready(),
            ],
        },
        Endpoint {
            path: "/api/pipeline",
            id: "pipeline",
            summary: "One pipeline: its state, red episodes, change points, latest builds, and durations of builds and steps",
            parameters: parameters::pipeline(state),
            responses: vec![
                ("200", responses::tagged("PipelineDetails")),
                ("304", responses::unchanged()),
                wrong(),
                ("404", responses::fault("An unknown pipeline")),
                not_ready(),
            ],
        },
        Endpoint {
            path: "/api/repository",
            id: "repository",
            summary: "One repository: what to do, its suppression rules, runtimes, findings and pipelines, and its history",
            parameters: parameters::repository(state),
            responses: vec![
                ("200", responses::tagged("RepositoryDetails")),
                ("304", responses::unchanged()),
                wrong(),
                ("404", responses::fault("An unknown repository")),
                not_ready(),
            ],
        },
        Endpoint {
            path: "/api/security",
            id: "security",
            summary: "Debts of security by team and day: four numbers, what is due, and what to clean up",
            parameters: selection(),
            responses: vec![
                ("200", responses::tagged("SecurityHead")),
                ("304", responses::unchanged()),
                wrong(),
                not_ready(),
            ],
        },
        Endpoint {
            path: "/api/freshness",
            id: "freshness",
            summary: "How old and how complete the data is, by source",
            parameters: Vec::new(),
            responses: vec![("200", responses::json("DataState")), wrong(), not_ready()],
        },
        Endpoint {
            path: "/api/coverage",
            id: "coverage",
            summary: "Everything that the sources should cover, with the outcome of the last sync",
            parameters: Vec::new(),
            responses: vec![
                ("200", responses::list("CoverageItem")),
                wrong(),
                not_ready(),
            ],
        },
        Endpoint {
            path: "/api/builds",
            id: "builds",
            summary: "The builds of a selection: counts by result and over time, and a page of them",
            parameters: [parameters::list().to_vec(), selection()].concat(),
            responses: vec![
                ("200", responses::tagged("BuildList")),
                ("304", responses::unchanged()),
                wrong(),
                not_ready(),
            ],
        },
        Endpoint {
            path: "/api/pipelines",
            id: "pipelines",
            summary: "The pipelines of a selection: their states over all data, and a page of them",
            parameters: [
                vec![
                    parameters::page_number(),
                    parameters::pipeline_sort(),
                    parameters::state(),
                ],
                selection(),
            ]
            .concat(),
            responses: vec![
                ("200", responses::tagged("PipelineList")),
                ("304", responses::unchanged()),
                wrong(),
                not_ready(),
            ],
        },
        Endpoint {
            path: "/api/today",
            id: "today",
            summary: "The start page of a selection, whatever its range: a verdict, problems, failed builds by project and \
                      hour, and eight weeks of failure rates",
            parameters: selection(),
            responses: vec![
                ("200", responses::tagged("Today")),
                ("304", responses::unchanged()),
                wrong(),
                not_ready(),
            ],
        },
        Endpoint {
            path: "/api/problems",
            id: "problems",
            summary: "What needs attention: red pipelines and incidents of a selection, whatever its range",
            parameters: selection(),
            responses: vec![
                ("200", responses::tagged("ProblemList")),
                ("304", responses::unchanged()),
                wrong(),
                not_ready(),
            ],
        },
        Endpoint {
            path: "/api/incidents",
            id: "incidents",
            summary: "The incidents with a failure among the builds of a selection, the latest first",
            parameters: with_selection(parameters::page_number()),
            responses: vec![
                ("200", responses::tagged("IncidentList")),
                ("304", responses::unchanged()),
                wrong(),
                not_ready(),
            ],
        },
        Endpoint {
            path: "/api/insight/{kind}",
            id: "insight",
            summary: "What is derived from the builds of a selection, as a table whose rows open builds",
            parameters: [
                vec![
                    parameters::in_path(parameters::insight_kind()),
                    parameters::page_number(),
                ],
                selection(),
            ]
            .concat(),
            responses: vec![
                ("200", responses::tagged("InsightTable")),
                ("304", responses::unchanged()),
                wrong(),
                ("404", responses::object("An unknown kind")),
                not_ready(),
            ],
        },
        Endpoint {
            path: "/api/search",
            id: "search",
            summary: "Pipelines, builds, projects, teams, repositories, figures and pages by a text",
            parameters: vec![parameters::text_to_find()],
            responses: vec![
                ("200", responses::tagged("SearchResults")),
                ("304", responses::unchanged()),
                wrong(),
                not_ready(),
            ],
        },
        Endpoint {
            path: "/api/week",
            id: "week",
            summary: "A week of a selection's pipelines against the four weeks before, whatever the range",
            parameters: with_selection(parameters::week()),
            responses: vec![
                ("200", responses::tagged("WeekReport")),
                ("304", responses::unchanged()),
                wrong(),
                not_ready(),
            ],
        },
        Endpoint {
            path: "/week.md",
            id: "week_md",
            summary: "The same as Markdown",
            parameters: with_selection(parameters::week()),
            responses: vec![("200", responses::markdown()), wrong(), not_ready()],
        },
        Endpoint {
            path: "/api/difference",
            id: "difference",
            summary: "The values that differ between the new failures of a selection and its good builds, or, with keys \
                      that begin with a. and b., between two selections",
            parameters: parameters::pair(state),
            responses: vec![
                ("200", responses::tagged("BuildDifference")),
                ("304", responses::unchanged()),
                wrong(),
                not_ready(),
            ],
        },
        Endpoint {
            path: "/api/compare",
            id: "compare",
            summary: "Two selections side by side. Keys that begin with a. or b. are those of one of them, others hold \
                      for both",
            parameters: parameters::pair(state),
            responses: vec![
                ("200", responses::tagged("Comparison")),
                ("304", responses::unchanged()),
                wrong(),
                not_ready(),
            ],
        },
        Endpoint {
            path: "/builds.csv",
            id: "builds_csv",
            summary: "All builds of a selection as CSV, newest first",
            parameters: selection(),
            responses: vec![("200", responses::csv()), wrong(), not_ready()],
        },
        Endpoint {
            path: "/builds.ndjson",
            id: "builds_ndjson",
            summary: "All builds of a selection, newest first, one JSON object per line",
            parameters: selection(),
            responses: vec![("200", responses::ndjson()), wrong(), not_ready()],
        },
        Endpoint {
            path: "/api/fragments",
            id: "fragments",
            summary: "Parts of pages beside their figures, as HTML: the headline for a filter, and the \
                      state of the sources. Each kind of fragment uses some of the parameters",
            parameters: [parameters::of_fragments(), selection()].concat(),
            responses: vec![
                ("200", responses::list("HtmlFragment")),
                wrong(),
                (
                    "404",
                    responses::fault("An unknown build, pipeline or repository"),
                ),
                not_ready(),
            ],
        },
        Endpoint {
            path: "/api/live",
            id: "live",
            summary: "Server-sent events with the version of the current data, repeated regularly. The \
                      data of each event named live is the JSON of Live, with the program's build",
            parameters: Vec::new(),
            responses: vec![
                (
                    "200",
                    responses::text("text/event-stream", "An endless stream of events"),
                ),
                wrong(),
                ("503", responses::busy()),
            ],
        },
        Endpoint {
            path: "/api/openapi.json",
            id: "openapi",
            summary: "This description",
            parameters: Vec::new(),
            responses: vec![
                ("200", responses::object("An OpenAPI description")),
                wrong(),
                ("503", responses::busy()),
            ],
        },
        Endpoint {
            path: "/figures/{id}.csv",
            id: "csv",
            summary: "One figure's rows as CSV",
            parameters: with_selection(parameters::in_path(parameters::figure("id"))),
            responses: vec![("200", responses::csv()), wrong(), missing(), not_ready()],
        },
        Endpoint {
            path: "/figures/{id}.svg",
            id: "svg",
            summary: "One figure's chart as a picture",
            parameters: with_selection(parameters::in_path(parameters::figure("id"))),
            responses: vec![
                ("200", responses::text("image/svg+xml", "An SVG document")),
                wrong(),
                missing(),
                not_ready(),
            ],
        },
        Endpoint {
            path: "/health/live",
            id: "health_live",
            summary: "The process responds",
            parameters: Vec::new(),
            responses: vec![("200", responses::text("text/plain", "It responds"))],
        },
        Endpoint {
            path: "/health/ready",
            id: "health_ready",
            summary: "The process has data and accepts requests",
            parameters: Vec::new(),
            responses: vec![
                ("200", responses::text("text/plain", "It is ready")),
                (
                    "503",
                    responses::text(
                        "text/plain",
                        "It is not ready; the body says whether it is loading, stopping, without data or without its store",
                    ),
                ),
            ],
        },
        Endpoint {
            path: "/metrics",
            id: "metrics",
            summary: "Metrics for operators, in the OpenMetrics text format; not here when metrics have \
                      a listener of their own",
            parameters: Vec::new(),
            responses: vec![(
                "200",
                responses::text("application/openmetrics-text", "Metrics"),
            )],
        },
    ]
}
