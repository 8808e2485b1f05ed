//! A step of a build.

use super::BuildResult;

/// One step, from one event of its build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// The whole name: `functionalTest:aat`.
    pub name: &'a str,
    /// Unix ms.
    pub end_ms: i64,
    /// The step's own result; unknown where the event tells only the build's.
    pub result: BuildResult,
    /// The attempt of the build that the step belongs to, from 1: a build that lost its agent runs again.
    pub attempt: u8,
    pub duration: Option<StepDuration>,
}

/// The duration of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepDuration {
    pub ms: i64,
    /// The source states it. Otherwise it is derived from the ends of other steps, and an upper bound.
    pub stated: bool,
}

/// Returns the name of a step without its environment, and the environment: `smoketest:aat` is the step
/// `smoketest` in `aat`. A promotion names its environment first: `prod:promotion`.
pub fn split_step(whole: &str) -> (&str, Option<&str>) {
    match whole.rsplit_once(':') {
        Some((environment, "promotion")) if !environment.is_empty() => {
            ("promotion", Some(environment))
        }
        Some((name, environment)) if !name.is_empty() && !environment.is_empty() => {
            (name, Some(environment))
        }
        _ => (whole, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_follows_the_last_colon_except_in_a_promotion() {
        for (whole, name, environment) in [
            ("build", "build", None),
            ("smoketest:aat", "smoketest", Some("aat")),
            ("a:b:prod", "a:b", Some("prod")),
            ("prod:promotion", "promotion", Some("prod")),
            ("promotion", "promotion", None),
            (":aat", ":aat", None),
            ("build:", "build:", None),
        ] {
            assert_eq!(split_step(whole), (name, environment), "{whole}");
        }
    }
}
