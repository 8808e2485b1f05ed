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

/// The events of the batch's builds, sorted by build and id; [`Origin::Offered`] ones must be written.
#[derive(Debug, Default)]
pub struct Merged<'a> {
    pub entries: Vec<Entry<'a>>,
    pub counts: Ingested,
}

/// Keeps one version of each event.
pub fn merge(entries: Vec<Entry<'_>>) -> Merged<'_> {
    // The sort is stable, so that offered versions of an event stay in order of arrival. Indices are
    // sorted, because entries are large.
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by(|&a, &b| {
        let (a, b) = (&entries[a], &entries[b]);
        a.build
            .cmp(&b.build)
            .then_with(|| a.row.id.cmp(&b.row.id))
            .then_with(|| a.origin.cmp(&b.origin))
    });
    let mut entries: Vec<Option<Entry<'_>>> = entries.into_iter().map(Some).collect();
    let mut merged = Merged::default();
    for entry in order.into_iter().filter_map(|index| entries[index].take()) {
        let known = merged.entries.last_mut();
        let same =
            |known: &&mut Entry<'_>| known.build == entry.build && known.row.id == entry.row.id;
        match known.filter(same) {
            Some(known) if entry.row.by_version(&known.row) == Ordering::Greater => {
                merged.counts.replaced += 1;
                *known = entry;
            }
            Some(_) => merged.counts.unchanged += 1,
            None => {
                merged.counts.new += u64::from(entry.origin == Origin::Offered);
                merged.entries.push(entry);
            }
        }
    }
    merged
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
        assert_eq!(forwards.entries[0].row, Row::new(&new));
        assert_eq!(forwards.entries[0].origin, Origin::Offered);
        assert_eq!((forwards.counts.new, forwards.counts.replaced), (0, 1));

        let backwards = merge(vec![
            entry(&new, Origin::Stored),
            entry(&old, Origin::Offered),
            entry(&new, Origin::Offered),
        ]);
        assert_eq!(backwards.entries.len(), 1);
        assert_eq!(backwards.entries[0].origin, Origin::Stored);
        assert_eq!(backwards.counts.unchanged, 2);
    }
}
