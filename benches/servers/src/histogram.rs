//! Times, counted in buckets that are 3 % wide.

use std::time::Duration;

/// How many buckets a doubling is cut into.
const STEPS: u64 = 32;

/// A histogram of times from a nanosecond to a minute.
#[derive(Debug, Clone, Default)]
pub struct Histogram {
    buckets: Vec<u64>,
    count: u64,
}

impl Histogram {
    /// Counts `times` of the length `time`.
    pub fn add(&mut self, time: Duration, times: u64) {
        let nanos = time.as_nanos().clamp(STEPS.into(), 60_000_000_000) as u64;
        let doublings = u64::from(nanos.ilog2()) - u64::from(STEPS.ilog2());
        let bucket = (doublings * STEPS + (nanos >> doublings)) as usize;
        if self.buckets.len() <= bucket {
            self.buckets.resize(bucket + 1, 0);
        }
        self.buckets[bucket] += times;
        self.count += times;
    }

    /// Adds what another has counted.
    pub fn merge(&mut self, other: &Self) {
        if self.buckets.len() < other.buckets.len() {
            self.buckets.resize(other.buckets.len(), 0);
        }
        for (own, others) in self.buckets.iter_mut().zip(&other.buckets) {
            *own += others;
        }
        self.count += other.count;
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The time that `share` of all (0 to 1) do not exceed.
    pub fn quantile(&self, share: f64) -> Duration {
        let wanted = (self.count as f64 * share).ceil() as u64;
        let mut seen = 0;
        let found = self.buckets.iter().position(|count| {
            seen += count;
            seen >= wanted.max(1)
        });
        let bucket = found.unwrap_or(0) as u64;
        let doublings = (bucket / STEPS).saturating_sub(1);
        Duration::from_nanos((bucket - doublings * STEPS) << doublings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_to_three_percent() {
        let mut histogram = Histogram::default();
        for micros in 1..=10_000 {
            histogram.add(Duration::from_micros(micros), 1);
        }
        for (share, micros) in [(0.01, 100.0), (0.5, 5_000.0), (0.99, 9_900.0), (1.0, 10_000.0)] {
            let found = histogram.quantile(share).as_nanos() as f64 / 1e3;
            assert!((found / micros - 1.0).abs() < 0.035, "{share}: {found} instead of {micros}");
        }
    }
}
