//! The shape of a JSON text: its kind, and the keys by which formats are told apart.

use std::{collections::BTreeSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::server::sources::rejection::{FaultKind, Rejection};

/// The most keys that are compared.
const MAX_KEYS: usize = 100;
/// The longest key that is compared.
const MAX_KEY: usize = 100;

/// The keys of the first object of a text, which is the text itself, its first line, or the first item of an
/// array.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Shape {
    keys: BTreeSet<String>,
    /// The text is an array.
    pub is_array: bool,
    /// The first item of the array is one, too.
    pub is_nested: bool,
}

impl Shape {
    /// # Errors
    /// The text does not begin with a JSON object or array, or is not UTF-8.
    pub fn of(text: &str) -> Result<Self, Rejection> {
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<Self>();
        match values.next() {
            Some(Ok(shape)) => Ok(shape),
            Some(Err(error)) => {
                let said: String = error.to_string().chars().take(200).collect();
                Err(Rejection::new(
                    FaultKind::NotJson,
                    format!("not JSON, or truncated: {said}"),
                ))
            }
            None => Err(Rejection::new(FaultKind::EmptyFile, "the file is empty")),
        }
    }

    /// Returns whether it is an object with all these keys.
    pub fn has(&self, keys: &[&str]) -> bool {
        !self.is_array && self.items_have(keys)
    }

    /// Returns whether it is an object with this key alone.
    pub fn is_only(&self, key: &str) -> bool {
        self.has(&[key]) && self.keys.len() == 1
    }

    /// Returns whether it is an array whose first item has all these keys.
    pub fn items_have(&self, keys: &[&str]) -> bool {
        keys.iter().all(|key| self.keys.contains(*key))
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShapeVisitor)
    }
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut shape = Shape::default();
        while let Some(key) = object.next_key::<String>()? {
            object.next_value::<IgnoredAny>()?;
            if key.len() <= MAX_KEY && shape.keys.len() < MAX_KEYS {
                shape.keys.insert(key);
            }
        }
        Ok(shape)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let first = array.next_element::<First>()?;
        while array.next_element::<IgnoredAny>()?.is_some() {}
        let First { keys, is_array } = first.unwrap_or_default();
        Ok(Shape {
            keys,
            is_array: true,
            is_nested: is_array,
        })
    }
}

/// The first item of an array.
#[derive(Default)]
struct First {
    keys: BTreeSet<String>,
    is_array: bool,
}

impl<'de> Deserialize<'de> for First {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FirstVisitor)
    }
}

struct FirstVisitor;

impl<'de> Visitor<'de> for FirstVisitor {
    type Value = First;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        let Shape { keys, is_array, .. } = ShapeVisitor.visit_map(object)?;
        Ok(First { keys, is_array })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        while array.next_element::<IgnoredAny>()?.is_some() {}
        Ok(First {
            is_array: true,
            ..First::default()
        })
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(First::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(First::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(First::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(First::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(First::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(First::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Shape {
        Shape::of(text).expect("JSON")
    }

    #[test]
    fn keys_are_those_of_the_first_object() {
        assert!(shape(r#"{"a":1,"b":{"c":2}}"#).has(&["a", "b"]));
        assert!(!shape(r#"{"a":1,"b":{"c":2}}"#).has(&["c"]));
        assert!(shape("{\"type\":1}\n{\"data\":2}\n").has(&["type"]));
        let array = shape(r#"[{"a":1},{"b":2}]"#);
        assert!(array.is_array && array.items_have(&["a"]) && !array.has(&["a"]));
        assert!(shape("[[1]]").is_nested);
        assert!(!shape("[1]").is_nested);
    }

    #[test]
    fn other_texts_have_no_shape() {
        let kind = |text| Shape::of(text).expect_err("no JSON").kind;
        assert_eq!(kind(" "), FaultKind::EmptyFile);
        for text in ["<a>", "1", "\"a\"", "{\"a\":", "[1,"] {
            assert_eq!(kind(text), FaultKind::NotJson, "{text}");
        }
        // Deeply nested text is refused before it fills the stack.
        let deep = "[".repeat(100_000);
        assert_eq!(kind(&deep), FaultKind::NotJson);
    }
}
