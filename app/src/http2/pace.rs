use std::time::Duration;

use proto_core::Instant;

/// The least rate at which bytes go over, as a moment: it starts a grace ahead, each byte moves it on by the time that
/// the rate allows for a byte, but never further than a grace ahead of now.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pace {
    due: Option<Instant>,
}

impl Pace {
    pub(super) const STOPPED: Self = Self { due: None };

    /// Begins to count, unless it does already. A grace of zero means for ever.
    pub(super) fn start(&mut self, now: Instant, grace: Duration) {
        if self.due.is_none() && !grace.is_zero() {
            self.due = Some(now + grace);
        }
    }

    pub(super) fn stop(&mut self) {
        self.due = None;
    }

    /// Counts `bytes`. At a rate of zero any byte earns the whole grace.
    pub(super) fn earn(&mut self, bytes: usize, rate: u32, now: Instant, grace: Duration) {
        let Some(due) = &mut self.due else { return };
        let latest = now + grace;
        let earned = (bytes as u64).saturating_mul(1_000_000).checked_div(rate.into());
        *due = earned.map_or(latest, |earned| (*due + Duration::from_micros(earned)).min(latest));
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_earn_time_but_never_more_than_the_grace() {
        let (grace, second) = (Duration::from_secs(5), Instant::from_secs);
        let mut pace = Pace::STOPPED;
        pace.earn(1_000, 100, second(1), grace);
        assert_eq!(pace.due(), None);
        pace.start(second(1), grace);
        pace.start(second(3), grace);
        assert_eq!(pace.due(), Some(second(6)));
        pace.earn(100, 100, second(2), grace);
        assert_eq!(pace.due(), Some(second(7)));
        pace.earn(1_000_000, 100, second(4), grace);
        assert_eq!(pace.due(), Some(second(9)));
        pace.earn(1, 0, second(8), grace);
        assert_eq!(pace.due(), Some(second(13)));
        pace.stop();
        assert_eq!(pace.due(), None);
    }
}
