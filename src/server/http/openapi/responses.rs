//! What endpoints answer.

use utoipa::openapi::{
    ArrayBuilder, Content, HeaderBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder,
    Schema, Type,
};

const JSON: &str = "application/json";

/// Of any endpoint, whatever is asked of it.
pub fn everywhere() -> [(&'static str, Response); 3] {
    let allowed = ResponseBuilder::new()
        .description("Another method than GET or HEAD")
        .header("Allow", header("The methods that there are"));
    let failed = fault("The server failed; its log says why");
    [
        ("405", allowed.build()),
        (
            "414",
            text(
                "text/plain",
                "An address longer than any link of the dashboard",
            ),
        ),
        ("500", failed),
    ]
}

/// A value of a type of ours.
pub fn json(name: &str) -> Response {
    of(JSON, name, Ref::from_schema_name(name))
}

/// Several of them.
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
    let loading = fault("The data are not loaded yet (JSON), or the server is busy (text)");
    let busy = ObjectBuilder::new().schema_type(Type::String);
    ResponseBuilder::from(loading)
        .content("text/plain", Content::new(Some(busy)))
        .header("Retry-After", seconds())
        .build()
}

/// Of an endpoint that needs no data.
pub fn busy() -> Response {
    let response = ResponseBuilder::from(text("text/plain", "The server is busy"));
    response.header("Retry-After", seconds()).build()
}

fn seconds() -> utoipa::openapi::Header {
    header("In how many seconds to ask again")
}

pub fn figure() -> Response {
    let response = ResponseBuilder::from(json("FigureData"));
    let etag = header("Names the data that the figure was made from");
    response.header("ETag", etag).build()
}

/// For who sends the figure's ETag in `If-None-Match`.
pub fn unchanged() -> Response {
    Response::new("The figure is the one that If-None-Match names")
}

pub fn csv() -> Response {
    let response = ResponseBuilder::from(text("text/csv", "A line of names, then the rows"));
    let name = header("The file's name");
    response.header("Content-Disposition", name).build()
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
