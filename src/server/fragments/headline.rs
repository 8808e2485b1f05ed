//! The state of the builds at a glance, a tile each: how many builds failed, how many pipelines are red,
//! and which of them for longest.

use maud::{Markup, html};

use super::{foldable, fragment, timed};
use crate::{
    api::{Headline, HtmlFragment, RedPipeline},
    markup::visible,
    server::figures::words,
};

/// The number of red pipelines that are listed before the rest is folded.
const FIRST_RED: usize = 6;
/// Percentage points below which a share counts as unchanged; it is shown to one decimal.
const UNCHANGED: f64 = 0.05;

pub fn fragments(headline: &Headline) -> Vec<HtmlFragment> {
    vec![
        failed_builds(headline),
        red_now(headline),
        red_for_longest(headline),
    ]
}

fn failed_builds(headline: &Headline) -> HtmlFragment {
    let html = html! {
        h2 { "Failed builds" }
        p class="figure-of-merit" {
            @match headline.failure_percent {
                Some(share) => (percent(share)),
                None => "–",
            }
        }
        p {
            (words::thousands(headline.failed)) " of "
            (words::counted(headline.builds, "build", "builds")) " failed "
            (headline.window)
        }
        (change(headline))
    };
    fragment("tile", html)
}

/// Better or worse than before, in words, by a sign and by colour.
fn change(headline: &Headline) -> Markup {
    let before = &headline.compared;
    let (class, sign, text) = match (headline.failure_percent, headline.failure_percent_before) {
        (Some(now), Some(then)) if (now - then).abs() < UNCHANGED => {
            ("same", "=", format!("The same as in {before}"))
        }
        (Some(now), Some(then)) => {
            let (class, sign, word) = if now > then {
                ("worse", "▲", "worse")
            } else {
                ("better", "▼", "better")
            };
            let points = (now - then).abs();
            let then = percent(then);
            let text = format!("{points:.1} points {word} than in {before} ({then})");
            (class, sign, text)
        }
        (None, Some(then)) => ("same", "", format!("{} in {before}", percent(then))),
        (_, None) => ("same", "", format!("There are no builds in {before}")),
    };
    html! {
        p class={ "change " (class) } {
            @if !sign.is_empty() { span aria-hidden="true" { (sign) } }
            (text)
        }
    }
}

fn percent(percent: f64) -> String {
    format!("{percent:.1}%")
}

fn red_now(headline: &Headline) -> HtmlFragment {
    let window = &headline.window;
    let html = html! {
        h2 { "Red right now" }
        p class="figure-of-merit" { (words::thousands(headline.red_total)) }
        @if headline.pipelines == 0 {
            p { "No pipeline finished " (window) }
        } @else {
            p {
                "of " (words::counted(headline.pipelines, "pipeline", "pipelines"))
                " that ran " (window)
            }
            p class="note" { "A pipeline is red while its latest finished build failed" }
        }
    };
    let class = if headline.red_total == 0 {
        "tile"
    } else {
        "tile bad"
    };
    fragment(class, html)
}

fn red_for_longest(headline: &Headline) -> HtmlFragment {
    let (first, more) = headline.red.split_at(headline.red.len().min(FIRST_RED));
    let html = html! {
        h2 { "Red for longest" }
        @if !first.is_empty() {
            (list(first))
        } @else if headline.pipelines == 0 {
            p class="note" { "No pipeline finished." }
        } @else {
            p class="all-good" { "None: the latest build of every pipeline that ran is good." }
        }
    };
    if more.is_empty() {
        return fragment("tile wide", html);
    }
    let unlisted = headline.red_total - headline.red.len() as u64;
    let folded = html! {
        (list(more))
        @if unlisted > 0 {
            p class="note" { (words::thousands(unlisted)) " more are not listed here" }
        }
    };
    let summary = html! { "Show " (more.len()) " more" };
    foldable("tile wide", html, summary, folded)
}

fn list(red: &[RedPipeline]) -> Markup {
    html! {
        ul class="red-list" {
            @for red in red { (item(red)) }
        }
    }
}

