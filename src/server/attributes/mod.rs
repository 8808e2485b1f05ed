//! Attributes and measures of builds: what they can be filtered, grouped and described by, and what can be
//! computed over a set of them. One line each in a registry.

mod group;
mod measures;
mod select;
mod values;

use crate::{
    selection::BuildType,
    server::{
        config::{Config, Domain},
        model::{BuildResult, WEEKDAYS},
        snapshot::{Class, Snapshot},
    },
};

pub use group::{Groups, group};
pub use measures::{MEASURES, Measure, Unit};
pub use select::{Selected, days_of, has_attributes, select, select_in};
pub use values::{UNKNOWN, Values, repository_of};
use values::{by_choice, by_codebase, by_name, by_pipeline, by_toolchain, repository};

/// A property of a build.
pub struct Attribute {
    /// The name in URLs, APIs and exports.
    pub id: &'static str,
    /// The name for readers.
    pub label: &'static str,
    pub help: &'static str,
    pub kind: Kind,
    /// The value of every build of a snapshot.
    pub read: fn(&Snapshot) -> Values<'_>,
}

/// The values that an attribute can have.
pub enum Kind {
    /// Any text, found in the data.
    Text,
    /// Names in URLs with labels, known without the data.
    Choice(fn(&Config) -> Vec<(String, String)>),
}

