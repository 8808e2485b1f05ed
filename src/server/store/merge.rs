//! Merges incoming events with the stored ones. Pure: the same events, in any order and in any
//! batches, give the same rows.

use std::cmp::Ordering;

use super::{Ingested, row::Row};

/// An event and the number of its build in the batch.
#[derive(Debug)]
pub struct Entry<'a> {
    pub build: usize,
    pub origin: Origin,
    pub row: Row<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    Stored,
    Offered,
}

/// The events of the batch's builds; [`Origin::Offered`] ones must be written.
#[derive(Debug, Default)]
pub struct Merged<'a> {
    entries: Vec<Entry<'a>>,
    /// Indices of the kept entries, sorted by build and id. Entries are large and stay where they are.
    kept: Vec<usize>,
    pub counts: Ingested,
}

impl<'a> Merged<'a> {
    /// Returns the kept version of each event, sorted by build and id.
    pub fn kept(&self) -> impl ExactSizeIterator<Item = &Entry<'a>> {
        self.kept.iter().map(|&index| &self.entries[index])
    }
}

/// Keeps one version of each event.
pub fn merge(mut entries: Vec<Entry<'_>>) -> Merged<'_> {
    // The sort is stable, so that offered versions of an event stay in order of arrival.
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by(|&a, &b| {
        let (a, b) = (&entries[a], &entries[b]);
        a.build
            .cmp(&b.build)
            .then_with(|| a.row.id.cmp(&b.row.id))
            .then_with(|| a.origin.cmp(&b.origin))
    });
    let mut counts = Ingested::default();
    let mut kept: Vec<usize> = Vec::with_capacity(order.len());
    for index in order {
        let same = |known: &usize| {
            let (known, entry) = (&entries[*known], &entries[index]);
            known.build == entry.build && known.row.id == entry.row.id
        };
        match kept.last().copied().filter(same) {
            Some(known) => {
                let replaced = match entries[index].row.by_version(&entries[known].row) {
                    Ordering::Greater => {
                        entries.swap(known, index);
                        true
                    }
                    Ordering::Equal => {
                        let details = entries[index].row.details.clone();
                        entries[known].row.details.join(details)
                    }
                    Ordering::Less => false,
                };
                if replaced {
                    entries[known].origin = Origin::Offered;
                    counts.replaced += 1;
                } else {
                    counts.unchanged += 1;
                }
            }
            None => {
                counts.new += u64::from(entries[index].origin == Origin::Offered);
                kept.push(index);
            }
        }
    }
    Merged {
        entries,
        kept,
        counts,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::store::test_events::event;

    #[test]
    fn the_greater_version_of_an_event_is_kept_in_any_order() {
        let mut old = event("a", 5);
        old.received_s = Some(1);
        let mut new = event("a", 4);
        new.received_s = Some(2);
        let entry = |event, origin| Entry {
            build: 0,
            origin,
            row: Row::new(event),
        };
        let forwards = merge(vec![
            entry(&old, Origin::Stored),
            entry(&new, Origin::Offered),
        ]);
        let kept: Vec<_> = forwards.kept().collect();
        assert_eq!(kept[0].row, Row::new(&new));
        assert_eq!(kept[0].origin, Origin::Offered);
        assert_eq!((forwards.counts.new, forwards.counts.replaced), (0, 1));

        let backwards = merge(vec![
            entry(&new, Origin::Stored),
            entry(&old, Origin::Offered),
            entry(&new, Origin::Offered),
        ]);
        let kept: Vec<_> = backwards.kept().collect();
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].origin, Origin::Stored);
        assert_eq!(backwards.counts.unchanged, 2);
    }

    #[test]
    fn events_of_other_builds_and_with_other_ids_are_new() {
        let (a, b) = (event("a", 1), event("b", 2));
        let entry = |build, event, origin| Entry {
            build,
            origin,
            row: Row::new(event),
        };
        let merged = merge(vec![
            entry(1, &a, Origin::Offered),
            entry(0, &b, Origin::Offered),
            entry(0, &a, Origin::Stored),
        ]);
        let kept: Vec<_> = merged
            .kept()
            .map(|entry| (entry.build, &*entry.row.id))
            .collect();
        assert_eq!(kept, [(0, "a"), (0, "b"), (1, "a")]);
        assert_eq!((merged.counts.new, merged.counts.unchanged), (2, 0));
    }

    #[test]
    fn a_version_with_more_details_completes_the_stored_one() {
        let stored = event("a", 1);
        let mut offered = stored.clone();
        offered.git_commit = Some("c0ffee".to_owned());
        let mut other = stored.clone();
        other.codebase.product = Some("cmc".to_owned());
        let entry = |event, origin| Entry {
            build: 0,
            origin,
            row: Row::new(event),
        };
        let merged = merge(vec![
            entry(&stored, Origin::Stored),
            entry(&offered, Origin::Offered),
            entry(&stored, Origin::Offered),
            entry(&other, Origin::Offered),
        ]);
        let kept: Vec<_> = merged.kept().collect();
        let [kept] = kept[..] else {
            panic!("one event");
        };
        assert_eq!(kept.origin, Origin::Offered);
        assert_eq!(kept.row.details.git_commit.as_deref(), Some("c0ffee"));
        let product = kept.row.details.codebase.product.as_deref();
        assert_eq!(product, Some("cmc"));
        assert_eq!((merged.counts.replaced, merged.counts.unchanged), (2, 1));
    }

    #[test]
    fn of_equal_versions_the_stored_one_is_kept() {
        let event = event("a", 1);
        let entry = |origin| Entry {
            build: 0,
            origin,
            row: Row::new(&event),
        };
        let merged = merge(vec![entry(Origin::Offered), entry(Origin::Stored)]);
        let kept: Vec<_> = merged.kept().collect();
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].origin, Origin::Stored);
        assert_eq!((merged.counts.new, merged.counts.unchanged), (0, 1));
    }
}
