//! The values of an attribute: a number per build and a label per number.

use std::{borrow::Cow, sync::Arc};

use foldhash::HashMap;

use crate::server::{
    model::{Codebase, Toolchain},
    snapshot::{Pipeline, Snapshot},
};

/// The label of builds whose value is unknown.
pub const UNKNOWN: &str = "unknown";

type Label<'a> = Cow<'a, str>;

/// The values of an attribute for the builds of a snapshot.
pub struct Values<'a> {
    /// Labels by number.
    labels: Vec<Label<'a>>,
    numbers: Box<dyn Numbers + 'a>,
}

/// Numbers of values by build; one without a label is unknown.
trait Numbers {
    fn number(&self, build: usize) -> u32;

    /// Counts builds by number; the last count is that of all greater numbers.
    fn count(&self, builds: &[u32], counts: &mut [u32]);

    /// Clears the marks of builds, which follow each other from the first, without a wanted number.
    fn keep(&self, first: usize, wanted: &Wanted, marks: &mut [bool]);
}

/// Each kind of attribute has a loop of its own, without a call for each build.
impl<F: Fn(usize) -> u32> Numbers for F {
    fn number(&self, build: usize) -> u32 {
        self(build)
    }

    fn count(&self, builds: &[u32], counts: &mut [u32]) {
        let Some(last) = counts.len().checked_sub(1) else {
            return;
        };
        for &build in builds {
            counts[(self(build as usize) as usize).min(last)] += 1;
        }
    }

    fn keep(&self, first: usize, wanted: &Wanted, marks: &mut [bool]) {
        for (build, kept) in (first..).zip(marks) {
            *kept = *kept && wanted.has(self(build));
        }
    }
}

/// The numbers of some labels.
pub struct Wanted {
    numbers: Vec<bool>,
    /// Greater numbers, which are unknown, are wanted, too.
    unknown: bool,
}

impl Wanted {
    fn has(&self, number: u32) -> bool {
        self.numbers
            .get(number as usize)
            .copied()
            .unwrap_or(self.unknown)
    }
}

impl<'a> Values<'a> {
    /// Returns the numbers of values with one of these labels. The label [`UNKNOWN`] is also that of builds without a
    /// value.
    pub fn wanted(&self, labels: &[String]) -> Wanted {
        let is_wanted = |label: &Label<'_>| labels.iter().any(|wanted| wanted == label);
        Wanted {
            numbers: self.labels.iter().map(is_wanted).collect(),
            unknown: labels.iter().any(|label| label == UNKNOWN),
        }
    }

    /// Returns whether a build has a wanted value.
    pub fn has(&self, build: usize, wanted: &Wanted) -> bool {
        wanted.has(self.numbers.number(build))
    }

    /// Clears the marks of builds, which follow each other from the first, without a wanted value.
    pub fn keep(&self, first: usize, wanted: &Wanted, marks: &mut [bool]) {
        self.numbers.keep(first, wanted, marks);
    }

    /// Returns the number of a build's value; none if it is unknown.
    pub fn number(&self, build: usize) -> Option<usize> {
        let number = self.numbers.number(build) as usize;
        (number < self.labels.len()).then_some(number)
    }

    /// Returns the label of a build's value.
    pub fn label(&self, build: usize) -> Option<&str> {
        self.number(build).map(|number| &*self.labels[number])
    }

    pub fn labels(&self) -> &[Label<'a>] {
        &self.labels
    }

    /// Counts builds by the number of their value. The last count is that of builds whose value is unknown.
    pub fn count(&self, builds: &[u32]) -> Vec<u32> {
        let mut counts = vec![0; self.labels.len() + 1];
        self.numbers.count(builds, &mut counts);
        counts
    }

    /// Replaces each label; values whose new labels are equal become one.
    pub fn map_labels(self, label: impl Fn(&str) -> Label<'a>) -> Self {
        let mut labels = Labels::default();
        let numbers = self.labels.iter().map(|known| labels.number(label(known)));
        let numbers: Vec<u32> = numbers.collect();
        let before = self.numbers;
        Self {
            labels: labels.texts,
            numbers: Box::new(move |build: usize| numbered(&numbers, before.number(build))),
        }
    }
}

