//! Responses of the endpoints.

use utoipa::openapi::{
    ArrayBuilder, Content, HeaderBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder,
    Schema, Type,
};

const JSON: &str = "application/json";

/// Responses that every endpoint may give.
pub fn everywhere() -> [(&'static str, Response); 5] {
    let allowed = ResponseBuilder::new()
        .description("A method other than GET or HEAD")
        .header("Allow", header("The allowed methods"));
    let failed = fault("The server failed; see its log");
    [
        ("405", allowed.build()),
        ("414", text("text/plain", "The address is too long")),
        (
            "421",
            text("text/plain", "The host is not that of the dashboard"),
        ),
        ("431", text("text/plain", "The headers are too long")),
        ("500", failed),
    ]
}

/// A value of one of our types.
pub fn json(name: &str) -> Response {
    of(JSON, name, Ref::from_schema_name(name))
}

/// A list of values of one of our types.
pub fn list(name: &str) -> Response {
    let items = ArrayBuilder::new().items(Ref::from_schema_name(name));
    of(JSON, name, Schema::Array(items.build()))
}

pub fn object(help: &str) -> Response {
    of(JSON, help, ObjectBuilder::new().schema_type(Type::Object))
}

pub fn text(kind: &str, help: &str) -> Response {
    of(kind, help, ObjectBuilder::new().schema_type(Type::String))
}

pub fn fault(help: &str) -> Response {
    of(JSON, help, Ref::from_schema_name("QueryError"))
}

pub fn not_ready() -> Response {
    let loading = fault("The data is not loaded yet (JSON), or the server is busy (text)");
    let busy = ObjectBuilder::new().schema_type(Type::String);
    ResponseBuilder::from(loading)
        .content("text/plain", Content::new(Some(busy)))
        .header("Retry-After", seconds())
        .build()
}

/// For an endpoint that needs no data.
pub fn busy() -> Response {
    let response = ResponseBuilder::from(text("text/plain", "The server is busy"));
    response.header("Retry-After", seconds()).build()
}

fn seconds() -> utoipa::openapi::Header {
    header("The number of seconds to wait before a retry")
}

/// A value of one of our types, with an ETag.
pub fn tagged(name: &str) -> Response {
    let response = ResponseBuilder::from(json(name));
    let etag = header("Identifies the content");
    response.header("ETag", etag).build()
}

/// For a request whose `If-None-Match` names the ETag.
pub fn unchanged() -> Response {
    Response::new("The content has not changed")
}

pub fn csv() -> Response {
    file(text("text/csv", "A header line, then the rows"))
}

pub fn ndjson() -> Response {
    file(text("application/x-ndjson", "A JSON object on each line"))
}

pub fn markdown() -> Response {
    file(text("text/markdown", "A document"))
}

fn file(content: Response) -> Response {
    let name = header("The file's name");
    let file = ResponseBuilder::from(content);
    file.header("Content-Disposition", name).build()
}

fn of(kind: &str, help: &str, schema: impl Into<RefOr<Schema>>) -> Response {
    ResponseBuilder::new()
        .description(help)
        .content(kind, Content::new(Some(schema)))
        .build()
}

fn header(help: &str) -> utoipa::openapi::Header {
    HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .description(Some(help))
        .build()
}
