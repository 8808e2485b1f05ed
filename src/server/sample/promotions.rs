//! Promotions: steps of the default branch before the deployment to production.

use super::{
    builds::{Branch, Build, Stage},
    random::Random,
};
use crate::server::model::BuildResult;

/// Adds the promotion before the deployment that a build of a promoting pipeline came to. No other event of
/// the build changes, except that some failed deployments were failed promotions. `stages` are all of the
/// build's.
pub fn promote(build: &Build<'_>, stages: &mut Vec<Stage>, first: usize, random: &mut Random) {
    let promotion = &build.world.catalogue.habits.promotion;
    if !build.pipeline.promotes || build.branch != Branch::Default {
        return;
    }
    let deploys = |stage: &Stage| stage.step == Some(&promotion.before);
    let Some(at) = stages[first..].iter().rposition(deploys) else {
        return;
    };
    let at = first + at;
    let deployment = stages[at];
    if deployment.result == BuildResult::Failure && random.percent(promotion.fails_percent) {
        stages[at].step = Some(&promotion.step);
        return;
    }
    let takes_ms = i64::from(random.between(promotion.seconds)) * 1000;
    let Some(&before) = stages[first..at].last() else {
        return;
    };
    if before.at_ms + takes_ms >= deployment.at_ms {
        return;
    }
    let mut promoted = Stage {
        step: Some(&promotion.step),
        position: deployment.position,
        ..before
    };
    promoted.move_by(takes_ms);
    for later in &mut stages[at..] {
        later.position += 1;
    }
    stages.insert(at, promoted);
}
