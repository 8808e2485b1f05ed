//! The page of a search.

use maud::html;

use super::fragment;
use crate::{
    api::{HtmlFragment, SearchResults},
    base::Base,
    markup::visible,
    server::views::search::MAX_LENGTH,
};

/// Kinds of results with their headings, in the order of the page.
const KINDS: [(&str, &str); 7] = [
    ("pipeline", "Pipelines"),
    ("build", "Builds"),
    ("project", "Projects"),
    ("team", "Teams"),
    ("repository", "Repositories"),
    ("figure", "Figures"),
    ("page", "Pages"),
];

pub fn fragments(found: &SearchResults, base: &Base) -> Vec<HtmlFragment> {
    let html = html! {
        form class="table-search" method="get" action=(base.path("/search")) autocomplete="off" {
            label for="search-text" { "Search for" }
            input id="search-text" class="form-control" type="search" name="q" maxlength=(MAX_LENGTH)
                value=(visible(&found.query));
            button class="btn" type="submit" { "Search" }
        }
        p class="sentence" role="status" { (visible(&found.summary)) }
        @for (kind, heading) in KINDS {
            @let of_kind = found.results.iter().filter(|known| known.kind == kind);
            @if of_kind.clone().next().is_some() {
                section {
                    h2 { (heading) }
                    ul {
                        @for known in of_kind {
                            li {
                                a href=(known.address) { (visible(&known.title)) }
                                " " small { (visible(&known.detail)) }
                            }
                        }
                    }
                }
            }
        }
    };
    vec![fragment("search-results-page", html)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api::SearchResult,
        server::fragments::testing::{assert_text, hostile},
    };

    fn found(kind: &str, text: &str) -> SearchResults {
        SearchResults {
            query: text.to_owned(),
            summary: text.to_owned(),
            version: String::new(),
            results: vec![SearchResult {
                kind: kind.to_owned(),
                title: text.to_owned(),
                detail: text.to_owned(),
                address: "/rse/pipeline?name=a".to_owned(),
            }],
        }
    }

    #[test]
    fn results_stand_under_the_heading_of_their_kind() {
        for (kind, heading) in KINDS {
            let fragments = fragments(&found(kind, "a"), &Base::new("/rse"));
            let html = &fragments[0].html;
            assert_eq!(html.matches("<h2>").count(), 1, "{html}");
            let list = format!(
                "<h2>{heading}</h2><ul><li><a href=\"/rse/pipeline?name=a\">a</a> <small>a</small></li></ul>"
            );
            assert!(html.contains(&list), "{html}");
        }
    }

    #[test]
    fn hostile_text_stays_text() {
        assert_text(&fragments(&found("build", &hostile()), &Base::default()), 4);
    }
}
