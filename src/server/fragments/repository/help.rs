//! Help with rules: scripts that remove them, and texts that renew them.

use maud::{Markup, html};

use super::{Shown, place};
use crate::{
    api::{RuleRemoval, RuleRenewal},
    markup::visible,
    server::figures::words,
};

impl Shown<'_> {
    pub fn help(&self) -> Markup {
        let details = self.details;
        html! {
            @if !details.removals.is_empty() || !details.renewals.is_empty() {
                h2 { "Help with suppression rules" }
                @if !details.removals.is_empty() {
                    h3 { "Remove expired and unused rules" }
                    p class="note" {
                        "Paste a script into a shell in a checkout of the default branch. It removes the lines of the entries if \
                         each still stands where it was read, else it changes nothing."
                    }
                    @for removal in &details.removals { (self.removal(removal)) }
                }
                @if !details.renewals.is_empty() {
                    h3 { "Keep a rule, with a new end or a reason" }
                    p class="note" { "The date is 90 days after the facts; choose your own." }
                    details {
                        summary { "Show " (words::counted(details.renewals.len() as u64, "text", "texts")) }
                        @for renewal in &details.renewals { (renewed(renewal)) }
                        @if details.renewal_count > details.renewals.len() as u64 {
                            p class="note" {
                                "The first " (details.renewals.len()) " of " (words::thousands(details.renewal_count)) "."
                            }
                        }
                    }
                }
            }
        }
    }

    fn removal(&self, removal: &RuleRemoval) -> Markup {
        html! {
            section {
                h4 { (place(&removal.place)) }
                @if let Some(script) = &removal.script {
                    p { (words::counted(removal.rules, "rule", "rules")) ":" }
                    (copied(&format!("Script for {}", removal.place.file), script))
                }
                @if !removal.by_hand.is_empty() {
                    p { "To be removed by hand:" }
                    ul {
                        @for rule in &removal.by_hand {
                            li { (visible(&rule.what)) ", " (place(&rule.place)) ": " (visible(&rule.why)) }
                        }
                    }
                }
            }
        }
    }
}

fn renewed(renewal: &RuleRenewal) -> Markup {
    html! {
        p { (visible(&renewal.what)) ", " (place(&renewal.place)) ": " (visible(&renewal.note)) }
        (copied(&format!("Text for {}", renewal.what), &renewal.text))
    }
}

/// Text to copy; it can be scrolled by keyboard.
fn copied(label: &str, text: &str) -> Markup {
    html! {
        pre class="copied" tabindex="0" role="region" aria-label=(visible(label)) { code { (visible(text)) } }
    }
}
