//! Brushing of histograms, bound by wasm-bindgen to the module beside this file.

use wasm_bindgen::prelude::wasm_bindgen;

// Makes the compiler track the file, which the macro below reads.
const _: &str = include_str!("brush.js");

#[wasm_bindgen(module = "/src/brush.js")]
extern "C" {
    /// Listens for drags across histograms, each of which sets the range of the page.
    pub fn start();
}
