//! What build files say: `package.json` of Node.js, build files of Gradle and Maven.

use std::{collections::BTreeMap, sync::LazyLock};

use regex::Regex;
use serde_json::{Map, Value};

use super::xml::{Malformed, Node, walk};

/// What is read of a `package.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    /// `engines.node` as written.
    pub engines_node: Option<String>,
    /// The names of all packages that it depends on, in any section.
    pub dependencies: Vec<String>,
    pub scripts: Vec<String>,
    /// The names of its fields.
    pub keys: Vec<String>,
}

/// Where a `package.json` names what it depends on.
const SECTIONS: [&str; 4] = [
    "dependencies",
    "devDependencies",
    "optionalDependencies",
    "peerDependencies",
];

/// Reads a `package.json`.
///
/// # Errors
/// Where it is no JSON object.
pub fn package(text: &str) -> Result<Package, String> {
    let object: Map<String, Value> = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| format!("no JSON object: {error}"))?;
    let named = |section: &&str| object.get(*section)?.as_object();
    let dependencies = SECTIONS.iter().filter_map(named).flat_map(Map::keys);
    let scripts = object.get("scripts").and_then(Value::as_object);
    let scripts = scripts.into_iter().flat_map(Map::values);
    let engines = object
        .get("engines")
        .and_then(|engines| engines.get("node"));
    let engines = engines.and_then(Value::as_str).map(str::trim);
    Ok(Package {
        engines_node: engines.filter(|text| !text.is_empty()).map(str::to_owned),
        dependencies: dependencies.cloned().collect(),
        scripts: scripts
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        keys: object.keys().cloned().collect(),
    })
}

/// The version of Node.js that an `.nvmrc` names, without a `v` before it; none where it names none.
pub fn nvmrc(text: &str) -> Option<String> {
    let lines = text.trim_start_matches('\u{feff}').lines();
    let lines = lines.map(|line| line.split('#').next().unwrap_or_default().trim());
    let version = lines.into_iter().find(|line| !line.is_empty())?;
    let digits = |rest: &&str| rest.starts_with(|c: char| c.is_ascii_digit());
    let version = version
        .strip_prefix(['v', 'V'])
        .filter(digits)
        .unwrap_or(version);
    Some(version.chars().take(40).collect())
}

/// How Gradle is told the version of Java, the most telling way first.
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

/// The version of Java that a build file of Gradle names, in either of its languages.
pub fn gradle(text: &str) -> Option<String> {
    let code = without_comments(text);
    GRADLE.iter().find_map(|pattern| {
        let value = pattern.captures(&code)?.get(1)?;
        Some(java_version(value.as_str()))
    })
}

