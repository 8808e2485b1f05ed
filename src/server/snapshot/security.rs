//! The security facts that figures read, with their history.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;

use crate::server::model::{
    EndOfLife, Epss, ReportedFinding, RepositoryFacts, Suppression, SuppressionRule,
};

/// The facts of every repository, and the reports of scanners.
#[derive(Debug, Default)]
pub struct Security {
    /// The time of the last sync or import of facts or reports, Unix ms; none without any.
    pub as_of_ms: Option<i64>,
    /// The newest facts of each repository that still exists, sorted by name.
    pub repositories: Vec<Arc<RepositoryFacts>>,
    /// All facts of each repository that ever existed, sorted by name.
    pub histories: Vec<History>,
    /// Sorted by repository, scanner and kind of code.
    pub reports: Vec<ReportSeries>,
    /// The vulnerabilities that CISA lists as exploited.
    pub known_exploited: BTreeMap<String, Listed>,
    /// The date of that list.
    pub kev_as_of: Option<Date>,
    /// The probabilities of exploitation of the vulnerabilities in `reports`.
    pub epss: Option<Epss>,
    /// The ends of support, if they are newer than the built-in ones.
    pub end_of_life: Option<EndOfLife>,
}

/// An entry of the list of known exploited vulnerabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The beginning of the day on which it was added, in UTC, Unix ms; none if the list does not say.
    pub added_ms: Option<i64>,
    /// The end of the day on which it is due.
    pub due_ms: Option<i64>,
}

/// The facts of one repository.
#[derive(Debug)]
pub struct History {
    pub repository: String,
    /// In order of time; none from when it was gone.
    pub versions: Vec<(i64, Option<Arc<RepositoryFacts>>)>,
}

impl History {
    /// Returns the facts as of an instant; none if it was not known yet or gone.
    pub fn at(&self, at_ms: i64) -> Option<&Arc<RepositoryFacts>> {
        let known = self.versions.partition_point(|(since, _)| *since <= at_ms);
        self.versions[..known].last()?.1.as_ref()
    }
}

/// The reports of one scanner about one kind of code of one repository.
#[derive(Debug)]
pub struct ReportSeries {
    pub repository: String,
    pub scanner: String,
    /// `java`, `node`, `python`, or empty.
    pub codebase_type: String,
    /// In order of time.
    pub reports: Vec<Report>,
}

#[derive(Clone, Debug)]
pub struct Report {
    pub at_ms: i64,
    pub complete: bool,
    /// Shared by reports that found the same.
    pub findings: Arc<[ReportedFinding]>,
}

impl Security {
    /// The time of the first facts or report, Unix ms; none without any.
    pub fn first_ms(&self) -> Option<i64> {
        let facts = self.histories.iter();
        let facts = facts.filter_map(|history| Some(history.versions.first()?.0));
        let reports = self.reports.iter();
        let reports = reports.filter_map(|series| Some(series.reports.first()?.at_ms));
        facts.chain(reports).min()
    }

    /// Returns the entry of a vulnerability that is listed as exploited at an instant.
    pub fn listed(&self, id: &str, at_ms: i64) -> Option<Listed> {
        let listed = self.known_exploited.get(id).copied();
        listed.filter(|listed| listed.added_ms.is_none_or(|added_ms| added_ms <= at_ms))
    }

    /// Facts without earlier ones.
    pub fn of(as_of_ms: Option<i64>, mut repositories: Vec<RepositoryFacts>) -> Self {
        repositories.sort_by(|a, b| a.repository.cmp(&b.repository));
        let repositories: Vec<Arc<RepositoryFacts>> =
            repositories.into_iter().map(Arc::new).collect();
        let histories = repositories.iter().map(|facts| History {
            repository: facts.repository.clone(),
            versions: vec![(as_of_ms.unwrap_or_default(), Some(Arc::clone(facts)))],
        });
        Self {
            as_of_ms,
            histories: histories.collect(),
            repositories,
            ..Self::default()
        }
    }

    /// Returns the facts of a repository.
    pub fn history_of(&self, repository: &str) -> Option<&History> {
        of_repository(&self.histories, repository, |history| &history.repository).first()
    }

    /// Returns the reports about a repository.
    pub fn reports_of(&self, repository: &str) -> &[ReportSeries] {
        of_repository(&self.reports, repository, |series| &series.repository)
    }

    pub fn end_of_life(&self) -> &EndOfLife {
        self.end_of_life
            .as_ref()
            .unwrap_or_else(|| EndOfLife::built_in())
    }

    pub fn is_empty(&self) -> bool {
        self.repositories.is_empty() && self.reports.is_empty()
    }

    /// The approximate memory of the facts and reports in bytes.
    pub fn bytes(&self) -> usize {
        let versions = self.histories.iter().flat_map(|history| &history.versions);
        let facts: usize = versions
            .filter_map(|(_, facts)| facts.as_deref())
            .map(facts_bytes)
            .sum();
        let mut counted = foldhash::HashSet::default();
        let reports = self.reports.iter().flat_map(|series| &series.reports);
        let findings = reports.map(|report| {
            let first = counted.insert(report.findings.as_ptr());
            size_of_val(report)
                + if first {
                    findings_bytes(&report.findings)
                } else {
                    0
                }
        });
        facts + findings.sum::<usize>()
    }
}

/// Returns the part of a list that is about a repository. The list is sorted by their names.
pub fn of_repository<'a, T>(all: &'a [T], name: &str, of: impl Fn(&T) -> &str) -> &'a [T] {
    let first = all.partition_point(|item| of(item) < name);
    let rest = &all[first..];
    &rest[..rest.partition_point(|item| of(item) == name)]
}

fn facts_bytes(facts: &RepositoryFacts) -> usize {
    let suppression = |known: &Suppression| {
        size_of_val(known) + known.cve.len() + known.until.as_ref().map_or(0, String::len)
    };
    let rule = |rule: &SuppressionRule| {
        let ids: usize = rule.ids.iter().map(|id| size_of_val(id) + id.len()).sum();
        let selectors = rule.selectors.iter();
        let selectors: usize = selectors.map(|one| size_of_val(one) + one.text.len()).sum();
        size_of_val(rule)
            + rule.file.len()
            + ids
            + selectors
            + rule.notes.as_ref().map_or(0, String::len)
    };
    let rules = facts.rules.iter().flatten().map(rule);
    size_of_val(facts)
        + facts.repository.len()
        + facts.suppressions.iter().map(suppression).sum::<usize>()
        + rules.sum::<usize>()
        + facts
            .runtimes
            .iter()
            .flatten()
            .map(size_of_val)
            .sum::<usize>()
}

fn findings_bytes(findings: &[ReportedFinding]) -> usize {
    let texts = |finding: &ReportedFinding| {
        let optional = [
            &finding.version,
            &finding.fixed_in,
            &finding.package_url,
            &finding.file_path,
            &finding.sha1,
        ];
        let optional: usize = optional.into_iter().flatten().map(String::len).sum();
        finding.id.len() + finding.package.len() + optional
    };
    size_of_val(findings) + findings.iter().map(texts).sum::<usize>()
}
