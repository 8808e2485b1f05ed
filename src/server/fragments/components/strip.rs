//! The latest builds in a row, a shape and a colour each.

use maud::{Markup, html};

use crate::server::{figures::words, fragments::results, model::BuildResult};

/// The builds of a strip; earlier ones are left out.
pub const MAX_BUILDS: usize = 30;
/// A build's place, in CSS pixels.
const WIDTH: usize = 8;
const HEIGHT: usize = 16;

/// One picture of the latest builds, from their results, the oldest first. Callers put the link around it.
pub fn strip(results: &[BuildResult]) -> Markup {
    let results = &results[results.len().saturating_sub(MAX_BUILDS)..];
    let width = results.len().max(1) * WIDTH;
    html! {
        svg class="build-strip" width=(width) height=(HEIGHT) viewBox=(format!("0 0 {width} {HEIGHT}"))
            // Where it is given more room, the latest builds of all strips are below each other.
            preserveAspectRatio="xMaxYMid" role="img" aria-label=(label(results)) {
            @for (index, result) in results.iter().enumerate() {
                g class={ "mark " (results::class(*result)) } {
                    (result_shape(*result, index * WIDTH + WIDTH / 2, HEIGHT / 2, 3))
                }
            }
        }
    }
}

/// The drawn shape of a result around a point, as `results::shape` has it in text.
pub fn result_shape(result: BuildResult, x: usize, y: usize, radius: usize) -> Markup {
    let (left, top, side) = (x - radius, y - radius, 2 * radius);
    html! {
        @match result {
            BuildResult::Success => circle cx=(x) cy=(y) r=(radius) {},
            BuildResult::Failure => path class="cross" d=(format!("M{left} {top}l{side} {side}m0 -{side}l-{side} {side}")) {},
            BuildResult::Unstable => path d=(format!("M{left} {}h{side}l-{radius} -{side}z", y + radius)) {},
            BuildResult::Aborted => rect x=(left) y=(top) width=(side) height=(side) {},
            BuildResult::Lost => {
                circle class="ring" cx=(x) cy=(y) r=(radius) {}
                path class="ring" d=(format!("M{left} {}l{side} -{side}", y + radius)) {}
            },
            _ => circle class="ring" cx=(x) cy=(y) r=(radius) {},
        }
    }
}

/// `Last 30 builds: 27 good, 3 failed`.
fn label(results: &[BuildResult]) -> String {
    let count = |wanted: &[BuildResult]| {
        let among = results.iter().filter(|result| wanted.contains(result));
        among.count() as u64
    };
    let good = count(&[BuildResult::Success, BuildResult::Unstable]);
    let failed = count(&[BuildResult::Failure, BuildResult::Aborted]);
    let all = results.len() as u64;
    if all == 0 {
        return "No builds".to_owned();
    }
    let others = match all - good - failed {
        0 => String::new(),
        more => format!(", {more} without a result"),
    };
    let builds = words::counted(all, "build", "builds");
    format!("Last {builds}: {good} good, {failed} failed{others}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_the_latest_builds_in_words() {
        let mut results = vec![BuildResult::Failure; 5];
        results.extend([BuildResult::Success; 26]);
        results.extend([
            BuildResult::Unstable,
            BuildResult::Aborted,
            BuildResult::Running,
        ]);
        assert_eq!(
            label(&results[results.len() - MAX_BUILDS..]),
            "Last 30 builds: 27 good, 2 failed, 1 without a result"
        );
        let html = strip(&results).into_string();
        assert_eq!(html.matches("<g ").count(), MAX_BUILDS);
        assert!(html.contains("width=\"240\""), "{html}");
        assert_eq!(label(&[]), "No builds");
        assert_eq!(
            label(&[BuildResult::Lost]),
            "Last 1 build: 0 good, 0 failed, 1 without a result"
        );
    }

    #[test]
    fn every_kind_of_result_has_its_own_shape() {
        let kinds = [
            BuildResult::Success,
            BuildResult::Failure,
            BuildResult::Unstable,
            BuildResult::Aborted,
            BuildResult::Lost,
            BuildResult::Running,
        ];
        let drawn: std::collections::BTreeSet<String> = kinds
            .iter()
            .map(|result| result_shape(*result, 4, 8, 3).into_string())
            .collect();
        assert_eq!(drawn.len(), kinds.len());
    }
}
