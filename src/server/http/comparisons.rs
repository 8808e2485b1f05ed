//! Differences and comparisons of builds as JSON.

use axum::{
    Extension,
    extract::{Request, State},
    response::Response,
};

use super::{
    api::{self, Refusal},
    builds::json,
    queue::Turn,
};
use crate::{
    selection::{Pair, Selection},
    server::state::AppState,
};

/// `GET /api/compare?a.KEY=…&b.KEY=…`
pub async fn compare(
    State(state): State<AppState>,
    Extension(turn): Extension<Turn>,
    request: Request,
) -> Result<Response, Refusal> {
    let pair = Pair::parse(request.uri().query().unwrap_or_default())?;
    let permit = turn.wait().await.ok_or(Refusal::Busy)?;
    let read = async move { state.comparison(pair).await };
    json(&api::complete(permit, read).await?, request.headers())
}

/// `GET /api/difference?SELECTION`, `GET /api/difference?a.KEY=…&b.KEY=…`
pub async fn difference(
    State(state): State<AppState>,
    Extension(turn): Extension<Turn>,
    request: Request,
) -> Result<Response, Refusal> {
    let query = request.uri().query().unwrap_or_default();
    let pair = Pair::parse(query)?;
    let selection = (!Pair::is_given(query)).then(|| Selection::read(query));
    let permit = turn.wait().await.ok_or(Refusal::Busy)?;
    let read = async move {
        match selection {
            Some(selection) => state.difference(&selection).await,
            None => state.difference_of(pair).await,
        }
    };
    json(&api::complete(permit, read).await?, request.headers())
}
