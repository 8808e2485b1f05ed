//! The state of the builds at a glance, a tile each: how many builds failed, how many pipelines are red,
//! and which of them for longest.

use maud::{Markup, html};

use super::{addresses, foldable, fragment, time, timed};
use crate::{
    api::{Change, Headline, HtmlFragment, RedPipeline, View},
    base::Base,
    markup::visible,
    selection::Selection,
    server::{
        config,
        figures::{opens, words},
        model::BuildResult,
        significance::{MIN_COUNT, Rate},
    },
};

/// The number of red pipelines that are listed before the rest is folded.
const FIRST_RED: usize = 6;
/// A percentage of fewer builds is shown with its 95% interval.
const MANY_BUILDS: u64 = 100;

/// Links to pipelines are under the base path.
pub fn fragments(
    headline: &Headline,
    selection: &Selection,
    rules: &config::Insight,
    base: &Base,
) -> Vec<HtmlFragment> {
    vec![
        failed_builds(headline, selection, base),
        red_now(headline, selection, rules, base),
        red_for_longest(headline, base),
    ]
}

fn failed_builds(headline: &Headline, selection: &Selection, base: &Base) -> HtmlFragment {
    let builds_of = |wanted: fn(BuildResult) -> bool| {
        let narrowed = selection.narrowed(&opens::of_results(selection, wanted));
        addresses::builds(base, &narrowed, &View::default())
    };
    let rate = Rate {
        part: headline.failed,
        whole: headline.decided,
    };
    let interval = rate.interval().filter(|_| rate.whole < MANY_BUILDS);
    let html = html! {
        h2 { "Failed builds" }
        p class="figure-of-merit" {
            @match headline.failure_percent {
                Some(share) => (percent(share)),
                None => "–",
            }
        }
        p {
            @let failed = words::thousands(headline.failed);
            @let decided = words::counted(headline.decided, "decided build", "decided builds");
            @if headline.failed > 0 {
                a href=(builds_of(BuildResult::is_failed)) aria-label={ (failed) " failed builds" } {
                    (failed)
                }
            } @else {
                (failed)
            }
            " of "
            @if headline.decided > 0 {
                a href=(builds_of(BuildResult::is_decided)) { (decided) }
            } @else {
                (decided)
            }
            " failed " (headline.window)
        }
        @if let Some(interval) = interval {
            p class="note" {
                "95% interval: " (words::percent(100.0 * interval.low)) " to "
                (words::percent(100.0 * interval.high))
            }
        }
        (change(headline))
        @if headline.decided_before > 0 {
            (period_before(selection, base))
        }
    };
    fragment("tile", html)
}

/// A link to the chart that shows the period before as a ghost of this one, or to the page without it. The chart's own
/// page, because on phones it stands behind a tab of this one.
fn period_before(selection: &Selection, base: &Base) -> Markup {
    let (href, words) = match selection.is_compared() {
        true => {
            let query = selection.without("compare").query();
            (base.path("/pipelines") + &query, "Hide the period before")
        }
        false => {
            let compared = selection.with("compare", "previous");
            let href = addresses::figure(base, "timeline_short", &compared);
            (href, "Show the period before in the chart")
        }
    };
    html! {
        p { a href=(href) { (words) } }
    }
}

