//! The program: serves the dashboard, and brings data in and out. `rse-dashboard help` lists how.

#[cfg(feature = "ssr")]
fn main() -> std::process::ExitCode {
    rse_dashboard::server::cli::main()
}

/// The client is the library; a build without the server has no program.
#[cfg(not(feature = "ssr"))]
fn main() {}
