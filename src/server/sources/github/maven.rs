//! The version of Java in a Maven `pom.xml`.

use std::collections::BTreeMap;

use super::build_files::java_version;
use crate::server::sources::xml::{Malformed, Node, walk};

/// Properties, and elements of the compiler's configuration, that set the version of Java, the most
/// specific first.
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

/// The parts of a `pom.xml` that are used.
#[derive(Default)]
struct Pom {
    /// The open elements from the root down, each with its text and its line.
    open: Vec<(String, String, u32)>,
    /// Properties by name, and the compiler's configuration under the names in [`MAVEN`]. The first of
    /// several with the same name counts.
    values: BTreeMap<String, (String, u32)>,
    /// The name of the open plugin, which may follow its configuration.
    plugin: String,
    configured: Vec<(String, String, u32)>,
}

impl Pom {
    fn take(&mut self, node: Node<'_>, line: u32) {
        match node {
            Node::Open { name, .. } => self.open.push((name.to_owned(), String::new(), line)),
            Node::Text(piece) => {
                if let Some((_, text, _)) = self.open.last_mut() {
                    text.push_str(piece);
                }
            }
            Node::Close => {
                if let Some((name, text, line)) = self.open.pop() {
                    self.close(name, text, line);
                }
            }
        }
    }

    fn close(&mut self, name: String, text: String, line: u32) {
        let mut above = self.open.iter().rev().map(|(name, ..)| name.as_str());
        match (name.as_str(), above.next(), above.next()) {
            (_, Some("properties"), Some("project")) => {
                self.values.entry(name).or_insert((text, line));
            }
            (_, Some("configuration"), Some("plugin")) => {
                self.configured
                    .push((format!("configuration/{name}"), text, line));
            }
            ("artifactId", Some("plugin"), _) => self.plugin = text,
            ("plugin", ..) => {
                let configured = std::mem::take(&mut self.configured).into_iter();
                if std::mem::take(&mut self.plugin).trim() == "maven-compiler-plugin" {
                    for (name, text, line) in configured {
                        self.values.entry(name).or_insert((text, line));
                    }
                }
            }
            _ => {}
        }
    }
}

/// Returns the version of Java in a `pom.xml` and its line; ignores versions set by its parent or for a single run
/// of the compiler.
///
/// # Errors
/// If it is not valid XML.
pub fn pom(text: &str) -> Result<Option<(String, u32)>, Malformed> {
    let mut pom = Pom::default();
    walk(text, &mut |node, line| pom.take(node, line))?;
    let value = |name: &str| {
        pom.values
            .get(name)
            .map(|(text, line)| (text.trim(), *line))
    };
    // A property may refer to another.
    let resolved = |name: &str| {
        let (text, line) = value(name)?;
        let other = text
            .strip_prefix("${")
            .and_then(|rest| rest.strip_suffix('}'));
        other.map_or(Some((text, line)), value)
    };
    let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let mut versions = MAVEN.iter().filter_map(|name| resolved(name));
    let found = versions.find(|(text, _)| is_number(text));
    Ok(found.map(|(text, line)| (java_version(text), line)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn maven_sets_java_in_properties_or_for_its_compiler() {
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
            let read = pom(&project(inner)).expect("XML");
            let read = read.map(|(version, _)| version);
            assert_eq!(read.as_deref(), expected, "{inner}");
        }
        assert!(pom("<project>").is_err());
    }

    proptest! {
        #[test]
        fn no_text_causes_a_panic(text in "(</?(project|properties|plugin|configuration|artifactId|source)>|1|é){0,30}") {
            let _ = pom(&text);
        }
    }
}
