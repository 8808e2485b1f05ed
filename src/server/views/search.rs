//! The search over pipelines, builds, projects, teams, repositories, figures and pages.

use std::collections::BTreeMap;

use super::{addresses, pipeline_list::state_name};
use crate::{
    api::{SearchResult, SearchResults, View},
    base::Base,
    error::AppError,
    selection::Selection,
    server::{
        attributes::{self, select},
        figures::{self, result_label, words},
        snapshot::{Snapshot, State},
    },
};

/// The results of each kind.
const MAX_RESULTS: usize = 10;
/// The characters of a text.
pub const MAX_LENGTH: usize = 200;
/// The digits from which on a text may be that of a commit.
const MIN_COMMIT: usize = 7;
/// Titles and paths of pages.
const PAGES: [(&str, &str, &str); 11] = [
    ("Today", "/", "What needs attention"),
    (
        "Pipelines",
        "/pipelines",
        "The table of pipelines, and figures about builds",
    ),
    ("Builds", "/builds", "The builds of a selection"),
    (
        "Compare",
        "/compare",
        "Two selections of builds side by side",
    ),
    (
        "Platform",
        "/platform",
        "Causes that pipelines share, and what failures cost",
    ),
    ("Security", "/security", "Vulnerabilities and dependencies"),
    ("Week", "/week", "A week against the four weeks before"),
    ("Explore", "/explore", "All figures"),
    (
        "Sources",
        "/sources",
        "Where the data comes from, and how complete it is",
    ),
    ("Disclaimer", "/disclaimer", "The limits of the figures"),
    ("API", "/api/openapi.json", "The description of the API"),
];

/// Checks the parameters of the page.
///
/// # Errors
/// [`AppError::UnknownValue`] for too long a text.
pub fn check(view: &View) -> Result<(), AppError> {
    match view.get("q") {
        Some(text) if text.chars().count() > MAX_LENGTH => {
            Err(AppError::unknown_value("q", text, Vec::new()))
        }
        _ => Ok(()),
    }
}

/// The quality of a match, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Match {
    Exact,
    Prefix,
    WordStart,
    Substring,
    /// Every word of the text is somewhere.
    Words,
}

/// A text as it is searched for, in lower case.
struct Wanted<'a> {
    text: &'a str,
    words: Vec<&'a str>,
}

impl<'a> Wanted<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            words: text.split_whitespace().collect(),
        }
    }

    /// Returns how well a name matches.
    fn matches(&self, name: &str) -> Option<Match> {
        let name = name.to_lowercase();
        let starts_word = |at: usize| !name[..at].ends_with(char::is_alphanumeric);
        let mut found = name.match_indices(self.text).map(|(at, _)| at);
        match found.clone().next() {
            Some(0) if name.len() == self.text.len() => Some(Match::Exact),
            Some(0) => Some(Match::Prefix),
            Some(_) if found.any(starts_word) => Some(Match::WordStart),
            Some(_) => Some(Match::Substring),
            None => {
                let has_all =
                    self.words.len() > 1 && self.words.iter().all(|word| name.contains(word));
                has_all.then_some(Match::Words)
            }
        }
    }

    /// Returns how well the best of some names matches.
    fn best(&self, names: &[&str]) -> Option<Match> {
        names.iter().filter_map(|name| self.matches(name)).min()
    }
}

struct Search<'a> {
    snapshot: &'a Snapshot,
    base: &'a Base,
    /// The text as it was given: numbers of builds have capitals, too.
    query: &'a str,
    wanted: Wanted<'a>,
    results: Vec<SearchResult>,
    /// The results that are left out.
    omitted: usize,
}

/// Finds a text.
///
/// # Errors
/// Those of [`check`].
pub fn search(snapshot: &Snapshot, view: &View, base: &Base) -> Result<SearchResults, AppError> {
    check(view)?;
    let query = view.get("q").unwrap_or_default().trim();
    let text = query.to_lowercase();
    let mut search = Search {
        snapshot,
        base,
        query,
        wanted: Wanted::new(&text),
        results: Vec::new(),
        omitted: 0,
    };
    if !text.is_empty() {
        search.pipelines();
        search.builds();
        search.attribute_values();
        search.repositories();
        search.figures();
        search.pages();
    }
    let results = search.results;
    let count = (results.len() + search.omitted) as u64;
    let summary = match count {
        _ if query.is_empty() => {
            "Write the name of a pipeline, project, team, repository or figure, the number of a build, or at least 7 \
             digits of a commit."
                .to_owned()
        }
        0 => format!("Nothing found for “{query}”."),
        _ if search.omitted > 0 => format!(
            "{} for “{query}”; the best {MAX_RESULTS} of each kind are listed.",
            words::counted(count, "result", "results")
        ),
        _ => format!("{} for “{query}”.", words::counted(count, "result", "results")),
    };
    Ok(SearchResults {
        query: query.to_owned(),
        summary,
        version: snapshot.version.to_string(),
        results,
    })
}

