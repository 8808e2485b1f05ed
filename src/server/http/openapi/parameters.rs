//! Parameters of the endpoints, with the values that they accept.

use utoipa::openapi::{
    ObjectBuilder, Required, Type,
    path::{Parameter, ParameterBuilder, ParameterIn},
};

use crate::{
    api::TableRows,
    filter::{ALL_PROJECTS, BuildType, DAYS, DEFAULT_DAYS, MAX_VALUE},
    server::{
        attributes,
        figures::{self, Page},
        fragments,
        state::AppState,
    },
};

/// The figure of an endpoint, by its id.
pub fn figure(name: &str) -> Parameter {
    required(
        name,
        "The figure",
        figures::ALL.iter().map(|figure| figure.id),
    )
}

/// A page, or a figure.
pub fn page() -> Parameter {
    let pages = [Page::Pipelines, Page::Security].map(Page::as_str);
    let figures = figures::ALL.iter().map(|figure| figure.id);
    required(
        "page",
        "A page, or a figure",
        pages.into_iter().chain(figures),
    )
}

pub fn fragments() -> Parameter {
    required("of", "The fragments to return", fragments::NAMES)
}

/// The parameter as a part of the path.
pub fn in_path(parameter: Parameter) -> Parameter {
    ParameterBuilder::from(parameter)
        .parameter_in(ParameterIn::Path)
        .build()
}

/// The three filters; each has a default when it is missing or empty.
pub fn filters(state: &AppState) -> Vec<Parameter> {
    let types = BuildType::EVERY.map(|known| known.as_str().to_owned());
    let types = optional("type", help("type"), BuildType::All.as_str(), types);
    let days = DAYS.map(|days| days.to_string());
    let default = DEFAULT_DAYS.to_string();
    let days = optional(
        "days",
        "The number of days up to the latest data",
        &default,
        days,
    );
    vec![project(state), types, days]
}

/// The rows of a figure.
pub fn rows() -> Parameter {
    let known = TableRows::EVERY.map(|rows| rows.as_str().to_owned());
    let about = "All rows, or those that a page shows";
    optional("rows", about, TableRows::All.as_str(), known)
}

/// The projects are known after the first snapshot is loaded; until then, their form is.
fn project(state: &AppState) -> Parameter {
    let help = help("project");
    if let Ok(snapshot) = state.snapshot() {
        let choices = snapshot.config.project_choices().into_iter();
        let projects = choices.map(|(project, _)| project);
        return optional("project", help, ALL_PROJECTS, projects);
    }
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^[a-z0-9-]*$"))
        .max_length(Some(MAX_VALUE));
    query("project", help).schema(Some(text)).build()
}

/// The help of the attribute that a parameter filters by.
fn help(id: &str) -> &'static str {
    attributes::find(id).map_or("", |attribute| attribute.help)
}

fn required<'a>(name: &str, help: &str, values: impl IntoIterator<Item = &'a str>) -> Parameter {
    let values = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(values));
    query(name, help)
        .required(Required::True)
        .schema(Some(values))
        .build()
}

fn optional(
    name: &str,
    help: &str,
    default: &str,
    values: impl IntoIterator<Item = String>,
) -> Parameter {
    let values = values.into_iter().chain([String::new()]);
    let values = ObjectBuilder::new()
        .schema_type(Type::String)
        .default(Some(default.into()))
        .enum_values(Some(values));
    query(name, help).schema(Some(values)).build()
}

fn query(name: &str, help: &str) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(help))
}
