//! Scripts that remove expired and unused rules from their files.
//!
//! The dashboard does not keep the text of files, so it cannot make patches. A script deletes the lines of entries in a
//! checkout, after it has checked that each entry still stands there and fills its lines; otherwise it changes nothing.
//! Names of files and ids come from repositories, which anyone may write, and readers paste scripts into a shell:
//! a script holds only names and ids of harmless characters.

use std::collections::BTreeMap;

use super::describe::Place;
use crate::{
    api::{RuleByHand, RuleRemoval},
    server::{
        figures::{security_words::rule_name, words},
        model::{RuleFormat, SuppressionRule},
        snapshot::{RuleEnd, RuleState},
    },
};

/// The files, the rules of a script, and the characters of a name in one.
const MAX_FILES: usize = 20;
const MAX_RULES: usize = 200;
const MAX_LENGTH: usize = 200;

/// The first and the last line of an entry, as extended regular expressions without single quotes.
struct Shape {
    begins: &'static str,
    ends: &'static str,
}

/// Returns the removals of each file that has expired or unused rules, by name.
pub fn removals(rules: &[RuleState], at_ms: i64, place: &Place<'_>) -> Vec<RuleRemoval> {
    let mut files: BTreeMap<&str, Vec<&RuleState>> = BTreeMap::new();
    for known in rules {
        if known.expired || known.unused == Some(true) {
            files.entry(&known.rule().file).or_default().push(known);
        }
    }
    let of = |(file, wanted): (&str, Vec<&RuleState>)| {
        let all = rules.iter().map(RuleState::rule);
        let all: Vec<&SuppressionRule> = all.filter(|rule| rule.file == file).collect();
        removal(file, &wanted, &all, at_ms, place)
    };
    files.into_iter().take(MAX_FILES).map(of).collect()
}

fn removal(
    file: &str,
    wanted: &[&RuleState],
    all: &[&SuppressionRule],
    at_ms: i64,
    place: &Place<'_>,
) -> RuleRemoval {
    let mut lines = Vec::new();
    let mut by_hand = Vec::new();
    let mut shape = None;
    for known in wanted.iter().take(MAX_RULES) {
        let rule = known.rule();
        match command(rule, all) {
            Ok((found, arguments)) => {
                shape = Some(found);
                lines.push(format!("remove {arguments} # {}", reason(known)));
            }
            Err(why) => by_hand.push(RuleByHand {
                what: rule_name(rule),
                why: why.to_owned(),
                place: place.of(&rule.file, rule.line),
            }),
        }
    }
    RuleRemoval {
        place: place.of(file, 0),
        rules: lines.len() as u64,
        script: shape.map(|shape| script(file, &shape, &lines, at_ms)),
        by_hand,
    }
}

fn reason(known: &RuleState) -> String {
    match known.end {
        RuleEnd::At(ms) if known.expired => {
            let at = words::instant(Some(ms));
            format!("expired at {at}")
        }
        _ => "unused".to_owned(),
    }
}

/// Returns the shape of a rule's entry and the arguments of `remove`; else, why it has to be removed by hand.
fn command(
    rule: &SuppressionRule,
    all: &[&SuppressionRule],
) -> Result<(Shape, String), &'static str> {
    let shape = shape(rule).ok_or("entries of this format are no lines of their own")?;
    if !is_plain_path(&rule.file) {
        return Err("the name of the file has unusual characters");
    }
    let (first, last) = (rule.line, rule.last_line);
    if first == 0 || last < first {
        return Err("its lines are not known");
    }
    let overlaps = |other: &&&SuppressionRule| first <= other.last_line && other.line <= last;
    if all.iter().filter(overlaps).count() > 1 {
        return Err("it shares lines with another entry");
    }
    let texts = rule.selectors.iter().map(|selector| &selector.text);
    let text = rule.ids.iter().chain(texts).find(|text| is_plain(text));
    let text = text.ok_or("nothing in it identifies it in plain characters")?;
    Ok((shape, format!("{first} {last} '{text}'")))
}

/// The shape of entries that have lines of their own.
fn shape(rule: &SuppressionRule) -> Option<Shape> {
    let (begins, ends) = match rule.format {
        RuleFormat::DependencyCheck => (
            "^[[:space:]]*<suppress([[:space:]>]|$)",
            "</suppress>[[:space:]]*$",
        ),
        RuleFormat::OsvScanner => (r"^[[:space:]]*\[\[(IgnoredVulns|PackageOverrides)\]\]", ""),
        RuleFormat::YarnAudit => (r#"^[[:space:]]*\{"(type|value)":"#, r"\}[[:space:]]*$"),
        RuleFormat::Trivy if !is_yaml(&rule.file) => ("^[^#]", ""),
        // Removing an item of YAML or JSON can leave a key or a comma behind.
        RuleFormat::Trivy | RuleFormat::Snyk | RuleFormat::Nsp => return None,
    };
    Some(Shape { begins, ends })
}

fn is_yaml(file: &str) -> bool {
    file.ends_with(".yaml") || file.ends_with(".yml")
}

/// Returns whether a text means itself to a shell, within single quotes and in a comment.
fn is_plain(text: &str) -> bool {
    let is_harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/:@+".contains(&byte);
    (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(is_harmless)
}

/// Returns whether a path stays within a checkout, too.
fn is_plain_path(path: &str) -> bool {
    let is_part = |part: &str| !matches!(part, "" | "." | "..");
    is_plain(path) && !path.starts_with('-') && path.split('/').all(is_part)
}

/// The script for a POSIX shell; a failed check ends it before anything is written.
fn script(file: &str, shape: &Shape, lines: &[String], at_ms: i64) -> String {
    let at = words::instant(Some(at_ms));
    let Shape { begins, ends } = shape;
    let lines = lines.join("\n");
    format!(
        r#"sh -eu <<'END'
# As of {at}. Leave out the line of a rule to keep it.
file='{file}'
begins='{begins}'
ends='{ends}'
edits=''
remove() {{
  entry=$(sed -n "$1,$2p" "$file")
  if printf '%s\n' "$entry" | sed -n '1p' | grep -Eq -e "$begins" &&
    printf '%s\n' "$entry" | sed -n '$p' | grep -Eq -e "$ends" &&
    [ "$(printf '%s\n' "$entry" | grep -Ec -e "$begins")" -eq 1 ] &&
    printf '%s\n' "$entry" | grep -Fiqw -e "$3"
  then
    edits="$edits$1,$2d;"
  else
    echo "$file:$1: the entry of $3 is no longer here; nothing was changed" >&2
    exit 1
  fi
}}
{lines}
sed "$edits" "$file" >"$file.edited"
cat "$file.edited" >"$file"
rm "$file.edited"
echo "The entries are removed from $file; git diff shows it."
END
"#
    )
}
