//! The page of one pipeline: its state, its latest builds, its red episodes, and durations of builds and steps.

use maud::{Markup, html};

use super::{
    addresses,
    build::{external, fact},
    change_points, charts,
    components::{columns, number, table},
    duration, fragment, repository_link, results, utc,
};
use crate::{
    api::{BuildMark, HtmlFragment, PipelineDetails, RedEpisode, StepSummary, WeekDurations},
    base::Base,
    markup::visible,
    numbers,
    selection::Selection,
    server::{config, figures::words, model::BuildResult},
};

/// A pipeline and the base path of links.
struct Shown<'a> {
    details: &'a PipelineDetails,
    base: &'a Base,
}

pub fn fragments(details: &PipelineDetails, base: &Base) -> Vec<HtmlFragment> {
    let shown = Shown { details, base };
    vec![
        fragment("pipeline-head", shown.head()),
        fragment("pipeline-builds", shown.builds()),
        fragment("pipeline-episodes", shown.episodes()),
        fragment("pipeline-changes", change_points::section(details, base)),
        fragment("pipeline-durations", shown.durations()),
        fragment("pipeline-steps", shown.steps()),
    ]
}

impl Shown<'_> {
    /// Builds of the pipeline with these conditions, too.
    fn builds_with(&self, pairs: &[(&str, &str)]) -> String {
        let own = [("pipeline", &*self.details.pipeline)];
        let selection: Selection = own.iter().chain(pairs).copied().collect();
        addresses::selected(self.base, &selection.encoded())
    }

    fn head(&self) -> Markup {
        let details = self.details;
        let latest = &details.latest;
        html! {
            p class="sentence" role="status" { (self.state()) }
            dl class="facts" {
                (fact("Project", html! {
                    a href=(self.all_with("project", &config::slug(&latest.project))) { (visible(&latest.project)) }
                }))
                (self.optional("Team", "team", latest.team.as_deref()))
                (fact("Repository", html! {
                    @match &latest.repository {
                        Some(name) => (repository_link(self.base, name, None)),
                        None => "unknown",
                    }
                }))
                @if let Some(address) = &details.repository_address {
                    (fact("Address", external(address, "")))
                }
                @if let Some(address) = &details.job_address {
                    (fact("Job", external(address, "")))
                }
                @if let Some(green) = &details.last_green {
                    (fact("Last green", self.mark(green)))
                }
                (fact("Start delay", html! {
                    @match details.start_delay_p50_ms {
                        Some(ms) => { (duration(ms)) " (median)" },
                        None => "unknown",
                    }
                }))
            }
        }
    }

    fn all_with(&self, key: &str, value: &str) -> String {
        let selection: Selection = [(key, value)].into_iter().collect();
        addresses::selected(self.base, &selection.encoded())
    }

    fn optional(&self, label: &str, key: &str, value: Option<&str>) -> Markup {
        fact(
            label,
            html! {
                @match value {
                    Some(value) => a href=(self.all_with(key, value)) { (visible(value)) },
                    None => "unknown",
                }
            },
        )
    }

    /// `✕ Red for 3 builds since #12, 22 Oct 2019, 14:05 UTC.`
    fn state(&self) -> Markup {
        let details = self.details;
        let (result, word) = match &*details.state {
            "good" => (BuildResult::Success, "Good"),
            "red" => (BuildResult::Failure, "Red"),
            _ => (BuildResult::Unknown, "State unknown"),
        };
        html! {
            span class={ "result " (results::class(result)) } {
                span aria-hidden="true" { (results::shape(result)) } " " (word)
            }
            @if let Some(since) = &details.since {
                " for " (words::counted(details.streak, "build", "builds"))
                @if details.at_least { ", at least since " } @else { ", since " }
                (self.mark(since))
                @if details.at_least { ", where the data begins" }
            } @else { ": no build was good or failed" }
            "."
            @if details.dormant { " Dormant: no build was completed for long." }
        }
    }

    fn mark(&self, mark: &BuildMark) -> Markup {
        let details = self.details;
        let href =
            addresses::numbered_build(self.base, &details.system, &details.name, &mark.number);
        html! {
            a href=(href) { "#" (visible(&mark.number)) } ", "
            (utc(&mark.finished_at))
        }
    }

    fn builds(&self) -> Markup {
        let details = self.details;
        html! {
            h2 { "Builds" }
            (charts::strip(details, self.base))
            p {
                (words::counted(details.builds, "build", "builds")) " in the data. "
                a href=(self.builds_with(&[])) { "List the builds of this pipeline" }
            }
        }
    }

    fn episodes(&self) -> Markup {
        let details = self.details;
        let times = &details.time_to_green;
        html! {
            h2 { "Red episodes" }
            @if details.episodes.is_empty() {
                p class="empty" { "The pipeline was never red in the data." }
            } @else {
                p {
                    @match times.median_ms {
                        Some(ms) => { "Median time to green: " strong { (duration(ms)) } },
                        None => "The median time to green is not reached",
                    }
                    " (" (words::counted(times.episodes, "episode", "episodes"))
                    @if times.open > 0 { ", " (times.open) " open" } ")."
                }
                @let [opened, step, closed] = columns(["First failed build", "First failed step", "Green again"]);
                @let columns = [opened, step, number("Failed builds"), closed, number("Time to green")];
                @let rows: Vec<_> = details.episodes.iter().map(|episode| self.episode(episode)).collect();
                (table("Red episodes, the latest first", &columns, 0, &rows))
                @if details.episode_count > details.episodes.len() as u64 {
                    p { "The latest " (details.episodes.len()) " of " (words::thousands(details.episode_count)) " episodes." }
                }
            }
        }
    }

    fn episode(&self, episode: &RedEpisode) -> [Markup; 5] {
        [
            html! {
                @if episode.at_least { "at least since " }
                (self.mark(&episode.opened))
            },
            html! { @match &episode.failed_step { Some(step) => (visible(step)), None => "–" } },
            html! { (words::thousands(episode.failures)) },
            html! { @match &episode.closed { Some(closed) => (self.mark(closed)), None => "still red" } },
            html! {
                @if episode.at_least || episode.closed.is_none() {
                    span aria-hidden="true" { "≥ " } span class="visually-hidden" { "at least " }
                }
                (duration(episode.red_ms))
            },
        ]
    }

    fn durations(&self) -> Markup {
        let details = self.details;
        html! {
            h2 { "Duration" }
            (charts::durations(details, self.base))
            @if !details.weeks.is_empty() {
                details class="help" {
                    summary { "By week" }
                    table class="table" {
                        caption class="visually-hidden" { "Durations of decided builds by week, the latest first" }
                        thead {
                            tr {
                                th scope="col" { "Week from" }
                                th scope="col" class="number" { "Builds" }
                                th scope="col" class="number" { "Median" }
                                th scope="col" class="number" { "95%" }
                            }
                        }
                        tbody { @for week in details.weeks.iter().rev() { (self.week(week)) } }
                    }
                }
            }
        }
    }

    fn week(&self, week: &WeekDurations) -> Markup {
        let decided = BuildResult::ALL.into_iter();
        let decided = decided.filter(|result| result.is_decided());
        let results = decided.map(|result| ("result", result.as_str()));
        let range = [
            ("from", &*week.from),
            ("known", "duration"),
            ("to", &*week.to),
        ];
        let pairs: Vec<(&str, &str)> = range.into_iter().chain(results).collect();
        html! {
            tr {
                th scope="row" { (numbers::date(&week.from)) }
                td class="number" { a href=(self.builds_with(&pairs)) { (words::thousands(week.builds)) } }
                td class="number" { (duration(week.p50_ms as u64)) }
                td class="number" { (duration(week.p95_ms as u64)) }
            }
        }
    }

    fn steps(&self) -> Markup {
        let details = self.details;
        html! {
            h2 { "Steps" }
            @if details.steps.is_empty() {
                p class="empty" { "No step is known of the builds of the last 90 days." }
            } @else {
                p {
                    "Of " (words::counted(details.steps_builds, "build", "builds")) " since "
                    (utc(&details.steps_from))
                    ". “≤”: derived from the ends of other steps, an upper bound."
                }
                @let [step] = columns(["Step"]);
                @let [runs, failed, p50, p95, share] = ["Runs", "Failed first", "Median", "95%", "Share of time"].map(number);
                @let rows: Vec<_> = details.steps.iter().map(|step| self.step(step)).collect();
                (table("Steps by the time that they take", &[step, runs, failed, p50, p95, share], 0, &rows))
            }
        }
    }

    fn step(&self, step: &StepSummary) -> [Markup; 6] {
        let failed = [
            ("failed_step", &*step.name),
            ("from", &*self.details.steps_from),
        ];
        let time = |ms: Option<f64>| {
            html! {
                @match ms {
                    Some(ms) => {
                        @if step.at_most { span aria-hidden="true" { "≤ " } span class="visually-hidden" { "at most " } }
                        (duration(ms as u64))
                    },
                    None => "–",
                }
            }
        };
        [
            html! { (visible(&step.name)) },
            html! { (words::thousands(step.runs)) },
            html! {
                @if step.failed_first > 0 {
                    a href=(self.builds_with(&failed)) { (words::thousands(step.failed_first)) }
                } @else { "0" }
            },
            time(step.p50_ms),
            time(step.p95_ms),
            html! { @match step.share_percent { Some(percent) => { (words::percent(percent)) }, None => "–" } },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api::{
            BuildSummary, ChangeLevel, ChangePoint, ChangedValue, EpisodeTimes, ExternalAddress,
        },
        server::fragments::testing::{HOSTILE, hostile},
    };

    #[test]
    fn hostile_text_stays_text() {
        let mark = BuildMark {
            number: hostile(),
            result: hostile(),
            finished_at: "2019-10-25T12:00:00Z".to_owned(),
            duration_ms: Some(60_000),
        };
        let address = ExternalAddress {
            text: hostile(),
            href: None,
        };
        let details = PipelineDetails {
            system: hostile(),
            name: hostile(),
            pipeline: hostile(),
            state: "red".to_owned(),
            since: Some(mark.clone()),
            streak: 1,
            last_green: Some(mark.clone()),
            latest: BuildSummary {
                project: hostile(),
                team: Some(hostile()),
                repository: Some(hostile()),
                ..BuildSummary::default()
            },
            builds: 1,
            job_address: Some(address.clone()),
            repository_address: Some(address),
            recent: vec![mark.clone(); 60],
            episodes: vec![RedEpisode {
                opened: mark.clone(),
                closed: Some(mark.clone()),
                failed_step: Some(hostile()),
                ..RedEpisode::default()
            }],
            episode_count: 1,
            time_to_green: EpisodeTimes::default(),
            change_points: vec![
                ChangePoint {
                    measure: "duration".to_owned(),
                    build: mark.clone(),
                    after: mark.clone(),
                    until: mark.clone(),
                    from: ChangeLevel {
                        builds: 5,
                        mean_ms: Some(60_000.0),
                        conditions: "from=2019-10-21".to_owned(),
                        ..ChangeLevel::default()
                    },
                    changed: vec![ChangedValue {
                        attribute: "node".to_owned(),
                        label: hostile(),
                        from: hostile(),
                        to: Some(hostile()),
                        values: 2,
                    }],
                    ..ChangePoint::default()
                };
                20
            ],
            weeks: vec![WeekDurations {
                from: "2019-10-21".to_owned(),
                to: "2019-10-28".to_owned(),
                builds: 1,
                p50_ms: 1.0,
                p95_ms: 1.0,
            }],
            points: vec![mark; 500],
            steps: vec![StepSummary {
                name: hostile(),
                failed_first: 1,
                p50_ms: Some(1.0),
                at_most: true,
                ..StepSummary::default()
            }],
            ..PipelineDetails::default()
        };
        let fragments = fragments(&details, &Base::default());
        let html: String = fragments.iter().map(|known| &*known.html).collect();
        assert!(!html.contains(HOSTILE) && !html.contains(" style="));
        let encoded = html.matches("%3Cscript%3E").count();
        let escaped = html.matches("&lt;script&gt;").count();
        let slugs = html.matches("project=script\"").count();
        assert_eq!(html.matches("script").count(), encoded + escaped + slugs);
        assert!(!html.contains('\u{202e}') && !html.contains("NaN"));
        assert!(html.len() < 600_000, "{}", html.len());
        let empty = super::fragments(&PipelineDetails::default(), &Base::default());
        assert!(empty.iter().all(|known| !known.html.contains("NaN")));
    }
}
