//! Which data there are now, as the server tells open pages; bound by wasm-bindgen to the module
//! beside this file, which holds the connection.
//!
//! A page is made from the data that its document was made from; whatever reads [`LiveState`] loads
//! again once the server tells of others. On the server nothing is ever told.

use leptos::prelude::*;
use wasm_bindgen::prelude::{Closure, JsValue, wasm_bindgen};

use crate::api::Live;

// The macro below does not tell the compiler that it reads the file; this does.
const _: &str = include_str!("live.js");

#[wasm_bindgen(module = "/src/live.js")]
extern "C" {
    /// Calls `told` with the version and the ledger, every time that the server tells them.
    fn listen(told: JsValue);
}

/// What was told last.
#[derive(Clone, Copy)]
pub struct LiveState {
    live: RwSignal<Live>,
    version: Memo<String>,
    heard: RwSignal<()>,
}

impl LiveState {
    /// Begins with what the document was made from, and listens once the page is alive.
    pub fn since(live: Live) -> Self {
        let live = RwSignal::new(live);
        let heard = RwSignal::new(());
        Effect::new(move |_| {
            let told = move |version, ledger: f64| {
                // Far below what a float holds exactly.
                let ledger = ledger as i64;
                let told = Live { version, ledger };
                if live.with_untracked(|live| *live != told) {
                    live.set(told);
                }
                heard.set(());
            };
            listen(Closure::<dyn FnMut(String, f64)>::new(told).into_js_value());
        });
        Self {
            live,
            version: Memo::new(move |_| live.with(|live| live.version.clone())),
            heard,
        }
    }

    /// The data version.
    pub fn version(self) -> String {
        self.version.get()
    }

    /// The data alone, whatever the sources do.
    pub fn data(self) -> Live {
        Live {
            version: self.version(),
            ..Live::default()
        }
    }

    /// The data version and how the sources are.
    pub fn live(self) -> Live {
        self.live.get()
    }

    /// Changes whenever the server was heard, which it is every few seconds.
    pub fn heard(self) {
        self.heard.track();
    }
}

/// What the app was told last.
///
/// # Panics
/// Outside the app, which provides it.
pub fn use_told() -> LiveState {
    expect_context()
}
