//! Numbered values that many builds share: in order of appearance while a snapshot is built, then in
//! alphabetical order.

use std::{borrow::Borrow, hash::Hash, sync::Arc};

use foldhash::HashMap;

/// Values of a column that are numbers.
pub trait Number: Copy {
    fn to_usize(self) -> usize;

    fn from_usize(number: usize) -> Self;
}

impl Number for u16 {
    fn to_usize(self) -> usize {
        self.into()
    }

    fn from_usize(number: usize) -> Self {
        Self::try_from(number).expect("names are limited to their column's numbers")
    }
}

impl Number for u32 {
    fn to_usize(self) -> usize {
        self as usize
    }

    fn from_usize(number: usize) -> Self {
        Self::try_from(number).expect("names are limited to their column's numbers")
    }
}

pub struct Names<K: ?Sized> {
    names: Vec<Arc<K>>,
    numbers: HashMap<Arc<K>, usize>,
}

impl<K: ?Sized> Default for Names<K> {
    fn default() -> Self {
        Self {
            names: Vec::new(),
            numbers: HashMap::default(),
        }
    }
}

impl<K: Hash + Ord + ?Sized> Names<K>
where
    Arc<K>: Borrow<K>,
{
    /// Returns the number of a name, which `own` makes if it is new.
    pub fn number(&mut self, name: &K, own: impl FnOnce(&K) -> Arc<K>) -> usize {
        match self.numbers.get(name) {
            Some(&number) => number,
            None => self.add(own(name)),
        }
    }

    fn add(&mut self, name: Arc<K>) -> usize {
        let number = self.names.len();
        self.names.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        number
    }

    pub fn get(&self, number: usize) -> Option<&K> {
        self.names.get(number).map(|name| &**name)
    }

    /// Drops names that no column uses and renumbers the rest alphabetically, in the columns too, so that
    /// the same builds give the same numbers in any order. Values of the columns that are not numbers of
    /// names stay. Returns the names with their previous numbers.
    pub fn sort_used<N: Number>(self, columns: &mut [&mut [N]]) -> Vec<(Arc<K>, usize)> {
        let mut used = vec![false; self.names.len()];
        for number in columns.iter().flat_map(|column| column.iter()) {
            if let Some(used) = used.get_mut(number.to_usize()) {
                *used = true;
            }
        }
        let numbered = self.names.into_iter().enumerate();
        let mut names: Vec<(Arc<K>, usize)> = numbered
            .filter(|&(number, _)| used[number])
            .map(|(number, name)| (name, number))
            .collect();
        names.sort_unstable();
        let mut renumbered: Vec<usize> = vec![0; used.len()];
        for (index, (_, number)) in names.iter().enumerate() {
            renumbered[*number] = index;
        }
        let changed = |(before, after): (usize, &usize)| before != *after;
        if renumbered.iter().enumerate().any(changed) {
            for number in columns.iter_mut().flat_map(|column| column.iter_mut()) {
                if let Some(&after) = renumbered.get(number.to_usize()) {
                    *number = N::from_usize(after);
                }
            }
        }
        names
    }
}

impl<K: Hash + Ord + ?Sized> FromIterator<Arc<K>> for Names<K>
where
    Arc<K>: Borrow<K>,
{
    fn from_iter<I: IntoIterator<Item = Arc<K>>>(names: I) -> Self {
        let mut all = Self::default();
        for name in names {
            all.add(name);
        }
        all
    }
}

/// Names of a column of 16 bits: the first 65,534; builds with others have the name “other”.
#[derive(Default)]
pub struct FewNames(pub Names<str>);

impl FewNames {
    pub const UNKNOWN: u16 = u16::MAX;
    const LIMIT: usize = 65_534;
    const OTHER: &'static str = "other";

    pub fn number(&mut self, name: &str) -> u16 {
        let names = &mut self.0;
        let is_full = names.names.len() >= Self::LIMIT && !names.numbers.contains_key(name);
        let name = if is_full { Self::OTHER } else { name };
        u16::from_usize(names.number(name, |name| name.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_names_are_numbered_alphabetically_in_all_columns() {
        let mut names = Names::<str>::default();
        let mut column: Vec<u32> = ["c", "a", "x", "b", "a"]
            .map(|name| names.number(name, |name| name.into()) as u32)
            .into_iter()
            .filter(|&number| number != 2)
            .chain([u32::MAX])
            .collect();
        let mut other = [3_u32, 0];
        let renumbered = names.sort_used(&mut [&mut column, &mut other]);
        let before = [("a", 1), ("b", 3), ("c", 0)];
        assert_eq!(
            renumbered,
            before.map(|(name, number)| (name.into(), number))
        );
        assert_eq!(column, [2, 0, 1, 0, u32::MAX]);
        assert_eq!(other, [1, 2]);
    }

    #[test]
    fn names_beyond_the_limit_are_other() {
        let mut names = FewNames::default();
        for number in 0..70_000 {
            let _ = names.number(&number.to_string());
        }
        let other = names.number("new");
        assert_eq!(names.0.get(other.into()), Some("other"));
        assert_eq!(names.number("69999"), other);
        assert_eq!(names.number("7"), 7);
        assert_eq!(names.0.names.len(), 65_535);
    }
}
