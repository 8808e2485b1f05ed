//! `rse-dashboard doctor`: checks configuration, store and sources, with a remedy for each fault.

use std::{net::IpAddr, process::ExitCode};

use anyhow::Result;
use clap::Args;

use crate::server::{
    config::Config,
    environment::{self, Environment},
    http,
    model::text::visible,
    sign_in,
    sources::{CheckResult, ConfigError, Sources},
    store::{self, Database, Location, Store},
};

#[derive(Args)]
pub struct Options {
    /// Only report by the exit code whether any source is configured, correctly or not
    #[arg(long)]
    configured: bool,
    /// First repair a SQLite file that no process uses: copy what can be read into a new file, roll up its
    /// builds again, and keep the old file
    #[arg(long)]
    repair: bool,
    /// Report as JSON on standard output
    #[arg(long)]
    json: bool,
}

/// Each subject with the result of its check.
type CheckResults = Vec<(String, CheckResult)>;

/// The latest builds whose addresses are looked at, and the most hosts that are named.
const MAX_ADDRESSES: u32 = 10_000;
const MAX_HOSTS: usize = 10;

/// `read_from` names the configuration that was read; `address` is the one that the server listens on.
pub async fn run(
    options: Options,
    location: &Location,
    config: Config,
    read_from: &str,
    address: IpAddr,
) -> Result<ExitCode> {
    let environment = Environment::of_process();
    let configured = Sources::from_config(&config, &environment);
    if options.configured {
        return Ok(exit_code(!configured.is_empty()));
    }
    let mut findings = Vec::new();
    if options.repair {
        findings.push(("repair".to_owned(), repaired(location, &config).await));
    }
    findings.extend([(
        "configuration".to_owned(),
        configuration(&config, read_from),
    )]);
    findings.extend(checked(location, &config).await);
    findings.extend([("http".to_owned(), http(&environment, address).await)]);
    let unverified = location
        .database
        .as_ref()
        .and_then(Database::unverified_ssl_mode);
    if let Some(mode) = unverified {
        let finding = CheckResult {
            remedy: "set sslmode=verify-full in DATABASE_URL, with sslrootcert=FILE for its certificate authority".to_owned(),
            ..CheckResult::good(format!("sslmode={mode} does not verify the server"))
        };
        findings.push(("database".to_owned(), finding));
    }
    if environment::is_dotenv_exposed() {
        let finding = CheckResult {
            remedy: format!("run {}", environment::EXPOSED),
            ..CheckResult::good("other users of this machine can read it")
        };
        findings.push((".env".to_owned(), finding));
    }
    if configured.is_empty() {
        let what = "none is configured; data comes from files and samples";
        findings.push(("sources".to_owned(), CheckResult::good(what)));
    }
    for ConfigError { source, error } in &configured.faults {
        let remedy = "correct the variables in the message; .env.sample explains them all";
        let finding = CheckResult::bad(format!("{error:#}"), remedy);
        findings.push(((*source).to_owned(), finding));
    }
    for source in configured.scheduled() {
        let found = source.check().await.into_iter();
        findings.extend(found.map(|finding| (source.name().to_owned(), finding)));
    }
    print_report(&findings, options.json)?;
    Ok(exit_code(findings.iter().all(|(_, finding)| finding.good)))
}

