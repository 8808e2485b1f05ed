//! The page of one build: its result and facts, its steps, and the builds around it.

use maud::{Markup, html};

use super::{
    addresses,
    components::{columns, number, table},
    duration, fragment, repository_link, results,
    time_line::time_line,
    utc,
};
use crate::{
    api::{BuildDetails, BuildStep, BuildSummary, ExternalAddress, HtmlFragment, RelatedBuilds},
    base::Base,
    markup::visible,
    selection::{DEFAULT_DAYS, Selection},
    server::{
        config,
        figures::words,
        model::{DAY_MS, DEFAULT_SYSTEM},
        snapshot::{STEP_DAYS, instant_ms},
        views::build::start_of_day,
    },
};

/// A build and the base path of links.
struct Shown<'a> {
    details: &'a BuildDetails,
    base: &'a Base,
    /// The age of the build at the time of the data.
    age_ms: i64,
}

pub fn fragments(details: &BuildDetails, base: &Base) -> Vec<HtmlFragment> {
    let at = |text: &str| instant_ms(text, &jiff::tz::TimeZone::UTC).unwrap_or(0);
    let shown = Shown {
        details,
        base,
        age_ms: at(&details.as_of) - at(&details.build.finished_at),
    };
    vec![
        fragment("build-head", shown.head()),
        fragment("build-steps", shown.steps()),
        fragment("build-related", shown.related()),
    ]
}

