//! The only error that leaves the server.
//!
//! It has a variant for each error that a reader or a script can act on. Any other error is
//! [`AppError::Internal`]; its cause is logged and never sent.

use std::fmt;

use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::json::JsonText;

/// The parameters whose values are too many to be listed: days, instants and weeks, of which there are examples.
const BY_EXAMPLE: [&str; 6] = ["as_of", "from", "started_from", "started_to", "to", "week"];
/// The most characters of a value that a message repeats.
const SHOWN: usize = 60;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "error", rename_all = "snake_case", from = "Received")]
pub enum AppError {
    /// A query parameter has an unknown value (400).
    UnknownValue {
        parameter: String,
        value: String,
        /// The known values; empty if they cannot be listed.
        known: Vec<String>,
    },
    /// A query parameter is unknown (400).
    UnknownParameter {
        parameter: String,
        /// The known parameters.
        known: Vec<String>,
    },
    /// The reader is not signed in, or the session has expired (401).
    SignInNeeded,
    /// No figure has this id (404).
    UnknownFigure { id: String },
    /// No build has this name (404).
    UnknownBuild {
        id: String,
        /// The months that the store keeps before the current one; 0 if it keeps everything.
        keep_months: u16,
    },
    /// No pipeline has this name (404).
    UnknownPipeline {
        id: String,
        /// As of an unknown build.
        keep_months: u16,
    },
    /// No repository has this name (404).
    UnknownRepository { id: String },
    /// The data is not loaded yet (503).
    NotReady,
    /// The client could not reach the server or read its response.
    Unreachable,
    /// The server failed; its log has the cause (500).
    Internal,
}

/// The fields of all variants. Used to deserialise, because serde's `tag` buffers all fields, which costs
/// kilobytes in the client.
#[derive(Deserialize)]
struct Received {
    error: Kind,
    #[serde(default)]
    parameter: String,
    #[serde(default)]
    value: String,
    #[serde(default)]
    known: Vec<String>,
    #[serde(default)]
    id: String,
    #[serde(default)]
    keep_months: u16,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    UnknownValue,
    UnknownParameter,
    SignInNeeded,
    UnknownFigure,
    UnknownBuild,
    UnknownPipeline,
    UnknownRepository,
    NotReady,
    Unreachable,
    Internal,
}

impl From<Received> for AppError {
    fn from(received: Received) -> Self {
        let Received {
            error,
            parameter,
            value,
            known,
            id,
            keep_months,
        } = received;
        match error {
            Kind::UnknownValue => Self::UnknownValue {
                parameter,
                value,
                known,
            },
            Kind::UnknownParameter => Self::UnknownParameter { parameter, known },
            Kind::SignInNeeded => Self::SignInNeeded,
            Kind::UnknownFigure => Self::UnknownFigure { id },
            Kind::UnknownBuild => Self::UnknownBuild { id, keep_months },
            Kind::UnknownPipeline => Self::UnknownPipeline { id, keep_months },
            Kind::UnknownRepository => Self::UnknownRepository { id },
            Kind::NotReady => Self::NotReady,
            Kind::Unreachable => Self::Unreachable,
            Kind::Internal => Self::Internal,
        }
    }
}

impl AppError {
    pub fn unknown_value(parameter: &str, value: &str, known: Vec<String>) -> Self {
        Self::UnknownValue {
            parameter: parameter.to_owned(),
            value: shorten(value),
            known,
        }
    }

    pub fn unknown_parameter(parameter: &str, known: &[&str]) -> Self {
        Self::UnknownParameter {
            parameter: shorten(parameter),
            known: known.iter().map(|&known| known.to_owned()).collect(),
        }
    }

    pub fn unknown_figure(id: &str) -> Self {
        Self::UnknownFigure { id: shorten(id) }
    }

    pub fn unknown_build(name: &str, keep_months: u16) -> Self {
        Self::UnknownBuild {
            id: shorten(name),
            keep_months,
        }
    }

    pub fn unknown_pipeline(name: &str, keep_months: u16) -> Self {
        Self::UnknownPipeline {
            id: shorten(name),
            keep_months,
        }
    }

