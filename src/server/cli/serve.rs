//! `rse-dashboard serve`: opens the store, loads the snapshot, syncs sources in the background, and
//! serves until it is asked to stop.

use std::{net::SocketAddr, process::ExitCode, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use clap::Args;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    task::JoinSet,
};

use crate::server::{
    config::Config,
    environment::Environment,
    http, reload, retention,
    sources::Sources,
    state::AppState,
    store::{Location, Store},
    sync::{self, Syncer},
};

/// The time between two attempts to open a shared store.
const RETRY: Duration = Duration::from_secs(1);

#[derive(Args, Clone)]
pub struct Options {
    /// The address to listen on; 0.0.0.0 for every network interface
    #[arg(
        long,
        env = "RSE_ADDR",
        default_value = "127.0.0.1",
        value_name = "ADDRESS"
    )]
    addr: std::net::IpAddr,
    /// The port to listen on
    #[arg(long, env = "PORT", default_value_t = 8050)]
    port: u16,
}

impl Options {
    pub fn listens_on(&self) -> SocketAddr {
        SocketAddr::new(self.addr, self.port)
    }
}

pub async fn run(options: Options, location: &Location, config: Config) -> Result<ExitCode> {
    let environment = Environment::of_process();
    let addr = options.listens_on();
    let settings = http::Settings::of(&environment)?.for_address(addr.ip())?;
    http::check_assets()?;
    let stopped = stopped(ignored_signals().unwrap_or_default())?;
    let listener = TcpListener::bind(addr).await.with_context(|| {
        format!("cannot listen on {addr}: set PORT to a free port, or stop the program that uses this one")
    })?;
    for warning in settings.warnings() {
        tracing::warn!("{warning}");
    }
    let settings = http::Settings {
        security_txt: config.security_txt.clone(),
        theme: config.theme.stylesheet(),
        ..settings
    };
    http::raise_limit(&settings.limits);
    let configured = Sources::from_config(&config, &environment);
    let names = configured.names();
    let state = AppState::new(&names);
    let mut background = JoinSet::new();
    if let Some(addr) = settings.metrics.addr {
        let listener = http::metrics::bind(addr).await?;
        background.spawn(http::metrics::serve(listener, state.clone()));
    }
    let work = Background {
        configured,
        syncer: Syncer {
            location: location.clone(),
            config: Arc::new(config),
        },
        state: state.clone(),
    };
    if location.is_shared() {
        // A shared store may become available later; meanwhile the log has the reason why the server is not ready.
        background.spawn(async move {
            let store = work.open_with_retries().await;
            work.run(store).await;
        });
    } else {
        let store = work.open().await?;
        background.spawn(work.run(store));
    }
    let bound = listener.local_addr().unwrap_or(addr);
    tracing::info!(sources = names.join(", "), "serving on http://{bound}");
    http::serve(listener, state, settings, stopped).await;
    background.shutdown().await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// The background work of a server.
struct Background {
    configured: Sources,
    syncer: Syncer,
    state: AppState,
}

impl Background {
    /// Opens the store and loads its data.
    async fn open(&self) -> Result<Store> {
        let Syncer { location, config } = &self.syncer;
        let mut store = Store::open(location, config).await?;
        if self.configured.is_empty() && store.is_empty().await? {
            tracing::warn!(
                "there is no data in {location}: `rse-dashboard sample` creates sample data, `rse-dashboard import` reads your own"
            );
        }
        for fault in &self.configured.faults {
            tracing::error!(
                source = fault.source,
                "cannot sync the source: {:#}",
                fault.error
            );
            sync::record_config_error(&mut store, fault).await?;
        }
        reload::load(&store, config, &self.state).await?;
        self.state.set_build_reader(store.build_reader());
        self.state.set_snooze_writer(store.snooze_writer());
        Ok(store)
    }

    /// Opens the store, with retries until that succeeds.
    async fn open_with_retries(&self) -> Store {
        let mut reported = String::new();
        loop {
            match self.open().await {
                Ok(store) => return store,
                Err(error) => {
                    let error = format!("{error:#}");
                    if error != reported {
                        tracing::error!("not ready; retrying: {error}");
                    }
                    self.state.set_store_unusable();
                    reported = error;
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    /// Syncs sources and reloads the snapshot when the store changes.
    async fn run(self, store: Store) {
        let Self {
            configured,
            syncer,
            state,
        } = self;
        let _syncing = sync::schedule(&syncer, &configured.scheduled(), state.metrics());
        let Syncer { location, config } = syncer;
        tokio::join!(
            retention::apply_daily(location, Arc::clone(&config)),
            reload::watch(store, config, state),
        );
    }
}

/// Resolves when the process is asked to stop. It listens from now on, even before it is awaited: the
/// first process of a container ignores signals without a handler.
fn stopped(ignored: u64) -> Result<impl Future<Output = ()>> {
    let listening: Result<Vec<_>, _> = stopping(ignored).into_iter().map(signal).collect();
    let mut listening = listening.context("cannot listen for signals")?;
    Ok(async move {
        let received = listening.iter_mut().map(|signal| Box::pin(signal.recv()));
        futures::future::select_all(received).await;
        tracing::info!("stopping: no new connections; finishing open requests");
    })
}

/// The signals that stop the server, where the process was told to ignore some.
fn stopping(ignored: u64) -> Vec<SignalKind> {
    let mut signals = vec![SignalKind::terminate(), SignalKind::interrupt()];
    // `nohup` and shells start programs that these must not stop.
    let others = [SignalKind::hangup(), SignalKind::quit()];
    signals.extend(others.into_iter().filter(|kind| {
        let bit = 1 << (kind.as_raw_value() - 1);
        ignored & bit == 0
    }));
    signals
}

/// The signals that the process was told to ignore when it started, a bit each; `None` where the system
/// does not say.
fn ignored_signals() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// One test: a process has one handler for each signal.
    #[tokio::test]
    async fn every_signal_that_asks_to_stop_stops_the_server_properly() {
        for signal in ["TERM", "INT", "HUP", "QUIT"] {
            // Whatever the tests' own process ignores.
            let stopped = stopped(0).expect("it listens");
            let kill = format!("kill -{signal} {}", std::process::id());
            let sent = Command::new("sh").args(["-c", &kill]).status();
            assert!(sent.expect("a shell").success(), "{signal}");
            let stopped = tokio::time::timeout(Duration::from_secs(60), stopped);
            stopped.await.expect(signal);
        }
    }

    #[test]
    fn a_hangup_that_was_ignored_from_the_start_stops_nothing() {
        let of = |ignored: u64| {
            let signals = stopping(ignored).into_iter();
            signals.map(|kind| kind.as_raw_value()).collect::<Vec<_>>()
        };
        let [hangup, interrupt, quit, terminate] = [1, 2, 3, 15];
        assert_eq!(of(0), [terminate, interrupt, hangup, quit]);
        assert_eq!(of(1 << (hangup - 1)), [terminate, interrupt, quit]);
        assert_eq!(of(u64::MAX), [terminate, interrupt]);
    }
}
