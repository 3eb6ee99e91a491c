//! The memory of a process, as Linux reports it.

use crate::common::Result;

pub const MIB: f64 = 1024.0 * 1024.0;

/// A figure of `/proc/self/status` in bytes: `VmRSS` is what is resident now, `VmHWM` the most that ever was.
pub fn own(figure: &str) -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")
        .map_err(|error| format!("this benchmark needs the /proc of Linux: {error}"))?;
    let line = status.lines().find(|line| line.starts_with(figure));
    let kibibytes = line.and_then(|line| line.split_whitespace().nth(1));
    let kibibytes: f64 = kibibytes
        .ok_or(format!("no {figure} in /proc/self/status"))?
        .parse()?;
    Ok(kibibytes * 1024.0)
}
