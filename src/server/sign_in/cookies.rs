//! Encrypted, authenticated cookies: browsers can neither read nor change them, and each holds its own
//! time limit.

use axum::http::HeaderMap;
use axum_extra::extract::cookie::{Cookie, Key, PrivateCookieJar, SameSite};
use jiff::Timestamp;
use reqwest::Url;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A value stored in a cookie.
pub trait CookieValue: Serialize + DeserializeOwned {
    const NAME: &'static str;

    /// The time at which it expires.
    fn until(&self) -> Timestamp;
}

/// The session of a reader who signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Shown on pages.
    pub name: String,
    /// The provider's identifier of the reader, for the log.
    pub subject: String,
    pub began: Timestamp,
    /// Identifies the configuration that admitted the reader.
    pub audience: String,
    pub until: Timestamp,
}

impl CookieValue for Session {
    const NAME: &'static str = "rse-session";

    fn until(&self) -> Timestamp {
        self.until
    }
}

/// A sign-in in progress: the values that the provider's response is checked against.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    pub state: String,
    pub nonce: String,
    pub verifier: String,
    /// The page to return to afterwards.
    pub to: String,
    pub until: Timestamp,
}

impl CookieValue for Pending {
    const NAME: &'static str = "rse-sign-in";

    fn until(&self) -> Timestamp {
        self.until
    }
}

/// The names, flags and encryption of cookies.
#[derive(Clone, Debug)]
pub struct Cookies {
    key: Key,
    /// The key before this one, whose cookies are still read.
    previous_key: Option<Key>,
    secure: bool,
    path: String,
}

impl Cookies {
    pub fn new(key: Key, previous_key: Option<Key>, public_url: &Url) -> Self {
        let path = public_url.path().trim_end_matches('/');
        Self {
            key,
            previous_key,
            secure: public_url.scheme() == "https",
            path: if path.is_empty() { "/" } else { path }.to_owned(),
        }
    }

    /// Browsers accept such names only with the flags that they stand for, so no other host of the same
    /// domain can plant a cookie.
    fn name<T: CookieValue>(&self) -> String {
        let prefix = match (self.secure, self.path.as_str()) {
            (true, "/") => "__Host-",
            (true, _) => "__Secure-",
            (false, _) => "",
        };
        format!("{prefix}{}", T::NAME)
    }

    fn cookie<T: CookieValue>(&self, value: String) -> Cookie<'static> {
        Cookie::build((self.name::<T>(), value))
            .path(self.path.clone())
            .secure(self.secure)
            .http_only(true)
            // Strict would drop it on the way back from the provider.
            .same_site(SameSite::Lax)
            .build()
    }

    /// Reads a cookie of a request; `None` when this server did not write it or it has expired. The name is
    /// authenticated as well: one kind of cookie cannot stand in for another.
    pub fn read<T: CookieValue>(&self, headers: &HeaderMap) -> Option<T> {
        let mut keys = [Some(&self.key), self.previous_key.as_ref()]
            .into_iter()
            .flatten();
        let cookie = keys.find_map(|key| {
            let jar = PrivateCookieJar::from_headers(headers, key.clone());
            jar.get(&self.name::<T>())
        })?;
        let kept: T = serde_json::from_str(cookie.value()).ok()?;
        (Timestamp::now() < kept.until()).then_some(kept)
    }

    /// An empty set of changes to the browser's cookies.
    pub fn changes(&self) -> Changes<'_> {
        Changes {
            cookies: self,
            jar: PrivateCookieJar::new(self.key.clone()),
        }
    }
}

/// The cookies that a response sets or removes.
pub struct Changes<'a> {
    cookies: &'a Cookies,
    jar: PrivateCookieJar,
}

impl Changes<'_> {
    pub fn set<T: CookieValue>(mut self, kept: &T) -> Self {
        let value = serde_json::to_string(kept).expect("texts and an instant are JSON");
        let mut cookie = self.cookies.cookie::<T>(value);
        let left = kept.until().duration_since(Timestamp::now()).unsigned_abs();
        if let Ok(left) = left.try_into() {
            cookie.set_max_age(Some(left));
        }
        self.jar = self.jar.add(cookie);
        self
    }

    pub fn remove<T: CookieValue>(mut self) -> Self {
        let mut cookie = self.cookies.cookie::<T>(String::new());
        // A jar would write nothing for a cookie that it never held.
        cookie.make_removal();
        self.jar = self.jar.add(cookie);
        self
    }

    pub fn into_jar(self) -> PrivateCookieJar {
        self.jar
    }
}

#[cfg(test)]
mod tests {
    use axum::{
        http::{HeaderValue, header},
        response::IntoResponse as _,
    };
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;

    fn cookies(public_url: &str) -> Cookies {
        let url = Url::parse(public_url).expect("an address");
        Cookies::new(Key::from(&[7; 64]), None, &url)
    }

    fn session(seconds: i64) -> Session {
        Session {
            name: "Ada".to_owned(),
            subject: "7".to_owned(),
            began: Timestamp::now(),
            audience: "here".to_owned(),
            until: Timestamp::now() + SignedDuration::from_secs(seconds),
        }
    }

