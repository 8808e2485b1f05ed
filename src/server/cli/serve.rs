//! `rse-dashboard serve`: opens the store, loads the snapshot, answers until it is told to stop.

use std::{net::SocketAddr, path::Path, process::ExitCode, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use clap::Args;
use tokio::{net::TcpListener, signal::unix::SignalKind};

use crate::server::{config::Config, http, state::AppState, store::Store};

/// How often the store is looked at for data that another process brought in.
const STORE_CHECK: Duration = Duration::from_secs(2);

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

pub async fn run(options: Options, data: &Path, config: Config) -> Result<ExitCode> {
    let addr = SocketAddr::new(options.addr, options.port);
    let listener = TcpListener::bind(addr).await.with_context(|| {
        format!("cannot listen on {addr}: set PORT to a free port, or end what uses this one")
    })?;
    let store = Store::open(data, &config).await?;
    let state = AppState::default();
    let config = Arc::new(config);
    if store.is_empty().await? {
        tracing::warn!(
            "there are no data in {}: `rse-dashboard sample` makes some, `rse-dashboard import` brings yours in",
            data.display()
        );
    }
    state.swap(store.load(Arc::clone(&config)).await?);
    let bound = listener.local_addr().unwrap_or(addr);
    tracing::info!("serving on http://{bound}");
    let follow = tokio::spawn(follow(store, config, state.clone()));
    http::serve(listener, state, stopped()).await?;
    follow.abort();
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Loads a new snapshot whenever another process has changed the store.
async fn follow(store: Store, config: Arc<Config>, state: AppState) {
    let mut ticks = tokio::time::interval(STORE_CHECK);
    loop {
        ticks.tick().await;
        let known = state.snapshot().map(|snapshot| snapshot.version.clone());
        match store.version(&config).await {
            Ok(version) if known.as_ref() == Ok(&version) => {}
            Ok(_) => match store.load(Arc::clone(&config)).await {
                Ok(snapshot) => {
                    tracing::info!(version = snapshot.version, "loaded new data");
                    state.swap(snapshot);
                }
                Err(error) => tracing::error!("cannot load the new data: {error:#}"),
            },
            Err(error) => tracing::error!("cannot look at the store: {error:#}"),
        }
    }
}

/// Resolves when the process is asked to end.
async fn stopped() {
    let terminate = async {
        match tokio::signal::unix::signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(error) => {
                tracing::error!("cannot wait for SIGTERM: {error}");
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        () = terminate => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    tracing::info!("stopping: no new connections, finishing what runs");
}
