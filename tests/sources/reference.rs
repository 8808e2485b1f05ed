//! Reference data over HTTP, from servers on this machine.

use std::{
    io::Write as _,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use flate2::{Compression, write::GzEncoder};
use jiff::{Timestamp, civil::date};
use rse_dashboard::server::{
    config::Config,
    environment::Environment,
    model::{EndOfLife, Epss, KnownExploited},
    sources::{
        Run, Source, SourceError, SyncReport,
        reference::{EndOfLifeSource, ListSource},
    },
    store::{Reference, Store},
};
use tokio::net::TcpListener;

use crate::program::Program;

const KEV: &str = r#"{"catalogVersion":"2026.11.27","dateReleased":"2026-11-27T18:00:04.5Z","count":1,
    "vulnerabilities":[{"cveID":"CVE-2021-44228","dateAdded":"2021-12-10","dueDate":"2021-12-24",
    "knownRansomwareCampaignUse":"Known"}]}"#;
const EPSS: &str = "#model_version:v2025.03.14,score_date:2026-11-28T12:55:00Z\n\
    cve,epss,percentile\nCVE-2021-44228,0.94358,0.99958\n";

/// The paths of requests with their headers.
type Asked = Arc<Mutex<Vec<(String, HeaderMap)>>>;

/// What a server answers by path, and the requests that it has received.
#[derive(Clone)]
struct StandIn {
    address: String,
    asked: Asked,
}

type Answer = fn(&str) -> Response;

impl StandIn {
    async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Asked::default();
        let respond = move |Path(path): Path<String>,
                            State(asked): State<Asked>,
                            headers: HeaderMap| async move {
            asked.lock().expect("a log").push((path.clone(), headers));
            answer(&path)
        };
        let router = Router::new().route("/{*path}", get(respond));
        let router = router.with_state(Arc::clone(&asked));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, asked }
    }

    fn paths(&self) -> Vec<String> {
        let asked = self.asked.lock().expect("a log");
        asked.iter().map(|(path, _)| path.clone()).collect()
    }

    fn end_of_life(&self) -> EndOfLifeSource {
        let variables = [("ENDOFLIFE_URL".to_owned(), self.address.clone())];
        let environment: Environment = variables.into_iter().collect();
        let source = EndOfLifeSource::configured(&Config::built_in(), &environment);
        source.expect("it is configured").expect("it is enabled")
    }

    fn lists(&self, path: &str) -> Config {
        let mut config = Config::built_in();
        let url = Some(format!("{}/{path}", self.address));
        config.sources.kev.url.clone_from(&url);
        config.sources.epss.url = url;
        config
    }
}

fn found(body: impl Into<Vec<u8>>) -> Response {
    (StatusCode::OK, body.into()).into_response()
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, "<html>").into_response()
}

fn moved(to: &str) -> Response {
    (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, to)]).into_response()
}

fn product(name: &str, ends: &str) -> Response {
    found(format!(
        r#"{{"schema_version":"1.2.0","result":{{"name":"x","links":{{"html":"https://endoflife.date/x"}},
        "releases":[{{"name":"{name}","codename":null,"isEol":false,"eolFrom":"{ends}"}}]}}}}"#
    ))
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).expect("memory");
    encoder.finish().expect("memory")
}

fn now() -> Timestamp {
    "2026-12-05T09:30:00Z".parse().expect("an instant")
}

/// A store in its own directory.
struct Held {
    store: Store,
    _dir: tempfile::TempDir,
}

impl Held {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let store = Store::open(dir.path(), &Config::built_in()).await;
        Self {
            store: store.expect("a store"),
            _dir: dir,
        }
    }

    async fn sync(&mut self, source: &impl Source) -> Result<SyncReport, SourceError> {
        let run = Run {
            started_ms: now().as_millisecond(),
            since_ms: None,
            progress: &|_, _, _| {},
        };
        source.sync(&mut self.store, &run).await
    }

    async fn text(&self, reference: Reference) -> Option<String> {
        let kept = self.store.reference(reference).await.expect("readable");
        kept.map(|(_, text)| text)
    }

    async fn table(&self) -> EndOfLife {
        let text = self.text(Reference::EndOfLife).await.expect("a table");
        EndOfLife::from_json(&text).expect("a table")
    }
}

