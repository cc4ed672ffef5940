//! Processes to be measured: what they have used, and that they end.

use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// A server in processes of its own, with those that they have started. Dropping it ends them.
#[derive(Debug)]
pub struct Process {
    children: Vec<Child>,
}

impl Process {
    /// Starts `commands` on these processors, or wherever there is room if none is named.
    ///
    /// # Errors
    /// One of them cannot be started.
    pub fn start(commands: &mut [Command], processors: &[usize]) -> io::Result<Self> {
        let own = sched_getaffinity(None)?;
        pin(processors)?; // which children inherit
        let mut process = Self { children: Vec::new() };
        let started = commands.iter_mut().try_for_each(|command| {
            process.children.push(command.stdin(Stdio::piped()).spawn()?);
            Ok(())
        });
        sched_setaffinity(None, &own)?;
        started.map(|()| process)
    }

    /// Waits for the line in which a server of this binary says what it listens on.
    ///
    /// # Errors
    /// It ends, or says something else.
    pub fn ports(&mut self) -> io::Result<Vec<u16>> {
        let mut line = String::new();
        if let Some(output) = self.children.first_mut().and_then(|child| child.stdout.take()) {
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
        let of = |child: &Child| fs::read_dir(format!("/proc/{}/fd", child.id())).map_or(0, Iterator::count);
        self.children.iter().map(of).sum()
    }

    fn members(&self) -> Vec<u32> {
        let mut members: Vec<u32> = self.children.iter().map(Child::id).collect();
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
        self.children.iter_mut().for_each(|child| drop(child.stdin.take()));
        for pid in members.into_iter().rev() {
            if let Some(pid) = rustix::process::Pid::from_raw(pid as i32) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            }
        }
        for child in &mut self.children {
            let _ = child.wait();
        }
    }
}

/// Keeps this thread, and what it starts, on these processors, if any is named.
///
/// # Errors
/// There is no such processor.
pub fn pin(processors: &[usize]) -> io::Result<()> {
    if processors.is_empty() {
        return Ok(());
    }
    let mut set = CpuSet::new();
    processors.iter().for_each(|&processor| set.set(processor));
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
