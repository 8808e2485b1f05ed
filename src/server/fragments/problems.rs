//! The page of what needs attention: problems in their order, and those that ended lately.

use maud::{Markup, html};

use super::{addresses, components, duration, fragment, results, utc};
use crate::{
    api::{BuildMark, HtmlFragment, ProblemList, ProblemSummary, ResolvedProblem, SnoozeSummary},
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

struct Shown<'a> {
    list: &'a ProblemList,
    base: &'a Base,
    /// Readers are signed in and may snooze problems.
    can_snooze: bool,
}

pub fn fragments(list: &ProblemList, base: &Base, can_snooze: bool) -> Vec<HtmlFragment> {
    let shown = Shown {
        list,
        base,
        can_snooze,
    };
    vec![
        fragment("problems", shown.problems()),
        fragment("problems resolved", shown.resolved()),
    ]
}

impl Shown<'_> {
    fn problems(&self) -> Markup {
        let list = self.list;
        let counted: u64 = list.states.iter().map(|known| known.problems).sum();
        html! {
            p class="sentence" role="status" { (visible(&list.summary)) }
            @if !list.problems.is_empty() {
                h2 { "Needs attention" }
                ol class="problem-list" {
                    @for (number, problem) in list.problems.iter().enumerate() { (self.problem(number, problem)) }
                }
            }
            @if counted > list.problems.len() as u64 {
                p { "Only the first " (list.problems.len()) " of " (words::thousands(counted)) " are shown." }
            }
        }
    }

    fn problem(&self, number: usize, problem: &ProblemSummary) -> Markup {
        html! {
            li class={ "problem state-" (problem.state) } {
                h3 {
                    (components::problem_state(&problem.state)) " "
                    a href=(self.href(problem)) { (visible(&problem.title)) }
                    @if let Some(project) = &problem.project { " " span class="muted" { (visible(project)) } }
                }
                p {
                    @if problem.at_least { "Red at least since " } @else { "Red since " }
                    (utc(&problem.since))
                    @if problem.at_least { ", where the data begins" }
                    " (" (duration(problem.red_ms)) "): "
                    a href=(addresses::selected(self.base, &problem.opens)) {
                        (words::counted(problem.failures, "failure", "failures"))
                    }
                    " of " (words::counted(problem.builds, "build", "builds"))
                    @if problem.failures_today > 0 { ", " (words::thousands(problem.failures_today)) " today" }
                    "."
                }
                dl class="facts" {
                    (fact("Failed step", html! {
                        @match &problem.failed_step {
                            Some(step) => a href=(self.at_step(step)) { (visible(step)) },
                            None => "unknown",
                        }
                    }))
                    (fact("Class", html! { (problem.class) ": " (problem.reason) }))
                    @if let Some(team) = &problem.team { (fact("Team", html! { (visible(team)) })) }
                    @if !problem.shared.is_empty() {
                        (fact("In common", html! { (visible(&problem.shared.join("; "))) }))
                    }
                    (fact("First failure", self.mark(problem, &problem.first_failure)))
                    (fact("Latest failure", self.mark(problem, &problem.latest_failure)))
                    @if let Some(green) = &problem.last_green {
                        (fact("Last green", self.mark(problem, green)))
                    }
                    @if problem.kind == "pipeline" { (fact("Suspect commits", self.suspects(&problem.suspects))) }
                    @if let Some(before) = &problem.regressed_from {
                        (fact("Regressed", html! { "the same step was mended at " (utc(before)) }))
                    }
                }
                @if let Some(snooze) = &problem.snooze { (snoozed(snooze)) }
                @if self.can_snooze { (self.snooze_form(number, problem)) }
            }
        }
    }

    /// The pipeline, or the builds of an incident.
    fn href(&self, problem: &ProblemSummary) -> String {
        match (&problem.system, &problem.name) {
            (Some(system), Some(name)) => addresses::pipeline(self.base, system, name),
            _ => addresses::selected(self.base, &problem.opens),
        }
    }

    fn at_step(&self, step: &str) -> String {
        let selection: Selection = [("failed_step", step)].into_iter().collect();
        addresses::selected(self.base, &selection.encoded())
    }

    fn mark(&self, problem: &ProblemSummary, mark: &BuildMark) -> Markup {
        html! {
            @if let (Some(system), Some(name)) = (&problem.system, &problem.name) {
                a href=(addresses::numbered_build(self.base, system, name, &mark.number)) {
                    "#" (visible(&mark.number))
                }
                " " (results::badge(&mark.result)) ", "
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
                            option value={ (failures) "f" } { (failures) " more failures" }
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

    fn resolved(&self) -> Markup {
        let resolved = &self.list.resolved;
        html! {
            h2 { "Recovered in the last 24 hours" }
            @if resolved.is_empty() { p { "Nothing." } } @else {
                div class="table-scroll" tabindex="0" role="region" aria-label="Recovered" {
                    table class="table builds" {
                        thead {
                            tr {
                                th scope="col" { "Problem" }
                                th scope="col" { "Failed step" }
                                th scope="col" { "Recovered" }
                                th scope="col" { "Red for" }
                                th scope="col" class="number" { "Failures" }
                            }
                        }
                        tbody { @for problem in resolved { (self.resolved_row(problem)) } }
                    }
                }
            }
        }
    }

    fn resolved_row(&self, problem: &ResolvedProblem) -> Markup {
        let opens = addresses::selected(self.base, &problem.opens);
        html! {
            tr {
                th scope="row" class="build" {
                    @if let (Some(system), Some(name)) = (&problem.system, &problem.name) {
                        a href=(addresses::pipeline(self.base, system, name)) { (visible(&problem.title)) }
                    } @else { (visible(&problem.title)) }
                }
                td { (visible(problem.failed_step.as_deref().unwrap_or("unknown"))) }
                td class="instant" { (utc(&problem.ended)) }
                td { (duration(problem.red_ms)) }
                td class="number" { a href=(opens) { (words::thousands(problem.failures)) } }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api::ProblemCount,
        server::fragments::testing::{ESCAPED, HOSTILE, hostile},
    };

    fn mark() -> BuildMark {
        BuildMark {
            number: hostile(),
            result: "FAILURE".to_owned(),
            finished_at: hostile(),
            duration_ms: None,
        }
    }

    #[test]
    fn texts_of_problems_stay_texts() {
        let problem = ProblemSummary {
            id: hostile(),
            kind: "pipeline".to_owned(),
            state: "new".to_owned(),
            title: hostile(),
            system: Some(hostile()),
            name: Some(hostile()),
            project: Some(hostile()),
            team: Some(hostile()),
            pipelines: 1,
            since: hostile(),
            at_least: false,
            red_ms: 1,
            failed_step: Some(hostile()),
            class: "broken".to_owned(),
            reason: "a rule".to_owned(),
            domain: "test".to_owned(),
            failures: 1,
            builds: 2,
            failures_today: 0,
            worst_day: 0,
            first_failure: mark(),
            latest_failure: mark(),
            last_green: Some(mark()),
            suspects: vec![HOSTILE.to_owned()],
            shared: vec![hostile()],
            regressed_from: Some(hostile()),
            opens: String::new(),
            snooze: Some(SnoozeSummary {
                reason: hostile(),
                until: Some(hostile()),
                failures: Some(3),
                reader: hostile(),
                at: hostile(),
            }),
        };
        let list = ProblemList {
            selection: String::new(),
            summary: hostile(),
            as_of: String::new(),
            version: String::new(),
            states: vec![ProblemCount {
                state: "new".to_owned(),
                problems: 1,
            }],
            problems: vec![problem],
            resolved: Vec::new(),
        };
        let fragments = fragments(&list, &Base::default(), true);
        let html: String = fragments.iter().map(|known| known.html.as_str()).collect();
        // An instant stands twice: for programs and for readers.
        assert_eq!(html.matches(ESCAPED).count(), 28, "{html}");
        assert!(
            !html.contains("<script") && !html.contains('\u{202e}'),
            "{html}"
        );
        let form = &fragments[0].html;
        assert!(form.contains("action=\"/problems/snooze\""), "{form}");
        let without = super::fragments(&list, &Base::default(), false);
        assert!(!without[0].html.contains("<form"));
    }
}
