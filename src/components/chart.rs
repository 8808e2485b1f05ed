//! A chart: an empty element, rendered equally by server and client, that plotly.js owns.

use std::sync::Arc;

use leptos::{html::Div, prelude::*};
use serde_json::value::RawValue;

use crate::plotly;

/// The step of the height classes. The Content-Security-Policy forbids style attributes.
const STEP: u16 = 20;

/// A plot to draw.
#[derive(Clone)]
pub struct Drawing {
    /// `{data, layout}`.
    pub plot: Arc<RawValue>,
    /// The filter. The reader's zoom is kept while it stays the same.
    pub view: String,
}

#[component]
pub fn Chart(
    /// The id of the element.
    id: String,
    /// The id of the element that describes the chart.
    described_by: String,
    /// The height in CSS pixels.
    height: u16,
    /// The base path of the pages that clicks on marks open.
    base: String,
    /// None while there is nothing to draw.
    drawing: Signal<Option<Drawing>>,
) -> impl IntoView {
    let element = NodeRef::<Div>::new();
    let chart = RwSignal::new(None);
    Effect::new(move |_| {
        if let Some(element) = element.get() {
            chart.set(Some(plotly::mount(&element, &base)));
        }
    });
    Effect::new(move |_| match (chart.get(), drawing.get()) {
        (Some(chart), Some(Drawing { plot, view })) => plotly::react(chart, plot.get(), &view),
        (Some(chart), None) => plotly::clear(chart),
        (None, _) => {}
    });
    on_cleanup(move || {
        if let Some(chart) = chart.get_untracked() {
            plotly::purge(chart);
        }
    });
    let height = height.div_ceil(STEP) * STEP;
    view! {
        <div
            node_ref=element
            id=id
            class=format!("chart chart-{height}")
            // Not an image: arrow keys walk over its marks.
            role="figure"
            tabindex="0"
            aria-labelledby=described_by
        ></div>
    }
}
