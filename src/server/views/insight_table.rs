//! Tables of what is derived from builds, for programs: red episodes, incidents, flaky failures, change points, classes of
//! failures and problems.

use super::problems::{failures_of, members_of, problem_list};
use crate::{
    api::{
        Cell, CellKind, ColumnInfo, IncidentList, IncidentSummary, InsightTable, ProblemSummary,
        SharedValue, View,
    },
    error::AppError,
    selection::Selection,
    server::{
        attributes::{Selected, select},
        figures::{change_conditions, words},
        insight,
        model::{HOUR_MS, MINUTE_MS, Snooze},
        snapshot::{
            Class, Episode, Flake, Incident, Snapshot, UNKNOWN_STEP, change_points::Measure,
        },
        statistics::to_two_decimals,
    },
};

/// The rows of a page.
const PAGE: usize = 100;

/// The kinds of insight.
pub const KINDS: [&str; 6] = [
    "change_points",
    "classes",
    "episodes",
    "flaky",
    "incidents",
    "problems",
];

type Column = (&'static str, &'static str, CellKind);

/// A row, and the builds behind it.
type Row = (Vec<Cell>, String);

/// A part of a list.
struct Page {
    /// From 1.
    number: usize,
    count: usize,
    first: usize,
}

impl Page {
    fn read(view: &View, length: usize) -> Result<Self, AppError> {
        let number = view.get("page").map_or(Ok(1), |page| {
            let number = page.parse::<u32>().ok().filter(|number| *number > 0);
            number.ok_or_else(|| AppError::unknown_value("page", page, Vec::new()))
        })?;
        let number = number as usize;
        Ok(Self {
            number,
            count: length.div_ceil(PAGE).max(1),
            first: (number - 1).saturating_mul(PAGE),
        })
    }

    fn next(&self) -> Option<String> {
        (self.number < self.count).then(|| (self.number + 1).to_string())
    }
}

/// Lists the incidents of a selection whose values were checked.
///
/// # Errors
/// [`AppError::UnknownValue`] for text that is no page.
pub fn incident_list(
    snapshot: &Snapshot,
    selection: &Selection,
    view: &View,
) -> Result<IncidentList, AppError> {
    let found = incidents(snapshot, &select(snapshot, selection));
    let page = Page::read(view, found.len())?;
    let shown = found.iter().skip(page.first).take(PAGE);
    Ok(IncidentList {
        selection: selection.encoded(),
        as_of: words::instant(snapshot.as_of_ms),
        version: snapshot.version.to_string(),
        incidents: found.len() as u64,
        page: shown.map(|known| incident(snapshot, known)).collect(),
        page_number: page.number as u64,
        page_count: page.count as u64,
        next: page.next(),
    })
}

/// The incidents with a selected failure, the latest first.
fn incidents<'a>(snapshot: &'a Snapshot, selected: &Selected<'_>) -> Vec<&'a Incident> {
    let known = snapshot.insight.incidents.iter().rev();
    let is_selected = |row: &u32| selected.contains(*row as usize);
    known
        .filter(|known| known.members.iter().any(is_selected))
        .collect()
}

fn incident(snapshot: &Snapshot, known: &Incident) -> IncidentSummary {
    let shared = known.shared.iter().map(|shared| SharedValue {
        attribute: shared.attribute.to_owned(),
        value: shared.value.clone(),
        failures: shared.members.into(),
        q: shared.q,
    });
    IncidentSummary {
        id: snapshot.incident_id(known),
        step: step(snapshot, known.step),
        kind: kind(known).to_owned(),
        from: words::instant(Some(known.from_ms)),
        to: words::instant(Some(known.to_ms)),
        over: known.over,
        pipelines: known.pipelines.into(),
        failures: known.members.len() as u64,
        probability: known.probability,
        shared: shared.collect(),
        opens: members_of(snapshot, known),
    }
}

const fn kind(incident: &Incident) -> &'static str {
    if incident.nightly {
        "nightly"
    } else {
        "non-nightly"
    }
}

fn step(snapshot: &Snapshot, step: u16) -> Option<String> {
    (step != UNKNOWN_STEP).then(|| snapshot.step_label(step).to_owned())
}