    pub fn unknown_repository(name: &str) -> Self {
        Self::UnknownRepository { id: shorten(name) }
    }

    /// The HTTP status of the response.
    pub const fn status(&self) -> u16 {
        match self {
            Self::UnknownValue { .. } | Self::UnknownParameter { .. } => 400,
            Self::SignInNeeded => 401,
            Self::UnknownFigure { .. }
            | Self::UnknownBuild { .. }
            | Self::UnknownPipeline { .. }
            | Self::UnknownRepository { .. } => 404,
            Self::NotReady => 503,
            Self::Unreachable | Self::Internal => 500,
        }
    }

    /// Returns whether a later attempt may succeed.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::NotReady | Self::Unreachable)
    }
}

fn shorten(value: &str) -> String {
    let mut short: String = value.chars().take(SHOWN).collect();
    if short.len() < value.len() {
        short.push('…');
    }
    short
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownValue {
                parameter,
                value,
                known,
            } => {
                if parameter == "q" {
                    return f.write_str("The text is too long to search for.");
                }
                write!(f, "“{value}” is not a known value of “{parameter}”.")?;
                if known.is_empty() {
                    return Ok(());
                }
                let known_as = match BY_EXAMPLE.contains(&parameter.as_str()) {
                    true => "For example",
                    false => "Known values",
                };
                write!(f, " {known_as}: {}.", known.join(", "))
            }
            Self::UnknownParameter { parameter, known } => {
                write!(f, "“{parameter}” is not a known parameter.")?;
                if known.is_empty() {
                    f.write_str(" This address has none.")
                } else {
                    write!(f, " Known parameters: {}.", known.join(", "))
                }
            }
            Self::SignInNeeded => {
                f.write_str("You have to sign in to see this. Your session may have expired.")
            }
            Self::UnknownFigure { id } => write!(f, "There is no figure “{id}”."),
            Self::UnknownBuild { id, keep_months } => {
                if id.trim_matches([' ', '#']).is_empty() {
                    return f.write_str("The address names no build.");
                }
                write!(f, "There is no build “{id}”.")?;
                kept(f, *keep_months)
            }
            Self::UnknownPipeline { id, keep_months } => {
                write!(
                    f,
                    "There is no pipeline “{id}” with builds of default branches."
                )?;
                kept(f, *keep_months)
            }
            Self::UnknownRepository { id } => write!(f, "There is no repository “{id}”."),
            Self::NotReady => f.write_str("The data is still being loaded. Try again shortly."),
            Self::Unreachable => {
                f.write_str("The server did not respond. Check the connection and try again.")
            }
            Self::Internal => f.write_str("The server failed. Its log has the cause."),
        }
    }
}

/// Why something that was there may be gone.
fn kept(f: &mut fmt::Formatter<'_>, months: u16) -> fmt::Result {
    match months {
        0 => Ok(()),
        1 => f.write_str(" This store keeps 1 month before the current one."),
        _ => write!(
            f,
            " This store keeps {months} months before the current one."
        ),
    }
}

impl std::error::Error for AppError {}

impl FromServerFnError for AppError {
    type Encoder = JsonText;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_)
            | ServerFnErrorErr::Response(_)
            | ServerFnErrorErr::Deserialization(_) => Self::Unreachable,
            _ => Self::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_listed_and_days_and_weeks_have_examples() {
        let says = |parameter, known: &str| {
            AppError::unknown_value(parameter, "x", vec![known.to_owned()]).to_string()
        };
        assert!(says("week", "2019-W43").ends_with(" For example: 2019-W43."));
        assert!(says("from", "2019-10-25").ends_with(" For example: 2019-10-25."));
        assert!(says("project", "2019-plan").ends_with(" Known values: 2019-plan."));
    }

    #[test]
    fn a_long_value_is_shortened() {
        let error = AppError::unknown_value("project", &"ä".repeat(10_000), Vec::new());
        assert!(error.to_string().len() < 300);
    }
}
