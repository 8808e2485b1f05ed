//! The versions of Ruby that files state.

use std::sync::LazyLock;

use regex::Regex;

use super::super::reader::{Reader, Statement};
use crate::server::sources::position::line_at;

pub const FILES: [&str; 2] = [".ruby-version", "Gemfile"];

static GEMFILE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?m)^[ \t]*ruby[ \t]*\(?[ \t]*["']([^"'\n]+)["']"#)
        .expect("the pattern is tested")
});

pub fn statements(reader: &mut Reader<'_>) -> Vec<Statement> {
    let found = [
        reader.stated(".ruby-version", ruby_version),
        reader.stated("Gemfile", |text| {
            let version = GEMFILE.captures(text)?.get(1)?;
            Some((
                version.as_str().trim().to_owned(),
                line_at(text, version.start()),
            ))
        }),
    ];
    found.into_iter().flatten().collect()
}

fn ruby_version(text: &str) -> Option<(String, u32)> {
    let mut lines = text.trim_start_matches('\u{feff}').lines().zip(1..);
    let (version, line) = lines.find(|(line, _)| !line.trim().is_empty())?;
    let version = version.trim();
    let version = version.strip_prefix("ruby-").unwrap_or(version);
    Some((version.to_owned(), line))
}

#[cfg(test)]
mod tests {
    use super::{super::super::reader::testing::stated, *};

    #[test]
    fn files_state_ruby_in_this_order() {
        let all = [
            ("Gemfile", "source 'x'\n# ruby '1'\n  ruby \"~> 3.2\"\n"),
            (".ruby-version", "ruby-3.2.2\n"),
        ];
        assert_eq!(
            stated(&all, statements),
            ["3.2.2 .ruby-version:1", "~> 3.2 Gemfile:3"]
        );
        let text = "ruby file: '.ruby-version'\ngem 'ruby', '1'\n";
        assert!(stated(&[("Gemfile", text)], statements).is_empty());
    }
}