fn exit_code(good: bool) -> ExitCode {
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn configuration(config: &Config, read_from: &str) -> CheckResult {
    CheckResult::good(format!(
        "{read_from}: “{}”, {} projects, time zone {}",
        config.title,
        config.projects.len(),
        config.time_zone.iana_name().unwrap_or("unnamed")
    ))
}

async fn http(environment: &Environment, address: IpAddr) -> CheckResult {
    let settings = http::Settings::of(environment);
    let settings = match settings.and_then(|settings| settings.for_address(address)) {
        Ok(settings) => settings,
        Err(error) => {
            let remedy = "correct the variables in the message; .env.sample explains them all";
            return CheckResult::bad(format!("{error:#}"), remedy);
        }
    };
    let Some(settings) = settings.sign_in else {
        return CheckResult::good(if settings.open {
            "sign-in is off; the dashboard is open to everyone who can reach it"
        } else {
            "sign-in is off; only this machine can reach the dashboard"
        });
    };
    let issuer = settings.issuer.as_str();
    match sign_in::check(&settings).await {
        Ok(()) => CheckResult::good(format!("{issuer} responds as an OpenID provider")),
        Err(error) => CheckResult::bad(
            format!("{error:#}"),
            "let this machine reach RSE_OIDC_ISSUER, and spell it exactly as the provider does in its /.well-known/openid-configuration",
        ),
    }
}

/// Checks the store, and which hosts of its addresses pages do not link to.
async fn checked(location: &Location, config: &Config) -> CheckResults {
    let about_store = |finding| ("store".to_owned(), finding);
    if !location.exists() {
        let what = format!(
            "there is none in {} yet; the first import or sync creates it",
            location
        );
        return vec![about_store(CheckResult::good(what))];
    }
    let probed = async {
        let store = Store::open(location, config).await?;
        store.probe().await?;
        let snapshot = store.load(config.clone().into()).await?;
        let addresses = store.build_addresses(MAX_ADDRESSES).await?;
        store.close().await;
        anyhow::Ok((snapshot, addresses))
    };
    let (snapshot, addresses) = match probed.await {
        Ok(probed) => probed,
        Err(error) => {
            return vec![about_store(CheckResult::bad(
                format!("{error:#}"),
                "name another directory with --data or RSE_DATA, or fix the cause in the message",
            ))];
        }
    };
    let repositories = snapshot.codebases.iter();
    let repositories = repositories.filter_map(|known| known.git_url.as_deref());
    let addresses = addresses.iter().map(String::as_str).chain(repositories);
    let hosts = config.links.other_hosts(addresses);
    let store = CheckResult::good(format!(
        "{} can be read and written: {} builds of default branches, security facts of {} repositories{}",
        location,
        snapshot.builds.len(),
        snapshot.security.repositories.len(),
        if snapshot.sample {
            " (sample data)"
        } else {
            ""
        }
    ));
    let links = (!hosts.is_empty()).then(|| ("links".to_owned(), unlinked(&hosts)));
    [about_store(store)].into_iter().chain(links).collect()
}

/// Names hosts that pages do not link to.
fn unlinked(hosts: &[(String, u64)]) -> CheckResult {
    let named = hosts.iter().take(MAX_HOSTS);
    let named: Vec<String> = named
        .map(|(host, addresses)| format!("{host} ({addresses})"))
        .collect();
    let further = match hosts.len().saturating_sub(MAX_HOSTS) {
        0 => String::new(),
        further => format!(" and {further} more"),
    };
    CheckResult {
        remedy: "add those that readers may open to links.allowed_hosts in dashboard.toml"
            .to_owned(),
        ..CheckResult::good(format!(
            "pages do not link to these hosts of builds and repositories: {}{further}",
            named.join(", ")
        ))
    }
}

async fn repaired(location: &Location, config: &Config) -> CheckResult {
    let repair = match store::repair(location, config).await {
        Ok(repair) => repair,
        Err(error) => {
            return CheckResult::bad(format!("{error:#}"), "fix the cause in the message");
        }
    };
    let what = format!(
        "{} events of {} builds and the facts of {} repositories were saved; the previous file is {}",
        repair.events,
        repair.builds,
        repair.repositories,
        repair.kept.display()
    );
    if repair.lost.is_empty() {
        return CheckResult::good(format!("{what}; nothing is lost"));
    }
    CheckResult::bad(
        format!("{what}; lost: {}", repair.lost.join("; ")),
        "import the lost events again; sources are read again from their beginning by the next sync",
    )
}

fn print_report(findings: &CheckResults, json: bool) -> Result<()> {
    if json {
        let findings = findings.iter().map(|(about, finding)| {
            serde_json::json!({
                "about": about,
                "good": finding.good,
                "what": finding.what,
                "remedy": finding.remedy,
            })
        });
        let findings: Vec<_> = findings.collect();
        println!("{}", serde_json::to_string(&findings)?);
        return Ok(());
    }
    for (about, finding) in findings {
        let mark = if finding.good { "ok   " } else { "fault" };
        println!("{mark}  {about}: {}", visible(&finding.what));
        if !finding.remedy.is_empty() {
            println!("       → {}", visible(&finding.remedy));
        }
    }
    Ok(())
}
