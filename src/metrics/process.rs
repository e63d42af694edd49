//! This process as the kernel sees it, under the names that every Prometheus client uses.

use std::{fs, sync::atomic::AtomicU64};

use prometheus_client::{metrics::counter::Counter, registry::Registry};

/// Memory and processor of the process that answers; its render children are not in it.
pub(super) fn register(registry: &mut Registry) {
    let mut tell = |name: &str, help: &str, value: Option<f64>| {
        // What the kernel does not tell is left out.
        if let Some(value) = value {
            super::read(registry, name, help, value);
        }
    };
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    tell("process_resident_memory_bytes", "Resident memory", field(&status, "VmRSS:").map(|kib| kib * 1_024.0));
    tell("process_virtual_memory_bytes", "Address space", field(&status, "VmSize:").map(|kib| kib * 1_024.0));
    tell("process_threads", "Threads", field(&status, "Threads:"));
    let open = fs::read_dir("/proc/self/fd").ok().map(|entries| entries.count() as f64);
    tell("process_open_fds", "Open file descriptors", open);
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    tell("process_max_fds", "Open file descriptors at most", field(&limits, "Max open files"));
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let booted = fs::read_to_string("/proc/stat").unwrap_or_default();
    let started = field(&booted, "btime").zip(ticks(&stat)).map(|(booted, (_, started))| booted + started);
    tell("process_start_time_seconds", "When it started, since 1970", started);
    if let Some((cpu, _)) = ticks(&stat) {
        let counter = Counter::<f64, AtomicU64>::default();
        counter.inc_by(cpu);
        registry.register("process_cpu_seconds", "Processor time, user and system", counter);
    }
}

/// The first number after a name at a line's beginning.
fn field(text: &str, name: &str) -> Option<f64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// Seconds of processor so far, and seconds from the machine's start to the process's. The kernel counts hundredths
/// for user space (`USER_HZ`).
fn ticks(stat: &str) -> Option<(f64, f64)> {
    // The name in brackets may hold anything; what follows the last bracket are fields 3 and on of proc(5).
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let hundredths = |place: usize| fields.get(place - 3)?.parse::<f64>().ok().map(|ticks| ticks / 100.0);
    Some((hundredths(14)? + hundredths(15)?, hundredths(22)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_s_words_are_read() {
        assert_eq!(field("Name:\tx\nVmRSS:\t   2048 kB\n", "VmRSS:"), Some(2048.0));
        assert_eq!(
            field("Max open files            1024                 4096  files\n", "Max open files"),
            Some(1024.0)
        );
        let stat = "7 (a ) b) S 1 7 7 0 -1 0 0 0 0 0 150 50 0 0 20 0 4 0 1234 0 0";
        assert_eq!(ticks(stat), Some((2.0, 12.34)));
        assert_eq!(ticks("nonsense"), None);
    }
}
