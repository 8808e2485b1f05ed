//! The content of build files: `package.json` of Node.js, and Gradle's.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use crate::server::sources::position::{json_text, line_at};

/// The fields of a `package.json` that are used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    /// `engines.node` as written, and its line.
    pub engines_node: Option<(String, u32)>,
    /// The names of all its dependencies, in any section.
    pub dependencies: Vec<String>,
    pub scripts: Vec<String>,
    /// The names of its top-level fields.
    pub keys: Vec<String>,
}

/// The sections of a `package.json` that list dependencies.
const SECTIONS: [&str; 4] = [
    "dependencies",
    "devDependencies",
    "optionalDependencies",
    "peerDependencies",
];

/// Parses a `package.json`.
///
/// # Errors
/// If it is not a JSON object.
pub fn package(text: &str) -> Result<Package, String> {
    let object: Map<String, Value> = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| format!("not a JSON object: {error}"))?;
    let named = |section: &&str| object.get(*section)?.as_object();
    let dependencies = SECTIONS.iter().filter_map(named).flat_map(Map::keys);
    let scripts = object.get("scripts").and_then(Value::as_object);
    let scripts = scripts.into_iter().flat_map(Map::values);
    Ok(Package {
        engines_node: json_text(text, &["engines", "node"]),
        dependencies: dependencies.cloned().collect(),
        scripts: scripts
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        keys: object.keys().cloned().collect(),
    })
}

/// Returns the version of Node.js in an `.nvmrc`, without a leading `v`, and its line; none if there is none.
pub fn nvmrc(text: &str) -> Option<(String, u32)> {
    let lines = text.trim_start_matches('\u{feff}').lines().zip(1..);
    let content = |line: &str| line.find('#').unwrap_or(line.len());
    let mut lines = lines.map(|(line, number)| (line[..content(line)].trim(), number));
    let (version, line) = lines.find(|(line, _)| !line.is_empty())?;
    let digits = |rest: &&str| rest.starts_with(|c: char| c.is_ascii_digit());
    let version = version
        .strip_prefix(['v', 'V'])
        .filter(digits)
        .unwrap_or(version);
    Some((version.chars().take(40).collect(), line))
}

/// Statements of the Java version in Gradle, the most specific first.
static GRADLE: LazyLock<[Regex; 5]> = LazyLock::new(|| {
    let value = r#"(?:JavaVersion\s*\.\s*)?(?:toVersion\s*\(\s*)?["']?(VERSION_\w+|[0-9][\w.]*)"#;
    let assigned = |name: &str| format!(r"\b{name}\s*(?:=|\(|\.set\s*\(|\s)\s*{value}");
    [
        r#"\bJavaLanguageVersion\s*\.\s*of\s*\(\s*["']?([0-9]+)"#.to_owned(),
        r"\bjvmToolchain\s*\(?\s*([0-9]+)".to_owned(),
        assigned(r"options\s*\.\s*release"),
        assigned("sourceCompatibility"),
        assigned("targetCompatibility"),
    ]
    .map(|pattern| Regex::new(&pattern).expect("the pattern is tested"))
});

/// Returns the version of Java in a Gradle build file, in Groovy or Kotlin, and its line.
pub fn gradle(text: &str) -> Option<(String, u32)> {
    let code = without_comments(text);
    GRADLE.iter().find_map(|pattern| {
        let value = pattern.captures(&code)?.get(1)?;
        Some((java_version(value.as_str()), line_at(&code, value.start())))
    })
}

/// Removes comments but not their line ends, nor quoted text.
fn without_comments(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.find(['/', '"', '\'']) {
        code.push_str(&rest[..next]);
        rest = &rest[next..];
        let end = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(comment) = rest.strip_prefix("/*") {
            let end = comment.find("*/").map_or(rest.len(), |end| end + 4);
            code.extend(rest[..end].chars().filter(|&c| c == '\n'));
            end
        } else if rest.starts_with('/') {
            code.push('/');
            1
        } else {
            // A quote that is not closed on its line does not count.
            let quote = rest.chars().next().unwrap_or('"');
            let closed = rest[1..]
                .find([quote, '\n'])
                .map_or(rest.len(), |end| end + 2);
            let end = if rest[..closed].ends_with(quote) {
                closed
            } else {
                1
            };
            code.push_str(&rest[..end]);
            end
        };
        rest = &rest[end..];
    }
    code.push_str(rest);
    code
}

