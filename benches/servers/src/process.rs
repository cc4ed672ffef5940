//! Processes to be measured: what they have used, and that they end.

use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// A server in a process of its own, with those it has started. Dropping it ends it.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts `command` on processor `core`.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(command: &mut Command, core: Option<usize>) -> io::Result<Self> {
        let own = sched_getaffinity(None)?;
        if let Some(core) = core {
            pin(core)?; // which children inherit
        }
        let child = command.stdin(Stdio::piped()).spawn();
        sched_setaffinity(None, &own)?;
        Ok(Self { child: child? })
    }

    /// Waits for the line in which a server of this binary says what it listens on.
    ///
    /// # Errors
    /// It ends, or says something else.
    pub fn ports(&mut self) -> io::Result<Vec<u16>> {
        let mut line = String::new();
        if let Some(output) = self.child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let ports: Result<Vec<u16>, _> = line.split_whitespace().map(str::parse).collect();
        ports.ok().filter(|ports| !ports.is_empty()).ok_or_else(|| io::Error::other("a server did not start"))
    }

    /// The processor time it has taken so far, on all threads, in the system's account of nanoseconds.
    pub fn cpu(&self) -> Duration {
        Duration::from_nanos(self.members().into_iter().map(run_time).sum())
    }

    /// The memory of its own that is resident, in bytes; what the kernel keeps for it apart.
    pub fn resident(&self) -> u64 {
        self.members().into_iter().map(resident).sum()
    }

    /// How many file descriptors are open.
    pub fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).map_or(0, Iterator::count)
    }

    fn members(&self) -> Vec<u32> {
        let mut members = vec![self.child.id()];
        let mut next = 0;
        while let Some(&pid) = members.get(next) {
            next += 1;
            for thread in tasks(pid) {
                let children = fs::read_to_string(format!("/proc/{pid}/task/{thread}/children"));
                members.extend(
                    children.unwrap_or_default().split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()),
                );
            }
        }
        members
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let members = self.members();
        drop(self.child.stdin.take());
        for pid in members.into_iter().rev() {
            if let Some(pid) = rustix::process::Pid::from_raw(pid as i32) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            }
        }
        let _ = self.child.wait();
    }
}

/// Keeps this thread, and what it starts, on one processor.
///
/// # Errors
/// There is no such processor.
pub fn pin(core: usize) -> io::Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    Ok(sched_setaffinity(None, &set)?)
}

fn tasks(pid: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    tasks.filter_map(|task| task.file_name().to_str()?.parse().ok()).collect()
}

/// The first number of `schedstat`: the same account as utime and stime in `stat`, which are cut to hundredths of a
/// second.
fn run_time(pid: u32) -> u64 {
    let of = |thread: u32| -> Option<u64> {
        let text = fs::read_to_string(format!("/proc/{pid}/task/{thread}/schedstat")).ok()?;
        text.split_whitespace().next()?.parse().ok()
    };
    tasks(pid).into_iter().filter_map(of).sum()
}

fn resident(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Rss:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) * 1024
}