/// A kind of insight about a selection whose values were checked; none if there is no such kind.
///
/// # Errors
/// [`AppError::UnknownValue`] for text that is no page.
pub fn insight_table(
    snapshot: &Snapshot,
    kind: &str,
    selection: &Selection,
    view: &View,
    snoozes: &[Snooze],
    now_ms: i64,
) -> Result<Option<InsightTable>, AppError> {
    let (columns, rows): (&[Column], Vec<Row>) = match kind {
        "change_points" => (&CHANGE_POINTS, change_points(snapshot, selection)),
        "classes" => (&CLASSES, classes(snapshot, selection)),
        "episodes" => (&EPISODES, episodes(snapshot, selection)),
        "flaky" => (&FLAKY, flaky(snapshot, selection)),
        "incidents" => (&INCIDENTS, incident_rows(snapshot, selection)),
        "problems" => (&PROBLEMS, problems(snapshot, selection, snoozes, now_ms)),
        _ => return Ok(None),
    };
    let page = Page::read(view, rows.len())?;
    let row_count = rows.len() as u64;
    let shown = rows.into_iter().skip(page.first).take(PAGE);
    let (rows, opens) = shown.unzip();
    let columns = columns.iter().map(|&(id, title, kind)| ColumnInfo {
        id: id.to_owned(),
        title: title.to_owned(),
        kind,
    });
    Ok(Some(InsightTable {
        kind: kind.to_owned(),
        selection: selection.encoded(),
        as_of: words::instant(snapshot.as_of_ms),
        version: snapshot.version.to_string(),
        columns: columns.collect(),
        row_count,
        rows,
        opens,
        page_number: page.number as u64,
        page_count: page.count as u64,
        next: page.next(),
    }))
}

