//! The teams whose builds a snapshot has, read once for each snapshot.

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::server::{attributes, snapshot::Snapshot};

/// With more teams than this there is no choice of one: a list of some would hide the others.
const MAX_TEAMS: usize = 200;

#[derive(Clone, Default)]
pub struct TeamCache(Arc<ArcSwapOption<Known>>);

struct Known {
    version: Arc<str>,
    teams: Vec<String>,
}

impl TeamCache {
    /// The teams of a snapshot, sorted.
    pub fn teams(&self, snapshot: &Snapshot) -> Vec<String> {
        if let Some(known) = &*self.0.load()
            && known.version == snapshot.version
        {
            return known.teams.clone();
        }
        let teams = teams(snapshot);
        self.0.store(Some(Arc::new(Known {
            version: Arc::clone(&snapshot.version),
            teams: teams.clone(),
        })));
        teams
    }
}

fn teams(snapshot: &Snapshot) -> Vec<String> {
    let Some(team) = attributes::find("team") else {
        return Vec::new();
    };
    let values = (team.read)(snapshot);
    let mut has_builds = vec![false; values.labels().len()];
    for number in (0..snapshot.builds.len()).filter_map(|build| values.number(build)) {
        has_builds[number] = true;
    }
    let labels = values.labels().iter().zip(has_builds);
    let labels = labels.filter(|(_, has_builds)| *has_builds);
    let mut teams: Vec<String> = labels.map(|(label, _)| label.to_string()).collect();
    teams.sort_unstable();
    if teams.len() > MAX_TEAMS {
        teams.clear();
    }
    teams
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        figures::testing::{build, snapshot},
        model::BuildResult::Success,
    };

    #[test]
    fn teams_are_those_of_builds_and_not_too_many() {
        let at = "2019-10-25T11:00:00Z";
        let jobs = [
            "HMCTS/div-api/master",
            "HMCTS/cmc-api/master",
            "HMCTS/div-web/master",
        ];
        let of = |jobs: &[String]| {
            let builds: Vec<_> = jobs.iter().map(|job| build(job, Success, at)).collect();
            TeamCache::default().teams(&snapshot(&builds))
        };
        assert_eq!(of(&jobs.map(str::to_owned)), ["cmc", "div"]);
        let many = |count: usize| -> Vec<String> {
            (0..count)
                .map(|number| format!("HMCTS/t{number}-api/master"))
                .collect()
        };
        assert_eq!(of(&many(MAX_TEAMS)).len(), MAX_TEAMS);
        assert!(of(&many(MAX_TEAMS + 1)).is_empty());
    }

    #[test]
    fn a_new_snapshot_is_read_again() {
        let cache = TeamCache::default();
        let at = "2019-10-25T11:00:00Z";
        let one = snapshot(&[build("HMCTS/div-api/master", Success, at)]);
        let mut other = snapshot(&[build("HMCTS/cmc-api/master", Success, at)]);
        other.version = "another".into();
        for (snapshot, team) in [(&one, "div"), (&other, "cmc"), (&one, "div")] {
            assert_eq!(cache.teams(snapshot), [team]);
        }
    }
}
