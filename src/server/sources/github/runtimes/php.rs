//! The versions of PHP that `composer.json` states.

use super::super::reader::{Reader, Statement};
use crate::server::sources::position::json_text;

pub const FILES: [&str; 1] = ["composer.json"];

pub fn statements(reader: &mut Reader<'_>) -> Vec<Statement> {
    let paths: [&[&str]; 2] = [&["config", "platform", "php"], &["require", "php"]];
    let stated = paths.map(|path| reader.stated(FILES[0], |text| json_text(text, path)));
    stated.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::{super::super::reader::testing::stated, *};

    #[test]
    fn the_platform_precedes_the_requirement() {
        let text = "{\n\"require\": {\"php\": \">=8.1\"},\n\"config\": {\"platform\": {\n\"php\": \"8.2.1\"}}}";
        assert_eq!(
            stated(&[("composer.json", text)], statements),
            ["8.2.1 composer.json:4", ">=8.1 composer.json:2"]
        );
        assert!(stated(&[("composer.json", "{}")], statements).is_empty());
    }
}
