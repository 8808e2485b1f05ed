use super::*;
use crate::server::charts::{Mark, Unit};

fn bars(values: &[f64], name: &str) -> Chart {
    let marks = values.iter().enumerate();
    let marks = marks.map(|(row, &value)| Mark::of_row(row, value).label(name));
    let series = Series::bars("", Colour::Failure).with(marks);
    let names = values.iter().map(|_| name.to_owned()).collect();
    let panel = Panel::new(Unit::Count, "", vec![series]);
    Plane::new(Base::Names(names), vec![panel]).into()
}

fn drawn(chart: &Chart) -> String {
    picture(chart, &TimeZone::UTC, 300).into_string()
}

#[test]
fn bars_are_as_long_as_their_values() {
    let svg = drawn(&bars(&[10.0, 5.0], "a"));
    assert!(
        svg.contains("width=\"100.00%\" height=\"15.0\" fill=\"var(--failure)\""),
        "{svg}"
    );
    assert!(svg.contains("width=\"50.00%\" height=\"15.0\""), "{svg}");
}

#[test]
fn names_are_text() {
    let svg = drawn(&bars(&[1.0], "<script>\u{202e}"));
    assert!(
        !svg.contains("<script") && !svg.contains('\u{202e}'),
        "{svg}"
    );
    let whole = document(&bars(&[1.0], "<b>"), &TimeZone::UTC, 300, "<i>");
    assert!(!whole.contains("<b>") && !whole.contains("<i>"), "{whole}");
}

#[test]
fn a_key_stands_above_the_plane_on_a_card_and_in_a_document() {
    let series = |name: &str| Series::bars(name, Colour::Failure).with([Mark::of_row(0, 1.0)]);
    let panel = Panel::new(Unit::Count, "", vec![series("<b>"), series("Others")]);
    let base = Base::Names(vec!["a".to_owned()]);
    let chart = Plane::new(base, vec![panel.stacked()]).into();
    let card = drawn(&chart);
    assert_eq!(card.matches("<li>").count(), 2, "{card}");
    assert!(card.contains("&lt;b&gt;</li>"), "{card}");
    let (key, plane) = card.split_once("</ul>").expect("a key");
    assert!(
        key.contains("of-names") && !plane.contains("Others"),
        "{card}"
    );
    let whole = document(&chart, &TimeZone::UTC, 300, "A title");
    assert!(whole.contains(">Others</text>"), "{whole}");
    // With one line of key, both are as high.
    let height = |svg: &str| -> usize {
        let text = svg.split(" height=\"").nth(1).expect("a height");
        text.split('"')
            .next()
            .unwrap_or_default()
            .parse()
            .expect("a number")
    };
    assert_eq!(height(plane) + KEY, height(&whole));
}

#[test]
fn lines_have_gaps_bands_and_steps() {
    let mark = |at: f64, value: Option<f64>| {
        Mark::new(at, value).interval(value.map(|value| (value / 2.0, value * 2.0)))
    };
    let marks = [
        (0.0, Some(1.0)),
        (1.0, None),
        (2.0, Some(2.0)),
        (3.0, Some(1.0)),
    ];
    let line = |shape| {
        let series = Series::new("", Colour::Neutral, shape);
        let series = series.with(marks.map(|(at, value)| mark(at, value)));
        let base = Base::Numbers {
            title: "Hours",
            from: 0.0,
            to: 3.0,
        };
        let panel = Panel::new(Unit::Number, "", vec![series]);
        drawn(&Plane::new(base, vec![panel]).into())
    };
    let svg = line(Shape::Line);
    assert_eq!(svg.matches("<circle").count(), 3, "{svg}");
    assert!(svg.contains("<polygon"), "{svg}");
    let path = |svg: &str| {
        svg.split(" d=\"")
            .nth(1)
            .map(|rest| rest.split('"').next().unwrap_or("").to_owned())
    };
    let drawn = path(&svg).unwrap_or_default();
    assert_eq!(
        (drawn.matches('M').count(), drawn.matches('L').count()),
        (2, 1),
        "{drawn}"
    );
    assert!(path(&line(Shape::Steps)).unwrap_or_default().contains('H'));
}

#[test]
fn values_without_bounds_stay_on_the_plane() {
    for value in [f64::NAN, f64::INFINITY, -1.0, f64::MAX] {
        let svg = drawn(&bars(&[value, 1.0], "a"));
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}
