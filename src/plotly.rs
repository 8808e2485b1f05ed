//! plotly.js, bound by wasm-bindgen to the module beside this file.
//!
//! A chart is an element that JavaScript owns between [`mount`] and [`purge`]. The functions are called
//! in effects, which run only in the browser.

use leptos::web_sys::Element;
use wasm_bindgen::prelude::wasm_bindgen;

// Makes the compiler track the file, which the macro below reads.
const _: &str = include_str!("plotly.js");

#[wasm_bindgen(module = "/src/plotly.js")]
extern "C" {
    /// Registers an empty element as a chart and returns the chart's number. `base` is the base path of the
    /// pages that clicks on marks open.
    pub fn mount(element: &Element, base: &str) -> u32;
    /// Draws `{data, layout}` once the element is near the viewport. The reader's zoom and hidden traces
    /// are kept while `view` stays the same.
    pub fn react(chart: u32, plot: &str, view: &str);
    /// Removes the drawing; the element stays mounted.
    pub fn clear(chart: u32);
    /// Removes the drawing and unregisters the element.
    pub fn purge(chart: u32);
}
