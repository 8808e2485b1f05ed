//! Parameters of the endpoints, with the values that they accept.

use std::collections::BTreeSet;

use utoipa::openapi::{
    ArrayBuilder, ObjectBuilder, RefOr, Required, Schema, Type,
    path::{Parameter, ParameterBuilder, ParameterIn},
};

use crate::{
    api::TableRows,
    selection::{self, ALL_PROJECTS, DEFAULT_DAYS, Kind, MAX_PROJECT},
    server::{
        attributes,
        figures::{self, Page},
        fragments,
        state::AppState,
        views::{build_list, insight_table, pipeline_list, repository, search},
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
    let pages = Page::ALL.map(Page::as_str);
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

/// The address of one build. The examples are those of the latest.
pub fn build(state: &AppState) -> Vec<Parameter> {
    let (name, number) = latest(state).unzip();
    [
        ("name", "The job, if no tag is given", name),
        ("number", "The number of the build in its job", number),
        ("system", "The CI system; jenkins by default", None),
        ("tag", "The tag that the CI system gave the build", None),
    ]
    .map(|(name, help, example)| free(name, help, example))
    .into()
}

/// The address of one pipeline. The example is that of the latest build.
pub fn pipeline(state: &AppState) -> Vec<Parameter> {
    let name = latest(state).map(|(name, _)| name);
    [
        ("name", "The job", name),
        ("system", "The CI system; jenkins by default", None),
    ]
    .map(|(name, help, example)| free(name, help, example))
    .into()
}

/// The address of one repository. The example is the first one.
pub fn repository(state: &AppState) -> Vec<Parameter> {
    let first = state.snapshot().ok();
    let first = first.and_then(|snapshot| repository::first(&snapshot));
    let as_of = query(
        "as_of",
        "The end of a local date, or an instant of RFC 3339; by default that of the latest facts",
    );
    vec![
        as_of.schema(Some(text().pattern(Some(INSTANT)))).build(),
        free("name", "The repository, without the organisation", first),
    ]
}

/// The job and the number of the latest build.
fn latest(state: &AppState) -> Option<(String, String)> {
    let snapshot = state.snapshot().ok()?;
    let build = snapshot.builds.len().checked_sub(1)?;
    let pipeline = &snapshot.pipelines[snapshot.builds.pipeline[build] as usize];
    let number = snapshot.builds.build_id.get(build).into_owned();
    Some((pipeline.name.to_string(), number))
}

/// Any text, with an example from the data.
fn free(name: &str, help: &str, example: Option<String>) -> Parameter {
    query(name, help)
        .schema(Some(text()))
        .example(example.map(Into::into))
        .build()
}

/// The parameters of fragments beside a selection.
pub fn of_fragments() -> Vec<Parameter> {
    let [cursor, _] = list();
    let sorts: BTreeSet<&str> = build_list::SORTS
        .into_iter()
        .chain(pipeline_list::SORTS)
        .collect();
    let sorts = choices(None, sorts.into_iter().map(str::to_owned).collect());
    let sort = query(
        "sort",
        "The order of a list, as that of /api/builds or /api/pipelines",
    );
    vec![
        fragments(),
        free("a", "The first selection of a comparison, encoded", None),
        free("b", "The second selection of a comparison, encoded", None),
        free("column", "The column of a number that a list is of", None),
        columns(),
        cursor,
        difference(),
        free("figure", "The figure of a number that a list is of", None),
        free(
            "name",
            "The job of one build or pipeline, or a repository",
            None,
        ),
        free("number", "The number of one build in its job", None),
        page_number(),
        free("row", "The row of a number that a list is of", None),
        sort.schema(Some(sorts)).build(),
        state(),
        free("tag", "The tag of one build", None),
        week(),
    ]
}

/// The parameter as a part of the path.
pub fn in_path(parameter: Parameter) -> Parameter {
    ParameterBuilder::from(parameter)
        .parameter_in(ParameterIn::Path)
        .build()
}

/// A date, or an instant of RFC 3339. It leaves out 29 February, which some years have.
const INSTANT: &str = concat!(
    r"^((19|20)[0-9]{2}-",
    r"((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))",
    r"(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9]))?)?$",
);

/// The keys of a selection.
pub fn selection(state: &AppState) -> Vec<Parameter> {
    let keys = selection::KEYS.iter();
    keys.map(|key| parameter(key, state)).collect()
}

/// The keys of two selections: of both, of the first, and of the second.
pub fn pair(state: &AppState) -> Vec<Parameter> {
    let prefixed = |prefix: &'static str| {
        let keys = selection(state).into_iter();
        keys.map(move |known| {
            let name = format!("{prefix}{}", known.name);
            ParameterBuilder::from(known).name(name).build()
        })
    };
    ["", "a.", "b."].into_iter().flat_map(prefixed).collect()
}

/// A key that is given more than once means “or”.
fn parameter(key: &selection::Key, state: &AppState) -> Parameter {
    let default = DEFAULT_DAYS.to_string();
    let schema = match key.kind {
        Kind::Projects => project(state),
        Kind::Days => choices(Some(&default), key.kind.choices()),
        Kind::Types => choices(Some("all"), key.kind.choices()),
        Kind::Choices(_) => choices(None, key.kind.choices()),
        Kind::Minutes => text().pattern(Some(r"^([0-9]{1,7}(\.[0-9]{1,2})?)?$")),
        Kind::Instant => text().pattern(Some(INSTANT)),
        // Addresses are bounded as a whole.
        Kind::Texts | Kind::Text => text(),
    };
    let schema: RefOr<Schema> = if key.kind.is_repeatable() {
        ArrayBuilder::new().items(schema).into()
    } else {
        schema.into()
    };
    query(key.id, help(key)).schema(Some(schema)).build()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// The place in a list of builds, and its order.
pub fn list() -> [Parameter; 2] {
    let cursor = text().pattern(Some(r"^(-?[0-9]{1,19}\.-?[0-9]{1,19}\.[0-9]{1,10})?$"));
    let sorts = build_list::SORTS.map(str::to_owned).to_vec();
    let sorts = choices(Some(build_list::SORTS[0]), sorts);
    [
        query("cursor", "The member next of the page before")
            .schema(Some(cursor))
            .build(),
        query("sort", "The order; - before a name is greatest first")
            .schema(Some(sorts))
            .build(),
    ]
}

/// The page of a list of pipelines.
pub fn page_number() -> Parameter {
    let number = text().pattern(Some("^([1-9][0-9]{0,8})?$"));
    query("page", "The number of the page, from 1")
        .schema(Some(number))
        .build()
}

/// A kind of insight.
pub fn insight_kind() -> Parameter {
    required("kind", "The kind of insight", insight_table::KINDS)
}

/// The text of a search.
pub fn text_to_find() -> Parameter {
    query(
        "q",
        "A part of a name, the number of a build, or at least 7 digits of a commit",
    )
    .schema(Some(text().max_length(Some(search::MAX_LENGTH))))
    .build()
}

/// The week of a report.
pub fn week() -> Parameter {
    let week = text().pattern(Some(
        "^((19[7-9][0-9]|20[0-9]{2})-W(0[1-9]|[1-4][0-9]|5[0-2]))?$",
    ));
    query(
        "week",
        "An ISO week, 2019-W43; the last complete one by default",
    )
    .schema(Some(week))
    .build()
}

/// The order of a list of pipelines.
pub fn pipeline_sort() -> Parameter {
    let sorts = pipeline_list::SORTS;
    let known = choices(Some(sorts[0]), sorts.map(str::to_owned).to_vec());
    query("sort", "The order; - before a name is greatest first")
        .schema(Some(known))
        .build()
}

/// The state of listed pipelines.
pub fn state() -> Parameter {
    let states = choices(None, pipeline_list::STATES.map(str::to_owned).to_vec());
    query("state", "Only pipelines in this state")
        .schema(Some(states))
        .build()
}

/// The columns of a list that are added.
pub fn columns() -> Parameter {
    query("columns", "Columns to add to a list, separated by commas")
        .schema(Some(text()))
        .build()
}

/// The comparison of failures with good builds, beside a list.
pub fn difference() -> Parameter {
    query("difference", "1 adds what is different about the failures")
        .schema(Some(choices(None, vec!["1".to_owned()])))
        .build()
}

/// The rows of a figure.
pub fn rows() -> Parameter {
    let known = TableRows::EVERY.map(|rows| rows.as_str().to_owned());
    let about = "All rows, or those that a page shows";
    let values = choices(Some(TableRows::All.as_str()), known.to_vec());
    query("rows", about).schema(Some(values)).build()
}

/// The projects are known after the first snapshot is loaded; until then, their form is.
fn project(state: &AppState) -> ObjectBuilder {
    if let Ok(snapshot) = state.snapshot() {
        let known = snapshot.config.project_choices().into_iter();
        return choices(
            Some(ALL_PROJECTS),
            known.map(|(project, _)| project).collect(),
        );
    }
    let text = text().pattern(Some("^[a-z0-9-]*$"));
    text.max_length(Some(MAX_PROJECT))
}

/// The help of the attribute that a key filters by.
fn help(key: &selection::Key) -> &'static str {
    match attributes::find(key.id) {
        Some(attribute) => attribute.help,
        None => key.help,
    }
}

/// A closed set of values. An empty value is the default.
fn choices(default: Option<&str>, values: Vec<String>) -> ObjectBuilder {
    let values = values.into_iter().chain([String::new()]);
    text()
        .default(default.map(Into::into))
        .enum_values(Some(values))
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

fn query(name: &str, help: &str) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(help))
}
