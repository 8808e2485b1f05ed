//! `[links]` in `dashboard.toml`: the hosts that pages link to.
//!
//! Addresses of builds and repositories come from the data, and so from whoever can write it. One becomes a link only
//! if a browser would open it at an allowed host; any other stays text.

use std::{cmp::Reverse, collections::BTreeMap};

use anyhow::{Result, bail};
use reqwest::Url;
use serde::Deserialize;

/// A longer address stays text.
const MAX_LENGTH: usize = 2_000;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Links {
    /// Hosts in lower case, with a port unless it is that of the scheme: `jenkins.example:8443`.
    pub allowed_hosts: Vec<String>,
}

impl Default for Links {
    fn default() -> Self {
        Self {
            allowed_hosts: vec!["github.com".to_owned()],
        }
    }
}

impl Links {
    /// # Errors
    /// A host that no address can have; the message names it.
    pub(super) fn validate(&self) -> Result<()> {
        for host in &self.allowed_hosts {
            let address = format!("https://{host}/");
            if host_of(&address).as_deref() != Some(host) {
                bail!(
                    "links.allowed_hosts: “{host}” is not a host as addresses name it, for example github.com or jenkins.example:8443"
                );
            }
        }
        Ok(())
    }

    /// Returns the address to link to, as browsers write it; none if it is to stay text.
    pub fn href(&self, address: &str) -> Option<String> {
        let url = web_address(address)?;
        let host = host(&url)?;
        self.allowed_hosts.contains(&host).then(|| url.into())
    }

    /// Returns the hosts of these addresses that are not allowed, the most frequent first, with the number of addresses.
    pub fn other_hosts<'a>(
        &self,
        addresses: impl IntoIterator<Item = &'a str>,
    ) -> Vec<(String, u64)> {
        let mut hosts: BTreeMap<String, u64> = BTreeMap::new();
        for host in addresses.into_iter().filter_map(host_of) {
            if !self.allowed_hosts.contains(&host) {
                *hosts.entry(host).or_default() += 1;
            }
        }
        let mut hosts: Vec<(String, u64)> = hosts.into_iter().collect();
        hosts.sort_by_key(|&(_, addresses)| Reverse(addresses));
        hosts
    }

    /// Returns the address of a commit in a repository.
    pub fn commit(&self, repository: &str, commit: &str) -> Option<String> {
        let is_hash =
            (7..=64).contains(&commit.len()) && commit.bytes().all(|c| c.is_ascii_hexdigit());
        let mut url = self.repository(repository)?;
        url.path_segments_mut().ok()?.extend(["commit", commit]);
        is_hash.then(|| url.into())
    }

    /// Returns the address of a line of a file in a branch of a repository; that of the whole file for line 0.
    pub fn file(&self, repository: &str, branch: &str, file: &str, line: u32) -> Option<String> {
        // A shortened name leads nowhere.
        let is_part = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('…');
        if !branch.split('/').chain(file.split('/')).all(is_part) {
            return None;
        }
        let mut url = self.repository(repository)?;
        let mut parts = url.path_segments_mut().ok()?;
        parts.push("blob");
        parts.extend(branch.split('/')).extend(file.split('/'));
        drop(parts);
        if line > 0 {
            url.set_fragment(Some(&format!("L{line}")));
        }
        Some(url.into())
    }

    /// Reads the address of a repository at an allowed host.
    fn repository(&self, address: &str) -> Option<Url> {
        let mut url: Url = self.href(address)?.parse().ok()?;
        let path = url.path().trim_end_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path).to_owned();
        url.set_path(&path);
        url.set_query(None);
        url.set_fragment(None);
        Some(url)
    }
}

/// Returns the host of an address, as `allowed_hosts` names it; none if it could never become a link.
fn host_of(address: &str) -> Option<String> {
    host(&web_address(address)?)
}

/// Reads an address as browsers do.
fn web_address(address: &str) -> Option<Url> {
    if address.len() > MAX_LENGTH {
        return None;
    }
    let url = Url::parse(address).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https");
    let is_plain = url.username().is_empty() && url.password().is_none();
    (is_web && is_plain).then_some(url)
}

