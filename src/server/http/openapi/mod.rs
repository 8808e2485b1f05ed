//! `GET /api/openapi.json`: what the endpoints take and answer, for programs and those who write them.
//!
//! It is made from what decides it: the wire types, the registry of figures, the filter's values
//! and the projects of the configuration.

mod parameters;
mod responses;
#[cfg(test)]
mod tests;

use axum::{Json, extract::State};
use utoipa::{
    OpenApi as _,
    openapi::{
        InfoBuilder, ObjectBuilder, OpenApi, Paths, PathsBuilder, RefOr, Response, Schema, Server,
        Type,
        path::{HttpMethod, OperationBuilder, Parameter, PathItem},
        schema::SchemaType,
    },
};

use super::{ServerState, api::QueryError};
use crate::{
    api::{
        CoverageItem, DataState, FigureData, FigureInfo, Headline, HtmlFragment, Live, Overview,
    },
    server::state::AppState,
};

/// The types that answers are made of, with those inside them.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(
    CoverageItem,
    DataState,
    QueryError,
    FigureData,
    FigureInfo,
    Headline,
    Live,
    Overview,
    HtmlFragment
)))]
struct Types;

pub async fn openapi(State(state): State<ServerState>) -> Json<OpenApi> {
    Json(describe(&state.app, state.settings.base_path()))
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

/// A cell is one of these; its derived schema would refuse a whole number for being two of its own.
fn cell() -> RefOr<Schema> {
    let types = [Type::Number, Type::String, Type::Null];
    let cell = ObjectBuilder::new()
        .schema_type(SchemaType::from_iter(types))
        .description(Some("A number is a number, an instant or a date is text"));
    cell.into()
}

/// An endpoint: everything here is asked for with GET.
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
    let filters = || parameters::filters(state);
    let with_filters = |first: Parameter| [vec![first], filters()].concat();
    let not_ready = || ("503", responses::not_ready());
    let wrong = || ("400", responses::fault("A value that does not exist"));
    let missing = || ("404", responses::fault("A figure that does not exist"));
    vec![
        Endpoint {
            path: "/api/figures",
            id: "figures",
            summary: "The figures that exist, with columns and help",
            parameters: Vec::new(),
            responses: vec![("200", responses::list("FigureInfo")), not_ready()],
        },
        Endpoint {
            path: "/api/figure",
            id: "figure",
            summary: "One figure: sentence, rows and plot",
            parameters: with_filters(parameters::figure("id")),
            responses: vec![
                ("200", responses::figure()),
                ("304", responses::unchanged()),
                wrong(),
                missing(),
                not_ready(),
            ],
        },
        Endpoint {
            path: "/api/overview",
            id: "overview",
            summary: "What a page, or the page of one figure, shows around its figures",
            parameters: with_filters(parameters::page()),
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
            summary: "How many builds failed, before and now, and which pipelines are red",
            parameters: filters(),
            responses: vec![("200", responses::json("Headline")), wrong(), not_ready()],
        },
        Endpoint {
            path: "/api/freshness",
            id: "freshness",
            summary: "How old and how complete the data are, by source",
            parameters: Vec::new(),
            responses: vec![("200", responses::json("DataState")), not_ready()],
        },
        Endpoint {
            path: "/api/coverage",
            id: "coverage",
            summary: "Everything that the sources should cover, and what became of it",
            parameters: Vec::new(),
            responses: vec![("200", responses::list("CoverageItem")), not_ready()],
        },
        Endpoint {
            path: "/api/fragments",
            id: "fragments",
            summary: "What stands on pages beside their figures, as HTML for readers: the headline \
                      for a filter, and what is known of the sources",
            parameters: with_filters(parameters::fragments()),
            responses: vec![("200", responses::list("Text")), wrong(), not_ready()],
        },
        Endpoint {
            path: "/api/live",
            id: "live",
            summary: "Server-sent events: which data there are now, again and again. The data of \
                      each event named live are the JSON of Live, with the program's build",
            parameters: Vec::new(),
            responses: vec![
                (
                    "200",
                    responses::text("text/event-stream", "Events without an end"),
                ),
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
                ("503", responses::busy()),
            ],
        },
        Endpoint {
            path: "/figures/{id}.csv",
            id: "csv",
            summary: "One figure's rows as CSV",
            parameters: with_filters(parameters::in_path(parameters::figure("id"))),
            responses: vec![("200", responses::csv()), wrong(), missing(), not_ready()],
        },
        Endpoint {
            path: "/health/live",
            id: "health_live",
            summary: "The process answers",
            parameters: Vec::new(),
            responses: vec![("200", responses::text("text/plain", "It does"))],
        },
        Endpoint {
            path: "/health/ready",
            id: "health_ready",
            summary: "The process has data to answer with, and is to be asked for them",
            parameters: Vec::new(),
            responses: vec![
                ("200", responses::text("text/plain", "It is ready")),
                ("503", responses::text("text/plain", "It is not; says why")),
            ],
        },
        Endpoint {
            path: "/metrics",
            id: "metrics",
            summary: "What operators are told, in the OpenMetrics text format; not here where \
                      metrics have a listener of their own",
            parameters: Vec::new(),
            responses: vec![(
                "200",
                responses::text("application/openmetrics-text", "Metrics"),
            )],
        },
    ]
}
