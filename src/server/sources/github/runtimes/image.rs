//! The version of a platform in the name of an image.

use super::{super::build_files::java_version, Platform};

/// Words in an image's name that identify the platform.
const NODE: [&str; 2] = ["node", "nodejs"];
const PYTHON: [&str; 1] = ["python"];
const GO: [&str; 1] = ["golang"];
const DOTNET: [&str; 1] = ["dotnet"];
const RUBY: [&str; 1] = ["ruby"];
const PHP: [&str; 1] = ["php"];
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
pub fn image_version(platform: Platform, image: &str) -> Option<Option<String>> {
    let image = image.to_ascii_lowercase();
    let (path, tag, has_digest) = split_image(&image);
    let words: Vec<&str> = path.split(['/', '-', '_', '.']).collect();
    let (platform_words, tools): (&[&str], &[&str]) = match platform {
        Platform::Node => (&NODE, &[]),
        Platform::Java => (&JAVA, &JAVA_TOOLS),
        Platform::Python => (&PYTHON, &[]),
        Platform::Go => (&GO, &[]),
        Platform::Dotnet => (&DOTNET, &[]),
        Platform::Ruby => (&RUBY, &[]),
        Platform::Php => (&PHP, &[]),
    };
    let bare = |word: &&str| platform_words.contains(&word.trim_end_matches(is_digit));
    // The .NET Framework is another product.
    let is_other = platform == Platform::Dotnet && words.contains(&"framework");
    if is_other || !words.iter().any(bare) {
        return None;
    }
    let is_tool = words.iter().any(|word| tools.contains(word));
    let of_tag = tag.and_then(|tag| match platform {
        Platform::Java if is_tool => after_words(tag, &JAVA_WORDS),
        Platform::Java => after_words(tag, &JAVA_WORDS).or_else(|| leading(tag)),
        _ => leading(tag),
    });
    let of_path = || match platform {
        Platform::Node => after_words(path, &["node", "nodejs", "lts"]),
        Platform::Java => after_words(path, &JAVA_WORDS),
        _ => after_words(path, platform_words),
    };
    let version = of_tag.or_else(of_path).map(|version| match platform {
        Platform::Java => java_version(&version),
        _ => version,
    });
    // Without a tag the newest image is meant, unless there is a digest.
    let written = || match (tag, has_digest) {
        (Some(tag), _) if !is_tool && !tag.is_empty() => Some(word(tag)),
        (None, false) if !is_tool => Some("latest".to_owned()),
        _ => None,
    };
    Some(version.or_else(written))
}

/// Splits the name of an image without its registry, its tag, and whether it has a digest.
pub fn split_image(image: &str) -> (&str, Option<&str>, bool) {
    let (name, has_digest) = match image.split_once('@') {
        Some((name, _)) => (name, true),
        None => (image, false),
    };
    let (path, tag) = split_tag(name);
    (path, tag, has_digest)
}

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
    fn versions_of_other_platforms_are_read_from_images() {
        for (platform, image, expected) in [
            (Platform::Python, "python:3.12-slim", "3.12"),
            (Platform::Python, "gcr.io/distroless/python3-debian12", "3"),
            (Platform::Go, "golang:1.22.1-alpine", "1.22.1"),
            (
                Platform::Dotnet,
                "mcr.microsoft.com/dotnet/aspnet:8.0-alpine",
                "8.0",
            ),
            (Platform::Ruby, "ruby:3.2.2", "3.2.2"),
            (Platform::Php, "php:8.2-fpm", "8.2"),
            (Platform::Php, "php", "latest"),
        ] {
            let read = image_version(platform, image).flatten();
            assert_eq!(read.as_deref(), Some(expected), "{image}");
        }
        let other = "mcr.microsoft.com/dotnet/framework/aspnet:4.8";
        assert_eq!(image_version(Platform::Dotnet, other), None);
    }

    proptest! {
        #[test]
        fn no_image_causes_a_panic(image in "(node|java|jdk|[a-z0-9.:/@_é-]){0,12}") {
            for platform in Platform::ALL {
                image_version(platform, &image);
            }
            super::super::linux::linux(&image);
            super::super::vendor::java_product(&image);
        }
    }
}
