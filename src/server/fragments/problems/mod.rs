//! The list of problems in their order, and those that ended lately.

mod security;
#[cfg(test)]
mod tests;

use maud::{Markup, html};

use super::{addresses, ago, components, duration, results, utc};
use crate::{
    api::{BuildMark, ProblemList, ProblemSummary, ResolvedProblem, SnoozeSummary, View},
    base::Base,
    markup::visible,
    selection::Selection,
    server::figures::words,
};

/// The days for which a problem can be snoozed.
pub const SNOOZE_DAYS: [i64; 4] = [1, 7, 14, 30];
/// The further failures until which a problem can be snoozed.
pub const SNOOZE_FAILURES: [i64; 3] = [3, 10, 30];
/// The characters of a reason.
pub const MAX_REASON: usize = 500;

/// The problems on a page; the API has more.
const MAX_SHOWN: usize = 50;
/// The problems that are shown before a reader asks for more.
const MAX_OPEN: usize = 10;

/// The problems of a page.
pub struct Shown<'a> {
    pub list: &'a ProblemList,
    pub base: &'a Base,
    /// Readers are signed in and may snooze problems.
    pub can_snooze: bool,
    /// The time of the clock.
    pub now_ms: i64,
    /// The data is old: its last day is not today.
    pub old: bool,
}

