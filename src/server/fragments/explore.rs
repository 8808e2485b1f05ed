//! The page of all figures, by page and topic.

use maud::html;

use super::fragment;
use crate::{
    api::HtmlFragment,
    base::Base,
    selection::Selection,
    server::figures::{self, Figure, Page, Topic},
};

/// Headings of pages, and what their figures are about.
const fn heading(page: Page) -> (&'static str, &'static str) {
    match page {
        Page::Pipelines => (
            "Pipelines",
            "How often, where and when builds fail, and how long they take.",
        ),
        Page::Platform => (
            "Platform",
            "Causes that pipelines share, and what failures cost.",
        ),
        Page::Security => (
            "Security",
            "Vulnerabilities, checks and runtimes of repositories.",
        ),
    }
}

/// The figures of a page, with those that stand on none but their own.
fn of_page(page: Page) -> impl Iterator<Item = &'static Figure> {
    let figures = figures::ALL.iter().copied();
    figures.filter(move |figure| figure.page == page)
}

/// The topics of a page, in the order of its figures.
fn topics(page: Page) -> Vec<Topic> {
    let mut topics = Vec::new();
    for figure in of_page(page) {
        if !topics.contains(&figure.topic) {
            topics.push(figure.topic);
        }
    }
    topics
}

pub fn fragments(selection: &Selection, base: &Base) -> Vec<HtmlFragment> {
    let query = selection.query();
    let html = html! {
        p class="sentence" {
            "Every figure with its chart, its table and its data as CSV and JSON. Filters are kept."
        }
        @for page in Page::ALL {
            @let (heading, about) = heading(page);
            section {
                h2 { a href={ (base.path("/")) (page.as_str()) (query) } { (heading) } }
                p { (about) }
                @for topic in topics(page) {
                    h3 { (topic.label()) }
                    ul {
                        @for figure in of_page(page).filter(|figure| figure.topic == topic) {
                            li {
                                h4 { a href={ (base.path("/figures/")) (figure.id) (query) } { (figure.title) } }
                                p { (figure.help) }
                            }
                        }
                    }
                }
            }
        }
    };
    vec![fragment("explore", html)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_listed_with_its_help_and_the_filters() {
        let fragments = fragments(&Selection::read("project=cmc&days=7"), &Base::new("/rse"));
        let html = &fragments[0].html;
        for figure in figures::ALL {
            let link = format!(
                "<a href=\"/rse/figures/{}?days=7&amp;project=cmc\">{}</a></h4><p>",
                figure.id, figure.title
            );
            assert!(html.contains(&link), "{}\n{html}", figure.id);
        }
        // Both pages of builds have durations.
        assert_eq!(html.matches("<h3>Durations</h3>").count(), 2, "{html}");
        assert!(
            html.contains("<h2><a href=\"/rse/platform?days=7&amp;project=cmc\">Platform</a></h2>"),
            "{html}"
        );
    }
}
