//! Settings that the HTTP clients of sources share.

use reqwest::{Url, redirect};

pub const USER_AGENT: &str = concat!("rse-dashboard/", env!("CARGO_PKG_VERSION"));
const MAX_REDIRECTS: usize = 5;

/// Follows redirects that stay at the origin of an address: nothing is sent to another host.
pub fn at_origin_of(base: &Url) -> redirect::Policy {
    let origin = base.origin();
    redirect::Policy::custom(move |attempt| {
        let stays = attempt.url().origin() == origin;
        if stays && attempt.previous().len() <= MAX_REDIRECTS {
            attempt.follow()
        } else {
            attempt.stop()
        }
    })
}
