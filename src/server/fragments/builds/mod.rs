//! The page of a selection's builds: its conditions, results and times, and a page of the list.

mod conditions;
mod list;
mod times;

use maud::{Markup, html};

pub use conditions::value_text;

use super::{addresses, compare, difference, fragment, results};
use crate::{
    api::{BuildDifference, BuildList, HtmlFragment, View},
    base::Base,
    markup::visible,
    selection::Selection,
    server::{figures::words, snapshot::Snapshot},
};

/// The width of bars in their own units.
const WIDTH: u64 = 960;

/// A list and its address.
struct Shown<'a> {
    list: &'a BuildList,
    selection: &'a Selection,
    view: &'a View,
    base: &'a Base,
}

pub fn fragments(
    snapshot: &Snapshot,
    list: &BuildList,
    difference: Option<&BuildDifference>,
    selection: &Selection,
    view: &View,
    base: &Base,
) -> Vec<HtmlFragment> {
    let shown = Shown {
        list,
        selection,
        view,
        base,
    };
    let mut fragments = vec![fragment("build-list-head", shown.head(snapshot))];
    if let Some(difference) = difference {
        fragments.push(fragment("build-list-body", shown.difference(difference)));
    }
    fragments.push(fragment("build-list-body", shown.body()));
    fragments
}

impl Shown<'_> {
    /// The address of another selection, from the first page on.
    fn to(&self, selection: &Selection) -> String {
        addresses::builds(self.base, selection, &self.view.with("cursor", ""))
    }

    fn head(&self, snapshot: &Snapshot) -> Markup {
        html! {
            p class="sentence" role="status" { (visible(&self.list.summary)) }
            (self.chips(snapshot))
            (self.results())
            (self.histogram())
            (self.add(snapshot))
            @if self.list.builds > 0 {
                @if self.view.get("difference").is_none() {
                    p class="further" { a href=(self.with_difference("1")) { "What is different about the failures?" } }
                }
                (compare::links(snapshot, self.selection, self.base))
            }
        }
    }

    fn with_difference(&self, shown: &str) -> String {
        let view = self.view.with("difference", shown);
        addresses::builds(self.base, self.selection, &view)
    }

    /// The new failures compared with the good builds, on request: of many builds it takes a moment.
    fn difference(&self, difference: &BuildDifference) -> Markup {
        let good = Selection::read(&difference.b.selection);
        html! {
            h2 id="difference" { "What is different about the failures" }
            p class="note" {
                "A new failure is one whose pipeline's build before was good. Later failures of a pipeline that is red \
                are not independent."
            }
            (difference::Shown {
                difference,
                base: self.base,
                selection: &self.selection.with("result", "FAILURE"),
                // No key selects new failures.
                a: None,
                b: Some(&good),
            }.markup())
            p { a href=(self.with_difference("")) { "Hide the differences" } }
        }
    }

    /// A bar of the results, and links to the builds of each.
    fn results(&self) -> Markup {
        let total = self.list.builds.max(1);
        let shown: Vec<_> = self
            .list
            .results
            .iter()
            .filter(|known| known.builds > 0)
            .collect();
        html! {
            @if !shown.is_empty() {
                svg class="results-bar" viewBox=(format!("0 0 {WIDTH} 12")) preserveAspectRatio="none"
                    aria-hidden="true" focusable="false" {
                    @for (index, known) in shown.iter().enumerate() {
                        @let before: u64 = shown[..index].iter().map(|known| known.builds).sum();
                        @let width = (known.builds * WIDTH / total).max(1);
                        rect class=(results::class(results::result_of(&known.result)))
                            x=(before * WIDTH / total) y="0" width=(width) height="12" {}
                    }
                }
                ul class="results-legend" {
                    @for known in &shown {
                        @let only = self.selection.with("result", &known.result);
                        li {
                            a href=(self.to(&only)) {
                                (results::badge(&known.result)) " "
                                strong { (words::thousands(known.builds)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
