//! The addresses of pages about builds.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    api::{BuildSummary, View},
    base::Base,
    selection::{Pair, Selection, encoded},
    server::model::DEFAULT_SYSTEM,
};

/// The characters of a name that are encoded in a path.
const ENCODED: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The builds of a selection.
pub fn builds(base: &Base, selection: &Selection, view: &View) -> String {
    list(base.path("/builds"), selection, view)
}

/// A figure of a selection.
pub fn figure(base: &Base, id: &str, selection: &Selection) -> String {
    list(
        base.path(&format!("/figures/{id}")),
        selection,
        &View::default(),
    )
}

/// Two selections side by side.
pub fn compare(base: &Base, pair: &Pair) -> String {
    let path = base.path("/compare");
    match pair.encoded() {
        query if query.is_empty() => path,
        query => format!("{path}?{query}"),
    }
}

/// The pipelines of a selection.
pub fn pipelines(base: &Base, selection: &Selection, view: &View) -> String {
    list(base.path("/pipelines/list"), selection, view)
}

/// The same for programs.
pub fn api_pipelines(base: &Base, selection: &Selection, view: &View) -> String {
    list(base.path("/api/pipelines"), selection, view)
}

/// A page of a selection, with its parameters sorted.
pub fn list(path: String, selection: &Selection, view: &View) -> String {
    let mut pairs: Vec<(&str, &str)> = selection.pairs().chain(view.pairs()).collect();
    pairs.sort_unstable();
    with_query(path, &pairs)
}

/// One pipeline.
pub fn pipeline(base: &Base, system: &str, name: &str) -> String {
    with_query(base.path("/pipeline"), &[("name", name), of_system(system)])
}

/// The same, with the filters that links carry.
pub fn pipeline_of(base: &Base, selection: &Selection, system: &str, name: &str) -> String {
    let carried = selection.carried();
    let mut pairs: Vec<(&str, &str)> = carried
        .pairs()
        .chain([("name", name), of_system(system)])
        .collect();
    pairs.sort_unstable();
    with_query(base.path("/pipeline"), &pairs)
}

/// One repository.
pub fn repository(base: &Base, name: &str) -> String {
    base.path(&repository_path(name))
}

/// The same as of a day or instant; of the latest facts without one.
pub fn repository_at(base: &Base, name: &str, as_of: Option<&str>) -> String {
    let pairs = [("as_of", as_of.unwrap_or_default())];
    with_query(repository(base, name), &pairs)
}

/// The path of a repository's page, without the base path.
pub fn repository_path(name: &str) -> String {
    format!("/repositories/{}", utf8_percent_encode(name, &ENCODED))
}

/// One build, by its number in its pipeline.
pub fn build(base: &Base, build: &BuildSummary) -> String {
    numbered_build(base, &build.system, &build.name, &build.number)
}

/// The same from its parts.
pub fn numbered_build(base: &Base, system: &str, name: &str, number: &str) -> String {
    let pairs = [("name", name), ("number", number), of_system(system)];
    with_query(base.path("/build"), &pairs)
}

/// The parameter of a system; empty for the default one.
fn of_system(system: &str) -> (&'static str, &str) {
    let value = if system == DEFAULT_SYSTEM { "" } else { system };
    ("system", value)
}

/// The builds of a selection that is encoded already.
pub fn selected(base: &Base, query: &str) -> String {
    format!("{}?{query}", base.path("/builds"))
}

fn with_query(path: String, pairs: &[(&str, &str)]) -> String {
    let given = pairs.iter().copied().filter(|(_, value)| !value.is_empty());
    let query = encoded(given);
    if query.is_empty() {
        path
    } else {
        format!("{path}?{query}")
    }
}
