//! A case is one piece of work; its contestants do the same work on the same bytes.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Who a contestant is: it decides the column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// This workspace.
    Ours,
    /// The least that the work can cost on this machine: no checks, no state.
    Floor,
    /// Someone else.
    Rival,
}

/// One way of doing the work of a case.
pub struct Contestant {
    /// Unique within its case.
    pub name: &'static str,
    /// Ours, the floor, or a rival.
    pub standing: Standing,
    run: Box<dyn FnMut(u64) -> u64>,
}

impl Contestant {
    /// `pass` does every operation of the case once, over and over, and returns a tally (bytes or fields seen) that
    /// must be the same for every contestant of the case.
    pub fn new(name: &'static str, standing: Standing, mut pass: impl FnMut() -> u64 + 'static) -> Self {
        // The loop is inside the box, so that a pass is inlined into it and the dynamic call is paid per sample.
        let run = move |passes| {
            let mut tally = 0;
            for _ in 0..passes {
                tally = black_box(pass());
            }
            tally
        };
        Self { name, standing, run: Box::new(run) }
    }

    /// What one pass saw.
    pub fn tally(&mut self) -> u64 {
        (self.run)(1)
    }

    /// How long `passes` passes take.
    #[inline(never)] // a name to collect on: `valgrind --tool=callgrind --toggle-collect='*Contestant*time*'`
    #[allow(clippy::disallowed_methods)] // reading the clock is what this crate is for
    pub fn time(&mut self, passes: u64) -> Duration {
        let start = Instant::now();
        (self.run)(passes);
        start.elapsed()
    }
}

/// Contestants that do the same work.
pub struct Case {
    /// The group, for example `ws_recv`.
    pub group: &'static str,
    /// What is special about this case, for example `16 B binary`.
    pub shape: String,
    /// Operations (messages, heads, chunks) per pass.
    pub operations: u64,
    /// Bytes that an operation goes through; 0 where the data is passed over unread.
    pub bytes: u64,
    /// Who takes part.
    pub contestants: Vec<Contestant>,
}

impl Case {
    /// Median nanoseconds per operation of every contestant, in order.
    ///
    /// Samples are interleaved, one contestant after the other, so that a disturbance of the machine and a change of
    /// its clock rate touch all of them alike.
    pub fn medians(&mut self, samples: usize, sample: Duration) -> Vec<f64> {
        let passes: Vec<u64> = self.contestants.iter_mut().map(|c| passes_in(c, sample)).collect();
        let mut taken = vec![Vec::with_capacity(samples); passes.len()];
        for _ in 0..samples {
            for ((contestant, &passes), taken) in self.contestants.iter_mut().zip(&passes).zip(&mut taken) {
                let operations = (passes * self.operations) as f64;
                taken.push(contestant.time(passes).as_secs_f64() * 1e9 / operations);
            }
        }
        taken.iter_mut().map(|samples| median(samples)).collect()
    }

    /// The tallies of all contestants; equal when they did the same work.
    pub fn tallies(&mut self) -> Vec<(&'static str, u64)> {
        self.contestants.iter_mut().map(|c| (c.name, c.tally())).collect()
    }
}

/// How many passes take about `sample`; warms the contestant up on the way.
fn passes_in(contestant: &mut Contestant, sample: Duration) -> u64 {
    let mut passes = 1;
    loop {
        let took = contestant.time(passes);
        if took * 2 >= sample {
            let scale = sample.as_secs_f64() / took.as_secs_f64();
            return ((passes as f64 * scale) as u64).max(1);
        }
        passes *= 2;
    }
}

fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or(f64::NAN)
}
