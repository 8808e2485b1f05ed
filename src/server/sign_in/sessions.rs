//! Sessions that are accepted. A session is for one dashboard, provider and allow list: whoever may read
//! the dashboard was decided with these.

use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::cookies::Session;

#[derive(Clone, Debug)]
pub struct Sessions {
    audience: String,
    /// Sessions that began earlier are refused.
    not_before: Option<Timestamp>,
    pub duration: Duration,
}

impl Sessions {
    /// `audience` is everything that a session depends on.
    pub fn new(
        audience: &impl Serialize,
        not_before: Option<Timestamp>,
        duration: Duration,
    ) -> Self {
        let audience = serde_json::to_vec(audience).expect("texts and lists are JSON");
        Self {
            audience: BASE64_STANDARD.encode(&Sha256::digest(audience)[..18]),
            not_before,
            duration,
        }
    }

    /// A session that begins now.
    pub fn begin(&self, name: String, subject: String) -> Session {
        let began = Timestamp::now();
        Session {
            name,
            subject,
            began,
            audience: self.audience.clone(),
            until: began + SignedDuration::try_from(self.duration).unwrap_or_default(),
        }
    }

    pub fn accept(&self, session: &Session) -> bool {
        let in_time = self.not_before.is_none_or(|start| start <= session.began);
        in_time && session.audience == self.audience
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_session_is_accepted_only_for_what_it_was_issued_for() {
        let here = Sessions::new(&("https://a.example", ["example.org"]), None, HOUR);
        let session = here.begin("Ada".to_owned(), "7".to_owned());
        assert!(here.accept(&session));
        assert_eq!(session.until, session.began + SignedDuration::from_hours(1));
        for elsewhere in [
            Sessions::new(&("https://b.example", ["example.org"]), None, HOUR),
            Sessions::new(&("https://a.example", ["other.example"]), None, HOUR),
        ] {
            assert!(!elsewhere.accept(&session));
        }
    }

    #[test]
    fn earlier_sessions_can_be_refused() {
        let of = |not_before| Sessions::new(&"here", not_before, HOUR);
        let session = of(None).begin("Ada".to_owned(), "7".to_owned());
        let later = session.began + SignedDuration::from_secs(1);
        assert!(of(Some(session.began)).accept(&session));
        assert!(!of(Some(later)).accept(&session));
    }
}
