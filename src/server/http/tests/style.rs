//! The style guide, and an organisation's colours.

use axum::http::StatusCode;

use super::{get, loaded};
use crate::server::http::{Settings, router};

#[tokio::test]
async fn the_style_guide_is_there_only_if_it_is_wanted() {
    for style_page in [true, false] {
        let settings = Settings {
            style_page,
            ..Settings::default()
        };
        let page = get(&router(loaded(), settings), "/style").await;
        let expected = if style_page {
            StatusCode::OK
        } else {
            StatusCode::NOT_FOUND
        };
        assert_eq!(page.status, expected);
        assert_eq!(page.text().contains("class=\"specimen\""), style_page);
        if style_page {
            assert!(
                page.header("content-security-policy")
                    .starts_with("default-src 'none'")
            );
            assert!(!page.text().contains("<script") && !page.text().contains("style=\""));
        }
    }
}

#[tokio::test]
async fn an_organisations_colours_follow_the_style_of_every_page() {
    let settings = Settings {
        style_page: true,
        theme: Some(":root { --link: #00703c; }".to_owned()),
        ..Settings::default()
    };
    let themed = router(loaded(), settings);
    for uri in ["/pipelines", "/nowhere", "/style"] {
        let page = get(&themed, uri).await;
        let (_, link) = page.text().split_once("href=\"/theme.css?").expect(uri);
        let (hash, _) = link.split_once('"').expect("the end of the address");
        let css = get(&themed, &format!("/theme.css?{hash}")).await;
        assert_eq!(css.text(), ":root { --link: #00703c; }");
        assert_eq!(css.header("content-type"), "text/css; charset=utf-8");
        assert!(css.header("cache-control").contains("immutable"));
        let (before, _) = page.text().split_once("/theme.css").expect(uri);
        assert!(
            before.contains("/pkg/"),
            "{uri}: the style of pages comes first"
        );
    }
    let plain = router(loaded(), Settings::default());
    assert!(!get(&plain, "/pipelines").await.text().contains("theme.css"));
    assert_eq!(
        get(&plain, "/theme.css").await.status,
        StatusCode::NOT_FOUND
    );
}
