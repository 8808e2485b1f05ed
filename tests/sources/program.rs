//! The program as operators run it, with sources on this machine.

use std::{
    collections::HashMap,
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Output, Stdio},
    sync::Arc,
    thread::JoinHandle,
};

use rse_dashboard::server::{
    config::Config,
    export::{self, Format},
    store::Store,
};

use crate::{cosmos_support, github_support};

/// A working directory with a configuration, a data directory and variables.
pub struct Program {
    dir: tempfile::TempDir,
    variables: HashMap<String, String>,
}

impl Program {
    /// `change` turns the checked-in configuration into that of the test.
    pub fn new(
        variables: impl IntoIterator<Item = (String, String)>,
        change: impl Fn(String) -> String,
    ) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let checked_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboard.toml");
        let text = fs::read_to_string(checked_in).expect("a configuration");
        fs::write(dir.path().join("dashboard.toml"), change(text)).expect("written");
        Self {
            dir,
            variables: variables.into_iter().collect(),
        }
    }

    /// A program that syncs from both stand-ins.
    pub fn syncing(
        account: &cosmos_support::StandIn,
        github: &github_support::StandIn,
        change: impl Fn(String) -> String,
    ) -> Self {
        let mut program = Self::new(account.variables("jenkins"), change);
        program.set("GITHUB_API_URL", &github.address);
        program.set("GITHUB_TOKEN", github_support::TOKEN);
        program
    }

    pub fn set(&mut self, variable: &str, value: &str) {
        self.variables.insert(variable.to_owned(), value.to_owned());
    }

    pub fn config(&self) -> Config {
        Config::read(&self.dir.path().join("dashboard.toml")).expect("a configuration")
    }

    /// All data in the store that figures use, as text.
    pub async fn content(&self) -> String {
        let config = self.config();
        let store = Store::open(self.data().as_path(), &config)
            .await
            .expect("a store");
        let mut bytes = Vec::new();
        let exported = export::builds(&store, &config, Format::Ndjson, &mut bytes).await;
        exported.expect("builds can be exported");
        let exported = export::events(&store, Format::Ndjson, &mut bytes).await;
        exported.expect("events can be exported");
        let mut text = String::from_utf8(bytes).expect("JSON is UTF-8");
        let snapshot = store.load(Arc::new(config)).await.expect("a snapshot");
        for facts in &snapshot.security.repositories {
            writeln!(text, "{facts:?}").expect("text can be written");
        }
        text
    }

    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rse-dashboard"));
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env("PORT", "0")
            .env("RSE_DATA", self.data())
            // Tests reach nothing but this machine.
            .env("ENDOFLIFE_URL", "http://127.0.0.1:9/")
            .envs(&self.variables)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program runs")
    }

    /// Starts the server and waits until it is serving.
    pub fn serve(&self) -> Server {
        let mut child = self.command(&["serve"]).spawn().expect("the program runs");
        let mut lines = BufReader::new(child.stderr.take().expect("it was asked for"));
        let mut log = String::new();
        while !log.contains("serving on http://") {
            let read = lines.read_line(&mut log).expect("a log");
            assert!(read > 0, "the server ended: {log}");
        }
        let (_, address) = log.rsplit_once("serving on ").expect("an address");
        let address = address.split_whitespace().next().expect("an address");
        Server {
            child,
            address: address.to_owned(),
            log: std::thread::spawn(move || rest(lines, log)),
        }
    }
}

/// Reads the rest, so that the server never blocks on its log.
fn rest(mut lines: BufReader<ChildStderr>, mut log: String) -> String {
    let mut bytes = Vec::new();
    lines.read_to_end(&mut bytes).expect("a log");
    log.push_str(&String::from_utf8_lossy(&bytes));
    log
}

pub struct Server {
    child: Child,
    /// `http://127.0.0.1:8050`
    pub address: String,
    log: JoinHandle<String>,
}

impl Server {
    /// Ends the server at once with SIGKILL and returns its log.
    pub fn kill(mut self) -> String {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
        self.log.join().expect("a log")
    }

    pub async fn get(&self, path: &str) -> String {
        let answer = reqwest::get(format!("{}{path}", self.address)).await;
        let text = answer.expect("an answer").text().await;
        text.expect("a whole answer")
    }
}
