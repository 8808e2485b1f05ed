//! The start page for a wall: what fits one screen that nobody scrolls, under the age of the data.

use std::cmp::Reverse;

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::{judged, noted, trend};
use crate::{
    api::{HourMatrix, HtmlFragment, PipelineList, ProblemSummary, ProjectHours, Today, View},
    base::Base,
    markup::visible,
    selection::Selection,
    server::{
        figures::words,
        fragments::{components, duration, fragment, pipelines, problems::Shown, results, utc},
        snapshot::instant_ms,
        views::problems::in_words,
    },
};

// What fits a screen of 16:9 (style/_wall.scss).
const MAX_PROBLEMS: usize = 6;
const MAX_HOURS: usize = 16;
const MAX_PROJECTS: usize = 7;
const MAX_INCIDENTS: usize = 2;
const MAX_PIPELINES: usize = 6;

pub fn wall(today: &Today, base: &Base, now_ms: i64) -> Vec<HtmlFragment> {
    let age = wall_age(
        &today.problems.as_of,
        today.age.as_deref(),
        today.old,
        &today.title,
    );
    let shown = Shown {
        list: &today.problems,
        base,
        can_snooze: false,
        now_ms,
        old: today.old,
    };
    vec![
        age,
        fragment("today-verdict", judged(today)),
        fragment("problems", problems(&shown)),
        fragment("today-hours", hours(today, base)),
        fragment("today-trend", trend(today, base)),
    ]
}

/// The age of the data, large; a stale one is marked.
pub fn wall_age(as_of: &str, age: Option<&str>, old: bool, title: &str) -> HtmlFragment {
    let html = html! {
        @match age {
            Some(age) => p { "Data from " strong { (age) } ", " (utc(as_of)) },
            None => p { strong { "No data yet" } },
        }
    };
    HtmlFragment {
        title: visible(title).into_owned(),
        ..fragment(if old { "data-age stale" } else { "data-age" }, html)
    }
}

/// The first of a list of red pipelines.
pub fn wall_pipelines(
    mut red: PipelineList,
    selection: &Selection,
    view: &View,
    base: &Base,
) -> Vec<HtmlFragment> {
    red.page.truncate(MAX_PIPELINES);
    let rest = more(red.pipelines, red.page.len());
    let mut fragments = pipelines(&red, selection, view, base);
    fragments.push(fragment("more", rest));
    fragments
}

/// The number of things that a list leaves out.
fn more(all: u64, shown: usize) -> Markup {
    let rest = all.saturating_sub(shown as u64);
    html! { @if rest > 0 { p { "… and " (words::thousands(rest)) " more." } } }
}

/// The first problems, each in a few words.
fn problems(shown: &Shown<'_>) -> Markup {
    let list = shown.list;
    let counted: u64 = list.states.iter().map(|known| known.problems).sum();
    let first = &list.problems[..list.problems.len().min(MAX_PROBLEMS)];
    html! {
        h2 { "Needs attention" }
        p class="sentence" { (visible(&list.summary)) }
        @if !first.is_empty() {
            ol class="problem-list" { @for problem in first { (card(problem, shown)) } }
        }
        (more(counted, first.len()))
    }
}

fn card(problem: &ProblemSummary, shown: &Shown<'_>) -> Markup {
    let results = results::results_of(&problem.recent);
    html! {
        li class={ "problem state-" (problem.state) } {
            h3 {
                (components::problem_state(&problem.state)) " "
                a href=(shown.href(problem)) {
                    (visible(problem.short_name.as_deref().unwrap_or(&problem.title)))
                }
                @if let Some(project) = &problem.project { " " span class="muted" { (visible(project)) } }
                @if problem.overdue.is_some() { " " span class="muted" { "repository" } }
            }
            p { (state(problem)) }
            @if !results.is_empty() { p class="problem-builds" { (components::strip(&results)) } }
        }
    }
}

/// Since when, and what failed or is overdue.
fn state(problem: &ProblemSummary) -> Markup {
    // The title of an incident has the step.
    let step = problem.failed_step.as_deref();
    let step = step.filter(|_| problem.kind == "pipeline");
    html! {
        @if problem.overdue.is_some() { "Overdue for " } @else { "Red for " }
        @if problem.at_least { "at least " }
        (duration(problem.red_ms)) ", "
        @match &problem.overdue {
            Some(overdue) => (in_words(overdue)),
            None => (words::counted(problem.failures, "failure", "failures")),
        }
        @if let Some(step) = step { " at " (visible(step)) }
    }
}

fn hours(today: &Today, base: &Base) -> Markup {
    let matrix = latest(&today.hours);
    let hours = matrix.hours.len();
    let count = matrix.projects.len();
    let note = html! {
        "Failed of all builds with a verdict in the last " (hours) " hours of the data, "
        @if count < today.hours.projects.len() {
            "in " (count) " of " (today.hours.projects.len()) " projects, those with most failures first"
        } @else { "by project" }
        ". ▲ marks failures of an incident."
    };
    html! {
        h2 { "Is it us?" }
        @if matrix.projects.is_empty() {
            p class="empty" { "No build finished in the last " (hours) " hours of the data." }
        } @else {
            (noted(note, &matrix, today, base))
        }
    }
}

