//! The minutes of builds that ended without a use: reruns of flaky failures, lost builds and failed ones.

use foldhash::HashMap;

use crate::server::{
    attributes::{self, Selected},
    model::{BuildResult, MINUTE_MS},
    snapshot::{Snapshot, UNKNOWN_DURATION},
};

/// Why the minutes of a build are lost: the first that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The build repeats a flaky failure.
    Rerun,
    Lost,
    Failed,
}

/// The lost minutes of some builds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sum {
    /// Those of unknown duration included.
    pub builds: u64,
    pub ms: u64,
    /// The cost of the builds whose agents have a price. A build is charged by the whole minute.
    pub cost: f64,
    /// The number of these builds.
    pub priced: u64,
}

/// The lost minutes of a step of a team's builds.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    /// Index in [`Snapshot::steps`], or [`crate::server::snapshot::UNKNOWN_STEP`]: the step that failed first; for reruns that of the failure.
    pub step: u16,
    pub team: Option<String>,
    /// By [`Kind`].
    pub kinds: [Sum; 3],
}

/// The lost minutes of a selection.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MinutesLost {
    /// In no order.
    pub losses: Vec<Loss>,
    /// Rerun, lost and failed builds whose duration is unknown.
    pub unknown: u64,
    /// The time from schedule to start, of all builds.
    pub start_delay_ms: u64,
    /// The builds whose time from schedule to start is known.
    pub delays: u64,
}

impl Loss {
    pub fn sum(&self) -> Sum {
        self.kinds
            .iter()
            .fold(Sum::default(), |sum, kind| sum.plus(kind))
    }
}

impl Sum {
    #[must_use]
    pub fn plus(self, other: &Self) -> Self {
        Self {
            builds: self.builds + other.builds,
            ms: self.ms + other.ms,
            cost: self.cost + other.cost,
            priced: self.priced + other.priced,
        }
    }

    pub fn minutes(&self) -> f64 {
        self.ms as f64 / MINUTE_MS as f64
    }
}

/// Returns the lost minutes of selected builds.
pub fn compute(snapshot: &Snapshot, selected: &Selected<'_>) -> MinutesLost {
    let builds = &snapshot.builds;
    let reruns = snapshot.reruns();
    let read = |id: &str| attributes::find(id).map(|known| (known.read)(snapshot));
    let (teams, agents) = (read("team"), read("agent"));
    let rates = &snapshot.config.insight.rates;
    let prices = agents.as_ref().map_or_else(Vec::new, |agents| {
        let price = |label: &str| rates.get(label).copied();
        agents.labels().iter().map(|label| price(label)).collect()
    });
    let price = |build: usize| {
        let agent = agents.as_ref()?.number(build)?;
        prices.get(agent).copied().flatten()
    };
    let team = |build: usize| teams.as_ref()?.number(build);
    let mut found = MinutesLost::default();
    let mut sums: HashMap<(u16, Option<usize>), [Sum; 3]> = HashMap::default();
    selected.each(|build| {
        let delay_ms = builds.start_delay_ms[build];
        if delay_ms != UNKNOWN_DURATION {
            found.start_delay_ms += u64::from(delay_ms);
            found.delays += 1;
        }
        let rerun = reruns[build];
        let (kind, of_step) = match builds.result[build] {
            _ if rerun != u32::MAX => (Kind::Rerun, rerun as usize),
            BuildResult::Lost => (Kind::Lost, build),
            result if result.is_failed() => (Kind::Failed, build),
            _ => return,
        };
        let key = (builds.failing_step[of_step], team(build));
        let sum = &mut sums.entry(key).or_default()[kind as usize];
        sum.builds += 1;
        let Some(ms) = lost_ms(snapshot, build) else {
            found.unknown += 1;
            return;
        };
        sum.ms += ms;
        if let Some(price) = price(build) {
            sum.cost += ms.div_ceil(MINUTE_MS as u64) as f64 * price;
            sum.priced += 1;
        }
    });
    let label = |number: usize| {
        teams
            .as_ref()?
            .labels()
            .get(number)
            .map(|label| label.to_string())
    };
    let losses = sums.into_iter().map(|((step, team), kinds)| Loss {
        step,
        team: team.and_then(label),
        kinds,
    });
    found.losses = losses.collect();
    found
}

