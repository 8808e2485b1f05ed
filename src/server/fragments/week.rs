//! The page of a week: four numbers, what turned red and green, what became slower, and incidents.

use maud::{Markup, html};

use super::{
    addresses,
    components::{Change as TileChange, Tile, Tone, tile},
    duration, fragment, utc,
};
use crate::{
    api::{
        Change, HtmlFragment, SlowerPipeline, View, WeekIncident, WeekNumbers, WeekPipeline,
        WeekReport,
    },
    base::Base,
    markup::visible,
    selection::Selection,
    server::figures::words,
};

const BEFORE: &str = "the four weeks before";
/// The lines of a list that are shown before a reader asks for more.
const MAX_OPEN: usize = 10;

struct Shown<'a> {
    week: &'a WeekReport,
    selection: &'a Selection,
    base: &'a Base,
}

pub fn fragments(week: &WeekReport, selection: &Selection, base: &Base) -> Vec<HtmlFragment> {
    let shown = Shown {
        week,
        selection,
        base,
    };
    vec![fragment("week", shown.markup())]
}

/// A number of the week, as text: its label, value, note and change.
pub struct Number {
    pub label: &'static str,
    pub value: String,
    pub note: String,
    pub change: String,
    tone: Tone,
    sign: &'static str,
    opens: Opens,
}

