//! Parses an event as Jenkins's pipeline library writes it, in Cosmos DB or in a line of a file.

use jiff::Timestamp;
use serde::Deserialize;

use super::result;
use crate::server::{
    model::{Codebase, Event, System, Toolchain, text::shorten},
    sources::{
        fields::{Field, instant, missing, object, wrong_type},
        rejection::{FaultKind, Rejection},
    },
};

/// Declares the fields that are read, and the document that serde fills.
macro_rules! document {
    ($($field:ident,)*) => {
        /// The fields of a document that make up an event.
        pub const FIELDS: [&str; [$(stringify!($field)),*].len()] = [$(stringify!($field)),*];

        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Document<'a> {
            $(#[serde(borrow)] $field: Field<'a>,)*
        }
    };
}

document! {
    id,
    build_tag,
    job_name,
    build_id,
    current_build_current_result,
    stage_timestamp,
    _ts,
    current_build_scheduled_time,
    current_build_duration,
    current_step_name,
    branch_name,
    build_url,
    git_commit,
    git_url,
    node_name,
    node_labels,
    shared_library_name,
    shared_library_version,
    product,
    component,
    correlation_id,
    system,
    step_duration,
}

/// The number of [`FIELDS`] that the producer writes. The rest are in exported events only: `system`, and
/// `step_duration` in ms.
pub const PRODUCER_FIELDS: usize = FIELDS.len() - 2;

/// Parses an event from the text of a JSON object. An event that names no system belongs to `system`.
///
/// # Errors
/// The first fault found.
pub fn parse(text: &str, system: &System, now: Timestamp) -> Result<Event, Rejection> {
    let document: Document<'_> = object(text)?;
    let job_name = name_of("job_name", document.job_name)?.ok_or_else(|| missing("job_name"))?;
    let stage_ms = instant("stage_timestamp", document.stage_timestamp, now)?
        .ok_or_else(|| missing("stage_timestamp"))?;
    let build_tag = text_of("build_tag", document.build_tag)?;
    let build_id = name_of("build_id", document.build_id)?;
    if build_tag.is_none() && build_id.is_none() {
        return Err(Rejection::new(
            FaultKind::NoBuild,
            "neither build_tag nor build_id identifies its build",
        ));
    }
    let result = text_of(
        "current_build_current_result",
        document.current_build_current_result,
    )?;
    let node_name = detail(document.node_name);
    let node_labels = detail(document.node_labels);
    Ok(Event {
        system: match text_of("system", document.system)? {
            Some(name) => System::new(&name).map_err(|invalid| {
                Rejection::of("system", FaultKind::BadSystem, invalid.to_string())
            })?,
            None => system.clone(),
        },
        id: text_of("id", document.id)?,
        build_tag,
        job_name,
        build_id,
        result: result::parse(result.as_deref()),
        stage_ms,
        received_s: number_of("_ts", document._ts)?,
        scheduled_ms: instant(
            "current_build_scheduled_time",
            document.current_build_scheduled_time,
            now,
        )?,
        duration_ms: number_of("current_build_duration", document.current_build_duration)?,
        step: name_of("current_step_name", document.current_step_name)?,
        branch: name_of("branch_name", document.branch_name)?,
        build_url: text_of("build_url", document.build_url)?,
        step_duration_ms: number_of("step_duration", document.step_duration)?,
        git_commit: detail(document.git_commit),
        correlation_id: detail(document.correlation_id),
        codebase: Codebase {
            git_url: detail(document.git_url),
            product: detail(document.product),
            component: detail(document.component),
        },
        toolchain: Toolchain {
            node_labels: node_labels.and_then(|labels| agent(&labels, node_name.as_deref())),
            shared_library_name: detail(document.shared_library_name),
            shared_library_version: detail(document.shared_library_version),
        },
        node_name,
    })
}

/// Returns a node's labels, sorted. Jenkins adds the node's name to them, which would give each node labels
/// of its own.
fn agent(labels: &str, node: Option<&str>) -> Option<String> {
    let labels = labels.split_whitespace();
    let mut labels: Vec<&str> = labels.filter(|&label| Some(label) != node).collect();
    labels.sort_unstable();
    labels.dedup();
    (!labels.is_empty()).then(|| labels.join(" "))
}

/// Reads a text that only describes the event: any other value counts as missing, so that the event stays.
fn detail(field: Field<'_>) -> Option<String> {
    let mut text = field.text().ok().flatten()?;
    shorten(&mut text);
    Some(text)
}

/// Reads a name, shortened: names are kept in memory.
fn name_of(name: &'static str, field: Field<'_>) -> Result<Option<String>, Rejection> {
    let mut text = text_of(name, field)?;
    if let Some(text) = &mut text {
        shorten(text);
    }
    Ok(text)
}