/// Every attribute, in the order of lists.
pub const ATTRIBUTES: &[Attribute] = &[
    Attribute {
        id: "project",
        label: "Project",
        help: "The project of the pipeline, by the patterns of the configuration",
        kind: Kind::Choice(Config::project_choices),
        read: |snapshot| {
            by_pipeline(snapshot, |pipeline| {
                Some(snapshot.project_label(pipeline).into())
            })
        },
    },
    Attribute {
        id: "team",
        label: "Team",
        help: "The team that owns the repository",
        kind: Kind::Text,
        read: |snapshot| {
            let team = |repository: &str| snapshot.config.owners.team(repository).to_owned();
            repository(snapshot).map_labels(|repository| team(repository).into())
        },
    },
    Attribute {
        id: "repository",
        label: "Repository",
        help: "The repository that was built: of its address, otherwise of the pipeline's name",
        kind: Kind::Text,
        read: repository,
    },
    Attribute {
        id: "pipeline",
        label: "Pipeline",
        help: "The job of the CI system",
        kind: Kind::Text,
        read: |snapshot| by_pipeline(snapshot, |pipeline| Some((&*pipeline.label).into())),
    },
    Attribute {
        id: "system",
        label: "System",
        help: "The CI system that ran the build",
        kind: Kind::Text,
        read: |snapshot| by_pipeline(snapshot, |pipeline| Some(pipeline.system.as_str().into())),
    },
    Attribute {
        id: "type",
        label: "Kind",
        help: "Whether the pipeline is nightly",
        kind: Kind::Choice(|_| {
            BuildType::EVERY
                .map(|known| (known.as_str().to_owned(), known.label().to_owned()))
                .into()
        }),
        read: |snapshot| {
            let labels = [BuildType::NonNightly, BuildType::Nightly].map(BuildType::label);
            let nightly = &snapshot.builds.nightly;
            by_choice(labels.map(Into::into).into(), move |build| {
                nightly[build].into()
            })
        },
    },
    Attribute {
        id: "result",
        label: "Result",
        help: "The result of the build: lost and running where no event says that it ended",
        kind: Kind::Choice(|_| same(BuildResult::ALL.map(BuildResult::as_str))),
        read: |snapshot| {
            let mut results = BuildResult::ALL;
            results.sort_by_key(|&result| result as u8);
            let labels = results.map(|result| result.as_str().into());
            let results = &snapshot.builds.result;
            by_choice(labels.into(), move |build| results[build] as u32)
        },
    },
    Attribute {
        id: "failed_step",
        label: "Failed step",
        help: "The step that failed first",
        kind: Kind::Text,
        read: |snapshot| by_name(&snapshot.steps, &snapshot.builds.failing_step),
    },
    Attribute {
        id: "weekday",
        label: "Weekday",
        help: "The day of the week on which the build finished, in the organisation's time zone",
        kind: Kind::Choice(|_| {
            WEEKDAYS
                .map(|day| (day.to_lowercase(), day.to_owned()))
                .into()
        }),
        read: |snapshot| {
            let hours = &snapshot.builds.hour_of_week;
            by_choice(WEEKDAYS.map(Into::into).into(), move |build| {
                u32::from(hours[build] / 24)
            })
        },
    },
    Attribute {
        id: "hour",
        label: "Hour",
        help: "The hour in which the build finished, in the organisation's time zone",
        kind: Kind::Choice(|_| {
            (0..24)
                .map(|hour| (hour.to_string(), format!("{hour:02}")))
                .collect()
        }),
        read: |snapshot| {
            let labels = (0..24).map(|hour| format!("{hour:02}").into());
            let hours = &snapshot.builds.hour_of_week;
            by_choice(labels.collect(), move |build| u32::from(hours[build] % 24))
        },
    },
    Attribute {
        id: "node",
        label: "Node",
        help: "The machine that the build ran on last",
        kind: Kind::Text,
        read: |snapshot| by_name(&snapshot.nodes, &snapshot.builds.node),
    },
    Attribute {
        id: "agent",
        label: "Agent",
        help: "The labels of the node, without its own name",
        kind: Kind::Text,
        read: |snapshot| by_toolchain(snapshot, |known| Some(known.node_labels.as_deref()?.into())),
    },
    Attribute {
        id: "library",
        label: "Library",
        help: "The shared library of the pipeline and its version",
        kind: Kind::Text,
        read: |snapshot| {
            by_toolchain(snapshot, |known| {
                let name = known.shared_library_name.as_deref();
                match (name, known.shared_library_version.as_deref()) {
                    (Some(name), Some(version)) => Some(format!("{name}@{version}").into()),
                    (name, version) => Some(name.or(version)?.into()),
                }
            })
        },
    },
    Attribute {
        id: "class",
        label: "Class",
        help: "The reason why the build failed, as far as the data shows it",
        kind: Kind::Choice(|_| {
            Class::ALL
                .map(|class| (class.as_str().to_owned(), class.label().to_owned()))
                .into()
        }),
        read: |snapshot| {
            let labels = Class::ALL.map(|class| class.label().into());
            let classes = &snapshot.insight.classes;
            by_choice(labels.into(), move |build| {
                classes.get(build).copied().unwrap_or_default() as u32
            })
        },
    },
    Attribute {
        id: "domain",
        label: "Domain",
        help: "The part of the work that the first failed step belongs to, by the patterns of the configuration",
        kind: Kind::Choice(|_| domain_choices()),
        read: domain,
    },
    Attribute {
        id: "episode",
        label: "Red episode",
        help: "The time in which the pipeline was red, from its first failure to its next good build",
        kind: Kind::Text,
        read: |snapshot| {
            let episodes = snapshot.insight.episodes.iter();
            let labels = episodes.map(|episode| snapshot.episode_id(episode).into());
            let numbers = snapshot.episode_numbers();
            by_choice(labels.collect(), move |build| numbers[build])
        },
    },
    Attribute {
        id: "incident",
        label: "Incident",
        help: "The shared incident that the failure is a part of",
        kind: Kind::Text,
        read: |snapshot| {
            let incidents = snapshot.insight.incidents.iter();
            let labels = incidents.map(|incident| snapshot.incident_id(incident).into());
            let numbers = snapshot.incident_numbers();
            by_choice(labels.collect(), move |build| numbers[build])
        },
    },
    Attribute {
        id: "loss",
        label: "Minutes lost by",
        help: "Whether the build's minutes are lost: it repeated a flaky failure, was lost, or failed",
        kind: Kind::Choice(|_| {
            LOSSES
                .map(|(id, label)| (id.to_owned(), label.to_owned()))
                .into()
        }),
        read: |snapshot| {
            let reruns = snapshot.reruns();
            let results = &snapshot.builds.result;
            by_choice(
                LOSSES.map(|(_, label)| label.into()).into(),
                move |build| match results[build] {
                    _ if reruns[build] != u32::MAX => 1,
                    BuildResult::Lost => 2,
                    result if result.is_failed() => 3,
                    _ => 0,
                },
            )
        },
    },
    Attribute {
        id: "loss_step",
        label: "Minutes lost at",
        help: "The first failed step of a build whose minutes are lost; that of the failure which it repeated",
        kind: Kind::Text,
        read: |snapshot| {
            let reruns = snapshot.reruns();
            let labels = snapshot.steps.iter().map(|step| (&**step).into());
            let (steps, results) = (&snapshot.builds.failing_step, &snapshot.builds.result);
            by_choice(labels.collect(), move |build| {
                let rerun = reruns[build];
                let result = results[build];
                if rerun != u32::MAX {
                    steps[rerun as usize].into()
                } else if result.is_failed() || result == BuildResult::Lost {
                    steps[build].into()
                } else {
                    u32::MAX
                }
            })
        },
    },
    Attribute {
        id: "product",
        label: "Product",
        help: "The product that the repository is a part of",
        kind: Kind::Text,
        read: |snapshot| by_codebase(snapshot, |known| Some(known.product.as_deref()?.into())),
    },
    Attribute {
        id: "component",
        label: "Component",
        help: "The component of the product",
        kind: Kind::Text,
        read: |snapshot| by_codebase(snapshot, |known| Some(known.component.as_deref()?.into())),
    },
];

