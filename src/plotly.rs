//! plotly.js, bound by wasm-bindgen to the module beside this file.
//!
//! A chart is an element that JavaScript owns between [`mount`] and [`purge`]. On the server the
//! functions exist but are never called: they stand in effects, which only run in the browser.

use leptos::web_sys::Element;
use wasm_bindgen::prelude::wasm_bindgen;

// The macro below does not tell the compiler that it reads the file; this does.
const _: &str = include_str!("plotly.js");

#[wasm_bindgen(module = "/src/plotly.js")]
extern "C" {
    /// Takes an empty element for a chart, and returns the chart's number.
    pub fn mount(element: &Element) -> u32;
    /// Draws `{data, layout}`, once the element is near what is visible; again if that changes.
    /// What the reader zoomed or switched off stays for as long as it is of the same `view`.
    pub fn react(chart: u32, plot: &str, view: &str);
    /// Takes the drawing away; the element stays mounted.
    pub fn clear(chart: u32);
    /// Takes the drawing away and forgets the element.
    pub fn purge(chart: u32);
}
