//! The page's Trusted Types policy, bound by wasm-bindgen to the module beside this file.

use wasm_bindgen::prelude::wasm_bindgen;

// Makes the compiler track the file, which the macro below reads.
const _: &str = include_str!("trusted_types.js");

#[wasm_bindgen(module = "/src/trusted_types.js")]
extern "C" {
    /// Lets scripts set HTML from text, but not code. Called once, before anything sets HTML.
    pub fn allow_html();
}
