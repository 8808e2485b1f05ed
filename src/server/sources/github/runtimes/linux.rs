//! The Linux distribution of a base image, by its name or its tag.

use super::{UNKNOWN, image::split_image};

const DISTRIBUTIONS: [(&str, &str); 3] = [
    ("debian", "debian"),
    ("ubuntu", "ubuntu"),
    ("alpine", "alpine-linux"),
];
const DEBIAN: [&str; 9] = [
    "wheezy", "jessie", "stretch", "buster", "bullseye", "bookworm", "trixie", "forky", "sid",
];
const UBUNTU: [&str; 19] = [
    "trusty", "xenial", "bionic", "cosmic", "disco", "eoan", "focal", "groovy", "hirsute",
    "impish", "jammy", "kinetic", "lunar", "mantic", "noble", "oracular", "plucky", "questing",
    "resolute",
];

/// Returns the product and the version; none if the image does not say which Linux it is.
pub fn linux(image: &str) -> Option<(&'static str, String)> {
    let image = image.to_ascii_lowercase();
    let (path, tag, has_digest) = split_image(&image);
    let name = path.rsplit('/').next().unwrap_or_default();
    if let Some((_, product)) = DISTRIBUTIONS.iter().find(|(known, _)| *known == name) {
        let version = match tag {
            Some(tag) if !tag.is_empty() => {
                let first = tag.split(['-', '_']).next().unwrap_or_default();
                first.to_owned()
            }
            None if !has_digest => "latest".to_owned(),
            _ => UNKNOWN.to_owned(),
        };
        return Some((*product, version));
    }
    let of_tag = words(tag.unwrap_or_default());
    let all: Vec<_> = of_tag.into_iter().chain(words(path)).collect();
    let known = all.iter().find(|(_, version)| version != UNKNOWN);
    if let Some(found) = known.or_else(|| all.first()) {
        return Some(found.clone());
    }
    // Distroless images are made of packages of Debian.
    let mut words = path
        .split(['/', '-'])
        .chain(tag.unwrap_or_default().split('-'));
    words
        .any(|word| word == "distroless")
        .then(|| ("debian", UNKNOWN.to_owned()))
}

/// Returns every distribution that words name: `bookworm`, `alpine3.19`, `debian12`, `ubuntu-22.04`.
fn words(text: &str) -> Vec<(&'static str, String)> {
    let mut words = text.split(['-', '_', '/']).peekable();
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        if DEBIAN.contains(&word) {
            found.push(("debian", word.to_owned()));
        } else if UBUNTU.contains(&word) {
            found.push(("ubuntu", word.to_owned()));
        }
        for (name, product) in DISTRIBUTIONS {
            let Some(rest) = word.strip_prefix(name) else {
                continue;
            };
            let is_version = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
            let version = match words.peek() {
                _ if is_version(rest) => rest,
                Some(next) if rest.is_empty() && is_version(next) => next,
                _ if rest.is_empty() => UNKNOWN,
                _ => continue,
            };
            found.push((product, version.to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributions_are_read_from_names_and_tags() {
        for (image, expected) in [
            ("debian:12-slim", "debian 12"),
            ("debian:bookworm-20260101", "debian bookworm"),
            ("docker.io/library/ubuntu:22.04", "ubuntu 22.04"),
            ("ubuntu", "ubuntu latest"),
            ("ubuntu@sha256:00", "ubuntu unknown"),
            ("alpine:3.19.1", "alpine-linux 3.19.1"),
            ("node:20-alpine", "alpine-linux unknown"),
            ("node:20-alpine3.19", "alpine-linux 3.19"),
            ("node:20-bookworm-slim", "debian bookworm"),
            ("eclipse-temurin:21-jre-jammy", "ubuntu jammy"),
            ("mcr.microsoft.com/openjdk/jdk:17-ubuntu", "ubuntu unknown"),
            (
                "registry.example.org/base/node/stretch-slim-lts-8:8-stretch-slim",
                "debian stretch",
            ),
            (
                "registry.example.org/base/node/alpine-lts-10:10-alpine",
                "alpine-linux unknown",
            ),
            ("gcr.io/distroless/java17-debian12:nonroot", "debian 12"),
            (
                "registry.example.org/base/java:21-distroless",
                "debian unknown",
            ),
            ("ghcr.io/x/ubuntu-22.04:main", "ubuntu 22.04"),
        ] {
            let (product, version) = linux(image).expect(image);
            assert_eq!(format!("{product} {version}"), expected, "{image}");
        }
        for image in [
            "node:20",
            "scratch",
            "",
            "busybox:1.37.0-musl",
            "debianish:1",
        ] {
            assert_eq!(linux(image), None, "{image}");
        }
    }
}