fn text(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

fn count(count: impl Into<i64>) -> Cell {
    Cell::Count(count.into())
}

fn large(count: u64) -> Cell {
    Cell::Count(i64::try_from(count).unwrap_or(i64::MAX))
}

fn optional(known: Option<impl Into<String>>) -> Cell {
    known.map_or(Cell::Missing, text)
}

fn yes(known: bool) -> Cell {
    text(if known { "yes" } else { "no" })
}

fn at(snapshot: &Snapshot, row: Option<u32>) -> Cell {
    optional(row.map(|row| words::instant(Some(snapshot.builds.finished_ms[row as usize]))))
}

const EPISODES: [Column; 9] = [
    ("episode", "Episode", CellKind::Text),
    ("pipeline", "Pipeline", CellKind::Text),
    ("opened", "Opened", CellKind::Instant),
    ("closed", "Closed", CellKind::Instant),
    ("at_least", "At least since", CellKind::Text),
    ("step", "Failed step", CellKind::Text),
    ("failures", "Failures", CellKind::Count),
    ("red_hours", "Red hours", CellKind::Number),
    ("dormant", "Dormant", CellKind::Text),
];

/// The episodes of the selection's pipelines that were open in its range, the latest first.
fn episodes(snapshot: &Snapshot, selection: &Selection) -> Vec<Row> {
    let window = snapshot.window(selection);
    let is_chosen = insight::chosen_pipelines(snapshot, selection);
    let finished = |row: u32| snapshot.builds.finished_ms[row as usize];
    let known = snapshot.insight.episodes.iter().filter(|known| {
        let ended_before = known
            .closed
            .is_some_and(|row| finished(row) < window.start_ms);
        is_chosen[known.pipeline as usize]
            && finished(known.opened) < window.end_ms
            && !ended_before
    });
    let mut known: Vec<&Episode> = known.collect();
    known.sort_by_key(|known| std::cmp::Reverse(known.opened));
    let row = |known: &Episode| {
        let opened = known.opened as usize;
        let hours = known.red_ms(snapshot) as f64 / HOUR_MS as f64;
        let cells = vec![
            text(snapshot.episode_id(known)),
            text(&*snapshot.pipelines[known.pipeline as usize].label),
            at(snapshot, Some(known.opened)),
            at(snapshot, known.closed),
            yes(known.at_least),
            optional(step(snapshot, snapshot.builds.failing_step[opened])),
            count(known.failures),
            Cell::Number(to_two_decimals(hours)),
            yes(known.dormant),
        ];
        (cells, failures_of(snapshot, known))
    };
    known.into_iter().map(row).collect()
}

const INCIDENTS: [Column; 9] = [
    ("incident", "Incident", CellKind::Text),
    ("step", "Step", CellKind::Text),
    ("kind", "Kind", CellKind::Text),
    ("from", "From", CellKind::Instant),
    ("to", "To", CellKind::Instant),
    ("state", "State", CellKind::Text),
    ("pipelines", "Pipelines", CellKind::Count),
    ("failures", "Failures", CellKind::Count),
    ("shared", "Shared", CellKind::Text),
];

fn incident_rows(snapshot: &Snapshot, selection: &Selection) -> Vec<Row> {
    let found = incidents(snapshot, &select(snapshot, selection)).into_iter();
    let row = |known: &Incident| {
        let known = incident(snapshot, known);
        let shared = known.shared.iter();
        let shared = shared.map(|shared| format!("{} {}", shared.attribute, shared.value));
        let cells = vec![
            text(known.id),
            optional(known.step),
            text(known.kind),
            text(known.from),
            text(known.to),
            text(if known.over { "over" } else { "open" }),
            large(known.pipelines),
            large(known.failures),
            text(shared.collect::<Vec<_>>().join(", ")),
        ];
        (cells, known.opens)
    };
    found.map(row).collect()
}

const FLAKY: [Column; 6] = [
    ("pipeline", "Pipeline", CellKind::Text),
    ("commit", "Commit", CellKind::Text),
    ("failed_number", "Failed build", CellKind::Text),
    ("failed_at", "Failed", CellKind::Instant),
    ("good_number", "Good build", CellKind::Text),
    ("good_at", "Good", CellKind::Instant),
];

/// The flaky failures of the selection, the latest first, each with the good build of the same commit.
fn flaky(snapshot: &Snapshot, selection: &Selection) -> Vec<Row> {
    let selected = select(snapshot, selection);
    let builds = &snapshot.builds;
    let known = snapshot.insight.flakes.iter().rev();
    let known = known.filter(|known| selected.contains(known.failed as usize));
    let row = |known: &Flake| {
        let (failed, good) = (known.failed as usize, known.good as usize);
        let pipeline = snapshot.pipeline_label(failed);
        let commit = format!("{:016x}", builds.commit[failed]);
        let from = words::instant(Some(builds.finished_ms[failed]));
        let opens = [("pipeline", pipeline), ("commit", &commit), ("from", &from)];
        let opens: Selection = opens.into_iter().collect();
        let cells = vec![
            text(pipeline),
            text(commit),
            text(builds.build_id.get(failed)),
            at(snapshot, Some(known.failed)),
            text(builds.build_id.get(good)),
            at(snapshot, Some(known.good)),
        ];
        (cells, opens.encoded())
    };
    known.map(row).collect()
}

const CHANGE_POINTS: [Column; 7] = [
    ("pipeline", "Pipeline", CellKind::Text),
    ("measure", "Measure", CellKind::Text),
    ("at", "First build after", CellKind::Instant),
    ("before", "Minutes or % before", CellKind::Number),
    ("after", "Minutes or % after", CellKind::Number),
    ("builds_before", "Builds before", CellKind::Count),
    ("builds_after", "Builds after", CellKind::Count),
];

/// The change points whose first build after is selected, the latest first.
fn change_points(snapshot: &Snapshot, selection: &Selection) -> Vec<Row> {
    let selected = select(snapshot, selection);
    let known = snapshot.insight.change_points.iter();
    let mut known: Vec<_> = known
        .filter(|point| selected.contains(point.row as usize))
        .collect();
    known.sort_by_key(|point| (std::cmp::Reverse(point.row), point.measure));
    let rows = known.into_iter().map(|point| {
        let factor = match point.measure {
            Measure::Duration => 1.0 / MINUTE_MS as f64,
            Measure::FailureRate => 100.0,
        };
        let number = |value: f64| Cell::Number(to_two_decimals(value * factor));
        let cells = vec![
            text(&*snapshot.pipelines[point.pipeline as usize].label),
            text(point.measure.as_str()),
            at(snapshot, Some(point.row)),
            number(point.before.value),
            number(point.after.value),
            count(point.before.builds),
            count(point.after.builds),
        ];
        (
            cells,
            change_conditions::of_level(snapshot, point, &point.after).encoded(),
        )
    });
    rows.collect()
}

const CLASSES: [Column; 3] = [
    ("class", "Class", CellKind::Text),
    ("rule", "Rule", CellKind::Text),
    ("builds", "Builds", CellKind::Count),
];

/// The number of failed or lost builds of each class.
fn classes(snapshot: &Snapshot, selection: &Selection) -> Vec<Row> {
    let mut counts = [0_u64; Class::ALL.len()];
    let known = &snapshot.insight.classes;
    select(snapshot, selection).each(|build| counts[known[build] as usize] += 1);
    let classes = Class::ALL.into_iter().filter(|class| *class != Class::None);
    let rows = classes.map(|class| {
        let cells = vec![
            text(class.as_str()),
            text(class.words()),
            large(counts[class as usize]),
        ];
        let of_class: Selection = [("class", class.as_str())].into_iter().collect();
        (cells, selection.narrowed(&of_class).encoded())
    });
    rows.collect()
}

const PROBLEMS: [Column; 10] = [
    ("problem", "Problem", CellKind::Text),
    ("kind", "Kind", CellKind::Text),
    ("state", "State", CellKind::Text),
    ("title", "Title", CellKind::Text),
    ("project", "Project", CellKind::Text),
    ("since", "Since", CellKind::Instant),
    ("step", "Failed step", CellKind::Text),
    ("class", "Class", CellKind::Text),
    ("failures", "Failures", CellKind::Count),
    ("pipelines", "Pipelines", CellKind::Count),
];

/// The problems of the selection in the order of their list, whatever the range.
fn problems(
    snapshot: &Snapshot,
    selection: &Selection,
    snoozes: &[Snooze],
    now_ms: i64,
) -> Vec<Row> {
    let list = problem_list(snapshot, selection, snoozes, now_ms);
    let row = |known: ProblemSummary| {
        let cells = vec![
            text(known.id),
            text(known.kind),
            text(known.state),
            text(known.title),
            optional(known.project),
            text(known.since),
            optional(known.failed_step),
            optional(known.class),
            large(known.failures),
            large(known.pipelines),
        ];
        (cells, known.opens)
    };
    list.problems.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        attributes::select,
        figures::testing::{AS_OF, build, snapshot},
        model::BuildResult::{Failure, Success},
        snapshot::{BuildDetails, BuildRecord},
    };

    fn data() -> Snapshot {
        let at = |number, result, at| BuildRecord {
            build_id: number,
            failing_step: (result == Failure).then_some("test"),
            details: BuildDetails {
                git_commit: Some("0123456789abcdef0123"),
                ..BuildDetails::default()
            },
            ..build("HMCTS_CMC/claim-store/master", result, at)
        };
        snapshot(&[
            at("1", Success, "2019-10-20T10:00:00Z"),
            at("2", Failure, "2019-10-21T10:00:00Z"),
            at("3", Success, "2019-10-21T11:30:00Z"),
            at("4", Failure, AS_OF),
        ])
    }

    fn table(snapshot: &Snapshot, kind: &str, query: &str) -> InsightTable {
        let selection = Selection::parse(query).expect("a selection");
        let table = insight_table(snapshot, kind, &selection, &View::default(), &[], 0);
        table.expect("a page").expect("a kind")
    }

    #[test]
    fn every_kind_has_rows_of_its_columns_which_open_builds() {
        let snapshot = data();
        for kind in KINDS {
            let found = table(&snapshot, kind, "");
            assert_eq!(found.rows.len(), found.opens.len(), "{kind}");
            for row in &found.rows {
                assert_eq!(row.len(), found.columns.len(), "{kind}");
            }
            for opens in &found.opens {
                let opens = Selection::parse(opens).expect("a selection");
                snapshot.check(&opens).expect("known values");
            }
        }
        let unknown = insight_table(
            &snapshot,
            "nothing",
            &Selection::default(),
            &View::default(),
            &[],
            0,
        );
        assert_eq!(unknown, Ok(None));
    }

    #[test]
    fn rows_are_those_of_the_selection() {
        let snapshot = data();
        let episodes = table(&snapshot, "episodes", "");
        assert_eq!(episodes.rows.len(), 2);
        assert_eq!(episodes.rows[1][6..8], [Cell::Count(1), Cell::Number(1.5)]);
        // The first one had ended before.
        assert_eq!(table(&snapshot, "episodes", "days=1").rows.len(), 1);
        assert!(table(&snapshot, "episodes", "project=div").rows.is_empty());
        let flaky = table(&snapshot, "flaky", "");
        let expected = [
            "HMCTS_CMC/claim-store/master",
            "0123456789abcdef",
            "2",
            "2019-10-21T10:00:00Z",
            "3",
            "2019-10-21T11:30:00Z",
        ];
        assert_eq!(flaky.rows, [expected.map(text).to_vec()]);
        let classes = table(&snapshot, "classes", "");
        for (row, opens) in classes.rows.iter().zip(&classes.opens) {
            let opened = select(&snapshot, &Selection::read(opens)).count();
            assert_eq!(row[2], large(opened), "{row:?}");
        }
        assert_eq!(table(&snapshot, "problems", "").rows.len(), 1);
    }

    #[test]
    fn pages_are_bounded_and_numbered() {
        let view = |page: &str| View::default().with("page", page);
        let page = Page::read(&view("2"), 2 * PAGE + 1).expect("a page");
        assert_eq!(
            (page.first, page.count, page.next()),
            (PAGE, 3, Some("3".to_owned()))
        );
        assert_eq!(
            Page::read(&view("3"), 2 * PAGE + 1).map(|page| page.next()),
            Ok(None)
        );
        for wrong in ["0", "-1", "x", "99999999999"] {
            assert!(Page::read(&view(wrong), 1).is_err(), "{wrong}");
        }
        let snapshot = data();
        let list =
            incident_list(&snapshot, &Selection::default(), &View::default()).expect("a list");
        assert_eq!((list.incidents, list.page_count, list.next), (0, 1, None));
    }
}
