//! The builds of a selection, in one sentence.

use crate::{
    selection::Selection,
    server::{attributes::select, figures::words, significance::Rate, snapshot::Snapshot},
};

/// Returns `25 of 177 builds of nightly CMC pipelines failed in the last 14 days.`
pub fn summary(snapshot: &Snapshot, selection: &Selection) -> String {
    let results = &snapshot.builds.result;
    let mut failed = Rate { part: 0, whole: 0 };
    select(snapshot, selection).each(|build| {
        failed.whole += 1;
        failed.part += u64::from(results[build].is_failed());
    });
    let project = snapshot.projects_in_words(selection);
    let scope = words::scope_of(selection, project.as_deref());
    let window = words::of_window(snapshot.window(selection), &snapshot.config.time_zone);
    if failed.whole == 0 {
        return format!("No builds{scope} finished {window}.");
    }
    format!(
        "{} of {}{scope} failed {window}.",
        words::thousands(failed.part),
        words::counted(failed.whole, "build", "builds"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{
        figures::testing::{AS_OF, build, snapshot},
        model::BuildResult::{Failure, Success},
    };

    #[test]
    fn a_selection_is_summed_up_in_a_sentence() {
        let job = "HMCTS_CMC/claim-store/master";
        let snapshot = snapshot(&[build(job, Failure, AS_OF), build(job, Success, AS_OF)]);
        for (query, sentence) in [
            ("days=7", "1 of 2 builds failed in the last 7 days."),
            (
                "project=cmc",
                "1 of 2 builds of CMC pipelines failed in the last 14 days.",
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
