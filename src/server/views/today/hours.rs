//! Failed builds by project and hour, which tell whether a failure is shared.

use std::cmp::Reverse;

use jiff::Timestamp;

use crate::{
    api::{Hour, HourCount, HourIncident, HourMatrix, ProjectHours},
    selection::Selection,
    server::{
        attributes::select_in,
        config::{self, UNOWNED},
        figures::words,
        model::HOUR_MS,
        snapshot::{Snapshot, Window},
        views::problems::{incident_title, members_of},
    },
};

/// The hours of the matrix.
const HOURS: i64 = 48;
const MAX_INCIDENTS: usize = 20;

/// Counts the builds of every project in the hours up to the latest, of the selected kind; the selected projects come
/// first.
pub fn hours(snapshot: &Snapshot, selection: &Selection) -> HourMatrix {
    let Some(as_of_ms) = snapshot.as_of_ms else {
        return HourMatrix {
            hours: Vec::new(),
            projects: Vec::new(),
            incidents: Vec::new(),
        };
    };
    let end_ms = (as_of_ms.div_euclid(HOUR_MS) + 1) * HOUR_MS;
    let window = Window {
        start_ms: end_ms - HOURS * HOUR_MS,
        end_ms,
        days: None,
        ends_early: true,
    };
    let kind = selection.build_type().as_str();
    let all = Selection::default().with("type", kind);
    let builds = &snapshot.builds;
    let projects = snapshot.config.projects.len();
    // The last row is that of pipelines without a project.
    let mut counts = vec![vec![HourCount::default(); HOURS as usize]; projects + 1];
    let first = builds
        .finished_ms
        .partition_point(|&at_ms| at_ms < window.start_ms);
    let mut is_shared = vec![false; builds.len() - first];
    for incident in &snapshot.insight.incidents {
        for &row in &incident.members {
            if let Some(row) = (row as usize).checked_sub(first) {
                is_shared[row] = true;
            }
        }
    }
    select_in(snapshot, &all, window).each(|build| {
        let result = builds.result[build];
        let pipeline = &snapshot.pipelines[builds.pipeline[build] as usize];
        let hour = (builds.finished_ms[build] - window.start_ms) / HOUR_MS;
        let of_project = &mut counts[pipeline.project.unwrap_or(projects)];
        if let Some(count) = usize::try_from(hour)
            .ok()
            .and_then(|hour| of_project.get_mut(hour))
            && result.is_decided()
        {
            count.decided += 1;
            count.failed += u64::from(result.is_failed());
            count.shared |= is_shared[build - first];
        }
    });
    let selected: Vec<&str> = selection.values("project").collect();
    let labels = snapshot.config.projects.iter();
    let labels = labels
        .map(|project| (project.label.clone(), project.slug.clone()))
        .chain([(UNOWNED.to_owned(), config::slug(UNOWNED))]);
    let listed = labels
        .zip(counts)
        .map(|((project, slug), hours)| ProjectHours {
            selected: selected.contains(&&*slug),
            project,
            slug,
            hours,
        });
    let mut listed: Vec<ProjectHours> = listed
        .filter(|project| project.selected || project.hours.iter().any(|hour| hour.decided > 0))
        .collect();
    listed.sort_by_cached_key(|known| {
        let is_unowned = known.slug == config::slug(UNOWNED);
        (!known.selected, is_unowned, known.project.to_lowercase())
    });
    HourMatrix {
        hours: (0..HOURS)
            .map(|hour| describe(snapshot, window.start_ms + hour * HOUR_MS))
            .collect(),
        projects: listed,
        incidents: incidents(snapshot, window.start_ms),
    }
}

fn describe(snapshot: &Snapshot, from_ms: i64) -> Hour {
    let from = Timestamp::from_millisecond(from_ms).unwrap_or_default();
    let local = from.to_zoned_datetime(snapshot.config.time_zone.clone());
    Hour {
        from: words::instant(Some(from_ms)),
        to: words::instant(Some(from_ms + HOUR_MS)),
        day: local.strftime("%-d %b %Y").to_string(),
        time: local.strftime("%H:%M").to_string(),
    }
}

fn incidents(snapshot: &Snapshot, start_ms: i64) -> Vec<HourIncident> {
    let finished = |row: u32| snapshot.builds.finished_ms[row as usize];
    let mut found: Vec<_> = snapshot
        .insight
        .incidents
        .iter()
        .filter_map(|incident| Some((incident, finished(*incident.members.last()?))))
        .filter(|&(_, to_ms)| to_ms >= start_ms)
        .collect();
    found.sort_by_key(|&(_, to_ms)| Reverse(to_ms));
    let listed = found.into_iter().take(MAX_INCIDENTS);
    listed
        .map(|(incident, to_ms)| HourIncident {
            title: incident_title(snapshot, incident),
            from: words::instant(Some(incident.from_ms)),
            to: words::instant(Some(to_ms)),
            failures: incident.members.len() as u64,
            opens: members_of(snapshot, incident),
        })
        .collect()
}
