//! Canonical addresses of pages. Every page has one address for each filter, so that a client cannot make
//! the server render it again by writing its address in another way.

use axum::{
    http::{Uri, header},
    response::{IntoResponse as _, Redirect, Response},
};
use percent_encoding::percent_decode_str;

use super::pages::{self, PageParameters, Selections};
use crate::{
    selection::{self, Pair, Selection},
    server::model::DEFAULT_SYSTEM,
};

/// Redirects a page whose path is encoded or whose query is not canonical. Browsers do not keep the
/// redirect, because a later version may know more parameters.
pub fn redirect(uri: &Uri) -> Option<Response> {
    let address = canonical(uri)?;
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    Some((no_store, Redirect::permanent(&address)).into_response())
}

/// The canonical address of a page; `None` if its address is canonical or leads to no page.
pub(super) fn canonical(uri: &Uri) -> Option<String> {
    let decoded = percent_decode_str(uri.path()).decode_utf8().ok();
    let decoded = decoded.as_deref().filter(|path| pages::exists(path));
    // Its name may need encoding.
    let of_repository = pages::repository_path(uri.path());
    let path = of_repository.as_deref().or(decoded);
    let path = path.unwrap_or_else(|| uri.path());
    let query = query(uri.query(), &pages::parameters(path)?);
    let canonical = path == uri.path() && query.as_deref() == uri.query();
    (!canonical).then(|| match query {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    })
}

/// The known parameters, sorted: those of a selection, and the last value of each of the page's own.
fn query(query: Option<&str>, known: &PageParameters) -> Option<String> {
    let query = query?;
    let selection = match known.selections {
        Selections::Carried => Selection::read(query).carried(),
        Selections::One => Selection::read(query),
        Selections::Two => {
            let query = Pair::read(query).encoded();
            return (!query.is_empty()).then_some(query);
        }
    };
    let given: Vec<_> = selection::pairs(query).collect();
    let own = known.own.iter().filter_map(|name| {
        let (_, value) = given.iter().rfind(|(key, _)| key == name)?;
        let is_default = value.is_empty() || (*name, &**value) == ("system", DEFAULT_SYSTEM);
        (!is_default).then_some((*name, &**value))
    });
    let mut pairs: Vec<(&str, &str)> = selection.pairs().chain(own).collect();
    pairs.sort_unstable();
    let query = selection::encoded(pairs);
    (!query.is_empty()).then_some(query)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    fn canonical(address: &str) -> Option<String> {
        super::canonical(&address.parse().expect("an address"))
    }

    #[test]
    fn every_way_to_write_an_address_leads_to_one() {
        for (address, expected) in [
            ("/pipelines?x=1", "/pipelines"),
            ("/pipelines?", "/pipelines"),
            ("/pipelines?&&", "/pipelines"),
            ("/sources?step=a&days=7", "/sources?days=7"),
            (
                "/build?tag=a&step=b&project=cmc",
                "/build?project=cmc&tag=a",
            ),
            ("/disclaimer?a", "/disclaimer"),
            (
                "/pipelines?project=cmc&days=7",
                "/pipelines?days=7&project=cmc",
            ),
            ("/pipelines?project=all&type=all&days=14", "/pipelines"),
            ("/pipelines?project=&type=&days=", "/pipelines"),
            (
                "/pipelines?step=b&step=a&step=b",
                "/pipelines?step=a&step=b",
            ),
            ("/pipelines?days=7&days=7", "/pipelines?days=7"),
            ("/pipelines?days=7&x=2", "/pipelines?days=7"),
            ("/pipelines?days=%37", "/pipelines?days=7"),
            ("/pipelines?d%61ys=7", "/pipelines?days=7"),
            ("/%70ipelines", "/pipelines"),
            ("/%70ipelines?type=nightly", "/pipelines?type=nightly"),
            ("/figures/heat%6Dap?x", "/figures/heatmap"),
            (
                "/compare?b.project=sscs&a.project=cmc&days=7&x=1",
                "/compare?a.project=cmc&b.project=sscs&days=7",
            ),
            (
                "/security/items?row=a%7cb&x=1&figure=f&team=t&column=c",
                "/security/items?column=c&figure=f&row=a%7Cb&team=t",
            ),
            ("/compare?a.days=7&b.days=7", "/compare?days=7"),
            ("/compare?a.days=14&a.x=1", "/compare"),
            ("/figures%2Fheatmap", "/figures/heatmap"),
            ("/figures/nothing?x=1", "/figures/nothing"),
            ("/figures/%2F?x=1", "/figures/%2F"),
            (
                "/repositories/claim%2dstore?x=1&as_of=2019-10-01",
                "/repositories/claim-store?as_of=2019-10-01",
            ),
            (
                "/repositories/%61%20b%c3%9f%2f",
                "/repositories/a%20b%C3%9F%2F",
            ),
            ("/%72epositories/a", "/repositories/a"),
        ] {
            assert_eq!(canonical(address).as_deref(), Some(expected), "{address}");
            assert_eq!(canonical(expected), None, "{expected}");
        }
    }

    #[test]
    fn the_parameters_of_every_page_are_known() {
        let pages = super::pages::routes();
        let pages = pages.iter().map(|route| route.path());
        let pages: Vec<&str> = pages.filter(|path| !path.starts_with("/api/")).collect();
        assert!(pages.len() >= 5, "{pages:?}");
        for page in pages {
            let page = page.replace("{id}", "heatmap").replace("{name}", "a");
            let redirected = canonical(&format!("{page}?x=1"));
            assert!(redirected.is_some(), "{page}");
        }
    }

    #[test]
    fn links_of_the_dashboard_are_canonical() {
        for address in [
            "/pipelines",
            "/security?project=fees-and-pay",
            "/pipelines?days=28&project=cmc&type=nightly",
            "/pipelines?days=1&days=7",
            "/figures/heatmap?days=7",
        ] {
            assert_eq!(canonical(address), None, "{address}");
        }
    }

    #[test]
    fn other_addresses_are_left_alone() {
        for address in [
            "/",
            "/nowhere?x=1",
            "/api/figure?x=1",
            "/figures/heatmap.csv?x=1",
            "/figures/heatmap%2Ecsv",
            "/figures?x=1",
            "/figures/a/b?x=1",
            "/repositories?x=1",
            "/repositories/a/b?x=1",
            "/repositories/%ff?x=1",
            "/%72epositories/a%20b",
            "/pkg/a.js?x=1",
            "/%ff",
            "/%0d%0aa",
        ] {
            assert_eq!(canonical(address), None, "{address}");
        }
    }

    proptest! {
        /// Otherwise a browser would be redirected without end.
        #[test]
        fn a_canonical_address_is_not_redirected(
            path in "/(pipelines|sources|(figures|repositories)/[a-z%0-9]{0,8}|[a-z%0-9]{0,8})",
            query in "([a-z%0-9=&+*'()~!]|days=|project=|type=|step=|from=){0,20}",
        ) {
            let once = canonical(&format!("{path}?{query}"));
            prop_assert_eq!(once.and_then(|address| canonical(&address)), None);
        }
    }
}