fn host(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(hosts: &[&str]) -> Links {
        let allowed_hosts = hosts.iter().map(|&host| host.to_owned()).collect();
        Links { allowed_hosts }
    }

    #[test]
    fn an_address_of_an_allowed_host_is_a_link() {
        let links = links(&[
            "github.com",
            "jenkins.example:8443",
            "xn--bcher-kva.example",
        ]);
        for (address, href) in [
            ("https://github.com/a/b", "https://github.com/a/b"),
            ("HTTPS://GitHub.COM/A", "https://github.com/A"),
            ("https://github.com:443/a", "https://github.com/a"),
            ("http://github.com/a b\"<", "http://github.com/a%20b%22%3C"),
            ("https://github.com", "https://github.com/"),
            (
                "https://jenkins.example:8443/job/a/1/",
                "https://jenkins.example:8443/job/a/1/",
            ),
            ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ] {
            assert_eq!(links.href(address).as_deref(), Some(href), "{address}");
        }
    }

    #[test]
    fn any_other_address_stays_text() {
        let links = links(&["github.com"]);
        let long = format!("https://github.com/{}", "a".repeat(MAX_LENGTH));
        for address in [
            "javascript:alert(1)",
            "JavaScript://github.com/%0aalert(1)",
            "java\nscript:alert(1)",
            "data:text/html,x",
            "ftp://github.com/a",
            "//github.com/a",
            "/a",
            "github.com/a",
            "git@github.com:a/b.git",
            "https://github.com@evil.example/",
            "https://user@github.com/",
            "https://user:word@github.com/",
            "https://github.com:8443/",
            "https://github.com.evil.example/",
            "https://evil.example/github.com",
            "https://evil.example\\@github.com",
            "https://gıthub.com/",
            "https://github.com./",
            "https://",
            "",
            &long,
        ] {
            assert_eq!(links.href(address), None, "{address}");
        }
    }

    #[test]
    fn a_commit_is_linked_by_its_digits_only() {
        let links = Links::default();
        let sha = "c0ffee".repeat(6) + "abcd";
        let expected = format!("https://github.com/hmcts/a/commit/{sha}");
        for repository in [
            "https://github.com/hmcts/a.git",
            "https://github.com/hmcts/a/",
            "https://github.com/hmcts/a?x#y",
        ] {
            assert_eq!(links.commit(repository, &sha).as_ref(), Some(&expected));
        }
        for commit in ["", "c0ffee", "../../settings", "c0ffee0/../x", "ｃ0ffee0"] {
            assert_eq!(links.commit("https://github.com/a/b", commit), None);
        }
        assert_eq!(links.commit("https://evil.example/a", &sha), None);
    }

    #[test]
    fn a_file_is_linked_by_its_branch_path_and_line() {
        let links = Links::default();
        let file = |repository: &str, branch: &str, file: &str, line| {
            links.file(repository, branch, file, line)
        };
        let repository = "https://github.com/hmcts/a.git?x#y";
        assert_eq!(
            file(repository, "release/1", "a b/ü?#%.xml", 12).as_deref(),
            Some("https://github.com/hmcts/a/blob/release/1/a%20b/%C3%BC%3F%23%25.xml#L12")
        );
        assert_eq!(
            file(repository, "main", "pom.xml", 0).as_deref(),
            Some("https://github.com/hmcts/a/blob/main/pom.xml")
        );
        for (branch, path) in [
            ("main", "../../settings"),
            ("main", "a//b"),
            ("..", "a"),
            ("main", ""),
            ("", "a"),
            ("main", "a…0123"),
        ] {
            assert_eq!(file(repository, branch, path, 1), None, "{branch} {path}");
        }
        assert_eq!(file("https://evil.example/a", "main", "a", 1), None);
    }

    #[test]
    fn the_hosts_that_are_not_allowed_are_listed_by_frequency() {
        let addresses = [
            "https://a.example/1",
            "https://b.example:8443/1",
            "https://github.com/a",
            "https://B.example:8443/2",
            "javascript:alert(1)",
            "https://user@c.example/",
            "no address",
        ];
        assert_eq!(
            Links::default().other_hosts(addresses),
            [
                ("b.example:8443".to_owned(), 2),
                ("a.example".to_owned(), 1)
            ]
        );
    }

    #[test]
    fn a_host_that_no_address_has_is_refused() {
        links(&["github.com", "[::1]:8080", "10.0.0.1"])
            .validate()
            .expect("hosts");
        for host in [
            "",
            "GitHub.com",
            "https://github.com",
            "a b",
            "a/b",
            "a:443",
            "u@a",
        ] {
            let error = links(&[host]).validate().expect_err(host).to_string();
            assert!(error.contains("links.allowed_hosts"), "{error}");
        }
    }
}
