use proptest::{collection::vec, prelude::*, sample::select};

use super::{keys::KEYS, *};

fn parse(query: &str) -> Selection {
    Selection::parse(query).expect("a selection")
}

#[test]
fn keys_are_sorted_and_distinct() {
    assert!(KEYS.windows(2).all(|pair| pair[0].id < pair[1].id));
}

#[test]
fn missing_empty_and_default_values_are_the_same() {
    for query in [
        "",
        "?",
        "project=&type=&days=",
        "project=all&type=all&days=14",
        "q=",
    ] {
        assert_eq!(parse(query), Selection::default(), "{query}");
    }
    assert_eq!(Selection::default().query(), "");
    assert_eq!(Selection::default().days(), Some(DEFAULT_DAYS));
}

#[test]
fn a_query_has_one_canonical_form() {
    for (query, canonical) in [
        (
            "type=nightly&project=cmc&days=28",
            "?days=28&project=cmc&type=nightly",
        ),
        ("project=b&project=a&project=b", "?project=a&project=b"),
        ("q=a%20b", "?q=a+b"),
        ("q=a+b%26c", "?q=a+b%26c"),
        ("from=2019-10-01&days=14", "?days=14&from=2019-10-01"),
        ("from=2019-10-01", "?from=2019-10-01"),
    ] {
        assert_eq!(parse(query).query(), canonical, "{query}");
    }
}

#[test]
fn errors_name_the_key_and_the_known_values() {
    for (query, words) in [
        ("days=15", "1, 7, 14, 28, 90, 180"),
        ("type=Nightly", "nightly"),
        ("result=red", "FAILURE"),
        ("weekday=1", "monday"),
        ("hour=24", "23"),
        ("project=<script>", "project"),
        ("from=yesterday", "from"),
        ("min_minutes=-1", "min_minutes"),
        ("max_minutes=1e9", "max_minutes"),
        ("days=1&days=7", "days"),
        ("nothing=1", "nothing"),
    ] {
        let error = Selection::parse(query).expect_err(query).to_string();
        assert!(error.contains(words), "{query}: {error}");
        assert_eq!(Selection::parse(query).expect_err(query).status(), 400);
    }
    assert!(Selection::parse(&format!("q={}", "a".repeat(MAX_VALUE + 1))).is_err());
    let many: Vec<String> = (0..=MAX_VALUES)
        .map(|step| format!("step={step}"))
        .collect();
    assert!(Selection::parse(&many.join("&")).is_err());
    assert!(Selection::parse(&many[1..].join("&")).is_ok());
}

#[test]
fn a_part_of_a_selection_can_be_changed_alone() {
    let selection = parse("project=cmc&type=nightly&days=7&step=build&step=test");
    let query = selection.with_days(28).query();
    assert_eq!(
        query,
        "?days=28&project=cmc&step=build&step=test&type=nightly"
    );
    let query = selection.without_value("step", "test").query();
    assert_eq!(query, "?days=7&project=cmc&step=build&type=nightly");
    let all = selection
        .with_build_type(BuildType::All)
        .with("project", ALL_PROJECTS);
    assert_eq!(all.query(), "?days=7&step=build&step=test");
    assert_eq!(selection.further_keys(), ["step"]);
    assert_eq!(
        (selection.project(), selection.build_type()),
        ("cmc", BuildType::Nightly)
    );
}

#[test]
fn conditions_replace_values_of_their_keys_and_bounds_replace_days() {
    let page = parse("project=cmc&days=7&result=SUCCESS&result=FAILURE");
    let row = parse("result=FAILURE&failed_step=test");
    let query = page.narrowed(&row).query();
    assert_eq!(query, "?days=7&failed_step=test&project=cmc&result=FAILURE");
    let day = parse("from=2019-10-24&to=2019-10-25");
    let query = page.narrowed(&day).query();
    assert_eq!(
        query,
        "?from=2019-10-24&project=cmc&result=FAILURE&result=SUCCESS&to=2019-10-25"
    );
    assert_eq!(page.narrowed(&day).days(), None);
    let compared = parse("compare=previous&project=cmc");
    assert!(compared.is_compared() && compared.further_keys().is_empty());
    let query = compared.narrowed(&Selection::default()).query();
    assert_eq!(query, "?project=cmc");
}

#[test]
fn instants_are_dates_or_rfc_3339() {
    for (value, accepted) in [
        ("2019-10-25", true),
        ("2019-10-25T17:15:00Z", true),
        ("2019-10-25T17:15:00.123+01:00", true),
        ("2019-10-25 17:15", false),
        ("25/10/2019", false),
        ("2019-1-1", false),
        ("é019-10-25", false),
    ] {
        assert_eq!(Kind::Instant.accepts(value), accepted, "{value}");
    }
}

proptest! {
    /// Any text survives the round trip through an address.
    #[test]
    fn the_query_of_a_selection_reads_back_as_the_same_selection(
        pairs in vec((select(KEYS), "\\PC{0,12}|[&=+%#?;/ \u{202e}]{0,6}"), 0..8)
    ) {
        let pairs = pairs.iter().map(|(key, value)| (key.id, value.as_str()));
        let selection: Selection = pairs.collect();
        prop_assert_eq!(Selection::read(&selection.query()), selection.clone());
        prop_assert_eq!(Selection::read(&selection.encoded()).query(), selection.query());
    }

    /// Any query is read, and its canonical form is that of itself.
    #[test]
    fn any_query_has_a_canonical_form(query in "\\PC{0,60}|([a-z_]{1,8}=[^&]{0,4}&){0,6}") {
        let canonical = Selection::read(&query).query();
        prop_assert_eq!(Selection::read(&canonical).query(), canonical);
    }
}
