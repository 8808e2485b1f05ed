//! Live updates: the current state of the data, from an event stream that `live.js` holds open.
//!
//! A page starts with the state that its document was rendered from. Readers of [`LiveState`] reload when
//! the server sends another one. On the server it never changes.

use leptos::prelude::*;
use wasm_bindgen::prelude::{Closure, JsValue, wasm_bindgen};

use crate::api::Live;

// Makes the compiler track the file, which the macro below reads.
const _: &str = include_str!("live.js");

#[wasm_bindgen(module = "/src/live.js")]
extern "C" {
    /// Calls `told` with each version and ledger that the server sends.
    fn listen(told: JsValue);
}

/// The latest state that the server sent.
#[derive(Clone, Copy)]
pub struct LiveState {
    live: RwSignal<Live>,
    version: Memo<String>,
    heard: RwSignal<()>,
}

impl LiveState {
    /// Starts with the state of the document, and listens after hydration.
    pub fn since(live: Live) -> Self {
        let live = RwSignal::new(live);
        let heard = RwSignal::new(());
        Effect::new(move |_| {
            let told = move |version, ledger: f64| {
                // Small enough to be exact in a float.
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

    /// The data version, without the state of the sources.
    pub fn data(self) -> Live {
        Live {
            version: self.version(),
            ..Live::default()
        }
    }

    /// The data version and the state of the sources.
    pub fn live(self) -> Live {
        self.live.get()
    }

    /// Subscribes the caller to the server's messages, which arrive every few seconds.
    pub fn heard(self) {
        self.heard.track();
    }
}

/// The latest state that the app received.
///
/// # Panics
/// Outside the app, which provides the context.
pub fn use_told() -> LiveState {
    expect_context()
}
