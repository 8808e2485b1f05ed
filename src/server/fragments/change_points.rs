//! The change points of a pipeline as a table.

use maud::{Markup, html};

use super::{
    addresses,
    components::{columns, table},
    duration, utc,
};
use crate::{
    api::{BuildMark, ChangeLevel, ChangePoint, ChangedValue, PipelineDetails},
    base::Base,
    markup::visible,
    selection::Selection,
    server::{figures::words, significance::Rate},
};

/// The digits of a commit that readers see.
const COMMIT_DIGITS: usize = 8;
/// From so many builds on, a percentage stands without its interval.
const MANY_BUILDS: u64 = 100;

pub fn section(details: &PipelineDetails, base: &Base) -> Markup {
    let shown = Shown { details, base };
    html! {
        h2 { "Change points" }
        @if details.change_points.is_empty() {
            p class="empty" { "Neither the durations of good builds nor the failure rate changed among the latest builds." }
        } @else {
            p { "Where the durations of good builds or the failure rate changed, and what else changed there, which need not be the cause. Durations are means." }
            @let labels = columns(["Changed", "Since build", "From", "To", "What else changed"]);
            @let rows: Vec<_> = details.change_points.iter().map(|point| shown.row(point)).collect();
            (table("Change points, the latest first", &labels, 0, &rows))
        }
    }
}

struct Shown<'a> {
    details: &'a PipelineDetails,
    base: &'a Base,
}

impl Shown<'_> {
    fn row(&self, point: &ChangePoint) -> [Markup; 5] {
        let is_certain = point.build == point.until;
        [
            html! { @match &*point.measure { "duration" => "Duration", _ => "Failure rate" } },
            html! {
                (self.mark(&point.build)) ", " (utc(&point.build.finished_at))
                @if is_certain { " (after " (self.mark(&point.after)) ")" }
                @else { " (99% certain: after " (self.mark(&point.after)) ", by " (self.mark(&point.until)) ")" }
            },
            self.level(&point.from),
            self.level(&point.to),
            html! {
                @if point.changed.is_empty() { "–" }
                @for changed in &point.changed { div { (self.changed(point, changed)) } }
            },
        ]
    }

    fn mark(&self, mark: &BuildMark) -> Markup {
        let details = self.details;
        let href =
            addresses::numbered_build(self.base, &details.system, &details.name, &mark.number);
        html! { a href=(href) { "#" (visible(&mark.number)) } }
    }

    /// `12 min (40 builds)`, `5% (2 of 40 builds, 95% interval 1% to 17%)`.
    fn level(&self, level: &ChangeLevel) -> Markup {
        let href = addresses::selected(self.base, &level.conditions);
        let builds = words::counted(level.builds, "build", "builds");
        html! {
            @if let Some(ms) = level.mean_ms {
                (duration(ms as u64)) " (" a href=(href) { (builds) } ")"
            } @else {
                @let rate = Rate { part: level.failed.unwrap_or_default(), whole: level.builds };
                @if let Some(percent) = level.failed_percent { (words::percent(percent)) }
                " (" a href=(href) { (words::thousands(rate.part)) " of " (builds) }
                @if let Some(interval) = rate.interval().filter(|_| rate.whole < MANY_BUILDS) {
                    ", 95% interval " (words::percent(100.0 * interval.low)) " to "
                    (words::percent(100.0 * interval.high))
                }
                ")"
            }
        }
    }

    fn changed(&self, point: &ChangePoint, changed: &ChangedValue) -> Markup {
        let interval = addresses::selected(self.base, &point.conditions);
        html! {
            (visible(&changed.label)) ": "
            (self.value(changed, &changed.from))
            @let is_back = changed.to.as_ref() == Some(&changed.from);
            @if !is_back {
                " → "
                @match &changed.to { Some(to) => (self.value(changed, to)), None => "unknown" }
            }
            // Those beside the value that is named.
            @let others = changed.values - u64::from(!is_back && changed.to.is_some());
            @if others > 0 {
                " (" (words::counted(others, "other value", "other values")) " in " a href=(interval) { "these builds" } ")"
            }
        }
    }

    /// A value, which opens its builds of the pipeline.
    fn value(&self, changed: &ChangedValue, value: &str) -> Markup {
        let pairs = [
            ("days", "180"),
            ("pipeline", &*self.details.pipeline),
            (&*changed.attribute, value),
        ];
        let selection: Selection = pairs.into_iter().collect();
        let href = addresses::selected(self.base, &selection.encoded());
        let digits = value.get(..COMMIT_DIGITS).unwrap_or(value);
        let text = if changed.attribute == "commit" {
            digits
        } else {
            value
        };
        html! { a href=(href) { (visible(text)) } }
    }
}
