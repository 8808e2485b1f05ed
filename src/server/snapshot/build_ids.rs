//! The build ids of the source, stored compactly: nearly all are whole numbers.

use std::{borrow::Cow, ops::Range};

use super::columns::Column;

/// A column of build ids. Plain numbers are stored as such; other texts are stored one after another,
/// and the column holds their index.
#[derive(Debug, Default)]
pub struct BuildIds {
    numbers: Vec<u32>,
    texts: String,
    /// The end of each text in `texts`.
    ends: Vec<usize>,
}

/// Set if a number is the index of a text.
const IS_TEXT: u32 = 1 << 31;

impl BuildIds {
    pub fn push(&mut self, id: &str) {
        let number = plain_number(id).unwrap_or_else(|| {
            let text = u32::try_from(self.ends.len()).expect("fewer builds than 2^31");
            self.texts.push_str(id);
            self.ends.push(self.texts.len());
            text | IS_TEXT
        });
        self.numbers.push(number);
    }

    /// Appends the ids of some builds of another column.
    fn extend(&mut self, other: &Self, builds: impl Iterator<Item = usize>) {
        for build in builds {
            let number = other.numbers[build];
            if number & IS_TEXT == 0 {
                self.numbers.push(number);
            } else {
                self.push(other.text(number));
            }
        }
    }

    /// Returns the build id as the source gave it.
    pub fn get(&self, build: usize) -> Cow<'_, str> {
        let number = self.numbers[build];
        if number & IS_TEXT == 0 {
            Cow::Owned(number.to_string())
        } else {
            Cow::Borrowed(self.text(number))
        }
    }

    /// Returns whether builds have an id. It compares numbers where it can.
    pub fn equal_to(&self, id: &str) -> impl Fn(usize) -> bool + use<'_> {
        let wanted = plain_number(id);
        let text = id.to_owned();
        move |build| {
            let number = self.numbers[build];
            match wanted {
                Some(wanted) => number == wanted,
                None => number & IS_TEXT != 0 && self.text(number) == text,
            }
        }
    }

    fn text(&self, number: u32) -> &str {
        let text = (number & !IS_TEXT) as usize;
        let start = text.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.texts[start..self.ends[text]]
    }
}

impl Column for BuildIds {
    fn with_capacity(builds: usize) -> Self {
        Self {
            numbers: Vec::with_capacity(builds),
            ..Self::default()
        }
    }

    fn append(&mut self, other: &Self, rows: Range<usize>) {
        self.extend(other, rows);
    }

    fn ordered(self, order: &[u32]) -> Self {
        let mut ordered = Self::with_capacity(order.len());
        ordered.extend(&self, order.iter().map(|&row| row as usize));
        ordered
    }

    fn bytes(&self) -> usize {
        size_of_val(&*self.numbers) + self.texts.len() + size_of_val(&*self.ends)
    }
}

/// Returns the number that is written exactly like this text.
fn plain_number(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let padded = text.len() > 1 && text.starts_with('0');
    let number: u32 = text.parse().ok().filter(|_| digits && !padded)?;
    (number & IS_TEXT == 0).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_id_is_restored_unchanged() {
        let ids = [
            "0",
            "7",
            "007",
            "+7",
            "",
            "2147483647",
            "2147483648",
            "4294967296",
            "a #1",
            "😀",
            "7",
        ];
        let mut column = BuildIds::default();
        for id in ids {
            column.push(id);
        }
        let mut reversed = BuildIds::default();
        reversed.extend(&column, (0..ids.len()).rev());
        for (build, id) in ids.into_iter().enumerate() {
            assert_eq!(column.get(build), id);
            assert_eq!(reversed.get(ids.len() - 1 - build), id);
        }
    }
}
