//! A chart: an empty element that is the same on server and client and that plotly.js owns.

use std::sync::Arc;

use leptos::{html::Div, prelude::*};
use serde_json::value::RawValue;

use crate::plotly;

/// Heights come as classes in such steps, because the page's policy allows no style attributes.
const STEP: u16 = 20;

/// What there is to draw.
#[derive(Clone)]
pub struct Drawing {
    /// `{data, layout}`.
    pub plot: Arc<RawValue>,
    /// The filter that it is of; the reader's zoom is of it, too, whatever the data are.
    pub view: String,
}

#[component]
pub fn Chart(
    /// Of the element.
    id: String,
    /// The id of the element that says what the chart shows.
    described_by: String,
    /// CSS pixels.
    height: u16,
    /// None while there is nothing to draw.
    drawing: Signal<Option<Drawing>>,
) -> impl IntoView {
    let element = NodeRef::<Div>::new();
    let chart = RwSignal::new(None);
    Effect::new(move |_| {
        if let Some(element) = element.get() {
            chart.set(Some(plotly::mount(&element)));
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
            // Not an image: its buttons and handles can be reached.
            role="figure"
            aria-labelledby=described_by
        ></div>
    }
}
