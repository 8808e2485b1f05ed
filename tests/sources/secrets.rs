//! Secrets never appear: not in the most verbose log, a command's output, a page or the store.

use std::{fs, process::Output};

use crate::{cosmos_support, github_support, program::Program};

/// A key like those of Cosmos DB and a token like those of GitHub; neither is valid anywhere.
const KEY: &str =
    "cGxhbnRlZC1rZXktdGhhdC1tdXN0LW5ldmVyLWJlLXNlZW4tYW55d2hlcmUtYXQtYWxsLTAxMjM0NTY3ODk=";
const TOKEN: &str = "ghp_plantedTokenThatMustNeverBeSeen01234";

fn said(output: &Output) -> String {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&text).into_owned()
}

async fn everything_said(program: &Program) -> String {
    let mut all = said(&program.run(&["doctor"]));
    all += &said(&program.run(&["doctor", "--json"]));
    all += &said(&program.run(&["sync", "--json"]));
    all += &said(&program.run(&["sync"]));
    let server = program.serve();
    for path in [
        "/pipelines",
        "/security",
        "/sources",
        "/api/freshness",
        "/api/coverage",
    ] {
        all += &server.get(path).await;
    }
    all += &server.kill();
    for file in fs::read_dir(program.data()).expect("a data directory") {
        let bytes = fs::read(file.expect("a file").path()).expect("readable");
        all += &String::from_utf8_lossy(&bytes);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_never_appear_whether_valid_or_not() {
    let account = cosmos_support::StandIn::start();
    account
        .seed("jenkins", &cosmos_support::events(2, 0.1))
        .await;
    let github = github_support::StandIn::start(&[]);
    let right = [account.key.as_str(), github_support::TOKEN];
    for secrets in [[KEY, TOKEN], right] {
        let mut program = Program::syncing(&account, &github, |text| text);
        program.set("RUST_LOG", "trace");
        program.set("COSMOS_KEY", secrets[0]);
        program.set("GITHUB_TOKEN", secrets[1]);
        let all = everything_said(&program).await;
        assert!(
            all.contains("cosmos") && all.contains("github"),
            "there is output"
        );
        for secret in secrets {
            if let Some(at) = all.find(secret) {
                let start = all[..at]
                    .char_indices()
                    .rev()
                    .nth(300)
                    .map_or(0, |(at, _)| at);
                panic!("a secret appears after: {}", &all[start..at]);
            }
        }
    }
}