impl Shown<'_> {
    pub fn problems(&self) -> Markup {
        let list = self.list;
        let counted: u64 = list.states.iter().map(|known| known.problems).sum();
        let shown = &list.problems[..list.problems.len().min(MAX_SHOWN)];
        let open = shown.len().min(MAX_OPEN);
        html! {
            h2 { "Needs attention" }
            p class="sentence" { (visible(&list.summary)) }
            @if !shown.is_empty() {
                (self.listed(0, &shown[..open]))
                @if open < shown.len() {
                    details class="problems-more" {
                        summary { "Show " (shown.len() - open) " more" }
                        (self.listed(open, &shown[open..]))
                    }
                }
            }
            @if counted > shown.len() as u64 {
                p {
                    "The first " (shown.len()) " of " (words::thousands(counted)) " are shown. "
                    a href=(self.red_pipelines()) { "List all red pipelines" }
                    @if list.problems.iter().any(|problem| problem.overdue.is_some()) {
                        " · "
                        a href=(self.due()) { "List all that is due in security" }
                    }
                }
            }
        }
    }

    /// A list of problems from a number on.
    fn listed(&self, from: usize, problems: &[ProblemSummary]) -> Markup {
        html! {
            ol class="problem-list" start=(from + 1) {
                @for (number, problem) in problems.iter().enumerate() { (self.problem(from + number, problem)) }
            }
        }
    }

    fn red_pipelines(&self) -> String {
        let selection = Selection::read(&self.list.selection);
        addresses::pipelines(self.base, &selection, &View::default().with("state", "red"))
    }

    /// The list of all that is due in security, for the same team.
    fn due(&self) -> String {
        let selection = Selection::read(&self.list.selection);
        let team: Selection = selection
            .values("team")
            .map(|team| ("team", team))
            .collect();
        let href = addresses::list(self.base.path("/security"), &team, &View::default());
        format!("{href}#due-now")
    }

    fn problem(&self, number: usize, problem: &ProblemSummary) -> Markup {
        html! {
            li class={ "problem state-" (problem.state) } {
                @match &problem.overdue {
                    Some(overdue) => (self.overdue(problem, overdue)),
                    None => (self.red(problem)),
                }
                @if let Some(snooze) = &problem.snooze { (snoozed(snooze)) }
                @if self.can_snooze { (self.snooze_form(number, problem)) }
            }
        }
    }

    /// A red pipeline, or an incident.
    fn red(&self, problem: &ProblemSummary) -> Markup {
        let last_day = if self.old {
            " on the last day"
        } else {
            " today"
        };
        html! {
            h3 {
                (components::problem_state(&problem.state)) " "
                a href=(self.href(problem)) title=[problem.name.as_deref().map(visible)] {
                    (visible(problem.short_name.as_deref().unwrap_or(&problem.title)))
                }
                @if let Some(project) = &problem.project { " " span class="muted" { (visible(project)) } }
            }
            p {
                @if problem.at_least { "Red at least since " } @else { "Red since " }
                (ago(&problem.since, self.now_ms))
                @if let Some((href, first)) = self.build(problem, problem.first_failure.as_ref()) {
                    " (" a href=(href) { "#" (visible(&first.number)) } ")"
                }
                @if problem.at_least { ", where the data begins" }
                ": "
                a href=(addresses::selected(self.base, &problem.opens)) {
                    (words::counted(problem.failures, "failure", "failures"))
                }
                @if problem.builds > problem.failures {
                    " among " (words::counted(problem.builds, "build", "builds"))
                } @else if problem.kind == "pipeline" && problem.failures > 1 { " in a row" }
                @if problem.failures_today > 0 {
                    ", " (words::thousands(problem.failures_today)) (last_day)
                }
                "."
            }
            (self.builds(problem))
            (self.facts(problem))
        }
    }

    fn facts(&self, problem: &ProblemSummary) -> Markup {
        html! {
            dl class="facts" {
                (fact("Failed step", html! {
                    @match &problem.failed_step {
                        Some(step) => a href=(self.at_step(step)) { (visible(step)) },
                        None => "unknown",
                    }
                }))
                @if let (Some(class), Some(reason)) = (&problem.class, &problem.reason) {
                    (fact("Class", html! { (class) ": " (reason) }))
                }
                @if let Some(team) = &problem.team { (fact("Team", html! { (visible(team)) })) }
                @if !problem.shared.is_empty() {
                    (fact("In common", html! { (visible(&problem.shared.join("; "))) }))
                }
                @if let Some(green) = &problem.last_green {
                    (fact("Last green", self.mark(problem, green)))
                }
                @if problem.kind == "pipeline" { (fact("Suspect commits", self.suspects(&problem.suspects))) }
                @if let Some(before) = &problem.regressed_from {
                    (fact("Regressed", html! { "the same step was fixed on " (utc(before)) }))
                }
            }
        }
    }

    /// The latest builds, and the way to the latest failure: in its CI system, if that is known.
    fn builds(&self, problem: &ProblemSummary) -> Markup {
        let outside = problem
            .build_address
            .as_ref()
            .and_then(|known| known.href.as_deref());
        let inside = self.build(problem, problem.latest_failure.as_ref());
        let results = results::results_of(&problem.recent);
        html! {
            p class="problem-builds" {
                @if !results.is_empty() { a href=(self.href(problem)) { (components::strip(&results)) } " " }
                @if let Some(href) = outside {
                    a rel="noopener noreferrer" href=(href) { "Open build" span aria-hidden="true" { " ↗" } }
                } @else if let Some((href, _)) = &inside {
                    a href=(href) { "Open build" }
                }
            }
        }
    }

    /// A pipeline's build with the address of its page.
    fn build<'a>(
        &self,
        problem: &ProblemSummary,
        mark: Option<&'a BuildMark>,
    ) -> Option<(String, &'a BuildMark)> {
        let (system, name, mark) = (problem.system.as_deref()?, problem.name.as_deref()?, mark?);
        let href = addresses::numbered_build(self.base, system, name, &mark.number);
        Some((href, mark))
    }

    /// The pipeline, the repository, or the builds of an incident.
    pub fn href(&self, problem: &ProblemSummary) -> String {
        match (&problem.system, &problem.name) {
            (Some(system), Some(name)) => addresses::pipeline(self.base, system, name),
            _ if problem.overdue.is_some() => addresses::repository(self.base, &problem.title),
            _ => addresses::selected(self.base, &problem.opens),
        }
    }

    /// Builds of the page's selection that failed at a step.
    fn at_step(&self, step: &str) -> String {
        let selection = Selection::read(&self.list.selection).with("failed_step", step);
        addresses::selected(self.base, &selection.encoded())
    }

    fn mark(&self, problem: &ProblemSummary, mark: &BuildMark) -> Markup {
        html! {
            @if let (Some(system), Some(name)) = (&problem.system, &problem.name) {
                a href=(addresses::numbered_build(self.base, system, name, &mark.number)) {
                    "#" (visible(&mark.number))
                }
                ", "
            }
            (utc(&mark.finished_at))
        }
    }

    fn suspects(&self, suspects: &[String]) -> Markup {
        html! {
            @match suspects {
                [] => "unknown",
                [one] => { (self.commit(one)) " (likely)" },
                many => {
                    "one of " (many.len()) ": "
                    @for (index, commit) in many.iter().enumerate() {
                        @if index > 0 { ", " }
                        (self.commit(commit))
                    }
                }
            }
        }
    }

    fn commit(&self, commit: &str) -> Markup {
        let selection: Selection = [("commit", commit)].into_iter().collect();
        html! { a href=(addresses::selected(self.base, &selection.encoded())) { code { (visible(commit)) } } }
    }

    fn snooze_form(&self, number: usize, problem: &ProblemSummary) -> Markup {
        let id = format!("snooze-{number}");
        html! {
            details class="snooze" {
                summary { @if problem.snooze.is_some() { "Change the snooze" } @else { "Snooze" } }
                form method="post" action=(self.base.path("/problems/snooze")) {
                    input type="hidden" name="problem" value=(visible(&problem.id));
                    label for={ (id) "-reason" } { "Reason" }
                    input id={ (id) "-reason" } name="reason" required maxlength=(MAX_REASON) autocomplete="off";
                    label for={ (id) "-until" } { "Until" }
                    select id={ (id) "-until" } name="until" {
                        @for days in SNOOZE_DAYS {
                            option value={ (days) "d" } { (words::counted(days.unsigned_abs(), "day", "days")) " from now" }
                        }
                        @for failures in SNOOZE_FAILURES {
                            option value={ (failures) "f" } {
                                (failures) @if problem.overdue.is_some() { " more things are overdue" } @else { " more failures" }
                            }
                        }
                    }
                    button class="btn" type="submit" { "Snooze" }
                }
                @if problem.snooze.is_some() {
                    form method="post" action=(self.base.path("/problems/unsnooze")) {
                        input type="hidden" name="problem" value=(visible(&problem.id));
                        button class="btn" type="submit" { "End the snooze" }
                    }
                }
            }
        }
    }

    pub fn resolved(&self) -> Markup {
        let resolved = &self.list.resolved;
        html! {
            h2 { "Recovered in the last 24 hours" }
            @if resolved.is_empty() { p { "Nothing." } } @else {
                div class="table-scroll" tabindex="0" role="region" aria-label="Recovered" {
                    table class="table builds cards-table" role="table" {
                        thead role="rowgroup" {
                            tr role="row" {
                                th scope="col" role="columnheader" { "Problem" }
                                th scope="col" role="columnheader" { "Failed step" }
                                th scope="col" role="columnheader" { "Recovered" }
                                th scope="col" role="columnheader" { "Red for" }
                                th scope="col" role="columnheader" class="number" { "Failures" }
                            }
                        }
                        tbody role="rowgroup" { @for problem in resolved { (self.resolved_row(problem)) } }
                    }
                }
            }
        }
    }

    fn resolved_row(&self, problem: &ResolvedProblem) -> Markup {
        let opens = addresses::selected(self.base, &problem.opens);
        html! {
            tr role="row" {
                th scope="row" role="rowheader" {
                    @if let (Some(system), Some(name)) = (&problem.system, &problem.name) {
                        a href=(addresses::pipeline(self.base, system, name)) title=(visible(name)) {
                            (visible(problem.short_name.as_deref().unwrap_or(&problem.title)))
                        }
                        @if let Some(project) = &problem.project { " " span class="muted" { (visible(project)) } }
                    } @else { (visible(&problem.title)) }
                }
                td role="cell" data-label="Failed step" { (visible(problem.failed_step.as_deref().unwrap_or("unknown"))) }
                td role="cell" data-label="Recovered" class="instant" { (ago(&problem.ended, self.now_ms)) }
                td role="cell" data-label="Red for" { (duration(problem.red_ms)) }
                td role="cell" data-label="Failures" class="number" { a href=(opens) { (words::thousands(problem.failures)) } }
            }
        }
    }
}

fn fact(label: &str, value: Markup) -> Markup {
    html! { div { dt { (label) } dd { (value) } } }
}

fn snoozed(snooze: &SnoozeSummary) -> Markup {
    html! {
        p class="muted" {
            "Snoozed by " (visible(&snooze.reader)) " at " (utc(&snooze.at))
            @if let Some(until) = &snooze.until { " until " (utc(until)) }
            @if let Some(failures) = snooze.failures { " until it has " (words::thousands(failures)) " failures" }
            ": " (visible(&snooze.reason))
        }
    }
}
