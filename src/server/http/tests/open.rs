//! A dashboard that everyone who can reach the server can read.

use super::{get, ledger, loaded};
use crate::server::http::{Settings, router};

/// A router for everyone, or for this machine only.
fn served(open: bool) -> axum::Router {
    let state = loaded();
    state.swap_ledger(ledger(1));
    let settings = Settings {
        open,
        ..Settings::default()
    };
    router(state, settings)
}

#[tokio::test]
async fn every_page_says_that_it_is_open() {
    let said = "Open to everyone who can reach this server";
    for open in [true, false] {
        let router = served(open);
        for uri in [
            "/pipelines",
            "/security",
            "/sources",
            "/disclaimer",
            "/figures/build_status",
            "/elsewhere",
        ] {
            let page = get(&router, uri).await;
            assert_eq!(page.text().contains(said), open, "{uri}");
        }
    }
}

#[tokio::test]
async fn everyone_learns_the_cause_of_a_failure_and_readers_its_reason() {
    for open in [true, false] {
        let router = served(open);
        for (uri, reasons) in [
            ("/api/freshness", 1),
            ("/api/coverage", 1),
            ("/api/fragments?of=freshness", 1),
            ("/api/fragments?of=sources", 2),
            ("/security", 1),
            ("/sources", 2),
        ] {
            let page = get(&router, uri).await;
            let reasons_of_ledger = ["he token is not valid", "no</b>", "no&lt;/b"];
            let held = reasons_of_ledger
                .iter()
                .filter(|reason| page.text().contains(**reason));
            let held = held.count();
            assert!(
                if open { held == 0 } else { held >= reasons },
                "{uri}: {held}"
            );
            let cause = page.text().contains("he source refuses access");
            assert_eq!(cause, open && uri != "/api/coverage", "{uri}");
        }
    }
}
