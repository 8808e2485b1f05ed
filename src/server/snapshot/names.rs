//! Numbered names of pipelines and steps: in order of appearance while a snapshot is built, then in
//! alphabetical order.

use std::sync::Arc;

use foldhash::HashMap;

#[derive(Default)]
pub struct Names {
    names: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

impl Names {
    pub fn number(&mut self, name: &str) -> u32 {
        match self.numbers.get(name) {
            Some(&number) => number,
            None => self.add(name.into()),
        }
    }

    fn add(&mut self, name: Arc<str>) -> u32 {
        let number = u32::try_from(self.names.len()).expect("fewer names than u32::MAX");
        self.names.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        number
    }

    pub fn get(&self, number: u32) -> Option<&str> {
        self.names.get(number as usize).map(|name| &**name)
    }

    /// Drops names that a column does not use and renumbers the rest alphabetically, in the column too,
    /// so that the same builds give the same numbers in any order. Values of the column that are not
    /// numbers of names stay. Returns the names with their previous numbers.
    pub fn sort_used(self, column: &mut [u32]) -> Vec<(Arc<str>, u32)> {
        let mut used = vec![false; self.names.len()];
        for &number in &*column {
            if let Some(used) = used.get_mut(number as usize) {
                *used = true;
            }
        }
        let numbered = self.names.into_iter().zip(0_u32..);
        let mut names: Vec<(Arc<str>, u32)> = numbered
            .filter(|&(_, number)| used[number as usize])
            .collect();
        names.sort_unstable();
        let mut renumbered: Vec<u32> = vec![0; used.len()];
        for ((_, number), index) in names.iter().zip(0_u32..) {
            renumbered[*number as usize] = index;
        }
        if renumbered
            .iter()
            .zip(0_u32..)
            .any(|(&after, before)| after != before)
        {
            for number in column {
                *number = renumbered.get(*number as usize).copied().unwrap_or(*number);
            }
        }
        names
    }
}

impl FromIterator<Arc<str>> for Names {
    fn from_iter<I: IntoIterator<Item = Arc<str>>>(names: I) -> Self {
        let mut all = Self::default();
        for name in names {
            all.add(name);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_names_are_numbered_alphabetically() {
        let mut names = Names::default();
        let mut column: Vec<u32> = ["c", "a", "x", "b", "a"]
            .map(|name| names.number(name))
            .into_iter()
            .filter(|&number| number != 2)
            .chain([u32::MAX])
            .collect();
        let renumbered = names.sort_used(&mut column);
        let before = [("a", 1), ("b", 3), ("c", 0)];
        assert_eq!(
            renumbered,
            before.map(|(name, number)| (name.into(), number))
        );
        assert_eq!(column, [2, 0, 1, 0, u32::MAX]);
    }
}
