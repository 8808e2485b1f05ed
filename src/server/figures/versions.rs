//! Shared parts of the Node.js and Java figures: versions in use by major version and repository.

use std::{
    cmp::{Ordering, Reverse},
    ops::Range,
};

use super::{Column, Context, Rows, Values, rows::UNKNOWN, suppressions, words};
use crate::server::charts::{Base, Chart, Colour, MAX_NAMES, Mark, Panel, Plane, Series, Unit};
use crate::{
    selection::Selection,
    server::{
        insight::security::selected,
        model::RepositoryFacts,
        snapshot::{SecurityState, Snapshot},
    },
};

/// The numbers that the charts have beside the table, whose rows are repositories.
pub const MARKS: [(&str, &str); 1] = [("repositories", "Repositories")];

/// A platform whose versions are counted.
pub struct Platform {
    pub name: &'static str,
    /// The version that a repository states, if it uses the platform.
    pub version: fn(&RepositoryFacts) -> Option<&str>,
    /// Parses the major version.
    pub major: fn(&str) -> Option<u64>,
}

impl Platform {
    /// The major versions, versions and repositories of a state.
    pub fn used<'a>(
        &self,
        state: &'a SecurityState,
    ) -> impl Iterator<Item = (Option<u64>, &'a str, &'a str)> {
        suppressions::repositories(state).filter_map(|facts| {
            let version = (self.version)(facts)?.trim();
            let version = if version.is_empty() { UNKNOWN } else { version };
            Some(((self.major)(version), version, facts.repository.as_str()))
        })
    }

    /// Rows by descending major version, unreadable ones last, then by version and repository.
    pub fn rows(&self, snapshot: &Snapshot, selection: &Selection) -> Rows {
        let state = selected(snapshot, selection).state;
        let mut used: Vec<_> = self.used(&state).collect();
        used.sort_by(|a, b| {
            let by_major = Reverse(a.0).cmp(&Reverse(b.0));
            by_major
                .then_with(|| by_number(a.1, b.1))
                .then_with(|| a.2.cmp(b.2))
        });
        let majors = used.iter().map(|&(major, ..)| major);
        let versions = used.iter().map(|&(_, version, _)| version.to_owned());
        let repositories = used.iter().map(|&(.., repository)| repository.to_owned());
        Rows {
            columns: vec![
                Column::new("major", "Major version", Values::Major(majors.collect())),
                Column::new("version", "Version", Values::Text(versions.collect())),
                Column::new(
                    "repository",
                    "Repository",
                    Values::Text(repositories.collect()),
                ),
            ],
            builds: used.len() as u64,
        }
    }

    pub fn summary(&self, rows: &Rows, context: &Context<'_>) -> String {
        let name = self.name;
        if rows.is_empty() {
            let none = format!("No repository that is not archived states a {name} version.");
            return words::no_facts(context, none);
        }
        let majors = rows.major("major");
        let groups = majors.chunk_by(|a, b| a == b);
        let known = groups.filter_map(|group| Some((group[0]?, group.len() as u64)));
        let known: Vec<(u64, u64)> = known.collect();
        let repositories = words::counted(rows.builds, "repository uses", "repositories use");
        let unknown = majors.iter().filter(|major| major.is_none()).count() as u64;
        let unknown = match unknown {
            0 => String::new(),
            _ => format!(
                "; {} cannot be read",
                words::counted(unknown, "version", "versions")
            ),
        };
        // The newest of equally frequent versions: majors descend, and the first maximum is taken.
        let most = known.iter().rev().max_by_key(|(_, count)| *count);
        let Some((major, count)) = most else {
            return format!("{repositories} {name}{unknown}.");
        };
        let count = words::thousands(*count);
        format!("{repositories} {name}, {count} of them version {major}{unknown}.")
    }

    /// A bar for each major version, the newest first.
    pub fn chart(&self, rows: &Rows) -> Chart {
        let majors = rows.major("major");
        let groups: Vec<Range<usize>> = runs(majors).collect();
        let mark = |(at, group): (usize, &Range<usize>)| {
            let count = group.len() as u64;
            let share = words::percent(100.0 * group.len() as f64 / rows.len() as f64);
            let versions = runs(&rows.text("version")[group.clone()]).count() as u64;
            let mark = Mark::new(at as f64, count as f64)
                .opening_items(major_text(majors[group.start]))
                .label(format!("{} ({share})", words::thousands(count)))
                .hover(format!(
                    "{}\n{}, {share}\n{}",
                    major_label(self.name, majors[group.start]),
                    words::counted(count, "repository", "repositories"),
                    words::counted(versions, "version", "versions"),
                ));
            if majors[group.start].is_none() {
                mark.colour(Colour::Other)
            } else {
                mark
            }
        };
        let drawn = &groups[..groups.len().min(MAX_NAMES)];
        let bars = Series::bars("", Colour::Neutral)
            .opening(MARKS[0].0)
            .with(drawn.iter().enumerate().map(mark));
        let names = drawn
            .iter()
            .map(|group| major_label(self.name, majors[group.start]));
        let panel = Panel::new(Unit::Count, "Repositories", vec![bars]);
        Plane::new(Base::Names(names.collect()), vec![panel]).into()
    }
}

/// The ranges of equal neighbours.
fn runs<T: PartialEq>(values: &[T]) -> impl Iterator<Item = Range<usize>> {
    let groups = values.chunk_by(|a, b| a == b);
    groups.scan(0, |end, group| {
        let start = *end;
        *end += group.len();
        Some(start..*end)
    })
}

/// The major version as a key.
fn major_text(major: Option<u64>) -> String {
    major.map_or_else(|| UNKNOWN.to_owned(), |major| major.to_string())
}

fn major_label(name: &str, major: Option<u64>) -> String {
    major.map_or_else(|| UNKNOWN.to_owned(), |major| format!("{name} {major}"))
}

/// Compares versions number by number, then as text.
fn by_number(a: &str, b: &str) -> Ordering {
    numbers(a).cmp(numbers(b)).then_with(|| a.cmp(b))
}

/// The numbers in a text, in order, without those too large for a version.
fn numbers(text: &str) -> impl Iterator<Item = u64> {
    text.split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
}

/// The first number of a version, range or image name: `v8.12.0`, `^18.17.0`, `>=8.9.0 <9.0`,
/// `openjdk:11-jre`. Names of release lines (`lts/dubnium`, `lts/-1`) have none.
pub fn first_number(version: &str) -> Option<u64> {
    if version.to_ascii_lowercase().starts_with("lts") {
        return None;
    }
    let digits = version.split(|c: char| !c.is_ascii_digit());
    digits
        .into_iter()
        .find(|digits| !digits.is_empty())?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_major_is_the_first_number() {
        let read = [
            ("8", 8),
            ("v8.12.0", 8),
            (">=8.9.0 <9.0", 8),
            ("^18.17.0", 18),
            ("10.x", 10),
            ("openjdk:11-jre", 11),
            ("node:12.13-alpine3.9", 12),
        ];
        for (version, major) in read {
            assert_eq!(first_number(version), Some(major), "{version}");
        }
        for version in [
            "",
            "lts",
            "LTS/dubnium",
            "lts/-1",
            "latest",
            "*",
            "99999999999999999999",
        ] {
            assert_eq!(first_number(version), None, "{version}");
        }
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(by_number("8.9.4", "8.12.0"), Ordering::Less);
        assert_eq!(by_number("8", "8.1"), Ordering::Less);
        assert_eq!(by_number("^8.1", "8.1"), Ordering::Greater);
    }
}