/// The latest hours: of the projects the selected ones and those with most failures, of the incidents the latest.
fn latest(matrix: &HourMatrix) -> HourMatrix {
    let first = matrix.hours.len().saturating_sub(MAX_HOURS);
    let shown = |project: &ProjectHours| ProjectHours {
        hours: project.hours.iter().skip(first).copied().collect(),
        ..project.clone()
    };
    let failed = |project: &ProjectHours| project.hours.iter().map(|hour| hour.failed).sum::<u64>();
    let mut projects: Vec<ProjectHours> = matrix
        .projects
        .iter()
        .map(shown)
        .filter(|project| project.selected || project.hours.iter().any(|hour| hour.decided > 0))
        .collect();
    // Those with as many failures stay in the order of their names.
    projects.sort_by_key(|project| (!project.selected, Reverse(failed(project))));
    projects.truncate(MAX_PROJECTS);
    let hours = &matrix.hours[first..];
    let at = |text: &str| instant_ms(text, &TimeZone::UTC);
    let from_ms = hours.first().and_then(|hour| at(&hour.from));
    let incidents = matrix.incidents.iter();
    let incidents = incidents.filter(|incident| at(&incident.to) >= from_ms);
    HourMatrix {
        hours: hours.to_vec(),
        projects,
        incidents: incidents.take(MAX_INCIDENTS).cloned().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::today, *};
    use crate::{
        api::{Hour, HourCount, HourIncident, Overdue, ProblemCount},
        server::fragments::testing::{assert_text, hostile},
    };

    fn problem(text: &str) -> ProblemSummary {
        ProblemSummary {
            kind: "pipeline".to_owned(),
            state: "new".to_owned(),
            title: text.to_owned(),
            short_name: Some(text.to_owned()),
            project: Some(text.to_owned()),
            at_least: true,
            red_ms: 7_200_000,
            failed_step: Some(text.to_owned()),
            failures: 2,
            recent: vec!["FAILURE".to_owned()],
            ..ProblemSummary::default()
        }
    }

    #[test]
    fn a_repository_is_overdue() {
        let overdue = ProblemSummary {
            kind: "security".to_owned(),
            overdue: Some(Overdue {
                suppressions: 1,
                runtimes: 0,
                findings: 2,
                listed: false,
            }),
            at_least: false,
            failed_step: None,
            ..problem("cmc-api")
        };
        assert_eq!(
            state(&overdue).into_string(),
            "Overdue for 2 h, 1 expired suppression, 2 overdue findings"
        );
    }

    fn project(slug: &str, selected: bool, failed: [u64; 20]) -> ProjectHours {
        let hours = failed.iter().map(|&failed| HourCount {
            failed,
            decided: failed,
            shared: false,
        });
        ProjectHours {
            project: slug.to_owned(),
            slug: slug.to_owned(),
            selected,
            hours: hours.collect(),
        }
    }

    #[test]
    fn the_age_of_the_data_comes_first_and_is_marked_when_stale() {
        let mut today = today("x");
        let first = |today: &Today| wall(today, &Base::default(), 0).swap_remove(0);
        let age = first(&today);
        assert_eq!(age.class, "data-age stale");
        assert!(
            age.html.contains("<strong>7 years ago</strong>"),
            "{}",
            age.html
        );
        today.old = false;
        assert_eq!(first(&today).class, "data-age");
    }

    #[test]
    fn problems_are_few_and_short_and_the_others_are_counted() {
        let mut today = today("x");
        today.problems.problems = vec![problem("test"); 9];
        today.problems.states = vec![ProblemCount {
            state: "new".to_owned(),
            problems: 1_209,
        }];
        let html = &wall(&today, &Base::default(), 0)[2].html;
        assert_eq!(html.matches("<li").count(), MAX_PROBLEMS, "{html}");
        for part in [
            "<p>Red for at least 2 h, 2 failures at test</p>",
            "<p>… and 1,203 more.</p>",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
        assert!(!html.contains("<form") && !html.contains("<dl"), "{html}");
    }

    #[test]
    fn texts_stay_texts() {
        let mut today = today("x");
        today.problems.problems = vec![problem(&hostile())];
        // The name, the project and the step.
        assert_text(&wall(&today, &Base::default(), 0), 3);
    }

    #[test]
    fn the_matrix_has_the_latest_hours_and_the_projects_that_fail_most() {
        let failed = |early: u64, late: u64| {
            let mut hours = [0; 20];
            (hours[3], hours[19]) = (early, late);
            hours
        };
        let at = |hour: usize| format!("2019-10-24T{hour:02}:00:00Z");
        let incident = |hour: usize| HourIncident {
            title: at(hour),
            from: at(0),
            to: format!("2019-10-24T{hour:02}:00:00.500Z"),
            failures: 2,
            opens: String::new(),
        };
        let projects = [
            ("early", false, failed(9, 0)),
            ("one", false, failed(0, 1)),
            ("other", false, failed(5, 1)),
            ("two", false, failed(0, 2)),
            ("selected", true, failed(0, 0)),
        ];
        let matrix = HourMatrix {
            hours: (0..20)
                .map(|hour| Hour {
                    from: at(hour),
                    to: at(hour + 1),
                    day: "24 Oct 2019".to_owned(),
                    time: format!("{hour}:00"),
                })
                .collect(),
            projects: projects
                .into_iter()
                .map(|(slug, selected, failed)| project(slug, selected, failed))
                .collect(),
            incidents: [19, 4, 3].map(incident).into(),
        };
        let shown = latest(&matrix);
        assert_eq!(shown.hours[0].from, at(4));
        assert_eq!(shown.hours.len(), MAX_HOURS);
        let slugs: Vec<&str> = shown.projects.iter().map(|known| &*known.slug).collect();
        assert_eq!(slugs, ["selected", "two", "one", "other"]);
        assert!(
            shown
                .projects
                .iter()
                .all(|known| known.hours.len() == MAX_HOURS)
        );
        let titles: Vec<&str> = shown.incidents.iter().map(|known| &*known.title).collect();
        assert_eq!(titles, [at(19), at(4)]);
        let many = HourMatrix {
            projects: vec![project("many", false, failed(0, 1)); 30],
            ..matrix
        };
        assert_eq!(latest(&many).projects.len(), MAX_PROJECTS);
    }
}
