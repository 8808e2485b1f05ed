//! A sentence about a selection for screen readers, after a filter has changed.

use maud::html;

use super::fragment;
use crate::{api::HtmlFragment, markup::visible};

pub fn fragments(summary: &str) -> Vec<HtmlFragment> {
    vec![fragment("", html! { (visible(summary)) })]
}
