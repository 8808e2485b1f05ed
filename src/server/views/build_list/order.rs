//! The orders of a list of builds, the position at which a page begins, and the builds that come first.

use crate::{
    api::View,
    error::AppError,
    server::snapshot::{Snapshot, UNKNOWN_DURATION},
};

/// The multiple of the wanted builds that is held before the late ones are dropped.
const SPARE: usize = 8;

/// The orders of a list; `-` before a name means greatest first.
pub const SORTS: [&str; 6] = [
    "-finished",
    "finished",
    "-started",
    "started",
    "-duration",
    "duration",
];

/// The order of a list, and the position at which a page begins.
pub struct Order {
    by: &'static str,
    descending: bool,
    pub cursor: Option<Cursor>,
}

/// The last build of a page: those after it follow on the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The list does not change any more: later builds are not in it.
    pub as_of_ms: i64,
    /// The value that the list is sorted by.
    pub value: i64,
    /// The store's number of the build.
    pub stored: u32,
}

impl Cursor {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let mut next = || parts.next().filter(|part| part.len() <= 20);
        Some(Self {
            as_of_ms: next()?.parse().ok()?,
            value: next()?.parse().ok()?,
            stored: next()?.parse().ok()?,
        })
    }

    pub fn text(self) -> String {
        format!("{}.{}.{}", self.as_of_ms, self.value, self.stored)
    }
}

impl Order {
    pub fn parse(view: &View) -> Result<Self, AppError> {
        let sort = view.get("sort").unwrap_or(SORTS[0]);
        let known = SORTS.iter().find(|known| **known == sort);
        let known = known.ok_or_else(|| {
            AppError::unknown_value("sort", sort, SORTS.map(str::to_owned).to_vec())
        })?;
        let by = known.trim_start_matches('-');
        let cursor = match view.get("cursor") {
            None => None,
            Some(text) => Some(
                Cursor::parse(text)
                    .ok_or_else(|| AppError::unknown_value("cursor", text, Vec::new()))?,
            ),
        };
        Ok(Self {
            by,
            descending: known.len() > by.len(),
            cursor,
        })
    }

    pub fn value(&self, snapshot: &Snapshot, build: usize) -> i64 {
        let builds = &snapshot.builds;
        match self.by {
            "started" => builds.started_ms[build],
            "duration" => match builds.duration_ms[build] {
                // After all others, whatever the direction.
                UNKNOWN_DURATION if self.descending => -1,
                ms => ms.into(),
            },
            _ => builds.finished_ms[build],
        }
    }

    /// The key of a build: builds are sorted by it.
    pub fn key(&self, value: i64, stored: u32) -> Key {
        if self.descending {
            (-value, u32::MAX - stored)
        } else {
            (value, stored)
        }
    }
}

/// The place of a build in a list: smaller ones come first.
pub type Key = (i64, u32);

/// The first builds of a list, of any number that are offered in any order. Only these are kept: a list can be of
/// millions.
pub struct First {
    most: usize,
    found: Vec<(Key, usize)>,
    /// Those from here on come too late.
    limit: Option<Key>,
}

impl First {
    pub fn new(most: usize) -> Self {
        Self {
            most,
            found: Vec::with_capacity(SPARE * most),
            limit: None,
        }
    }

    #[inline]
    pub fn offer(&mut self, key: Key, build: usize) {
        if self.limit.is_some_and(|limit| key >= limit) {
            return;
        }
        self.found.push((key, build));
        if self.found.len() == SPARE * self.most {
            self.drop_late();
        }
    }

    fn drop_late(&mut self) {
        if self.found.len() > self.most {
            let (_, &mut (limit, _), _) = self.found.select_nth_unstable(self.most);
            self.limit = Some(limit);
            self.found.truncate(self.most);
        }
    }

    /// Returns the builds in order.
    pub fn into_builds(mut self) -> Vec<usize> {
        self.drop_late();
        self.found.sort_unstable();
        self.found.into_iter().map(|(_, build)| build).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn the_first_are_those_of_the_sorted_whole(
            values in vec((0_i64..50, 0_u32..50), 0..400),
            most in 1_usize..20,
        ) {
            let mut first = First::new(most);
            for (build, &key) in values.iter().enumerate() {
                first.offer(key, build);
            }
            let mut whole: Vec<_> = values.iter().copied().zip(0_usize..).collect();
            whole.sort_unstable();
            whole.truncate(most);
            let found = first.into_builds();
            let keys: Vec<_> = found.iter().map(|&build| values[build]).collect();
            let expected: Vec<_> = whole.into_iter().map(|(key, _)| key).collect();
            prop_assert_eq!(keys, expected);
        }
    }
}
