//! Package URLs (`pkg:maven/org.yaml/snakeyaml@1.33`).

use percent_encoding::percent_decode_str;

/// The name of a package as its ecosystem writes it, and its version.
#[derive(Debug, PartialEq, Eq)]
pub struct Package {
    /// `org.yaml:snakeyaml`, `@babel/traverse`, `github.com/gin-gonic/gin`.
    pub name: String,
    pub version: Option<String>,
}

/// Reads a package URL; none for other texts.
pub fn package(url: &str) -> Option<Package> {
    let rest = url.trim().strip_prefix("pkg:")?.trim_start_matches('/');
    let rest = rest.split(['?', '#']).next()?;
    let (kind, path) = rest.split_once('/')?;
    // An @ before the last slash begins a namespace (`%40` is encoded by most tools, not by all).
    let (path, version) = match path.rsplit_once('@') {
        Some((path, version)) if !path.is_empty() && !version.contains('/') => {
            (path, Some(version))
        }
        _ => (path, None),
    };
    let separator = if kind.eq_ignore_ascii_case("maven") {
        ":"
    } else {
        "/"
    };
    let parts: Vec<String> = path
        .split('/')
        .filter(|part| !part.is_empty())
        .map(decoded)
        .collect();
    let name = parts.join(separator);
    (!name.is_empty()).then(|| Package {
        name,
        version: version.map(decoded).filter(|version| !version.is_empty()),
    })
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_ecosystem() {
        let cases = [
            (
                "pkg:maven/org.yaml/snakeyaml@1.33",
                "org.yaml:snakeyaml",
                "1.33",
            ),
            (
                "pkg:npm/%40babel/traverse@7.0.0",
                "@babel/traverse",
                "7.0.0",
            ),
            ("pkg:npm/@babel/traverse@7.0.0", "@babel/traverse", "7.0.0"),
            ("pkg:npm/lodash@4.17.15?a=b#c", "lodash", "4.17.15"),
            (
                "pkg:golang/github.com/gin-gonic/gin@v1.9.0",
                "github.com/gin-gonic/gin",
                "v1.9.0",
            ),
            ("pkg:javascript/jquery@3.4.0", "jquery", "3.4.0"),
            ("pkg:deb/debian/curl@7.88%2Bdeb", "debian/curl", "7.88+deb"),
        ];
        for (url, name, version) in cases {
            let package = package(url).expect(url);
            assert_eq!(package.name, name);
            assert_eq!(package.version.as_deref(), Some(version));
        }
        let bare = package("pkg:npm/%40babel/traverse").expect("a package");
        assert_eq!((&*bare.name, bare.version), ("@babel/traverse", None));
    }

    #[test]
    fn other_texts_are_no_packages() {
        for text in [
            "",
            "pkg:",
            "pkg:npm",
            "pkg:npm/",
            "cpe:/a:yaml",
            "@",
            "pkg:é/",
        ] {
            assert_eq!(package(text), None, "{text}");
        }
    }
}
