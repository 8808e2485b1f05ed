//! Suppression rules by team, with the flags that make them a debt.
//!
//! Reads the rules of the repositories that are not archived.

use std::collections::BTreeMap;

use super::{Column, Context, Figure, Page, Rows, Topic, Values, opens, words};
use crate::server::charts::{Base, Chart, Colour, MAX_NAMES, Mark, Panel, Plane, Series, Unit};
use crate::{
    api::Width,
    selection::Selection,
    server::{
        charts,
        insight::security::selected,
        snapshot::{RuleEnd, RuleState, Snapshot},
    },
};

pub const FIGURE: Figure = Figure {
    id: "suppression_debt",
    page: Page::Security,
    topic: Topic::Suppressions,
    width: Width::Half,
    height: charts::MAX_HEIGHT,
    title: "Suppressions in debt by team",
    help: "Rules of suppression files, by the team of their repository. A rule is a debt if it has expired, has no \
           reason, is broad (a selector that matches everything, no selector, or only a score), is unused (none of \
           the last three complete scans since it was first seen holds what it suppresses), or if one of its \
           vulnerabilities is known to be exploited. A rule may be several of these. Rules without an end stand \
           beside them. Whether a rule is used is unknown without three such scans; if nothing else makes it a debt, it \
           is unknown whether it is one. The chart shows the 20 teams with the most rules in debt.",
    rows,
    summary,
    chart,
    opens: opens::nothing,
};

type Flag = (&'static str, &'static str, fn(&RuleState) -> bool);

/// The columns after the team.
const FLAGS: [Flag; 11] = [
    ("rules", "Rules", |_| true),
    ("debt", "In debt", RuleState::is_debt),
    ("unknown", "Unknown", RuleState::is_debt_unknown),
    ("expired", "Expired", |rule| rule.expired),
    ("due", "Due soon", |rule| rule.due),
    ("without_end", "Without end", |rule| {
        rule.end == RuleEnd::Never
    }),
    ("no_reason", "No reason", |rule| rule.no_reason),
    ("broad", "Broad", |rule| rule.broad),
    ("unused", "Unused", |rule| rule.unused == Some(true)),
    ("use_unknown", "Use unknown", |rule| rule.unused.is_none()),
    ("listed", "Known exploited", |rule| rule.listed),
];

/// The bars of the chart that are no columns.
pub(super) const MARKS: [(&str, &str); 1] = [("others", "Not in debt")];

/// Returns whether a column or a bar counts a rule.
pub(super) fn counts(column: &str, rule: &RuleState) -> bool {
    let flag = FLAGS.iter().find(|(id, ..)| *id == column);
    match flag {
        Some((.., is)) => is(rule),
        None => column == MARKS[0].0 && !rule.is_debt() && !rule.is_debt_unknown(),
    }
}

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let state = selected(snapshot, selection).state;
    let mut by_team: BTreeMap<&str, [u64; FLAGS.len()]> = BTreeMap::new();
    for rule in &state.rules {
        let team = snapshot.config.owners.team(&rule.facts.repository);
        let counts = by_team.entry(team).or_default();
        for (count, (_, _, is)) in counts.iter_mut().zip(FLAGS) {
            *count += u64::from(is(rule));
        }
    }
    let mut teams: Vec<(&str, [u64; FLAGS.len()])> = by_team.into_iter().collect();
    // The sort is stable: equal teams stay in order of their names.
    teams.sort_by_key(|(_, [rules, debt, ..])| std::cmp::Reverse((*debt, *rules)));
    let names = teams.iter().map(|(team, _)| (*team).to_owned()).collect();
    let mut columns = vec![Column::new("team", "Team", Values::Text(names))];
    for (index, (id, title, _)) in FLAGS.into_iter().enumerate() {
        let counts = teams.iter().map(|(_, counts)| counts[index]).collect();
        columns.push(Column::new(id, title, Values::Count(counts)));
    }
    Rows {
        columns,
        builds: state.repositories.len() as u64,
    }
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    let sum = |column: &str| rows.count(column).iter().sum::<u64>();
    let repositories = words::counted(rows.builds, "repository", "repositories");
    if rows.is_empty() {
        let none = format!("No suppression rule is known of {repositories}.");
        return words::none_of(context, rows.builds, none);
    }
    let (rules, debt, without_end) = (sum("rules"), sum("debt"), sum("without_end"));
    let unknown = match sum("unknown") {
        0 => String::new(),
        unknown => format!("; unknown for {}", words::thousands(unknown)),
    };
    format!(
        "{} of {} in {repositories} {} in debt ({}){unknown}; {} {} no end.",
        words::thousands(debt),
        words::counted(rules, "suppression rule", "suppression rules"),
        words::verb(debt, "is", "are"),
        words::percent(100.0 * debt as f64 / rules as f64),
        words::thousands(without_end),
        words::verb(without_end, "has", "have"),
    )
}

