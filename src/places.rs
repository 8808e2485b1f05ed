//! Places on pages that a reader goes back to, bound by wasm-bindgen to the module beside this file.

use wasm_bindgen::prelude::wasm_bindgen;

// Makes the compiler track the file, which the macro below reads.
const _: &str = include_str!("places.js");

#[wasm_bindgen(module = "/src/places.js")]
extern "C" {
    /// Keeps the places of pages in the history, opens folded lists that addresses name, and shows the current page in the
    /// navigation.
    pub fn start();
}
