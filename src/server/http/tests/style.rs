//! The style guide.

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
