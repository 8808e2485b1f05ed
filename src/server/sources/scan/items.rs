//! Lists of a report, each item still as text: memory stays small however many items a file has, and one
//! damaged item does not hide the others.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// The most items of one list that are read.
const MAX_ITEMS: usize = 50_000;

/// An array, the values of an object, or nothing for null.
#[derive(Debug, Default)]
pub struct Items<'a> {
    pub values: Vec<&'a RawValue>,
    /// There are more.
    pub is_cut: bool,
}

impl<'a> Items<'a> {
    fn add(&mut self, value: &'a RawValue) {
        if self.values.len() < MAX_ITEMS {
            self.values.push(value);
        } else {
            self.is_cut = true;
        }
    }

    /// The first item that has this form.
    pub fn first<T: Deserialize<'a>>(&self) -> Option<T> {
        let mut read = self
            .values
            .iter()
            .filter_map(|item| serde_json::from_str(item.get()).ok());
        read.next()
    }

    /// The items that are texts.
    pub fn texts(&self) -> impl Iterator<Item = String> {
        let values = self.values.iter();
        values.filter_map(|item| serde_json::from_str(item.get()).ok())
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemsVisitor)
    }
}

struct ItemsVisitor;

impl<'de> Visitor<'de> for ItemsVisitor {
    type Value = Items<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Items::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let mut items = Items::default();
        while let Some(value) = array.next_element()? {
            items.add(value);
        }
        Ok(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut items = Items::default();
        while let Some((IgnoredAny, value)) = object.next_entry()? {
            items.add(value);
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_objects_and_null_are_lists() {
        let texts = |json| -> Vec<String> {
            let items: Items<'_> = serde_json::from_str(json).expect("a list");
            items.texts().collect()
        };
        assert_eq!(texts(r#"["a", 1, "b"]"#), ["a", "b"]);
        assert_eq!(texts(r#"{"x": "a", "y": ["b"]}"#), ["a"]);
        assert!(texts("null").is_empty());
        assert!(serde_json::from_str::<Items<'_>>("1").is_err());
    }

    #[test]
    fn the_number_of_items_is_limited() {
        let json = format!("[{}1]", "1,".repeat(MAX_ITEMS));
        let items: Items<'_> = serde_json::from_str(&json).expect("a list");
        assert!(items.is_cut);
        assert_eq!(items.values.len(), MAX_ITEMS);
    }
}
