use crate::Instant;

/// A token bucket: a flood limit that legitimate traffic survives, because it refills.
///
/// `burst` tokens at the start and at the most; `per_second` tokens are added each second. A counter over the life
/// of a connection would, in contrast, end every connection that lives long enough.
///
/// ```
/// use proto_core::{Budget, Instant};
/// let mut resets = Budget::new(2, 1);
/// assert!(resets.take(1) && resets.take(1));
/// assert!(!resets.take(1));
/// resets.refill(Instant::from_millis(999));
/// assert!(!resets.take(1));
/// resets.refill(Instant::from_secs(1));
/// assert!(resets.take(1));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// What is left, in millionths of a token: a microsecond then earns exactly `per_second` of them.
    level: u64,
    burst: u32,
    per_second: u32,
    refilled: Instant,
}

const TOKEN: u64 = 1_000_000;

impl Budget {
    /// A full bucket of `burst` tokens that gains `per_second` tokens a second.
    pub const fn new(burst: u32, per_second: u32) -> Self {
        Self { level: burst as u64 * TOKEN, burst, per_second, refilled: Instant::ZERO }
    }

    /// Takes `tokens`, or none at all when there are fewer; says whether it did.
    #[inline]
    #[must_use]
    pub fn take(&mut self, tokens: u32) -> bool {
        match self.level.checked_sub(u64::from(tokens) * TOKEN) {
            Some(left) => {
                self.level = left;
                true
            }
            None => false,
        }
    }

    /// How many whole tokens are left.
    pub const fn left(&self) -> u32 {
        (self.level / TOKEN) as u32 // at most `burst`
    }

    /// Adds what the time since the last refill has earned. Time that runs backwards earns nothing.
    pub fn refill(&mut self, now: Instant) {
        let elapsed = now.as_micros().saturating_sub(self.refilled.as_micros());
        let earned = elapsed.saturating_mul(u64::from(self.per_second));
        self.level = self.level.saturating_add(earned).min(u64::from(self.burst) * TOKEN);
        self.refilled = self.refilled.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_steps_earn_as_much_as_one_large_step() {
        let mut often = Budget::new(1_000, 33);
        let mut once = often;
        assert!(often.take(1_000) && once.take(1_000));
        for step in 1..=7_000 {
            often.refill(Instant::from_millis(step));
        }
        once.refill(Instant::from_secs(7));
        assert_eq!((often.left(), once.left()), (231, 231));
    }

    #[test]
    fn never_above_the_burst_and_never_by_time_running_back() {
        let mut budget = Budget::new(5, 10);
        budget.refill(Instant(u64::MAX));
        assert_eq!(budget.left(), 5);
        assert!(budget.take(5));
        budget.refill(Instant::ZERO);
        assert_eq!(budget.left(), 0);
        assert!(!budget.take(1));
        assert!(budget.take(0));
    }

    #[test]
    fn a_rate_of_zero_never_refills() {
        let mut budget = Budget::new(1, 0);
        assert!(budget.take(1));
        budget.refill(Instant(u64::MAX));
        assert!(!budget.take(1));
    }
}
