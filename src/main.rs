//! The program: serves the dashboard, and imports, syncs and exports data. See `rse-dashboard help`.

#[cfg(feature = "ssr")]
fn main() -> std::process::ExitCode {
    rse_dashboard::server::cli::main()
}

/// The client is a library, so a build without the server has no program.
#[cfg(not(feature = "ssr"))]
fn main() {}