fn item(red: &RedPipeline) -> Markup {
    html! {
        li {
            span class="pipeline" { (visible(&red.pipeline)) }
            span class="detail" {
                (visible(&red.project)) " · failed "
                @match red.failed_in_a_row {
                    1 => "once",
                    times => { (words::thousands(times)) " times in a row" },
                }
                ", since " (timed(&red.since, &red.since_text))
                @if let Some(step) = &red.step {
                    " at " span class="step" { (visible(step)) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::fragments::testing::{assert_text, hostile};

    fn headline(now: Option<f64>, before: Option<f64>) -> Headline {
        Headline {
            days: 14,
            window: "in the last 14 days".to_owned(),
            compared: "the 14 days before".to_owned(),
            builds: 1200,
            failed: 300,
            failure_percent: now,
            failure_percent_before: before,
            builds_before: 0,
            red: Vec::new(),
            red_total: 0,
            pipelines: 3,
        }
    }

    fn red(pipeline: &str) -> RedPipeline {
        RedPipeline {
            pipeline: pipeline.to_owned(),
            project: "CMC".to_owned(),
            since: "2019-10-22T13:05:00Z".to_owned(),
            since_text: "22 Oct 2019, 14:05".to_owned(),
            failed_in_a_row: 2,
            step: Some("<i>".to_owned()),
        }
    }

    #[test]
    fn a_change_has_words_a_sign_and_a_class() {
        let change = |now, before| change(&headline(now, before)).into_string();
        for (now, before, words) in [
            (
                Some(25.0),
                Some(20.0),
                "worse\"><span aria-hidden=\"true\">▲</span>5.0 points worse than in the 14 days before (20.0%)",
            ),
            (
                Some(20.0),
                Some(25.0),
                "better\"><span aria-hidden=\"true\">▼</span>5.0 points better",
            ),
            (
                Some(20.0),
                Some(20.01),
                "same\"><span aria-hidden=\"true\">=</span>The same as in",
            ),
            (None, Some(20.0), "same\">20.0% in the 14 days before"),
            (
                Some(20.0),
                None,
                "same\">There are no builds in the 14 days before",
            ),
        ] {
            let change = change(now, before);
            assert!(change.contains(words), "{change}");
        }
    }

    #[test]
    fn a_few_red_pipelines_are_listed_and_the_rest_is_folded() {
        let mut headline = headline(Some(25.0), None);
        let [share, now, longest] = &fragments(&headline)[..] else {
            panic!("three tiles")
        };
        assert!(
            share
                .html
                .contains("<p>300 of 1,200 builds failed in the last 14 days</p>")
        );
        assert_eq!(now.class, "tile");
        assert!(longest.html.contains("class=\"all-good\""));

        headline.red = (0..8).map(|number| red(&format!("<b>{number}"))).collect();
        headline.red_total = 1010;
        let [_, now, longest] = &fragments(&headline)[..] else {
            panic!("three tiles")
        };
        assert_eq!(now.class, "tile bad");
        assert!(
            now.html.contains(">1,010</p><p>of 3 pipelines that ran"),
            "{}",
            now.html
        );
        assert_eq!(longest.html.matches("<li>").count(), 6);
        assert_eq!(longest.summary, "Show 2 more");
        assert_eq!(longest.folded.matches("<li>").count(), 2);
        assert!(
            longest
                .folded
                .ends_with("1,002 more are not listed here</p>")
        );
        let item = "<span class=\"pipeline\">&lt;b&gt;0</span><span class=\"detail\">CMC · failed \
                    2 times in a row, since <time datetime=\"2019-10-22T13:05:00Z\">22 Oct 2019, \
                    14:05</time> at <span class=\"step\">&lt;i&gt;</span></span>";
        assert!(longest.html.contains(item), "{}", longest.html);
    }

    #[test]
    fn hostile_text_stays_text() {
        let hostile_red = RedPipeline {
            pipeline: hostile(),
            project: hostile(),
            since: hostile(),
            since_text: hostile(),
            failed_in_a_row: 2,
            step: Some(hostile()),
        };
        let mut headline = headline(Some(25.0), Some(20.0));
        headline.red = vec![hostile_red; FIRST_RED + 1];
        headline.red_total = FIRST_RED as u64 + 1;
        assert_text(&fragments(&headline), 5 * (FIRST_RED + 1));
    }
}