    fn set(changes: Changes<'_>) -> String {
        let response = changes.into_jar().into_response();
        let value = &response.headers()[header::SET_COOKIE];
        value.to_str().expect("text").to_owned()
    }

    fn cookie_header(pair: &str) -> HeaderMap {
        let value = HeaderValue::from_str(pair).expect("a header");
        HeaderMap::from_iter([(header::COOKIE, value)])
    }

    fn pair(set_cookie: &str) -> &str {
        set_cookie.split(';').next().expect("a pair")
    }

    #[test]
    fn a_cookie_is_read_until_it_expires() {
        let cookies = cookies("https://example.org");
        let written = set(cookies.changes().set(&session(60)));
        let read: Option<Session> = cookies.read(&cookie_header(pair(&written)));
        assert_eq!(read.map(|read| read.name), Some("Ada".to_owned()));
        // Even if the browser keeps it for longer.
        let overdue = set(cookies.changes().set(&session(-1)));
        assert_eq!(
            cookies.read::<Session>(&cookie_header(pair(&overdue))),
            None
        );
    }

    #[test]
    fn names_and_flags_are_as_strict_as_the_address_allows() {
        for (url, name, flags) in [
            (
                "https://example.org",
                "__Host-rse-session=",
                "; Path=/; Secure".to_owned(),
            ),
            (
                "https://example.org/rse/",
                "__Secure-rse-session=",
                "; Path=/rse; Secure".to_owned(),
            ),
            (
                "http://localhost:8050",
                "rse-session=",
                "; Path=/".to_owned(),
            ),
        ] {
            let cookies = cookies(url);
            for written in [
                set(cookies.changes().set(&session(60))),
                set(cookies.changes().remove::<Session>()),
            ] {
                assert!(written.starts_with(name), "{written}");
                for flag in flags.split("; ").chain(["HttpOnly", "SameSite=Lax"]) {
                    assert!(written.contains(flag), "{flag}: {written}");
                }
                assert_eq!(
                    written.contains("Secure;") || written.ends_with("Secure"),
                    url.starts_with("https")
                );
                assert!(!written.contains("Domain"), "{written}");
            }
        }
        let lasting = set(cookies("https://example.org").changes().set(&session(60)));
        assert!(
            lasting.contains("Max-Age=59") || lasting.contains("Max-Age=60"),
            "{lasting}"
        );
        let forgotten = set(cookies("https://example.org").changes().remove::<Session>());
        assert!(forgotten.contains("Max-Age=0"), "{forgotten}");
    }

    #[test]
    fn another_key_or_another_kind_of_cookie_is_not_read() {
        let cookies = cookies("https://example.org");
        let written = set(cookies.changes().set(&session(60)));
        let url = Url::parse("https://example.org").expect("an address");
        let other = Cookies::new(Key::from(&[8; 64]), None, &url);
        assert_eq!(other.read::<Session>(&cookie_header(pair(&written))), None);
        // Until the next key, a cookie with the previous one is read.
        let next = |key| Cookies::new(Key::from(&[9; 64]), Some(Key::from(&[key; 64])), &url);
        assert!(
            next(7)
                .read::<Session>(&cookie_header(pair(&written)))
                .is_some()
        );
        assert_eq!(
            next(8).read::<Session>(&cookie_header(pair(&written))),
            None
        );
        let renewed = set(next(7).changes().set(&session(60)));
        assert_eq!(
            cookies.read::<Session>(&cookie_header(pair(&renewed))),
            None
        );
        let renamed = pair(&written).replace(Session::NAME, Pending::NAME);
        assert_eq!(cookies.read::<Pending>(&cookie_header(&renamed)), None);
        let pending = Pending {
            state: "s".to_owned(),
            nonce: "n".to_owned(),
            verifier: "v".to_owned(),
            to: "/".to_owned(),
            until: session(60).until,
        };
        let written = set(cookies.changes().set(&pending));
        let renamed = pair(&written).replace(Pending::NAME, Session::NAME);
        assert_eq!(cookies.read::<Session>(&cookie_header(&renamed)), None);
        assert_eq!(cookies.read(&cookie_header(pair(&written))), Some(pending));
    }

    #[test]
    fn the_content_is_not_readable_in_the_browser() {
        let written = set(cookies("https://example.org").changes().set(&session(60)));
        assert!(
            !written.contains("Ada") && !written.contains("until"),
            "{written}"
        );
    }

    proptest! {
        #[test]
        fn a_changed_cookie_is_never_accepted(at in 0usize..1000, with in 0usize..64) {
            const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            let cookies = cookies("https://example.org");
            let written = set(cookies.changes().set(&session(60)));
            let (name, value) = pair(&written).split_once('=').expect("a pair");
            // The value is percent-encoded base64; its last digits hold bits without a meaning.
            let value = value.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
            let mut bytes = value.trim_end_matches('=').as_bytes().to_vec();
            let at = at % (bytes.len() - 1);
            prop_assume!(bytes[at] != DIGITS[with]);
            bytes[at] = DIGITS[with];
            let padding = "=".repeat((4 - bytes.len() % 4) % 4);
            let changed = String::from_utf8(bytes).expect("base64");
            let changed = format!("{name}={changed}{padding}");
            prop_assert_eq!(cookies.read::<Session>(&cookie_header(&changed)), None);
        }
    }
}
