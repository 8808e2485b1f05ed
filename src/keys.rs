//! Keys of the pages, bound by wasm-bindgen to the module beside this file.

use wasm_bindgen::prelude::wasm_bindgen;

// Makes the compiler track the file, which the macro below reads.
const _: &str = include_str!("keys.js");

#[wasm_bindgen(module = "/src/keys.js")]
extern "C" {
    /// Listens for keys, and lists what the search box finds.
    pub fn start();
}
