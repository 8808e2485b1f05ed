//! The builds of a selection, in one sentence.

use crate::{
    selection::Selection,
    server::{attributes::select, figures::words, significance::Rate, snapshot::Snapshot},
};

/// Returns `25 of 177 decided builds of nightly CMC pipelines failed in the last 14 days.`
pub fn summary(snapshot: &Snapshot, selection: &Selection) -> String {
    let results = &snapshot.builds.result;
    let mut failed = Rate::default();
    let selected = select(snapshot, selection);
    selected.each(|build| failed.count(results[build]));
    let project = snapshot.projects_in_words(selection);
    let scope = words::scope_of(selection, project.as_deref());
    let window = words::of_window(snapshot.window(selection), &snapshot.config.time_zone);
    let builds = selected.count();
    if builds == 0 {
        return format!("No builds{scope} finished {window}.");
    }
    if failed.whole == 0 {
        let builds = words::counted(builds, "build", "builds");
        return format!("None of {builds}{scope} {window} is decided.");
    }
    format!(
        "{} of {}{scope} failed {window}.",
        words::thousands(failed.part),
        words::counted(failed.whole, "decided build", "decided builds"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        figures::testing::{AS_OF, build, snapshot},
        model::BuildResult::{Failure, NotBuilt, Success},
    };

    #[test]
    fn a_selection_is_summed_up_in_a_sentence() {
        let job = "HMCTS_CMC/claim-store/master";
        let snapshot =
            snapshot(&[Failure, Success, NotBuilt].map(|result| build(job, result, AS_OF)));
        for (query, sentence) in [
            ("days=7", "1 of 2 decided builds failed in the last 7 days."),
            (
                "project=cmc",
                "1 of 2 decided builds of CMC pipelines failed in the last 14 days.",
            ),
            (
                "result=NOT_BUILT",
                "None of 1 build selected by result in the last 14 days is decided.",
            ),
            (
                "type=nightly",
                "No builds of nightly pipelines finished in the last 14 days.",
            ),
        ] {
            let selection = Selection::parse(query).expect("a selection");
            assert_eq!(summary(&snapshot, &selection), sentence);
        }
    }
}
