//! The machine and the system that were measured on, for whoever reads the numbers later.

use std::fs;

use serde::{Deserialize, Serialize};

/// What is known about the machine. Empty or absent where the system does not say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Host {
    /// Operating system and architecture, as in `linux x86_64`.
    pub system: String,
    /// Release of the kernel.
    pub kernel: String,
    /// Model of the CPU.
    pub cpu: String,
    /// CPUs that may be used.
    pub cpus: usize,
    /// What sets the first CPU's frequency, such as `performance` or `powersave`.
    pub governor: Option<String>,
    /// Load average over a minute before the first run.
    pub load: Option<f64>,
}

impl Host {
    /// This machine, now.
    pub(crate) fn now() -> Self {
        let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
        Self {
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            kernel: text("/proc/sys/kernel/osrelease").trim().to_owned(),
            cpu: model(&text("/proc/cpuinfo")).unwrap_or_default(),
            cpus: std::thread::available_parallelism().map_or(0, usize::from),
            governor: governor(),
            load: text("/proc/loadavg").split_whitespace().next().and_then(|load| load.parse().ok()),
        }
    }
}

/// What sets the first CPU's frequency.
pub(crate) fn governor() -> Option<String> {
    let text = fs::read_to_string("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").ok()?;
    Some(text.trim().to_owned())
}

fn model(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
