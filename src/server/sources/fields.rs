//! Fields as producers write them: numbers as text, text as numbers, null or empty for missing.

use std::{borrow::Cow, fmt};

use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::rejection::{FaultKind, Rejection};
use crate::server::model::DAY_MS;

const FORM: &str = "2019-10-25T17:15:00Z";
/// The characters of a wrong value that a message repeats.
const SHOWN: usize = 40;
/// The characters of a parser's message.
const MAX_MESSAGE: usize = 200;

#[derive(Debug, Default, PartialEq)]
pub enum Field<'a> {
    #[default]
    Missing,
    Text(Cow<'a, str>),
    Integer(i64),
    Decimal(f64),
    /// A boolean, an array or an object; no field is one of these.
    Other,
}

/// The field has a value that cannot be read as the wanted type.
#[derive(Debug, PartialEq, Eq)]
pub struct WrongType;

impl Field<'_> {
    pub fn text(self) -> Result<Option<String>, WrongType> {
        match self {
            Self::Missing => Ok(None),
            Self::Text(text) if text.is_empty() => Ok(None),
            // Not every database accepts this character, and the text is as clear without it.
            Self::Text(text) if text.contains('\0') => Ok(Some(text.replace('\0', "\u{fffd}"))),
            Self::Text(text) => Ok(Some(text.into_owned())),
            Self::Integer(number) => Ok(Some(number.to_string())),
            Self::Decimal(number) => Ok(Some(number.to_string())),
            Self::Other => Err(WrongType),
        }
    }

    /// An integer; decimals are truncated.
    pub fn number(self) -> Result<Option<i64>, WrongType> {
        match self {
            Self::Missing => Ok(None),
            Self::Integer(number) => Ok(Some(number)),
            Self::Decimal(number) => whole(number).map(Some),
            Self::Text(text) if text.is_empty() => Ok(None),
            Self::Text(text) => match text.trim().parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => whole(text.trim().parse().map_err(|_| WrongType)?).map(Some),
            },
            Self::Other => Err(WrongType),
        }
    }
}

fn whole(number: f64) -> Result<i64, WrongType> {
    // Beyond this, a float does not distinguish neighbouring integers.
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    if number.abs() <= LARGEST {
        Ok(number as i64)
    } else {
        Err(WrongType)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Field<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Field::Missing)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Field::Other)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Field::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        let text = || Field::Text(Cow::Owned(number.to_string()));
        Ok(i64::try_from(number).map_or_else(|_| text(), Field::Integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Field::Decimal(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Field::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Field::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        while array.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Other)
    }
}

/// Reads a JSON object.
pub fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Rejection> {
    // The messages repeat words of the text, however long.
    let said = |error: &serde_json::Error| -> String {
        error.to_string().chars().take(MAX_MESSAGE).collect()
    };
    let not_json = |error: serde_json::Error| {
        Rejection::new(FaultKind::NotJson, format!("not JSON: {}", said(&error)))
    };
    // A struct can be read from an array too, which no document is.
    if !text.starts_with('{') {
        let _: serde::de::IgnoredAny = serde_json::from_str(text).map_err(not_json)?;
        return Err(Rejection::new(FaultKind::NotAnObject, "no JSON object"));
    }
    serde_json::from_str(text).map_err(|error| {
        if error.is_data() {
            Rejection::new(
                FaultKind::WrongType,
                format!("wrong form: {}", said(&error)),
            )
        } else {
            not_json(error)
        }
    })
}

/// Unix ms of an RFC 3339 instant, checked to be one that a build can have.
pub fn instant(
    name: &'static str,
    field: Field<'_>,
    now: Timestamp,
) -> Result<Option<i64>, Rejection> {
    let text = match field {
        Field::Missing => return Ok(None),
        Field::Text(text) if text.is_empty() => return Ok(None),
        Field::Text(text) => text,
        Field::Integer(number) => Cow::Owned(number.to_string()),
        Field::Decimal(number) => Cow::Owned(number.to_string()),
        Field::Other => return Err(wrong_type(name, "an instant as text")),
    };
    let shown = || text.chars().take(SHOWN).collect::<String>();
    let Ok(at) = text.parse::<Timestamp>() else {
        let shown = shown();
        return Err(Rejection::of(
            name,
            FaultKind::BadTimestamp,
            format!("{name} “{shown}” is no RFC 3339 instant such as {FORM}"),
        ));
    };
    let at_ms = at.as_millisecond();
    if at_ms < 0 {
        return Err(Rejection::of(
            name,
            FaultKind::Before1970,
            format!("{name} {} is before 1970", shown()),
        ));
    }
    // Clocks differ, and time zones are mistaken; a day covers both.
    if at_ms > now.as_millisecond() + DAY_MS {
        return Err(Rejection::of(
            name,
            FaultKind::InTheFuture,
            format!("{name} {} is more than a day in the future", shown()),
        ));
    }
    Ok(Some(at_ms))
}

pub fn missing(name: &'static str) -> Rejection {
    Rejection::of(name, FaultKind::MissingField, format!("{name} is missing"))
}

pub fn wrong_type(name: &'static str, wanted: &str) -> Rejection {
    Rejection::of(
        name,
        FaultKind::WrongType,
        format!("{name} should be {wanted}"),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn field(json: &str) -> Field<'_> {
        serde_json::from_str(json).expect("JSON")
    }

    #[test]
    fn numbers_as_text_and_text_as_numbers_are_read() {
        assert_eq!(field("107").text(), Ok(Some("107".to_owned())));
        assert_eq!(
            field("18446744073709551615").text(),
            Ok(Some("18446744073709551615".to_owned()))
        );
        assert_eq!(field("\" 107 \"").number(), Ok(Some(107)));
        assert_eq!(field("1571965229.7").number(), Ok(Some(1_571_965_229)));
        assert_eq!(field("\"107.0\"").number(), Ok(Some(107)));
    }

    #[test]
    fn messages_repeat_only_the_beginning_of_a_text() {
        let text = format!(r#"{{"repository":"{}"}}"#, "x".repeat(10_000));
        let rejection = object::<BTreeMap<String, u8>>(&text).expect_err("a text is no number");
        assert!(rejection.reason.len() < 300, "{}", rejection.reason.len());
    }

    #[test]
    fn null_and_empty_text_are_missing() {
        for json in ["null", "\"\""] {
            assert_eq!(field(json).text(), Ok(None));
            assert_eq!(field(json).number(), Ok(None));
        }
    }

    #[test]
    fn characters_that_a_database_may_refuse_are_replaced() {
        let text = field(r#""a\u0000b""#).text();
        assert_eq!(text, Ok(Some("a\u{fffd}b".to_owned())));
    }

    #[test]
    fn a_value_that_no_field_has_is_of_the_wrong_type() {
        for json in ["true", "[1, {\"a\": 2}]", "{\"a\": [1]}"] {
            assert_eq!(field(json).text(), Err(WrongType), "{json}");
            assert_eq!(field(json).number(), Err(WrongType), "{json}");
        }
        assert_eq!(field("\"soon\"").number(), Err(WrongType));
        assert_eq!(field("1e300").number(), Err(WrongType));
    }
}
