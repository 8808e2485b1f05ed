//! The vendor of the Java in an image, as its product at endoflife.date.

use super::image::split_image;

/// Words of the name or the tag.
const WORDS: [(&str, &str); 5] = [
    ("temurin", "eclipse-temurin"),
    ("corretto", "amazon-corretto"),
    ("amazoncorretto", "amazon-corretto"),
    ("zulu", "azul-zulu"),
    ("msopenjdk", "microsoft-build-of-openjdk"),
];
/// Beginnings of the whole name.
const REGISTRIES: [(&str, &str); 5] = [
    ("mcr.microsoft.com/openjdk/", "microsoft-build-of-openjdk"),
    ("container-registry.oracle.com/java/", "oracle-jdk"),
    ("registry.access.redhat.com/", "red-hat-build-of-openjdk"),
    ("registry.redhat.io/", "red-hat-build-of-openjdk"),
    ("quay.io/redhat", "red-hat-build-of-openjdk"),
];

/// Returns the product; `java` if the image does not state it.
pub fn java_product(image: &str) -> &'static str {
    let image = image.to_ascii_lowercase();
    if let Some((_, product)) = REGISTRIES
        .iter()
        .find(|(start, _)| image.starts_with(start))
    {
        return product;
    }
    let (path, tag, _) = split_image(&image);
    let tag = tag.unwrap_or_default();
    let mut words = path.split(['/', '-', '_']).chain(tag.split(['-', '_']));
    let vendor = words.find_map(|word| {
        let word = word.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        WORDS.iter().find(|(known, _)| *known == word)
    });
    if let Some((_, product)) = vendor {
        return product;
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_tool = matches!(name, "maven" | "tomcat");
    if name == "openjdk" || is_tool && tag.split('-').any(|word| word == "openjdk") {
        return "openjdk-builds-from-oracle";
    }
    "java"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendors_are_read_from_images() {
        for (image, expected) in [
            ("eclipse-temurin:21", "eclipse-temurin"),
            ("maven:3.9-eclipse-temurin-17", "eclipse-temurin"),
            ("tomcat:9-jdk17-corretto", "amazon-corretto"),
            ("amazoncorretto:17", "amazon-corretto"),
            ("azul/zulu-openjdk:17", "azul-zulu"),
            (
                "mcr.microsoft.com/openjdk/jdk:17-ubuntu",
                "microsoft-build-of-openjdk",
            ),
            ("container-registry.oracle.com/java/jdk:21", "oracle-jdk"),
            (
                "registry.access.redhat.com/ubi9/openjdk-21:1.20",
                "red-hat-build-of-openjdk",
            ),
            ("openjdk:8u191-jre", "openjdk-builds-from-oracle"),
            ("maven:3-openjdk-17", "openjdk-builds-from-oracle"),
            (
                "registry.example.org/base/java:openjdk-8-distroless-1.2",
                "java",
            ),
            ("registry.example.org/base/java:21-distroless", "java"),
            ("gradle:8-jdk17", "java"),
            ("", "java"),
        ] {
            assert_eq!(java_product(image), expected, "{image}");
        }
    }
}
