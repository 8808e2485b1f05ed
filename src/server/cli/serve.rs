//! `rse-dashboard serve`: opens the store, loads the snapshot, syncs sources in the background,
//! and answers until it is told to stop.

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

/// Between two tries to open a shared store.
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
    http::check_assets()?;
    let stopped = stopped()?;
    let addr = options.listens_on();
    let listener = TcpListener::bind(addr).await.with_context(|| {
        format!("cannot listen on {addr}: set PORT to a free port, or end what uses this one")
    })?;
    let environment = Environment::of_process();
    let settings = http::Settings::of(&environment)?;
    let configured = Sources::from_config(&config, &environment);
    let names = configured.names();
    let state = AppState::new(&names);
    let mut background = JoinSet::new();
    if let Some(addr) = settings.metrics.addr {
        let listener = http::metrics::bind(addr).await?;
        background.spawn(http::metrics::serve(listener, state.clone()));
    }
    let work = Work {
        configured,
        syncer: Syncer {
            location: location.clone(),
            config: Arc::new(config),
        },
        state: state.clone(),
    };
    if location.is_shared() {
        // It may come later, while this server says already what it waits for.
        background.spawn(async move {
            let store = work.open_patiently().await;
            work.go_on(store).await;
        });
    } else {
        let store = work.open().await?;
        background.spawn(work.go_on(store));
    }
    let bound = listener.local_addr().unwrap_or(addr);
    tracing::info!(sources = names.join(", "), "serving on http://{bound}");
    http::serve(listener, state, settings, stopped).await;
    background.shutdown().await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// What a server does beside answering.
struct Work {
    configured: Sources,
    syncer: Syncer,
    state: AppState,
}

impl Work {
    /// Opens the store and loads what there is.
    async fn open(&self) -> Result<Store> {
        let Syncer { location, config } = &self.syncer;
        let mut store = Store::open(location, config).await?;
        if self.configured.is_empty() && store.is_empty().await? {
            tracing::warn!(
                "there are no data in {location}: `rse-dashboard sample` makes some, `rse-dashboard import` brings yours in"
            );
        }
        for fault in &self.configured.faults {
            tracing::error!(source = fault.source, "cannot be read: {:#}", fault.error);
            sync::note_fault(&mut store, fault).await?;
        }
        reload::load(&store, config, &self.state).await?;
        Ok(store)
    }

    /// Opens the store as soon as that is possible.
    async fn open_patiently(&self) -> Store {
        let mut told = String::new();
        loop {
            match self.open().await {
                Ok(store) => return store,
                Err(error) => {
                    let error = format!("{error:#}");
                    if error != told {
                        tracing::error!("not ready, and trying on: {error}");
                    }
                    self.state.set_not_ready(error.clone());
                    told = error;
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    /// Syncs sources and follows the store.
    async fn go_on(self, store: Store) {
        let Self {
            configured,
            syncer,
            state,
        } = self;
        let _syncing = sync::schedule(&syncer, &configured.sources, state.metrics());
        let Syncer { location, config } = syncer;
        tokio::join!(
            retention::apply_daily(location, Arc::clone(&config)),
            reload::follow(store, config, state),
        );
    }
}

/// Resolves when the process is asked to end. It listens from now on, whether it is awaited or not:
/// the first process of a container would miss what it does not listen for.
fn stopped() -> Result<impl Future<Output = ()>> {
    let listen = |kind| signal(kind).context("cannot listen for signals");
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: no new connections, finishing what runs");
    })
}
