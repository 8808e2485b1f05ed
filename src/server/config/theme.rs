//! `[theme]` in `dashboard.toml`: an organisation's colours in place of tokens of `style/_tokens.scss`.

use std::{collections::BTreeMap, fmt::Write as _};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

const TOKENS: &str = include_str!("../../../style/_tokens.scss");

/// The least contrast of tokens on grounds (WCAG 2.2, AA): 4.5 for text, 3 for marks and the bounds of fields.
///
/// Exempt are the first steps of the failure rate, whose cells have a border and say their number, and `ghost`, `grid` and
/// `line`, which carry nothing that is not said otherwise, too.
const CONTRAST: [(f64, &[&str], &[&str]); 10] = [
    (
        4.5,
        &[
            "text",
            "muted",
            "link",
            "link-hover",
            "good",
            "bad",
            "warning",
        ],
        &["surface", "page"],
    ),
    (4.5, &["text", "link", "good"], &["good-surface"]),
    (4.5, &["text", "link", "bad"], &["bad-surface"]),
    (4.5, &["text", "link", "warning"], &["warning-surface"]),
    (4.5, &["header-text"], &["header"]),
    (4.5, &["on-accent"], &["accent", "accent-hover"]),
    (
        3.0,
        &[
            "success", "failure", "unstable", "aborted", "other", "rate-3", "rate-4", "rate-5",
        ],
        &["surface"],
    ),
    (3.0, &["success", "failure", "unstable"], &["page"]),
    (
        3.0,
        &["neutral", "neutral-2", "field-line"],
        &["surface", "page"],
    ),
    (
        3.0,
        &[
            "category-0",
            "category-1",
            "category-2",
            "category-3",
            "category-4",
            "category-5",
            "category-6",
            "category-7",
        ],
        &["surface"],
    ),
];

/// Colours (`#rrggbb`) by token, for each colour mode.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Theme {
    #[serde(default)]
    light: BTreeMap<String, String>,
    #[serde(default)]
    dark: BTreeMap<String, String>,
}

impl Theme {
    /// # Errors
    /// A token that does not exist, a value that is no colour, or too little contrast; the message names the token and,
    /// for contrast, the ratio.
    pub(super) fn validate(&self) -> Result<()> {
        let light = tokens("light");
        for (mode, own, known) in [
            ("light", &self.light, light.clone()),
            ("dark", &self.dark, merged(light, tokens("dark"))),
        ] {
            for (name, colour) in own {
                ensure!(
                    known.contains_key(name.as_str()),
                    "theme.{mode}.{name}: no colour has this name; style/_tokens.scss lists them"
                );
                luminance(colour).with_context(|| {
                    format!("theme.{mode}.{name}: “{colour}” is not a colour such as #175ca8")
                })?;
            }
            let own = own.iter().map(|(name, colour)| (&**name, &**colour));
            check_contrast(mode, &merged(known, own.collect()))?;
        }
        Ok(())
    }

    /// Returns the style sheet that follows that of the pages; none if nothing is replaced.
    pub fn stylesheet(&self) -> Option<String> {
        let mut css = String::new();
        for (colours, media) in [
            // Paper is light, whatever the screen.
            (&self.light, "print, (prefers-color-scheme: light)"),
            (&self.dark, "screen and (prefers-color-scheme: dark)"),
        ] {
            if colours.is_empty() {
                continue;
            }
            let _ = write!(css, "@media {media} {{\n  :root {{\n");
            for (name, colour) in colours {
                let _ = writeln!(css, "    --{name}: {colour};");
            }
            css.push_str("  }\n}\n");
        }
        (!css.is_empty()).then_some(css)
    }
}

type Colours<'a> = BTreeMap<&'a str, &'a str>;

fn merged<'a>(mut colours: Colours<'a>, over: Colours<'a>) -> Colours<'a> {
    colours.extend(over);
    colours
}

