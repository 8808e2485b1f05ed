//! The lists of alerts, and the fields that are read from each. Of a secret only its type and its path are read.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::server::model::{ReportedFinding, Severity};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    Dependabot,
    CodeScanning,
    SecretScanning,
}

/// An open alert of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    pub repository: String,
    pub finding: ReportedFinding,
}

impl List {
    pub const ALL: [Self; 3] = [Self::Dependabot, Self::CodeScanning, Self::SecretScanning];

    /// Returns the name of the scanner, which is also the segment of the URL.
    pub const fn scanner(self) -> &'static str {
        match self {
            Self::Dependabot => "dependabot",
            Self::CodeScanning => "code-scanning",
            Self::SecretScanning => "secret-scanning",
        }
    }

    /// Returns the name for readers.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Dependabot => "Dependabot alerts",
            Self::CodeScanning => "Code scanning alerts",
            Self::SecretScanning => "Secret scanning alerts",
        }
    }

    /// Returns the permission of a token that the list needs.
    pub const fn permission(self) -> &'static str {
        match self {
            Self::Dependabot | Self::SecretScanning => self.label(),
            Self::CodeScanning => "Code scanning alerts (or security events)",
        }
    }

    /// Reads the open alerts of a page; returns the number of all as well.
    ///
    /// # Errors
    /// If it is not a list.
    pub fn parse(self, body: &[u8]) -> Result<(Vec<Alert>, usize), serde_json::Error> {
        let page: Vec<Value> = serde_json::from_slice(body)?;
        let open = page.iter().filter(|alert| alert["state"] == "open");
        let alerts = open.filter_map(|alert| self.alert(alert)).collect();
        Ok((alerts, page.len()))
    }

    /// Reads an alert; none without the name of a repository and of the fault.
    fn alert(self, alert: &Value) -> Option<Alert> {
        let text = |value: &Value| {
            let text = value.as_str().map(str::trim).unwrap_or_default();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let repository = text(&alert["repository"]["name"])?;
        let mut finding = match self {
            Self::Dependabot => {
                let advisory = &alert["security_advisory"];
                let vulnerability = &alert["security_vulnerability"];
                let severity = text(&vulnerability["severity"]).or(text(&advisory["severity"]));
                ReportedFinding {
                    id: text(&advisory["cve_id"]).or(text(&advisory["ghsa_id"]))?,
                    package: text(&alert["dependency"]["package"]["name"])
                        .or(text(&vulnerability["package"]["name"]))
                        .unwrap_or_default(),
                    fixed_in: text(&vulnerability["first_patched_version"]["identifier"]),
                    severity: severity.map(|word| Severity::of(&word)).unwrap_or_default(),
                    file_path: text(&alert["dependency"]["manifest_path"]),
                    ..ReportedFinding::default()
                }
            }
            Self::CodeScanning => {
                let rule = &alert["rule"];
                let path = text(&alert["most_recent_instance"]["location"]["path"]);
                let severity = text(&rule["security_severity_level"]).or(text(&rule["severity"]));
                ReportedFinding {
                    id: text(&rule["id"]).or(text(&rule["name"]))?,
                    package: path.unwrap_or_default(),
                    severity: severity.map(|word| Severity::of(&word)).unwrap_or_default(),
                    ..ReportedFinding::default()
                }
            }
            Self::SecretScanning => ReportedFinding {
                id: text(&alert["secret_type"])?,
                package: text(&alert["first_location_detected"]["path"]).unwrap_or_default(),
                ..ReportedFinding::default()
            },
        };
        finding.id = finding.id.to_uppercase();
        let opened = alert["created_at"].as_str();
        let opened = opened.and_then(|opened| opened.parse::<Timestamp>().ok());
        finding.opened_ms = opened.map(Timestamp::as_millisecond);
        Some(Alert {
            repository,
            finding,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(list: List, alert: Value) -> Option<ReportedFinding> {
        let mut whole = json!({
            "state": "open",
            "created_at": "2026-11-01T00:00:00Z",
            "repository": { "name": "ccd-api" },
        });
        let fields = alert.as_object().expect("an object").clone();
        whole.as_object_mut().expect("an object").extend(fields);
        let page = json!([whole]).to_string();
        let (mut alerts, count) = list.parse(page.as_bytes()).expect("a list");
        assert_eq!(count, 1);
        let alert = alerts.pop()?;
        assert_eq!(alert.repository, "ccd-api");
        assert_eq!(alert.finding.opened_ms, Some(1_793_491_200_000));
        Some(alert.finding)
    }

    #[test]
    fn each_list_has_its_fields() {
        let dependabot = json!({
            "dependency": { "package": { "ecosystem": "npm", "name": "lodash" }, "manifest_path": "yarn.lock" },
            "security_advisory": { "ghsa_id": "GHSA-jf85-cpcp-j695", "cve_id": null, "severity": "low" },
            "security_vulnerability": {
                "severity": "critical",
                "first_patched_version": { "identifier": "4.17.12" },
            },
        });
        let found = read(List::Dependabot, dependabot).expect("an alert");
        assert_eq!(
            (&*found.id, &*found.package),
            ("GHSA-JF85-CPCP-J695", "lodash")
        );
        assert_eq!(found.fixed_in.as_deref(), Some("4.17.12"));
        assert_eq!(found.severity, Severity::Critical);
        assert_eq!(found.file_path.as_deref(), Some("yarn.lock"));
        let code = json!({
            "rule": { "id": "js/xss", "severity": "warning", "security_severity_level": "high" },
            "most_recent_instance": { "location": { "path": "src/a.js", "start_line": 7 } },
        });
        let found = read(List::CodeScanning, code).expect("an alert");
        assert_eq!((&*found.id, &*found.package), ("JS/XSS", "src/a.js"));
        assert_eq!(found.severity, Severity::High);
    }

    #[test]
    fn no_secret_is_kept() {
        let secret = json!({
            "secret_type": "aws_access_key_id",
            "secret": "AKIA-planted",
            "first_location_detected": { "path": "a/.env", "html_url": "https://example.org/AKIA-planted" },
        });
        let found = read(List::SecretScanning, secret).expect("an alert");
        assert_eq!(
            (&*found.id, &*found.package),
            ("AWS_ACCESS_KEY_ID", "a/.env")
        );
        assert!(!format!("{found:?}").contains("planted"));
    }

    #[test]
    fn closed_and_nameless_alerts_are_left_out() {
        assert_eq!(
            read(
                List::SecretScanning,
                json!({ "state": "resolved", "secret_type": "x" })
            ),
            None
        );
        assert_eq!(
            read(List::SecretScanning, json!({ "secret_type": " " })),
            None
        );
        assert_eq!(
            read(List::Dependabot, json!({ "security_advisory": {} })),
            None
        );
        assert!(List::Dependabot.parse(b"{}").is_err());
    }
}
