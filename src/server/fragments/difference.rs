//! The values that differ between two sets of builds, as a table.

use maud::{Markup, html};

use super::{
    addresses,
    components::{Column, Table, columns, number},
};
use crate::{
    api::{BuildDifference, DifferentValue, View},
    base::Base,
    markup::visible,
    selection::Selection,
    server::figures::words,
};

/// A difference and what its numbers open.
pub struct Shown<'a> {
    pub difference: &'a BuildDifference,
    pub base: &'a Base,
    /// The builds that a value opens, as far as they have it.
    pub selection: &'a Selection,
    /// The builds of each set; none where no selection holds exactly those.
    pub a: Option<&'a Selection>,
    pub b: Option<&'a Selection>,
}

impl Shown<'_> {
    /// The sentence, the table and what was left out.
    pub fn markup(&self) -> Markup {
        let difference = self.difference;
        html! {
            p class="sentence" role="status" { (visible(&difference.summary)) }
            @if !difference.values.is_empty() {
                (self.table())
                @if difference.found > difference.values.len() as u64 {
                    p class="note" {
                        "The " (difference.values.len()) " greatest of " (words::thousands(difference.found))
                        " differences are shown."
                    }
                }
            }
            @if !difference.hidden.is_empty() {
                p class="note" {
                    "Not compared, because nearly every build has a value of its own: "
                    (visible(&difference.hidden.join(", ").to_lowercase())) "."
                }
            }
        }
    }

    fn table(&self) -> Markup {
        let difference = self.difference;
        let [in_a, in_b] = [&difference.a, &difference.b].map(|set| format!("In {}", set.label));
        let [attribute, value] = columns(["Attribute", "Value"]);
        let q = Column {
            title: Some("False discovery rate"),
            ..number("q")
        };
        let columns = [
            attribute,
            value,
            number(&in_a),
            number("Share"),
            number(&in_b),
            number("Share"),
            number("Lift"),
            q,
        ];
        let rows: Vec<_> = difference
            .values
            .iter()
            .map(|value| self.row(value))
            .collect();
        let table = Table {
            class: Some("differences"),
            name: "Differences",
            caption: "Association, not cause: values that are more, or less, frequent.",
            columns: &columns,
            head: 1,
        };
        table.markup(&rows)
    }

    fn row(&self, value: &DifferentValue) -> [Markup; 8] {
        let narrowed = |selection: &Selection| {
            let condition = Selection::read(value.condition.as_deref()?);
            let narrowed = selection.narrowed(&condition);
            Some(addresses::builds(self.base, &narrowed, &View::default()))
        };
        let count = |count: u64, of: u64, selection: Option<&Selection>| {
            let address = selection.filter(|_| count > 0).and_then(narrowed);
            html! {
                @match address {
                    Some(address) => a href=(address) { (words::thousands(count)) },
                    None => (words::thousands(count)),
                }
                " of " (words::thousands(of))
            }
        };
        let share = |count: u64, of: u64| words::percent(100.0 * count as f64 / of.max(1) as f64);
        [
            html! { (visible(&value.label)) },
            html! {
                @match narrowed(self.selection) {
                    Some(address) => a href=(address) { (visible(&value.value)) },
                    None => (visible(&value.value)),
                }
            },
            count(value.a, value.of_a, self.a),
            html! { (share(value.a, value.of_a)) },
            count(value.b, value.of_b, self.b),
            html! { (share(value.b, value.of_b)) },
            html! {
                @match value.lift {
                    Some(lift) => { (format!("× {lift:.1}")) },
                    None => { "only in " (visible(&self.difference.a.label)) },
                }
            },
            html! { (q_text(value.q)) },
        ]
    }
}

/// Smaller numbers are zero for the computer, or nearly.
const MIN_Q: f64 = 1e-300;

/// `0.0042`; `3e-9` where that has too many zeros.
fn q_text(q: f64) -> String {
    if q < MIN_Q {
        format!("< {MIN_Q:.0e}")
    } else if q >= 0.0001 {
        format!("{q:.4}")
    } else {
        format!("{q:.0e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api::BuildSet,
        server::fragments::testing::{assert_text, hostile},
    };

    pub fn hostile_difference() -> BuildDifference {
        let set = || BuildSet {
            label: "builds".to_owned(),
            selection: String::new(),
            builds: 10,
        };
        BuildDifference {
            summary: hostile(),
            as_of: String::new(),
            version: String::new(),
            a: set(),
            b: set(),
            common: 0,
            tested: 200,
            found: 101,
            values: vec![DifferentValue {
                attribute: "agent".to_owned(),
                label: hostile(),
                value: hostile(),
                a: 8,
                of_a: 10,
                b: 0,
                of_b: 10,
                a_percent: 80.0,
                b_percent: 0.0,
                lift: None,
                q: 3e-9,
                condition: Some("agent=a%26b".to_owned()),
            }],
            hidden: vec![hostile()],
        }
    }

    #[test]
    fn no_rate_is_zero() {
        for (q, text) in [
            (0.0, "< 1e-300"),
            (3e-9, "3e-9"),
            (0.000_1, "0.0001"),
            (0.004_2, "0.0042"),
        ] {
            assert_eq!(q_text(q), text);
        }
    }

    #[test]
    fn values_are_text_and_open_their_builds() {
        let difference = hostile_difference();
        let selection = Selection::parse("days=7").expect("a selection");
        let shown = Shown {
            difference: &difference,
            base: &Base::default(),
            selection: &selection,
            a: Some(&selection),
            b: None,
        };
        let html = shown.markup().into_string();
        let fragment = super::super::fragment("", shown.markup());
        assert_text(&[fragment], 4);
        let address = "href=\"/builds?agent=a%26b&amp;days=7\"";
        assert_eq!(html.matches(address).count(), 2, "{html}");
        for words in ["only in builds", "3e-9", "The 1 greatest of 101", "80%"] {
            assert!(html.contains(words), "{words}: {html}");
        }
    }
}
