//! What a process uses, as Linux counts it. Elsewhere nothing is known.

use std::fs;
use std::time::Duration;

/// A process of this machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Process(pub(super) u32);

impl Process {
    /// Resident memory in KiB.
    pub(super) fn memory(self) -> Option<u64> {
        self.status("VmRSS:")
    }

    /// The most resident memory in KiB since the last [`forget_peak`](Self::forget_peak).
    pub(super) fn peak(self) -> Option<u64> {
        self.status("VmHWM:")
    }

    /// Has the peak counted from now on.
    pub(super) fn forget_peak(self) -> Option<()> {
        fs::write(format!("/proc/{}/clear_refs", self.0), "5").ok()
    }

    /// Processor time of all threads that run.
    pub(super) fn cpu(self) -> Option<Duration> {
        let threads = fs::read_dir(format!("/proc/{}/task", self.0)).ok()?;
        let mut total = Duration::ZERO;
        for thread in threads {
            let schedule = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
            total += Duration::from_nanos(schedule.split(' ').next()?.parse().ok()?);
        }
        Some(total)
    }

    /// How far the peak lies above `memory`, and the processor time since `cpu`.
    pub(super) fn used_since(self, memory: u64, cpu: Duration) -> Option<(u64, Duration)> {
        Some((self.peak()?.saturating_sub(memory), self.cpu()?.saturating_sub(cpu)))
    }

    fn status(self, name: &str) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    }
}