/// The address that a number of the week opens.
enum Opens {
    /// The builds that it counts, by a condition.
    Builds(Selection),
    Figure(&'static str),
}

/// The four numbers of a week, for all formats.
pub fn numbers(week: &WeekReport) -> [Number; 4] {
    let (now, before) = (&week.numbers, &week.before);
    let ms = |ms: Option<u64>| ms.map_or_else(|| "–".to_owned(), duration);
    let percent = |percent: Option<f64>| percent.map_or_else(|| "–".to_owned(), words::percent);
    [
        Number {
            label: "Builds",
            value: words::thousands(now.builds),
            note: format!(
                "{} a week in {BEFORE}",
                words::thousands((before.builds + 2) / 4)
            ),
            change: String::new(),
            tone: Tone::Neutral,
            sign: "",
            opens: Opens::Builds(Selection::default()),
        },
        Number {
            value: percent(now.failed_percent),
            note: format!(
                "{} of {} failed",
                words::thousands(now.failed),
                words::counted(now.decided, "decided build", "decided builds")
            ),
            ..compared(
                Opens::Builds(results(&["FAILURE", "ABORTED"])),
                "Failure rate",
                week.failed_change,
                &percent(before.failed_percent),
                ["higher", "lower"],
            )
        },
        Number {
            value: time_to_green(now),
            note: format!(
                "of {}, {} still red now",
                words::counted(
                    now.episodes,
                    "red episode that began",
                    "red episodes that began"
                ),
                words::thousands(now.still_red)
            ),
            ..compared(
                Opens::Figure("time_to_green"),
                "Median time to green",
                week.time_to_green_change,
                &time_to_green(before),
                ["longer", "shorter"],
            )
        },
        Number {
            value: ms(now.duration_ms),
            note: format!(
                "of {}",
                words::counted(now.timed, "passed build", "passed builds")
            ),
            ..compared(
                Opens::Builds(results(&["SUCCESS"]).with("known", "duration")),
                "Median duration",
                week.duration_change,
                &ms(before.duration_ms),
                ["longer", "shorter"],
            )
        },
    ]
}

fn results(results: &[&'static str]) -> Selection {
    Selection::default().with_values("result", results.iter().copied())
}

/// The median of a time to green; of too many open episodes none is reached.
fn time_to_green(numbers: &WeekNumbers) -> String {
    match numbers.time_to_green_ms {
        Some(ms) => duration(ms),
        None if numbers.episodes > 0 => "not reached".to_owned(),
        None => "–".to_owned(),
    }
}

/// A number without its value; `more` and `less` name the directions of its change.
fn compared(
    opens: Opens,
    label: &'static str,
    change: Change,
    before: &str,
    [more, less]: [&str; 2],
) -> Number {
    let (tone, sign, change) = match change {
        Change::Worse => (
            Tone::Bad,
            "▲",
            format!("{more} than in {BEFORE} ({before})"),
        ),
        Change::Better => (
            Tone::Good,
            "▼",
            format!("{less} than in {BEFORE} ({before})"),
        ),
        Change::Unclear if before == "–" => {
            (Tone::Neutral, "", format!("none known in {BEFORE}"))
        }
        Change::Unclear => (
            Tone::Neutral,
            "",
            format!("no clear change from {BEFORE} ({before})"),
        ),
    };
    Number {
        label,
        value: String::new(),
        note: String::new(),
        change,
        tone,
        sign,
        opens,
    }
}

impl Shown<'_> {
    fn markup(&self) -> Markup {
        let week = self.week;
        html! {
            p class="sentence" role="status" { (visible(&week.summary)) }
            nav class="pager" aria-label="Weeks" {
                a rel="prev" href=(self.to("/week", Some(&week.previous))) { "Week before" }
                @if let Some(next) = &week.next { a rel="next" href=(self.to("/week", Some(next))) { "Week after" } }
                a href=(self.to("/week.md", Some(&week.week))) rel="external" download { "Copy as Markdown" }
                a href=(self.to("/api/week", Some(&week.week))) rel="external" { "JSON" }
            }
            @if !week.complete {
                p class="notice" { "This week is not over: its numbers are those of its builds so far." }
            }
            div class="tiles" { @for number in numbers(week) { (self.tile(&number)) } }
            (self.pipelines("Newly red", &week.newly_red, week.newly_red_count, "No pipeline turned red and stayed red."))
            (self.pipelines("Fixed", &week.fixed, week.fixed_count, "No pipeline that was red before turned green."))
            @if week.recovered > 0 {
                p class="note" {
                    "Within the week, pipelines turned red and green again "
                    (words::counted(week.recovered, "time", "times")) "."
                }
            }
            (self.slower(&week.slower))
            (self.incidents(&week.incidents))
        }
    }

    fn to(&self, path: &str, week: Option<&str>) -> String {
        let view = View::default().with("week", week.unwrap_or_default());
        addresses::list(self.base.path(path), self.selection, &view)
    }

    fn tile(&self, number: &Number) -> Markup {
        let week = Selection::read(&self.week.selection);
        let href = match &number.opens {
            Opens::Builds(condition) => {
                addresses::builds(self.base, &week.narrowed(condition), &View::default())
            }
            Opens::Figure(id) => addresses::figure(self.base, id, &week),
        };
        tile(&Tile {
            label: number.label,
            number: &number.value,
            href: Some(&href),
            tone: number.tone,
            change: (!number.change.is_empty()).then_some(TileChange {
                tone: number.tone,
                sign: number.sign,
                text: &number.change,
            }),
            note: html! { (number.note) },
        })
    }

    fn pipeline(&self, system: &str, name: &str, short_name: &str, project: &str) -> Markup {
        html! {
            a href=(addresses::pipeline_of(self.base, self.selection, system, name)) title=(visible(name)) { (visible(short_name)) }
            " " span class="muted" { (visible(project)) }
        }
    }

    fn pipelines(&self, heading: &str, known: &[WeekPipeline], count: u64, none: &str) -> Markup {
        html! {
            section {
                h2 { (heading) ": " (words::thousands(count)) }
                @if known.is_empty() { p { (none) } }
                (list(known, count, |known| html! {
                    (self.pipeline(&known.system, &known.name, &known.short_name, &known.project))
                    " · "
                    @match known.red_ms {
                        Some(ms) => { (utc(&known.at)) ", after " (duration(ms)) },
                        None => { "since " (utc(&known.at)) },
                    }
                    @if let Some(step) = &known.step { ", first at " span class="step" { (visible(step)) } }
                }))
            }
        }
    }

    fn slower(&self, known: &[SlowerPipeline]) -> Markup {
        html! {
            section {
                h2 { "What became slower: " (words::thousands(self.week.slower_count)) }
                @if known.is_empty() { p { "No pipeline became clearly slower." } }
                (list(known, self.week.slower_count, |known| html! {
                    (self.pipeline(&known.system, &known.name, &known.short_name, &known.project))
                    ": from " (duration(known.before_ms)) " to " strong { (duration(known.after_ms)) }
                    " since " (utc(&known.at))
                }))
            }
        }
    }

    fn incidents(&self, known: &[WeekIncident]) -> Markup {
        html! {
            section {
                h2 { "Incidents: " (words::thousands(self.week.incident_count)) }
                @if known.is_empty() { p { "No incident began." } }
                (list(known, self.week.incident_count, |known| html! {
                    a href=(addresses::selected(self.base, &known.opens)) { (visible(&known.title)) }
                    " · from " (utc(&known.from)) ", " (words::counted(known.failures, "failure", "failures"))
                }))
            }
        }
    }
}

/// The first of some lines; the others are folded, and those that are not known are counted.
fn list<T>(known: &[T], count: u64, line: impl Fn(&T) -> Markup) -> Markup {
    let (first, rest) = known.split_at(known.len().min(MAX_OPEN));
    let lines = |known: &[T]| html! { ul { @for known in known { li { (line(known)) } } } };
    let unlisted = count.saturating_sub(known.len() as u64);
    html! {
        (lines(first))
        @if !rest.is_empty() {
            details {
                summary { "Show " (rest.len()) " more" }
                (lines(rest))
            }
        }
        @if unlisted > 0 { p class="note" { "and " (words::thousands(unlisted)) " more" } }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::server::fragments::testing::{assert_text, hostile};

    /// A week in which every text from data is this one.
    pub fn week(text: &str) -> WeekReport {
        let pipeline = |red_ms| WeekPipeline {
            system: text.to_owned(),
            name: text.to_owned(),
            short_name: text.to_owned(),
            project: text.to_owned(),
            at: "2019-10-15T12:00:00Z".to_owned(),
            red_ms,
            step: Some(text.to_owned()),
        };
        WeekReport {
            week: "2019-W42".to_owned(),
            title: "Week 42, 14–20 Oct 2019".to_owned(),
            from: "2019-10-14T00:00:00Z".to_owned(),
            to: "2019-10-21T00:00:00Z".to_owned(),
            complete: true,
            previous: "2019-W41".to_owned(),
            next: None,
            selection: "from=2019-10-14&to=2019-10-21".to_owned(),
            summary: text.to_owned(),
            as_of: String::new(),
            version: String::new(),
            numbers: WeekNumbers {
                builds: 1240,
                decided: 1200,
                failed: 300,
                failed_percent: Some(25.0),
                episodes: 7,
                still_red: 2,
                time_to_green_ms: Some(7_920_000),
                timed: 800,
                duration_ms: Some(725_000),
            },
            before: WeekNumbers {
                builds: 4002,
                failed_percent: Some(20.0),
                duration_ms: Some(600_000),
                ..WeekNumbers::default()
            },
            failed_change: Change::Worse,
            time_to_green_change: Change::Unclear,
            duration_change: Change::Better,
            newly_red: vec![pipeline(None)],
            newly_red_count: 17,
            fixed: vec![pipeline(Some(273_600_000))],
            fixed_count: 1,
            recovered: 3,
            slower: vec![SlowerPipeline {
                system: text.to_owned(),
                name: text.to_owned(),
                short_name: text.to_owned(),
                project: text.to_owned(),
                at: "2019-10-15T12:00:00Z".to_owned(),
                before_ms: 60_000,
                after_ms: 120_000,
            }],
            slower_count: 1,
            incidents: vec![WeekIncident {
                id: text.to_owned(),
                title: text.to_owned(),
                from: "2019-10-15T12:00:00Z".to_owned(),
                failures: 12,
                opens: "incident=x".to_owned(),
            }],
            incident_count: 1,
        }
    }

    #[test]
    fn numbers_open_builds_and_changes_are_told_only_where_they_are_clear() {
        let fragments = fragments(
            &week("a"),
            &Selection::read("project=cmc"),
            &Base::new("/rse"),
        );
        let html = &fragments[0].html;
        for part in [
            "href=\"/rse/builds?from=2019-10-14&amp;result=ABORTED&amp;result=FAILURE&amp;to=2019-10-21\">25%",
            "higher than in the four weeks before (20%)",
            "none known in the four weeks before",
            "of 7 red episodes that began, 2 still red",
            "href=\"/rse/figures/time_to_green?from=2019-10-14&amp;to=2019-10-21\">2 h 12 min",
            "href=\"/rse/builds?from=2019-10-14&amp;known=duration&amp;result=SUCCESS&amp;to=2019-10-21\">12 min 5 s",
            "shorter than in the four weeks before (10 min)",
            "1,001 a week in the four weeks before",
            "and 16 more",
            "300 of 1,200 decided builds failed",
            "after 3 days 4 h",
            "red and green again 3 times.",
            "href=\"/rse/week.md?project=cmc&amp;week=2019-W42\"",
            "href=\"/rse/week?project=cmc&amp;week=2019-W41\"",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
        assert!(!html.contains("Week after"), "{html}");
    }

    #[test]
    fn long_lists_are_folded_and_what_they_lack_is_counted() {
        let mut long = week("a");
        let red = long.newly_red[0].clone();
        let unfolded = |week: &WeekReport| {
            let fragments = fragments(week, &Selection::default(), &Base::new(""));
            fragments[0].html.clone()
        };
        long.newly_red = vec![red.clone(); 10];
        long.newly_red_count = 10;
        assert!(!unfolded(&long).contains("<details>"));
        long.newly_red = vec![red; 13];
        long.newly_red_count = 20;
        let html = unfolded(&long);
        let (first, rest) = html.split_once("<details>").expect("a fold");
        assert_eq!(first.matches("first at").count(), 10, "{html}");
        assert!(rest.starts_with("<summary>Show 3 more</summary>"), "{html}");
        assert!(
            rest.contains("</details><p class=\"note\">and 7 more</p>"),
            "{html}"
        );
    }

    #[test]
    fn too_many_open_episodes_have_no_median() {
        let mut open = week("a");
        open.numbers.time_to_green_ms = None;
        assert_eq!(numbers(&open)[2].value, "not reached");
        open.numbers.episodes = 0;
        assert_eq!(numbers(&open)[2].value, "–");
    }

    #[test]
    fn hostile_text_stays_text() {
        let mut fragments = fragments(&week(&hostile()), &Selection::default(), &Base::new(""));
        for fragment in &mut fragments {
            fragment.html = fragment.html.replace("%3Cscript%3E", "");
        }
        assert_text(&fragments, 13);
    }
}
