//! Queries for a container. Through the gateway, a query across partitions can only filter and project,
//! which is sufficient.

use azure_data_cosmos::{Query, error::Result};

use super::cursor::Window;
use crate::server::{
    config::{Config, cosmos::Branches},
    sources::jenkins::{FIELDS, PRODUCER_FIELDS},
};

/// The fields that the first version selected. A cursor is valid for one fingerprint, and a container must not be read
/// again because a field was added: what lacks the field is completed by `sync --since`.
const FINGERPRINT_FIELDS: &str = "id,build_tag,job_name,build_id,current_build_current_result,\
    stage_timestamp,_ts,current_build_scheduled_time,current_build_duration,current_step_name,\
    branch_name,build_url";

/// The query for the events of some branches, in any window.
pub struct EventQuery {
    /// `None` for all branches.
    branches: Option<Vec<String>>,
}

impl EventQuery {
    pub fn of(config: &Config) -> Self {
        let default = config.sources.cosmos.branches == Branches::Default;
        Self {
            branches: default.then(|| config.default_branches.clone()),
        }
    }

    /// Identifies the events that the query returns.
    pub fn fingerprint(&self) -> String {
        match &self.branches {
            None => format!("{FINGERPRINT_FIELDS} of all branches"),
            Some(branches) => format!("{FINGERPRINT_FIELDS} of {}", branches.join("\u{1f}")),
        }
    }

    /// The query for the events of a window.
    ///
    /// # Errors
    /// Never: every parameter is text or a number.
    pub fn events(&self, window: Window) -> Result<Query> {
        let mut query = within(
            &format!("c.{}", FIELDS[..PRODUCER_FIELDS].join(", c.")),
            window,
        )?;
        if let Some(branches) = &self.branches {
            query = of_branches(query, "c.branch_name", branches)?;
        }
        Ok(query)
    }

    /// The query for the times of a window's events alone.
    ///
    /// # Errors
    /// Never: every parameter is a number.
    pub fn times(window: Window) -> Result<Query> {
        within("c._ts", window)
    }
}

/// The query for the reports of scans of a window, of these branches only.
///
/// # Errors
/// Never: every parameter is text or a number.
pub fn reports(window: Window, branches: &[String]) -> Result<Query> {
    let query = within("c.id, c.build, c.report, c._ts", window)?;
    of_branches(query, "c.build.branch_name", branches)
}

/// Identifies the reports that the query returns.
pub fn reports_fingerprint(branches: &[String]) -> String {
    format!("reports of {}", branches.join("\u{1f}"))
}

/// Restricts a query to branches. A document without a branch counts as one of a default branch.
fn of_branches(query: Query, field: &str, branches: &[String]) -> Result<Query> {
    let mut query = query.append_text(&format!(
        " AND (NOT IS_DEFINED({field}) OR IS_NULL({field}) OR {field} = \"\""
    ));
    for (number, branch) in branches.iter().enumerate() {
        let name = format!("@branch{number}");
        query = query
            .append_text(&format!(" OR {field} = {name}"))
            .with_parameter(name, branch)?;
    }
    Ok(query.append_text(")"))
}

fn within(fields: &str, window: Window) -> Result<Query> {
    let mut query = Query::from(format!("SELECT {fields} FROM c WHERE c._ts >= @from"))
        .with_parameter("@from", window.from)?;
    if let Some(to) = window.to {
        query = query
            .append_text(" AND c._ts < @to")
            .with_parameter("@to", to)?;
    }
    Ok(query)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(query: &EventQuery, to: Option<i64>) -> String {
        let query = query.events(Window { from: 7, to }).expect("a query");
        serde_json::to_string(&query).expect("JSON")
    }

    #[test]
    fn the_query_selects_the_needed_fields_and_branches() {
        let query = EventQuery::of(&Config::built_in());
        let asked = text(&query, Some(9));
        for part in [
            "SELECT c.id, c.build_tag, ",
            ", c.correlation_id FROM c WHERE c._ts >= @from AND c._ts < @to AND (NOT IS_DEFINED(",
            " OR c.branch_name = @branch1)",
            "{\"name\":\"@to\",\"value\":9}",
            "{\"name\":\"@branch1\",\"value\":\"main\"}",
        ] {
            assert!(asked.contains(part), "{part} in {asked}");
        }
        let all = EventQuery { branches: None };
        let asked = text(&all, None);
        assert!(asked.contains("WHERE c._ts >= @from\""), "{asked}");
        assert_ne!(all.fingerprint(), query.fingerprint());
    }

    #[test]
    fn reports_are_those_of_the_default_branches() {
        let branches = Config::built_in().default_branches;
        let query = reports(
            Window {
                from: 7,
                to: Some(9),
            },
            &branches,
        )
        .expect("a query");
        let asked = serde_json::to_string(&query).expect("JSON");
        for part in [
            "SELECT c.id, c.build, c.report, c._ts FROM c WHERE c._ts >= @from AND c._ts < @to AND (",
            " OR c.build.branch_name = @branch0 OR c.build.branch_name = @branch1)",
        ] {
            assert!(asked.contains(part), "{part} in {asked}");
        }
    }

    /// Cursors of existing stores hold this text: where it differs, a container is read again from its start.
    #[test]
    fn the_fingerprint_is_that_of_the_first_version() {
        let query = EventQuery::of(&Config::built_in());
        assert_eq!(
            query.fingerprint(),
            "id,build_tag,job_name,build_id,current_build_current_result,stage_timestamp,_ts,\
             current_build_scheduled_time,current_build_duration,current_step_name,branch_name,build_url \
             of master\u{1f}main"
        );
    }
}