/// Better or worse than before, in words, by a sign and by colour, where chance is excluded.
fn change(headline: &Headline) -> Markup {
    let before = &headline.compared;
    let then = headline.failure_percent_before.map(|then| {
        let count = headline.decided_before;
        if count < MIN_COUNT {
            format!("{}, {} of {count}", percent(then), headline.failed_before)
        } else {
            percent(then)
        }
    });
    let (class, sign, text) = match (headline.failure_percent, then) {
        (_, None) => (
            "same",
            "",
            format!("There are no decided builds in {before}"),
        ),
        (None, Some(then)) => ("same", "", format!("In {before}: {then}")),
        (Some(now), Some(then)) => {
            let points = (now - headline.failure_percent_before.unwrap_or(now)).abs();
            match headline.change {
                Change::Better => (
                    "better",
                    "▼",
                    format!("{points:.1} points better than in {before} ({then})"),
                ),
                Change::Worse => (
                    "worse",
                    "▲",
                    format!("{points:.1} points worse than in {before} ({then})"),
                ),
                Change::Unclear => (
                    "same",
                    "",
                    format!("No clear change from {before} ({then})"),
                ),
            }
        }
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

fn red_now(
    headline: &Headline,
    selection: &Selection,
    rules: &config::Insight,
    base: &Base,
) -> HtmlFragment {
    let rule = if rules.aborted_is_red {
        "Red from the first failed or aborted build to the next good one, whatever the range"
    } else {
        "Red from the first failed build to the next good one, whatever the range; aborted builds do not count"
    };
    let html = html! {
        h2 { "Red pipelines" }
        p class="figure-of-merit" {
            @if headline.red_total > 0 {
                a href=(addresses::pipelines(base, selection, &View::default().with("state", "red"))) {
                    (words::thousands(headline.red_total))
                    span class="visually-hidden" {
                        @if headline.red_total == 1 { " red pipeline" } @else { " red pipelines" }
                    }
                }
            } @else { "0" }
        }
        p {
            @if headline.pipelines == 0 {
                "No pipeline is known to be red or good"
            } @else {
                "of " (words::counted(headline.pipelines, "pipeline", "pipelines"))
            }
            @if let Some(as_of) = &headline.as_of { ", as of " (time(as_of)) }
        }
        @if headline.pipelines > 0 {
            p class="note" { (rule) }
        }
        @if headline.dormant > 0 {
            p class="note" { a href=(addresses::pipelines(base, selection, &View::default().with("state", "dormant"))) { (dormant(headline.dormant, rules.dormant_days)) } }
        }
    };
    let class = if headline.red_total == 0 {
        "tile"
    } else {
        "tile bad"
    };
    fragment(class, html)
}

fn dormant(pipelines: u64, days: u16) -> String {
    let more = words::counted(pipelines, "more pipeline has", "more pipelines have");
    let days = words::counted(u64::from(days), "day", "days");
    format!("{more} not finished a build for {days}")
}

fn red_for_longest(headline: &Headline, base: &Base) -> HtmlFragment {
    let (first, more) = headline.red.split_at(headline.red.len().min(FIRST_RED));
    let html = html! {
        h2 { "Red for longest" }
        @if !first.is_empty() {
            (list(first, base))
        } @else if headline.pipelines == 0 {
            p class="note" { "No pipeline is known to be red." }
        } @else {
            p class="all-good" {
                // Dormant pipelines are in a tile of their own.
                @let active = if headline.dormant > 0 { "active " } else { "" };
                @match headline.pipelines {
                    1 => { "None: the only " (active) "pipeline is good." },
                    all => { "None: all " (words::thousands(all)) " " (active) "pipelines are good." },
                }
            }
        }
    };
    if more.is_empty() {
        return fragment("tile wide", html);
    }
    let unlisted = headline.red_total - headline.red.len() as u64;
    let folded = html! {
        (list(more, base))
        @if unlisted > 0 {
            p class="note" { (words::thousands(unlisted)) " more are not listed here" }
        }
    };
    let summary = html! { "Show " (more.len()) " more" };
    foldable("tile wide", html, summary, folded)
}

fn list(red: &[RedPipeline], base: &Base) -> Markup {
    html! {
        ul class="red-list" {
            @for red in red { (item(red, base)) }
        }
    }
}

fn item(red: &RedPipeline, base: &Base) -> Markup {
    html! {
        li {
            a class="pipeline" href=(addresses::pipeline(base, &red.system, &red.name)) title=(visible(&red.pipeline)) {
                (visible(&red.short_name))
            }
            span class="detail" {
                (visible(&red.project)) " · red "
                @if red.at_least {
                    "at least since " (timed(&red.since, &red.since_text)) ", where the data begins"
                } @else {
                    "since " (timed(&red.since, &red.since_text))
                }
                @if let Some(step) = &red.step {
                    ", first at " span class="step" { (visible(step)) }
                }
                " · failed "
                @match red.streak {
                    1 => "once",
                    times => { (words::thousands(times)) " times" },
                }
                @if let Some(last) = &red.last_green { " · last good " (time(last)) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api::Moment,
        server::fragments::testing::{assert_text, hostile, hostile_moment},
    };

    fn headline(now: Option<f64>, before: Option<f64>) -> Headline {
        Headline {
            days: 14,
            window: "in the last 14 days".to_owned(),
            compared: "the 14 days before".to_owned(),
            builds: 1250,
            decided: 1200,
            failed: 300,
            failure_percent: now,
            failure_percent_before: before,
            builds_before: 1040,
            decided_before: 1000,
            failed_before: 200,
            change: Change::Unclear,
            as_of: Some(Moment {
                at: "2019-10-25T12:00:00Z".to_owned(),
                text: "25 Oct 2019, 13:00".to_owned(),
            }),
            red: Vec::new(),
            red_total: 0,
            pipelines: 3,
            dormant: 0,
        }
    }

    fn tiles(headline: &Headline) -> [HtmlFragment; 3] {
        let rules = config::Insight::default();
        let tiles = fragments(headline, &Selection::default(), &rules, &Base::new("/rse"));
        tiles.try_into().expect("three tiles")
    }

    fn red(pipeline: &str) -> RedPipeline {
        RedPipeline {
            system: "jenkins".to_owned(),
            name: format!("HMCTS/{pipeline} &c"),
            pipeline: format!("HMCTS/{pipeline}"),
            short_name: pipeline.to_owned(),
            project: "CMC".to_owned(),
            since: "2019-10-22T13:05:00Z".to_owned(),
            since_text: "22 Oct 2019, 14:05".to_owned(),
            at_least: false,
            streak: 2,
            last_green: Some(Moment {
                at: "2019-10-21T13:05:00Z".to_owned(),
                text: "21 Oct 2019, 14:05".to_owned(),
            }),
            step: Some("<i>".to_owned()),
        }
    }

    #[test]
    fn a_clear_change_has_words_a_sign_and_a_class() {
        for (now, before, is, words) in [
            (
                Some(25.0),
                Some(20.0),
                Change::Worse,
                "worse\"><span aria-hidden=\"true\">▲</span>5.0 points worse than in the 14 days before (20.0%)",
            ),
            (
                Some(20.0),
                Some(25.0),
                Change::Better,
                "better\"><span aria-hidden=\"true\">▼</span>5.0 points better",
            ),
            (
                Some(20.0),
                Some(24.0),
                Change::Unclear,
                "same\">No clear change from the 14 days before (24.0%)",
            ),
            (
                None,
                Some(20.0),
                Change::Unclear,
                "same\">In the 14 days before: 20.0%",
            ),
            (
                Some(20.0),
                None,
                Change::Unclear,
                "same\">There are no decided builds in the 14 days before",
            ),
        ] {
            let change = change(&Headline {
                change: is,
                ..headline(now, before)
            });
            let change = change.into_string();
            assert!(change.contains(words), "{change}");
        }
    }

    #[test]
    fn a_link_shows_the_period_before_and_hides_it_again() {
        let rules = config::Insight::default();
        let share = |selection: &Selection| {
            let headline = headline(Some(25.0), Some(20.0));
            let tiles = fragments(&headline, selection, &rules, &Base::new("/rse"));
            tiles[0].html.clone()
        };
        let page = Selection::default().with_days(28);
        let show = "href=\"/rse/figures/timeline_short?compare=previous&amp;days=28\">Show the";
        assert!(share(&page).contains(show), "{}", share(&page));
        let compared = share(&page.with("compare", "previous"));
        let hide = "href=\"/rse/pipelines?days=28\">Hide the";
        assert!(compared.contains(hide), "{compared}");
        // A list of builds is compared with nothing.
        assert!(
            compared.contains("/rse/builds?days=28&amp;result=ABORTED"),
            "{compared}"
        );
    }

    #[test]
    fn percentages_of_few_builds_stand_with_their_interval_or_counts() {
        let few = Headline {
            decided: 20,
            failed: 5,
            decided_before: 4,
            failed_before: 3,
            ..headline(Some(25.0), Some(75.0))
        };
        let [share, ..] = tiles(&few);
        for words in [
            "95% interval: 11% to 47%",
            "No clear change from the 14 days before (75.0%, 3 of 4)",
        ] {
            assert!(share.html.contains(words), "{}", share.html);
        }
        let [share, ..] = tiles(&headline(Some(25.0), Some(20.0)));
        assert!(!share.html.contains("interval"), "{}", share.html);
    }

    #[test]
    fn a_few_red_pipelines_are_listed_and_the_rest_is_folded() {
        let mut headline = headline(Some(25.0), None);
        let [share, now, longest] = tiles(&headline);
        assert!(
            share
                .html
                .contains("\">300</a> of <a href=\"/rse/builds?result=ABORTED&amp;result=FAILURE&amp;result=SUCCESS\
                           &amp;result=UNSTABLE\">1,200 decided builds</a> failed in the last 14 days</p>")
        );
        let failed = "/rse/builds?result=ABORTED&amp;result=FAILURE";
        assert!(share.html.contains(failed), "{}", share.html);
        assert_eq!(now.class, "tile");
        assert!(
            longest.html.contains("None: all 3 pipelines are good."),
            "{}",
            longest.html
        );

        headline.dormant = 2;
        let [_, _, longest] = tiles(&headline);
        let words = "None: all 3 active pipelines are good.";
        assert!(longest.html.contains(words), "{}", longest.html);
        headline.dormant = 0;

        headline.red = (0..8).map(|number| red(&format!("<b>{number}"))).collect();
        headline.red_total = 1010;
        let [_, now, longest] = tiles(&headline);
        assert_eq!(now.class, "tile bad");
        let number = "href=\"/rse/pipelines/list?state=red\">1,010<span";
        assert!(now.html.contains(number), "{}", now.html);
        let of = "</p><p>of 3 pipelines, as of <time datetime=\"2019-10-25T12:00:00Z\">25 \
                  Oct 2019, 13:00</time></p>";
        assert!(now.html.contains(of), "{}", now.html);
        assert!(!now.html.contains("not finished"), "{}", now.html);
        assert_eq!(longest.html.matches("<li>").count(), 6);
        assert_eq!(longest.summary, "Show 2 more");
        assert_eq!(longest.folded.matches("<li>").count(), 2);
        assert!(
            longest
                .folded
                .ends_with("1,002 more are not listed here</p>")
        );
        let item = "<a class=\"pipeline\" href=\"/rse/pipeline?name=HMCTS%2F%3Cb%3E0+%26c\" \
                    title=\"HMCTS/&lt;b&gt;0\">\
                    &lt;b&gt;0</a><span class=\"detail\">CMC · red since <time datetime=\"2019-10-22T13:05:00Z\">22 Oct 2019, 14:05</time>, first \
                    at <span class=\"step\">&lt;i&gt;</span> · failed 2 times · last good <time \
                    datetime=\"2019-10-21T13:05:00Z\">21 Oct 2019, 14:05</time></span>";
        assert!(longest.html.contains(item), "{}", longest.html);
    }

    #[test]
    fn a_pipeline_that_is_red_where_the_data_begins_may_be_red_for_longer() {
        let mut headline = headline(Some(25.0), None);
        headline.red = vec![RedPipeline {
            at_least: true,
            streak: 1,
            last_green: None,
            step: None,
            ..red("a")
        }];
        headline.red_total = 1;
        headline.dormant = 12;
        let [_, now, longest] = tiles(&headline);
        let words = "red at least since <time datetime=\"2019-10-22T13:05:00Z\">22 Oct 2019, \
                     14:05</time>, where the data begins · failed once</span>";
        assert!(longest.html.contains(words), "{}", longest.html);
        let words = "12 more pipelines have not finished a build for 28 days";
        assert!(now.html.contains(words), "{}", now.html);
    }

    #[test]
    fn nothing_known_is_not_called_good() {
        let [_, now, longest] = tiles(&Headline {
            pipelines: 0,
            ..headline(None, None)
        });
        assert!(
            now.html.contains("No pipeline is known to be red or good"),
            "{}",
            now.html
        );
        assert!(!longest.html.contains("all-good"), "{}", longest.html);
    }

    #[test]
    fn hostile_text_stays_text() {
        let hostile_red = RedPipeline {
            // Only in the address, which is encoded.
            system: hostile(),
            name: hostile(),
            pipeline: hostile(),
            short_name: hostile(),
            project: hostile(),
            since: hostile(),
            since_text: hostile(),
            at_least: false,
            streak: 2,
            last_green: Some(hostile_moment()),
            step: Some(hostile()),
        };
        let mut headline = headline(Some(25.0), Some(20.0));
        headline.as_of = Some(hostile_moment());
        headline.red = vec![hostile_red; FIRST_RED + 1];
        headline.red_total = FIRST_RED as u64 + 1;
        let fragments = tiles(&headline).map(|mut known| {
            let address = "%3Cscript%3E%22%27%26%E2%80%AE";
            known.html = known.html.replace(address, "");
            known.folded = known.folded.replace(address, "");
            known
        });
        assert_text(&fragments, 8 * (FIRST_RED + 1) + 2);
    }
}
