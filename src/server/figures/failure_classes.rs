//! The classes of failed and lost builds by day.
//!
//! Reads the class and `day`, the local date of a build's end; days without such builds have no row.

use super::{
    Column, Context, Figure, Opens, Page, Rows, Topic, Values, opens, rows::date_text, time_axis,
    words,
};
use crate::server::charts::{Base, Chart, Colour, Mark, Panel, Plane, Series, Shape, Unit};
use crate::server::model::DAY_MS;
use crate::{
    api::Width,
    selection::Selection,
    server::{
        attributes::select,
        snapshot::{Class, Snapshot},
    },
};

pub const FIGURE: Figure = Figure {
    id: "failure_classes",
    page: Page::Platform,
    topic: Topic::Causes,
    width: Width::Full,
    height: 420,
    title: "Why builds failed",
    help: "Builds that finished in the window with failure, or were lost, by date and class: the first \
           rule that holds. Lost: the events stopped. Agent: it ran again after it lost its agent, or \
           failed at the checkout. Incident: several pipelines failed at the step at the same time. \
           Flaky: a good build of the same commit followed. Broken: the failure before or after it \
           was at the same step. Once: the next build, of another commit, was good. A class can \
           change when later builds arrive.",
    rows,
    summary,
    chart,
    opens,
};

/// The classes of the columns, and of the parts of a bar from the bottom up.
const CLASSES: [Class; 7] = [
    Class::Lost,
    Class::Agent,
    Class::Incident,
    Class::Flaky,
    Class::Broken,
    Class::Once,
    Class::Unknown,
];

const fn colour(class: Class) -> Colour {
    match class {
        Class::None | Class::Unknown => Colour::Other,
        Class::Lost => Colour::Lost,
        Class::Agent => Colour::Category(0),
        Class::Incident => Colour::Category(1),
        Class::Flaky => Colour::Category(2),
        Class::Broken => Colour::Category(3),
        Class::Once => Colour::Category(4),
    }
}

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let classes = &snapshot.insight.classes;
    let mut days: Vec<(i32, [u64; CLASSES.len()])> = Vec::new();
    select(snapshot, selection).each(|build| {
        let class = classes[build];
        let Some(index) = CLASSES.iter().position(|&known| known == class) else {
            return;
        };
        // Builds are sorted by instant, so their dates ascend.
        let day = snapshot.builds.day[build];
        match days.last_mut() {
            Some((latest, counts)) if *latest == day => counts[index] += 1,
            _ => {
                let mut counts = [0; CLASSES.len()];
                counts[index] = 1;
                days.push((day, counts));
            }
        }
    });
    let dates = days.iter().map(|&(day, _)| day).collect();
    let mut columns = vec![Column::new("date", "Date", Values::Date(dates))];
    for (index, class) in CLASSES.into_iter().enumerate() {
        let counts = days.iter().map(|(_, counts)| counts[index]).collect();
        columns.push(Column::new(
            class.as_str(),
            class.label(),
            Values::Count(counts),
        ));
    }
    Rows {
        columns,
        builds: days.iter().flat_map(|(_, counts)| counts).sum(),
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    let (scope, window) = (words::scope(context), words::window(context));
    if rows.is_empty() {
        return if context.as_of_ms.is_none() {
            words::no_builds(context)
        } else {
            format!("No build{scope} failed or was lost {window}.")
        };
    }
    let sum = |class: Class| rows.count(class.as_str()).iter().sum::<u64>();
    let known = CLASSES.into_iter().filter(|&class| class != Class::Unknown);
    // The first of equal classes.
    let most = known
        .rev()
        .max_by_key(|&class| sum(class))
        .unwrap_or_default();
    format!(
        "Of {}{scope} {window}, {} {} “{}”; for {} the class is unknown.",
        words::counted(rows.builds, "failed or lost build", "failed or lost builds"),
        words::thousands(sum(most)),
        if sum(most) == 1 {
            "has the class"
        } else {
            "have the class"
        },
        most.label().to_lowercase(),
        words::percent(100.0 * sum(Class::Unknown) as f64 / rows.builds as f64),
    )
}

fn chart(rows: &Rows, context: &Context<'_>) -> Chart {
    let dates = rows.date("date");
    let bars = |class: Class| {
        let counts = rows.count(class.as_str());
        let mark = |row: usize| {
            let builds = words::counted(counts[row], "build", "builds");
            let start_ms = time_axis::start_of_day_ms(dates[row], context.time_zone);
            Mark::new(start_ms as f64, counts[row] as f64)
                .opening(row)
                .hover(format!(
                    "{}\n{builds}: {}",
                    date_text(dates[row]),
                    class.label()
                ))
        };
        Series::new(
            class.label(),
            colour(class),
            Shape::Bars {
                width: DAY_MS as f64,
            },
        )
        .opening(class.as_str())
        .with((0..rows.len()).map(mark))
    };
    let panel = Panel::new(Unit::Count, "Builds", drawn(rows).map(bars).collect());
    let day_ms = |day: i32| time_axis::start_of_day_ms(day, context.time_zone);
    let base = Base::Time {
        from_ms: dates.first().map_or(0, |&day| day_ms(day)),
        to_ms: dates.last().map_or(0, |&day| day_ms(day + 1)),
    };
    Plane::new(base, vec![panel.stacked()]).into()
}

/// The classes with builds.
fn drawn(rows: &Rows) -> impl Iterator<Item = Class> {
    let has_builds = |class: &Class| rows.count(class.as_str()).iter().any(|&count| count > 0);
    CLASSES.into_iter().filter(has_builds)
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    let window = context.window;
    let row = |&day: &i32| {
        let start_ms = time_axis::start_of_day_ms(day, context.time_zone).max(window.start_ms);
        let end_ms = time_axis::start_of_day_ms(day + 1, context.time_zone).min(window.end_ms);
        opens::finished(start_ms, end_ms)
    };
    let column = |class: Class| (class.as_str(), opens::one("class", class.as_str()));
    Opens {
        rows: rows.date("date").iter().map(row).collect(),
        columns: CLASSES.map(column).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{build, snapshot, summary, table},
        *,
    };
    use crate::server::{model::BuildResult::*, snapshot::BuildRecord};

    #[test]
    fn failed_builds_by_date_and_class() {
        let failed = |at, step| BuildRecord {
            failing_step: Some(step),
            ..build("a", Failure, at)
        };
        let snapshot = snapshot(&[
            build("a", Success, "2019-10-20T12:00:00Z"),
            failed("2019-10-21T12:00:00Z", "test"),
            failed("2019-10-21T13:00:00Z", "test"),
            failed("2019-10-22T13:00:00Z", "checkout"),
            build("a", Aborted, "2019-10-23T12:00:00Z"),
            failed("2019-10-24T13:00:00Z", "build"),
        ]);
        let all = Selection::default();
        assert_eq!(
            table(&FIGURE, &snapshot, &all),
            [
                "2019-10-21 | 0 | 0 | 0 | 0 | 2 | 0 | 0",
                "2019-10-22 | 0 | 1 | 0 | 0 | 0 | 0 | 0",
                "2019-10-24 | 0 | 0 | 0 | 0 | 0 | 0 | 1",
            ]
        );
        assert_eq!(
            summary(&FIGURE, &snapshot, &all),
            "Of 4 failed or lost builds in the last 14 days, 2 have the class “broken”; for 25% the class is unknown."
        );
        assert_eq!(
            summary(&FIGURE, &snapshot, &all.with("project", "cmc")),
            "No build of CMC pipelines failed or was lost in the last 14 days."
        );
    }
}
