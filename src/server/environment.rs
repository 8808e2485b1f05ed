//! Environment variables. Secrets are wrapped so that they cannot be printed.

use std::{
    collections::{HashMap, HashSet},
    fs,
    os::unix::fs::PermissionsExt as _,
    sync::OnceLock,
};

use anyhow::{Context as _, Result, bail};
use secrecy::SecretString;

/// A file of variables for processes started by hand; variables that are set already take precedence.
const DOTENV: &str = ".env";
/// Variables with which `.env` could have another machine answer for any host.
const CERTIFICATES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// The variables that were read from `.env`.
static FROM_FILE: OnceLock<Dotenv> = OnceLock::new();

#[derive(Debug, Default)]
struct Dotenv {
    /// The variables that only the file sets.
    names: HashSet<String>,
    /// Other users of this machine can read the file.
    is_exposed: bool,
}

/// Reads variables from `.env` in the working directory, if it exists. Called once, while the process has
/// one thread.
///
/// # Errors
/// The file cannot be read; the message names the line.
pub fn load_dotenv() -> Result<()> {
    let mut dotenv = Dotenv::default();
    match dotenvy::from_path_iter(DOTENV) {
        Ok(variables) => {
            for variable in variables {
                let (name, _) = variable.map_err(unreadable)?;
                if std::env::var_os(&name).is_none() {
                    dotenv.names.insert(name);
                }
            }
            dotenvy::from_path(DOTENV).map_err(unreadable)?;
            let about = fs::metadata(DOTENV).context("cannot read .env")?;
            dotenv.is_exposed = about.permissions().mode() & 0o077 != 0;
        }
        Err(error) if error.not_found() => {}
        Err(error) => return Err(unreadable(error)),
    }
    FROM_FILE.get_or_init(|| dotenv);
    Ok(())
}

/// Returns whether `.env` was read and other users of this machine can read it, too.
pub fn is_dotenv_exposed() -> bool {
    FROM_FILE.get().is_some_and(|dotenv| dotenv.is_exposed)
}

/// The remedy for an exposed `.env`.
pub const EXPOSED: &str = "chmod 600 .env";

fn unreadable(error: dotenvy::Error) -> anyhow::Error {
    match error {
        // The line may hold a secret, so only its number is reported.
        dotenvy::Error::LineParse(line, _) => anyhow::anyhow!(
            "{DOTENV}, line {}: expected NAME=value, with quotes around a value with spaces",
            line_number(&line)
        ),
        error => anyhow::Error::new(error).context("cannot read .env"),
    }
}

fn line_number(wanted: &str) -> usize {
    let text = fs::read_to_string(DOTENV).unwrap_or_default();
    let before = text
        .lines()
        .take_while(|line| !line.contains(wanted.trim()));
    before.count() + 1
}

/// A copy of the process's environment, or one made by a test.
#[derive(Default)]
pub struct Environment {
    variables: HashMap<String, String>,
    /// The variables that `.env` sets.
    from_file: HashSet<String>,
}

impl Environment {
    pub fn of_process() -> Self {
        // Our names and values are Unicode; any others belong to other programs.
        let variables = std::env::vars_os();
        let text = variables.filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        let environment: Self = text.collect();
        let names = FROM_FILE.get().map(|dotenv| dotenv.names.clone());
        environment.with_file(names.unwrap_or_default())
    }

    /// The same environment, with these variables set by `.env`.
    #[must_use]
    pub fn with_file(self, from_file: HashSet<String>) -> Self {
        Self { from_file, ..self }
    }

    /// Returns the first of these variables that has a value, if `.env` sets it.
    fn set_by_file<'a>(&self, names: &[&'a str]) -> Option<&'a str> {
        let set = names.iter().find(|name| self.text(&[name]).is_some());
        set.copied().filter(|name| self.from_file.contains(*name))
    }

    /// Checks that a secret goes only where whoever set it sends it: `.env`, which comes with a folder, must
    /// not send a secret of the environment to another host. `address` are the names of the variable with
    /// the address; `is_known` says whether its value is a host of the service itself. A secret that is not
    /// in any variable is the environment's.
    ///
    /// # Errors
    /// The variables, and what to do.
    pub fn check_destination(
        &self,
        secret: &[&str],
        address: &[&str],
        is_known: impl FnOnce(&str) -> bool,
    ) -> Result<()> {
        if self.set_by_file(secret).is_some() {
            return Ok(());
        }
        let redirected = match self.set_by_file(address) {
            Some(name) if !self.text(&[name]).is_some_and(|text| is_known(&text)) => Some(name),
            _ => CERTIFICATES
                .into_iter()
                .find(|name| self.set_by_file(&[name]).is_some()),
        };
        if let Some(name) = redirected {
            bail!(
                "{name} is set by .env, but {} is not: .env would decide where that secret goes; set {name} \
                 in the environment too, or both in .env",
                secret[0]
            );
        }
        Ok(())
    }

    /// The value of the first of these variables that is set and not empty, trimmed: the dashboard's own
    /// name comes first, then that of the original.
    pub fn text(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| {
            let value = self.variables.get(*name)?.trim();
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
        Self {
            variables: variables.into_iter().collect(),
            from_file: HashSet::new(),
        }
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

    #[test]
    fn a_file_does_not_send_a_secret_of_the_environment_elsewhere() {
        let check = |url: &str, from_file: &[&str]| {
            let variables = [("TOKEN", "x"), ("URL", url), ("SSL_CERT_FILE", "ca.pem")];
            let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let environment: Environment = variables.into_iter().collect();
            let from_file = from_file.iter().map(|&name| name.to_owned()).collect();
            let environment = environment.with_file(from_file);
            environment.check_destination(&["TOKEN"], &["URL"], |url| url == "https://known")
        };
        for from_file in [
            &[][..],
            &["TOKEN"],
            &["TOKEN", "URL"],
            &["TOKEN", "SSL_CERT_FILE"],
        ] {
            check("https://other", from_file).expect("the token's own host");
        }
        check("https://known", &["URL"]).expect("a host of the service");
        let refused = check("https://other", &["URL"]).expect_err("another host");
        assert!(
            refused.to_string().contains("URL is set by .env"),
            "{refused}"
        );
        let refused = check("https://known", &["SSL_CERT_FILE"]).expect_err("another authority");
        assert!(refused.to_string().contains("SSL_CERT_FILE"), "{refused}");
    }
}
