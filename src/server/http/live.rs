//! `GET /api/live`: server-sent events that tell open pages which data is current.
//!
//! Every event holds the whole state, so a page that missed some is up to date after the next one.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::State,
    http::{Uri, header},
    response::{IntoResponse as _, Response, Sse, sse::Event},
};
use futures::{Stream, StreamExt as _};
use serde::Serialize;
use tokio_stream::wrappers::{IntervalStream, WatchStream};

use super::{Settings, api, client::Client, client_quota::ClientQuota, queue};
use crate::{api::Live, server::state::AppState};

/// The state is repeated at this interval: pages reconnect when they hear nothing for longer, and proxies
/// do not close the connection as idle.
const HEARTBEAT: Duration = Duration::from_secs(15);

pub async fn live(
    State(state): State<AppState>,
    State(streams): State<ClientQuota>,
    State(settings): State<Arc<Settings>>,
    Extension(client): Extension<Client>,
    uri: Uri,
) -> Response {
    if let Err(error) = api::no_parameters(&uri) {
        return error.into_response();
    }
    let max = settings.limits.event_streams_per_client();
    let Some(permit) = streams.take(client.address, max) else {
        return queue::busy();
    };
    let events = events(&state).inspect(move |_| {
        // The stream holds its permit until it is dropped.
        let _ = &permit;
    });
    ([(header::CACHE_CONTROL, "no-store")], Sse::new(events)).into_response()
}

fn events(state: &AppState) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    let live_state = state.live();
    let heartbeats = {
        let live_state = live_state.clone();
        let mut ticks = tokio::time::interval(HEARTBEAT);
        ticks.reset();
        IntervalStream::new(ticks).map(move |_| live_state.borrow().clone())
    };
    let states = futures::stream::select(WatchStream::new(live_state), heartbeats);
    let app = state.clone();
    let open = state.metrics().requests.open_stream();
    states
        .take_while(|live| std::future::ready(live.is_some()))
        .filter_map(move |live| {
            // The stream counts as open until it is dropped.
            let _open = &open;
            std::future::ready(live.map(|live| Ok(event(&live, app.needs_attention()))))
        })
}

fn event(live: &Live, attention: bool) -> Event {
    #[derive(Serialize)]
    struct LiveState<'a> {
        #[serde(flatten)]
        live: &'a Live,
        /// Pages of another build reload: the endpoints they use may have changed.
        build: &'static str,
        /// Something needs attention.
        attention: bool,
    }
    let live_state = LiveState {
        live,
        build: env!("BUILD_ID"),
        attention,
    };
    let text = serde_json::to_string(&live_state).expect("texts and a number are JSON");
    Event::default().event("live").data(text)
}
