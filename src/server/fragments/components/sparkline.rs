//! A series in the size of a word.

use maud::{Markup, html};

use crate::markup::visible;

/// In CSS pixels.
const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 28.0;
/// Keeps the line and the last point inside.
const MARGIN: f64 = 4.0;

/// Draws values over equal steps of time, the oldest first, on a scale from zero to the greatest. Gaps stay gaps. The
/// label says what the picture shows: `Failure rate of 8 weeks, from 12% to 17%`.
pub fn sparkline(label: &str, values: &[Option<f64>]) -> Markup {
    let greatest = values.iter().flatten().copied().fold(0.0, f64::max);
    let steps = values.len().saturating_sub(1).max(1) as f64;
    let point = |index: usize, value: f64| {
        let share = if greatest > 0.0 {
            value / greatest
        } else {
            0.0
        };
        let x = MARGIN + (WIDTH - 2.0 * MARGIN) * index as f64 / steps;
        (x, HEIGHT - MARGIN - (HEIGHT - 2.0 * MARGIN) * share)
    };
    let points: Vec<Option<(f64, f64)>> = values
        .iter()
        .enumerate()
        .map(|(index, value)| value.map(|value| point(index, value)))
        .collect();
    html! {
        svg class="sparkline" width=(WIDTH) height=(HEIGHT) viewBox=(format!("0 0 {WIDTH} {HEIGHT}"))
            role="img" aria-label=(visible(label)) {
            line class="base" x1="0" x2=(WIDTH) y1=(HEIGHT - 0.5) y2=(HEIGHT - 0.5) {}
            path d=(path(&points)) {}
            @if let Some(Some((x, y))) = points.iter().rev().find(|point| point.is_some()) {
                circle cx=(format!("{x:.1}")) cy=(format!("{y:.1}")) r="3" {}
            }
        }
    }
}

/// A line through neighbours; a value between gaps is a dot, drawn by the round end of its line.
fn path(points: &[Option<(f64, f64)>]) -> String {
    let mut path = String::new();
    let mut is_drawing = false;
    for (index, point) in points.iter().enumerate() {
        let Some((x, y)) = point else {
            is_drawing = false;
            continue;
        };
        let command = if is_drawing { 'L' } else { 'M' };
        path.push_str(&format!("{command}{x:.1} {y:.1}"));
        if !is_drawing && points.get(index + 1).copied().flatten().is_none() {
            path.push_str("h0");
        }
        is_drawing = true;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::sparkline;

    #[test]
    fn gaps_stay_gaps_and_zero_is_at_the_foot() {
        let values = [Some(0.0), Some(10.0), None, Some(5.0), None];
        let html = sparkline("Failure rate", &values).into_string();
        assert!(
            html.contains("d=\"M4.0 24.0L32.0 4.0M88.0 14.0h0\""),
            "{html}"
        );
        assert!(html.contains("cx=\"88.0\" cy=\"14.0\""), "{html}");
        let flat = sparkline("Nothing failed", &[Some(0.0), Some(0.0)]).into_string();
        assert!(flat.contains("M4.0 24.0L116.0 24.0"), "{flat}");
        assert!(!sparkline("Nothing", &[]).into_string().contains("<circle"));
    }
}