fn text_of(name: &'static str, field: Field<'_>) -> Result<Option<String>, Rejection> {
    field.text().map_err(|_| wrong_type(name, "text"))
}

fn number_of(name: &'static str, field: Field<'_>) -> Result<Option<i64>, Rejection> {
    field.number().map_err(|_| wrong_type(name, "a number"))
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::server::model::BuildResult;

    fn now() -> Timestamp {
        "2019-11-01T12:00:00Z".parse().expect("an instant")
    }

    fn with(field: &str, value: &str) -> Result<Event, Rejection> {
        let mut fields = vec![
            ("job_name", "\"HMCTS_CMC/a/master\""),
            ("build_id", "\"7\""),
            ("stage_timestamp", "\"2019-10-25T17:15:00Z\""),
        ];
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let fields = fields
            .iter()
            .map(|(name, value)| format!("\"{name}\":{value}"));
        let fields: Vec<String> = fields.collect();
        parse(
            &format!("{{{}}}", fields.join(",")),
            &System::default(),
            now(),
        )
    }

    fn fault(field: &str, value: &str) -> (FaultKind, Option<&'static str>) {
        let rejection = with(field, value).expect_err("a fault");
        (rejection.kind, rejection.field)
    }

    #[test]
    fn timestamps_may_have_any_offset_a_space_and_fractions() {
        for text in [
            "2019-10-25T17:15:00Z",
            "2019-10-25 17:15:00Z",
            "2019-10-25T18:15:00+01:00",
            "2019-10-25 11:45:00.000-05:30",
            "2019-10-25t17:15:00.0000000z",
        ] {
            let event = with("stage_timestamp", &format!("\"{text}\"")).expect(text);
            assert_eq!(event.stage_ms, 1_572_023_700_000, "{text}");
        }
    }

    #[test]
    fn impossible_instants_are_faults() {
        let stage = Some("stage_timestamp");
        for value in [
            "\"25/10/2019 17:15\"",
            "\"2019-10-25T17:15:00\"",
            "1572023700",
        ] {
            let expected = (FaultKind::BadTimestamp, stage);
            assert_eq!(fault("stage_timestamp", value), expected, "{value}");
        }
        let before = fault("stage_timestamp", "\"1969-12-31T23:59:59Z\"");
        assert_eq!(before, (FaultKind::Before1970, stage));
        let future = fault("stage_timestamp", "\"2019-11-02T12:00:01Z\"");
        assert_eq!(future, (FaultKind::InTheFuture, stage));
        assert!(with("stage_timestamp", "\"2019-11-02T12:00:00Z\"").is_ok());
        let scheduled = fault("current_build_scheduled_time", "\"soon\"");
        let name = Some("current_build_scheduled_time");
        assert_eq!(scheduled, (FaultKind::BadTimestamp, name));
    }

    #[test]
    fn missing_required_fields_are_named() {
        for field in ["job_name", "stage_timestamp"] {
            for value in ["null", "\"\""] {
                assert_eq!(fault(field, value), (FaultKind::MissingField, Some(field)));
            }
        }
        assert_eq!(fault("build_id", "null"), (FaultKind::NoBuild, None));
    }

    #[test]
    fn a_field_of_the_wrong_type_is_named() {
        let details = FIELDS.iter().position(|&field| field == "git_commit");
        for field in FIELDS[..details.expect("a field")]
            .iter()
            .chain(&["system", "step_duration"])
        {
            assert_eq!(fault(field, "[1]"), (FaultKind::WrongType, Some(*field)));
        }
        let duration = fault("current_build_duration", "\"long\"");
        let name = Some("current_build_duration");
        assert_eq!(duration, (FaultKind::WrongType, name));
    }

    #[test]
    fn undocumented_results_are_unknown() {
        for value in ["null", "\"\"", "\"success\"", "\"EXPLODED\"", "7"] {
            let event = with("current_build_current_result", value).expect(value);
            assert_eq!(event.result, BuildResult::Unknown, "{value}");
        }
    }

    #[test]
    fn unusual_names_are_kept_unchanged() {
        for name in [
            "x".repeat(300),
            "<script>alert(1)</script>".to_owned(),
            "100 % 'quoted' \u{202e}😀".to_owned(),
        ] {
            let json = serde_json::to_string(&name).expect("text");
            let event = with("current_step_name", &json).expect("an event");
            assert_eq!(event.step.as_deref(), Some(name.as_str()));
            let event = with("job_name", &json).expect("an event");
            assert_eq!(event.job_name, name);
        }
    }

    #[test]
    fn unknown_fields_and_unusable_details_are_ignored() {
        let plain = with("colour", "{\"a\":[1,null]}").expect("an event");
        for field in ["git_commit", "node_labels", "product", "correlation_id"] {
            assert_eq!(
                with(field, "{\"a\":[1,null]}"),
                Ok(plain.clone()),
                "{field}"
            );
        }
    }

    #[test]
    fn labels_are_sorted_and_do_not_name_the_node() {
        let labels = |text: &str| agent(text, Some("vm-17"));
        assert_eq!(labels("ubuntu vm-17  java").as_deref(), Some("java ubuntu"));
        assert_eq!(labels("vm-17"), None);
        let labels = agent("b a b", None);
        assert_eq!(labels.as_deref(), Some("a b"));
    }

    #[test]
    fn an_event_belongs_to_the_named_system_or_else_to_the_given_one() {
        let given = System::new("sds").expect("a name");
        let text =
            "{\"job_name\":\"a\",\"build_id\":7,\"stage_timestamp\":\"2019-10-25T17:15:00Z\"}";
        let event = parse(text, &given, now()).expect("an event");
        assert_eq!(event.system, given);
        let event = with("system", "\"other\"").expect("an event");
        assert_eq!(event.system.as_str(), "other");
        assert_eq!(
            fault("system", "\"a b\""),
            (FaultKind::BadSystem, Some("system"))
        );
    }

    #[test]
    fn a_long_detail_is_shortened_once() {
        let long = "é".repeat(5_000);
        let cut = |text: &str| {
            let json = serde_json::to_string(text).expect("text");
            let event = with("product", &json).expect("an event");
            event.codebase.product.expect("a product")
        };
        let short = cut(&long);
        assert_eq!(short.chars().count(), 300);
        assert_eq!(cut(&short), short);
        assert_ne!(cut(&format!("{long}a")), short);
    }

    #[test]
    fn long_names_are_shortened_and_tags_are_not() {
        let long = "9".repeat(100_000);
        let json = format!("\"{long}\"");
        let read = |field| with(field, &json).expect("an event");
        let short = Some(300);
        let length = |text: Option<String>| text.map(|text| text.chars().count());
        assert_eq!(length(Some(read("job_name").job_name)), short);
        assert_eq!(length(read("build_id").build_id), short);
        assert_eq!(length(read("current_step_name").step), short);
        assert_eq!(length(read("branch_name").branch), short);
        assert_eq!(read("build_tag").build_tag, Some(long.clone()));
    }

    #[test]
    fn only_objects_are_documents() {
        for (text, kind) in [
            ("[1]", FaultKind::NotAnObject),
            ("7", FaultKind::NotAnObject),
            ("hello", FaultKind::NotJson),
            ("{\"a\":", FaultKind::NotJson),
            ("{} {}", FaultKind::NotJson),
        ] {
            let refused = parse(text, &System::default(), now()).expect_err(text);
            assert_eq!(refused.kind, kind, "{text}");
        }
    }

    proptest! {
        /// Any value in any field gives a valid event or a reason for its rejection.
        #[test]
        fn any_value_of_any_field_is_read_or_rejected(
            fields in vec(("id|build_tag|job_name|build_id|stage_timestamp|_ts|current_build_duration|branch_name|other", any_json()), 0..12),
        ) {
            let fields: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            let text = format!("{{{}}}", fields.join(","));
            match parse(&text, &System::default(), now()) {
                Ok(event) => {
                    prop_assert!(!event.job_name.is_empty());
                    prop_assert!(event.build_tag.is_some() || event.build_id.is_some());
                }
                Err(rejection) => prop_assert!(!rejection.reason.is_empty()),
            }
        }

        #[test]
        fn any_text_is_read_or_rejected(text in "(\\PC|[{}\":,0-9e.\\\\-]){0,120}") {
            if let Err(rejection) = parse(&text, &System::default(), now()) {
                prop_assert!(!rejection.reason.is_empty());
            }
        }
    }

    /// Numbers at the limits, almost valid instants, and other JSON.
    fn any_json() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<i64>().prop_map(|number| number.to_string()),
            any::<f64>().prop_filter_map("JSON has no other numbers", |number| {
                number.is_finite().then(|| number.to_string())
            }),
            "\"[0-9]{1,6}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,12})?(Z|\\+[0-9]{2}:[0-9]{2})?\"",
            "\"\\PC{0,20}\"".prop_filter("is JSON", |text| serde_json::from_str::<String>(text)
                .is_ok()),
            "null|true|\\[\\]|\\{\\}|1e400|\"\"|\"2019-10-25T01:01:02Z\"",
        ]
    }
}
