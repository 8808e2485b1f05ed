//! The domains of the steps at which teams' builds failed.
//!
//! Reads the team and the domain of failed and lost builds.

use super::{Column, Context, Figure, Opens, Page, Rows, Topic, Values, opens, ranking, words};
use crate::server::charts::{Base, Chart, Colour, MAX_NAMES, Mark, Panel, Plane, Series, Unit};
use crate::{
    api::Width,
    selection::Selection,
    server::{
        attributes::{self, UNKNOWN, select},
        config::Domain,
        snapshot::{Class, Snapshot},
    },
};

pub const FIGURE: Figure = Figure {
    id: "domains_by_team",
    page: Page::Platform,
    topic: Topic::Causes,
    width: Width::Full,
    height: ranking::HEIGHT,
    title: "Where the builds of teams failed",
    help: "Builds that finished in the window with failure, or were lost, by team and by the domain of \
           the step that failed first: code, test, deploy or platform, by the patterns of the \
           configuration. Lost builds have no failed step, so their domain is unknown. It says where a build failed, not why. The table has the 50 teams with the most.",
    rows,
    summary,
    chart,
    opens,
};

const DOMAINS: usize = Domain::ALL.len();

const fn colour(domain: Domain) -> Colour {
    match domain {
        Domain::Code => Colour::Category(0),
        Domain::Test => Colour::Category(1),
        Domain::Deploy => Colour::Category(2),
        Domain::Platform => Colour::Category(3),
        Domain::Unknown => Colour::Other,
    }
}

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let read = |id: &str| attributes::find(id).map(|known| (known.read)(snapshot));
    let (Some(teams), Some(domains)) = (read("team"), read("domain")) else {
        unreachable!("attributes of every build");
    };
    let classes = &snapshot.insight.classes;
    let mut counts = vec![[0_u64; DOMAINS]; teams.labels().len() + 1];
    let unknown = teams.labels().len();
    select(snapshot, selection).each(|build| {
        if classes[build] == Class::None {
            return;
        }
        // The first label is that of builds that did not fail.
        let domain = domains
            .number(build)
            .and_then(|number| number.checked_sub(1));
        let team = teams.number(build).unwrap_or(unknown);
        counts[team][domain.unwrap_or(Domain::Unknown as usize)] += 1;
    });
    let labels = teams.labels().iter().map(|label| &**label).chain([UNKNOWN]);
    let mut found: Vec<(&str, [u64; DOMAINS])> = labels
        .zip(counts)
        .filter(|(_, counts)| counts.iter().any(|&count| count > 0))
        .collect();
    let builds = found.iter().flat_map(|(_, counts)| counts).sum();
    ranking::keep_first(&mut found, |(team, counts), (other, others)| {
        let all = |counts: &[u64; DOMAINS]| counts.iter().sum::<u64>();
        all(others).cmp(&all(counts)).then_with(|| team.cmp(other))
    });
    let names = found.iter().map(|(team, _)| (*team).to_owned()).collect();
    let mut columns = vec![Column::new("team", "Team", Values::Text(names))];
    for (index, domain) in Domain::ALL.into_iter().enumerate() {
        let counts = found.iter().map(|(_, counts)| counts[index]).collect();
        columns.push(Column::new(
            domain.as_str(),
            domain.label(),
            Values::Count(counts),
        ));
    }
    let sums = found
        .iter()
        .map(|(_, counts)| counts.iter().sum())
        .collect();
    columns.push(Column::new("failed", "Failed or lost", Values::Count(sums)));
    Rows { columns, builds }
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
    let sum = |domain: Domain| rows.count(domain.as_str()).iter().sum::<u64>();
    let most = Domain::ALL
        .into_iter()
        .rev()
        .max_by_key(|&domain| sum(domain));
    let most = most.unwrap_or_default();
    format!(
        "{} of {}{scope} {window} failed in the domain {}; {} had the most, {}.",
        words::thousands(sum(most)),
        words::counted(rows.builds, "failed or lost build", "failed or lost builds"),
        most.label().to_lowercase(),
        words::name(&rows.text("team")[0]),
        words::thousands(rows.count("failed")[0]),
    )
}

fn chart(rows: &Rows, _: &Context<'_>) -> Chart {
    let names = rows.text("team");
    let bars = |domain: Domain| {
        let counts = rows.count(domain.as_str());
        let mark = |row: usize| {
            let builds = words::counted(counts[row], "build", "builds");
            Mark::of_row(row, counts[row] as f64).hover(format!(
                "{}\n{builds} in {}",
                names[row],
                domain.label()
            ))
        };
        Series::bars(domain.label(), colour(domain))
            .opening(domain.as_str())
            .with((0..rows.len().min(MAX_NAMES)).map(mark))
    };
    let panel = Panel::new(Unit::Count, "", Domain::ALL.map(bars).into());
    Plane::new(Base::names(names), vec![panel.stacked()]).into()
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    let teams = rows.text("team").iter();
    let domain = |domain: Domain| (domain.as_str(), opens::one("domain", domain.as_str()));
    let all = opens::results(context, |result| {
        use crate::server::model::BuildResult::{Failure, Lost};
        matches!(result, Failure | Lost)
    });
    Opens {
        rows: teams.map(|team| opens::one("team", team)).collect(),
        columns: Domain::ALL
            .map(domain)
            .into_iter()
            .chain([("failed", all)])
            .collect(),
    }
}