/// The ways in which minutes are lost: the first that holds, and none for other builds.
pub const LOSSES: [(&str, &str); 4] = [
    ("none", "Nothing"),
    ("rerun", "Rerun"),
    ("lost", "Lost"),
    ("failed", "Failed"),
];

/// Domains with their labels, and that of builds that did not fail.
fn domain_choices() -> Vec<(String, String)> {
    let choices = Domain::ALL.map(|domain| (domain.as_str().to_owned(), domain.label().to_owned()));
    let none = (
        Class::None.as_str().to_owned(),
        Class::None.label().to_owned(),
    );
    [none].into_iter().chain(choices).collect()
}

/// The domain of the step that failed first.
fn domain(snapshot: &Snapshot) -> Values<'_> {
    let rules = &snapshot.config.insight.domains;
    let number = |step: &str| {
        let rule = rules.iter().find(|rule| rule.pattern.is_match(step));
        let domain = rule.map_or(Domain::Unknown, |rule| rule.domain);
        domain as u32 + 1
    };
    let of_steps: Vec<u32> = snapshot.steps.iter().map(|step| number(step)).collect();
    let labels = domain_choices().into_iter().map(|(_, label)| label.into());
    let (steps, results) = (&snapshot.builds.failing_step, &snapshot.builds.result);
    by_choice(labels.collect(), move |build| {
        if matches!(results[build], BuildResult::Failure | BuildResult::Lost) {
            let known = of_steps.get(usize::from(steps[build])).copied();
            known.unwrap_or(Domain::Unknown as u32 + 1)
        } else {
            0
        }
    })
}

/// Choices whose labels are their names.
fn same<const N: usize>(names: [&str; N]) -> Vec<(String, String)> {
    names.map(|name| (name.to_owned(), name.to_owned())).into()
}

impl Attribute {
    /// Returns the value in addresses that selects the builds with a label.
    pub fn address_value(&self, config: &Config, label: &str) -> String {
        if let Kind::Choice(choices) = self.kind {
            let mut choices = choices(config).into_iter();
            if let Some((id, _)) = choices.find(|(_, known)| known == label) {
                return id;
            }
        }
        label.to_owned()
    }
}

/// Returns the attribute with this id.
pub fn find(id: &str) -> Option<&'static Attribute> {
    ATTRIBUTES.iter().find(|attribute| attribute.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_plain_and_unique() {
        let ids = ATTRIBUTES.iter().map(|attribute| attribute.id);
        let ids: Vec<&str> = ids
            .chain(MEASURES.iter().map(|measure| measure.id))
            .collect();
        let unique: HashSet<&str> = ids.iter().copied().collect();
        assert_eq!(unique.len(), ids.len());
        for id in ids {
            let plain =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            assert!(id.bytes().all(plain), "{id}");
        }
    }

    #[test]
    fn a_repository_is_that_of_the_address_or_of_the_job() {
        for (address, name) in [
            (
                "https://github.com/hmcts/claim-store.git",
                Some("claim-store"),
            ),
            ("https://github.com/hmcts/claim-store", Some("claim-store")),
            ("git@github.com:hmcts/claim-store.git", Some("claim-store")),
            ("https://github.com/hmcts/claim-store/", Some("claim-store")),
            ("", None),
            ("/", None),
            (".git", None),
        ] {
            assert_eq!(repository_of(address), name, "{address}");
        }
    }
}
