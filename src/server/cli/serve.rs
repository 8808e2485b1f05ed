//! `rse-dashboard serve`: opens the store, loads the snapshot, refreshes sources in the background,
//! and answers until it is told to stop.

use std::{net::SocketAddr, path::Path, process::ExitCode, sync::Arc};

use anyhow::{Context as _, Result};
use clap::Args;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use crate::server::{
    config::Config,
    environment::Environment,
    follow, http,
    refresh::{self, Refresher},
    sources::Configured,
    state::AppState,
    store::Store,
};

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

pub async fn run(options: Options, data: &Path, config: Config) -> Result<ExitCode> {
    let stopped = stopped()?;
    let addr = options.listens_on();
    let listener = TcpListener::bind(addr).await.with_context(|| {
        format!("cannot listen on {addr}: set PORT to a free port, or end what uses this one")
    })?;
    let environment = Environment::of_process();
    let settings = http::Settings::of(&environment)?;
    let configured = Configured::by(&config, &environment);
    let names = configured.names();
    let mut store = Store::open(data, &config).await?;
    let state = AppState::new(&names);
    let config = Arc::new(config);
    if configured.is_empty() && store.is_empty().await? {
        tracing::warn!(
            "there are no data in {}: `rse-dashboard sample` makes some, `rse-dashboard import` brings yours in",
            data.display()
        );
    }
    for fault in &configured.faults {
        tracing::error!(source = fault.source, "cannot be read: {:#}", fault.error);
        refresh::note_fault(&mut store, fault).await?;
    }
    follow::load(&store, &config, &state).await?;
    let bound = listener.local_addr().unwrap_or(addr);
    tracing::info!(sources = names.join(", "), "serving on http://{bound}");
    let refresher = Refresher {
        data: data.to_owned(),
        config: Arc::clone(&config),
    };
    let mut background = refresh::schedule(&refresher, &configured.sources, state.metrics());
    if let Some(addr) = settings.metrics.addr {
        let listener = http::metrics::bind(addr).await?;
        background.spawn(http::metrics::serve(listener, state.clone()));
    }
    background.spawn(follow::follow(store, config, state.clone()));
    http::serve(listener, state, settings, stopped).await;
    background.shutdown().await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
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
