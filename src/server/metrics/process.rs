//! The process. The names are the standard ones, so that general dashboards work.

use std::{
    fs,
    time::{SystemTime, UNIX_EPOCH},
};

use prometheus_client::{
    metrics::{counter::ConstCounter, info::Info},
    registry::{Registry, Unit},
};

use super::{count, number};

/// The unit of CPU time in `/proc`, equal on every Linux that Rust supports.
const TICKS_A_SECOND: f64 = 100.0;
/// The fields of user and system time in `/proc/self/stat`, counted from the one after the name.
const USER_AND_SYSTEM_TIME: std::ops::Range<usize> = 11..13;

pub struct Process {
    started: SystemTime,
}

impl Default for Process {
    fn default() -> Self {
        Self {
            started: SystemTime::now(),
        }
    }
}

impl Process {
    /// Omits values that the operating system does not provide.
    pub(super) fn register(&self, registry: &mut Registry) {
        let started = self.started.duration_since(UNIX_EPOCH);
        number(
            registry,
            "process_start_time",
            "Start of the process, as Unix time",
            Some(Unit::Seconds),
            started.unwrap_or_default().as_secs_f64(),
        );
        if let Some(memory) = memory_stats::memory_stats() {
            let (help, bytes) = ("Resident memory", count(memory.physical_mem));
            number(
                registry,
                "process_resident_memory",
                help,
                Some(Unit::Bytes),
                bytes,
            );
        }
        if let Some(seconds) = processor_seconds() {
            registry.register_with_unit(
                "process_cpu",
                "User and system CPU time",
                Unit::Seconds,
                ConstCounter::new(seconds),
            );
        }
        if let Ok(files) = fs::read_dir("/proc/self/fd") {
            let help = "Open file descriptors";
            number(
                registry,
                "process_open_fds",
                help,
                None,
                count(files.count()),
            );
        }
    }
}

/// Registers the version and build of the program.
pub fn register_build(registry: &mut Registry) {
    let labels = vec![
        ("version", env!("CARGO_PKG_VERSION")),
        ("build", env!("BUILD_ID")),
    ];
    registry.register(
        "build",
        "The program's version and build",
        Info::new(labels),
    );
}

fn processor_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The program's name is in brackets and may contain any character.
    let (_, fields) = stat.rsplit_once(") ")?;
    let times = fields.split(' ').skip(USER_AND_SYSTEM_TIME.start);
    let ticks: f64 = times
        .take(USER_AND_SYSTEM_TIME.len())
        .map(|ticks| ticks.parse::<f64>().ok())
        .sum::<Option<f64>>()?;
    Some(ticks / TICKS_A_SECOND)
}