/// The duration of a build; of a lost one until its latest event.
fn lost_ms(snapshot: &Snapshot, build: usize) -> Option<u64> {
    let builds = &snapshot.builds;
    if builds.result[build] == BuildResult::Lost {
        return u64::try_from(builds.finished_ms[build] - builds.started_ms[build]).ok();
    }
    let ms = builds.duration_ms[build];
    (ms != UNKNOWN_DURATION).then_some(ms.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        selection::Selection,
        server::{
            attributes::select,
            config::Config,
            figures::testing::{AS_OF, at, build, snapshot},
            insight::filled,
            model::{HOUR_MS, Toolchain},
            snapshot::{
                BuildDetails, BuildRecord, SnapshotBuilder, UNKNOWN_STEP, security::Security,
            },
        },
    };

    use BuildResult::{Aborted, Failure, Success};

    const A: Option<&str> = Some("aaaaaaaaaaaaaaaa");
    const B: Option<&str> = Some("bbbbbbbbbbbbbbbb");

    /// A build of the sixth hour before the time of the data, or of a later one, that took so many minutes.
    fn built<'a>(
        hours: i64,
        result: BuildResult,
        step: Option<&'a str>,
        git_commit: Option<&'a str>,
        minutes: Option<i64>,
    ) -> BuildRecord<'a> {
        BuildRecord {
            finished_ms: at(AS_OF) - hours * HOUR_MS,
            duration_ms: minutes.map(|minutes| minutes * MINUTE_MS + 1),
            failing_step: step,
            details: BuildDetails {
                git_commit,
                ended: true,
                start_delay_ms: Some(7),
                ..BuildDetails::default()
            },
            ..build("HMCTS_CMC/cmc-claim-store/master", result, AS_OF)
        }
    }

    fn lost(snapshot: &Snapshot) -> Vec<(String, [(u64, u64); 3])> {
        let all = select(snapshot, &Selection::default());
        let mut rows: Vec<_> = compute(snapshot, &all)
            .losses
            .iter()
            .map(|loss| {
                let kinds = loss.kinds.map(|sum| (sum.builds, sum.minutes() as u64));
                (snapshot.step_label(loss.step).to_owned(), kinds)
            })
            .collect();
        rows.sort();
        rows
    }

    #[test]
    fn each_minute_is_lost_once_at_the_step_that_failed_first() {
        let snapshot = snapshot(&[
            built(6, Failure, Some("test"), A, Some(10)),
            built(5, Failure, Some("build"), A, Some(20)),
            built(4, Success, None, B, Some(30)),
            built(3, Success, None, A, Some(40)),
            built(2, Aborted, None, B, Some(50)),
            built(1, Failure, Some("test"), B, None),
        ]);
        assert_eq!(
            lost(&snapshot),
            [
                // The rerun that failed at another step, and the good one.
                ("test".to_owned(), [(2, 60), (0, 0), (2, 10)]),
                ("unknown".to_owned(), [(0, 0), (0, 0), (1, 50)]),
            ]
        );
        let all = select(&snapshot, &Selection::default());
        let found = compute(&snapshot, &all);
        assert_eq!(
            (found.unknown, found.delays, found.start_delay_ms),
            (1, 6, 42)
        );
        assert!(found.losses.iter().any(|loss| loss.step == UNKNOWN_STEP));
    }

    #[test]
    fn a_lost_build_lasts_until_its_latest_event() {
        let mut builds: Vec<_> = (10..20)
            .map(|hours| built(hours, Success, None, A, Some(1)))
            .collect();
        builds.push(BuildRecord {
            started_ms: at(AS_OF) - 9 * HOUR_MS,
            details: BuildDetails::default(),
            ..built(8, Success, Some("test"), None, None)
        });
        assert_eq!(
            lost(&snapshot(&builds)),
            [("test".to_owned(), [(0, 0), (1, 60), (0, 0)])]
        );
    }

    #[test]
    fn builds_are_charged_by_the_whole_minute_where_their_agent_has_a_price() {
        let mut config = Config::built_in();
        config.insight.rates.insert("large".to_owned(), 0.5);
        let agents = ["large", "small"].map(|labels| Toolchain {
            node_labels: Some(labels.to_owned()),
            ..Toolchain::default()
        });
        let mut builder = SnapshotBuilder::new(config.into());
        for (hours, agent) in [(3, 0), (2, 0), (1, 1)] {
            let mut known = built(hours, Failure, Some("test"), A, Some(10));
            known.details.toolchain = Some(&agents[agent]);
            builder.push_record(&known);
        }
        let snapshot = filled(builder.finish("v".to_owned(), Some(at(AS_OF)), Security::default()));
        let all = select(&snapshot, &Selection::default());
        let sum = compute(&snapshot, &all).losses[0].sum();
        // Ten minutes and a millisecond are eleven.
        assert_eq!((sum.builds, sum.priced, sum.cost), (3, 2, 11.0));
    }
}
