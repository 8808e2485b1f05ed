//! `POST /csp-reports`: browsers report violations of the Content-Security-Policy. They are counted by
//! directive. Nothing else in a report is kept or logged: anyone can send one, and it holds addresses.

use axum::{
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;

use crate::server::state::AppState;

/// The path, without the base path.
pub const PATH: &str = "/csp-reports";
/// The directives that a report about the dashboard's policies names.
const DIRECTIVES: [&str; 16] = [
    "base-uri",
    "connect-src",
    "default-src",
    "font-src",
    "form-action",
    "frame-ancestors",
    "img-src",
    "manifest-src",
    "require-trusted-types-for",
    "script-src",
    "script-src-attr",
    "script-src-elem",
    "style-src",
    "style-src-attr",
    "style-src-elem",
    "trusted-types",
];
const OTHER: &str = "other";
/// A browser sends one report in a request, or a few.
const MAX_REPORTS: usize = 20;

/// A request in the form of `report-uri` or of the Reporting API.
#[derive(Deserialize)]
#[serde(untagged)]
enum Body {
    One {
        #[serde(rename = "csp-report")]
        report: Violation,
    },
    Several(Vec<Report>),
}

#[derive(Deserialize)]
struct Report {
    body: Violation,
}

#[derive(Deserialize)]
struct Violation {
    #[serde(rename = "effective-directive", alias = "effectiveDirective")]
    effective: Option<String>,
    /// The form of older browsers, with the directive's sources.
    #[serde(rename = "violated-directive")]
    violated: Option<String>,
}

impl Violation {
    fn directive(&self) -> &'static str {
        let named = self.effective.as_deref().or(self.violated.as_deref());
        let word = named.and_then(|named| named.split_whitespace().next());
        let known = word.and_then(|word| DIRECTIVES.into_iter().find(|known| *known == word));
        known.unwrap_or(OTHER)
    }
}

/// Counts the violations in a request.
pub async fn count(State(state): State<AppState>, body: Bytes) -> Response {
    let Some(directives) = directives(&body) else {
        let message = "This is not a report of a violated Content-Security-Policy.\n";
        return (StatusCode::BAD_REQUEST, message).into_response();
    };
    for directive in directives {
        state.metrics().csp_reports.count(directive);
    }
    StatusCode::NO_CONTENT.into_response()
}

/// The directives that the reports in a request name; `None` if it holds no reports.
fn directives(body: &[u8]) -> Option<Vec<&'static str>> {
    let violations = match serde_json::from_slice(body).ok()? {
        Body::One { report } => vec![report],
        Body::Several(reports) => reports.into_iter().map(|report| report.body).collect(),
    };
    let directives = violations.iter().map(Violation::directive);
    Some(directives.take(MAX_REPORTS).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Option<Vec<&'static str>> {
        directives(body.as_bytes())
    }

    #[test]
    fn both_forms_of_reports_are_read() {
        let one = r#"{"csp-report": {"document-uri": "https://a.example/?secret", "violated-directive": "img-src",
            "effective-directive": "img-src", "status-code": 200}}"#;
        assert_eq!(read(one), Some(vec!["img-src"]));
        let older = r#"{"csp-report": {"violated-directive": "script-src 'self' 'sha256-a'"}}"#;
        assert_eq!(read(older), Some(vec!["script-src"]));
        let several = r#"[{"type": "csp-violation", "age": 1, "body": {"effectiveDirective": "style-src-elem"}},
            {"type": "csp-violation", "body": {"effectiveDirective": "require-trusted-types-for"}}]"#;
        let named = ["style-src-elem", "require-trusted-types-for"];
        assert_eq!(read(several), Some(named.to_vec()));
    }

    #[test]
    fn a_report_adds_no_label_and_few_counts() {
        for directive in ["", " ", "script", "img-src-x", "\\u0000", "a\\nb"] {
            let body = format!(r#"{{"csp-report": {{"effective-directive": "{directive}"}}}}"#);
            assert_eq!(read(&body), Some(vec![OTHER]), "{directive}");
        }
        assert_eq!(read(r#"{"csp-report": {}}"#), Some(vec![OTHER]));
        let many = vec![r#"{"body": {}}"#; 1000].join(",");
        let counted = read(&format!("[{many}]")).expect("reports");
        assert_eq!(counted.len(), MAX_REPORTS);
    }

    #[test]
    fn anything_else_is_refused() {
        let deep = "[".repeat(10_000);
        for body in [
            "",
            "null",
            "1",
            "{}",
            r#"{"csp-report": 1}"#,
            "[1]",
            "\u{0}",
            &deep,
        ] {
            assert_eq!(read(body), None, "{body}");
        }
    }
}
