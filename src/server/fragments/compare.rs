//! The page of two selections side by side.

use maud::{Markup, html};

use super::{
    addresses,
    builds::value_text,
    components::{columns, number, table},
    difference, fragment,
};
use crate::{
    api::{Change, ComparedMeasure, Comparison, HtmlFragment, MeasureUnit, MeasuredSide, View},
    base::Base,
    markup::visible,
    selection::{self, BuildType, DAYS, DEFAULT_DAYS, Pair, Selection},
    server::{figures::words, snapshot::Snapshot},
};

/// The keys that the form sets.
const IN_FORM: [&str; 3] = ["project", "type", "days"];

struct Shown<'a> {
    snapshot: &'a Snapshot,
    comparison: &'a Comparison,
    pair: &'a Pair,
    base: &'a Base,
}

pub fn fragments(
    snapshot: &Snapshot,
    comparison: &Comparison,
    pair: &Pair,
    base: &Base,
) -> Vec<HtmlFragment> {
    let shown = Shown {
        snapshot,
        comparison,
        pair,
        base,
    };
    let mut fragments = vec![fragment("build-list-head", shown.head())];
    if pair.a == pair.b {
        fragments.push(fragment("build-list-body", shown.suggestions()));
    } else {
        fragments.push(fragment("build-list-body", shown.tables()));
        fragments.push(fragment("build-list-body", shown.differences()));
    }
    fragments
}

/// Links to comparisons of a selection: with the time before, of kinds of pipelines, with all projects.
pub fn links(snapshot: &Snapshot, selection: &Selection, base: &Base) -> Markup {
    let mut pairs = Vec::new();
    let window = snapshot.window(selection);
    if !window.is_unlimited() && snapshot.as_of_ms.is_some() {
        let before = window.before();
        let bounds = [("from", before.start_ms), ("to", before.end_ms)];
        let bounds: Selection = bounds
            .map(|(key, at_ms)| (key, words::instant(Some(at_ms))))
            .into_iter()
            .collect();
        let b = selection.narrowed(&bounds);
        pairs.push(("with the time before", selection.clone(), b));
    }
    if !selection.has("type") {
        let of = |kind| selection.with_build_type(kind);
        let [a, b] = [BuildType::Nightly, BuildType::NonNightly].map(of);
        pairs.push(("nightly and other builds", a, b));
    }
    if selection.has("project") {
        pairs.push((
            "with all projects",
            selection.clone(),
            selection.without("project"),
        ));
    }
    html! {
        ul class="links" {
            @for (label, a, b) in pairs {
                li { a href=(addresses::compare(base, &Pair { a, b })) { "Compare " (label) } }
            }
        }
    }
}

