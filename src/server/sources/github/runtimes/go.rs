//! The version of Go that `go.mod` states.

use super::super::reader::{Reader, Statement};

pub const FILES: [&str; 1] = ["go.mod"];

pub fn statements(reader: &mut Reader<'_>) -> Vec<Statement> {
    let words = [("toolchain", "go"), ("go", "")];
    let stated =
        words.map(|(name, prefix)| reader.stated("go.mod", |text| directive(text, name, prefix)));
    stated.into_iter().flatten().collect()
}

/// Returns the version after the name of a directive.
fn directive(text: &str, name: &str, prefix: &str) -> Option<(String, u32)> {
    text.lines().zip(1..).find_map(|(line, number)| {
        let mut words = line.split("//").next()?.split_whitespace();
        let version = (words.next()? == name).then(|| words.next())??;
        let version = version.strip_prefix(prefix)?;
        version
            .starts_with(|c: char| c.is_ascii_digit())
            .then(|| (version.to_owned(), number))
    })
}

#[cfg(test)]
mod tests {
    use super::{super::super::reader::testing::stated, *};

    #[test]
    fn the_toolchain_precedes_the_language() {
        let text = "module example.org/x // go 1.1\n\ngo 1.21 // why\n\ntoolchain go1.22.1\nrequire go 1.3\n";
        assert_eq!(
            stated(&[("go.mod", text)], statements),
            ["1.22.1 go.mod:5", "1.21 go.mod:3"]
        );
        let text = "module x\ntoolchain default\ngo next\n";
        assert!(stated(&[("go.mod", text)], statements).is_empty());
    }
}
