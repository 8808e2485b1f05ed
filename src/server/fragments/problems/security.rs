//! A repository with something that is past its date.

use maud::{Markup, html};

use super::Shown;
use crate::{
    api::{Overdue, ProblemSummary},
    markup::visible,
    server::{
        fragments::{ago, components},
        views::problems::in_words,
    },
};

impl Shown<'_> {
    pub(super) fn overdue(&self, problem: &ProblemSummary, overdue: &Overdue) -> Markup {
        let href = self.href(problem);
        html! {
            h3 {
                (components::problem_state(&problem.state)) " "
                a href=(href) { (visible(&problem.title)) }
                @if let Some(team) = &problem.team {
                    " " span class="muted" { "repository of " (visible(team)) }
                }
            }
            p {
                @if problem.at_least { "Overdue at least since " } @else { "Overdue since " }
                (ago(&problem.since, self.now_ms))
                ": "
                a href=(href) { (in_words(overdue)) }
                @if overdue.listed { ", some of it known to be exploited" }
                "."
            }
        }
    }
}
