use proto_core::{Budget, Instant};

use super::inflation::Stop;
use crate::{Error, Limits};

/// What a connection's messages may become: [`Limits::max_expansion`] times their payload, and beyond that what the
/// budget of [`Limits::expansion_burst`] has left.
#[derive(Debug)]
pub(crate) struct Expansion {
    times: u32,
    /// In bytes.
    budget: Budget,
    /// What the present message has taken of it.
    paid: u64,
}

impl Expansion {
    pub(crate) fn new(limits: &Limits) -> Self {
        let budget = Budget::new(limits.expansion_burst, limits.expansion_per_second);
        Self { times: limits.max_expansion, budget, paid: 0 }
    }

    /// A message begins.
    pub(crate) fn begin(&mut self) {
        self.paid = 0;
    }

    /// Whether `taken` bytes of the present message may have become `made`, of which the budget pays for what was not
    /// there the last time.
    pub(crate) fn allows(&mut self, taken: u64, made: u64) -> bool {
        if self.times == Limits::UNLIMITED {
            return true;
        }
        let beyond = made.saturating_sub(taken.saturating_mul(self.times.into()));
        let owed = beyond.saturating_sub(self.paid);
        self.paid += owed;
        u32::try_from(owed).is_ok_and(|owed| self.budget.take(owed))
    }

    /// How a message of `taken` bytes ends that has become `made`.
    pub(crate) fn end(&mut self, taken: u64, made: u64) -> Stop {
        if self.allows(taken, made) { Stop::Over } else { Stop::Fault(Error::Expansion) }
    }

    /// Adds what the time has earned.
    pub(crate) fn refill(&mut self, now: Instant) {
        self.budget.refill(now);
    }
}
