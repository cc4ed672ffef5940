use core::time::Duration;

use proto_core::Instant;

/// The only clock: it counts from when it was made, and knows the time of day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    start: std::time::Instant,
    /// When the time of day is to be told next.
    tell: Instant,
}

/// How long the time of day is left to run by itself: it may be set while we run.
const TELL: Duration = Duration::from_secs(60);

impl Clock {
    pub(crate) fn new() -> Self {
        Self { start: read(), tell: Instant::ZERO }
    }

    pub(crate) fn now(self) -> Instant {
        Instant::ZERO + read().saturating_duration_since(self.start)
    }

    /// The time since 1970 (UTC), at first and once a minute.
    pub(crate) fn time_of_day(&mut self, now: Instant) -> Option<Duration> {
        if now < self.tell {
            return None;
        }
        self.tell = now + TELL;
        read_wall().duration_since(std::time::UNIX_EPOCH).ok()
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where time enters")]
fn read_wall() -> std::time::SystemTime {
    std::time::SystemTime::now()
}

#[expect(clippy::disallowed_methods, reason = "the one place where time enters")]
fn read() -> std::time::Instant {
    std::time::Instant::now()
}