impl Shown<'_> {
    /// The builds that share a value with this one; the range reaches back to it.
    fn sharing(&self, pairs: &[(&str, &str)]) -> String {
        let mut selection: Selection = pairs.iter().copied().collect();
        if self.age_ms >= i64::from(DEFAULT_DAYS) * DAY_MS {
            let at = instant_ms(&self.details.build.finished_at, &jiff::tz::TimeZone::UTC);
            selection = selection.with("from", &start_of_day(at.unwrap_or(0)));
        }
        addresses::selected(self.base, &selection.encoded())
    }

    fn head(&self) -> Markup {
        let details = self.details;
        let build = &details.build;
        html! {
            p class="sentence" role="status" {
                (results::badge(&build.result))
                span class="evidence" { ": " (details.evidence) "." }
            }
            @if !details.complete {
                p class="notice" role="status" {
                    "The store cannot be read now. The tag, the addresses and the whole commit are missing, and the steps if the build is older than "
                    (STEP_DAYS) " days."
                }
            }
            @if let Some(address) = &details.build_address {
                p { (external(address, "Open the build in its CI system")) }
            }
            dl class="facts" {
                (fact("Pipeline", html! {
                    a href=(addresses::pipeline(self.base, &build.system, &build.name)) { (visible(&build.pipeline)) }
                }))
                (fact("Number", html! { (visible(&build.number)) }))
                @if build.system != DEFAULT_SYSTEM {
                    (fact("System", self.value("system", &build.system)))
                }
                (fact("Project", html! {
                    a href=(self.sharing(&[("project", &config::slug(&build.project))])) { (visible(&build.project)) }
                }))
                (self.optional("Team", "team", &build.team))
                (fact("Started", utc(&build.started_at)))
                (fact("Finished", utc(&build.finished_at)))
                (fact("Duration", html! { (known_duration(build.duration_ms)) }))
                (fact("Start delay", html! { (known_duration(details.start_delay_ms)) }))
                @if let Some(step) = &build.failed_step {
                    (fact("First failed step", self.value("failed_step", step)))
                }
                (self.class())
                (self.commit())
                @if let Some(branch) = &details.branch {
                    (fact("Branch", html! { (visible(branch)) }))
                }
                (self.repository())
                (self.optional("Product", "product", &build.product))
                (self.optional("Component", "component", &build.component))
                (self.optional("Agent", "agent", &build.agent))
                (self.optional("Node", "node", &build.node))
                (self.optional("Library", "library", &build.library))
                @if let Some(tag) = &details.tag {
                    (fact("Tag", html! { (visible(tag)) }))
                }
            }
        }
    }

    /// A value with links to the builds of the pipeline and of all pipelines that share it.
    fn value(&self, key: &str, value: &str) -> Markup {
        let build = &self.details.build;
        html! {
            a href=(self.sharing(&[(key, value)])) { (visible(value)) }
            @if key != "system" {
                " "
                a class="narrow" href=(self.sharing(&[(key, value), ("pipeline", &build.pipeline)])) {
                    "in this pipeline"
                    span class="visually-hidden" { ": " (visible(value)) }
                }
            }
        }
    }

    fn optional(&self, label: &str, key: &str, value: &Option<String>) -> Markup {
        fact(
            label,
            html! {
                @match value {
                    Some(value) => (self.value(key, value)),
                    None => "unknown",
                }
            },
        )
    }

    /// The class of a failure with its rule, its domain, and the incident that it is a part of.
    fn class(&self) -> Markup {
        let build = &self.details.build;
        html! {
            @if let (Some(class), Some(rule)) = (&build.class, &self.details.class_rule) {
                (fact("Class", html! { (self.value("class", class)) ": " (rule) "." }))
            }
            @if let Some(domain) = &build.domain {
                (fact("Domain", self.value("domain", domain)))
            }
            @if let Some(incident) = &build.incident {
                (fact("Incident", html! {
                    a href=(self.sharing(&[("incident", incident)])) { (visible(incident)) }
                }))
            }
        }
    }

    fn commit(&self) -> Markup {
        let details = self.details;
        let commit = details
            .commit
            .as_deref()
            .or(details.build.commit.as_deref());
        fact(
            "Commit",
            html! {
                @match commit {
                    Some(commit) => {
                        a class="commit" href=(self.sharing(&[("commit", commit)])) { (visible(commit)) }
                        @if let Some(href) = details.commit_address.as_ref().and_then(|known| known.href.as_deref()) {
                            " " (outside(href, html! { "Open the commit" }))
                        }
                    },
                    None => "unknown",
                }
            },
        )
    }

    fn repository(&self) -> Markup {
        let details = self.details;
        html! {
            (fact("Repository", html! {
                @match &details.build.repository {
                    Some(name) => (repository_link(self.base, name, None)),
                    None => "unknown",
                }
            }))
            @if let Some(address) = &details.repository_address {
                (fact("Address", external(address, "")))
            }
        }
    }

    fn steps(&self) -> Markup {
        let details = self.details;
        let steps = &details.steps;
        html! {
            h2 { "Steps" }
            @if steps.is_empty() {
                p class="empty" {
                    @if !details.complete && self.age_ms >= i64::from(STEP_DAYS) * DAY_MS {
                        "The steps of this build cannot be read now."
                    } @else {
                        "The events of this build name no step."
                    }
                }
            } @else {
                (time_line(steps))
                @let [step, environment, result] = columns(["Step", "Environment", "Result"]);
                @let [took, ended, attempt] = ["Duration", "Ended after", "Attempt"].map(number);
                @let rows: Vec<_> = steps.iter().map(|step| self.step(step)).collect();
                (table("Steps in order of their ends", &[step, environment, result, took, ended, attempt], 0, &rows))
                @if details.step_count > steps.len() as u64 {
                    p { "The first " (steps.len()) " of " (words::thousands(details.step_count)) " steps." }
                }
            }
        }
    }

    fn step(&self, step: &BuildStep) -> [Markup; 6] {
        let build = &self.details.build;
        let is_kept = self.age_ms < i64::from(STEP_DAYS) * DAY_MS;
        let pairs = [("pipeline", &*build.pipeline), ("step", &*step.name)];
        [
            html! {
                @if is_kept { a href=(self.sharing(&pairs)) { (visible(&step.name)) } }
                @else { (visible(&step.name)) }
            },
            html! { @match &step.environment { Some(name) => (visible(name)), None => "–" } },
            results::badge(&step.result),
            html! {
                @if step.at_most && step.duration_ms.is_some() {
                    span aria-hidden="true" { "≤ " } span class="visually-hidden" { "at most " }
                }
                (known_duration(step.duration_ms))
            },
            html! { (duration(u64::try_from(step.ended_after_ms).unwrap_or(0))) },
            html! { (step.attempt) },
        ]
    }

    fn related(&self) -> Markup {
        let details = self.details;
        html! {
            h2 { "Builds around it" }
            dl class="facts" {
                (fact("Before", self.neighbour(details.before.as_ref())))
                (fact("After", self.neighbour(details.after.as_ref())))
            }
            @if let Some(same) = &details.same_commit {
                h2 { "The same commit" }
                p {
                    a href=(addresses::selected(self.base, &same.selection)) {
                        (words::counted(same.builds, "build", "builds")) " of this commit"
                    }
                    ", this one included."
                }
                (self.others(same, "Other builds of the commit"))
            }
            @if let Some(same) = &details.same_failure {
                h2 { "The same failure" }
                p {
                    a href=(addresses::selected(self.base, &same.selection)) {
                        (words::counted(same.builds, "build", "builds"))
                        " of " (words::counted(same.pipelines, "pipeline", "pipelines"))
                    }
                    " failed first at " strong { (visible(details.build.failed_step.as_deref().unwrap_or_default())) }
                    " within an hour of this one, itself included."
                }
                (self.others(same, "Other builds that failed at this step"))
            }
        }
    }

    fn neighbour(&self, build: Option<&BuildSummary>) -> Markup {
        html! {
            @match build {
                Some(build) => {
                    a href=(addresses::build(self.base, build)) { "#" (visible(&build.number)) }
                    " " (results::badge(&build.result)) ", "
                    (utc(&build.finished_at))
                },
                None => "none",
            }
        }
    }

    fn others(&self, related: &RelatedBuilds, label: &str) -> Markup {
        html! {
            @if !related.others.is_empty() {
                ul class="others" aria-label=(label) {
                    @for build in &related.others {
                        li {
                            (results::badge(&build.result)) " "
                            a href=(addresses::build(self.base, build)) title=(visible(&build.pipeline)) {
                                (visible(&build.short_name)) " #" (visible(&build.number))
                            }
                            ", " (utc(&build.finished_at))
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn fact(label: &str, value: Markup) -> Markup {
    html! { div { dt { (label) } dd { (value) } } }
}

fn known_duration(ms: Option<u64>) -> String {
    ms.map_or_else(|| "unknown".to_owned(), duration)
}

/// A link with this text, or the address itself; text if the address leads to no allowed host.
pub(super) fn external(address: &ExternalAddress, text: &str) -> Markup {
    match &address.href {
        Some(href) => outside(
            href,
            html! { @if text.is_empty() { (visible(&address.text)) } @else { (text) } },
        ),
        None => html! { span class="address" { (visible(&address.text)) } },
    }
}

/// A link out of the dashboard. Such addresses are checked: `config::Links`.
fn outside(href: &str, text: Markup) -> Markup {
    html! {
        a href=(href) rel="noopener noreferrer" {
            (text) span aria-hidden="true" { " ↗" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::fragments::testing::{HOSTILE, assert_text, hostile};

    /// A summary in which every text is hostile.
    fn summary() -> BuildSummary {
        BuildSummary {
            system: hostile(),
            name: hostile(),
            pipeline: hostile(),
            short_name: hostile(),
            number: hostile(),
            project: hostile(),
            result: hostile(),
            started_at: hostile(),
            finished_at: hostile(),
            duration_ms: Some(1),
            failed_step: Some(hostile()),
            class: Some(hostile()),
            domain: Some(hostile()),
            incident: Some(hostile()),
            commit: Some(hostile()),
            repository: Some(hostile()),
            team: Some(hostile()),
            agent: Some(hostile()),
            node: Some(hostile()),
            library: Some(hostile()),
            product: Some(hostile()),
            component: Some(hostile()),
        }
    }

    fn details() -> BuildDetails {
        let address = ExternalAddress {
            text: hostile(),
            href: None,
        };
        let related = RelatedBuilds {
            selection: "days=7".to_owned(),
            builds: 2,
            pipelines: 1,
            others: vec![summary()],
        };
        let step = BuildStep {
            name: hostile(),
            environment: Some(hostile()),
            result: "FAILURE".to_owned(),
            attempt: 1,
            ended_at: hostile(),
            ended_after_ms: 60_000,
            duration_ms: Some(60_000),
            at_most: true,
        };
        BuildDetails {
            build: summary(),
            complete: true,
            evidence: "told".to_owned(),
            class_rule: Some("the rule".to_owned()),
            tag: Some(hostile()),
            branch: Some(hostile()),
            commit: Some(hostile()),
            start_delay_ms: Some(1),
            build_address: Some(address.clone()),
            repository_address: Some(address.clone()),
            commit_address: Some(address),
            steps: vec![step],
            step_count: 1,
            before: Some(summary()),
            after: Some(summary()),
            same_commit: Some(related.clone()),
            same_failure: Some(related),
            as_of: hostile(),
            version: hostile(),
        }
    }

    #[test]
    fn hostile_text_stays_text() {
        let fragments = fragments(&details(), &Base::default());
        let html: String = fragments.iter().map(|known| &*known.html).collect();
        assert!(
            !html.contains(HOSTILE) && !html.contains(" style="),
            "{html}"
        );
        // In addresses it is encoded, which leaves the word; the slug of the project is the word alone.
        let hrefs = html.matches("%3Cscript%3E").count();
        let escaped = html.matches("&lt;script&gt;").count();
        let slugs = html.matches("project=script\"").count();
        assert_eq!(
            html.matches("script").count(),
            hrefs + escaped + slugs,
            "{html}"
        );
        assert!(escaped > 30 && hrefs > 20, "{escaped} {hrefs}");
        assert!(!html.contains('\u{202e}'), "{html}");
        let empty = super::fragments(&BuildDetails::default(), &Base::default());
        assert_text(&empty, 0);
    }

    #[test]
    fn only_checked_addresses_become_links_and_never_hold_the_page() {
        let mut details = details();
        let shown = |details: &BuildDetails| {
            let fragments = fragments(details, &Base::default());
            fragments
                .into_iter()
                .map(|known| known.html)
                .collect::<String>()
        };
        assert!(!shown(&details).contains("noopener"));
        let address = ExternalAddress {
            text: "x".to_owned(),
            href: Some("https://github.com/a".to_owned()),
        };
        details.build_address = Some(address);
        let link = "<a href=\"https://github.com/a\" rel=\"noopener noreferrer\">";
        assert!(shown(&details).contains(link), "{}", shown(&details));
    }

    #[test]
    fn the_range_of_links_reaches_back_to_the_build() {
        let mut details = details();
        details.as_of = "2019-10-25T12:00:00Z".to_owned();
        let link = |details: &BuildDetails| {
            let html = fragments(details, &Base::default()).remove(0).html;
            let (_, rest) = html
                .split_once("href=\"/builds?component=")
                .expect("a link");
            rest.split_once('"').expect("its end").0.to_owned()
        };
        details.build.finished_at = "2019-10-20T12:00:00Z".to_owned();
        assert!(!link(&details).contains("from"), "{}", link(&details));
        details.build.finished_at = "2019-10-01T12:00:00Z".to_owned();
        assert!(
            link(&details).ends_with("from=2019-10-01T00%3A00%3A00Z"),
            "{}",
            link(&details)
        );
    }
}
