//! The reading side of a sync: a container's windows, page by page, parsed while the store
//! writes what came before.

use std::sync::Arc;

use azure_data_cosmos::{
    ContainerClient, CosmosError, FeedScope, Query,
    feed::{ContinuationToken, QueryPageIterator},
    options::{FeedOptions, MaxItemCountHint, QueryOptions},
};
use futures::StreamExt as _;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::{sync::mpsc, time::sleep};

use super::{cursor::Window, patience::Patience, query::EventQuery};
use crate::server::{
    model::Event,
    sources::jenkins,
    sources::{fields::Field, rejection::Rejection},
};

pub struct Reader {
    pub container: ContainerClient,
    pub query: Arc<EventQuery>,
    pub windows: Vec<Window>,
    /// Events much later than this are refused.
    pub now: Timestamp,
    pub pieces: mpsc::Sender<Piece>,
}

/// What the reader hands over; of one window after another.
pub enum Piece {
    QueryPage(QueryPage),
    /// All pages of this window were handed over.
    End(Window),
}

#[derive(Default)]
pub struct QueryPage {
    pub events: Vec<Event>,
    pub rejected: Vec<Rejected>,
}

/// A document that is no event.
pub struct Rejected {
    pub id: String,
    pub ts: i64,
    pub rejection: Rejection,
}

impl Reader {
    /// Reads the windows in turn, until one fails or nobody wants more.
    ///
    /// # Errors
    /// What could not be borne any longer.
    pub async fn run(self) -> Result<(), CosmosError> {
        for &window in &self.windows {
            let mut pages = Pages::new(self.query.events(window)?);
            while let Some(documents) = pages.next(&self.container).await? {
                let page = parse(&documents, self.now);
                if self.pieces.send(Piece::QueryPage(page)).await.is_err() {
                    return Ok(());
                }
            }
            if self.pieces.send(Piece::End(window)).await.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// The text of one document. The SDK copies it out of the page once; it is parsed once.
pub type Document = Box<RawValue>;

/// A query's pages, of which one that fails is asked for again.
pub struct Pages {
    query: Query,
    stream: Option<QueryPageIterator<Document>>,
    /// Where to go on after the last page that came.
    token: Option<ContinuationToken>,
    patience: Patience,
}

impl Pages {
    pub fn new(query: Query) -> Self {
        Self {
            query,
            stream: None,
            token: None,
            patience: Patience::default(),
        }
    }

    /// The documents of the next page, which may be none; no page at the end.
    ///
    /// # Errors
    /// What will not pass, or did not within the time that is borne.
    pub async fn next(
        &mut self,
        container: &ContainerClient,
    ) -> Result<Option<Vec<Document>>, CosmosError> {
        loop {
            let error = match self.try_next(container).await {
                Ok(page) => return Ok(page),
                Err(error) => error,
            };
            let Some(wait) = self.patience.after(&error) else {
                return Err(error);
            };
            tracing::debug!(status = %error.status(), ?wait, "a page failed and is tried again");
            sleep(wait).await;
        }
    }

    async fn try_next(
        &mut self,
        container: &ContainerClient,
    ) -> Result<Option<Vec<Document>>, CosmosError> {
        // After a fault a stream is at its end; another one goes on from the last page.
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => open(container, self.query.clone(), self.token.clone()).await?,
        };
        let Some(page) = stream.next().await else {
            return Ok(None);
        };
        let documents = page?.into_items();
        self.token = stream.to_continuation_token().ok();
        self.patience = Patience::default();
        self.stream = Some(stream);
        Ok(Some(documents))
    }
}

/// Asks for a query's pages, or for those after a place in them.
async fn open(
    container: &ContainerClient,
    query: Query,
    token: Option<ContinuationToken>,
) -> Result<QueryPageIterator<Document>, CosmosError> {
    // The service fills its pages up to 4 MB, which bounds what is in memory.
    let mut feed = FeedOptions::default()
        .with_max_item_count(MaxItemCountHint::ServerDecides)
        .with_max_fan_out(u32::MAX);
    if let Some(token) = token {
        feed = feed.with_continuation_token(token);
    }
    let options = QueryOptions::default().with_feed_options(feed);
    let scope = FeedScope::full_container();
    let items = container.query_items(query, scope, Some(options)).await?;
    Ok(items.into_pages())
}

fn parse(documents: &[Document], now: Timestamp) -> QueryPage {
    let mut page = QueryPage {
        events: Vec::with_capacity(documents.len()),
        rejected: Vec::new(),
    };
    for document in documents {
        match jenkins::parse(document.get(), now) {
            Ok(event) => page.events.push(event),
            Err(rejection) => page.rejected.push(rejected(document, rejection)),
        }
    }
    page
}

/// What the service itself gives every document.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Given<'a> {
    #[serde(borrow)]
    id: Field<'a>,
    #[serde(borrow)]
    _ts: Field<'a>,
}

fn rejected(document: &Document, rejection: Rejection) -> Rejected {
    let given: Given<'_> = serde_json::from_str(document.get()).unwrap_or_default();
    Rejected {
        id: given.id.text().ok().flatten().unwrap_or_default(),
        ts: given._ts.number().ok().flatten().unwrap_or_default(),
        rejection,
    }
}
