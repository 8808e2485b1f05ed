//! The versions of .NET that projects in the root and `global.json` state.

use super::super::reader::{Reader, Statement};
use crate::server::sources::{
    position::json_text,
    xml::{Node, walk},
};

const GLOBAL: &str = "global.json";

/// Returns true for a project file in the root.
pub fn is_project(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    !path.contains('/')
        && [".csproj", ".fsproj", ".vbproj"]
            .iter()
            .any(|end| path.ends_with(end))
}

/// Returns the first file that is only used with .NET.
pub fn file(reader: &Reader<'_>) -> Option<String> {
    let mut entries = reader.files.entries.iter();
    let project = entries.find(|path| is_project(path)).cloned();
    project.or_else(|| reader.first(&[GLOBAL]))
}

/// The framework of a project decides when support ends, so it precedes the SDK.
pub fn statements(reader: &mut Reader<'_>) -> Vec<Statement> {
    let paths = reader.files.texts.keys().filter(|path| is_project(path));
    let paths: Vec<String> = paths.cloned().collect();
    let mut found = Vec::new();
    for path in paths {
        let version = reader.parsed(&path, project).flatten();
        found.extend(version.map(|(version, line)| Statement {
            version,
            file: path,
            line,
        }));
    }
    found.extend(reader.stated(GLOBAL, |text| json_text(text, &["sdk", "version"])));
    found
}

/// Returns the first framework of a project that is a version of .NET.
fn project(text: &str) -> Result<Option<(String, u32)>, String> {
    let (mut open, mut found) = (None, None);
    let walked = walk(text, &mut |node, line| match node {
        Node::Open { name, .. } => {
            let is_framework = matches!(name, "TargetFramework" | "TargetFrameworks");
            open = is_framework.then(|| (String::new(), line));
        }
        Node::Text(piece) => {
            if let Some((text, _)) = &mut open {
                text.push_str(piece);
            }
        }
        Node::Close => {
            if let Some((text, line)) = open.take()
                && found.is_none()
            {
                found = text
                    .split(';')
                    .find_map(framework)
                    .map(|version| (version, line));
            }
        }
    });
    walked
        .map(|()| found)
        .map_err(|malformed| malformed.to_string())
}

/// Returns the version in the name of a framework: `8.0` of `net8.0-windows`; none of `net48`, which is another
/// product.
fn framework(name: &str) -> Option<String> {
    let name = name.trim().to_ascii_lowercase();
    let version = name
        .strip_prefix("netcoreapp")
        .or_else(|| name.strip_prefix("net"))?;
    let version = version.split('-').next()?;
    let is_version = version.contains('.') && version.starts_with(|c: char| c.is_ascii_digit());
    is_version.then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{super::super::reader::testing::stated, *};

    #[test]
    fn the_framework_precedes_the_sdk() {
        let project = "<Project Sdk=\"Microsoft.NET.Sdk\">\n<PropertyGroup>\n\
                       <TargetFrameworks>netstandard2.0; net8.0-windows;net6.0</TargetFrameworks></PropertyGroup></Project>";
        let all = [
            ("A.csproj", project),
            ("global.json", "{\n\"sdk\": {\"version\": \"8.0.100\"}}"),
        ];
        assert_eq!(
            stated(&all, statements),
            ["8.0 A.csproj:3", "8.0.100 global.json:2"]
        );
    }

    #[test]
    fn other_frameworks_are_not_dotnet() {
        for (name, expected) in [
            ("netcoreapp3.1", Some("3.1")),
            ("net48", None),
            ("netstandard2.1", None),
            ("$(Framework)", None),
            ("", None),
        ] {
            assert_eq!(framework(name).as_deref(), expected, "{name}");
        }
        assert!(stated(&[("A.csproj", "<Project>")], statements).is_empty());
    }
}
