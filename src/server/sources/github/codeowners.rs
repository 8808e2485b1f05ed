//! The owners of all files by `CODEOWNERS`.

/// The places where GitHub looks for the file, in its order.
pub const FILES: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/// Returns the owners of the last rule for all files; empty if there is none.
pub fn owners(text: &str) -> Vec<String> {
    let mut owners = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        let mut words = line.split_whitespace();
        if !matches!(words.next(), Some("*" | "**" | "/**")) {
            continue;
        }
        let names = words.take_while(|word| !word.starts_with('#'));
        let names = names.filter(|name| name.contains('@'));
        owners = names.map(str::to_owned).collect();
    }
    owners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_rule_for_all_files_counts() {
        let text = "# * @nobody\n*  @hmcts/first\n*.js @hmcts/web\n\n* @hmcts/civil  ops@example.org @x # why\n/docs/ @y\n";
        assert_eq!(owners(text), ["@hmcts/civil", "ops@example.org", "@x"]);
        // A rule without owners takes them away.
        assert!(owners("* @a\n*\n").is_empty());
        for text in ["", "/src @a\n", "*.md @a"] {
            assert!(owners(text).is_empty(), "{text}");
        }
    }
}
