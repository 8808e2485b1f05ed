//! Determines the version of Node.js or Java that a repository uses. The rule, only here:
//!
//! 1. the base image of the last stage of its Dockerfile, if it is an image of the platform;
//! 2. for Node.js its `.nvmrc`, then `engines.node` of its `package.json`;
//!    for Java the statement in its build file;
//! 3. the base image of an earlier stage;
//! 4. “unknown” if it has a `package.json` (Node.js) or a build file (Java), or an image of the
//!    platform whose version cannot be read;
//! 5. otherwise it does not use the platform.
//!
//! The root's `Dockerfile` takes precedence over others, which follow in the order of their names.
//! Names such as `lts` or `latest` count as versions.

use super::build_files::java_version;

/// Shown if a repository uses a platform in a version that cannot be read.
pub const UNKNOWN: &str = "unknown";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    Node,
    Java,
}

/// The statements of a repository about a platform.
#[derive(Debug, Default)]
pub struct Statements<'a> {
    /// The images that its last stages are based on, the most important Dockerfile first.
    pub last_images: Vec<&'a str>,
    pub other_images: Vec<&'a str>,
    /// The versions in its files, the most specific first.
    pub stated: Vec<&'a str>,
    /// It has a file that is only used with the platform.
    pub has_file: bool,
}

/// Returns the version of a platform that a repository uses; none if it does not use it.
pub fn version(platform: Platform, statements: &Statements<'_>) -> Option<String> {
    let of = |images: &[&str]| -> Vec<Option<String>> {
        let used = images
            .iter()
            .filter_map(|image| image_version(platform, image));
        used.collect()
    };
    let (last, others) = (of(&statements.last_images), of(&statements.other_images));
    let used = statements.has_file || !last.is_empty() || !others.is_empty();
    let stated = statements.stated.iter().map(|&stated| stated.to_owned());
    let mut known = last
        .into_iter()
        .flatten()
        .chain(stated)
        .chain(others.into_iter().flatten());
    known.next().or_else(|| used.then(|| UNKNOWN.to_owned()))
}

/// Words in an image's name that identify the platform.
const NODE: [&str; 2] = ["node", "nodejs"];
const JAVA: [&str; 15] = [
    "java",
    "openjdk",
    "jdk",
    "jre",
    "temurin",
    "adoptopenjdk",
    "corretto",
    "amazoncorretto",
    "zulu",
    "liberica",
    "sapmachine",
    "semeru",
    "gradle",
    "maven",
    "tomcat",
];
/// Images whose tag begins with the version of a tool.
const JAVA_TOOLS: [&str; 3] = ["gradle", "maven", "tomcat"];
/// Words in a tag that precede the version of Java.
const JAVA_WORDS: [&str; 9] = [
    "java", "openjdk", "jdk", "jre", "temurin", "corretto", "zulu", "liberica", "semeru",
];

/// Returns none unless an image is one of the platform; then its version, if it can be read.
fn image_version(platform: Platform, image: &str) -> Option<Option<String>> {
    let image = image.to_ascii_lowercase();
    let (name, digest) = match image.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (image.as_str(), None),
    };
    let (path, tag) = split_tag(name);
    let words: Vec<&str> = path.split(['/', '-', '_', '.']).collect();
    let (platform_words, tools): (&[&str], &[&str]) = match platform {
        Platform::Node => (&NODE, &[]),
        Platform::Java => (&JAVA, &JAVA_TOOLS),
    };
    let bare = |word: &&str| platform_words.contains(&word.trim_end_matches(is_digit));
    if !words.iter().any(bare) {
        return None;
    }
    let is_tool = words.iter().any(|word| tools.contains(word));
    let of_tag = tag.and_then(|tag| match platform {
        Platform::Node => leading(tag),
        Platform::Java if is_tool => after_words(tag, &JAVA_WORDS),
        Platform::Java => after_words(tag, &JAVA_WORDS).or_else(|| leading(tag)),
    });
    let of_path = || match platform {
        Platform::Node => after_words(path, &["node", "nodejs", "lts"]),
        Platform::Java => after_words(path, &JAVA_WORDS),
    };
    let version = of_tag.or_else(of_path).map(|version| match platform {
        Platform::Node => version,
        Platform::Java => java_version(&version),
    });
    // Without a tag the newest image is meant, unless there is a digest.
    let written = || match (tag, digest) {
        (Some(tag), _) if !is_tool && !tag.is_empty() => Some(word(tag)),
        (None, None) if !is_tool => Some("latest".to_owned()),
        _ => None,
    };
    Some(version.or_else(written))
}

/// Splits the name without its registry from the tag.
fn split_tag(name: &str) -> (&str, Option<&str>) {
    let (path, tag) = match name.rsplit_once(':') {
        // A colon before a slash precedes a port.
        Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
        _ => (name, None),
    };
    let is_registry = |first: &str| first.contains(['.', ':']) || first == "localhost";
    let path = match path.split_once('/') {
        Some((first, rest)) if is_registry(first) => rest,
        _ => path,
    };
    (path, tag)
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// Returns the version at the beginning of a text: `8.12.0` of `v8.12.0-slim`, `8u191` of `8u191-jre`.
fn leading(text: &str) -> Option<String> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text.find(['-', '_', '+', '/']).unwrap_or(text.len());
    text.starts_with(is_digit).then(|| word(&text[..end]))
}

