//! The reading side of a sync: reads a container's windows page by page and parses them, while the store
//! writes the previous pages.

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

use super::{cursor::Window, query::EventQuery, retry::Retries};
use crate::server::{
    model::{Event, System},
    sources::jenkins,
    sources::{fields::Field, rejection::Rejection},
};

pub struct Reader {
    pub container: ContainerClient,
    pub query: Arc<EventQuery>,
    /// The CI system that writes to the container.
    pub system: System,
    pub windows: Vec<Window>,
    /// Events much later than this are refused.
    pub now: Timestamp,
    pub messages: mpsc::Sender<Message>,
}

/// A message of the reader, for one window after another.
pub enum Message {
    QueryPage(QueryPage),
    /// All pages of this window were sent.
    End(Window),
}

#[derive(Default)]
pub struct QueryPage {
    pub events: Vec<Event>,
    pub rejected: Vec<Rejected>,
}

/// A document that is not an event.
pub struct Rejected {
    pub id: String,
    pub ts: i64,
    pub rejection: Rejection,
}

impl Reader {
    /// Reads the windows in turn, until one fails or the receiver is gone.
    ///
    /// # Errors
    /// The first error that retries did not overcome.
    pub async fn run(self) -> Result<(), CosmosError> {
        for &window in &self.windows {
            let mut pages = QueryPages::new(self.query.events(window)?);
            while let Some(documents) = pages.next(&self.container).await? {
                let page = parse(&documents, &self.system, self.now);
                if self.messages.send(Message::QueryPage(page)).await.is_err() {
                    return Ok(());
                }
            }
            if self.messages.send(Message::End(window)).await.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// The text of one document, copied once from the page and parsed once.
pub type Document = Box<RawValue>;

/// The pages of a query; failed pages are requested again.
pub struct QueryPages {
    query: Query,
    stream: Option<QueryPageIterator<Document>>,
    /// The continuation after the last received page.
    token: Option<ContinuationToken>,
    retries: Retries,
}

impl QueryPages {
    pub fn new(query: Query) -> Self {
        Self {
            query,
            stream: None,
            token: None,
            retries: Retries::default(),
        }
    }

    /// The documents of the next page, possibly none; `None` after the last page.
    ///
    /// # Errors
    /// A permanent error, or one that retries did not overcome.
    pub async fn next(
        &mut self,
        container: &ContainerClient,
    ) -> Result<Option<Vec<Document>>, CosmosError> {
        loop {
            let error = match self.try_next(container).await {
                Ok(page) => return Ok(page),
                Err(error) => error,
            };
            let Some(wait) = self.retries.after(&error) else {
                return Err(error);
            };
            tracing::debug!(status = %error.status(), ?wait, "a page failed; retrying");
            sleep(wait).await;
        }
    }

    async fn try_next(
        &mut self,
        container: &ContainerClient,
    ) -> Result<Option<Vec<Document>>, CosmosError> {
        // An error ends a stream; a new one continues after the last page.
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => open(container, self.query.clone(), self.token.clone()).await?,
        };
        let Some(page) = stream.next().await else {
            return Ok(None);
        };
        let documents = page?.into_items();
        self.token = stream.to_continuation_token().ok();
        self.retries = Retries::default();
        self.stream = Some(stream);
        Ok(Some(documents))
    }
}

/// Opens the pages of a query, from the beginning or a continuation.
async fn open(
    container: &ContainerClient,
    query: Query,
    token: Option<ContinuationToken>,
) -> Result<QueryPageIterator<Document>, CosmosError> {
    // The service fills pages up to 4 MB, which limits memory.
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

fn parse(documents: &[Document], system: &System, now: Timestamp) -> QueryPage {
    let mut page = QueryPage {
        events: Vec::with_capacity(documents.len()),
        rejected: Vec::new(),
    };
    for document in documents {
        match jenkins::parse(document.get(), system, now) {
            Ok(event) => page.events.push(event),
            Err(rejection) => page.rejected.push(rejected(document, rejection)),
        }
    }
    page
}

/// Fields that the service adds to every document.
#[derive(Default, Deserialize)]
#[serde(default)]
struct SystemFields<'a> {
    #[serde(borrow)]
    id: Field<'a>,
    #[serde(borrow)]
    _ts: Field<'a>,
}

/// Describes a document that cannot be used.
pub fn rejected(document: &Document, rejection: Rejection) -> Rejected {
    let given: SystemFields<'_> = serde_json::from_str(document.get()).unwrap_or_default();
    Rejected {
        id: given.id.text().ok().flatten().unwrap_or_default(),
        ts: given._ts.number().ok().flatten().unwrap_or_default(),
        rejection,
    }
}
