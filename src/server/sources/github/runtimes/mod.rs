//! Determines the runtimes that a repository uses. The rule for each platform, only here:
//!
//! 1. the base image of the last stage of its Dockerfile, if it is an image of the platform;
//! 2. its files, the most specific first: for Node.js `.nvmrc`, then `engines.node` of `package.json`; for Java
//!    its build file; for others see their modules;
//! 3. the base image of an earlier stage;
//! 4. “unknown” if it has a file that is only used with the platform, or an image of the platform whose version
//!    cannot be read;
//! 5. otherwise it does not use the platform.
//!
//! The root's `Dockerfile` takes precedence over others, which follow in the order of their names.
//! Names such as `lts` or `latest` count as versions. The operating system is that of the last stages.

pub mod dotnet;
mod go;
mod image;
mod linux;
mod php;
mod python;
mod ruby;
mod vendor;

use super::{
    build_files::{self, Package},
    dockerfile,
    files::{DOCKERFILE, GRADLE, NVMRC, PACKAGE, POM},
    maven,
    reader::{Reader, Statement},
};
use crate::server::model::{BaseImage, Runtime, Stated};

/// Shown if a repository uses a platform in a version that cannot be read.
pub const UNKNOWN: &str = "unknown";

/// The files in the root that are read if they exist, besides projects of .NET.
pub const OPTIONAL: [&str; 9] = [
    ".python-version",
    "runtime.txt",
    "pyproject.toml",
    "Pipfile",
    "go.mod",
    "global.json",
    ".ruby-version",
    "Gemfile",
    "composer.json",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    Node,
    Java,
    Python,
    Go,
    Dotnet,
    Ruby,
    Php,
}

impl Platform {
    #[cfg(test)]
    pub const ALL: [Self; 7] = [
        Self::Node,
        Self::Java,
        Self::Python,
        Self::Go,
        Self::Dotnet,
        Self::Ruby,
        Self::Php,
    ];

    /// Returns the product at endoflife.date; for Java, of the vendor that an image states.
    fn product(self, image: Option<&Statement>) -> &'static str {
        match self {
            Self::Node => "nodejs",
            Self::Java => image.map_or("java", |image| vendor::java_product(&image.version)),
            Self::Python => "python",
            Self::Go => "go",
            Self::Dotnet => "dotnet",
            Self::Ruby => "ruby",
            Self::Php => "php",
        }
    }
}

/// The base images of a repository, the most important Dockerfile first; `version` is the image.
#[derive(Debug, Default)]
struct Images {
    /// Those of last stages.
    last: Vec<Statement>,
    all: Vec<Statement>,
}

/// The runtimes of a repository.
#[derive(Debug, Default)]
pub struct Found {
    pub node: Option<Runtime>,
    pub java: Option<Runtime>,
    pub others: Vec<Runtime>,
    /// Everything that files state about Node.js and Java, and the base images.
    pub stated: Stated,
}

/// Reads the runtimes; `package` is the repository's `package.json`.
pub fn read(reader: &mut Reader<'_>, package: Option<Package>) -> Found {
    let mut found = Found::default();
    let images = images(reader, &mut found.stated.base_images);

    let nvmrc = reader.stated(NVMRC, build_files::nvmrc);
    let engines = package.and_then(|package| {
        let (version, line) = package.engines_node?;
        Some(Statement {
            version,
            file: PACKAGE.to_owned(),
            line,
        })
    });
    let gradle = GRADLE
        .iter()
        .find_map(|path| reader.stated(path, build_files::gradle));
    let java = gradle.or_else(|| {
        let (version, line) = reader.parsed(POM, maven::pom).flatten()?;
        Some(Statement {
            version,
            file: POM.to_owned(),
            line,
        })
    });
    let version = |stated: &Option<Statement>| stated.as_ref().map(|one| one.version.clone());
    found.stated.nvmrc = version(&nvmrc);
    found.stated.engines_node = version(&engines);
    found.stated.java = version(&java);

    let texts = &reader.files.texts;
    let first = |paths: &[&str]| {
        let mut paths = paths.iter();
        let found = paths.find(|path| texts.contains_key(**path))?;
        Some((*found).to_owned())
    };
    let node: Vec<_> = nvmrc.into_iter().chain(engines).collect();
    found.node = decide(Platform::Node, &images, &node, first(&[PACKAGE, NVMRC]));
    let builds_java = first(&[GRADLE[0], GRADLE[1], POM]);
    let java: Vec<_> = java.into_iter().collect();
    found.java = decide(Platform::Java, &images, &java, builds_java);

    let others = [
        (
            Platform::Python,
            python::statements(reader),
            reader.first(&python::FILES),
        ),
        (
            Platform::Go,
            go::statements(reader),
            reader.first(&go::FILES),
        ),
        (
            Platform::Dotnet,
            dotnet::statements(reader),
            dotnet::file(reader),
        ),
        (
            Platform::Ruby,
            ruby::statements(reader),
            reader.first(&ruby::FILES),
        ),
        (
            Platform::Php,
            php::statements(reader),
            reader.first(&php::FILES),
        ),
    ];
    for (platform, stated, file) in others {
        found
            .others
            .extend(decide(platform, &images, &stated, file));
    }
    for image in &images.last {
        if let Some((product, version)) = linux::linux(&image.version)
            && found.others.iter().all(|known| known.product != product)
        {
            found.others.push(runtime(product, version, image));
        }
    }
    found
}

