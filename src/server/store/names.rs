//! Interned names: the table `strings` and its copy in memory, which only grow.

use std::sync::Arc;

use anyhow::{Context, Result};
use foldhash::HashMap;

use super::{
    engine::{Transaction, Value},
    tables,
};
use crate::server::model::{Codebase, Provenance, Toolchain};

const ROWS_PER_STATEMENT: usize = 256;
/// The greatest id of a name that is believed in a damaged store.
const MAX_DAMAGED: usize = 50_000_000;

/// The texts of names by their ids.
#[derive(Clone, Debug, Default)]
pub struct NameTexts {
    /// The texts of all ids, from 1.
    all: Vec<Arc<str>>,
    /// Those of a few ids, if only these were read.
    few: HashMap<i64, Arc<str>>,
}

impl NameTexts {
    /// Reads all names.
    pub async fn read(transaction: &mut Transaction) -> Result<Self> {
        let sql = "SELECT text FROM strings ORDER BY id";
        let texts: Vec<(String,)> = transaction.all(sql, &[]).await?;
        let all = texts.into_iter().map(|(text,)| text.into());
        Ok(Self::of_all(all.collect()))
    }

    /// Reads the names with these ids; those that do not exist are left out.
    pub async fn read_few(transaction: &mut Transaction, mut ids: Vec<i64>) -> Result<Self> {
        ids.sort_unstable();
        ids.dedup();
        let ids: Vec<Value<'_>> = ids.into_iter().map(Value::from).collect();
        let sql = "SELECT id, text FROM strings WHERE id IN ({})";
        let texts: Vec<(i64, String)> = transaction.all_of(sql, &ids).await?;
        Ok(Self {
            all: Vec::new(),
            few: texts
                .into_iter()
                .map(|(id, text)| (id, text.into()))
                .collect(),
        })
    }

    fn of_all(all: Vec<Arc<str>>) -> Self {
        Self {
            all,
            few: HashMap::default(),
        }
    }

    /// Returns the names of a damaged store, where some ids may be missing: their texts are empty.
    pub fn with_gaps(names: &std::collections::HashMap<i64, String>) -> Self {
        let ids = names.keys().filter_map(|&id| usize::try_from(id).ok());
        // A damaged id must not take all memory.
        let most = ids.filter(|&id| id <= MAX_DAMAGED).max().unwrap_or(0);
        let text = |id: usize| names.get(&number(id)).map_or("", String::as_str).into();
        Self::of_all((1..=most).map(text).collect())
    }

    /// # Errors
    /// If the store refers to a string that it does not hold.
    pub fn text(&self, id: i64) -> Result<&str> {
        let index = usize::try_from(id - 1).ok();
        let text = index.and_then(|index| self.all.get(index));
        let text = text.or_else(|| self.few.get(&id));
        text.map(|text| &**text)
            .with_context(|| format!("the store is damaged: it holds no string {id}"))
    }
}

/// The ids of groups of values whose text is known: it is made once for each, not for each event.
#[derive(Debug, Default)]
struct Interned<T> {
    ids: HashMap<Arc<T>, i64>,
    /// Neighbouring events mostly have the same one.
    last: Option<(Arc<T>, i64)>,
}

impl<T: Provenance> Interned<T> {
    /// Returns the id, which empty values have none of; none if it is not known yet.
    fn id(&mut self, values: &T) -> Option<Option<i64>> {
        if values.is_empty() {
            return Some(None);
        }
        if let Some((last, id)) = &self.last
            && **last == *values
        {
            return Some(Some(*id));
        }
        let (known, &id) = self.ids.get_key_value(values)?;
        self.last = Some((Arc::clone(known), id));
        Some(Some(id))
    }

    fn add(&mut self, values: &T, id: i64) -> Option<i64> {
        self.ids.insert(Arc::new(values.clone()), id);
        Some(id)
    }
}

/// The id of a name is its position in the list, from 1.
#[derive(Debug, Default)]
pub struct Names {
    texts: NameTexts,
    ids: HashMap<Arc<str>, i64>,
    codebases: Interned<Codebase>,
    toolchains: Interned<Toolchain>,
    /// The number of names that are committed to the database.
    committed: usize,
}

impl Names {
    /// Reads new names from the database and drops those of a failed transaction.
    pub async fn reload(&mut self, transaction: &mut Transaction) -> Result<()> {
        for name in self.texts.all.drain(self.committed..) {
            self.ids.remove(&name);
            self.codebases = Interned::default();
            self.toolchains = Interned::default();
        }
        let sql = "SELECT text FROM strings WHERE id > $1 ORDER BY id";
        let committed = number(self.committed).into();
        let new: Vec<(String,)> = transaction.all(sql, &[committed]).await?;
        for (text,) in new {
            self.add(&text);
        }
        self.committed = self.texts.all.len();
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
        self.texts.all.push(Arc::clone(&text));
        let id = number(self.texts.all.len());
        self.ids.insert(text, id);
        id
    }

    /// Returns the id of a codebase; assigns one if it has none. An empty one needs none.
    pub fn intern_codebase(&mut self, codebase: &Codebase) -> Option<i64> {
        let known = self.codebases.id(codebase);
        known.unwrap_or_else(|| {
            let id = self.intern(&tables::json(codebase));
            self.codebases.add(codebase, id)
        })
    }

    /// Returns the id of a toolchain; assigns one if it has none. An empty one needs none.
    pub fn intern_toolchain(&mut self, toolchain: &Toolchain) -> Option<i64> {
        let known = self.toolchains.id(toolchain);
        known.unwrap_or_else(|| {
            let id = self.intern(&tables::json(toolchain));
            self.toolchains.add(toolchain, id)
        })
    }

    pub const fn texts(&self) -> &NameTexts {
        &self.texts
    }

    /// Writes the new names.
    pub async fn write(&self, transaction: &mut Transaction) -> Result<()> {
        let new = &self.texts.all[self.committed..];
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
        self.committed = self.texts.all.len();
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).expect("fewer names than i64::MAX")
}
