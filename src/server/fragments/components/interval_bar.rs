//! A percentage with its interval, as a picture.

use maud::{Markup, html};

use crate::server::figures::words;

/// The length of 100%, in CSS pixels, and the margin at either end.
const LENGTH: f64 = 80.0;
const MARGIN: f64 = 2.0;
const HEIGHT: f64 = 16.0;

/// Draws a percentage as a tick and its interval as a bar, on a scale from 0 to 100.
pub fn interval_bar(percent: f64, low: f64, high: f64) -> Markup {
    let x = |percent: f64| format!("{:.1}", MARGIN + LENGTH * percent.clamp(0.0, 100.0) / 100.0);
    let width = LENGTH + 2.0 * MARGIN;
    let middle = HEIGHT / 2.0;
    let label = format!(
        "{}, 95% interval {} to {}",
        words::percent(percent),
        words::percent(low),
        words::percent(high)
    );
    html! {
        svg class="interval-bar" width=(width) height=(HEIGHT) viewBox=(format!("0 0 {width} {HEIGHT}"))
            role="img" aria-label=(label) {
            title { (label) }
            line class="scale" x1=(x(0.0)) x2=(x(100.0)) y1=(middle) y2=(middle) {}
            line class="interval" x1=(x(low)) x2=(x(high)) y1=(middle) y2=(middle) {}
            line class="point" x1=(x(percent)) x2=(x(percent)) y1="1" y2=(HEIGHT - 1.0) {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::interval_bar;

    #[test]
    fn is_drawn_within_its_scale_and_told_in_words() {
        let html = interval_bar(50.0, 25.0, 120.0).into_string();
        for part in [
            "aria-label=\"50%, 95% interval 25% to 120%\"",
            "class=\"interval\" x1=\"22.0\" x2=\"82.0\"",
            "class=\"point\" x1=\"42.0\"",
        ] {
            assert!(html.contains(part), "{html}");
        }
    }
}
