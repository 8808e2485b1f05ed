//! The names of builds and events in the store, with and without a name from their source.
//!
//! A given name is kept as it is, unless it begins with the mark; a generated one begins with the
//! mark. So neither can be mistaken for the other, and an export can omit generated names.

use std::borrow::Cow;

use anyhow::{Context as _, Result};

use crate::server::model::{Event, System};

const MARK: char = '~';
const GIVEN: &str = "~given:";
const MADE: &str = "~made:";
const SYSTEM: &str = "~system:";

/// The identity of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildKey<'a> {
    pub system: System,
    /// None if the source gave none; then the job's name and the build's number stand for it.
    pub tag: Option<&'a str>,
}

/// Returns the stored tag of an event's build, which names its system unless that is the default one.
pub fn tag(event: &Event) -> Cow<'_, str> {
    let number = event.build_id.as_deref().unwrap_or("");
    let tag = event.build_tag.as_deref();
    in_system(&event.system, tag_in_system(tag, &event.job_name, number))
}

/// Returns the stored tag of a build that its source gave this tag.
pub fn of_tag<'a>(system: &System, tag: &'a str) -> Cow<'a, str> {
    in_system(system, keep(tag))
}

/// Returns the stored tag of a build that its source gave none.
pub fn of_number(system: &System, job: &str, number: &str) -> String {
    in_system(system, tag_in_system(None, job, number)).into_owned()
}

fn in_system<'a>(system: &System, tag: Cow<'a, str>) -> Cow<'a, str> {
    match system.other() {
        None => tag,
        Some(system) => Cow::Owned(format!("{SYSTEM}{system}:{tag}")),
    }
}

/// Returns the identity of a build from its stored tag.
///
/// # Errors
/// If the store is damaged.
pub fn build(stored: &str) -> Result<BuildKey<'_>> {
    let Some(named) = stored.strip_prefix(SYSTEM) else {
        return Ok(BuildKey {
            system: System::default(),
            tag: given(stored),
        });
    };
    let (system, tag) = named
        .split_once(':')
        .with_context(|| format!("the store is damaged: it holds a build “{stored}”"))?;
    Ok(BuildKey {
        system: System::new(system)?,
        tag: given(tag),
    })
}

/// Returns the tag that the source gave, else one made from the job's name and the build's number.
fn tag_in_system<'a>(tag: Option<&'a str>, job: &str, number: &str) -> Cow<'a, str> {
    if let Some(tag) = tag {
        return keep(tag);
    }
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
    use crate::server::{model::BuildResult, store::test_events::event};

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
    fn equal_tags_of_two_systems_are_two_builds() {
        let jenkins = event("1", 1);
        let mut other = jenkins.clone();
        other.system = System::new("sds").expect("a name");
        assert_eq!(tag(&jenkins), "jenkins-job-1");
        assert_eq!(tag(&other), "~system:sds:jenkins-job-1");
        for mut event in [jenkins, other] {
            for build_tag in [Some("~system:x:y"), Some("~made:1:a#1"), Some("a"), None] {
                event.build_tag = build_tag.map(str::to_owned);
                let stored = tag(&event);
                let key = build(&stored).expect("a build");
                assert_eq!(key.system, event.system);
                assert_eq!(key.tag, build_tag);
            }
        }
        assert!(build("~system:sds").is_err() && build("~system:A:b").is_err());
    }

    #[test]
    fn a_detail_changes_the_identity_of_no_event() {
        let mut plain = event("1", 1);
        plain.id = None;
        let mut detailed = plain.clone();
        detailed.git_commit = Some("c0ffee".to_owned());
        detailed.codebase.product = Some("cmc".to_owned());
        detailed.step_duration_ms = Some(1);
        assert_eq!(id(&plain), id(&detailed));
        assert_eq!(tag(&plain), tag(&detailed));
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

    /// Computed by another program: stores hold these numbers, so they must never change.
    #[test]
    fn numbers_and_hashes_are_those_of_fnv_1a_with_128_bits() {
        for (tag, expected) in [
            ("", 1_070_174_851_063_268_559),
            (
                "jenkins-HMCTS_CMC-claim-store-master-7",
                -2_339_348_276_568_942_214,
            ),
            ("ä", 5_917_976_819_401_494_083),
        ] {
            assert_eq!(number(tag), expected, "{tag}");
        }
        let event = Event {
            id: None,
            job_name: "HMCTS_CMC/ä".to_owned(),
            build_id: Some("7".to_owned()),
            result: BuildResult::Failure,
            step: Some("test".to_owned()),
            branch: None,
            scheduled_ms: Some(5),
            duration_ms: Some(-1),
            ..event("1", 1_571_961_600_000)
        };
        assert_eq!(id(&event), "~made:8633bebc7e02a97cd26ac2ca380a1f79");
    }
}