fn chart(rows: &Rows, _: &Context<'_>) -> Chart {
    let teams = rows.text("team");
    let (rules, debt, unknown) = (
        rows.count("rules"),
        rows.count("debt"),
        rows.count("unknown"),
    );
    let hover = |row: usize| {
        let flags = FLAGS[2..].iter().filter_map(|(id, title, _)| {
            let count = rows.count(id)[row];
            (count > 0).then(|| format!("\n{title}: {}", words::thousands(count)))
        });
        let flags: String = flags.collect();
        let (debt, rules) = (words::thousands(debt[row]), words::thousands(rules[row]));
        format!("{}\n{debt} of {rules} in debt{flags}", teams[row])
    };
    let drawn = 0..rows.len().min(MAX_NAMES);
    let bar = |row: usize, count: u64| {
        Mark::new(row as f64, count as f64)
            .counting(row)
            .hover(hover(row))
    };
    let in_debt = drawn.clone().map(|row| bar(row, debt[row]));
    let unknowns = drawn.clone().map(|row| bar(row, unknown[row]));
    let others = drawn.map(|row| {
        let label = format!(
            "{} of {}",
            words::thousands(debt[row]),
            words::thousands(rules[row])
        );
        bar(row, rules[row] - debt[row] - unknown[row]).label(label)
    });
    let series = vec![
        Series::bars("In debt", Colour::Category(3))
            .opening("debt")
            .with(in_debt),
        Series::bars("Unknown", Colour::Other)
            .opening("unknown")
            .with(unknowns),
        Series::bars(MARKS[0].1, Colour::Neutral)
            .opening(MARKS[0].0)
            .with(others),
    ];
    let panel = Panel::new(Unit::Count, "", series);
    Plane::new(Base::names(teams), vec![panel.stacked()]).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        figures::{
            ALL,
            testing::{security, summary, suppressing},
        },
        model::{RepositoryFacts, Selector, SelectorKind, SuppressionRule},
    };

    #[test]
    fn one_rule_is_in_debt_and_has_no_end() {
        let rules = Some(vec![SuppressionRule {
            ids: vec!["CVE-2019-0001".to_owned()],
            ..SuppressionRule::default()
        }]);
        let facts = RepositoryFacts {
            rules,
            ..suppressing("a-api", &[])
        };
        assert_eq!(
            summary(&FIGURE, &security(vec![facts]), &Selection::default()),
            "1 of 1 suppression rule in 1 repository is in debt (100%); 1 has no end."
        );
    }

    #[test]
    fn without_reports_it_is_unknown_whether_a_sound_rule_is_in_debt() {
        let sound = SuppressionRule {
            ids: vec!["CVE-2019-0001".to_owned()],
            selectors: vec![Selector {
                kind: SelectorKind::Gav,
                text: "a:lib".to_owned(),
                regex: false,
            }],
            until: Some("2099-01-01".to_owned()),
            notes: Some("Not reachable.".to_owned()),
            ..SuppressionRule::default()
        };
        let facts = RepositoryFacts {
            rules: Some(vec![sound]),
            ..suppressing("a-api", &[])
        };
        assert_eq!(
            summary(&FIGURE, &security(vec![facts]), &Selection::default()),
            "0 of 1 suppression rule in 1 repository are in debt (0%); unknown for 1; 0 have no end."
        );
    }

    #[test]
    fn nothing_is_said_of_no_repositories() {
        let snapshot = security(vec![suppressing("a-api", &[("CVE-2019-0001", None)])]);
        for figure in ALL.iter().filter(|figure| figure.page == Page::Security) {
            let sentence = summary(figure, &snapshot, &Selection::read("team=nope"));
            assert!(
                !sentence.contains("of 0 ") && !sentence.contains("in 0 "),
                "{sentence}"
            );
        }
    }
}
