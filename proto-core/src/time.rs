use core::ops::{Add, Sub};
use core::time::Duration;

/// A moment on the caller's monotonic clock: microseconds since whatever moment the caller chose.
///
/// Arithmetic saturates at both ends, so no input can make it panic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(pub u64);

impl Instant {
    /// The start of the clock.
    pub const ZERO: Self = Self(0);

    /// The moment `millis` milliseconds after the start of the clock.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// The moment `seconds` seconds after the start of the clock.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the start of the clock.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// How long ago `earlier` was; zero when it lies ahead.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)))
    }
}

impl Sub for Instant {
    type Output = Duration;
    fn sub(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

/// When a state machine wants to be told the time next, and what for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Deadline {
    /// The moment.
    pub at: Instant,
    /// What happens then if nothing else has.
    pub reason: Reason,
}

impl Deadline {
    /// A deadline at `at` because of `reason`.
    pub const fn new(at: Instant, reason: Reason) -> Self {
        Self { at, reason }
    }

    /// The earlier of two optional deadlines; on a tie the first.
    pub fn earlier(a: Option<Self>, b: Option<Self>) -> Option<Self> {
        match (a, b) {
            (Some(a), Some(b)) => Some(if b.at < a.at { b } else { a }),
            (a, b) => a.or(b),
        }
    }
}

/// What a [`Deadline`] is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The transport should be connected.
    Connect,
    /// The TLS handshake should be complete.
    TlsHandshake,
    /// The message head should be complete.
    Head,
    /// The body should have kept its minimum rate.
    BodyRate,
    /// The peer should have taken some of what waits to be sent.
    SendProgress,
    /// An idle connection is closed.
    KeepAlive,
    /// A ping is due, to learn whether the peer is still there.
    Ping,
    /// The peer has proved nothing for too long and is hung up on.
    Validity,
    /// The closing handshake should be complete.
    Close,
    /// Settings should be acknowledged.
    SettingsAck,
    /// A budget gains tokens.
    Refill,
    /// The grace given to a draining server ends.
    Drain,
    /// The application asked for it.
    Application,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Instant(5) + Duration::MAX, Instant(u64::MAX));
        assert_eq!(Instant(5) - Instant(9), Duration::ZERO);
        assert_eq!(Instant::from_secs(u64::MAX), Instant(u64::MAX));
        assert_eq!(Instant::from_millis(3) - Instant::from_millis(1), Duration::from_millis(2));
    }

    #[test]
    fn the_earlier_deadline_wins_and_ties_keep_the_first() {
        let a = Some(Deadline::new(Instant(3), Reason::Head));
        let b = Some(Deadline::new(Instant(2), Reason::Ping));
        let tie = Some(Deadline::new(Instant(3), Reason::Ping));
        assert_eq!(Deadline::earlier(a, b), b);
        assert_eq!(Deadline::earlier(b, a), b);
        assert_eq!(Deadline::earlier(a, tie), a);
        assert_eq!(Deadline::earlier(None, b), b);
        assert_eq!(Deadline::earlier(a, None), a);
        assert_eq!(Deadline::earlier(None, None), None);
    }
}
