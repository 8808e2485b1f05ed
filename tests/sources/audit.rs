//! The audit log of commands.

use std::fs;

use serde_json::Value;

use crate::program::Program;

/// The line of the audit log that an import of this text writes, and whether the import succeeded.
fn imported(file: Option<&str>) -> (Value, bool) {
    let variables = [("RSE_LOG_FORMAT", "json"), ("RUST_LOG", "error,audit=info")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let program = Program::new(variables, |text| text);
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("hunter2.ndjson");
    if let Some(text) = file {
        fs::write(&path, text).expect("written");
    }
    let path = path.to_str().expect("text");
    let output = program.run(&["import", "security", path, "--lenient"]);
    let said = String::from_utf8(output.stderr).expect("text");
    let lines = said
        .lines()
        .filter(|line| line.contains("\"target\":\"audit\""));
    let [line] = lines.collect::<Vec<_>>()[..] else {
        panic!("one line: {said}");
    };
    assert!(!line.contains("hunter2"), "{line}");
    (
        serde_json::from_str(line).expect("JSON"),
        output.status.success(),
    )
}

#[test]
fn imports_are_logged_with_their_user_and_outcome() {
    let (done, succeeded) = imported(Some("{\"repository\": \"a\"}\nnothing\n"));
    assert!(succeeded);
    for (field, value) in [
        ("action", "import"),
        ("outcome", "done"),
        ("kind", "security"),
        ("client", "local"),
    ] {
        assert_eq!(done[field], value, "{done}");
    }
    assert_eq!((&done["read"], &done["rejected"]), (&2.into(), &1.into()));
    assert!(
        done["who"]
            .as_str()
            .is_some_and(|who| who.starts_with("uid "))
    );
    let (failed, succeeded) = imported(None);
    assert!(!succeeded);
    assert_eq!(failed["outcome"], "failed", "{failed}");
}
