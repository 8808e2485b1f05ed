//! Shared parts of the Node.js and Java figures: versions in use by major version and repository.

use std::{
    cmp::{Ordering, Reverse},
    ops::Range,
};

use plotly::{
    Plot,
    layout::{Margin, UniformText, UniformTextMode},
};

use super::{
    Column, Context, Rows, Values, rows::UNKNOWN, suppressions, theme, treemap::Treemap, words,
};
use crate::server::{model::RepositoryFacts, snapshot::Snapshot};

/// The most repositories that are drawn one by one. Where there are more, the leaves are versions.
const MAX_REPOSITORIES: usize = 500;
/// The most versions that are drawn if there are more repositories; the others share one rectangle.
const MAX_VERSIONS: usize = 200;

/// A platform whose versions are counted.
pub struct Platform {
    pub name: &'static str,
    /// The version that a repository states, if it uses the platform.
    pub version: fn(&RepositoryFacts) -> Option<&str>,
    /// Parses the major version.
    pub major: fn(&str) -> Option<u64>,
}

impl Platform {
    /// Rows by descending major version, unreadable ones last, then by version and repository.
    pub fn rows(&self, snapshot: &Snapshot) -> Rows {
        let used = suppressions::repositories(snapshot).filter_map(|facts| {
            let version = (self.version)(facts)?.trim();
            let version = if version.is_empty() { UNKNOWN } else { version };
            Some(((self.major)(version), version, facts.repository.as_str()))
        });
        let mut used: Vec<_> = used.collect();
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

    pub fn plot(&self, rows: &Rows) -> Plot {
        let majors = rows.major("major");
        let versions = rows.text("version");
        let repositories = rows.text("repository");
        let counted = |count: usize| words::counted(count as u64, "repository", "repositories");
        let all = counted(rows.len());
        let (mut treemap, root) = Treemap::new(all.clone(), format!("<b>All</b><br>{all}"));
        let colours = theme::CATEGORIES.iter().copied().cycle();
        let each_repository = rows.len() <= MAX_REPOSITORIES;
        let least = if each_repository {
            1
        } else {
            least_drawn(majors, versions)
        };
        let mut others = 0;
        for (outer, colour) in runs(majors).zip(colours) {
            let inner = runs(&versions[outer.clone()]);
            let inner = inner.map(|inner| outer.start + inner.start..outer.start + inner.end);
            let (inner, rare): (Vec<_>, Vec<_>) = inner.partition(|range| range.len() >= least);
            others += rare.iter().map(Range::len).sum::<usize>();
            if inner.is_empty() {
                continue;
            }
            let major = majors[outer.start];
            let colour = major.map_or(theme::OTHER, |_| colour);
            let label = major_label(self.name, major);
            let share = words::percent(100.0 * outer.len() as f64 / rows.len() as f64);
            let hover = format!("<b>{label}</b><br>{}, {share}", counted(outer.len()));
            let label = format!("{label} ({})", outer.len());
            let around = treemap.add(root, label, hover, colour);
            for range in inner {
                let version = &versions[range.start];
                let label = format!("{} ({})", theme::short_label(version, 30), range.len());
                let full = format!("{} {}", self.name, theme::hover_label(version));
                let hover = format!("<b>{full}</b><br>{}", counted(range.len()));
                if !each_repository {
                    treemap.add_leaf(around, range.len() as u64, label, hover, colour);
                    continue;
                }
                let around = treemap.add(around, label, hover, colour);
                for repository in &repositories[range] {
                    let label = theme::wrap(&theme::shorten(repository, 40), 11);
                    let hover = format!("<b>{}</b><br>{full}", theme::hover_label(repository));
                    treemap.add_leaf(around, 1, label, hover, colour);
                }
            }
        }
        if others > 0 {
            let label = format!("other versions ({others})");
            let hover = format!("<b>Other versions</b><br>{}", counted(others));
            treemap.add_leaf(root, others as u64, label, hover, theme::OTHER);
        }
        let mut plot = Plot::new();
        plot.add_trace(Box::new(treemap));
        plot.set_layout(
            theme::layout()
                .margin(Margin::new().left(8).right(8).top(8).bottom(8))
                .uniform_text(UniformText::new().mode(UniformTextMode::Hide).min_size(10)),
        );
        plot
    }
}

/// Returns the least number of repositories of a version with which at most [`MAX_VERSIONS`] are drawn.
fn least_drawn(majors: &[Option<u64>], versions: &[String]) -> usize {
    let outer = runs(majors);
    let mut counts: Vec<usize> = outer
        .flat_map(|outer| runs(&versions[outer]).map(|inner| inner.len()))
        .collect();
    if counts.len() <= MAX_VERSIONS {
        return 1;
    }
    let (_, most_left_out, _) =
        counts.select_nth_unstable_by_key(MAX_VERSIONS, |&count| Reverse(count));
    *most_left_out + 1
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