#[tokio::test]
async fn ends_of_support_are_renewed_and_missing_products_keep_theirs() {
    let server = StandIn::start(|path| match path {
        "api/v1/products/nodejs" => product("30", "2031-04-30"),
        "api/v1/products/red-hat-build-of-openjdk" => moved("/api/v1/products/renamed"),
        "api/v1/products/renamed" => product("25", "2032-01-01"),
        "api/v1/products/go" => found(r#"{"result":{"releases":[]}}"#),
        _ => missing(),
    })
    .await;
    let mut held = Held::new().await;
    let report = held.sync(&server.end_of_life()).await.expect("synced");
    assert_eq!((report.read, report.ingested.replaced), (2, 1));
    let table = held.table().await;
    assert_eq!(table.as_of, date(2026, 12, 5));
    let ends = |product, version| {
        table
            .cycle_of(product, version)
            .and_then(|cycle| cycle.ends)
    };
    assert_eq!(ends("nodejs", "30"), Some(date(2031, 4, 30)));
    assert_eq!(ends("nodejs", "20"), None, "replaced as a whole");
    let redhat = ends("red-hat-build-of-openjdk", "25");
    assert_eq!(redhat, Some(date(2032, 1, 1)));
    let built_in = &EndOfLife::built_in().products;
    assert_eq!(table.products["debian"], built_in["debian"]);
    assert_eq!(table.products["go"], built_in["go"], "an empty answer");

    let asked = server.asked.lock().expect("a log").clone();
    assert_eq!(asked.len(), built_in.len() + 1);
    for (path, headers) in &asked {
        let agent = headers["user-agent"].to_str().expect("text");
        assert!(agent.starts_with("rse-dashboard/"), "{path}: {agent}");
    }
    let again = held.sync(&server.end_of_life()).await.expect("synced");
    assert_eq!(again.ingested.unchanged, 1);
}

#[tokio::test]
async fn a_failed_renewal_keeps_what_there_is() {
    let cases: [(Answer, &str); 6] = [
        (|_| missing(), "none of the products"),
        (|_| found("<html>"), "wrongly"),
        (|_| found(vec![0xff]), "no text"),
        (|_| found(vec![b' '; 5 << 20]), "more than 4 MiB"),
        (
            |_| StatusCode::BAD_GATEWAY.into_response(),
            "answers with 502",
        ),
        (|_| moved("http://127.0.0.2:1/x"), "answers with 301"),
    ];
    for (answer, expected) in cases {
        let server = StandIn::start(answer).await;
        let mut held = Held::new().await;
        let failed = held.sync(&server.end_of_life()).await;
        let said = failed.expect_err(expected).to_string();
        assert!(said.contains(expected), "{said}");
        assert_eq!(held.text(Reference::EndOfLife).await, None);
    }
    let limited = StandIn::start(|_| {
        (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "120")]).into_response()
    });
    let mut held = Held::new().await;
    let failed = held.sync(&limited.await.end_of_life()).await;
    let pause = failed.expect_err("limited").pause();
    assert_eq!(pause, Some(Duration::from_secs(120)));
    let nobody = StandIn {
        address: "http://127.0.0.1:9".to_owned(),
        asked: Arc::default(),
    };
    let failed = held.sync(&nobody.end_of_life()).await;
    let said = failed.expect_err("nobody").to_string();
    assert_eq!(said, "endoflife.date cannot be reached");
}