/// Distinct labels, numbered in order of appearance.
#[derive(Default)]
struct Labels<'a> {
    texts: Vec<Label<'a>>,
    numbers: HashMap<Label<'a>, u32>,
}

impl<'a> Labels<'a> {
    fn number(&mut self, label: Label<'a>) -> u32 {
        let next = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        let texts = &mut self.texts;
        *self.numbers.entry(label).or_insert_with_key(|label| {
            texts.push(label.clone());
            next
        })
    }

    /// Returns the number of an optional label; `u32::MAX` is unknown.
    fn optional(&mut self, label: Option<Label<'a>>) -> u32 {
        label.map_or(u32::MAX, |label| self.number(label))
    }
}

fn numbered(numbers: &[u32], index: u32) -> u32 {
    numbers.get(index as usize).copied().unwrap_or(u32::MAX)
}

/// Values with these labels, numbered by `number`.
pub fn by_choice<'a>(labels: Vec<Label<'a>>, number: impl Fn(usize) -> u32 + 'a) -> Values<'a> {
    let numbers = Box::new(number);
    Values { labels, numbers }
}

/// Values of a column of the numbers of names; any other number is unknown.
pub fn by_name<'a>(names: &'a [Arc<str>], column: &'a [u16]) -> Values<'a> {
    let labels = names.iter().map(|name| (&**name).into()).collect();
    by_choice(labels, move |build| column[build].into())
}

/// Values that follow from the pipeline.
pub fn by_pipeline<'a>(
    snapshot: &'a Snapshot,
    label: impl Fn(&'a Pipeline) -> Option<Label<'a>>,
) -> Values<'a> {
    by_item(snapshot.pipelines.iter(), &snapshot.builds.pipeline, label)
}

/// Values that follow from the codebase.
pub fn by_codebase<'a>(
    snapshot: &'a Snapshot,
    label: impl Fn(&'a Codebase) -> Option<Label<'a>>,
) -> Values<'a> {
    let codebases = snapshot.codebases.iter().map(|known| &**known);
    by_item(codebases, &snapshot.builds.codebase, label)
}

/// Values that follow from the toolchain.
pub fn by_toolchain<'a>(
    snapshot: &'a Snapshot,
    label: impl Fn(&'a Toolchain) -> Option<Label<'a>>,
) -> Values<'a> {
    let toolchains = snapshot.toolchains.iter().map(|known| &**known);
    by_item(toolchains, &snapshot.builds.toolchain, label)
}

/// Values that follow from an item, whose number a column has.
fn by_item<'a, T: 'a>(
    items: impl Iterator<Item = &'a T>,
    column: &'a [u32],
    label: impl Fn(&'a T) -> Option<Label<'a>>,
) -> Values<'a> {
    let mut labels = Labels::default();
    let numbers = items.map(|item| labels.optional(label(item)));
    let numbers: Vec<u32> = numbers.collect();
    by_choice(labels.texts, move |build| numbered(&numbers, column[build]))
}

/// The repository: that of the address, otherwise the last part of the job's name but one.
pub fn repository(snapshot: &Snapshot) -> Values<'_> {
    let mut labels = Labels::default();
    let of_address = snapshot.codebases.iter().map(|known| {
        let name = known.git_url.as_deref().and_then(repository_of);
        labels.optional(name.map(Into::into))
    });
    let of_address: Vec<u32> = of_address.collect();
    let of_job = snapshot.pipelines.iter().map(|pipeline| {
        let name = pipeline.name.rsplit('/').nth(1);
        labels.optional(name.map(Into::into))
    });
    let of_job: Vec<u32> = of_job.collect();
    let (codebase, pipeline) = (&snapshot.builds.codebase, &snapshot.builds.pipeline);
    by_choice(labels.texts, move |build| {
        match numbered(&of_address, codebase[build]) {
            u32::MAX => numbered(&of_job, pipeline[build]),
            number => number,
        }
    })
}

/// Returns the name of the repository with this address.
pub fn repository_of(git_url: &str) -> Option<&str> {
    let path = git_url.trim_end_matches('/');
    let name = path.rsplit(['/', ':']).next()?;
    let name = name.strip_suffix(".git").unwrap_or(name);
    (!name.is_empty()).then_some(name)
}