/// Returns the version after the first of these words with a number behind it: `8` of
/// `openjdk-8-distroless`, `17` of `8-jdk17`.
fn after_words(text: &str, words: &[&str]) -> Option<String> {
    let mut parts = text.split(['-', '_', '/']).peekable();
    while let Some(part) = parts.next() {
        let name = part.trim_end_matches(|c: char| is_digit(c) || c == '.');
        if !words.contains(&name) {
            continue;
        }
        let attached = &part[name.len()..];
        let version = match parts.peek() {
            _ if attached.starts_with(is_digit) => leading(attached),
            Some(next) => leading(next),
            None => None,
        };
        if version.is_some() {
            return version;
        }
    }
    None
}

/// Returns as much of a version as is kept.
fn word(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn versions_are_read_from_images() {
        let node = [
            ("node:8.12.0", "8.12.0"),
            ("node:8.12.0-slim", "8.12.0"),
            (
                "hmctspublic.azurecr.io/base/node/alpine-lts-10:10-alpine",
                "10",
            ),
            (
                "hmctspublic.azurecr.io/base/node/stretch-slim-lts-8:8-stretch-slim",
                "8",
            ),
            ("hmcts.azurecr.io/hmcts/base/node/stretch-slim-lts-8", "8"),
            (
                "hmcts.azurecr.io/hmcts/base/node/stretch-slim-lts-8:latest",
                "8",
            ),
            ("localhost:5000/node:20@sha256:0123", "20"),
            ("node:lts", "lts"),
            ("node:lts-alpine", "lts-alpine"),
            ("node:latest", "latest"),
            ("NODE", "latest"),
            ("localhost:5000/node", "latest"),
            ("gcr.io/distroless/nodejs20-debian12", "20"),
            ("node:", "?"),
            ("node@sha256:0123", "?"),
        ];
        let java = [
            (
                "hmctspublic.azurecr.io/base/java:openjdk-8-distroless-1.2",
                "8",
            ),
            ("hmctsprod.azurecr.io/base/java:21-distroless", "21"),
            ("eclipse-temurin:21", "21"),
            ("eclipse-temurin:17-jdk-alpine", "17"),
            ("openjdk:21-jdk-slim", "21"),
            ("openjdk:8u191-jre", "8u191"),
            ("openjdk:11.0.4-jre-slim", "11.0.4"),
            ("openjdk:1.8", "8"),
            ("gradle:8-jdk17", "17"),
            ("gradle:8.5.0-jdk-21", "21"),
            ("gradle:8", "?"),
            ("gradle", "?"),
            ("maven:3.9-eclipse-temurin-17", "17"),
            ("gcr.io/distroless/java17-debian12:nonroot", "17"),
            ("amazoncorretto:17", "17"),
            ("java", "latest"),
        ];
        for (platform, cases) in [(Platform::Node, &node[..]), (Platform::Java, &java[..])] {
            for (image, expected) in cases {
                let read = image_version(platform, image);
                let read = read.map(|read| read.unwrap_or_else(|| "?".to_owned()));
                assert_eq!(read.as_deref(), Some(*expected), "{image}");
            }
        }
    }

    #[test]
    fn other_images_belong_to_neither_platform() {
        for image in [
            "busybox",
            "nginx:1.25",
            "divorce/yarn:latest",
            "scratch",
            "javascript:1",
            "",
        ] {
            assert_eq!(image_version(Platform::Java, image), None, "{image}");
            assert_eq!(image_version(Platform::Node, image), None, "{image}");
        }
        // A registry is not part of the name.
        assert_eq!(
            image_version(Platform::Java, "java.example.org/nginx:1"),
            None
        );
    }

    #[test]
    fn the_last_stage_takes_precedence_over_files_and_earlier_stages() {
        // Last stages, other stages, what files say: separated by spaces.
        let cases = [
            ("node:18", "node:20", "22.23.2 ^22", true, Some("18")),
            ("nginx", "node:20", "22.23.2", true, Some("22.23.2")),
            ("nginx", "node:20", "", true, Some("20")),
            ("node:lts", "", "22", true, Some("lts")),
            ("node@sha256:00", "", "22", true, Some("22")),
            ("node@sha256:00", "", "", false, Some(UNKNOWN)),
            ("nginx node:16", "", "22", false, Some("16")),
            ("", "", ">=8", true, Some(">=8")),
            ("java:8", "", "", true, Some(UNKNOWN)),
            ("java:8", "", "", false, None),
        ];
        for (last, others, stated, has_file, expected) in cases {
            let statements = Statements {
                last_images: last.split_whitespace().collect(),
                other_images: others.split_whitespace().collect(),
                stated: stated.split_whitespace().collect(),
                has_file,
            };
            let read = version(Platform::Node, &statements);
            assert_eq!(read.as_deref(), expected, "{statements:?}");
        }
    }

    proptest! {
        #[test]
        fn no_image_causes_a_panic(image in "(node|java|jdk|[a-z0-9.:/@_é-]){0,12}") {
            image_version(Platform::Node, &image);
            image_version(Platform::Java, &image);
        }
    }
}
