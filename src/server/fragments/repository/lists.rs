//! The rules, runtimes, findings, pipelines and changes of a repository.

use maud::{Markup, html};

use super::{Shown, listed, place};
use crate::{
    api::{RepositoryFinding, RepositoryPipeline, RepositoryRule, RepositoryRuntime, View},
    markup::visible,
    selection::Selection,
    server::{
        charts::shorten,
        figures::words,
        fragments::{
            components::{pipeline_state, rule_flag, severity, strip, support},
            date, results, utc,
        },
        views::addresses,
    },
};

/// The characters of a reason.
const MAX_REASON: usize = 160;

impl Shown<'_> {
    pub fn rules(&self) -> Markup {
        let details = self.details;
        let rows: Vec<[Markup; 6]> = details
            .rules
            .iter()
            .flatten()
            .map(|rule| self.rule(rule))
            .collect();
        let labels = [
            "Suppresses",
            "Limited to",
            "Until",
            "Age",
            "Flags",
            "Reason",
        ];
        html! {
            h2 { "Suppression rules" }
            @match &details.rules {
                None => p class="empty" { "Unknown: its suppression files have not been read yet." },
                Some(rules) if rules.is_empty() => p class="empty" { "No file suppresses a vulnerability." },
                Some(_) => {
                    p class="note" {
                        "A rule is due 30 days before its end, unless configured otherwise; it is unused if none of the last 3 \
                         complete reports since it was first read holds what it suppresses."
                    }
                    (listed("Suppression rules", labels, 0, &rows, details.rule_count))
                }
            }
        }
    }

    fn rule(&self, rule: &RepositoryRule) -> [Markup; 6] {
        let more = rule.id_count.saturating_sub(rule.ids.len() as u64);
        [
            html! {
                @if rule.ids.is_empty() { "No id" } @else { (visible(&rule.ids.join(", "))) }
                @if more > 0 { " and " (words::thousands(more)) " more" }
                span class="detail" { (visible(&rule.tool)) " " (place(&rule.place)) }
            },
            html! { @if rule.selector.is_empty() { "–" } @else { (visible(&rule.selector)) } },
            html! {
                @match (&rule.until, &rule.last_day, &rule.ends_at) {
                    (Some(_), Some(day), Some(at)) => (self.last_day(day, at)),
                    (Some(until), ..) => (visible(until)),
                    (None, ..) => "–",
                }
            },
            html! {
                @if rule.at_least { "At least since " } @else { "Since " }
                (self.when_below(&rule.since))
            },
            html! {
                @if rule.flags.is_empty() { "–" }
                @for flag in &rule.flags { (rule_flag(flag)) " " }
                @if rule.use_unknown { span class="detail" { "Use unknown" } }
            },
            html! {
                @match &rule.reason { Some(reason) => (visible(&shorten(reason, MAX_REASON))), None => "–" }
            },
        ]
    }

    pub fn runtimes(&self) -> Markup {
        let details = self.details;
        let rows: Vec<[Markup; 4]> = details
            .runtimes
            .iter()
            .flatten()
            .map(|runtime| self.runtime(runtime))
            .collect();
        let count = rows.len() as u64;
        html! {
            h2 { "Runtimes" }
            @match &details.runtimes {
                None => p class="empty" { "Unknown: its runtimes have not been read yet." },
                Some(runtimes) if runtimes.is_empty() => p class="empty" { "No file states a runtime." },
                Some(_) => (listed("Runtimes", ["Runtime", "Support", "Ends", "Where"], 0, &rows, count)),
            }
        }
    }

    fn runtime(&self, runtime: &RepositoryRuntime) -> [Markup; 4] {
        [
            html! {
                (visible(&runtime.product)) " " (visible(&runtime.version))
                @if let Some(cycle) = &runtime.cycle && *cycle != runtime.version {
                    span class="detail" { "Line " (visible(cycle)) }
                }
            },
            support(&runtime.support),
            html! {
                @match (&runtime.last_day, &runtime.ends_at) {
                    (Some(day), Some(at)) => (self.last_day(day, at)),
                    _ => "unknown",
                }
            },
            html! { @if runtime.place.file.is_empty() { "–" } @else { (place(&runtime.place)) } },
        ]
    }

    pub fn findings(&self) -> Markup {
        let details = self.details;
        let rows: Vec<[Markup; 5]> = details
            .findings
            .iter()
            .map(|finding| self.finding(finding))
            .collect();
        let labels = ["Finding", "Severity", "Open", "Limit", "Fixed in"];
        html! {
            h2 { "Open findings" }
            @if details.scans.is_empty() {
                p class="empty" { "Unknown: no report of a scanner has been read." }
            } @else if rows.is_empty() {
                p class="empty" { "No report holds an open finding." }
            } @else {
                (listed("Open findings", labels, 0, &rows, details.finding_count))
            }
            (self.checks())
        }
    }

    fn finding(&self, finding: &RepositoryFinding) -> [Markup; 5] {
        [
            html! {
                (visible(&finding.id))
                @if finding.listed { " " (rule_flag("listed")) }
                span class="detail" {
                    (visible(&finding.package))
                    @if let Some(version) = &finding.version { " " (visible(version)) }
                    ", " (visible(&finding.scanner))
                    @if finding.suppressed { ", suppressed" }
                }
            },
            severity(&finding.severity),
            html! {
                @if finding.at_least { "At least since " } @else { "Since " }
                (self.when_below(&finding.opened_at))
            },
            html! {
                @match &finding.due_at {
                    Some(at) if finding.overdue => { strong { "Overdue" } " since " (self.when_below(at)) },
                    Some(at) => {
                        (self.when_below(at))
                        @if let Some(day) = &finding.accepted_until {
                            span class="detail" { "Accepted until " (date(day)) }
                        }
                    },
                    None => "none by age",
                }
            },
            html! { @match &finding.fixed_in { Some(version) => (visible(version)), None => "–" } },
        ]
    }

    /// Tools that check the dependencies, and the latest reports.
    fn checks(&self) -> Markup {
        let details = self.details;
        html! {
            h3 { "Checks" }
            p {
                @match (details.checks.is_empty(), details.checked) {
                    (false, _) => { "Configured: " (visible(&details.checks.join(", "))) "." },
                    (true, Some(true)) => "None in its files; its reports or suppressions are those of a scanner.",
                    (true, Some(false)) => strong { "No tool checks its dependencies." },
                    (true, None) => "Unknown: no check is known, though it may have one.",
                }
            }
            @if !details.scans.is_empty() {
                ul {
                    @for scan in &details.scans {
                        li {
                            (visible(&scan.scanner))
                            @if !scan.codebase_type.is_empty() { " (" (visible(&scan.codebase_type)) ")" }
                            ": " (words::counted(scan.findings, "finding", "findings")) ", "
                            (self.when(&scan.at))
                            @if !scan.complete { ", not complete" }
                        }
                    }
                }
            }
        }
    }

    pub fn pipelines(&self) -> Markup {
        let details = self.details;
        let rows: Vec<[Markup; 3]> = details
            .pipelines
            .iter()
            .map(|pipeline| self.pipeline(pipeline))
            .collect();
        let labels = ["State", "Pipeline", "Latest builds"];
        html! {
            h2 { "Pipelines" }
            @if rows.is_empty() {
                p class="empty" { "No build of its default branch is known." }
            } @else {
                (listed("Pipelines", labels, 1, &rows, details.pipeline_count))
                p { a href=(self.builds()) { "List the builds of this repository" } }
            }
        }
    }

    fn pipeline(&self, pipeline: &RepositoryPipeline) -> [Markup; 3] {
        let address = addresses::pipeline(self.base, &pipeline.system, &pipeline.name);
        let results = results::results_of(&pipeline.recent);
        [
            pipeline_state(&pipeline.state),
            html! {
                a href=(address) title=(visible(&pipeline.name)) { (visible(&pipeline.short_name)) }
                span class="detail" { (visible(&pipeline.project)) }
            },
            html! { @if !results.is_empty() { a href=(address) { (strip(&results)) } } },
        ]
    }

    fn builds(&self) -> String {
        let builds: Selection = [("repository", &*self.details.name)].into_iter().collect();
        addresses::builds(self.base, &builds.with_days(180), &View::default())
    }

    pub fn history(&self) -> Markup {
        let details = self.details;
        let rows: Vec<[Markup; 3]> = details
            .changes
            .iter()
            .map(|change| {
                [
                    html! { (visible(&change.text)) },
                    html! { (utc(&change.at)) },
                    html! { (kind(&change.kind)) },
                ]
            })
            .collect();
        html! {
            h2 { "History" }
            @if rows.is_empty() {
                p class="empty" { "Nothing is known of it before." }
            } @else {
                p class="note" {
                    "Each change with the first facts or report that show it. The first reading of a fact is no change."
                }
                (listed("History", ["Change", "Seen", "Kind"], 0, &rows, details.change_count))
            }
        }
    }
}

fn kind(kind: &str) -> &'static str {
    match kind {
        "rule" => "Suppression rule",
        "runtime" => "Runtime",
        "check" => "Check",
        "finding" => "Finding",
        _ => "Repository",
    }
}