/// The colours of a colour mode; those that the dark one leaves out are those of the light one.
fn tokens(mode: &str) -> Colours<'static> {
    let block = TOKENS.split_once(&format!("@mixin {mode} {{"));
    let block = block.and_then(|(_, block)| block.split_once('}'));
    let lines = block.map_or("", |(block, _)| block).lines();
    let tokens = lines.filter_map(|line| {
        let (name, value) = line.trim().strip_prefix("--")?.split_once(": ")?;
        let colour = value.strip_suffix(';')?;
        colour.starts_with('#').then_some((name, colour))
    });
    tokens.collect()
}

fn check_contrast(mode: &str, colours: &Colours<'_>) -> Result<()> {
    for (least, names, grounds) in CONTRAST {
        for name in names {
            for ground in grounds {
                let of = |token: &str| colours.get(token).and_then(|colour| luminance(colour));
                let ratio = contrast(of(name), of(ground));
                if ratio < least {
                    bail!(
                        "theme.{mode}: {name} on {ground} has a contrast of {ratio:.2}, and needs at least {least}"
                    );
                }
            }
        }
    }
    Ok(())
}

/// The contrast ratio of WCAG 2; none of an unknown colour.
fn contrast(a: Option<f64>, b: Option<f64>) -> f64 {
    let (Some(a), Some(b)) = (a, b) else {
        return 0.0;
    };
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// The relative luminance of `#rgb` or `#rrggbb`; none of any other text.
fn luminance(colour: &str) -> Option<f64> {
    let digits = colour.strip_prefix('#')?;
    let channel = |index: usize| {
        let digits = match digits.len() {
            3 => digits.get(index..=index)?.repeat(2),
            6 => digits.get(2 * index..2 * index + 2)?.to_owned(),
            _ => return None,
        };
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let value = f64::from(u8::from_str_radix(&digits, 16).ok()?) / 255.0;
        Some(if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        })
    };
    Some(0.2126 * channel(0)? + 0.7152 * channel(1)? + 0.0722 * channel(2)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn theme(toml: &str) -> Theme {
        toml::from_str(toml).expect("a theme")
    }

    #[test]
    fn text_and_marks_have_enough_contrast() {
        assert!(tokens("light").len() > 40, "the tokens are read");
        assert!(tokens("dark").len() > 40, "the tokens are read");
        Theme::default().validate().expect("enough contrast");
        let known = contrast(luminance("#fff"), luminance("#767676"));
        assert!((known - 4.54).abs() < 0.01, "{known}");
    }

    #[test]
    fn a_theme_replaces_tokens_in_either_mode() {
        let theme = theme("[light]\nlink = \"#00703c\"\n[dark]\nlink = \"#6fd09c\"\n");
        theme.validate().expect("enough contrast");
        assert_eq!(
            theme.stylesheet().expect("a style sheet"),
            "@media print, (prefers-color-scheme: light) {\n  :root {\n    --link: #00703c;\n  }\n}\n\
             @media screen and (prefers-color-scheme: dark) {\n  :root {\n    --link: #6fd09c;\n  }\n}\n"
        );
        assert_eq!(Theme::default().stylesheet(), None);
    }

    #[test]
    fn a_wrong_theme_is_an_error_that_names_the_token() {
        for (toml, message) in [
            (
                "[light]\nlink = \"#9cf\"",
                "theme.light: link on surface has a contrast of 1.69, and needs at least 4.5",
            ),
            (
                "[dark]\npage = \"#444\"",
                "theme.dark: muted on page has a contrast of",
            ),
            (
                "[light]\nlinks = \"#00703c\"",
                "theme.light.links: no colour has this name",
            ),
            (
                "[dark]\nlink = \"red; } * { display: none\"",
                "is not a colour such as #175ca8",
            ),
            ("[dark]\nlink = \"#+1+1+1\"", "is not a colour"),
            ("[dark]\nlink = \"#ééé\"", "is not a colour"),
        ] {
            let error = format!("{:#}", theme(toml).validate().expect_err(toml));
            assert!(error.contains(message), "{error}");
        }
        assert!(toml::from_str::<Theme>("[sepia]\nlink = \"#00703c\"").is_err());
    }
}
