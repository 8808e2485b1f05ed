//! Environment variables. Secrets are wrapped so that they cannot be printed.

use std::collections::HashMap;

use secrecy::SecretString;

/// A copy of the process's environment, or one made by a test.
#[derive(Default)]
pub struct Environment(HashMap<String, String>);

impl Environment {
    pub fn of_process() -> Self {
        // Our names and values are Unicode; any others belong to other programs.
        let variables = std::env::vars_os();
        let text = variables.filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        text.collect()
    }

    /// The value of the first of these variables that is set and not empty, trimmed: the dashboard's own
    /// name comes first, then that of the original.
    pub fn text(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| {
            let value = self.0.get(*name)?.trim();
            (!value.is_empty()).then(|| value.to_owned())
        })
    }

    pub fn secret(&self, names: &[&str]) -> Option<SecretString> {
        self.text(names).map(SecretString::from)
    }

    /// The items of a comma-separated list.
    pub fn list(&self, names: &[&str]) -> Vec<String> {
        let text = self.text(names).unwrap_or_default();
        let items = text.split(',').map(str::trim);
        items
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect()
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_with_a_value_is_used() {
        let variables = [("new", " "), ("old", " a, b ,,c\n")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let environment: Environment = variables.into_iter().collect();
        assert_eq!(
            environment.text(&["new", "old"]).as_deref(),
            Some("a, b ,,c")
        );
        assert_eq!(environment.list(&["new", "old"]), ["a", "b", "c"]);
        assert_eq!(environment.text(&["new"]), None);
    }
}
