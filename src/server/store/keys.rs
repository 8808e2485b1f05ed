//! The names of builds and events in the store, with and without a name from their source.
//!
//! A given name is kept as it is, unless it begins with the mark; a generated one begins with the
//! mark. So neither can be mistaken for the other, and an export can omit generated names.

use std::borrow::Cow;

use crate::server::model::Event;

const MARK: char = '~';
const GIVEN: &str = "~given:";
const MADE: &str = "~made:";

/// Returns the tag of an event's build: its `build_tag`, else one made from `job_name` and `build_id`.
pub fn tag(event: &Event) -> Cow<'_, str> {
    if let Some(tag) = &event.build_tag {
        return keep(tag);
    }
    let (job, number) = (&event.job_name, event.build_id.as_deref().unwrap_or(""));
    // With the length in front, no other job and number can give the same text.
    Cow::Owned(format!("{MADE}{}:{job}#{number}", job.len()))
}

/// Derives a number from a build's tag.
pub fn number(tag: &str) -> i64 {
    let mut hash = Hash::new();
    hash.update(tag.as_bytes());
    let [high, low] = [hash.0 >> 64, hash.0 & u128::from(u64::MAX)];
    // Uses both halves: the low bits of this hash alone depend on few bits of the text.
    ((high ^ low) as u64).cast_signed()
}

/// Returns the event's id within its build: its `id`, else a hash of its content.
pub fn id(event: &Event) -> Cow<'_, str> {
    event.id.as_ref().map_or_else(
        || Cow::Owned(format!("{MADE}{:032x}", content(event))),
        |id| keep(id),
    )
}

/// Returns the name that the source gave; none if it was generated.
pub fn given(stored: &str) -> Option<&str> {
    if stored.starts_with(MADE) {
        return None;
    }
    Some(stored.strip_prefix(GIVEN).unwrap_or(stored))
}

fn keep(name: &str) -> Cow<'_, str> {
    if name.starts_with(MARK) {
        Cow::Owned(format!("{GIVEN}{name}"))
    } else {
        Cow::Borrowed(name)
    }
}

fn content(event: &Event) -> u128 {
    let mut hash = Hash::new();
    hash.text(Some(&event.job_name));
    for text in [
        &event.build_id,
        &event.step,
        &event.branch,
        &event.build_url,
    ] {
        hash.text(text.as_deref());
    }
    hash.number(Some(event.result as i64));
    hash.number(Some(event.stage_ms));
    hash.number(event.received_s);
    hash.number(event.scheduled_ms);
    hash.number(event.duration_ms);
    hash.0
}

/// FNV-1a with 128 bits. It is stored, so it must never change, which the standard library's may.
struct Hash(u128);

impl Hash {
    const fn new() -> Self {
        Self(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }

    fn update(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u128::from(byte)).wrapping_mul((1 << 88) | 0x13b);
        }
    }

    fn text(&mut self, text: Option<&str>) {
        self.number(text.map(|text| i64::try_from(text.len()).unwrap_or(i64::MAX)));
        self.update(text.unwrap_or("").as_bytes());
    }

    fn number(&mut self, number: Option<i64>) {
        self.update(&[u8::from(number.is_some())]);
        self.update(&number.unwrap_or(0).to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::store::test_events::event;

    #[test]
    fn given_names_are_restored_unchanged() {
        for name in ["jenkins-a-1", "", "~", "~made:1:a#1", "~given:x"] {
            assert_eq!(given(&keep(name)), Some(name));
        }
    }

    #[test]
    fn a_generated_tag_collides_with_no_other_build() {
        let mut a = event("1", 1);
        a.build_tag = None;
        a.job_name = "a#1".to_owned();
        a.build_id = Some("2".to_owned());
        let mut b = a.clone();
        b.job_name = "a".to_owned();
        b.build_id = Some("1#2".to_owned());
        let mut c = b.clone();
        c.build_tag = Some(tag(&a).into_owned());
        assert_ne!(tag(&a), tag(&b));
        assert_ne!(tag(&a), tag(&c));
        assert_eq!(given(&tag(&a)), None);
    }

    #[test]
    fn events_without_an_id_are_distinguished_by_content() {
        let mut a = event("1", 1);
        a.id = None;
        let mut b = a.clone();
        assert_eq!(id(&a), id(&b));
        b.step = Some("test".to_owned());
        assert_ne!(id(&a), id(&b));
        b.step = None;
        b.received_s = Some(0);
        assert_ne!(id(&a), id(&b));
    }
}
