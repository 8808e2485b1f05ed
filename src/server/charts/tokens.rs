//! The values of colours, from the one file that has them.

use std::{collections::BTreeMap, sync::LazyLock};

const FILE: &str = include_str!("../../../style/_tokens.scss");

/// Replaces references such as `var(--failure)` by the colours of light pages.
pub fn with_light_colours(text: &str) -> String {
    static LIGHT: LazyLock<BTreeMap<&str, &str>> = LazyLock::new(|| colours("light"));
    let mut parts = text.split("var(--");
    let mut resolved = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(')').unwrap_or((part, ""));
        resolved.push_str(LIGHT.get(name).copied().unwrap_or("currentColor"));
        resolved.push_str(rest);
    }
    resolved
}

/// The properties of a mixin, by their names without `--`.
fn colours(mixin: &str) -> BTreeMap<&'static str, &'static str> {
    let body = FILE
        .split(&format!("@mixin {mixin} {{"))
        .nth(1)
        .unwrap_or_default();
    let body = body.split("\n}").next().unwrap_or_default();
    let properties = body.lines().filter_map(|line| {
        let (name, value) = line.trim().strip_prefix("--")?.split_once(": ")?;
        Some((name, value.trim_end_matches(';')))
    });
    properties.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{charts::Colour, model::BuildResult};

    #[test]
    fn every_reference_is_a_colour_of_both_modes() {
        let results = BuildResult::ALL.map(Colour::of_result);
        let rates = (0..6).map(Colour::Rate);
        let categories = (0..8).map(Colour::Category);
        let all = [Colour::Neutral, Colour::Ghost].into_iter();
        let all = all.chain(results).chain(rates).chain(categories);
        let names = all.map(Colour::token);
        for name in names.chain(["band", "grid", "text", "surface"]) {
            for mode in ["light", "dark"] {
                let value = colours(mode).get(name).copied().unwrap_or_default();
                let is_colour = value.starts_with('#') || value.starts_with("rgb");
                assert!(is_colour, "{mode} {name}: {value}");
            }
        }
    }

    #[test]
    fn references_become_colours() {
        assert_eq!(
            with_light_colours("a var(--failure) b var(--surface)c"),
            "a #b3261e b #fffc"
        );
        assert_eq!(with_light_colours("var(--unheard-of)"), "currentColor");
    }
}
