use proto_core::Instant;

/// The only clock: it counts from when it was made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(std::time::Instant);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(read())
    }

    pub(crate) fn now(self) -> Instant {
        Instant::ZERO + read().saturating_duration_since(self.0)
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where time enters")]
fn read() -> std::time::Instant {
    std::time::Instant::now()
}
