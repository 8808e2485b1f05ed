//! Builds over time, as bars that open them.

use maud::{Markup, html};

use super::{Shown, WIDTH};
use crate::{
    api::TimeBucket,
    numbers,
    selection::Selection,
    server::{figures::words, fragments::utc},
};

/// The height of the bars in their own units.
const HEIGHT: u64 = 96;

impl Shown<'_> {
    /// Builds over time; each bar is a link to its builds.
    pub(super) fn histogram(&self) -> Markup {
        let buckets = &self.list.histogram;
        let most = buckets
            .iter()
            .map(|bucket| bucket.builds)
            .max()
            .unwrap_or(0)
            .max(1);
        let count = (buckets.len() as u64).max(1);
        let bar = WIDTH as f64 / count as f64;
        let height = |builds: u64| builds * HEIGHT / most;
        html! {
            @if let (Some(first), Some(last)) = (buckets.first(), buckets.last()) {
                figure class="histogram" {
                    svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) preserveAspectRatio="none"
                        role="group" aria-label="Builds over time"
                        data-brush="" data-from=(first.from) data-to=(last.to) {
                        @for (index, bucket) in buckets.iter().enumerate() {
                            @if bucket.builds > 0 {
                                (self.bucket(bucket, index as f64 * bar, bar, height))
                            }
                        }
                    }
                    figcaption {
                        (utc(&first.from))
                        span { "failed at the base, at most " (words::thousands(most)) " a bar" }
                        (utc(&last.to))
                    }
                }
            }
        }
    }

    fn bucket(&self, bucket: &TimeBucket, x: f64, bar: f64, height: impl Fn(u64) -> u64) -> Markup {
        let bounds = [("from", &*bucket.from), ("to", &*bucket.to)];
        let bounds: Selection = bounds.into_iter().collect();
        let name = format!(
            "{}: {}, {} failed",
            numbers::instant(&bucket.from),
            words::counted(bucket.builds, "build", "builds"),
            words::thousands(bucket.failed),
        );
        let (x, width) = (format!("{x:.1}"), format!("{:.1}", (bar - 1.0).max(0.5)));
        let all = height(bucket.builds).max(2);
        let failed = if bucket.failed > 0 {
            height(bucket.failed).max(2)
        } else {
            0
        };
        html! {
            a href=(self.to(&self.selection.narrowed(&bounds))) aria-label=(name) {
                title { (name) }
                rect class="hit" x=(x) y="0" width=(width) height=(HEIGHT) {}
                rect class="passed" x=(x) y=(HEIGHT - all) width=(width) height=(all - failed.min(all)) {}
                rect class="failed" x=(x) y=(HEIGHT - failed) width=(width) height=(failed) {}
            }
        }
    }
}
