//! The versions of Python that files state.

use super::super::reader::{Reader, Statement};
use crate::server::sources::position::{toml, toml_text};

/// Files that are only used with Python.
pub const FILES: [&str; 5] = [
    ".python-version",
    "pyproject.toml",
    "Pipfile",
    "requirements.txt",
    "setup.py",
];

/// Paths of names in two files, the most specific first.
const PYPROJECT: [&[&str]; 3] = [
    &["project", "requires-python"],
    &["tool", "poetry", "dependencies", "python"],
    &["tool", "poetry", "dependencies", "python", "version"],
];
const PIPFILE: [&[&str]; 2] = [
    &["requires", "python_full_version"],
    &["requires", "python_version"],
];

pub fn statements(reader: &mut Reader<'_>) -> Vec<Statement> {
    let found = [
        reader.stated(".python-version", first_line),
        reader.stated("runtime.txt", runtime),
        of_toml(reader, "pyproject.toml", &PYPROJECT),
        of_toml(reader, "Pipfile", &PIPFILE),
    ];
    found.into_iter().flatten().collect()
}

/// Returns the first line that is neither blank nor a comment.
fn first_line(text: &str) -> Option<(String, u32)> {
    let lines = text.trim_start_matches('\u{feff}').lines().zip(1..);
    let mut lines = lines.map(|(line, number)| (line.trim(), number));
    let (version, line) = lines.find(|(line, _)| !line.is_empty() && !line.starts_with('#'))?;
    let version = version.strip_prefix("python-").unwrap_or(version);
    Some((version.to_owned(), line))
}

/// Returns the version in Heroku's file, which other languages share.
fn runtime(text: &str) -> Option<(String, u32)> {
    let version = text.lines().next()?.trim().strip_prefix("python-")?;
    Some((version.to_owned(), 1))
}

fn of_toml(reader: &mut Reader<'_>, path: &str, names: &[&[&str]]) -> Option<Statement> {
    let found = reader.parsed(path, |text| {
        let table = toml(text)?;
        let mut found = names
            .iter()
            .filter_map(|names| toml_text(text, &table, names));
        Ok::<_, String>(found.next())
    });
    let (version, line) = found??;
    Some(Statement {
        version,
        file: path.to_owned(),
        line,
    })
}

#[cfg(test)]
mod tests {
    use super::{super::super::reader::testing::stated, *};

    #[test]
    fn files_state_python_in_this_order() {
        let all = [
            (
                "Pipfile",
                "[requires]\npython_version = \"3.8\"\npython_full_version = \"3.8.2\"\n",
            ),
            ("pyproject.toml", "[project]\nrequires-python = \">=3.9\"\n"),
            ("runtime.txt", "python-3.10.1\n"),
            (".python-version", "# ours\n3.11.4\n"),
        ];
        assert_eq!(
            stated(&all, statements),
            [
                "3.11.4 .python-version:2",
                "3.10.1 runtime.txt:1",
                ">=3.9 pyproject.toml:2",
                "3.8.2 Pipfile:3",
            ]
        );
    }

    #[test]
    fn poetry_and_other_languages_are_told_apart() {
        for (text, expected) in [
            (
                "[tool.poetry.dependencies]\npython = \"^3.9\"\n",
                "^3.9 pyproject.toml:2",
            ),
            (
                "[tool.poetry.dependencies]\npython = { version = \"3.12\" }\n",
                "3.12 pyproject.toml:2",
            ),
        ] {
            assert_eq!(stated(&[("pyproject.toml", text)], statements), [expected]);
        }
        for (path, text) in [
            ("runtime.txt", "ruby-3.0\n"),
            ("pyproject.toml", "[tool.black]\n"),
            ("pyproject.toml", "["),
            (".python-version", "\n"),
        ] {
            assert!(stated(&[(path, text)], statements).is_empty(), "{path}");
        }
    }
}
