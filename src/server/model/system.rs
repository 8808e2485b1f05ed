//! The CI system that a build belongs to.

use std::{fmt, sync::Arc};

/// The system of builds that no configuration assigns to another one.
pub const DEFAULT_SYSTEM: &str = "jenkins";
const MAX_LENGTH: usize = 40;

/// The configured name of a CI system; `jenkins` by default.
///
/// It is part of a build's identity, and independent of how the build was received: polled, pushed and
/// imported events of one system and tag are one build.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct System(Option<Arc<str>>);

/// The name of a system is empty, too long, or has other characters.
#[derive(Debug, PartialEq, Eq)]
pub struct InvalidSystem;

impl fmt::Display for InvalidSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the name of a system has 1 to {MAX_LENGTH} lower-case letters, digits, “-”, “.” or “_”, and begins with a letter or digit"
        )
    }
}

impl std::error::Error for InvalidSystem {}

impl System {
    /// # Errors
    /// If the name is invalid.
    pub fn new(name: &str) -> Result<Self, InvalidSystem> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let first = name.bytes().next();
        let valid = name
            .bytes()
            .all(|byte| plain(byte) || b"-._".contains(&byte));
        if !valid || !first.is_some_and(plain) || name.len() > MAX_LENGTH {
            return Err(InvalidSystem);
        }
        Ok(Self((name != DEFAULT_SYSTEM).then(|| name.into())))
    }

    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or(DEFAULT_SYSTEM)
    }

    /// Returns the name of a system other than the default one.
    pub fn other(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_plain() {
        for name in ["jenkins", "sds-jenkins", "github.actions_2", "7"] {
            assert_eq!(System::new(name).as_ref().map(System::as_str), Ok(name));
        }
        for name in ["", "Jenkins", "-a", "a b", "a\u{0}", "ä", &"a".repeat(41)] {
            assert_eq!(System::new(name), Err(InvalidSystem), "{name}");
        }
    }

    #[test]
    fn the_default_system_has_one_form() {
        assert_eq!(System::new(DEFAULT_SYSTEM), Ok(System::default()));
        assert_eq!(System::default().other(), None);
    }
}
