//! The steps of a build as one text, the column `steps`.
//!
//! A step is `name,end,result,duration,attempt`: the id of its name, ms since the previous step's end (at
//! first since the build's start), the number of its result, its duration in ms (empty if unknown; a stated
//! one begins with `=`) and its attempt (omitted if 1). Semicolons separate steps.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use super::names::{NameTexts, Names};
use crate::server::model::{BuildResult, Step, StepDuration};

const DAMAGED: &str = "the store is damaged: the steps of a build cannot be read";

/// A step with the id of its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedStep {
    pub name: i64,
    pub end_ms: i64,
    pub result: BuildResult,
    pub attempt: u8,
    pub duration: Option<StepDuration>,
}

impl PackedStep {
    pub fn named(self, names: &NameTexts) -> Result<Step<'_>> {
        let Self {
            name,
            end_ms,
            result,
            attempt,
            duration,
        } = self;
        let name = names.text(name)?;
        Ok(Step {
            name,
            end_ms,
            result,
            attempt,
            duration,
        })
    }
}

/// Packs the steps of a build; none if it has none.
pub fn pack(steps: &[Step<'_>], started_ms: i64, names: &mut Names) -> Option<String> {
    if steps.is_empty() {
        return None;
    }
    let mut packed = String::with_capacity(steps.len() * 16);
    let mut before_ms = started_ms;
    for step in steps {
        if !packed.is_empty() {
            packed.push(';');
        }
        let (name, end, result) = (
            names.intern(step.name),
            step.end_ms - before_ms,
            step.result as u8,
        );
        // Writing to a string cannot fail.
        let _ = write!(packed, "{name},{end},{result},");
        if let Some(StepDuration { ms, stated }) = step.duration {
            let mark = if stated { "=" } else { "" };
            let _ = write!(packed, "{mark}{ms}");
        }
        if step.attempt != 1 {
            let _ = write!(packed, ",{}", step.attempt);
        }
        before_ms = step.end_ms;
    }
    Some(packed)
}

/// Unpacks the steps of a build that started at `started_ms`.
pub fn unpack(packed: &str, started_ms: i64) -> impl Iterator<Item = Result<PackedStep>> {
    let mut before_ms = started_ms;
    packed.split(';').map(move |step| {
        let mut fields = step.split(',');
        let mut next = || fields.next().context(DAMAGED);
        let name = next()?.parse()?;
        before_ms = before_ms.saturating_add(next()?.parse()?);
        let result = BuildResult::from_number(next()?.parse()?);
        let duration = match next()? {
            "" => None,
            text => {
                let stated = text.strip_prefix('=');
                let ms = stated.unwrap_or(text).parse()?;
                let stated = stated.is_some();
                Some(StepDuration { ms, stated })
            }
        };
        let attempt = fields.next().map_or(Ok(1), str::parse)?;
        Ok(PackedStep {
            name,
            end_ms: before_ms,
            result,
            attempt,
            duration,
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*, sample::select};

    use super::*;

    fn any_step() -> impl Strategy<Value = Step<'static>> {
        let duration = (0..i64::from(u32::MAX), any::<bool>());
        let duration = duration.prop_map(|(ms, stated)| StepDuration { ms, stated });
        (
            select(&["build", "test", "a,b;c"]),
            -1_000_000_i64..1_000_000_000_000,
            select(&BuildResult::OF_EVENTS[..]),
            1..=u8::MAX,
            option::of(duration),
        )
            .prop_map(|(name, end_ms, result, attempt, duration)| Step {
                name,
                end_ms,
                result,
                attempt,
                duration,
            })
    }

    proptest! {
        #[test]
        fn steps_are_unpacked_as_they_were(steps in vec(any_step(), 1..20), started_ms in 0_i64..2_000_000_000_000) {
            let mut names = Names::default();
            let packed = pack(&steps, started_ms, &mut names).expect("steps");
            let unpacked: Vec<PackedStep> = unpack(&packed, started_ms).map(|step| step.expect("a step")).collect();
            prop_assert_eq!(unpacked.len(), steps.len());
            for (unpacked, step) in unpacked.iter().zip(&steps) {
                prop_assert_eq!(names.texts().text(unpacked.name).expect("a name"), step.name);
                prop_assert_eq!(
                    (unpacked.end_ms, unpacked.result, unpacked.attempt, unpacked.duration),
                    (step.end_ms, step.result, step.attempt, step.duration)
                );
            }
        }

        #[test]
        fn a_damaged_text_is_an_error(text in "[0-9,;=x-]{0,40}") {
            for step in unpack(&text, 0) {
                if let Err(error) = step {
                    prop_assert!(!error.to_string().is_empty());
                }
            }
        }
    }

    #[test]
    fn a_build_without_steps_has_no_text() {
        assert_eq!(pack(&[], 0, &mut Names::default()), None);
        assert!(unpack("1,2", 0).any(|step| step.is_err()));
    }
}