/// Blanks comments out; what is quoted stays.
fn without_comments(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.find(['/', '"', '\'']) {
        code.push_str(&rest[..next]);
        rest = &rest[next..];
        let end = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.find("*/").map_or(rest.len(), |end| end + 4)
        } else if rest.starts_with('/') {
            code.push('/');
            1
        } else {
            // A quote that its line does not close was none.
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

/// Properties, and elements in the configuration of its compiler, by which Maven is told the version
/// of Java, the most telling first.
const MAVEN: [&str; 8] = [
    "maven.compiler.release",
    "configuration/release",
    "java.version",
    "maven.compiler.source",
    "configuration/source",
    "maven.compiler.target",
    "configuration/target",
    "java.source.version",
];

/// What is read of a `pom.xml`.
#[derive(Default)]
struct Pom {
    /// The open elements from the root on, each with its text.
    open: Vec<(String, String)>,
    /// Properties by their names, and what configures the compiler as [`MAVEN`] has it. Of several
    /// of one name the first counts.
    values: BTreeMap<String, String>,
    /// Of the plugin that is open. It may be named after its configuration.
    plugin: String,
    configured: Vec<(String, String)>,
}

impl Pom {
    fn take(&mut self, node: Node<'_>) {
        match node {
            Node::Open { name, .. } => self.open.push((name.to_owned(), String::new())),
            Node::Text(piece) => {
                if let Some((_, text)) = self.open.last_mut() {
                    text.push_str(piece);
                }
            }
            Node::Close => {
                if let Some((name, text)) = self.open.pop() {
                    self.close(name, text);
                }
            }
        }
    }

    fn close(&mut self, name: String, text: String) {
        let mut above = self.open.iter().rev().map(|(name, _)| name.as_str());
        match (name.as_str(), above.next(), above.next()) {
            (_, Some("properties"), Some("project")) => {
                self.values.entry(name).or_insert(text);
            }
            (_, Some("configuration"), Some("plugin")) => {
                self.configured
                    .push((format!("configuration/{name}"), text));
            }
            ("artifactId", Some("plugin"), _) => self.plugin = text,
            ("plugin", ..) => {
                let configured = std::mem::take(&mut self.configured).into_iter();
                if std::mem::take(&mut self.plugin).trim() == "maven-compiler-plugin" {
                    for (name, text) in configured {
                        self.values.entry(name).or_insert(text);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The version of Java that a `pom.xml` names; one that its parent names is not seen, nor one for a
/// single run of the compiler.
///
/// # Errors
/// Where it is no XML.
pub fn pom(text: &str) -> Result<Option<String>, Malformed> {
    let mut pom = Pom::default();
    walk(text, &mut |node| pom.take(node))?;
    let value = |name: &str| Some(pom.values.get(name)?.trim());
    // One property may name another.
    let resolved = |name: &str| {
        let text = value(name)?;
        let other = text
            .strip_prefix("${")
            .and_then(|rest| rest.strip_suffix('}'));
        other.map_or(Some(text), value)
    };
    let number = |text: &&str| text.starts_with(|c: char| c.is_ascii_digit());
    let versions = MAVEN.iter().filter_map(|name| resolved(name));
    Ok(versions.into_iter().find(number).map(java_version))
}

/// `1.8`, `VERSION_1_8` and `8` are the same version.
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
    fn a_package_is_read_as_far_as_it_is_understood() {
        let read = package(
            r#"{"engines":{"node":" >=18 "},"dependencies":{"a":"1"},"devDependencies":{"snyk":"1"},
            "scripts":{"test":"x","odd":7},"snyk":true}"#,
        );
        let read = read.expect("a package");
        assert_eq!(read.engines_node.as_deref(), Some(">=18"));
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
    fn an_nvmrc_names_a_version_or_a_line_of_releases() {
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
            assert_eq!(nvmrc(text).as_deref(), expected, "{text:?}");
        }
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
            assert_eq!(gradle(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn maven_names_java_in_properties_or_for_its_compiler() {
        let project = |inner: &str| format!("<project xmlns=\"x\">{inner}</project>");
        let plugin = |name: &str, configuration: &str| {
            format!(
                "<plugin><configuration>{configuration}</configuration>\
                 <artifactId> {name} </artifactId></plugin>"
            )
        };
        let compiler = |configuration: &str| plugin("maven-compiler-plugin", configuration);
        let (twice, others) = (
            compiler("<source>17</source><target>11</target>") + &compiler("<source>8</source>"),
            plugin(
                "maven-javadoc-plugin",
                "<source>8</source><release>7</release>",
            ) + &compiler("<source>${a}</source><nested><source>9</source></nested>")
                + &plugin("maven-assembly-plugin", "<source>10</source>"),
        );
        let only_others = plugin("maven-javadoc-plugin", "<source>8</source>")
            + "<plugin><artifactId>maven-compiler-plugin</artifactId></plugin>";
        let others = format!("<properties><a>17</a><source>6</source></properties>{others}");
        let cases = [
            (twice.as_str(), Some("17")),
            (others.as_str(), Some("17")),
            (only_others.as_str(), None),
            (
                "<properties><java.version>1<!-- 1 -->7</java.version>\
                 <java.version>8</java.version></properties>",
                Some("17"),
            ),
            (
                "<properties><java.version>17</java.version></properties>",
                Some("17"),
            ),
            (
                "<properties><java.version> 1.8 </java.version></properties>",
                Some("8"),
            ),
            (
                "<properties><j>21</j><maven.compiler.release>${j}</maven.compiler.release></properties>",
                Some("21"),
            ),
            (
                "<properties><maven.compiler.source>8</maven.compiler.source>\
                 <maven.compiler.release>11</maven.compiler.release></properties>",
                Some("11"),
            ),
            (
                "<build><plugins><plugin><artifactId>maven-compiler-plugin</artifactId>\
                 <configuration><source>11</source></configuration></plugin></plugins></build>",
                Some("11"),
            ),
            (
                "<properties><java.version>${elsewhere}</java.version></properties>",
                None,
            ),
            (
                "<properties><a>${b}</a><b>${a}</b><java.version>${a}</java.version></properties>",
                None,
            ),
            (
                "<!-- <properties><java.version>17</java.version></properties> -->",
                None,
            ),
            ("<parent><version>3</version></parent>", None),
        ];
        for (inner, expected) in cases {
            assert_eq!(
                pom(&project(inner)).expect("XML").as_deref(),
                expected,
                "{inner}"
            );
        }
        assert!(pom("<project>").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(\"|'|//|/\\*|\\*/|\n|sourceCompatibility|=|1|VERSION_|é|.){0,60}") {
            let _ = package(&text);
            nvmrc(&text);
            gradle(&text);
            let _ = pom(&text);
        }
    }
}
