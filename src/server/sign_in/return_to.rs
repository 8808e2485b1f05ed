//! The page to return to after sign-in, always on this server.

use openidconnect::url::form_urlencoded;

/// Sign-in pages are never returned to.
const SIGN_IN_PATHS: [&str; 3] = ["/sign-in", "/sign-out", "/signed-out"];
/// It travels in a cookie, which browsers limit to 4 kB.
const MAX_LENGTH: usize = 2048;
const FIRST_PAGE: &str = "/";

/// Returns `to` when it is a path of this server, and the first page otherwise.
///
/// Browsers take `//host`, `/\host`, and either with a tab or a line feed in between, for another host;
/// so every character that our own addresses never contain is refused.
pub fn local(to: &str) -> &str {
    let plain = to
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let below_root = to.starts_with('/') && !to.starts_with("//");
    let path = to.split(['?', '#']).next().unwrap_or_default();
    let is_sign_in = SIGN_IN_PATHS
        .iter()
        .any(|own| path == *own || path.starts_with(&format!("{own}/")));
    if plain && below_root && !is_sign_in && to.len() <= MAX_LENGTH {
        to
    } else {
        FIRST_PAGE
    }
}

/// The address that signs in and then returns to `to`.
pub fn sign_in_address(to: &str) -> String {
    let to: String = form_urlencoded::byte_serialize(local(to).as_bytes()).collect();
    format!("/sign-in?to={to}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reqwest::Url;

    use super::*;

    #[test]
    fn pages_with_their_filters_are_local() {
        for to in [
            "/pipelines",
            "/pipelines?project=cmc&days=28",
            "/a/b#c",
            "/",
        ] {
            assert_eq!(local(to), to);
        }
    }

    #[test]
    fn other_targets_return_to_the_first_page() {
        for to in [
            "",
            "pipelines",
            "//elsewhere.example",
            "///elsewhere.example",
            "/\\elsewhere.example",
            "\\\\elsewhere.example",
            "/\t/elsewhere.example",
            "/\n/elsewhere.example",
            " /pipelines",
            "https://elsewhere.example",
            "https:/elsewhere.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "/pipelines\r\nset-cookie: a=b",
            "/pipelines?a=\u{0}",
            "/ä",
            "/sign-in?to=/pipelines",
            "/sign-in/callback?code=1",
            "/sign-out",
            "/signed-out#x",
        ] {
            assert_eq!(local(to), FIRST_PAGE, "{to:?}");
        }
        assert_eq!(local(&format!("/{}", "a".repeat(4096))), FIRST_PAGE);
    }

    proptest! {
        #[test]
        fn no_text_leads_to_another_host(to in r"[/\\a-z:@.\t\n\r %?#;]{0,40}|\PC{0,60}") {
            let here = Url::parse("https://dashboard.example/").expect("an address");
            let there = here.join(local(&to)).expect("a local path");
            prop_assert_eq!(there.origin(), here.origin());
        }

        #[test]
        fn an_address_survives_the_round_trip(path in "/[a-z]{1,10}", value in r"[a-zA-Z0-9%&=+._-]{0,40}") {
            let to = format!("{path}?q={value}");
            prop_assume!(local(&to) == to);
            let address = format!("https://dashboard.example{}", sign_in_address(&to));
            let address = Url::parse(&address).expect("an address");
            let back = address.query_pairs().next().map(|(_, value)| value.into_owned());
            prop_assert_eq!(back, Some(to));
        }
    }
}