/// Reads the base images, and adds every `FROM` line to `all`.
fn images(reader: &mut Reader<'_>, all: &mut Vec<BaseImage>) -> Images {
    let mut dockerfiles = vec![DOCKERFILE.to_owned()];
    dockerfiles.extend(reader.files.other_dockerfiles());
    let mut images = Images::default();
    for path in dockerfiles {
        let Some(text) = reader.text(&path) else {
            continue;
        };
        let stages = dockerfile::parse(text);
        let statement = |stage: &dockerfile::From| {
            Some(Statement {
                version: stage.image.clone()?,
                file: path.clone(),
                line: stage.line,
            })
        };
        let last = stages.len().checked_sub(1);
        let last = last.and_then(|last| dockerfile::root(&stages, last));
        images.last.extend(last.and_then(statement));
        let others = stages.iter().filter(|stage| stage.stage.is_none());
        images.all.extend(others.filter_map(statement));
        all.extend(stages.into_iter().map(|stage| BaseImage {
            file: path.clone(),
            stage: stage.stage.is_some(),
            image: stage.image.unwrap_or(stage.written),
        }));
    }
    images
}

/// Decides on the version of a platform by the rule; none if the repository does not use it. `file` is one that
/// is only used with the platform.
fn decide(
    platform: Platform,
    images: &Images,
    stated: &[Statement],
    file: Option<String>,
) -> Option<Runtime> {
    let of = |images: &'_ [Statement]| -> Vec<(Statement, Option<String>)> {
        let used = images.iter().filter_map(|image| {
            let version = image::image_version(platform, &image.version)?;
            Some((image.clone(), version))
        });
        used.collect()
    };
    let (last, all) = (of(&images.last), of(&images.all));
    let known = |images: &[(Statement, Option<String>)]| {
        let mut images = images.iter();
        let (image, version) = images.find(|(_, version)| version.is_some())?;
        let product = platform.product(Some(image));
        Some(runtime(product, version.clone()?, image))
    };
    // The version in a file is that of the last image of the platform, if there is one.
    let product = platform.product(last.first().map(|(image, _)| image));
    known(&last)
        .or_else(|| {
            let stated = stated.first()?;
            Some(runtime(product, stated.version.clone(), stated))
        })
        .or_else(|| known(&all))
        .or_else(|| {
            let image = last.first().or(all.first()).map(|(image, _)| image.clone());
            let statement = image.or_else(|| {
                Some(Statement {
                    version: String::new(),
                    file: file?,
                    line: 0,
                })
            });
            let product = platform.product(last.first().or(all.first()).map(|(image, _)| image));
            statement.map(|statement| runtime(product, UNKNOWN.to_owned(), &statement))
        })
}

fn runtime(product: &str, version: String, stated: &Statement) -> Runtime {
    Runtime {
        product: product.to_owned(),
        version,
        file: stated.file.clone(),
        line: stated.line,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::reader::testing::files, *};

    fn statements(words: &str) -> Vec<Statement> {
        let statement = |(version, line): (&str, u32)| Statement {
            version: version.to_owned(),
            file: "f".to_owned(),
            line,
        };
        words.split_whitespace().zip(1..).map(statement).collect()
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
            let images = Images {
                last: statements(last),
                all: statements(others),
            };
            let file = has_file.then(|| "package.json".to_owned());
            let read = decide(Platform::Node, &images, &statements(stated), file);
            let version = read.as_ref().map(|read| read.version.as_str());
            assert_eq!(version, expected, "{images:?} {stated}");
        }
    }

    fn lines(texts: &[(&str, &str)]) -> Vec<String> {
        let files = files(texts);
        let mut reader = Reader::new(&files);
        let package = reader.parsed(PACKAGE, build_files::package);
        let found = read(&mut reader, package);
        let all = found.node.into_iter().chain(found.java).chain(found.others);
        all.map(|one| format!("{} {} {}:{}", one.product, one.version, one.file, one.line))
            .collect()
    }

    #[test]
    fn every_runtime_has_its_product_file_and_line() {
        assert_eq!(
            lines(&[
                (
                    "Dockerfile",
                    "ARG V=17\n\nFROM node:18 AS build\nRUN x\nFROM \\\n eclipse-temurin:${V}-jre-alpine AS base\nFROM base",
                ),
                ("hub.Dockerfile", "FROM python:3.12-bookworm"),
                ("package.json", "{\n\"engines\": {\n\"node\": \">=18\"}}"),
                ("build.gradle", "sourceCompatibility = 11"),
                ("go.mod", "module x\n"),
                ("composer.json", "{\"require\": {\"php\": \"^8.1\"}}"),
            ]),
            [
                "nodejs >=18 package.json:3",
                "eclipse-temurin 17 Dockerfile:5",
                "python 3.12 hub.Dockerfile:1",
                "go unknown go.mod:0",
                "php ^8.1 composer.json:1",
                "alpine-linux unknown Dockerfile:5",
                "debian bookworm hub.Dockerfile:1",
            ]
        );
    }

    #[test]
    fn the_vendor_of_java_is_that_of_the_image() {
        for (image, expected) in [
            (
                "eclipse-temurin@sha256:00",
                "eclipse-temurin 11 build.gradle:2",
            ),
            ("nginx", "java 11 build.gradle:2"),
        ] {
            let texts = [
                ("Dockerfile", &*format!("FROM {image}")),
                ("build.gradle", "/* a */\nsourceCompatibility = 11"),
            ];
            assert_eq!(lines(&texts), [expected]);
        }
        assert_eq!(
            lines(&[("pom.xml", "<project/>")]),
            ["java unknown pom.xml:0"]
        );
        let pom = "<project>\n<properties>\n<java.version>17</java.version></properties></project>";
        assert_eq!(lines(&[("pom.xml", pom)]), ["java 17 pom.xml:3"]);
        assert!(lines(&[]).is_empty());
    }
}