#[tokio::test]
async fn lists_are_read_plain_or_compressed() {
    let server = StandIn::start(|path| match path {
        "kev.json" => found(KEV),
        "epss.csv.gz" => found(gzip(EPSS)),
        _ => missing(),
    })
    .await;
    let mut held = Held::new().await;
    let kev = ListSource::known_exploited(&server.lists("kev.json"));
    let kev = kev.expect("configured").expect("an address");
    let report = held.sync(&kev).await.expect("synced");
    assert_eq!((report.read, report.ingested.replaced), (1, 1));
    let again = held.sync(&kev).await.expect("synced");
    assert_eq!((again.ingested.replaced, again.ingested.unchanged), (0, 1));
    let text = held.text(Reference::KnownExploited).await;
    let list = KnownExploited::from_json(&text.expect("kept")).expect("a list");
    assert!(list.vulnerabilities["CVE-2021-44228"].ransomware);

    let epss = ListSource::epss(&server.lists("epss.csv.gz"));
    let epss = epss.expect("configured").expect("an address");
    held.sync(&epss).await.expect("synced");
    let text = held.text(Reference::Epss).await.expect("kept");
    let scores = Epss::from_json(&text).expect("scores").scores;
    assert!(scores["CVE-2021-44228"].probability > 0.9);

    for (path, expected) in [("nothing", "sources.epss.url"), ("kev.json", "first line")] {
        let epss = ListSource::epss(&server.lists(path));
        let epss = epss.expect("configured").expect("an address");
        let said = held.sync(&epss).await.expect_err(path).to_string();
        assert!(said.contains(expected), "{said}");
    }
}

#[tokio::test]
async fn lists_without_an_address_and_disabled_tables_are_not_synced() {
    let mut config = Config::built_in();
    assert!(ListSource::epss(&config).expect("valid").is_none());
    assert!(
        ListSource::known_exploited(&config)
            .expect("valid")
            .is_none()
    );
    config.sources.end_of_life.enabled = false;
    let environment = Environment::default();
    let off = EndOfLifeSource::configured(&config, &environment);
    assert!(off.expect("valid").is_none());
    config.sources.kev.url = Some("http://example.org/planted".to_owned());
    let refused = ListSource::known_exploited(&config).err();
    let said = refused.expect("no HTTP").to_string();
    assert!(
        said.contains("sources.kev.url") && !said.contains("planted"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn reference_data_is_synced_and_imported_by_name() {
    let server = StandIn::start(|path| match path {
        "api/v1/products/nodejs" => product("30", "2031-04-30"),
        _ => missing(),
    })
    .await;
    let mut program = Program::new([], |text| text);
    program.set("ENDOFLIFE_URL", &server.address);
    let said = |output: std::process::Output| {
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        (output.status.code(), text)
    };
    let (code, text) = said(program.run(&["sync"]));
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("no source is configured"), "{text}");
    assert!(server.paths().is_empty(), "asked only by name");
    let (code, text) = said(program.run(&["sync", "eol"]));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("eol: 1 read"), "{text}");
    let (code, text) = said(program.run(&["sync", "kev"]));
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("dashboard.toml"), "{text}");

    let folder = tempfile::tempdir().expect("a directory");
    let write = |name: &str, bytes: Vec<u8>| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        path.to_str().expect("text").to_owned()
    };
    let kev = write("kev.json", KEV.into());
    let epss = write("epss.csv.gz", gzip(EPSS));
    let (code, text) = said(program.run(&["import", "kev", &kev]));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("1 CVEs as of 2026-11-27: kept"), "{text}");
    let (_, text) = said(program.run(&["import", "kev", &kev, "--json"]));
    assert!(text.contains(r#""changed":false"#), "{text}");
    let (code, text) = said(program.run(&["import", "epss", &epss]));
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = said(program.run(&["import", "epss", &kev]));
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("cannot import"), "{text}");
    let folder = folder.path().to_str().expect("text");
    let (code, text) = said(program.run(&["import", "kev", folder]));
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("it is a directory"), "{text}");
}
