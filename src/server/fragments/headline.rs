//! What a team lead wants in five seconds: how many builds failed, how many pipelines are red, and
//! which of them for longest. A tile each.

use super::timed;
use crate::{
    api::{Headline, HtmlFragment, RedPipeline},
    components::data_table::escape,
    server::figures::words,
};

/// How many red pipelines stand there without being asked for.
const FIRST_RED: usize = 6;
/// Percent points below which a share counts as unchanged; it is shown to one decimal.
const UNCHANGED: f64 = 0.05;

pub fn fragments(headline: &Headline) -> Vec<HtmlFragment> {
    vec![
        failed_builds(headline),
        red_now(headline),
        red_for_longest(headline),
    ]
}

fn failed_builds(headline: &Headline) -> HtmlFragment {
    let share = headline.failure_percent;
    let share = share.map_or_else(|| "–".to_owned(), |percent| format!("{percent:.1} %"));
    let html = format!(
        "<h2>Failed builds</h2><p class=\"figure-of-merit\">{share}</p>\
         <p>{} of {} failed {}</p>{}",
        words::thousands(headline.failed),
        words::counted(headline.builds, "build", "builds"),
        words::window(headline.days),
        change(headline),
    );
    tile("tile", html)
}

/// Better or worse than before, in words, by a sign and by colour.
fn change(headline: &Headline) -> String {
    let before = match headline.days {
        1 => "the day before".to_owned(),
        days => format!("the {days} days before"),
    };
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
            let text = format!("{points:.1} points {word} than in {before} ({then:.1} %)");
            (class, sign, text)
        }
        (None, Some(then)) => ("same", "", format!("{then:.1} % in {before}")),
        (_, None) => ("same", "", format!("There are no builds of {before}")),
    };
    let sign = match sign {
        "" => String::new(),
        sign => format!("<span aria-hidden=\"true\">{sign}</span>"),
    };
    format!("<p class=\"change {class}\">{sign}{text}</p>")
}

fn red_now(headline: &Headline) -> HtmlFragment {
    let window = words::window(headline.days);
    let of = match headline.pipelines {
        0 => format!("<p>No pipeline ran to its end {window}</p>"),
        pipelines => format!(
            "<p>of {} that ran {window}</p>\
             <p class=\"note\">A pipeline is red while its latest finished build failed</p>",
            words::counted(pipelines, "pipeline", "pipelines"),
        ),
    };
    let html = format!(
        "<h2>Red right now</h2><p class=\"figure-of-merit\">{}</p>{of}",
        words::thousands(headline.red_total),
    );
    let class = if headline.red_total == 0 {
        "tile"
    } else {
        "tile bad"
    };
    tile(class, html)
}

fn red_for_longest(headline: &Headline) -> HtmlFragment {
    const HEADING: &str = "<h2>Red for longest</h2>";
    if headline.red.is_empty() {
        let none = if headline.pipelines == 0 {
            "<p class=\"note\">No pipeline ran to its end.</p>"
        } else {
            "<p class=\"all-good\">None: the latest build of every pipeline is good.</p>"
        };
        return tile("tile wide", format!("{HEADING}{none}"));
    }
    let (first, more) = headline.red.split_at(headline.red.len().min(FIRST_RED));
    let html = format!("{HEADING}{}", list(first));
    if more.is_empty() {
        return tile("tile wide", html);
    }
    let mut folded = list(more);
    let rest = headline.red_total - headline.red.len() as u64;
    if rest > 0 {
        let rest = words::thousands(rest);
        folded.push_str(&format!(
            "<p class=\"note\">{rest} more are not listed here</p>"
        ));
    }
    HtmlFragment {
        summary: format!("Show {} more", more.len()),
        folded,
        ..tile("tile wide", html)
    }
}

fn list(red: &[RedPipeline]) -> String {
    let mut html = "<ul class=\"red-list\">".to_owned();
    for red in red {
        item(&mut html, red);
    }
    html.push_str("</ul>");
    html
}

fn item(html: &mut String, red: &RedPipeline) {
    html.push_str("<li><span class=\"pipeline\">");
    escape(html, &red.pipeline);
    html.push_str("</span><span class=\"detail\">");
    escape(html, &red.project);
    html.push_str(" · failed ");
    match red.failed_in_a_row {
        1 => html.push_str("once"),
        times => {
            html.push_str(&words::thousands(times));
            html.push_str(" times in a row");
        }
    }
    html.push_str(", since ");
    timed(html, &red.since, &red.since_text);
    if let Some(step) = &red.step {
        html.push_str(" at <span class=\"step\">");
        escape(html, step);
        html.push_str("</span>");
    }
    html.push_str("</span></li>");
}

fn tile(class: &str, html: String) -> HtmlFragment {
    HtmlFragment {
        class: class.to_owned(),
        html,
        ..HtmlFragment::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headline(now: Option<f64>, before: Option<f64>) -> Headline {
        Headline {
            days: 14,
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
            since_text: "Tue 22 Oct 2019, 14:05".to_owned(),
            failed_in_a_row: 2,
            step: Some("<i>".to_owned()),
        }
    }

    #[test]
    fn a_change_is_told_in_words_by_a_sign_and_by_class() {
        let change = |now, before| change(&headline(now, before));
        for (now, before, words) in [
            (
                Some(25.0),
                Some(20.0),
                "worse\"><span aria-hidden=\"true\">▲</span>5.0 points worse than in the 14 days before (20.0 %)",
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
            (None, Some(20.0), "same\">20.0 % in the 14 days before"),
            (
                Some(20.0),
                None,
                "same\">There are no builds of the 14 days before",
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
                    2 times in a row, since <time datetime=\"2019-10-22T13:05:00Z\">Tue 22 Oct 2019, \
                    14:05</time> at <span class=\"step\">&lt;i&gt;</span></span>";
        assert!(longest.html.contains(item), "{}", longest.html);
    }
}
