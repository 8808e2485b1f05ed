//! RSE dashboard: which pipelines fail, where, since when and why; and how exposed the code is.
//!
//! `ARCHITECTURE.md` explains how the parts work together.

// Views are types as deep as the page.
#![recursion_limit = "256"]

pub mod api;
pub mod app;
pub mod base;
pub mod brush;
pub mod components;
pub mod error;
pub mod json;
pub mod keys;
pub mod live;
mod markup;
mod numbers;
pub mod pages;
pub mod places;
pub mod plotly;
pub mod selection;
#[cfg(feature = "ssr")]
pub mod server;
pub mod trusted_types;

/// Hydrates the server's HTML.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    trusted_types::allow_html();
    api::ask_below_base();
    brush::start();
    keys::start();
    places::start();
    leptos::mount::hydrate_body(app::App);
}
