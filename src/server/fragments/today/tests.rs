//! The texts of the start page.

use super::*;
use crate::{
    api::{ProblemCount, ProblemList},
    server::fragments::testing::{ESCAPED, assert_text, hostile},
};

fn week(failed: u64, decided: u64) -> WeekRate {
    WeekRate {
        from: "2019-10-18T12:00:00.001Z".to_owned(),
        to: "2019-10-25T12:00:00.001Z".to_owned(),
        failed,
        decided,
        failure_percent: percent(failed, decided),
    }
}

pub(super) fn today(text: &str) -> Today {
    let hour = |time: &str| Hour {
        from: text.to_owned(),
        to: text.to_owned(),
        day: text.to_owned(),
        time: time.to_owned(),
    };
    let count = |failed, decided, shared| HourCount {
        failed,
        decided,
        shared,
    };
    Today {
        verdict: text.to_owned(),
        title: text.to_owned(),
        red: 1,
        pipelines: 2,
        dormant: 1,
        failures: 3,
        failures_open: "from=2019-10-24T12%3A00%3A00Z&result=FAILURE".to_owned(),
        recent_hours: 24,
        recovered: 0,
        slowest_recovery_ms: None,
        age: Some("7 years ago".to_owned()),
        old: true,
        problems: ProblemList {
            selection: "type=nightly".to_owned(),
            summary: text.to_owned(),
            as_of: text.to_owned(),
            version: String::new(),
            states: vec![ProblemCount {
                state: "new".to_owned(),
                problems: 0,
            }],
            problems: Vec::new(),
            resolved: Vec::new(),
        },
        hours: HourMatrix {
            hours: vec![hour("13:00"), hour("14:00"), hour("15:30")],
            projects: vec![ProjectHours {
                project: text.to_owned(),
                slug: "cmc".to_owned(),
                selected: true,
                hours: vec![count(3, 7, true), count(4, 4, false), count(0, 0, false)],
            }],
            incidents: vec![HourIncident {
                title: text.to_owned(),
                from: "2019-10-24T12:00:00Z".to_owned(),
                to: text.to_owned(),
                failures: 2,
                opens: "step=test".to_owned(),
            }],
        },
        weeks: vec![week(1, 4), week(10, 100)],
        change: Change::Unclear,
    }
}

#[test]
fn hostile_text_stays_text() {
    let today = today(&hostile());
    let mut fragments = fragments(&today, &Base::default(), false, 0);
    for fragment in &mut fragments {
        assert!(!fragment.title.contains('\u{202e}'), "{fragment:?}");
        // Only in addresses, which are encoded.
        fragment.html = fragment.html.replace("%3Cscript%3E%22%27%26%E2%80%AE", "");
    }
    // The verdict, the summary, one day, three hours, the project, and the incident's title and twice its end.
    assert_text(&fragments, 10);
    assert!(fragments[0].html.contains(ESCAPED));
}

#[test]
fn cells_open_what_they_count_and_few_builds_have_no_colour() {
    let today = today("x");
    let html = matrix(&today.hours, &today, &Base::new("/rse")).into_string();
    let address = "/rse/builds?from=x&amp;project=cmc&amp;result=ABORTED&amp;result=FAILURE&amp;result=SUCCESS\
                   &amp;result=UNSTABLE&amp;to=x&amp;type=nightly";
    let cell = format!("<td class=\"rate-2\"><a href=\"{address}\">3/7<span class=\"shared\">▲");
    assert!(html.contains(&cell), "{html}");
    assert!(html.contains("<td class=\"few failed\"><a"), "{html}");
    assert!(html.contains("4/4</a></td><td></td>"), "{html}");
    assert!(
        html.contains("<tr class=\"selected\"><th scope=\"row\" aria-current=\"true\">x</th>"),
        "{html}"
    );
    for text in [">13</time>", ">15:30</time>", "colspan=\"3\""] {
        assert!(html.contains(text), "{text}: {html}");
    }
}

#[test]
fn the_shades_of_cells_rise_with_the_rate() {
    let shade = |failed, decided| {
        shade(HourCount {
            failed,
            decided,
            shared: false,
        })
    };
    let shades = [0, 1, 24, 25, 49, 50, 74, 75, 100].map(|failed| shade(failed, 100));
    let expected = [0, 1, 1, 2, 2, 4, 4, 5, 5].map(|number| format!("rate-{number}"));
    assert_eq!(shades.map(str::to_owned), expected);
    assert_eq!((shade(0, 4), shade(1, 4)), ("few", "few failed"));
}

#[test]
fn a_trend_is_told_with_its_counts_and_few_builds_have_no_percentage() {
    let today = today("x");
    let html = trend(&today, &Base::default()).into_string();
    let sentence = "No clear change: 10 of 100 failed (10%) in the last 4 weeks, 1 of 4 failed in the 4 before.";
    assert!(html.contains(sentence), "{html}");
    assert!(html.contains("class=\"trend tone-neutral\""), "{html}");
    let opens = "from=2019-10-18T12%3A00%3A00.001Z&amp;result=ABORTED&amp;result=FAILURE&amp;to=2019-10-25T12%3A00%3A00.001Z&amp;type=nightly\">10</a>";
    assert!(html.contains(opens), "{html}");
    let worse = change(&today.weeks, Change::Worse);
    assert!(worse.starts_with("▲ More builds fail"), "{worse}");
}