/// Normalises a Java version: `1.8`, `VERSION_1_8` and `8` are the same.
pub fn java_version(text: &str) -> String {
    let text = text.trim().trim_start_matches("VERSION_").replace('_', ".");
    let text = text.trim_end_matches('.');
    text.strip_prefix("1.")
        .unwrap_or(text)
        .chars()
        .take(40)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_package_is_read_as_far_as_it_is_valid() {
        let read = package(
            r#"{"engines":{"node":" >=18 "},"dependencies":{"a":"1"},"devDependencies":{"snyk":"1"},
            "scripts":{"test":"x","odd":7},"snyk":true}"#,
        );
        let read = read.expect("a package");
        assert_eq!(read.engines_node, Some((">=18".to_owned(), 1)));
        assert_eq!(read.dependencies, ["a", "snyk"]);
        assert_eq!(read.scripts, ["x"]);
        assert!(read.keys.contains(&"snyk".to_owned()));
        assert_eq!(package("{}"), Ok(Package::default()));
        let odd =
            package("\u{feff}{\"engines\":[\"node\"],\"dependencies\":null,\"scripts\":\"x\"}");
        assert_eq!(odd.expect("a package").engines_node, None);
        for text in ["", "[]", "{", "{\"a\":}"] {
            assert!(package(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_nvmrc_names_a_version_or_a_release_line() {
        let cases = [
            ("v10.15.3", Some("10.15.3")),
            ("18.16.1\n", Some("18.16.1")),
            ("# ours\r\n\r\n20 # lts\r\n", Some("20")),
            ("lts/hydrogen\n", Some("lts/hydrogen")),
            ("lts/*", Some("lts/*")),
            ("node", Some("node")),
            ("vanilla", Some("vanilla")),
            ("", None),
            ("\n \n", None),
        ];
        for (text, expected) in cases {
            let read = nvmrc(text).map(|(version, _)| version);
            assert_eq!(read.as_deref(), expected, "{text:?}");
        }
        assert_eq!(nvmrc("# a\n\n v20"), Some(("20".to_owned(), 3)));
    }

    #[test]
    fn gradle_names_java_in_many_ways() {
        let cases = [
            ("sourceCompatibility = 1.8", Some("8")),
            (
                "sourceCompatibility = '11'\ntargetCompatibility = '11'",
                Some("11"),
            ),
            (
                "java { sourceCompatibility = JavaVersion.VERSION_1_8 }",
                Some("8"),
            ),
            ("sourceCompatibility JavaVersion.VERSION_17", Some("17")),
            (
                "sourceCompatibility = JavaVersion.toVersion(\"21\")",
                Some("21"),
            ),
            (
                "java.sourceCompatibility.set(JavaVersion.VERSION_21)",
                Some("21"),
            ),
            (
                "java { toolchain { languageVersion = JavaLanguageVersion.of(21) } }",
                Some("21"),
            ),
            (
                "sourceCompatibility = 17\nlanguageVersion.set(JavaLanguageVersion.of(25))",
                Some("25"),
            ),
            ("kotlin { jvmToolchain(17) }", Some("17")),
            (
                "tasks.withType(JavaCompile) { options.release = 11 }",
                Some("11"),
            ),
            ("options.release.set(17)", Some("17")),
            ("targetCompatibility = \"1.8\"", Some("8")),
            (
                "// sourceCompatibility = 8\n/* sourceCompatibility = 9\n */",
                None,
            ),
            ("url 'https://x' // y\nsourceCompatibility = 11", Some("11")),
            ("sourceCompatibility = javaVersion", None),
            ("JavaLanguageVersion.of(javaVersion)", None),
            ("it's = 1\nsourceCompatibility = 11", Some("11")),
            ("", None),
        ];
        for (text, expected) in cases {
            let read = gradle(text).map(|(version, _)| version);
            assert_eq!(read.as_deref(), expected, "{text}");
        }
        let text = "// a\n/* b\n */ 'c'\n\nsourceCompatibility = 17";
        assert_eq!(gradle(text), Some(("17".to_owned(), 5)));
    }

    proptest! {
        #[test]
        fn no_text_causes_a_panic(text in "(\"|'|//|/\\*|\\*/|\n|sourceCompatibility|=|1|VERSION_|é|.){0,60}") {
            let _ = package(&text);
            nvmrc(&text);
            gradle(&text);
        }
    }
}
