//! The conditions of a list: those that hold, and those that can be added.

use maud::{Markup, html};

use super::Shown;
use crate::{
    markup::visible,
    numbers,
    selection::{self, BuildType},
    server::{
        attributes::select, fragments::results, snapshot::Snapshot, views::build_list::frequent,
    },
};

/// Conditions that can be added by writing or choosing a value.
const ADDABLE: [&str; 8] = [
    "q",
    "failed_step",
    "agent",
    "library",
    "node",
    "repository",
    "team",
    "commit",
];
/// The most values that are suggested for a condition.
const SUGGESTED: usize = 20;

impl Shown<'_> {
    /// The conditions that the bar of filters does not show, each with a link that removes it.
    pub(super) fn chips(&self, snapshot: &Snapshot) -> Markup {
        let pairs = self.selection.pairs().filter(|(key, value)| {
            let in_bar = matches!(*key, "project" | "type" | "days");
            !(in_bar && self.selection.value(key) == Some(value))
        });
        let pairs: Vec<(&str, &str)> = pairs.collect();
        html! {
            @if !pairs.is_empty() {
                ul class="chips" aria-label="Conditions" {
                    @for (key, value) in pairs {
                        @let label = selection::find(key).map_or(key, |key| key.label);
                        @let value_text = value_text(snapshot, key, value);
                        li class="chip" {
                            span { (label) ": " strong { (visible(&value_text)) } }
                            a href=(self.to(&self.selection.without_value(key, value))) {
                                span aria-hidden="true" { "×" }
                                span class="visually-hidden" {
                                    "Remove " (label) ": " (visible(&value_text))
                                }
                            }
                        }
                    }
                    li { a href=(self.base.path("/builds")) { "Reset all" } }
                }
            }
        }
    }

    /// A form that adds a condition, with the most frequent values of this selection.
    pub(super) fn add(&self, snapshot: &Snapshot) -> Markup {
        let selected = select(snapshot, self.selection);
        html! {
            details class="add-condition" {
                summary { "Add a condition" }
                form method="get" action=(self.base.path("/builds")) autocomplete="off" {
                    @for (key, value) in self.selection.pairs() {
                        input type="hidden" name=(key) value=(value);
                    }
                    @for id in ADDABLE {
                        @let label = selection::find(id).map_or(id, |key| key.label);
                        @let values = frequent(snapshot, &selected, id, SUGGESTED);
                        div class="choice" {
                            label for={ "add-" (id) } { (label) }
                            input id={ "add-" (id) } name=(id) class="form-control"
                                list=[(!values.is_empty()).then(|| format!("values-{id}"))];
                            @if !values.is_empty() {
                                datalist id={ "values-" (id) } {
                                    @for value in &values { option value=(visible(value)) {} }
                                }
                            }
                        }
                    }
                    @for (key, label) in [("from", "From (date)"), ("to", "Before (date)")] {
                        div class="choice" {
                            label for={ "add-" (key) } { (label) }
                            input id={ "add-" (key) } name=(key) type="date" class="form-control";
                        }
                    }
                    button class="btn" type="submit" { "Apply" }
                }
            }
        }
    }
}

/// A value of a key for readers.
pub fn value_text(snapshot: &Snapshot, key: &str, value: &str) -> String {
    match key {
        "project" => {
            let mut choices = snapshot.config.project_choices().into_iter();
            let label = choices.find(|(slug, _)| slug == value);
            label.map_or_else(|| value.to_owned(), |(_, label)| label)
        }
        "result" => results::label(value).to_owned(),
        "type" => {
            let mut known = BuildType::EVERY.into_iter();
            let label = known.find(|known| known.as_str() == value);
            label.map_or_else(|| value.to_owned(), |known| known.label().to_owned())
        }
        "days" => format!("last {value} days"),
        "min_minutes" | "max_minutes" => format!("{value} min"),
        "from" | "to" | "as_of" | "started_from" | "started_to" => numbers::instant(value),
        _ => value.to_owned(),
    }
}
