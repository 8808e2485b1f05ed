//! Results of the builds in the last day, regardless of the page's window.

use super::{Context, Figure, Opens, Rows, build_status, opens};
use crate::{
    selection::Selection,
    server::{attributes::select_in, snapshot::Snapshot},
};

pub const FIGURE: Figure = Figure {
    id: "build_status_day",
    title: "Build results of the last day",
    help: "Each build whose latest event is of the 24 hours before the last sync or import counts \
           once. Failed means failure or aborted. Builds that did not say that they ended are running, \
           or lost if nothing has been heard of them for long.",
    rows,
    summary,
    opens,
    ..build_status::FIGURE
};

fn rows(snapshot: &Snapshot, selection: &Selection) -> Rows {
    let day = snapshot.window(selection).last(1);
    build_status::rows_of(snapshot, &select_in(snapshot, selection, day))
}

fn summary(rows: &Rows, context: &Context<'_>) -> String {
    build_status::sentence(rows, &context.within(context.window.last(1)))
}

fn opens(rows: &Rows, context: &Context<'_>) -> Opens {
    let day = opens::within(context, context.window.last(1));
    build_status::opens_in(rows, context, &day)
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{build, snapshot, summary, table},
        *,
    };
    use crate::server::model::BuildResult::*;

    #[test]
    fn the_window_is_always_of_one_day() {
        let snapshot = snapshot(&[
            build("a", Failure, "2019-10-24T12:00:00Z"),
            build("a", Success, "2019-10-24T12:00:01Z"),
        ]);
        let filter = Selection::default().with_days(180);
        let rows = table(&FIGURE, &snapshot, &filter);
        assert_eq!(
            rows[..3],
            ["SUCCESS | 1 | 100", "UNSTABLE | 0 | 0", "FAILURE | 0 | 0"]
        );
        assert_eq!(
            summary(&FIGURE, &snapshot, &filter),
            "0 of 1 build failed in the last day (0%)."
        );
    }
}