/// A result before it is described: its match, title, detail and address.
type Found = (Match, String, String, String);

impl Search<'_> {
    /// Adds the best results of a kind.
    fn add(&mut self, kind: &str, mut found: Vec<Found>) {
        found.sort_unstable();
        self.omitted += found.len().saturating_sub(MAX_RESULTS);
        found.truncate(MAX_RESULTS);
        let results = found
            .into_iter()
            .map(|(_, title, detail, address)| SearchResult {
                kind: kind.to_owned(),
                title,
                detail,
                address,
            });
        self.results.extend(results);
    }

    fn pipelines(&mut self) {
        let snapshot = self.snapshot;
        let known = (0_u32..).zip(&snapshot.pipelines);
        let known = known.filter_map(|(number, pipeline)| {
            let found = self.wanted.best(&[&pipeline.short, &pipeline.label])?;
            let is_red = snapshot.insight.states[number as usize].state == State::Red;
            Some((found, !is_red, number))
        });
        let mut known: Vec<(Match, bool, u32)> = known.collect();
        // Of equal matches, red ones come first; pipelines are sorted by name.
        known.sort_unstable();
        self.omitted += known.len().saturating_sub(MAX_RESULTS);
        let results = known.iter().take(MAX_RESULTS).map(|&(.., number)| {
            let pipeline = &snapshot.pipelines[number as usize];
            let state = state_name(&snapshot.insight.states[number as usize]);
            let address = addresses::pipeline(self.base, pipeline.system.as_str(), &pipeline.name);
            let detail = format!("{} · {state}", snapshot.project_label(pipeline));
            SearchResult {
                kind: "pipeline".to_owned(),
                title: pipeline.short.to_string(),
                detail,
                address,
            }
        });
        let results: Vec<SearchResult> = results.collect();
        self.results.extend(results);
    }

    /// Adds the latest builds with a number, of a pipeline if the text names one before the number, or of a commit.
    fn builds(&mut self) {
        let snapshot = self.snapshot;
        let text = self.query;
        let mut rows = Vec::new();
        let (name, number) = text.rsplit_once([' ', '#']).unwrap_or(("", text));
        let name = name.trim_end_matches([' ', '#']).to_lowercase();
        if name.is_empty() {
            rows.extend(self.numbered(number, |_| true));
        } else {
            let name = Wanted::new(&name);
            let known = snapshot.pipelines.iter();
            let is_named = known.map(|known| name.best(&[&known.short, &known.label]).is_some());
            let is_named: Vec<bool> = is_named.collect();
            rows.extend(self.numbered(number, |row| {
                is_named[snapshot.builds.pipeline[row] as usize]
            }));
        }
        let is_commit =
            text.len() >= MIN_COMMIT && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_commit {
            let of_commit = Selection::read(&format!("commit={text}&from=1970-01-01"));
            rows.extend(select(snapshot, &of_commit).iter().rev().take(MAX_RESULTS));
        }
        rows.sort_unstable_by(|a, b| b.cmp(a));
        rows.dedup();
        rows.truncate(MAX_RESULTS);
        let results = rows.into_iter().map(|row| self.build(row));
        let results: Vec<SearchResult> = results.collect();
        self.results.extend(results);
    }

    /// The latest builds with a number.
    fn numbered(
        &self,
        number: &str,
        is_wanted: impl Fn(usize) -> bool,
    ) -> impl Iterator<Item = usize> {
        let ids = &self.snapshot.builds.build_id;
        let has_number = ids.equal_to(number);
        let rows = (0..self.snapshot.builds.len()).rev();
        rows.filter(move |&row| has_number(row) && is_wanted(row))
            .take(MAX_RESULTS)
    }

    fn build(&self, row: usize) -> SearchResult {
        let snapshot = self.snapshot;
        let pipeline = &snapshot.pipelines[snapshot.builds.pipeline[row] as usize];
        let number = snapshot.builds.build_id.get(row);
        let result = result_label(snapshot.builds.result[row]);
        let at = words::local_instant(&snapshot.config.time_zone, snapshot.builds.finished_ms[row]);
        let (system, name) = (pipeline.system.as_str(), &pipeline.name);
        SearchResult {
            kind: "build".to_owned(),
            title: format!("{} #{number}", pipeline.short),
            detail: format!("{result} · {at} · {}", snapshot.project_label(pipeline)),
            address: addresses::numbered_build(self.base, system, name, &number),
        }
    }

    /// Adds projects and teams, which lead to their pipelines.
    fn attribute_values(&mut self) {
        let to = |key: &str, value: &str| {
            let selection = Selection::default().with(key, value);
            format!("{}{}", self.base.path("/pipelines"), selection.query())
        };
        let projects = self.snapshot.config.project_choices().into_iter();
        let projects = projects.filter(|(slug, _)| *slug != crate::selection::ALL_PROJECTS);
        let projects = projects.filter_map(|(slug, label)| {
            let found = self.wanted.best(&[&slug, &label])?;
            let address = to("project", &slug);
            Some((found, label, "Its pipelines".to_owned(), address))
        });
        let projects = projects.collect();
        let read = attributes::find("team")
            .expect("an attribute of the registry")
            .read;
        let teams = read(self.snapshot);
        let teams = teams.labels().iter().filter_map(|team| {
            let found = self.wanted.matches(team)?;
            Some((
                found,
                team.to_string(),
                "Its pipelines".to_owned(),
                to("team", team),
            ))
        });
        let teams = teams.collect();
        self.add("project", projects);
        self.add("team", teams);
    }

    /// Adds repositories that have facts or were built.
    fn repositories(&mut self) {
        let read = attributes::find("repository")
            .expect("an attribute of the registry")
            .read;
        let built = read(self.snapshot);
        let mut known: BTreeMap<&str, &str> = BTreeMap::new();
        let facts = self.snapshot.security.repositories.iter();
        known.extend(facts.map(|facts| (facts.repository.as_str(), "No builds")));
        for label in built.labels() {
            known
                .entry(label)
                .and_modify(|detail| *detail = "Facts and builds")
                .or_insert("Builds");
        }
        let found = known.into_iter().filter_map(|(name, detail)| {
            let found = self.wanted.matches(name)?;
            let address = addresses::repository(self.base, name);
            Some((found, name.to_owned(), detail.to_owned(), address))
        });
        let found = found.collect();
        self.add("repository", found);
    }

    fn figures(&mut self) {
        let found = figures::ALL.iter().filter_map(|figure| {
            let found = self.wanted.best(&[figure.title, figure.id]).or_else(|| {
                let in_help = self.wanted.matches(figure.help)?;
                Some(in_help.max(Match::Words))
            })?;
            let address = self.base.path(&format!("/figures/{}", figure.id));
            let page = figure.page.as_str();
            Some((
                found,
                figure.title.to_owned(),
                format!("A figure of {page}"),
                address,
            ))
        });
        let found = found.collect();
        self.add("figure", found);
    }

    fn pages(&mut self) {
        let found = PAGES.iter().filter_map(|(title, path, about)| {
            let found = self.wanted.matches(title)?;
            Some((
                found,
                (*title).to_owned(),
                (*about).to_owned(),
                self.base.path(path),
            ))
        });
        let found = found.collect();
        self.add("page", found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        figures::testing::{AS_OF, build, snapshot},
        model::BuildResult::{Failure, Success},
        snapshot::{BuildDetails, BuildRecord},
    };

    fn data() -> Snapshot {
        let numbered = |job, number, result| BuildRecord {
            build_id: number,
            details: BuildDetails {
                git_commit: Some("0123456789abcdef0123"),
                ..BuildDetails::default()
            },
            ..build(job, result, AS_OF)
        };
        snapshot(&[
            numbered("HMCTS_CMC/claim-store/master", "7", Success),
            numbered("HMCTS_CMC/claim-store/master", "8", Failure),
            numbered("HMCTS_CMC/claim/master", "7", Success),
            numbered("HMCTS_CMC/the-claim/master", "9", Success),
            numbered("HMCTS_CMC/reclaim/master", "9", Success),
            numbered("HMCTS_DIV/div-cfs/master", "v-10", Success),
        ])
    }

    fn found(text: &str) -> Vec<String> {
        let view = View::default().with("q", text);
        let found = search(&data(), &view, &Base::new("/rse")).expect("results");
        found
            .results
            .into_iter()
            .map(|result| format!("{} {}", result.kind, result.title))
            .collect()
    }

    fn of_kind(text: &str, kind: &str) -> Vec<String> {
        let found = found(text).into_iter();
        found
            .filter_map(|known| known.strip_prefix(&format!("{kind} ")).map(str::to_owned))
            .collect()
    }

    #[test]
    fn the_best_matches_come_first() {
        let expected = ["claim", "claim-store", "the-claim", "reclaim"];
        assert_eq!(of_kind("Claim", "pipeline"), expected);
        assert_eq!(of_kind("store claim", "pipeline"), ["claim-store"]);
        assert_eq!(of_kind("claim", "repository"), expected);
        assert_eq!(of_kind("div", "project"), ["DIV"]);
        assert_eq!(of_kind("div", "team"), ["div"]);
        assert_eq!(of_kind("heatmap", "figure").len(), 1);
        assert_eq!(of_kind("explo", "page"), ["Explore"]);
        assert!(found("  ").is_empty() && found("nothing of this name").is_empty());
    }

    #[test]
    fn what_is_listed_and_what_is_left_out_is_counted() {
        let job = |number: usize| format!("HMCTS_CMC/servo-{number:02}/master");
        let jobs: Vec<String> = (0..12).map(job).collect();
        let builds = jobs.iter().map(|job| match job.contains("11") {
            true => build(job, Failure, AS_OF),
            false => build(job, Success, AS_OF),
        });
        let many = snapshot(&builds.collect::<Vec<_>>());
        let found = |data: &Snapshot, text: &str| {
            let view = View::default().with("q", text);
            search(data, &view, &Base::default()).expect("results")
        };
        assert_eq!(
            found(&data(), "claim-store #8").summary,
            "1 result for “claim-store #8”."
        );
        let found = found(&many, "servo");
        // Ten pipelines and repositories of twelve each, and a team.
        assert_eq!(found.results.len(), 21);
        assert_eq!(
            found.summary,
            "25 results for “servo”; the best 10 of each kind are listed."
        );
        assert_eq!(found.results[0].title, "servo-11", "the red one");
    }

    #[test]
    fn builds_are_found_by_number_and_by_commit() {
        assert_eq!(of_kind("#7", "build").len(), 2);
        assert_eq!(of_kind("claim-store #8", "build"), ["claim-store #8"]);
        assert_eq!(of_kind("store 8", "build"), ["claim-store #8"]);
        assert_eq!(of_kind("v-10", "build"), ["div-cfs #v-10"]);
        assert_eq!(of_kind("0123456", "build").len(), 6);
        assert_eq!(of_kind("0123456789ABCDEF0123", "build").len(), 6);
        assert!(of_kind("012345", "build").is_empty() && of_kind("0123457", "build").is_empty());
    }

    #[test]
    fn results_lead_to_pages_under_the_base_path() {
        let address = |text: &str, kind: &str| {
            let view = View::default().with("q", text);
            let found = search(&data(), &view, &Base::new("/rse")).expect("results");
            let mut found = found.results.into_iter();
            found
                .find(|known| known.kind == kind)
                .map(|known| known.address)
        };
        for (text, kind, expected) in [
            (
                "claim-store",
                "pipeline",
                "/rse/pipeline?name=HMCTS_CMC%2Fclaim-store%2Fmaster",
            ),
            (
                "#8",
                "build",
                "/rse/build?name=HMCTS_CMC%2Fclaim-store%2Fmaster&number=8",
            ),
            ("cmc", "project", "/rse/pipelines?project=cmc"),
            ("div", "team", "/rse/pipelines?team=div"),
            ("claim-store", "repository", "/rse/repositories/claim-store"),
            ("heatmap", "figure", "/rse/figures/heatmap"),
        ] {
            assert_eq!(address(text, kind).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_text_is_bounded_and_so_are_its_results() {
        let view = View::default().with("q", &"ä".repeat(MAX_LENGTH + 1));
        assert!(search(&data(), &view, &Base::default()).is_err());
        let names: Vec<String> = (0..30).map(|number| format!("p{number:02}")).collect();
        let builds: Vec<_> = names
            .iter()
            .map(|name| build(name, Success, AS_OF))
            .collect();
        let view = View::default().with("q", "p");
        let found = search(&snapshot(&builds), &view, &Base::default()).expect("results");
        let pipelines: Vec<_> = found
            .results
            .iter()
            .filter(|known| known.kind == "pipeline")
            .collect();
        assert_eq!(pipelines.len(), MAX_RESULTS);
        assert_eq!((&*pipelines[0].title, &*pipelines[9].title), ("p00", "p09"));
    }
}
