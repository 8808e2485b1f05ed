//! Interned names: the table `strings` and its copy in memory, which only grow.

use std::sync::Arc;

use anyhow::{Context, Result};
use foldhash::HashMap;

use super::{
    engine::{Transaction, Value},
    tables,
};
use crate::server::model::Provenance;

const ROWS_PER_STATEMENT: usize = 256;
/// The greatest id of a name that is believed in a damaged store.
const MAX_DAMAGED: usize = 50_000_000;

/// The texts of names by their ids.
#[derive(Clone, Debug, Default)]
pub struct NameTexts(Vec<Arc<str>>);

impl NameTexts {
    /// Reads all names.
    pub async fn read(transaction: &mut Transaction) -> Result<Self> {
        let sql = "SELECT text FROM strings ORDER BY id";
        let texts: Vec<(String,)> = transaction.all(sql, &[]).await?;
        Ok(Self(texts.into_iter().map(|(text,)| text.into()).collect()))
    }

    /// Returns the names of a damaged store, where some ids may be missing: their texts are empty.
    pub fn with_gaps(names: &std::collections::HashMap<i64, String>) -> Self {
        let ids = names.keys().filter_map(|&id| usize::try_from(id).ok());
        // A damaged id must not take all memory.
        let most = ids.filter(|&id| id <= MAX_DAMAGED).max().unwrap_or(0);
        let text = |id: usize| names.get(&number(id)).map_or("", String::as_str).into();
        Self((1..=most).map(text).collect())
    }

    /// # Errors
    /// If the store refers to a string that it does not hold.
    pub fn text(&self, id: i64) -> Result<&str> {
        let index = usize::try_from(id - 1).ok();
        let text = index.and_then(|index| self.0.get(index));
        text.map(|text| &**text)
            .with_context(|| format!("the store is damaged: it holds no string {id}"))
    }
}

/// The id of a name is its position in the list, from 1.
#[derive(Debug, Default)]
pub struct Names {
    texts: NameTexts,
    ids: HashMap<Arc<str>, i64>,
    provenances: HashMap<Provenance, i64>,
    /// The number of names that are committed to the database.
    committed: usize,
}

impl Names {
    /// Reads new names from the database and drops those of a failed transaction.
    pub async fn reload(&mut self, transaction: &mut Transaction) -> Result<()> {
        for name in self.texts.0.drain(self.committed..) {
            self.ids.remove(&name);
            self.provenances.clear();
        }
        let sql = "SELECT text FROM strings WHERE id > $1 ORDER BY id";
        let committed = number(self.committed).into();
        let new: Vec<(String,)> = transaction.all(sql, &[committed]).await?;
        for (text,) in new {
            self.add(&text);
        }
        self.committed = self.texts.0.len();
        Ok(())
    }

    /// Returns the id of a name; assigns one if it has none.
    pub fn intern(&mut self, text: &str) -> i64 {
        self.ids
            .get(text)
            .copied()
            .unwrap_or_else(|| self.add(text))
    }

    fn add(&mut self, text: &str) -> i64 {
        let text: Arc<str> = text.into();
        self.texts.0.push(Arc::clone(&text));
        let id = number(self.texts.0.len());
        self.ids.insert(text, id);
        id
    }

    /// Returns the id of a provenance; assigns one if it has none. An empty one needs none.
    pub fn intern_provenance(&mut self, provenance: &Provenance) -> Option<i64> {
        if provenance.is_empty() {
            return None;
        }
        // The text is made once for each combination, not for each event.
        Some(match self.provenances.get(provenance) {
            Some(&id) => id,
            None => {
                let id = self.intern(&tables::json(provenance));
                self.provenances.insert(provenance.clone(), id);
                id
            }
        })
    }

    pub const fn texts(&self) -> &NameTexts {
        &self.texts
    }

    /// Writes the new names.
    pub async fn write(&self, transaction: &mut Transaction) -> Result<()> {
        let new = &self.texts.0[self.committed..];
        for (chunk_number, chunk) in new.chunks(ROWS_PER_STATEMENT).enumerate() {
            let first = self.committed + chunk_number * ROWS_PER_STATEMENT + 1;
            let rows = (0..chunk.len()).map(|row| format!("(${}, ${})", row * 2 + 1, row * 2 + 2));
            let rows: Vec<String> = rows.collect();
            let sql = format!("INSERT INTO strings (id, text) VALUES {}", rows.join(", "));
            let values = (first..)
                .zip(chunk)
                .flat_map(|(id, text)| [Value::from(number(id)), Value::from(&**text)]);
            let values: Vec<Value<'_>> = values.collect();
            transaction.execute(&sql, &values).await?;
        }
        Ok(())
    }

    /// Marks all names as committed, after the transaction that wrote them.
    pub fn confirm(&mut self) {
        self.committed = self.texts.0.len();
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).expect("fewer names than i64::MAX")
}
