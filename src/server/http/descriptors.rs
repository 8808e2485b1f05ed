//! The limit of open files, which every connection counts towards.

use std::io;

use super::{limits::Limits, metrics};

/// The store, the sources, logs and traces.
const OTHERS: usize = 200;

/// Raises the limit of this process to what the connections need, as far as the system allows. Without
/// descriptors a server can neither accept connections nor read its store.
pub fn raise_limit(limits: &Limits) {
    let wanted = wanted(limits);
    match raised(wanted) {
        Ok(allowed) if allowed >= wanted => {}
        Ok(allowed) => tracing::warn!(
            "{} connections need up to {wanted} open files, and this process may have {allowed}: raise \
             the limit (ulimit -n, LimitNOFILE=, --ulimit nofile=), or lower RSE_MAX_CONNECTIONS",
            limits.connections
        ),
        Err(error) => tracing::warn!("cannot raise the limit of open files to {wanted}: {error}"),
    }
}

/// Each connection may be reading a file.
fn wanted(limits: &Limits) -> u64 {
    let connections = limits.connections + limits.reserved_connections + metrics::MAX_CONNECTIONS;
    u64::try_from(2 * connections + OTHERS).unwrap_or(u64::MAX)
}

/// Returns the limit that is then in force.
fn raised(wanted: u64) -> io::Result<u64> {
    rlimit::increase_nofile_limit(wanted)
}

#[cfg(test)]
mod tests {
    use rlimit::Resource;

    use super::*;

    #[test]
    fn the_limit_is_raised_to_what_connections_need() {
        let wanted = wanted(&Limits::default());
        assert!(wanted > 2_000);
        let (soft, hard) = Resource::NOFILE.get().expect("limits");
        Resource::NOFILE.set(soft.min(1024), hard).expect("lowered");
        raise_limit(&Limits::default());
        let (raised, _) = Resource::NOFILE.get().expect("limits");
        assert!(raised >= wanted.min(hard), "{raised} of {hard}");
        Resource::NOFILE.set(soft, hard).expect("as it was");
    }
}
