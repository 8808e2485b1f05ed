//! Runs every target on its corpus and on a bounded number of mutations, the same ones every time.

use std::{
    collections::BTreeSet,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

use proptest::{
    collection,
    prelude::*,
    sample::{Index, select},
    test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner},
};

use super::targets;
use crate::server::fuzz_target::Target;

/// Mutated inputs for each target.
const CASES: u32 = 300;
/// No speed is asserted: a target that has not ended by then hangs.
const HANGS_AFTER: Duration = Duration::from_secs(600);
/// Repeated parts make an input at most this long.
const MAX_INPUT: usize = 64 * 1024;

fn fuzz_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// The inputs of a target's corpus by file name.
fn corpus(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = fuzz_folder().join("corpus").join(name);
    let entries =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let read = |path: PathBuf| {
        let data = fs::read(&path).expect("a readable file");
        (path.display().to_string(), data)
    };
    let mut inputs: Vec<_> = paths.map(read).collect();
    inputs.sort();
    inputs
}

/// A change to an input. Positions are relative to its length.
#[derive(Clone, Debug)]
enum Mutation {
    Replace(Index, u8),
    Insert(Index, Vec<u8>),
    Delete(Index, Index),
    /// Repeats a part so many times.
    Repeat(Index, Index, usize),
    /// Continues with the end of another input.
    Splice(Index, Vec<u8>, Index),
}

impl Mutation {
    fn apply(&self, data: &mut Vec<u8>) {
        let at = |index: &Index| index.index(data.len() + 1);
        let between = |from: &Index, to: &Index| (at(from).min(at(to)), at(from).max(at(to)));
        match self {
            Self::Replace(index, byte) if !data.is_empty() => {
                let index = index.index(data.len());
                data[index] = *byte;
            }
            Self::Replace(..) => {}
            Self::Insert(index, bytes) => {
                let at = at(index);
                data.splice(at..at, bytes.iter().copied());
            }
            Self::Delete(from, to) => {
                let (from, to) = between(from, to);
                data.drain(from..to);
            }
            Self::Repeat(from, to, times) => {
                let (from, to) = between(from, to);
                let room = MAX_INPUT.saturating_sub(data.len()) / (to - from).max(1);
                let repeated = data[from..to].repeat((*times).min(room));
                data.splice(to..to, repeated);
            }
            Self::Splice(index, other, from) => {
                data.truncate(at(index));
                data.extend_from_slice(&other[from.index(other.len() + 1)..]);
            }
        }
    }
}

fn mutation(inputs: &[Vec<u8>]) -> impl Strategy<Value = Mutation> + use<> {
    let index = any::<Index>;
    let special = select(
        [
            "",
            "\0",
            "\n",
            "\r\n",
            "\u{feff}",
            "é",
            "😀",
            "\u{202e}",
            "\"",
            "\\",
            "{",
            "[",
            "}",
            "]",
            "<",
            "&#0;",
            "${",
            "%00",
            "%",
            "//",
            "..",
            "-1",
            "1e999",
            "18446744073709551616",
            "null",
            "\u{1b}]52;",
            "-9223372036854775808",
            "9999-12-31T23:59:60Z",
            ",",
            ":",
            "=",
            "<![CDATA[",
            "/*",
        ]
        .map(|text| text.as_bytes().to_vec())
        .to_vec(),
    );
    prop_oneof![
        3 => (index(), any::<u8>()).prop_map(|(at, byte)| Mutation::Replace(at, byte)),
        3 => (index(), special).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        1 => (index(), select(b"A0 ".to_vec()), 1..5_000_usize)
            .prop_map(|(at, byte, times)| Mutation::Insert(at, vec![byte; times])),
        1 => (index(), collection::vec(any::<u8>(), 1..9)).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        2 => (index(), index()).prop_map(|(from, to)| Mutation::Delete(from, to)),
        1 => (index(), index(), 1..5_000_usize)
            .prop_map(|(from, to, times)| Mutation::Repeat(from, to, times)),
        2 => (index(), select(inputs.to_vec()), index())
            .prop_map(|(at, other, from)| Mutation::Splice(at, other, from)),
    ]
}

/// Runs a target on its corpus and its mutations; the first input that breaks a rule is shown shortened.
fn check((name, target): Target) -> Result<(), String> {
    let inputs = corpus(name);
    for (path, data) in &inputs {
        catch_unwind(AssertUnwindSafe(|| target(data))).map_err(|_| path.clone())?;
    }
    let inputs: Vec<_> = inputs.into_iter().map(|(_, data)| data).collect();
    let mutated = (
        select(inputs.clone()),
        collection::vec(mutation(&inputs), 1..6),
    )
        .prop_map(|(mut data, mutations)| {
            for mutation in mutations {
                mutation.apply(&mut data);
            }
            data
        });
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    let same_every_time = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, same_every_time);
    let outcome = runner.run(&mutated, |data| {
        target(&data);
        Ok(())
    });
    outcome.map_err(|error| match error {
        TestError::Fail(reason, data) => {
            format!("{name}: {reason}: {}", data.escape_ascii())
        }
        TestError::Abort(reason) => format!("{name}: {reason}"),
    })
}

#[test]
fn every_target_holds_for_its_corpus_and_mutations_of_it() {
    let (ended, ends) = mpsc::channel();
    let queue = targets().collect::<Vec<_>>();
    let count = queue.len();
    let run = move || {
        for target in queue {
            let _ = ended.send((target.0, check(target)));
        }
    };
    thread::spawn(run);
    let mut names = Vec::new();
    let mut faults = Vec::new();
    while names.len() < count {
        let (name, outcome) = ends
            .recv_timeout(HANGS_AFTER)
            .unwrap_or_else(|error| panic!("the target after {names:?}: {error}"));
        names.push(name);
        faults.extend(outcome.err());
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Otherwise a fuzzer would leave a target out.
#[test]
fn every_target_has_a_corpus_and_a_program() {
    let known: Vec<&str> = targets().map(|(name, _)| name).collect();
    let unique: BTreeSet<String> = known.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(unique.len(), known.len(), "{known:?}");
    let folders = fs::read_dir(fuzz_folder().join("corpus")).expect("a folder");
    let folders = folders.map(|entry| entry.expect("an entry").file_name());
    let folders: BTreeSet<String> = folders.map(|name| name.display().to_string()).collect();
    assert_eq!(folders, unique);
    let manifest = fs::read_to_string(fuzz_folder().join("Cargo.toml")).expect("a manifest");
    let manifest: toml::Table = manifest.parse().expect("a table");
    let programs = manifest["bin"].as_array().expect("programs");
    let programs = programs
        .iter()
        .map(|program| program["name"].as_str().expect("a name"));
    assert_eq!(programs.map(str::to_owned).collect::<BTreeSet<_>>(), unique);
}

/// A mutation that panics is found, so that a green run means something.
#[test]
fn a_rule_that_does_not_hold_is_found() {
    fn refuses_two_commas(data: &[u8]) {
        assert!(data.iter().filter(|&&byte| byte == b',').count() < 2);
    }
    let found = check(("return_to", refuses_two_commas));
    assert!(found.is_err_and(|said| said.starts_with("return_to: ")));
}