impl Shown<'_> {
    fn head(&self) -> Markup {
        let Comparison { a, b, common, .. } = self.comparison;
        html! {
            div class="facts" {
                @for (name, set, selection) in [("A", a, &self.pair.a), ("B", b, &self.pair.b)] {
                    section aria-label=(name) {
                        h2 { (name) }
                        p class="evidence" { (visible(&set.label)) }
                        ul class="chips" aria-label={ "Conditions of " (name) } {
                            @for (key, value) in selection.pairs() { (self.chip(key, value)) }
                            li { a href=(addresses::builds(self.base, selection, &View::default())) { "Builds of " (name) } }
                        }
                    }
                }
            }
            @if *common > 0 && self.pair.a != self.pair.b {
                p class="notice" {
                    (words::counted(*common, "build is", "builds are")) " in both. Differences are those between A and \
                    the other builds of B."
                }
            }
            (self.form())
        }
    }

    fn chip(&self, key: &str, value: &str) -> Markup {
        let label = selection::find(key).map_or(key, |key| key.label);
        html! {
            li class="chip" { span { (label) ": " strong { (visible(&value_text(self.snapshot, key, value))) } } }
        }
    }

    /// A form that chooses project, kind and days of each selection; the other conditions stay.
    fn form(&self) -> Markup {
        let swapped = Pair {
            a: self.pair.b.clone(),
            b: self.pair.a.clone(),
        };
        html! {
            details class="add-condition" {
                summary { "Change the selections" }
                form method="get" action=(self.base.path("/compare")) autocomplete="off" {
                    @for (prefix, selection) in [("a", &self.pair.a), ("b", &self.pair.b)] {
                        @let bounded = selection.has("from") || selection.has("to");
                        @for (key, value) in selection.pairs() {
                            @if !IN_FORM.contains(&key) {
                                input type="hidden" name={ (prefix) "." (key) } value=(value);
                            }
                        }
                        @for key in IN_FORM {
                            @if key != "days" || !bounded { (self.choice(prefix, key, selection)) }
                        }
                    }
                    button class="btn" type="submit" { "Apply" }
                }
            }
            p class="further" { a href=(addresses::compare(self.base, &swapped)) { "Swap A and B" } }
        }
    }

    fn choice(&self, prefix: &str, key: &str, selection: &Selection) -> Markup {
        let choices: Vec<(String, String)> = match key {
            "project" => self.snapshot.config.project_choices(),
            "type" => BuildType::EVERY
                .map(|kind| (kind.as_str().to_owned(), kind.label().to_owned()))
                .into(),
            _ => DAYS
                .map(|days| (days.to_string(), words::counted(days.into(), "day", "days")))
                .into(),
        };
        let chosen = match key {
            "project" => selection.project().to_owned(),
            "type" => selection.build_type().as_str().to_owned(),
            _ => selection.days().unwrap_or(DEFAULT_DAYS).to_string(),
        };
        let label = selection::find(key).map_or(key, |key| key.label);
        let id = format!("{prefix}-{key}");
        html! {
            div class="choice" {
                label for=(id) { (label) " of " (prefix.to_uppercase()) }
                select id=(id) name={ (prefix) "." (key) } class="form-select" {
                    @for (value, label) in &choices {
                        option value=(value) selected[*value == chosen] { (visible(label)) }
                    }
                }
            }
        }
    }

    fn suggestions(&self) -> Markup {
        html! {
            p class="empty" { "A and B are the same builds. Change one of them, or compare:" }
            (links(self.snapshot, &self.pair.a, self.base))
        }
    }

    fn tables(&self) -> Markup {
        let comparison = self.comparison;
        html! {
            (self.table("Numbers", "Number", &comparison.measures))
            @if !comparison.failing_steps.is_empty() {
                h2 { "Steps that fail most" }
                (self.table("Builds that failed first at a step, of the decided", "Step", &comparison.failing_steps))
            }
            @if !comparison.slow_steps.is_empty() {
                h2 { "Slowest steps" }
                (self.table("Median duration of a step", "Step", &comparison.slow_steps))
            }
        }
    }

    fn table(&self, caption: &str, first: &str, measures: &[ComparedMeasure]) -> Markup {
        let [first, compared] = columns([first, "A compared with B"]);
        let rows: Vec<_> = measures
            .iter()
            .map(|measure| {
                [
                    html! { (visible(&measure.label)) },
                    self.side(measure.unit, &measure.a),
                    self.side(measure.unit, &measure.b),
                    change(measure),
                ]
            })
            .collect();
        table(
            caption,
            &[first, number("A"), number("B"), compared],
            0,
            &rows,
        )
    }

    fn side(&self, unit: MeasureUnit, side: &MeasuredSide) -> Markup {
        let builds = html! {
            @match &side.opens {
                Some(query) => a href=(addresses::builds(self.base, &Selection::read(query), &View::default())) {
                    (words::thousands(side.builds))
                },
                None => (words::thousands(side.builds)),
            }
        };
        html! {
            @match (unit, side.value) {
                (MeasureUnit::Builds, _) => (builds),
                (_, None) => "unknown",
                (MeasureUnit::Percent, Some(value)) => {
                    (format!("{value:.1}%"))
                    br;
                    span class="basis" {
                        (builds) " of " (words::thousands(side.of))
                        @if let Some([low, high]) = side.interval { (format!(", {low:.1}% to {high:.1}%")) }
                    }
                },
                (MeasureUnit::Minutes, Some(value)) => {
                    (format!("{value:.1} min"))
                    br;
                    span class="basis" { "of " (builds) }
                },
            }
        }
    }

    fn differences(&self) -> Markup {
        let difference = &self.comparison.difference;
        // Builds of both are left out of B: no selection holds the others.
        let b = (difference.common == 0).then_some(&self.pair.b);
        html! {
            h2 id="difference" { "What is different about A" }
            (difference::Shown {
                difference,
                base: self.base,
                selection: &self.pair.a,
                a: Some(&self.pair.a),
                b,
            }.markup())
        }
    }
}

