//! The history of the sample's code: rules, runtimes and checks that come and go, and the reports of scanners.

use std::{collections::BTreeMap, sync::LazyLock};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Deserialize;

use super::{
    SampleOptions,
    facts::facts,
    random::{Random, mix},
    rules::Ruled,
    scans,
};
use crate::server::model::{
    About, Check, DAY_MS, Epss, EpssScore, Exploited, KnownExploited, RepositoryFacts, Runtime,
    ScanReport,
};

/// Separates the random numbers of the history from those of the facts.
const KEY: u64 = 0x0000_9157;
/// The days before the last one on which facts were read. On the first one rules were not read yet.
const READ: [u32; 18] = [
    180, 160, 140, 120, 100, 84, 70, 56, 42, 35, 28, 21, 14, 10, 7, 4, 2, 0,
];
/// Percentage of runtimes that were upgraded within the history.
const UPGRADED: u32 = 30;
/// Percentage of checks that were introduced within it.
const INTRODUCED: u32 = 25;
/// Percentage of repositories whose Dockerfile names a base image, which have a CODEOWNERS, and whose branch is
/// protected.
const WITH_IMAGE: u32 = 65;
const WITH_OWNERS: u32 = 60;
const PROTECTED: u32 = 85;

/// One of so many suppressed, and of so many reported vulnerabilities is known to be exploited.
const SUPPRESSED_PER_LISTED: usize = 60;
const FOUND_PER_LISTED: usize = 1_500;
/// The day on which lists were published, after the last one.
const PUBLISHED: i64 = -2;

/// The content of data/sample/risks.toml.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Risks {
    pub java_packages: Vec<String>,
    pub javascript_packages: Vec<String>,
    pub no_reason: u32,
    pub catch_all: u32,
    pub no_selector: u32,
    pub cpe: u32,
    pub unused: u32,
    pub unreadable: u32,
    pub reasons: Vec<String>,
    java_vendors: BTreeMap<String, u32>,
    images: BTreeMap<String, u32>,
    pub scans: Scans,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scans {
    pub java: u32,
    pub javascript: u32,
    pub unreliable: u32,
    pub findings: u32,
    pub resolved: u32,
    pub severities: BTreeMap<String, u32>,
}

pub fn risks() -> &'static Risks {
    static RISKS: LazyLock<Risks> = LazyLock::new(|| {
        toml::from_str(include_str!("../../../data/sample/risks.toml"))
            .expect("a test reads the sample's file")
    });
    &RISKS
}

/// The facts of every reading, oldest first, and the reports of scanners.
pub struct History {
    /// The time of each reading, Unix ms, and the facts of every repository.
    pub readings: Vec<(i64, Vec<RepositoryFacts>)>,
    pub reports: Vec<ScanReport>,
}

/// Returns the history of the code; its last reading is that of today.
pub fn history(options: &SampleOptions) -> History {
    let repositories: Vec<Repository> = facts(options)
        .into_iter()
        .enumerate()
        .map(|(number, facts)| Repository::new(options, number as u64, facts))
        .collect();
    let at_ms = |days: u32| options.as_of_ms - i64::from(days) * DAY_MS;
    let readings = READ.map(|days| {
        let facts = repositories.iter().map(|repository| repository.read(days));
        (at_ms(days), facts.collect())
    });
    let reports = repositories
        .iter()
        .flat_map(|repository| scans::reports(options, repository));
    History {
        readings: readings.into(),
        reports: reports.collect(),
    }
}

/// The day so many days after the last one.
fn day(options: &SampleOptions, days: i64) -> Date {
    let at = Timestamp::from_millisecond(options.as_of_ms + days * DAY_MS);
    at.unwrap_or_default()
        .to_zoned_datetime(TimeZone::UTC)
        .date()
}

/// Returns the sample's list of known exploited vulnerabilities: some of those that are suppressed or found.
pub fn known_exploited(options: &SampleOptions, history: &History) -> KnownExploited {
    let (_, today) = history.readings.last().expect("readings");
    let rules = today.iter().flat_map(|facts| facts.rules.iter().flatten());
    let suppressed = rules
        .flat_map(|rule| &rule.ids)
        .step_by(SUPPRESSED_PER_LISTED);
    let findings = history.reports.iter().flat_map(|report| &report.findings);
    let found = findings
        .map(|finding| &finding.id)
        .step_by(FOUND_PER_LISTED);
    let cves = suppressed.chain(found).filter(|id| id.starts_with("CVE-"));
    let vulnerabilities = cves.enumerate().map(|(number, id)| {
        let due = i64::try_from(number % 60).unwrap_or_default() - 30;
        let exploited = Exploited {
            // None is added after the last day.
            added: Some(day(options, (due - 21).min(-1))),
            due: Some(day(options, due)),
            ransomware: number % 5 == 0,
        };
        (id.clone(), exploited)
    });
    KnownExploited {
        as_of: day(options, PUBLISHED),
        version: "sample".to_owned(),
        vulnerabilities: vulnerabilities.collect(),
    }
}

/// Returns the sample's probabilities of exploitation, of every vulnerability that was found.
pub fn epss(options: &SampleOptions, history: &History) -> Epss {
    let findings = history.reports.iter().flat_map(|report| &report.findings);
    let scores = findings
        .filter(|finding| finding.id.starts_with("CVE-"))
        .map(|finding| {
            let drawn = Random::of(&[options.seed, hash(&finding.id)]).below(1_000);
            // Most are hardly likely.
            let probability = (drawn as f32 / 1_000.0).powi(4);
            let percentile = drawn as f32 / 1_000.0;
            (
                finding.id.clone(),
                EpssScore {
                    probability,
                    percentile,
                },
            )
        });
    Epss {
        as_of: day(options, PUBLISHED),
        model: "sample".to_owned(),
        scores: scores.collect(),
    }
}

fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0, |hash, byte| mix(hash ^ u64::from(byte)))
}

/// A repository with what it was.
pub struct Repository {
    pub number: u64,
    pub today: RepositoryFacts,
    pub rules: Vec<Ruled>,
    runtimes: Vec<Upgraded>,
    checks: Vec<(Check, u32)>,
}

/// A runtime with its version before an upgrade, so many days ago.
struct Upgraded {
    today: Runtime,
    before: Option<(u32, String)>,
}

impl Repository {
    fn new(options: &SampleOptions, number: u64, today: RepositoryFacts) -> Self {
        let mut random = Random::of(&[options.seed, KEY, number]);
        let runtimes = runtimes(&today, &mut random);
        let checks = today.checks.iter().map(|&check| {
            let introduced = random.percent(INTRODUCED);
            (
                check,
                if introduced {
                    random.between([3, 170])
                } else {
                    1_000
                },
            )
        });
        let checks = checks.collect();
        let rules = super::rules::rules(options, &today, &mut random);
        let about = about(&today, options, &mut random);
        Self {
            number,
            rules,
            runtimes,
            checks,
            today: RepositoryFacts { about, ..today },
        }
    }

    /// The facts so many days ago.
    fn read(&self, days: u32) -> RepositoryFacts {
        let mut facts = self.today.clone();
        let runtimes: Vec<Runtime> = self
            .runtimes
            .iter()
            .map(|upgraded| upgraded.at(days))
            .collect();
        let version = |product: &str| {
            let mut of = runtimes.iter().filter(|runtime| runtime.product == product);
            of.next().map(|runtime| runtime.version.clone())
        };
        if facts.node_version.is_some() {
            facts.node_version = version("nodejs");
        }
        let introduced = self.checks.iter().filter(|(_, since)| *since >= days);
        facts.checks = introduced.map(|(check, _)| *check).collect();
        let rules = self.rules.iter().filter(|ruled| ruled.is_there(days));
        let rules: Vec<_> = rules.map(|ruled| ruled.rule.clone()).collect();
        if days > 0 {
            // Those of today are drawn with the facts; the rules of the past say the same.
            facts.suppressions = super::rules::suppressions(&rules);
        }
        if days < READ[0] {
            facts.rules = Some(rules);
            facts.runtimes = Some(runtimes);
        }
        facts
    }
}

impl Upgraded {
    fn at(&self, days: u32) -> Runtime {
        match &self.before {
            Some((since, version)) if days > *since => Runtime {
                version: version.clone(),
                ..self.today.clone()
            },
            _ => self.today.clone(),
        }
    }
}

fn runtimes(today: &RepositoryFacts, random: &mut Random) -> Vec<Upgraded> {
    let mut all = Vec::new();
    let mut add = |product: &str, version: &str, file: &str, before: Option<(u32, String)>| {
        all.push(Upgraded {
            today: Runtime {
                product: product.to_owned(),
                version: version.to_owned(),
                file: file.to_owned(),
                line: 1,
            },
            before,
        });
    };
    let since = random.between([5, 170]);
    if let Some(version) = &today.node_version {
        let upgraded = random.percent(UPGRADED);
        add(
            "nodejs",
            version,
            ".nvmrc",
            upgraded.then(|| (since, "16.20.2".to_owned())),
        );
    }
    if let Some(version) = &today.java_version {
        let vendor = weighted(&risks().java_vendors, random);
        add(vendor, version, "Dockerfile", None);
    }
    if !today.javascript && today.java_version.is_none() && today.repository.ends_with("-script") {
        add("python", "3.8", ".python-version", None);
    }
    if random.percent(WITH_IMAGE) && (today.javascript || today.java_version.is_some()) {
        let (product, version) = weighted(&risks().images, random)
            .split_once(' ')
            .unwrap_or_default();
        let upgraded = product == "debian" && version == "12" && random.percent(UPGRADED);
        add(
            product,
            version,
            "Dockerfile",
            upgraded.then(|| (since, "11".to_owned())),
        );
    }
    all
}

fn about(today: &RepositoryFacts, options: &SampleOptions, random: &mut Random) -> About {
    let team = today.repository.split('-').next().unwrap_or_default();
    let months_ago = if today.archived {
        20
    } else {
        random.below(8) / 4
    };
    let pushed =
        Timestamp::from_millisecond(options.as_of_ms - i64::from(months_ago) * 31 * DAY_MS);
    About {
        url: Some(format!("https://github.com/hmcts/{}", today.repository)),
        default_branch: Some("master".to_owned()),
        pushed_in: pushed.ok().map(|at| at.strftime("%Y-%m").to_string()),
        owners: Some(match random.percent(WITH_OWNERS) {
            true => vec![format!("@hmcts/{team}")],
            false => Vec::new(),
        }),
        topics: Some(vec![team.to_owned()]),
        protected: Some(random.percent(PROTECTED)),
    }
}

/// Draws a name by its weight.
pub fn weighted<'a>(weights: &'a BTreeMap<String, u32>, random: &mut Random) -> &'a str {
    let index = random.weighted(weights.values().copied());
    weights.keys().nth(index).map_or("", String::as_str)
}