/// The difference: better or worse, in words, by a sign and by colour, only where chance is excluded.
fn change(measure: &ComparedMeasure) -> Markup {
    let Some((a, b)) = measure.a.value.zip(measure.b.value) else {
        return html! { "unknown" };
    };
    let difference = a - b;
    let size = match measure.unit {
        MeasureUnit::Builds => {
            let sign = if difference < 0.0 { "−" } else { "+" };
            return html! { (sign) (words::thousands(difference.abs() as u64)) };
        }
        MeasureUnit::Percent => format!("{:.1} points", difference.abs()),
        MeasureUnit::Minutes => format!("{:.1} min", difference.abs()),
    };
    let direction = if difference < 0.0 { "less" } else { "more" };
    html! {
        @match measure.change {
            Some(Change::Better) => span class="change better" { span aria-hidden="true" { "▼" } (size) " better" },
            Some(Change::Worse) => span class="change worse" { span aria-hidden="true" { "▲" } (size) " worse" },
            Some(Change::Unclear) => span class="change same" { "no clear change" },
            None => { (size) " " (direction) },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        api::{BuildDifference, BuildSet},
        server::{
            config::Config,
            fragments::testing::{ESCAPED, HOSTILE, assert_text, hostile},
        },
    };

    fn set() -> BuildSet {
        BuildSet {
            label: hostile(),
            selection: String::new(),
            builds: 9,
        }
    }

    fn side(value: f64, opens: Option<&str>) -> MeasuredSide {
        MeasuredSide {
            value: Some(value),
            interval: Some([10.0, 20.0]),
            builds: 1234,
            of: 9000,
            opens: opens.map(str::to_owned),
        }
    }

    fn measure(unit: MeasureUnit, a: f64, b: f64, change: Option<Change>) -> ComparedMeasure {
        ComparedMeasure {
            id: "m".to_owned(),
            label: hostile(),
            unit,
            a: side(a, Some("result=FAILURE")),
            b: side(b, None),
            change,
        }
    }

    fn comparison(measures: Vec<ComparedMeasure>, common: u64) -> Comparison {
        Comparison {
            as_of: String::new(),
            version: String::new(),
            a: set(),
            b: set(),
            common,
            measures,
            failing_steps: Vec::new(),
            slow_steps: Vec::new(),
            difference: BuildDifference {
                summary: hostile(),
                as_of: String::new(),
                version: String::new(),
                a: set(),
                b: set(),
                common,
                tested: 0,
                found: 0,
                values: Vec::new(),
                hidden: Vec::new(),
            },
        }
    }

    fn html(comparison: &Comparison, query: &str) -> Vec<HtmlFragment> {
        let snapshot = Snapshot::empty(Arc::new(Config::built_in()));
        let pair = Pair::parse(query).expect("two selections");
        fragments(&snapshot, comparison, &pair, &Base::default())
    }

    #[test]
    fn numbers_are_judged_in_words_and_open_their_builds() {
        let measures = vec![
            measure(MeasureUnit::Builds, 5.0, 8.0, None),
            measure(MeasureUnit::Percent, 15.0, 10.0, Some(Change::Worse)),
            measure(MeasureUnit::Minutes, 2.0, 3.5, Some(Change::Better)),
            measure(MeasureUnit::Minutes, 2.0, 3.5, Some(Change::Unclear)),
            measure(MeasureUnit::Minutes, 2.0, 3.5, None),
        ];
        let found = html(&comparison(measures, 7), "a.type=nightly");
        // Two labels, five measures, a summary.
        assert_text(&found, 8);
        let tables = &found[1].html;
        for (words, times) in [
            ("−3</td>", 1),
            ("5.0 points worse</span>", 1),
            ("1.5 min better</span>", 1),
            ("no clear change</span>", 1),
            (">1.5 min less</td>", 1),
            ("href=\"/builds?result=FAILURE\">1,234</a>", 5),
            ("of 9,000, 10.0% to 20.0%", 2),
        ] {
            assert_eq!(tables.matches(words).count(), times, "{words}: {tables}");
        }
        assert!(
            found[0].html.contains("7 builds are in both"),
            "{}",
            found[0].html
        );
    }

    #[test]
    fn equal_selections_are_not_compared() {
        let found = html(
            &comparison(Vec::new(), 9),
            "q=%3Cscript%3E%22%27%26%E2%80%AE",
        );
        assert_eq!(found.len(), 2);
        assert!(found[1].html.contains("A and B are the same builds"));
        assert!(
            found[1]
                .html
                .contains("/compare?a.type=nightly&amp;b.type=non-nightly&amp;q=")
        );
        // Conditions of both, and two hidden fields.
        assert_eq!(
            found[0].html.matches(ESCAPED).count(),
            4,
            "{}",
            found[0].html
        );
        assert!(found[0].html.contains(&format!(
                "name=\"a.q\" value=\"{}\"",
                HOSTILE
                    .replace('&', "&amp;")
                    .replace('<', "&lt;")
                    .replace('>', "&gt;")
                    .replace('"', "&quot;")
            )));
    }
}
